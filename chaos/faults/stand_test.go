package faults_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/rewording"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
	httptransport "github.com/andon-rig/andon/simulators/transports/http"
)

// stand is an ERP on a loopback socket, with a link on which faults can be
// armed, and a SUT made of net/http.
type stand struct {
	t        *testing.T
	erp      *erp.ERP
	endpoint *endpoint.Endpoint
	link     *chaos.Link
	journal  *evidence.Journal
	url      string
	token    string
	hooks    chan seen
	trust    *tls.Config // of the SUT, where it speaks https
}

// seen is all that a SUT sees of one exchange: the answer to its request, or
// what came to its webhook.
type seen struct {
	status int
	header http.Header
	body   string
	err    error
	took   time.Duration
	event  string // of a webhook
}

// has reports whether the body holds text.
func (s seen) has(text string) bool { return strings.Contains(s.body, text) }

func (s seen) String() string {
	return fmt.Sprintf("%d %v %s, error %v, after %s", s.status, s.header, s.body, s.err, s.took)
}

func newStand(t *testing.T, change ...func(*stand, *httptransport.Config)) *stand {
	t.Helper()
	s := &stand{t: t, hooks: make(chan seen, 100), journal: evidence.NewJournal(nil)}
	webhooks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		s.hooks <- seen{header: r.Header, body: string(b), event: r.Header.Get("Andon-Event")}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(webhooks.Close)
	config := httptransport.Config{To: webhooks.URL}
	for _, do := range change {
		do(s, &config)
	}
	transport, err := httptransport.New(config)
	if err != nil {
		t.Fatal(err)
	}
	s.url = transport.URL()
	s.erp = erp.New(standMaster())
	s.link = &chaos.Link{Name: "erp", Journal: s.journal, Seed: 7, Ordinals: chaos.NewOrdinals(), IDs: &atomic.Uint64{}}
	s.endpoint = endpoint.New(endpoint.Config{Name: "erp", System: s.erp, Dialect: neutral.Dialect{}, Transport: transport, Line: s.link,
		Policy: neutral.Dialect{}.Policy(), Push: true, Client: "sut", Secret: "s3cret", Plant: func() time.Time { return monday },
		OnPosting: func(id uint64, p simulators.Posting) {
			s.journal.Append(evidence.Effect{Attempt: id, Endpoint: "erp", Posting: p})
		}})
	s.link.Encode, s.link.Refuse, s.link.Drift = s.endpoint.Encode, s.endpoint.Refuse, rewording.Of(neutral.Dialect{})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.endpoint.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { stop(); <-done; s.link.Close() })
	got := s.signIn(url.Values{"grant_type": {"client_credentials"}})
	var grant struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(got.body), &grant); err != nil || grant.Token == "" {
		t.Fatalf("no token: %s", got)
	}
	s.token = grant.Token
	return s
}

func standMaster() plant.Master {
	m := plant.Master{
		Items: []plant.Item{{ID: "PUMP", Unit: "EA", Lots: true}, {ID: "STEEL", Unit: "KG", Lots: true, Decimals: 3}, {ID: "PAINT", Unit: "L", Lots: true},
			{ID: "BOLT", Unit: "EA"}, {ID: "NUT", Unit: "EA"}},
		WorkCenters: []plant.WorkCenter{{ID: "SAW"}, {ID: "FIT"}},
		Lots: []plant.Lot{
			{ID: "S-1", Material: "STEEL", Status: plant.LotUnrestricted, Quantity: plant.Whole(100000)},
			{ID: "S-OLD", Material: "STEEL", Quantity: plant.Whole(100), Expires: monday},
			{ID: "S-HELD", Material: "STEEL", Status: plant.LotBlocked, Quantity: plant.Whole(100)},
			{ID: "S-EMPTY", Material: "STEEL", Status: plant.LotUnrestricted},
			{ID: "P-1", Material: "PAINT", Status: plant.LotUnrestricted, Quantity: plant.Whole(100)},
		},
		PeriodOpens: monday.AddDate(0, 0, -10),
	}
	for i := range 40 {
		id := plant.OrderID(fmt.Sprintf("47%02d", i))
		m.Open = append(m.Open, plant.Order{ID: id, Item: "PUMP", Quantity: plant.Of(100, "EA"), Lot: plant.LotID("P-" + id),
			Operations: []plant.Operation{{ID: "0010", WorkCenter: "SAW"}, {ID: "0020", WorkCenter: "FIT"}}})
	}
	return m
}

// arm arms f, with whatever else the rule says.
func (s *stand) arm(f chaos.Fault, rule chaos.Rule) {
	if k, ok := f.(chaos.Informed); ok {
		k.Inform(standMaster())
	}
	rule.ID, rule.Kind, rule.Fault = "F", "F", f
	s.link.Arm(&rule)
}

// strikes are what the fault has done, by the journal.
func (s *stand) strikes() (all []evidence.Disturbance) {
	for _, r := range s.journal.Records() {
		if d, ok := r.Body.(evidence.Disturbance); ok && d.Phase == evidence.Struck {
			all = append(all, d)
		}
	}
	return all
}

// postings is how often the books were changed for a fact.
func (s *stand) postings(f plant.Fact) (n int) {
	for _, r := range s.journal.Records() {
		if e, ok := r.Body.(evidence.Effect); ok && plant.Natural(e.Posting.Claim.Fact) == plant.Natural(f) {
			n++
		}
	}
	return n
}

// do sends one request on a connection of its own, as a SUT that waits up to
// two seconds.
func (s *stand) do(method, path string, header http.Header, body []byte) seen {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	began := time.Now()
	resp, err := (&http.Transport{DisableKeepAlives: true, TLSClientConfig: s.trust}).RoundTrip(req)
	if err != nil {
		return seen{err: err, took: time.Since(began)}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return seen{status: resp.StatusCode, header: resp.Header, body: string(b), err: err, took: time.Since(began)}
}

func (s *stand) signIn(form url.Values) seen {
	form.Set("client_id", "sut")
	form.Set("client_secret", "s3cret")
	return s.do(http.MethodPost, "/oauth/token", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte(form.Encode()))
}

// post posts facts as one message, under a key made of them.
func (s *stand) post(facts ...plant.Fact) seen {
	s.t.Helper()
	var events []plant.Event
	key := ""
	for _, f := range facts {
		events = append(events, event(f))
		key += plant.Natural(f)
	}
	m, err := neutral.Dialect{}.Batch(events...)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.do(http.MethodPost, "/"+m.Name, http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {key}, "Authorization": {"Bearer " + s.token}}, m.Body)
}

func (s *stand) get(path string) seen {
	s.t.Helper()
	return s.do(http.MethodGet, path, http.Header{"Authorization": {"Bearer " + s.token}}, nil)
}

// announce has the ERP say something, and returns what comes to the webhook:
// each of it, and so many more if a fault strikes.
func (s *stand) announce(more int, events ...plant.Event) (got []seen) {
	s.t.Helper()
	before := len(s.strikes())
	for _, e := range events {
		s.link.Ordinals.Add(e.Fact)
		ms, err := s.endpoint.Encode(e)
		if err != nil || len(ms) != 1 {
			s.t.Fatalf("encode %s: %d messages, %v", e.ID, len(ms), err)
		}
		if err := s.endpoint.Announce(ms[0]); err != nil {
			s.t.Fatal(err)
		}
	}
	timeout := time.After(5 * time.Second)
	for len(got) < len(events) || len(got) < len(events)+more && len(s.strikes()) > before {
		select {
		case h := <-s.hooks:
			got = append(got, h)
		case <-timeout:
			s.t.Fatalf("%d messages came of %d, and %d more were due", len(got), len(events), more)
		}
	}
	return got
}

// decoded is what an announcement means to who keeps the contract.
func (h seen) decoded(name string) (plant.Event, error) {
	ask, err := neutral.Dialect{}.Decode(simulators.Message{Verb: "post", Name: name, Body: []byte(h.body)})
	if err != nil || len(ask.Claims) != 1 {
		return plant.Event{}, err
	}
	return ask.Claims[0], nil
}
