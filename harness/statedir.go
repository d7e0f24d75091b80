package harness

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// stateDir is where the SUT keeps what it must not forget: ${andon.state}.
type stateDir struct {
	dir     string
	own     bool // it has a small disk of its own, so that this can be filled
	mounted bool
	backup  string        // a copy; "" if none was taken
	taken   time.Duration // when, on the journal's clock
}

// diskSize is the size of a disk that can be filled.
const diskSize = 32 << 20

// ballast is the file that fills it.
const ballast = ".andon-ballast"

// open gives the directory its disk, if it is to have one.
func (s *stateDir) open() error {
	if s == nil || !s.own {
		return nil
	}
	sweepDisks()
	if err := mountDisk(s.dir, diskSize); err != nil {
		return fmt.Errorf("give the SUT a disk of its own: %w", err)
	}
	s.mounted = true
	return nil
}

// close takes the disk and the copy away.
func (s *stateDir) close() (err error) {
	if s == nil {
		return nil
	}
	if s.mounted {
		err = unmountDisk(s.dir)
		s.mounted = false
	}
	if s.backup != "" {
		err = errors.Join(err, os.RemoveAll(s.backup))
		s.backup = ""
	}
	return err
}

// fill takes all room there is.
func (s *stateDir) fill() error {
	if s == nil || !s.mounted {
		return errors.New("the SUT's state has no disk of its own to fill")
	}
	f, err := os.OpenFile(filepath.Join(s.dir, ballast), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("fill the SUT's disk: %w", err)
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 4 << 10, 1} { // the last bytes one by one
		for chunk := make([]byte, size); err == nil; {
			_, err = f.Write(chunk)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			return fmt.Errorf("fill the SUT's disk: %w", err)
		}
		err = nil
	}
	return nil
}

// empty gives the room back.
func (s *stateDir) empty() error {
	if err := os.Remove(filepath.Join(s.dir, ballast)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("empty the SUT's disk: %w", err)
	}
	return nil
}

// backUp keeps a copy of the directory as it is.
func (s *stateDir) backUp(now time.Duration) error {
	dir, err := os.MkdirTemp("", "andon-backup-*")
	if err != nil {
		return err
	}
	if s.backup != "" {
		err = os.RemoveAll(s.backup)
	}
	s.backup, s.taken = dir, now
	return errors.Join(err, copyTree(s.dir, dir))
}

// restore replaces what is in the directory by the copy. The directory itself
// stays: a container may have it mounted.
func (s *stateDir) restore() error {
	if s.backup == "" {
		return errors.New("there is no backup of the SUT's state")
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("restore the SUT's state: %w", err)
	}
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(s.dir, e.Name())))
	}
	if err == nil {
		err = copyTree(s.backup, s.dir)
	}
	if err != nil {
		return fmt.Errorf("restore the SUT's state: %w", err)
	}
	return nil
}

// copyTree copies directories and regular files; there is nothing else of
// which a copy would make sense.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile, as logs and locks are
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case e.IsDir():
			if rel == "." {
				return nil
			}
			err = os.Mkdir(target, info.Mode().Perm()|0o700)
		case info.Mode().IsRegular():
			err = copyFile(path, target, info.Mode().Perm())
		default:
			return nil
		}
		if err != nil {
			return err
		}
		return keepOwner(target, info)
	})
}

func copyFile(from, to string, mode fs.FileMode) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
