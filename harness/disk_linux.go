package harness

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// diskName begins the names of our disks in the list of mounts; the id of the
// rig follows.
const diskName = "andon-disk-"

// mountDisk puts a disk in memory on dir.
func mountDisk(dir string, size int) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	options := fmt.Sprintf("size=%d,mode=%o", size, info.Mode().Perm())
	if err := syscall.Mount(diskName+strconv.Itoa(os.Getpid()), dir, "tmpfs", 0, options); err != nil {
		return fmt.Errorf("mount tmpfs on %s: %w", dir, err)
	}
	return nil
}

func unmountDisk(dir string) error {
	if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount %s: %w", dir, err)
	}
	return nil
}

// sweepDisks takes away what rigs that were killed have left.
func sweepDisks() {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return
	}
	for _, line := range strings.Split(string(mounts), "\n") {
		f := strings.Fields(line)
		if len(f) < 2 || !strings.HasPrefix(f[0], diskName) {
			continue
		}
		pid, err := strconv.Atoi(strings.TrimPrefix(f[0], diskName))
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) && unmountDisk(f[1]) == nil {
			_ = os.Remove(f[1])
		}
	}
}

// canMount says why the SUT's state cannot have a disk of its own.
func canMount() error {
	dir, err := os.MkdirTemp("", "andon-mount-*")
	if err != nil {
		return err
	}
	defer os.Remove(dir)
	if err := mountDisk(dir, 1<<16); err != nil {
		return fmt.Errorf("a disk that can be filled must be mounted (%w): run andon as root, or in a container with CAP_SYS_ADMIN", err)
	}
	return unmountDisk(dir)
}

// keepOwner gives a copy the owner of its original; only root can, and only
// root needs to.
func keepOwner(path string, info fs.FileInfo) error {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return os.Lchown(path, int(s.Uid), int(s.Gid))
}
