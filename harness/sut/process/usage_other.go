//go:build !linux

package process

import "github.com/andon-rig/andon/harness/sut"

// Sample implements [sut.Sampler]: it is only known how on Linux.
func (d *Driver) Sample() (sut.Usage, error) { return sut.Usage{}, sut.ErrNotSampled }

// Usage is what a process and all its descendants take up.
func Usage(int) (sut.Usage, error) { return sut.Usage{}, sut.ErrNotSampled }
