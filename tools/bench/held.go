package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/inline"
	"github.com/andon-rig/andon/contracts/jsonschema"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/contracts/wire"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/simulators"
)

// Files of this repository that exchanges are held against, and the rig whose
// run says how much of a run that is.
const (
	ownSchemas  = "docs/contracts/neutral/messages/v1"
	bridgePact  = "examples/bridge/contracts/erp/postings/consumers/bridge/2.14"
	contractRig = "examples/bridge/contracts.yaml"
)

// small is a confirmation as many interfaces have it.
const small = `{"order":"000004711","operation":"0010","yield":12.5,"unit":"EA","at":"2026-03-02T07:41:58+01:00",` +
	`"lots":[{"id":"00047110810001","quantity":7.5},{"id":"00047110810002","quantity":5}]}`

// heldCases are what is measured: an exchange of this name, by a document that
// stands at this place of a contract.
var heldCases = []struct {
	what, document, half, name, body, target string
}{
	{"held against a JSON Schema, a confirmation of two lots", "tools/bench/small/schema", "1.0", "confirmations", small, "< 20 µs; peer is the whole posting at an endpoint"},
	{"held against a JSON Schema, a B2MML confirmation", ownSchemas, "1.0", "confirmations", "", ""},
	{"held against a pact, a confirmation of two lots", "tools/bench/small/pact", "consumers/sut/1.0", "confirmations", small, "< 50 µs"},
	{"held against a pact of two, a B2MML start of work", bridgePact, "consumers/sut/1.0", "operation-starts", "", ""},
}

// holding prints what it costs to hold one exchange against contracts, beside
// what the whole posting costs at an endpoint, and which share of a run it is.
func holding(o options) error {
	run, err := contractRun()
	if err != nil {
		return fmt.Errorf("run %s: %w", contractRig, err)
	}
	posting, err := onePosting(o.rounds)
	if err != nil {
		return err
	}
	for _, c := range heldCases {
		rules, err := oneHalf(c.document, c.half)
		if err != nil {
			return err
		}
		x, err := run.exchange(c.name)
		if err != nil {
			return err
		}
		if c.body != "" {
			x.Exchange.Request.Body = []byte(c.body)
		}
		took, err := heldFor(rules, x, o.rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
		row(c.what, micros(took), micros(posting), float64(took)/float64(posting), c.target)
		share := float64(took) * float64(run.exchanges) / float64(run.took)
		fmt.Printf("  %d bytes; %d exchanges of a run that took %s would take %s of it, %.2f %%\n",
			len(x.Exchange.Request.Body), run.exchanges, run.took.Round(time.Millisecond), (took * time.Duration(run.exchanges)).Round(10*time.Microsecond), 100*share)
	}
	return nil
}

func micros(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Microsecond), 'f', 1, 64) + " µs"
}

// oneHalf is a book with one document in force, between the SUT and "erp".
func oneHalf(from, half string) (*inline.Rules, error) {
	dir, err := os.MkdirTemp("", "andon-bench-book-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	contract := filepath.Join(dir, "erp", "postings")
	if err := os.MkdirAll(filepath.Dir(filepath.Join(contract, half)), 0o755); err != nil {
		return nil, err
	}
	err = errors.Join(
		os.CopyFS(filepath.Join(contract, half), os.DirFS(from)),
		os.WriteFile(filepath.Join(contract, "contract.yaml"), []byte("apiVersion: andon/v1\nkind: Contract\n"), 0o644),
		os.WriteFile(filepath.Join(dir, "book.yaml"), []byte("apiVersion: andon/v1\nkind: Book\nparties:\n"+
			"  - {name: erp, versions: [{version: \"1.0\", released: 2026-01-01}]}\n  - {name: sut, versions: [{version: \"1.0\", released: 2026-01-01}]}\n"), 0o644),
	)
	if err != nil {
		return nil, err
	}
	b, err := contracts.Load(os.DirFS(dir), dir, []contracts.Format{jsonschema.Format{}, pact.Format{}})
	if err != nil {
		return nil, err
	}
	return inline.New(inline.Setting{Book: b, Today: time.Now(), SUT: evidence.Party{Name: "sut", Versions: []string{"1.0"}},
		Partners: map[string]evidence.Party{"erp": {Name: "erp", Versions: []string{"1.0"}}}}), nil
}

// heldFor is the best of some rounds of judging x.
func heldFor(rules *inline.Rules, x wire.Crossing, rounds int) (time.Duration, error) {
	return best(rounds, func() error {
		h := rules.Judge(x)
		if h == nil || len(h.By) == 0 || len(h.Breaches) > 0 {
			return fmt.Errorf("the benchmark's own exchange is not one that is kept: %+v", h)
		}
		return nil
	})
}

// best is what one call takes in the quickest of many short stretches:
// whatever else the machine does only makes it slower.
func best(rounds int, do func() error) (took time.Duration, err error) {
	const calls = 50
	for i := range rounds * 200 {
		began := time.Now()
		for range calls {
			if err := do(); err != nil {
				return 0, err
			}
		}
		if one := time.Since(began) / calls; i == 0 || one < took {
			took = one
		}
	}
	return took, nil
}

// onePosting is the way of one confirmation without HTTP around it: decode,
// rules, books, two records on disk, reply.
func onePosting(rounds int) (time.Duration, error) {
	f, err := os.CreateTemp("", "andon-bench-*.jsonl")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	e := newERP(evidence.NewJournal(f), nil)
	n := 0
	return best(rounds, func() error {
		n++
		m := simulators.Message{Verb: "post", Name: "confirmations", Body: body(0, n),
			Header: map[string]string{"Content-Type": "application/json", "Idempotency-Key": strconv.Itoa(n)}}
		reply, err := e.Receive(context.Background(), m)
		if err != nil || reply.Result.Status != 201 {
			return fmt.Errorf("answered %d (%w): %s", reply.Result.Status, err, reply.Body)
		}
		return nil
	})
}

// stored is a run whose exchanges were held against contracts.
type stored struct {
	took      time.Duration
	exchanges int
	crossings []wire.Crossing
}

// contractRun gates the bundled integration once at the rig with contracts.
func contractRun() (s stored, err error) {
	dir, err := os.MkdirTemp("", "andon-bench-run-*")
	if err != nil {
		return s, err
	}
	defer os.RemoveAll(dir)
	c := exec.Command("go", "run", ".", "gate", "--rig", contractRig, "--scenario", "CNF-01", "--out", filepath.Join(dir, "out"), "--json")
	if out, err := c.CombinedOutput(); err != nil {
		return s, fmt.Errorf("%w\n%s", err, out)
	}
	found, err := filepath.Glob(filepath.Join(dir, "out", "*", bundle.JournalFile))
	if err != nil || len(found) != 1 {
		return s, fmt.Errorf("%d runs: %w", len(found), err)
	}
	b, err := bundle.Open(found[0])
	if err != nil {
		return s, err
	}
	s.took = b.Records[len(b.Records)-1].At
	for c, err := range wire.All(b.Records, b.Whole) {
		if err != nil {
			return s, err
		}
		s.crossings = append(s.crossings, c)
	}
	s.exchanges = len(s.crossings)
	return s, nil
}

// exchange is the first one of this name that the SUT sent.
func (s stored) exchange(name string) (wire.Crossing, error) {
	i := slices.IndexFunc(s.crossings, func(c wire.Crossing) bool { return c.FromSUT && c.Endpoint == "erp" && c.Name == name })
	if i < 0 {
		return wire.Crossing{}, fmt.Errorf("the run has no %s", name)
	}
	return s.crossings[i], nil
}
