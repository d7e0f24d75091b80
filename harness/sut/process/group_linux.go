package process

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"
)

// isolate puts the SUT into a process group of its own, so that a Ctrl-C at
// the terminal reaches only the rig, and has the kernel end it when the rig
// dies, so that not even a kill -9 of the rig leaves it behind.
func isolate() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// start starts cmd on a thread that lives as long as the rig: the parent-death
// signal is sent when the starting thread ends, not when the process does.
func start(cmd *exec.Cmd) error {
	done := make(chan error)
	starter() <- func() { done <- cmd.Start() }
	return <-done
}

// starter feeds the one goroutine that starts processes, for as long as the
// rig lives.
var starter = sync.OnceValue(func() chan<- func() {
	c := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range c {
			f()
		}
	}()
	return c
})

// awaitStopped returns when all threads of a process have stopped: a signal is
// only a message, and who is on a processor may go on for a moment.
func awaitStopped(pid int) error {
	tasks := fmt.Sprintf("/proc/%d/task/*/stat", pid)
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		files, _ := filepath.Glob(tasks)
		running := slices.ContainsFunc(files, func(file string) bool {
			b, err := os.ReadFile(file)
			_, rest, _ := bytes.Cut(b, []byte(") "))
			return err == nil && !bytes.HasPrefix(rest, []byte("T"))
		})
		if !running {
			return nil
		}
	}
	return fmt.Errorf("process %d does not stop", pid)
}

func signalGroup(cmd *exec.Cmd, sig syscall.Signal) {
	_ = syscall.Kill(-cmd.Process.Pid, sig) // gone already is fine
}
