package load

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"time"
)

// A child is an agent that was started here. It ends when its standard input
// does, so that none is left over whatever becomes of us.
type child struct {
	name  string // as it names itself
	cmd   *exec.Cmd
	life  io.Closer
	said  tail
	ended atomic.Bool
	gone  chan struct{}
}

// AgentName is how the agent that is this process names itself.
func AgentName() string { return agentName(os.Getpid()) }

func agentName(pid int) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d", host, pid)
}

func launch(command, env []string) (*child, error) {
	if len(command) == 0 {
		return nil, fmt.Errorf("start an agent: there is no command for it")
	}
	c := &child{cmd: exec.Command(command[0], command[1:]...), gone: make(chan struct{})}
	c.cmd.Env, c.cmd.Stderr = env, &c.said
	life, err := c.cmd.StdinPipe()
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("start an agent: %w", err)
	}
	c.life, c.name = life, agentName(c.cmd.Process.Pid)
	go func() {
		_ = c.cmd.Wait() // its state says how it ended
		c.ended.Store(true)
		close(c.gone)
	}()
	return c, nil
}

// why says how it has ended.
func (c *child) why() string {
	text := "it has ended: " + c.cmd.ProcessState.String()
	if said := c.said.String(); said != "" {
		text += "; it said last: " + said
	}
	return text
}

// dismiss has it end, and ends it if it does not.
func (c *child) dismiss() {
	_ = c.life.Close()
	limit := time.NewTimer(5 * time.Second)
	defer limit.Stop()
	select {
	case <-c.gone:
	case <-limit.C:
		_ = c.cmd.Process.Kill() // gone already is fine
		<-c.gone
	}
}

// tail keeps the last line of what is written to it.
type tail struct{ text atomic.Pointer[string] }

// Write implements [io.Writer].
func (t *tail) Write(b []byte) (int, error) {
	line := lastLine(b)
	if line != "" {
		t.text.Store(&line)
	}
	return len(b), nil
}

func (t *tail) String() string { return *cmp.Or(t.text.Load(), new(string)) }
