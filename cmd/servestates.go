package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/contracts/pact/record"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// plantStates sets provider states by what happens in the plant: it waits for
// the fact that a state speaks of, and answers whom it is about. A state that
// names a fact, as those of recorded pacts do, waits for that very one; another
// gets one that no state has had before.
type plantStates struct {
	truths func() []evidence.Truth
	within time.Duration // for a fact to happen
	poll   time.Duration // between two looks

	mu    sync.Mutex // guards taken
	taken map[plant.EventID]bool
}

// factKinds are the kinds of facts that a state may speak of.
var factKinds = []plant.Kind{
	plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled, plant.KindOperationStarted, plant.KindConfirmation, plant.KindConsumption, plant.KindScrap,
	plant.KindRework, plant.KindReceipt, plant.KindLotHeld, plant.KindLotDecided, plant.KindInspection, plant.KindItemChanged, plant.KindBillChanged, plant.KindRoutingChanged, plant.KindCenterChanged, plant.KindCalendarChanged, plant.KindShipment,
}

// stateWait is how long a fact is waited for. A caller gives up earlier.
const stateWait = time.Minute

// openStates opens the callback, and returns what closes it.
func openStates(out io.Writer, at string, truths func() []evidence.Truth) (func() error, error) {
	l, err := net.Listen("tcp", at)
	if err != nil {
		return nil, fmt.Errorf("--plant-states: %w", err)
	}
	s := &http.Server{Handler: &plantStates{truths: truths, within: stateWait, poll: 20 * time.Millisecond, taken: map[plant.EventID]bool{}}, ReadHeaderTimeout: 5 * time.Second}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	fmt.Fprintf(out, "states    http://%s\n", l.Addr())
	return func() error {
		err := s.Close()
		if served := <-done; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}, nil
}

// ServeHTTP answers as docs/verify.md says of callbacks for provider states.
func (p *plantStates) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var call struct {
		Action string         `json:"action"`
		State  string         `json:"state"`
		Params map[string]any `json:"params"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&call); err != nil || r.Method != http.MethodPost {
		http.Error(w, `post {"action": "setup", "state": "…", "params": {…}}`, http.StatusBadRequest)
		return
	}
	if call.Action == "teardown" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	wanted, why := wantedFact(call.State, call.Params)
	switch {
	case why != "":
		http.Error(w, why, http.StatusNotFound)
	case wanted.match == nil: // nothing has to happen first
		w.WriteHeader(http.StatusNoContent)
	default:
		p.answer(r.Context(), w, call.State, wanted)
	}
}

func (p *plantStates) answer(ctx context.Context, w http.ResponseWriter, state string, wanted awaited) {
	limit := time.After(p.within)
	for {
		if e := p.take(wanted); e != nil {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(valuesOf(*e))
			return
		}
		select {
		case <-time.After(p.poll):
		case <-limit:
			http.Error(w, fmt.Sprintf("in %s the plant did nothing that %q could mean; let it play faster with --pace", p.within, state), http.StatusGatewayTimeout)
			return
		case <-ctx.Done():
			return
		}
	}
}

// awaited is the fact that a state waits for.
type awaited struct {
	match func(plant.Event) bool // nil if nothing has to happen
	named bool                   // it is that one and no other
}

// take is the first fact that is wanted. Those that nobody names are given out
// once.
func (p *plantStates) take(wanted awaited) *plant.Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.truths() {
		if wanted.match(t.Event) && (wanted.named || !p.taken[t.Event.ID]) {
			p.taken[t.Event.ID] = true
			return &t.Event
		}
	}
	return nil
}

// wantedFact reads what a state speaks of: a fact by its id in the parameters,
// or the kind of fact whose words the state has, about those whom its
// parameters name.
func wantedFact(state string, params map[string]any) (wanted awaited, why string) {
	for _, v := range params {
		if id, ok := v.(string); ok && slices.Contains(factKinds, plant.Kind(strings.Split(id, "/")[0])) && strings.Contains(id, "/") {
			return awaited{func(e plant.Event) bool { return string(e.ID) == id }, true}, ""
		}
	}
	if state == record.State {
		return awaited{}, ""
	}
	kind := kindIn(state)
	if kind == "" {
		return awaited{}, fmt.Sprintf("no fact of the plant is in %q: say order released, operation started, confirmation, lot held, … in it; known are %v", state, factKinds)
	}
	return awaited{match: func(e plant.Event) bool {
		if e.Fact.Kind() != kind {
			return false
		}
		about := valuesOf(e)
		for name, v := range params {
			if known, is := about[name]; is && known != v {
				return false
			}
		}
		return true
	}}, ""
}

// kindIn is the kind of fact all of whose words a state has; of several, the
// one with the most.
func kindIn(state string) (kind plant.Kind) {
	words := strings.FieldsFunc(strings.ToLower(state), func(r rune) bool { return r < 'a' || r > 'z' })
	for _, k := range factKinds {
		parts := strings.Split(string(k), "-")
		all := !slices.ContainsFunc(parts, func(p string) bool { return !slices.Contains(words, p) })
		if all && (kind == "" || len(parts) > len(strings.Split(string(kind), "-"))) {
			kind = k
		}
	}
	return kind
}

// valuesOf are whom a fact is about, by the names that pacts may ask for.
func valuesOf(e plant.Event) map[string]any {
	k, values := e.Fact.Keys(), map[string]any{"fact": string(e.ID)}
	for name, v := range map[string]string{
		"order": string(k.Order), "operation": string(k.Operation), "material": string(k.Material), "lot": string(k.Lot), "serial": string(k.Serial), "machine": string(k.Machine),
		"workCenter": string(k.WorkCenter), "calendar": k.Calendar,
	} {
		if v != "" {
			values[name] = v
		}
	}
	if f, ok := e.Fact.(plant.OrderReleased); ok {
		values["material"] = string(f.Order.Item)
		if len(f.Order.Operations) > 0 {
			values["operation"] = string(f.Order.Operations[0].ID)
		}
	}
	return values
}
