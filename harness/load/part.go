package load

// A part is every so-manieth message of a plan, each of which carries so many
// confirmations: where that is one, its own n-th is number at + n·of. The zero
// value is the whole plan.
type part struct{ at, of, rows uint64 }

// number is the number in the plan of the part's own n-th.
func (p part) number(n uint64) uint64 {
	if p.of < 2 {
		return n
	}
	r := max(p.rows, 1)
	return (n/r*p.of+p.at)*r + n%r
}

// count is how many of n confirmations are in the part.
func (p part) count(n uint64) uint64 {
	if p.of < 2 {
		return n
	}
	r := max(p.rows, 1)
	messages := (n + r - 1) / r
	if messages <= p.at {
		return 0
	}
	mine := (messages-p.at-1)/p.of + 1
	if n%r != 0 && (messages-1)%p.of == p.at { // the last message is the part's, and carries fewer
		return mine*r - r + n%r
	}
	return mine * r
}

// whole is where in the part a message begins that is not before its n-th.
func (p part) whole(n uint64) uint64 {
	r := max(p.rows, 1)
	return (n + r - 1) / r * r
}

// step is how far apart its confirmations are that follow each other.
func (p part) step() uint64 {
	if p.rows > 1 {
		return 1
	}
	return p.of
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
	return &x
}
