package endpoint

import (
	"fmt"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Gather begins an extract of all master data: what the system announces of events
// from here on is kept for [Endpoint.Extract], also of kinds that are not announced
// one by one. Of an interface that tells of records one by one nothing is.
func (e *Endpoint) Gather(events []plant.Event) {
	if _, ok := e.Dialect.(simulators.Extractor); !ok {
		return
	}
	e.gathers, e.gathered = map[plant.EventID]bool{}, nil
	for _, ev := range events {
		e.gathers[ev.ID] = true
	}
}

// Extract ends what [Endpoint.Gather] began, and announces the extracts.
func (e *Endpoint) Extract(at time.Time) error {
	all := e.gathered
	e.gathers, e.gathered = nil, nil
	if len(all) == 0 {
		return nil
	}
	ms, err := e.Dialect.(simulators.Extractor).Extract(at, all)
	if err != nil {
		return fmt.Errorf("extract of %d records: %w", len(all), err)
	}
	for _, m := range ms {
		if err := e.Announce(m); err != nil {
			return err
		}
	}
	return nil
}
