package faults_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// clocked are the faults of clocks. The stand's clock says monday, eight o'clock.
func clocked() (all []conformance) {
	add := func(fault, form string, f func() chaos.Fault, see func(s *stand, got []seen) string) {
		all = append(all, conformance{fault, form, f, chaos.Rule{Direction: simulators.ToSUT}, announced(aConfirmation), see})
	}
	// stated wants these instants, the work an hour before, and the ERP to make this of it.
	stated := func(want string, status int, code string) func(s *stand, got []seen) string {
		return both(told("confirmations", func(e plant.Event) bool {
			f := e.Fact.(plant.Confirmed)
			return e.At.Format(time.RFC3339) == want && f.End.Equal(e.At) && f.End.Sub(f.Start) == time.Hour
		}), func(s *stand, got []seen) string {
			if answer := s.postBody("confirmations", got[0].body); answer.status != status || !answer.has(code) {
				return fmt.Sprintf("posted as announced: %s, want %d %s", answer, status, code)
			}
			return ""
		})
	}
	add("clock-offset", "ahead", func() chaos.Fault { return &faults.ClockOffset{Offset: faults.Plant(5 * time.Minute)} }, stated("2026-11-16T08:05:00Z", 201, ""))
	add("clock-offset", "behind", func() chaos.Fault { return &faults.ClockOffset{Offset: faults.Plant(5 * time.Minute), Behind: true} }, stated("2026-11-16T07:55:00Z", 201, ""))
	add("clock-drift", "fast", func() chaos.Fault { return &faults.ClockDrift{PerHour: faults.Plant(30 * time.Second)} }, stated("2026-11-16T08:04:00Z", 201, ""))
	add("clock-drift", "slow", func() chaos.Fault { return &faults.ClockDrift{PerHour: faults.Plant(30 * time.Second), Behind: true} }, stated("2026-11-16T07:56:00Z", 201, ""))
	add("clock-reset", "1970", func() chaos.Fault { return &faults.ClockReset{Year: 1970} }, stated("1970-01-02T08:00:00Z", 409, "period-closed"))
	add("clock-reset", "2002", func() chaos.Fault { return &faults.ClockReset{Year: 2002} }, stated("2002-01-02T08:00:00Z", 409, "period-closed"))
	add("clock-coarse", "", func() chaos.Fault { return &faults.ClockCoarse{Tick: faults.Plant(12 * time.Hour)} }, told("confirmations", func(e plant.Event) bool {
		f := e.Fact.(plant.Confirmed)
		return e.At.Equal(midnight) && f.Start.Equal(midnight) && f.End.Equal(midnight)
	}))
	add("local-time", "", func() chaos.Fault { return &faults.LocalTime{} }, garbled("confirmations", 400, func(b string) bool {
		return strings.Contains(b, `"PostingDate":"2026-11-16T08:00:00"`) && !strings.Contains(b, "00Z")
	}))
	return all
}

var midnight = time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)
