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
