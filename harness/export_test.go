package harness

import (
	"context"
	"errors"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
)

// Open has all endpoints of r answer, with nobody to play the plant. What it
// returns ends that and closes the rig.
func (r *Rig) Open(ctx context.Context) func() error {
	stop := r.Plan.startServing(ctx)
	r.Plan.progress = newProgress(r.Plan.Journal, r.Plan.Endpoints, r.Plan.Links)
	return func() error { return errors.Join(stop(), r.Close()) }
}

// Arm puts a fault of the scenario in force, and Heal takes it out again.
func (r *Rig) Arm(ctx context.Context, id string) error { return r.Plan.arm(ctx, id) }

// Heal is the opposite of Arm.
func (r *Rig) Heal(id string) { r.Plan.heal(id) }

// Road is the address by which the SUT's connections come to an endpoint.
func (r *Rig) Road(endpoint string) string { return r.Plan.roadTo(endpoint, chaos.BySUT).Addr() }

// FeasibleFault says why a fault cannot be carried out at the rig; nil if it can.
func (f File) FeasibleFault(i faults.Info) error { return f.feasible(i) }

// Caller is a SUT that uses what the rig provides, and nothing else.
var Caller = caller
