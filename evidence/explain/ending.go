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
func (s *story) leftOut(j *journey) {
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
	s.fold(j, hop{from: laneSUT, to: laneSUT}, "attempt", attempts)
	s.fold(j, hop{from: cmp.Or(s.fact.Source, laneSUT), to: cmp.Or(s.fact.Source, laneSUT)}, "offer", offers)
}

// A message may be drawn or left out.
type message struct {
	start  time.Duration
	seq    uint64
	posted bool
}

// fold makes one hop of each stretch of messages that are not drawn, between
// what is.
func (s *story) fold(j *journey, h hop, what string, ms []message) {
	slices.SortStableFunc(ms, func(a, b message) int { return cmp.Compare(a.start, b.start) })
	drawn := slices.Clone(j.hops)
	n, posted := 0, 0
	end := func() {
		if n > 0 {
			h.text = more(n, what)
			if posted > 0 {
				h.text += fmt.Sprintf(", %d posted", posted)
			}
			j.add(h)
		}
		n, posted = 0, 0
	}
	for _, m := range ms {
		if s.has(m.seq) {
			continue
		}
		if slices.ContainsFunc(drawn, func(d hop) bool { return d.record != 0 && d.at > h.at && d.at < m.start }) {
			end()
		}
		if n++; n == 1 {
			h.at, h.seq = m.start, m.seq
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
