package oracles

import (
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/evidence"
)

// RuleUncovered marks the finding that a book of contracts was in force and no
// exchange of the run was one that it covers: what it says was not shown. It
// spoils the verdict of a run, unlike [evidence.RuleIdle].
const RuleUncovered = "nothing-covered"

// exchange is a record of a message and its answer, in either direction.
type exchange struct {
	seq            uint64
	endpoint, name string
	fromSUT        bool
	held           *evidence.Held
	faulty         bool // faults of ours touched it
	counted        bool // among what was judged by the endpoint's own contract
	excused        bool // what the SUT says in it is not known to be its own mistake
	why            string
	fact           *evidence.FactView
}

// kind is one way in which exchanges of one name break a contract.
type kind struct {
	endpoint, name  string
	fromSUT         bool
	rule, contract  string
	half, path      string
	want, place     string
	by              evidence.Sender
	reply           bool
	unclear, doubts bool
}

// broken are the exchanges that break a contract in one way.
type broken struct {
	kind
	first evidence.ContractBreach
	why   string
	fact  *evidence.FactView
	seqs  []uint64
	n     int
}

// outside are exchanges of one name that no contract covers.
type outside struct {
	endpoint, name string
	fromSUT        bool
}

// heldBook gathers what contracts said of the exchanges of a run.
type heldBook struct {
	r       *report
	force   *evidence.InForce
	covered int
	by      map[kind]*broken
	order   []*broken
	seqs    map[outside][]uint64
	count   map[outside]int
	strange []outside
}

// inForce judges the exchanges of a run by the book, if the rig names one.
func (c *contractBook) inForce() {
	b := &heldBook{r: c.r, force: c.r.h.Plan.Contracts, by: map[kind]*broken{}, seqs: map[outside][]uint64{}, count: map[outside]int{}}
	if b.force == nil {
		return
	}
	for _, t := range c.r.h.Attempts {
		if t.Copy || t.Held == nil {
			continue
		}
		x := exchange{seq: t.Seq, endpoint: t.Endpoint, name: t.Name, fromSUT: true, held: t.Held, faulty: len(t.Faults) > 0, counted: t.Verb != "get", fact: c.meant(t)}
		x.excused = c.garbledIn(t.Endpoint, t.Start, t.End)
		if x.fact == nil {
			x.fact = c.handedOn(t)
		}
		switch {
		case x.fact != nil:
			x.excused = x.excused || x.fact.Invalid || x.fact.Garbled
		case t.Verb != "get":
			x.why = c.mayBeOurs(t.Start)
		}
		b.see(x)
	}
	for _, o := range c.r.h.Offers {
		if o.Copy || o.Held == nil {
			continue
		}
		x := exchange{seq: o.Seq, endpoint: o.Endpoint, name: o.Name, held: o.Held, faulty: len(o.Faults) > 0, counted: o.Result.Status != 0,
			excused: c.garbledIn(o.Endpoint, o.Start, o.End)}
		if len(o.Facts) > 0 {
			x.fact = c.r.h.Fact(o.Facts[0])
		}
		b.see(x)
	}
	b.tell()
}

// see takes one exchange into account.
func (b *heldBook) see(x exchange) {
	if len(x.held.By)+len(x.held.Breaches) == 0 {
		at := outside{x.endpoint, x.name, x.fromSUT}
		if b.count[at] == 0 {
			b.strange = append(b.strange, at)
		}
		b.count[at]++
		b.seqs[at] = append(b.seqs[at], x.seq)[:min(len(b.seqs[at])+1, 5)]
		return
	}
	if b.covered++; !x.counted {
		b.r.judged++
	}
	for _, one := range x.held.Breaches {
		if b.excused(x, one) {
			continue
		}
		k := kind{x.endpoint, x.name, x.fromSUT, one.Rule, one.Contract, one.Half, unnumbered(one.Path), one.Want, one.Place, one.By, one.Reply, one.Unclear, false}
		why := ""
		if one.By == evidence.SUTSent && strings.HasPrefix(one.Path, "$") {
			why = x.why
		}
		k.doubts = why != ""
		kept := b.by[k]
		if kept == nil {
			kept = &broken{kind: k, first: one, why: why, fact: x.fact}
			b.by[k] = kept
			b.order = append(b.order, kept)
		}
		if kept.n++; len(kept.seqs) < 5 {
			kept.seqs = append(kept.seqs, x.seq)
		}
	}
}

// excused reports whether a breach is a fault's doing: of ours, what a fault
// touched says nothing about the endpoint; of the SUT's, what a fault had
// altered before it is not its own.
func (b *heldBook) excused(x exchange, one evidence.ContractBreach) bool {
	if one.By == evidence.RigSent {
		return x.faulty
	}
	return x.excused
}

func (b *heldBook) tell() {
	for _, k := range b.order {
		b.tellBroken(k)
	}
	for _, at := range b.strange {
		b.tellOutside(at)
	}
	if b.covered == 0 {
		f := b.r.bare(evidence.Vacuous, fmt.Sprintf("the contracts of %s were in force, and no exchange of the run was one that they cover", b.force.Book))
		f.Rule = RuleUncovered
		b.r.found = append(b.r.found, f)
	}
}

// tellBroken says what is wrong, where it stands that it is, and who relies on it.
func (b *heldBook) tellBroken(k *broken) {
	f := evidence.Finding{Class: evidence.CauseContract, Rule: k.rule, Confidence: "high", Evidence: few(k.seqs)}
	f.Expected = fmt.Sprintf("%s with %s: %s", b.part(k), orWhole(k.first.Path), k.want)
	f.Got, f.Text = k.first.Got, b.says(k)
	if k.fact != nil {
		f.Fact, f.Keys = k.fact.Event.ID, k.fact.Event.Fact.Keys()
		f.Evidence = few(append([]uint64{k.fact.Seq}, k.seqs...))
	}
	if k.n > 1 {
		f.Count = k.n
	}
	switch {
	case k.unclear:
		f.Text = "it cannot be told whether the contract is kept: " + f.Text
		b.r.inconclusive(f)
	case k.by == evidence.RigSent:
		f.Class = evidence.CauseRig
		f.Text += "; the rig's own endpoint breaks it, so that what the SUT does with it shows nothing: give the endpoint another dialect or version, or mend the contract"
		b.r.inconclusive(f)
	case k.why != "":
		f.Text = "cannot be blamed on the SUT: " + k.why + "; " + f.Text
		b.r.inconclusive(f)
	default:
		b.r.violated(f)
	}
}

// part names the half of an exchange that is wrong: "the reply of erp to orders".
func (b *heldBook) part(k *broken) string {
	way := k.name + " from " + k.endpoint
	if k.fromSUT {
		way = k.name + " to " + k.endpoint
	}
	if !k.reply {
		return way
	}
	return "the reply to " + way
}

// says names the document that a breach is about, its place first, and those
// who rely on what is wrong.
func (b *heldBook) says(k *broken) string {
	var s string
	switch {
	case k.half == "":
		s = "contract " + k.contract + " says so"
	case k.rule == evidence.BreaksReliance:
		s = k.half + " relies on it in " + k.contract
	default:
		s = k.half + " promises it in " + k.contract
		if users := k.first.Users; len(users) > 0 {
			s += ", and " + strings.Join(users, ", ") + relies(users)
		}
	}
	if k.place != "" {
		s = k.place + ": " + s
	}
	return s
}

func relies(users []string) string {
	if len(users) == 1 {
		return " relies on it"
	}
	return " rely on it"
}

// tellOutside tells of exchanges that no contract covers: a violation if the
// book is closed, or else a note.
func (b *heldBook) tellOutside(at outside) {
	way := fmt.Sprintf("%s from %s", at.name, at.endpoint)
	if at.fromSUT {
		way = fmt.Sprintf("%s to %s", at.name, at.endpoint)
	}
	f := evidence.Finding{Class: evidence.CauseContract, Rule: "outside-all-contracts", Confidence: "high", Evidence: few(b.seqs[at]), Count: b.count[at]}
	f.Expected = "exchanges that a contract of " + b.force.Book + " covers"
	f.Got = way + ", which none does"
	switch {
	case b.force.Closed && at.fromSUT:
		f.Expected += "; the book is closed"
		b.r.violated(f)
	case b.force.Closed:
		f.Class = evidence.CauseRig
		f.Text = "the rig's own endpoint announces what the closed book does not have"
		b.r.inconclusive(f)
	default:
		f.Text = fmt.Sprintf("drift: no contract covers %s; closed: true in book.yaml makes this a violation", way)
		b.r.add(evidence.Holds, f, mostListed)
	}
}

func orWhole(path string) string {
	if path == "" {
		return "the whole"
	}
	return path
}

// unnumbered is a path to a field without the numbers of rows.
func unnumbered(path string) string {
	var out strings.Builder
	for i := 0; i < len(path); i++ {
		out.WriteByte(path[i])
		for path[i] == '[' && i+1 < len(path) && path[i+1] >= '0' && path[i+1] <= '9' {
			path = path[:i+1] + path[i+2:]
		}
	}
	return out.String()
}

// named reports whether the book itself finds fault with what the SUT sent, so
// that the endpoint's own words for it would say the same twice.
func named(h *evidence.Held, reply bool) bool {
	return h != nil && slices.ContainsFunc(h.Breaches, func(b evidence.ContractBreach) bool {
		return b.By == evidence.SUTSent && b.Reply == reply && !b.Unclear
	})
}
