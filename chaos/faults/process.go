package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
)

// SUTKill kills the SUT when a message passes a moment, and starts it again.
// The rule's conditions say which message.
//
// Layer P: out of memory, a node lost, a pod evicted, a power cut. Observed as
// sudden death: nothing that is not on disk survives.
type SUTKill struct {
	Moment chaos.Moment `yaml:"moment" jsonschema:"enum=before-apply,enum=after-apply-before-reply,enum=after-reply" doc:"which point on the message's way"`
	Down   Wall         `yaml:"down" doc:"how long the SUT stays dead"`
}

// Apply implements [chaos.Fault]: the message passes unharmed.
func (f *SUTKill) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return []chaos.Delivery{d} }

// Process implements [chaos.Process].
func (f *SUTKill) Process() chaos.ProcessFault {
	return chaos.ProcessFault{Do: chaos.Kill, Moment: f.Moment, Down: f.Down.d()}
}

// Validate says what is wrong with the settings.
func (f *SUTKill) Validate() error { return errors.Join(moment(f.Moment), notNegative("down", f.Down)) }

// SUTRestart asks the SUT to stop when a message passes a moment, waits until
// it has, and starts it again.
//
// Layer P: a deployment, a rolling update, a patch night. Observed as SIGTERM
// with time to finish or save what is under way.
type SUTRestart struct {
	Moment chaos.Moment `yaml:"moment" jsonschema:"enum=before-apply,enum=after-apply-before-reply,enum=after-reply" doc:"which point on the message's way"`
	Down   Wall         `yaml:"down" doc:"how long the SUT stays away"`
}

// Apply implements [chaos.Fault]: the message passes unharmed.
func (f *SUTRestart) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return []chaos.Delivery{d}
}

// Process implements [chaos.Process].
func (f *SUTRestart) Process() chaos.ProcessFault {
	return chaos.ProcessFault{Do: chaos.Restart, Moment: f.Moment, Down: f.Down.d()}
}

// Validate says what is wrong with the settings.
func (f *SUTRestart) Validate() error {
	return errors.Join(moment(f.Moment), notNegative("down", f.Down))
}

func moment(m chaos.Moment) error {
	switch m {
	case "", chaos.BeforeApply, chaos.AfterApply, chaos.AfterReply:
		return nil
	}
	return fmt.Errorf("moment: %q is not one of before-apply, after-apply-before-reply, after-reply", m)
}
