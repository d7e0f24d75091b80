//go:build !linux && !windows

package process

import (
	"os/exec"
	"syscall"
)

// isolate puts the SUT into a process group of its own, so that a Ctrl-C at
// the terminal reaches only the rig.
func isolate() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func start(cmd *exec.Cmd) error { return cmd.Start() }

// awaitStopped cannot look; the signal is on its way.
func awaitStopped(int) error { return nil }

func signalGroup(cmd *exec.Cmd, sig syscall.Signal) {
	_ = syscall.Kill(-cmd.Process.Pid, sig) // gone already is fine
}
