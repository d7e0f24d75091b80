package memory_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/memory"
	"github.com/andon-rig/andon/internal/race"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// mangler is a build that cannot be followed by identifiers: it passes
// confirmations on to the ERP without references and with counters of its own,
// in the shape it likes, and everything else as it is. It can lose one confirmation, or post
// one twice.
type mangler struct {
	*forwarder
	shape shape
	loses int // which confirmation it loses, from 1; 0 for none
	twice int // which it posts twice

	mu     sync.Mutex // guards what follows
	seen   map[string]bool
	n      int
	struck string             // id of the confirmation it lost or doubled
	open   map[string]*bundle // of shape aggregated, by order and operation
	count  map[string]int     // its own confirmations of an operation
}

type shape string

const (
	stripped   shape = "stripped"   // one posting for each, without ids
	trimmed    shape = "trimmed"    // one posting for each, zeros cut off its reference
	split      shape = "split"      // two postings for each, without ids
	aggregated shape = "aggregated" // one posting for up to three
)

// bundle is what will be posted as one.
type bundle struct {
	doc   map[string]any
	good  plant.Decimal
	scrap plant.Decimal
	n     int
}

func newMangler(s shape, loses, twice int) *mangler {
	return &mangler{forwarder: newForwarder(true), shape: s, loses: loses, twice: twice, seen: map[string]bool{}, open: map[string]*bundle{}, count: map[string]int{}}
}

func (b *mangler) Receive(endpoint string, m simulators.Message) int {
	if endpoint != "mes" || m.Name != "confirmations" {
		return b.forwarder.Receive(endpoint, m)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	event := m.Header["Andon-Event"]
	if b.seen[event] {
		return 200
	}
	b.seen[event] = true
	var doc map[string]any
	if err := json.Unmarshal(m.Body, &doc); err != nil {
		return 400
	}
	reference := "none"
	if b.shape == trimmed {
		reference = strings.Replace(event, "/00", "/", 1)
	}
	row := strip(doc, reference)
	good := amountOf(row, "yield")
	if good == 0 { // only those that move something can be told apart
		b.pass(doc)
		return 202
	}
	b.n++
	switch b.n {
	case b.loses:
		b.struck = event
		return 202
	case b.twice:
		b.struck = event
		b.take(copyOf(doc))
	}
	b.take(copyOf(doc))
	return 202
}

// copyOf is a document that can be changed without changing doc.
func copyOf(doc map[string]any) (c map[string]any) {
	text, err := json.Marshal(doc)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		panic(err)
	}
	return c
}

// take posts a confirmation in the build's shape.
func (b *mangler) take(doc map[string]any) {
	row := segmentOf(doc)
	switch b.shape {
	case split:
		good := amountOf(row, "yield")
		part := good / 3
		for i, q := range []plant.Decimal{part, good - part} {
			setAmount(row, "yield", q)
			if i == 1 {
				setAmount(row, "scrap", 0)
				setAmount(row, "rework", 0)
			}
			b.pass(doc)
		}
	case aggregated:
		b.collect(doc, row)
	default:
		b.pass(doc)
	}
}

// collect adds a confirmation to what is open for its operation, and posts
// that when there are three or nothing came for a while.
func (b *mangler) collect(doc, row map[string]any) {
	key := fmt.Sprint(row["OperationsRequestID"], row["OperationsSegmentID"])
	o := b.open[key]
	if o == nil {
		o = &bundle{}
		b.open[key] = o
		time.AfterFunc(2*time.Second, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.flush(key, o)
		})
	}
	o.doc, o.n = doc, o.n+1
	o.good, o.scrap = o.good+amountOf(row, "yield"), o.scrap+amountOf(row, "scrap")
	if o.n == 3 {
		b.flush(key, o)
	}
}

func (b *mangler) flush(key string, o *bundle) {
	if b.open[key] != o {
		return
	}
	delete(b.open, key)
	row := segmentOf(o.doc)
	setAmount(row, "yield", o.good)
	setAmount(row, "scrap", o.scrap)
	b.pass(o.doc)
}

// pass sends a document on, with a counter and under a key of the build's own.
func (b *mangler) pass(doc map[string]any) {
	row := segmentOf(doc)
	operation := fmt.Sprint(row["OperationsRequestID"], row["OperationsSegmentID"])
	b.count[operation]++
	for _, p := range row["SegmentData"].([]any) {
		if p := p.(map[string]any); p["ID"] == "Counter" {
			p["Value"].([]any)[0].(map[string]any)["ValueString"] = fmt.Sprint(b.count[operation])
		}
	}
	body, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(body)
	b.forwarder.mu.Lock()
	defer b.forwarder.mu.Unlock()
	b.queue["erp"] = append(b.queue["erp"], simulators.Message{Name: "confirmations", Body: body, Header: map[string]string{
		"Content-Type": "application/json", "Idempotency-Key": hex.EncodeToString(sum[:8]),
	}})
	select {
	case b.more["erp"] <- struct{}{}:
	default:
	}
}

// Work implements [memory.Build].
func (b *mangler) Work(ctx context.Context, endpoint string, post memory.Post) {
	b.forwarder.Work(ctx, endpoint, post)
}

// segmentOf is the one row of a confirmation.
func segmentOf(doc map[string]any) map[string]any {
	at := doc["SyncOperationsPerformance"].(map[string]any)["DataArea"].(map[string]any)
	for _, name := range []string{"OperationsPerformance", "OperationsResponse", "SegmentResponse"} {
		at = at[name].([]any)[0].(map[string]any)
	}
	return at
}

// strip replaces what names the confirmation, but for its counter.
func strip(doc map[string]any, reference string) map[string]any {
	area := doc["SyncOperationsPerformance"].(map[string]any)["ApplicationArea"].(map[string]any)
	area["BODID"] = reference
	area["Sender"].(map[string]any)["ReferenceID"] = reference
	at := doc["SyncOperationsPerformance"].(map[string]any)["DataArea"].(map[string]any)
	for _, name := range []string{"OperationsPerformance", "OperationsResponse", "SegmentResponse"} {
		at = at[name].([]any)[0].(map[string]any)
		at["ID"] = reference
	}
	return at
}

// quantityOf is the quantity of a use, nil if there is none.
func quantityOf(row map[string]any, use string) map[string]any {
	materials, _ := row["MaterialActual"].([]any)
	for _, m := range materials {
		if m := m.(map[string]any); m["ID"] == use {
			return m["Quantity"].([]any)[0].(map[string]any)
		}
	}
	return nil
}

func amountOf(row map[string]any, use string) plant.Decimal {
	q := quantityOf(row, use)
	if q == nil {
		return 0
	}
	d, err := plant.ParseDecimal(q["QuantityString"].(string))
	if err != nil {
		panic(err)
	}
	return d
}

func setAmount(row map[string]any, use string, d plant.Decimal) {
	if q := quantityOf(row, use); q != nil {
		q["QuantityString"] = d.String()
	}
}

// A defect is what a mangler does to one confirmation, and who has to name it.
type defect struct {
	name         string
	loses, twice int
	by           []string
}

// oracles are the findings that a defect must lead to.
func (d defect) oracles(struck string) (want []string) {
	for _, oracle := range d.by {
		want = append(want, oracle+" "+struck)
	}
	return want
}

// struckBy lists what those judges find that name single facts and postings.
// How a build sends, and in which order, is another matter; and who adds up
// loses the reasons of what he adds up, which is a finding of its own.
func struckBy(s shape, findings []evidence.Finding) (found []string, undecided bool) {
	for _, f := range findings {
		switch f.Oracle {
		case "exactly-once", "no-phantom", "no-silent-drop", "field-fidelity":
			if s == aggregated && (f.Rule == "field-lost" || f.Rule == "field-changed") {
				continue
			}
			if f.Verdict == evidence.Violated {
				found = append(found, f.Oracle+" "+string(f.Fact))
			}
			undecided = undecided || f.Rule == "two-explanations"
		}
	}
	slices.Sort(found)
	return found, undecided
}

// seeds is how many plants each shape and defect is tried with.
const seeds = 12

// TestNamedWithoutIdentifiers: whatever a build does to identifiers and
// postings, the finding names the confirmation it lost or doubled, and a build
// that did neither is not blamed for it. Where two explanations fit, nobody is
// named, and the sum is found wrong all the same.
func TestNamedWithoutIdentifiers(t *testing.T) {
	for _, s := range []shape{stripped, trimmed, split, aggregated} {
		for _, d := range []defect{
			{"sound", 0, 0, nil}, {"loses one", 4, 0, []string{"exactly-once", "no-silent-drop"}}, {"doubles one", 0, 5, []string{"exactly-once"}},
		} {
			t.Run(string(s)+" "+d.name, func(t *testing.T) {
				named := 0
				seeds := race.Rounds(seeds, 2)
				if testing.Short() {
					seeds = 4
				}
				for seed := range uint64(seeds) {
					if mangle(t, s, d, seed) {
						named++
					}
				}
				if t.Logf("named in %d of %d", named, seeds); named < seeds*3/4 {
					t.Errorf("named in %d of %d runs only", named, seeds)
				}
			})
		}
	}
}

// mangle carries out one run and reports whether exactly that was named which
// the build did.
func mangle(t *testing.T, s shape, d defect, seed uint64) bool {
	t.Helper()
	var b *mangler
	_, findings := playBuild(t, plain, seed, func() memory.Build {
		b = newMangler(s, d.loses, d.twice)
		return b
	})
	blamed, undecided := struckBy(s, findings)
	summed := slices.ContainsFunc(findings, func(f evidence.Finding) bool { return f.Oracle == "conservation" && f.Verdict == evidence.Violated })
	switch {
	case slices.Equal(blamed, d.oracles(b.struck)):
		return true
	case len(blamed) == 0 && undecided && summed:
		return false
	}
	t.Errorf("seed %d: it struck %q, and blamed are %q", seed, b.struck, blamed)
	for _, f := range findings {
		if f.Verdict >= evidence.Inconclusive {
			t.Logf("%s %s %s %s: %s | %s | %s", f.Verdict, f.Oracle, f.Rule, f.Fact, f.Expected, f.Got, f.Text)
		}
	}
	return false
}
