// Package external stands for a SUT that somebody else has started.
//
// It can only look whether the SUT is there.
package external

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/andon-rig/andon/harness/sut"
)

// Config describes a SUT that is already running.
type Config struct {
	Ready sut.Ready
	// TestSystem is the owner's word that this is not production. Without it
	// nothing is sent.
	TestSystem bool
}

// Driver stands for the SUT.
type Driver struct{ cfg Config }

var _ sut.Driver = (*Driver)(nil)

// New refuses a SUT that is not marked as a test system.
func New(c Config) (*Driver, error) {
	if !c.TestSystem {
		return nil, errors.New("sut.external is not marked as a test system; Andon posts made-up production data, so it only " +
			"touches systems whose owner says so: add \"testSystem: true\" under sut.external")
	}
	return &Driver{c}, nil
}

// Start implements [sut.Driver]: it waits until the SUT answers. The SUT must
// have been given the rig's addresses already; env cannot reach it.
func (d *Driver) Start(ctx context.Context, _ map[string]string) error {
	if d.cfg.Ready.HTTP == "" {
		return nil
	}
	within := d.cfg.Ready.Within
	if within <= 0 {
		within = 20 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		err := d.ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return &sut.StartError{Reason: fmt.Sprintf("the SUT at %s was not ready within %s (%v); is it running?", d.cfg.Ready.HTTP, within, err)}
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (d *Driver) ask(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.cfg.Ready.HTTP, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return errors.New(resp.Status)
	}
	return nil
}

// Stop implements [sut.Driver]; the SUT is not ours to stop.
func (d *Driver) Stop(context.Context) error { return nil }

// Alive implements [sut.Driver].
func (d *Driver) Alive() (bool, string) {
	if d.cfg.Ready.HTTP == "" {
		return true, ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := d.ask(ctx); err != nil {
		return false, err.Error()
	}
	return true, ""
}
