package faults

import (
	"fmt"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// symptom refuses what no transport can show.
func symptom(s simulators.Symptom) error {
	switch s {
	case "", simulators.Reset, simulators.Hang, simulators.Gateway:
		return nil
	}
	return fmt.Errorf("symptom: %q is not one of reset, hang, gateway", s)
}

// lost is what a sender meets; no symptom is a reset.
func lost(s simulators.Symptom, after Wall) *simulators.LostError {
	if s == "" {
		s = simulators.Reset
	}
	return &simulators.LostError{Symptom: s, After: after.d()}
}

// retryForm refuses forms of Retry-After that nobody knows.
func retryForm(f simulators.RetryAfter) error {
	switch f {
	case "", simulators.RetrySeconds, simulators.RetryDate, simulators.RetryMissing, simulators.RetryZero:
		return nil
	}
	return fmt.Errorf("retryAfter: %q is not one of seconds, date, missing, zero", f)
}

// told is how long a sender is told to wait. A header carries whole seconds,
// so a part of one is rounded up.
func told(f simulators.RetryAfter, after time.Duration) time.Duration {
	if f == simulators.RetryMissing || f == simulators.RetryZero || after <= 0 {
		return 0
	}
	return (after + time.Second - 1).Truncate(time.Second)
}
