package process

import (
	"github.com/andon-rig/andon/harness/sut"
)

// Able implements [sut.Able].
func (d *Driver) Able(a sut.Ability) error {
	switch a {
	case sut.LimitingMemory:
		return canBound()
	case sut.SettingClock:
		return canFake(d.program())
	}
	return nil
}

// Asked returns a driver that starts nothing: it can only be asked what it is
// able to do.
func Asked(command []string, dir string) *Driver {
	return &Driver{cfg: Config{Command: command, Dir: dir}, tail: &sut.Tail{}}
}
