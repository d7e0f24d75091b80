package harness

import (
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
	"github.com/andon-rig/andon/simulators/systems/mes"
)

// TestAPeriodIsClosedAtThePlantsMidnight: yesterday's facts are refused from
// then on, today's are not, and the journal says since when.
func TestAPeriodIsClosedAtThePlantsMidnight(t *testing.T) {
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 4, 1, 1, 30, 0, 0, zone)
	m := plant.Master{Items: []plant.Item{{ID: "BOX", Unit: "EA"}}, Open: []plant.Order{{ID: "4711", Item: "BOX", Quantity: plant.Of(10, "EA"), Operations: []plant.Operation{{ID: "0010"}}}}}
	books := erp.New(m)
	p := &Plan{Journal: evidence.NewJournal(nil), clock: &plantClock{now: now}, Endpoints: []*endpoint.Endpoint{
		endpoint.New(endpoint.Config{Name: "mes", System: mes.New(m)}), endpoint.New(endpoint.Config{Name: "erp", System: books})}}
	counter := 0
	post := func(at time.Time) string {
		counter++
		e := plant.Event{At: at, Fact: plant.Confirmed{Order: "4711", Operation: "0010", Counter: counter, Yield: plant.Of(1, "EA")}}
		a := books.Handle(simulators.Ask{Claims: []plant.Event{e}, Now: now}, func(simulators.Posting) {})
		if r := a.Rows[0].Refusal; r != nil {
			return r.Code
		}
		return ""
	}
	yesterday := now.Add(-2 * time.Hour)
	if got := post(yesterday); got != "" {
		t.Fatalf("before it was closed: %s", got)
	}
	if err := p.closePeriod(); err != nil {
		t.Fatal(err)
	}
	if got := post(yesterday); got != "period-closed" {
		t.Errorf("yesterday's fact got %q", got)
	}
	if got := post(now.Add(-time.Minute)); got != "" {
		t.Errorf("today's fact got %q", got)
	}
	s, ok := p.Journal.Records()[0].Body.(evidence.Step)
	if !ok || s.Name != evidence.PeriodClosed || s.Args[evidence.PeriodOpens] != "2026-04-01T00:00:00-05:00" {
		t.Errorf("journal: %+v", p.Journal.Records()[0].Body)
	}
	books.ClosePeriod(yesterday.AddDate(0, -1, 0))
	if got := post(yesterday); got != "period-closed" {
		t.Errorf("a closed period was opened again: %q", got)
	}
	if err := (&Plan{clock: &plantClock{}}).closePeriod(); err == nil {
		t.Error("a rig without ERP closed a period")
	}
}
