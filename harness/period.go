package harness

import (
	"fmt"
	"time"

	"github.com/andon-rig/andon/evidence"
)

// closePeriod has the ERP close everything before the plant's latest midnight,
// and notes from when on it is closed: what was posted before it closed was
// posted in time.
func (p *Plan) closePeriod() error {
	now := p.clock.Now()
	year, month, day := now.Date()
	opens := time.Date(year, month, day, 0, 0, 0, 0, now.Location())
	for _, e := range p.Endpoints {
		erp, ok := e.System.(interface{ ClosePeriod(time.Time) })
		if !ok {
			continue
		}
		erp.ClosePeriod(opens)
		p.Journal.Append(evidence.Step{Name: evidence.PeriodClosed, Text: "on " + e.Name, Args: map[string]string{evidence.PeriodOpens: opens.Format(time.RFC3339)}})
		return nil
	}
	return fmt.Errorf("this rig has no ERP that keeps posting periods")
}
