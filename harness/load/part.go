package load

// A part is every so-manieth confirmation of a plan: its own n-th is number
// at + n·of. The zero value is the whole plan.
type part struct{ at, of uint64 }

// number is the number in the plan of the part's own n-th.
func (p part) number(n uint64) uint64 {
	if p.of < 2 {
		return n
	}
	return p.at + n*p.of
}

// count is how many of n confirmations are in the part.
func (p part) count(n uint64) uint64 {
	switch {
	case p.of < 2:
		return n
	case n <= p.at:
		return 0
	}
	return (n-p.at-1)/p.of + 1
}

// of returns the shape of a part of s: its confirmations are due when they are in
// s.
func (s *Shape) of(p part) *Shape {
	x := *s
	x.part = p
	return &x
}

// of returns the wording of a part of w's confirmations.
func (w *Wording) of(p part) *Wording {
	x := *w
	x.part = p
	x.says = func(seq uint64) uint32 { return w.says(p.number(seq)) }
	return &x
}
