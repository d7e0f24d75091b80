package oracles

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// about starts a finding on a fact.
func about(f *evidence.FactView) evidence.Finding {
	return evidence.Finding{Fact: f.Event.ID, Keys: f.Event.Fact.Keys(), Evidence: sequence(f)}
}

// sequence picks at most ten records that tell the story of a fact: the truth,
// how the SUT took it, what it tried, what the books show, what we did to it
// and what it reported.
func sequence(f *evidence.FactView) []uint64 {
	seqs := []uint64{f.Seq}
	if f.AcceptedBy != nil {
		seqs = append(seqs, f.AcceptedBy.Seq)
	} else if len(f.Offers) > 0 {
		seqs = append(seqs, f.Offers[0].Seq)
	}
	for _, e := range ends(f.Effects) {
		seqs = append(seqs, e.Seq)
		if e.Cause != nil {
			seqs = append(seqs, e.Cause.Seq)
		}
	}
	for _, d := range ends(f.Disturbances)[:min(1, len(f.Disturbances))] {
		seqs = append(seqs, d.Seq)
	}
	for _, s := range ends(f.Surfaces)[:min(1, len(f.Surfaces))] {
		seqs = append(seqs, s.Seq)
	}
	for _, t := range ends(f.Attempts) {
		seqs = append(seqs, t.Seq)
	}
	return few(seqs)
}

// ends returns the first two and the last of a series.
func ends[V any](vs []V) []V {
	if len(vs) <= 3 {
		return vs
	}
	return []V{vs[0], vs[1], vs[len(vs)-1]}
}

// few sorts sequence numbers, drops repetitions and keeps ten.
func few(seqs []uint64) []uint64 {
	kept := seqs[:0:0]
	for _, s := range seqs {
		if s != 0 && !slices.Contains(kept, s) && len(kept) < 10 {
			kept = append(kept, s)
		}
	}
	slices.Sort(kept)
	return kept
}

// naming says which fact is meant: "confirmation of order 4711 operation 0010 #3".
func naming(f plant.Fact) string {
	if f == nil {
		return "a message without a claim"
	}
	return string(f.Kind()) + " of " + f.Keys().String()
}

// content says what a fact amounts to: "5.013 EA", or its kind.
func content(f plant.Fact) string {
	if f == nil {
		return "nothing"
	}
	if c, ok := f.(plant.Confirmed); ok && c.Yield.Amount == 0 {
		switch {
		case c.Scrap.Amount != 0:
			return c.Scrap.String() + " scrap"
		case c.Rework.Amount != 0:
			return c.Rework.String() + " rework"
		}
	}
	if q, ok := evidence.Amount(f); ok {
		return q.String()
	}
	return string(f.Kind())
}

// truth says what happened and when: "5.013 EA (truth at 13:41:07 plant)".
func truth(f *evidence.FactView) string {
	if at := plantTime(f.Event.At); at != "" {
		return content(f.Event.Fact) + " (truth at " + at + " plant)"
	}
	return content(f.Event.Fact)
}

func plantTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("15:04:05")
}

// document says where a posting is found: "5000000001 (5.013 EA at 13:41:08)".
func document(e *evidence.EffectView) string {
	s := e.Posting.Doc
	if s == "" {
		s = fmt.Sprintf("record %d", e.Seq)
	}
	s += " (" + content(e.Posting.Claim.Fact)
	if at := plantTime(posted(e)); at != "" {
		s += " at " + at
	}
	return s + ")"
}

func posted(e *evidence.EffectView) time.Time {
	if !e.Posting.At.IsZero() {
		return e.Posting.At
	}
	return e.Plant
}

func documents(es []*evidence.EffectView) string {
	var parts []string
	for i, e := range es {
		if i == 4 {
			parts = append(parts, fmt.Sprintf("and %d more", len(es)-i))
			break
		}
		parts = append(parts, document(e))
	}
	return strings.Join(parts, ", ")
}

// answered says what the SUT was told last about a fact.
func answered(t *evidence.AttemptView) string {
	r := t.Heard
	s := string(r.Outcome)
	switch {
	case r.Outcome == simulators.Unknown:
		s = "no reply"
	case r.Status != 0:
		s = fmt.Sprintf("%d %s", r.Status, r.Outcome)
	}
	if r.Code != "" {
		s += " " + r.Code
	}
	return s
}

// reply says in a word what the sender of a message got back: "408", "no reply".
func reply(r simulators.Result) string {
	switch {
	case r.Status != 0:
		return fmt.Sprint(r.Status)
	case r.Outcome == simulators.Unknown:
		return "no reply"
	}
	return string(r.Outcome)
}

func times(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// span writes a wall duration the way people read it.
func span(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Microsecond).String()
}
