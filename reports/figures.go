package reports

import (
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/kpi"
	"github.com/andon-rig/andon/reports/coverage"
)

// Figures are what the journal of a run shows beside its findings. They are
// computed from the journal alone, so that a report of a stored run has the
// same ones.
type Figures struct {
	KPIs     []kpi.Row
	Timeline Timeline
	Touch    coverage.Touch
}

// FiguresOf reads the journal of the run that s tells of.
func FiguresOf(h *evidence.History, s Scenario) *Figures {
	f := &Figures{KPIs: kpi.Of(h, s.Findings), Timeline: TimelineOf(h)}
	f.Touch = coverage.Run(h, s.Findings, f.KPIs, s.Verdict, s.Error)
	return f
}

// Coverage adds up what the scenarios have touched; faults are the kinds of
// faults there are. A scenario without a journal has touched nothing.
func (g Gate) Coverage(faults []string) coverage.Coverage {
	var touches []coverage.Touch
	for _, s := range g.Scenarios {
		if s.Figures != nil {
			touches = append(touches, s.Figures.Touch)
		}
	}
	return coverage.Of(touches, faults)
}
