//go:build !linux

package process

import "github.com/andon-rig/andon/harness/sut"

// Sample implements [sut.Sampler]: it is only known how on Linux.
func (d *Driver) Sample() (sut.Usage, error) { return sut.Usage{}, sut.ErrNotSampled }
