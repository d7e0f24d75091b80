package xsd

import (
	"encoding/binary"
	"slices"
)

// A program is a content model as a machine that reads the names of children:
// the threads of a matcher stand at its instructions.
type program struct {
	code     []inst
	counters int
}

type op int

const (
	opMatch   op = iota // the content may end here
	opElement           // reads an element
	opAny               // reads what a wildcard lets through
	opSplit             // goes on at x and at y
	opJump              // goes on at x
	opLoop              // counts: goes on at x (once more) or at y
	opAll               // reads elements in any order, each once
)

type inst struct {
	op       op
	x, y     int
	element  *element
	wildcard *wildcard
	counter  int
	min, max int
	empty    bool // the body of the loop may be empty
	all      []*particle
}

// newProgram compiles p into at most limit instructions, and says whether
// they are enough.
func newProgram(p *particle, limit int) (*program, bool) {
	b := builder{limit: limit, empties: map[*particle]bool{}}
	b.particle(p)
	b.emit(inst{op: opMatch})
	return &program{b.code, b.counters}, len(b.code) <= limit
}

type builder struct {
	code     []inst
	counters int
	limit    int
	empties  map[*particle]bool
}

func (b *builder) emit(i inst) int {
	if len(b.code) <= b.limit {
		b.code = append(b.code, i)
	}
	return len(b.code) - 1
}

// particle emits what p demands, as often as it may stand.
func (b *builder) particle(p *particle) {
	if len(b.code) > b.limit {
		return
	}
	switch {
	case p.min == 1 && p.max == 1:
		b.once(p)
	case p.min == 0 && p.max == 1:
		s := b.emit(inst{op: opSplit})
		b.once(p)
		b.code[s].x, b.code[s].y = s+1, len(b.code)
	case p.min == 0 && p.max == unbounded:
		s := b.emit(inst{op: opSplit})
		b.once(p)
		b.emit(inst{op: opJump, x: s})
		b.code[s].x, b.code[s].y = s+1, len(b.code)
	default:
		l := b.emit(inst{op: opLoop, counter: b.counters, min: p.min, max: p.max, empty: b.empty(p)})
		b.counters++
		b.once(p)
		b.emit(inst{op: opJump, x: l})
		b.code[l].x, b.code[l].y = l+1, len(b.code)
	}
}

func (b *builder) once(p *particle) {
	switch p.kind {
	case elementParticle:
		b.emit(inst{op: opElement, element: p.element})
	case anyParticle:
		b.emit(inst{op: opAny, wildcard: p.wildcard})
	case sequenceParticle:
		for _, k := range p.kids {
			b.particle(k)
		}
	case choiceParticle:
		b.choice(p)
	case allParticle:
		b.emit(inst{op: opAll, all: p.kids, counter: b.counters})
		b.counters += len(p.kids)
	}
}

func (b *builder) choice(p *particle) {
	if len(p.kids) == 0 {
		b.emit(inst{op: opSplit, x: -1, y: -1}) // nothing fits
		return
	}
	var ends []int
	for i, k := range p.kids {
		s := -1
		if i < len(p.kids)-1 {
			s = b.emit(inst{op: opSplit})
		}
		b.particle(k)
		if s >= 0 {
			ends = append(ends, b.emit(inst{op: opJump}))
			b.code[s].x, b.code[s].y = s+1, len(b.code)
		}
	}
	for _, e := range ends {
		b.code[e].x = len(b.code)
	}
}

// empty reports whether one round of p may be empty. A choice of nothing
// cannot: nothing fits it.
func (b *builder) empty(p *particle) bool {
	if e, done := b.empties[p]; done {
		return e
	}
	may := func(k *particle) bool { return k.min == 0 || b.empty(k) }
	e := false
	switch p.kind {
	case sequenceParticle, allParticle:
		e = !slices.ContainsFunc(p.kids, func(k *particle) bool { return !may(k) })
	case choiceParticle:
		e = slices.ContainsFunc(p.kids, may)
	}
	b.empties[p] = e
	return e
}

// A thread is a place in a program with its counters.
type thread struct {
	pc     int
	counts []int32
}

// A matcher reads children against a program.
type matcher struct {
	p       *program
	threads []thread
	ignore  map[name]bool // elements that may as well not be there
	looping []bool        // counters whose body is being entered
	marks   []uint32      // when an instruction was last followed, of programs without counters
	round   uint32
	seen    map[string]bool // threads that were followed, of programs with counters
}

func newMatcher(p *program) *matcher {
	m := &matcher{p: p, looping: make([]bool, p.counters)}
	m.restart(nil)
	return m
}

// restart begins again, with names that may as well not be there.
func (m *matcher) restart(ignore map[name]bool) {
	m.ignore = ignore
	m.clear()
	m.add(0, make([]int32, m.p.counters))
}

// clear forgets the threads before the next round.
func (m *matcher) clear() {
	m.threads = nil
	m.round++
	if m.p.counters > 0 {
		m.seen = map[string]bool{}
	} else if m.marks == nil {
		m.marks = make([]uint32, len(m.p.code))
	}
}

// followed reports whether a thread was followed in this round.
func (m *matcher) followed(pc int, counts []int32) bool {
	if m.p.counters == 0 {
		was := m.marks[pc] == m.round
		m.marks[pc] = m.round
		return was
	}
	key := threadKey(pc, counts)
	was := m.seen[key]
	m.seen[key] = true
	return was
}

// add follows everything that reads nothing.
func (m *matcher) add(pc int, counts []int32) {
	if m.followed(pc, counts) {
		return
	}
	switch i := &m.p.code[pc]; i.op {
	case opJump:
		m.add(i.x, counts)
	case opSplit:
		if i.x >= 0 {
			m.add(i.x, counts)
			m.add(i.y, counts)
		}
	case opLoop:
		m.loop(i, counts)
	case opElement:
		m.threads = append(m.threads, thread{pc, counts})
		if m.ignore[i.element.name] {
			m.add(pc+1, counts)
		}
	case opAll:
		m.threads = append(m.threads, thread{pc, counts})
		for n, k := range i.all {
			if k.min > 0 && counts[i.counter+n] == 0 && !m.ignore[k.element.name] {
				return
			}
		}
		m.add(pc+1, counts)
	default:
		m.threads = append(m.threads, thread{pc, counts})
	}
}

func (m *matcher) loop(i *inst, counts []int32) {
	c := i.counter
	if m.looping[c] {
		m.add(i.y, set1(counts, c, 0)) // a round that reads nothing can be had as often as demanded
		return
	}
	if n := int(counts[c]); n >= i.min || i.empty {
		m.add(i.y, set1(counts, c, 0))
	}
	if n := counts[c]; i.max == unbounded || int(n) < i.max {
		if i.max != unbounded || int(n) < i.min {
			n++ // beyond the least there is nothing to count without a limit
		}
		m.looping[c] = true
		m.add(i.x, set1(counts, c, n))
		m.looping[c] = false
	}
}

// set1 is counts with one of them changed.
func set1(counts []int32, c int, n int32) []int32 {
	if counts[c] == n {
		return counts
	}
	counts = slices.Clone(counts)
	counts[c] = n
	return counts
}

func threadKey(pc int, counts []int32) string {
	b := make([]byte, 0, 4+4*len(counts))
	b = binary.BigEndian.AppendUint32(b, uint32(pc))
	for _, n := range counts {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	return string(b)
}

// reads is what a thread can read under a name.
func (m *matcher) reads(t thread, n name) (e *element, w *wildcard, next []int32) {
	switch i := &m.p.code[t.pc]; i.op {
	case opElement:
		if i.element.name == n {
			return i.element, nil, t.counts
		}
	case opAny:
		if i.wildcard.admits(n.space) {
			return nil, i.wildcard, t.counts
		}
	case opAll:
		for k, p := range i.all {
			if p.element.name == n && t.counts[i.counter+k] == 0 {
				return p.element, nil, set1(t.counts, i.counter+k, 1)
			}
		}
	}
	return nil, nil, nil
}

// step reads a child and returns what it is declared as: an element, or else
// the wildcard that lets it through. ok is false if it cannot stand here; the
// matcher then stays where it is. twice is true if the model does not say
// which of two declarations counts.
func (m *matcher) step(n name) (e *element, w *wildcard, ok, twice bool) {
	before := m.threads
	m.clear()
	for _, t := range before {
		one, wild, counts := m.reads(t, n)
		if counts == nil {
			continue
		}
		ok = true
		switch {
		case one != nil && e == nil:
			e = one
		case one != nil && one != e:
			twice = true
		case wild != nil && w == nil:
			w = wild
		}
		pc := t.pc + 1
		if m.p.code[t.pc].op == opAll {
			pc = t.pc
		}
		m.add(pc, counts)
	}
	if !ok {
		m.threads = before
	}
	return e, w, ok, twice
}

// complete reports whether the content may end here.
func (m *matcher) complete() bool {
	return slices.ContainsFunc(m.threads, func(t thread) bool { return m.p.code[t.pc].op == opMatch })
}

// expected are the names that may stand here, and whether there may be others
// that a wildcard lets through.
func (m *matcher) expected() (names []name, others bool) {
	add := func(n name) {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	for _, t := range m.threads {
		switch i := &m.p.code[t.pc]; i.op {
		case opElement:
			add(i.element.name)
		case opAny:
			others = true
		case opAll:
			for k, p := range i.all {
				if t.counts[i.counter+k] == 0 {
					add(p.element.name)
				}
			}
		}
	}
	return names, others
}

// find is the declaration of a name somewhere in the program.
func (p *program) find(n name) *element {
	for i := range p.code {
		if e := p.code[i].element; e != nil && e.name == n {
			return e
		}
		for _, k := range p.code[i].all {
			if k.element.name == n {
				return k.element
			}
		}
	}
	return nil
}
