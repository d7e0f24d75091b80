package harness

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
)

// TestACutoverReadsTheBooksAndTellsTheSUT also a SUT that is not there at
// first.
func TestACutoverReadsTheBooksAndTellsTheSUT(t *testing.T) {
	var heard []string
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var word map[string]string
		_ = json.NewDecoder(r.Body).Decode(&word)
		heard = append(heard, word["do"]+" "+word["frozen"])
		if len(heard) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer hook.Close()
	m := plant.Master{Items: []plant.Item{{ID: "PLATE", Unit: "KG", Lots: true}}, Lots: []plant.Lot{{ID: "L-1", Material: "PLATE", Quantity: plant.Whole(100)}},
		Open: []plant.Order{{ID: "4711", Item: "PLATE", Quantity: plant.Of(10, "KG")}}}
	p := &Plan{Journal: evidence.NewJournal(nil), Evidence: evidence.Plan{Lots: m.Lots}, open: m.Open, changeover: &changeover{hook: hook.URL},
		Endpoints: []*endpoint.Endpoint{endpoint.New(endpoint.Config{Name: "erp", System: erp.New(m)})}}
	for _, a := range []scenarios.Action{{Do: scenarios.DoFreeze, Frozen: evidence.FrozenNew}, {Do: scenarios.DoCutover}} {
		if err := p.cutOver(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"freeze new", "freeze new", "cutover "}; !slices.Equal(heard, want) {
		t.Errorf("the SUT heard %q, want %q", heard, want)
	}
	records := p.Journal.Records()
	if len(records) != 1 {
		t.Fatalf("%d records, want one snapshot", len(records))
	}
	s := records[0].Body.(evidence.Snapshot)
	if len(s.Stock) != 1 || s.Stock[0].Quantity != plant.Whole(100) || len(s.Orders) != 1 {
		t.Errorf("untouched lots and open orders belong into the balance: %+v", s)
	}
}

func TestACutoverThatIsNotConfirmedEndsThePlay(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer cancel() // once is enough
		http.Error(w, "not here", http.StatusNotFound)
	}))
	defer hook.Close()
	p := &Plan{Journal: evidence.NewJournal(nil), changeover: &changeover{hook: hook.URL}}
	if err := p.cutOver(ctx, scenarios.Action{Do: scenarios.DoCutover}); err == nil || !strings.Contains(err.Error(), "did not confirm") {
		t.Errorf("got %v", err)
	}
	p.changeover = nil
	if err := p.cutOver(t.Context(), scenarios.Action{Do: scenarios.DoCutover}); err == nil || !strings.Contains(err.Error(), "sut.cutover") {
		t.Errorf("without a second way: %v", err)
	}
}
