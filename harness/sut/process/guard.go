package process

import (
	"io"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
)

// A guard outlives a rig that is killed and then ends the SUT's process group:
// children of a SUT (npm start, sh -c, go run) would otherwise stay and keep
// its ports. It is a shell that waits for word from the rig; if the pipe breaks
// without any, the rig is gone. Where there is no shell there is no guard.
type guard struct {
	word io.WriteCloser
	cmd  *exec.Cmd
	once sync.Once
}

// watch posts a guard over the process group of pid.
func watch(pid int) *guard {
	cmd := exec.Command("/bin/sh", "-c", `read -r word || kill -9 "-$0" 2>/dev/null`, strconv.Itoa(pid))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C at the terminal is not for it
	word, err := cmd.StdinPipe()
	if err != nil || cmd.Start() != nil {
		return nil
	}
	return &guard{word: word, cmd: cmd}
}

// dismiss ends the guard; nobody is left to be watched.
func (g *guard) dismiss() {
	if g == nil {
		return
	}
	g.once.Do(func() {
		_, _ = io.WriteString(g.word, "dismissed\n")
		_ = g.word.Close()
		_ = g.cmd.Wait()
	})
}
