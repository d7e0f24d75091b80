package oracles

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var contractInfo = Info{
	Name: "contract-conformance", ID: "O16",
	Doc:          "the SUT puts a message or a reply on the wire that is invalid by the contract of the interface",
	Requirements: []string{"CTL-18", "CTL-10", "EXC-08", "FLT-18"},
}

// ContractConformance judges the wording of what the SUT sends: its postings
// and its replies to announcements, as it sent them, by the contract of the
// endpoint and by the book that the rig names. What of it our own faults have
// damaged is not held against it, and neither is what a contract does not
// mention.
func ContractConformance() evidence.Judge {
	return oracle{contractInfo, contractConformance, "all %d messages and replies of the SUT kept the contract", "the SUT sent nothing that a contract describes, or nobody held it against one"}
}

// breach is one way in which messages of one name are wrong.
type breach struct {
	endpoint, name, what string
	reply                bool
	excused              string // why it is not known whose mistake it is
}

// breaches are the messages that are wrong in that way.
type breaches struct {
	breach
	fact *evidence.FactView // of the first
	seqs []uint64
	n    int
}

type contractBook struct {
	r       *report
	garbled []*evidence.DisturbanceView // strikes on the wire itself, in order
	spoilt  []*evidence.FactView        // altered by a data fault and, for all we know, taken all the same
	by      map[breach]*breaches
	order   []*breaches
}

func contractConformance(r *report) {
	if !r.h.Plan.Breaches {
		return // nobody looked
	}
	c := &contractBook{r: r, by: map[breach]*breaches{}}
	for _, d := range r.h.Disturbances {
		if d.Phase == evidence.Struck && d.Message == 0 && d.Key == "" && len(d.Facts) == 0 && r.h.Plan.Endpoints[d.Disturbance.At].System != "" {
			c.garbled = append(c.garbled, d)
		}
	}
	for _, f := range r.h.Facts {
		if (f.Invalid || f.Garbled) && announced(f) != nil {
			c.spoilt = append(c.spoilt, f)
		}
	}
	for _, t := range r.h.Attempts {
		if !t.Copy && t.Verb != "get" {
			r.judged++
			c.posting(t)
		}
	}
	for _, o := range r.h.Offers {
		if o.Result.Status != 0 && !o.Copy {
			r.judged++
			c.reply(o)
		}
	}
	c.tell()
	c.inForce()
}

func (c *contractBook) posting(t *evidence.AttemptView) {
	if t.Breach == "" || named(t.Held, false) || c.garbledIn(t.Endpoint, t.Start, t.End) {
		return
	}
	b := breach{endpoint: t.Endpoint, name: t.Name, what: t.Breach}
	f := c.meant(t)
	if f == nil {
		f = c.handedOn(t)
	}
	switch {
	case f != nil && (f.Invalid || f.Garbled):
		return // it says what our fault made of the announcement
	case f == nil:
		b.excused = c.mayBeOurs(t.Start)
	}
	c.note(b, f, t.Seq)
}

// meant is the fact a posting is about, as far as it can be told: what cannot
// be read names none but in its key.
func (c *contractBook) meant(t *evidence.AttemptView) *evidence.FactView {
	for _, f := range t.Facts {
		if f != nil {
			return f
		}
	}
	return c.r.h.Fact(plant.EventID(t.IdemKey))
}

// handedOn is a fact whose announcement a fault had spoilt, or worded otherwise
// than the contract says, and which a message that nobody can read is likely to
// be: the SUT may have taken it and has done nothing else with it. The message
// bears its name where both systems speak one dialect. nil if there is none.
func (c *contractBook) handedOn(t *evidence.AttemptView) *evidence.FactView {
	for _, f := range c.spoilt {
		settled := len(f.Effects) > 0 && f.Effects[0].At < t.Start || len(f.Surfaces) > 0 && f.Surfaces[0].At < t.Start
		if first := announced(f); !settled && c.maybe(first, t) && first.Start <= t.Start {
			return f
		}
	}
	return nil
}

// maybe reports whether a posting may say what was announced, by its name.
func (c *contractBook) maybe(o *evidence.OfferView, t *evidence.AttemptView) bool {
	from, to := c.r.h.Plan.Endpoints[o.Endpoint], c.r.h.Plan.Endpoints[t.Endpoint]
	if from.Dialect != to.Dialect { // names differ, or mean something else
		return o.Endpoint != t.Endpoint
	}
	return o.Name == t.Name
}

// announced is the first announcement of f that the SUT may have taken: it did, or
// nobody heard what it answered. nil if there is none.
func announced(f *evidence.FactView) *evidence.OfferView {
	for _, o := range f.Offers {
		if o.Result.Outcome.Took() || o.Result.Outcome == simulators.Unknown {
			return o
		}
	}
	return nil
}

func (c *contractBook) reply(o *evidence.OfferView) {
	if o.Breach == "" || named(o.Held, true) || c.garbledIn(o.Endpoint, o.Start, o.End) {
		return
	}
	var f *evidence.FactView
	if len(o.Facts) > 0 {
		f = c.r.h.Fact(o.Facts[0])
	}
	c.note(breach{endpoint: o.Endpoint, name: o.Name, what: o.Breach, reply: true}, f, o.Seq)
}

// garbledIn reports whether a fault on the wire, which knows bytes and no
// messages, struck at the endpoint while a message was under way.
func (c *contractBook) garbledIn(endpoint string, from, to time.Duration) bool {
	i, _ := slices.BinarySearchFunc(c.garbled, from, func(d *evidence.DisturbanceView, at time.Duration) int { return cmp.Compare(d.At, at) })
	for ; i < len(c.garbled) && c.garbled[i].At <= to; i++ {
		if c.garbled[i].Disturbance.At == endpoint {
			return true
		}
	}
	return false
}

// mayBeOurs names a fact that a data fault has altered and that a message
// nobody can read may be about.
func (c *contractBook) mayBeOurs(before time.Duration) string {
	for _, f := range c.spoilt {
		if announced(f).Start <= before {
			return "it may be about the " + naming(f.Event.Fact) + ", which a fault of ours had altered before the SUT took it"
		}
	}
	return ""
}

func (c *contractBook) note(b breach, f *evidence.FactView, seq uint64) {
	kept := c.by[b]
	if kept == nil {
		kept = &breaches{breach: b, fact: f}
		c.by[b] = kept
		c.order = append(c.order, kept)
	}
	if kept.n++; len(kept.seqs) < 5 {
		kept.seqs = append(kept.seqs, seq)
	}
}

func (c *contractBook) tell() {
	for _, b := range c.order {
		e := c.r.h.Plan.Endpoints[b.endpoint]
		f := evidence.Finding{Class: evidence.CauseContract, Rule: "invalid-message", Confidence: "high"}
		what := "%s to %s that are valid by %s"
		if b.reply {
			f.Rule, what = "invalid-reply", "replies to %s of %s that are valid by %s"
		}
		f.Expected = fmt.Sprintf(what, b.name, b.endpoint, cmp.Or(e.Dialect, "its contract"))
		f.Got = b.what
		seqs := b.seqs
		if b.fact != nil {
			f.Fact, f.Keys = b.fact.Event.ID, b.fact.Event.Fact.Keys()
			seqs = append([]uint64{b.fact.Seq}, seqs...)
		}
		if b.n > 1 {
			f.Count = b.n
		}
		f.Evidence = few(seqs)
		if b.excused != "" {
			f.Text = "cannot be blamed on the SUT: " + b.excused
			c.r.inconclusive(f)
			continue
		}
		c.r.violated(f)
	}
}
