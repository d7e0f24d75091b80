package explain

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
)

// toItsEnd is the story with how it ended for the fact: its last posting and
// the last exception about it. They are drawn, so that a fact that got there
// does not look lost, and are no evidence of what the judge found.
func (s *story) toItsEnd() *story {
	d := *s
	d.records = slices.Clone(s.records)
	if s.fact == nil {
		return &d
	}
	if n := len(s.fact.Effects); n > 0 {
		last := s.fact.Effects[n-1]
		d.draw(last.Seq)
		if last.Cause != nil {
			d.draw(last.Cause.Seq)
		}
	}
	if n := len(s.fact.Surfaces); n > 0 {
		d.draw(s.fact.Surfaces[n-1].Seq)
	}
	// Attempts that are drawn show what they changed.
	for _, e := range s.fact.Effects {
		if e.Cause != nil && d.has(e.Cause.Seq) {
			d.draw(e.Seq)
		}
	}
	slices.SortFunc(d.records, func(a, b evidence.Record) int { return cmp.Compare(a.Seq, b.Seq) })
	return &d
}

// draw adds a record beyond those that are evidence.
func (s *story) draw(seq uint64) {
	if r, ok := s.x.h.Record(seq); ok && !s.has(seq) {
		s.records = append(s.records, r)
	}
}

func (s *story) has(seq uint64) bool {
	return slices.ContainsFunc(s.records, func(r evidence.Record) bool { return r.Seq == seq })
}

// ofFact reports whether the record is an attempt for the fact.
func (s *story) ofFact(seq uint64) bool {
	return s.fact != nil && slices.ContainsFunc(s.fact.Attempts, func(t *evidence.AttemptView) bool { return t.Seq == seq })
}

// leftOut marks where offers of the fact and attempts for it are not drawn.
func (s *story) leftOut(j *Journey) {
	if s.fact == nil {
		return
	}
	var attempts, offers []message
	for _, t := range s.fact.Attempts {
		if !t.Copy {
			attempts = append(attempts, message{t.Start, t.Seq, len(t.Effects) > 0})
		}
	}
	for _, o := range s.fact.Offers {
		offers = append(offers, message{o.Start, o.Seq, false})
	}
	s.fold(j, Hop{From: laneSUT, To: laneSUT}, "attempt", attempts)
	s.fold(j, Hop{From: cmp.Or(s.fact.Source, laneSUT), To: cmp.Or(s.fact.Source, laneSUT)}, "offer", offers)
}

// A message may be drawn or left out.
type message struct {
	start  time.Duration
	seq    uint64
	posted bool
}

// fold makes one hop of each stretch of messages that are not drawn, between
// what is.
func (s *story) fold(j *Journey, h Hop, what string, ms []message) {
	slices.SortStableFunc(ms, func(a, b message) int { return cmp.Compare(a.start, b.start) })
	drawn := slices.Clone(j.Hops)
	n, posted := 0, 0
	end := func() {
		if n > 0 {
			h.Text, h.Folded = more(n, what), n
			if posted > 0 {
				h.Text += fmt.Sprintf(", %d posted", posted)
			}
			j.add(h)
		}
		n, posted = 0, 0
	}
	for _, m := range ms {
		if s.has(m.seq) {
			continue
		}
		if slices.ContainsFunc(drawn, func(d Hop) bool { return d.Record != 0 && d.At > h.At && d.At < m.start }) {
			end()
		}
		if n++; n == 1 {
			h.At, h.seq = m.start, m.seq
		}
		if m.posted {
			posted++
		}
	}
	end()
}

// more says how much of something is left out.
func more(n int, what string) string {
	if n > 1 {
		what += "s"
	}
	return fmt.Sprintf("⋮ %d more %s", n, what)
}

// Repetitions of which this many are shown before the rest is folded, and from
// how many in a row on folding makes a journey shorter.
const (
	shownBefore = 2
	worthFold   = 5
)

// repeats folds what happened over and over in the same way: the first two
// times and the last stay, the others are counted.
func (j *Journey) repeats() {
	var kept []Hop
	for i := 0; i < len(j.Hops); {
		period, times := j.repetition(i)
		if times < worthFold {
			kept = append(kept, j.Hops[i])
			i++
			continue
		}
		n := times - shownBefore - 1
		from, end := i+shownBefore*period, i+(times-1)*period
		at := j.Hops[from]
		kept = append(kept, j.Hops[i:from]...)
		kept = append(kept, Hop{At: at.At, seq: at.seq, From: laneSUT, To: laneSUT, Text: fmt.Sprintf("⋮ %d more like it", n), Folded: n})
		kept = append(kept, j.Hops[end:i+times*period]...)
		i += times * period
	}
	j.Hops = kept
}

// repetition says how many times the one or two hops from i on come in a row.
func (j *Journey) repetition(i int) (period, times int) {
	for period = 1; period <= 2; period++ {
		n := i + period
		for n < len(j.Hops) && j.Hops[n].like(j.Hops[n-period]) {
			n++
		}
		if times = (n - i) / period; times >= worthFold {
			return period, times
		}
	}
	return 1, 1
}

// like reports whether nothing but time and number tells two hops apart.
func (h Hop) like(o Hop) bool {
	return h.Folded == 0 && o.Folded == 0 && h.From == o.From && h.To == o.To && h.Label == o.Label && h.Lost == o.Lost && h.Text == o.Text &&
		slices.EqualFunc(h.Marks, o.Marks, func(a, b Mark) bool { return a.Kind == MarkFault && a.Kind == b.Kind && a.Name == b.Name })
}
