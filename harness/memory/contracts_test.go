package memory_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/harness/memory"
	"github.com/andon-rig/andon/internal/race"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
)

// listener is a build that writes down what it hears and says, as contracts
// see it.
type listener struct {
	memory.Build
	mu        sync.Mutex // guards what follows
	announced []contracts.Exchange
	posted    []contracts.Exchange
	reported  []contracts.Exchange
}

func part(m simulators.Message) contracts.Part {
	p := contracts.Part{Method: "POST", Path: "/" + m.Name, Body: m.Body, Headers: map[string][]string{}}
	for k, v := range m.Header {
		p.Headers[k] = []string{v}
	}
	return p
}

func (l *listener) Receive(endpoint string, m simulators.Message) int {
	l.mu.Lock()
	l.announced = append(l.announced, contracts.Exchange{Request: part(m)})
	l.mu.Unlock()
	return l.Build.Receive(endpoint, m)
}

func (l *listener) Work(ctx context.Context, endpoint string, post memory.Post) {
	l.Build.Work(ctx, endpoint, func(ctx context.Context, to string, m simulators.Message) (memory.Reply, error) {
		r, err := post(ctx, to, m)
		x := contracts.Exchange{FromConsumer: true, Request: part(m)}
		lies := r.Status/100 == 2 && r.Header["Content-Type"] == "application/problem+json" // the fault lying-success
		if err == nil && r.Status != 502 && !lies {                                         // a gateway's answer is not the endpoint's
			x.Reply = &contracts.Part{Status: r.Status, Body: r.Body, Headers: map[string][]string{}}
			for k, v := range r.Header {
				x.Reply.Headers[k] = []string{v}
			}
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if to == "exceptions" {
			x.Request.Path = "/exceptions"
			l.reported = append(l.reported, x)
		} else {
			l.posted = append(l.posted, x)
		}
		return r, err
	})
}

// smoke plays what of the smoke pack can be played in memory, and the troubled
// plant, and returns what was said.
func smoke(t *testing.T) (heard *listener, played []string) {
	t.Helper()
	heard = &listener{}
	pack, err := scenarios.Pack("smoke")
	if err != nil {
		t.Fatal(err)
	}
	more, err := scenarios.Parse("scenario", []byte(troubled))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(pack, more...) {
		synctest.Test(t, func(t *testing.T) {
			l := &listener{Build: newForwarder(true)}
			setup, err := memory.Setup(s, s.Seed, l)
			if err != nil {
				t.Fatal(err)
			}
			rig, err := harness.Build(setup)
			if err != nil {
				t.Logf("%s is not for a rig in memory: %v", s.Metadata.ID, err)
				return
			}
			defer rig.Close()
			if _, err := harness.Run(t.Context(), rig.Plan); err != nil {
				t.Fatalf("%s: %v", s.Metadata.ID, err)
			}
			played = append(played, s.Metadata.ID)
			heard.announced, heard.posted, heard.reported = append(heard.announced, l.announced...), append(heard.posted, l.posted...), append(heard.reported, l.reported...)
		})
	}
	return heard, played
}

// What crosses the links of whole runs keeps our own contracts, and says
// nothing that they do not declare.
func TestRunsKeepOurOwnContracts(t *testing.T) {
	if race.Enabled {
		return // what was said is read when all is over: make rounds
	}
	b, err := contracts.Load(os.DirFS("../../docs/contracts"), "docs/contracts", catalog.Standard().Contracts)
	if err != nil {
		t.Fatal(err)
	}
	heard, played := smoke(t)
	t.Logf("played %v: %d announcements, %d postings, %d reports", played, len(heard.announced), len(heard.posted), len(heard.reported))
	for _, c := range []struct {
		contract *contracts.Contract
		said     []contracts.Exchange
		least    int
	}{
		{b.Contract("neutral", "messages"), heard.announced, 100},
		{b.Contract("neutral", "messages"), heard.posted, 100},
		{b.Contract("neutral", "endpoint"), heard.posted, 100},
		{b.Contract("exceptions", "report"), heard.reported, 1},
	} {
		d := c.contract.Half("v1").Document
		if len(c.said) < c.least {
			t.Errorf("%s: only %d exchanges", c.contract.Name, len(c.said))
		}
		told, answers := map[string]bool{}, map[int]int{}
		tell := func(text string) {
			if !told[text] {
				told[text] = true
				t.Errorf("%s: %s", c.contract.Name, text)
			}
		}
		for _, x := range c.said {
			found, covered := d.(contracts.Checker).Check(x)
			if x.Reply != nil {
				answers[x.Reply.Status]++
			}
			if !covered {
				tell(x.Request.Path + " is not covered")
			}
			for _, b := range found {
				tell(x.Request.Path + " " + b.String())
			}
			for _, drift := range d.(contracts.Watcher).Undeclared(x) {
				tell(drift.Kind + " " + drift.Path + " is not declared: " + drift.Seen)
			}
		}
		t.Logf("%s: %d exchanges, answers %v", c.contract.Name, len(c.said), answers)
	}
}
