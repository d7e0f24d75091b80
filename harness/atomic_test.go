package harness_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/race"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
	httptransport "github.com/andon-rig/andon/simulators/transports/http"
)

// Rounds of parallel calls, each about a fact of its own.
var rounds = race.Rounds(1000, 250)

const parallel = 32

// tally is what the calls of all rounds met.
type tally struct {
	calls, refused, applied int
	violations              []string
}

// contend makes the rounds: in each, parallel calls say the same thing with the
// same key at the same time. refused of them must be told 503, all others that
// it was posted, and all of those must name one and the same document.
func contend(t *testing.T, url string, refused int) (sum tally) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: parallel}}
	defer client.CloseIdleConnections()
	for n := range rounds {
		e := plant.Event{At: time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC), Fact: plant.Confirmed{Order: "1", Operation: "0010", Counter: n + 1, Yield: plant.Of(1, "EA")}}
		e.ID = plant.EventID(plant.Natural(e.Fact))
		ms, err := neutral.Dialect{}.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		var begin, end sync.WaitGroup
		begin.Add(1)
		var status [parallel]int
		var doc [parallel]string
		for i := range parallel {
			end.Go(func() {
				begin.Wait()
				status[i], doc[i] = call(t, client, url+"/"+ms[0].Name, ms[0].Body, string(e.ID))
			})
		}
		begin.Done()
		end.Wait()
		no, docs := 0, map[string]bool{}
		for i, s := range status {
			sum.calls++
			switch {
			case s == 503:
				no++
			case s/100 == 2:
				sum.applied++
				docs[strings.Replace(doc[i], `"repeated"`, `"applied"`, 1)] = true
			default:
				sum.violations = append(sum.violations, fmt.Sprintf("round %d: status %d %s", n, s, doc[i]))
			}
		}
		sum.refused += no
		if no != refused || len(docs) != 1 {
			sum.violations = append(sum.violations, fmt.Sprintf("round %d: %d calls met 503, want %d; documents %v, want one", n, no, refused, docs))
		}
	}
	return sum
}

func call(t *testing.T, c *http.Client, url string, body []byte, key string) (int, string) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(string(body)))
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	resp, err := c.Do(req)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(b)
}

// served is an ERP endpoint over HTTP, with a link, rules on it, and books.
func served(t *testing.T, rules ...*chaos.Rule) (url string, postings *atomic.Int64) {
	t.Helper()
	tr, err := httptransport.New(httptransport.Config{})
	if err != nil {
		t.Fatal(err)
	}
	j := evidence.NewJournal(nil)
	link := &chaos.Link{Name: "erp", Journal: j, Ordinals: chaos.NewOrdinals(), IDs: &atomic.Uint64{}}
	policy := neutral.Dialect{}.Policy()
	policy.Auth, policy.Dedupe = simulators.AuthNone, simulators.DedupeKey
	books := erp.New(plant.Master{Items: []plant.Item{{ID: "P", Unit: "EA"}}, WorkCenters: []plant.WorkCenter{{ID: "W"}}, Open: []plant.Order{
		{ID: "1", Item: "P", Quantity: plant.Of(1_000_000, "EA"), Operations: []plant.Operation{{ID: "0010", WorkCenter: "W"}}}}})
	postings = &atomic.Int64{}
	ep := endpoint.New(endpoint.Config{Name: "erp", System: books, Dialect: neutral.Dialect{}, Transport: tr, Line: link, Policy: policy,
		OnPosting: func(uint64, simulators.Posting) { postings.Add(1) }})
	link.Encode, link.Refuse = ep.Encode, ep.Refuse
	for _, r := range rules {
		link.Arm(r)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- ep.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
	return tr.URL(), postings
}

// TestAtomicState is the race proof: what a fault and an endpoint remember of
// a fact is changed by one call at a time, however many come at once.
func TestAtomicState(t *testing.T) {
	once := &chaos.Rule{ID: "F", Kind: "outage", Fault: &faults.Outage{After: faults.Wall(time.Second)}, Times: 1}
	for name, tc := range map[string]struct {
		rules   []*chaos.Rule
		refused int
	}{"first call 503, then 201": {[]*chaos.Rule{once}, 1}, "same idempotency key": {nil, 0}} {
		t.Run(name, func(t *testing.T) {
			url, postings := served(t, tc.rules...)
			sum := contend(t, url, tc.refused)
			t.Logf("%d rounds of %d parallel calls: %d calls, %d refused, %d applied or repeated, %d postings, %d violations",
				rounds, parallel, sum.calls, sum.refused, sum.applied, postings.Load(), len(sum.violations))
			if len(sum.violations) > 0 || postings.Load() != int64(rounds) {
				t.Errorf("%d postings, want %d; %q", postings.Load(), rounds, sum.violations[:min(5, len(sum.violations))])
			}
		})
	}
}

// TestBrokenStateIsNoticed: the proof can fail. This server looks first and
// remembers afterwards, as is quickly written.
func TestBrokenStateIsNoticed(t *testing.T) {
	var seen, looked sync.Map
	var docs atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		doc, known := seen.Load(key)
		if !known { // and between looking and remembering somebody else looks
			n, _ := looked.LoadOrStore(key, new(atomic.Int64))
			for n.(*atomic.Int64).Add(1); n.(*atomic.Int64).Load() < 2; {
				runtime.Gosched()
			}
			doc = fmt.Sprint(docs.Add(1))
			seen.Store(key, doc)
		}
		w.WriteHeader(201)
		fmt.Fprint(w, doc)
	}))
	defer s.Close()
	sum := contend(t, s.URL, 0)
	t.Logf("%d rounds of %d parallel calls against a server that looks first and remembers later: %d violations", rounds, parallel, len(sum.violations))
	if len(sum.violations) < rounds {
		t.Error("a server that looks first and remembers afterwards went through: the proof cannot fail")
	}
}
