//go:build !linux

package harness

import (
	"errors"
	"io/fs"
)

var errNoDisk = errors.New("a disk that can be filled can only be made on Linux, as root")

func mountDisk(string, int) error { return errNoDisk }

func unmountDisk(string) error { return nil }

func sweepDisks() {}

func canMount() error { return errNoDisk }

func keepOwner(string, fs.FileInfo) error { return nil }
