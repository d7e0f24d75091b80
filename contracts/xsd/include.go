package xsd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxPairs bounds the comparison of two content models.
const maxPairs = 5_000

// unknownLocal is the name of an element that only a wildcard lets through.
const unknownLocal = "*"

// An inclusion asks whether whatever one content model allows, another allows
// too. A gap that was found is taken out of both, so that the next can be.
type inclusion struct {
	w, r         *program
	spaces       []string
	hushed       map[name]bool // what readers are taken to pass over
	forgiven     map[name]bool // what readers are taken not to demand any more
	knows        map[name]bool // names of the readers
	writes       map[name]bool // names of the writers
	approximated bool          // large counts were made smaller
}

// A gap is a sequence of children that writers may write and readers refuse.
type gap struct {
	kind    string
	name    name // of the child it is about
	what    string
	unknown bool
	last    bool // there is no use in looking for another
}

func newInclusion(w, r *typ, spaces []string) *inclusion {
	m := &inclusion{w: programOf(w), r: programOf(r), spaces: spaces, hushed: map[name]bool{}, forgiven: map[name]bool{}, knows: map[name]bool{}, writes: map[name]bool{}}
	for _, e := range r.elements() {
		m.knows[e.name] = true
	}
	for _, e := range w.elements() {
		m.writes[e.name] = true
	}
	m.shrink()
	return m
}

func programOf(t *typ) *program {
	if t.program != nil {
		return t.program
	}
	p, _ := newProgram(&particle{kind: sequenceParticle, min: 1, max: 1}, 10)
	return p
}

// shrink puts smaller numbers in the place of large counts, in their order,
// so that models with them can be walked.
func (m *inclusion) shrink() {
	const small = 12
	var large []int
	for _, p := range []*program{m.w, m.r} {
		for _, i := range p.code {
			for _, n := range []int{i.min, i.max} {
				if i.op == opLoop && n > small && !slices.Contains(large, n) {
					large = append(large, n)
				}
			}
		}
	}
	if len(large) == 0 {
		return
	}
	slices.Sort(large)
	m.approximated = true
	less := func(n int) int {
		if i := slices.Index(large, n); i >= 0 {
			return small + 1 + i
		}
		return n
	}
	for _, p := range []**program{&m.w, &m.r} {
		q := *(*p)
		q.code = slices.Clone(q.code)
		for i := range q.code {
			q.code[i].min, q.code[i].max = less(q.code[i].min), less(q.code[i].max)
		}
		*p = &q
	}
}

// same reports whether two programs are the same but for what their elements
// are.
func same(a, b *program) bool {
	return slices.EqualFunc(a.code, b.code, func(x, y inst) bool {
		if x.op != y.op || x.x != y.x || x.y != y.y || x.min != y.min || x.max != y.max || len(x.all) != len(y.all) {
			return false
		}
		for i := range x.all {
			if x.all[i].element.name != y.all[i].element.name || x.all[i].min != y.all[i].min {
				return false
			}
		}
		if x.element != nil {
			return x.element.name == y.element.name
		}
		return x.wildcard == nil || x.wildcard.any == y.wildcard.any && x.wildcard.other == y.wildcard.other && slices.Equal(x.wildcard.spaces, y.wildcard.spaces)
	})
}

// A walk is a pair of places in the two programs and how it was reached.
type walk struct {
	w, r []thread
	word []name
}

// next finds the shortest sequence that readers refuse.
func (m *inclusion) next() (gap, bool) {
	if same(m.w, m.r) {
		return gap{}, false
	}
	w, r := newMatcher(m.w), newMatcher(m.r)
	r.restart(m.forgiven)
	queue := []walk{{w.threads, r.threads, nil}}
	seen := map[string]bool{}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		key := threadsKey(at.w) + "|" + threadsKey(at.r)
		if seen[key] {
			continue
		}
		seen[key] = true
		if len(seen) > maxPairs {
			return gap{kind: "order", unknown: true, last: true, what: "has a content model that is too large to be compared"}, true
		}
		w.threads, r.threads = at.w, at.r
		if w.complete() && !r.complete() {
			if g := m.incomplete(at, r); m.sure(g, at.word) {
				return g, true
			}
		}
		for _, n := range m.symbols(w) {
			w.threads, r.threads = at.w, at.r
			if _, _, ok, _ := w.step(n); !ok {
				continue
			}
			if m.hushed[n] {
				queue = append(queue, walk{w.threads, at.r, append(slices.Clone(at.word), n)})
				continue
			}
			if _, _, ok, _ := r.step(n); !ok {
				if g := m.refused(at, n, r); m.sure(g, at.word) {
					return g, true
				}
				continue
			}
			queue = append(queue, walk{w.threads, r.threads, append(slices.Clone(at.word), n)})
		}
	}
	return gap{}, false
}

func threadsKey(all []thread) string {
	keys := make([]string, len(all))
	for i, t := range all {
		keys[i] = threadKey(t.pc, t.counts)
	}
	slices.Sort(keys)
	return strings.Join(slices.Compact(keys), ",")
}

// symbols are the children that writers may write next.
func (m *inclusion) symbols(w *matcher) []name {
	names, others := w.expected()
	if others {
		for _, s := range m.spaces {
			names = append(names, name{s, unknownLocal})
		}
	}
	return names
}

// sure reports whether a gap is one of its own, and takes it out of the
// models. One that only comes up behind what was passed over may be a
// consequence of that, unless it is about a name that one side does not know.
func (m *inclusion) sure(g gap, word []name) bool {
	if g.kind != "removed" && g.kind != "missing" && g.kind != "wildcard" && slices.ContainsFunc(word, func(n name) bool { return m.hushed[n] }) {
		return false
	}
	switch g.kind {
	case "removed":
		m.hushed[g.name] = true
	case "missing":
		m.forgiven[g.name] = true
	case "occurs", "order", "required":
		m.hushed[g.name], m.forgiven[g.name] = true, true
	}
	return true
}

// refused explains why readers do not take n.
func (m *inclusion) refused(at walk, n name, r *matcher) gap {
	r.threads = at.r
	g := gap{name: n}
	switch {
	case n.local == unknownLocal:
		g.kind, g.what = "wildcard", "may have any name, and they take none that they do not know"
		g.last = true // without its wildcard the model of the writers is another
	case !m.knows[n]:
		g.kind, g.what = "removed", "may be there, and they take nothing that they do not know"
	case slices.Contains(at.word, n):
		g.kind = "occurs"
		g.what = "may stand " + strconv.Itoa(1+count(at.word, n)) + " times, which is more often than they take it"
		if m.approximated {
			g.what = "may stand more often than they take it"
		}
	default:
		g.kind, g.what = "order", fmt.Sprintf("may stand %s, and they take %s there", behind(at.word), r.wanted(n))
	}
	return g
}

func count(all []name, n name) (times int) {
	for _, o := range all {
		if o == n {
			times++
		}
	}
	return times
}

func behind(word []name) string {
	if len(word) == 0 {
		return "at the beginning"
	}
	var words []string
	for _, n := range word {
		words = append(words, n.local)
	}
	if len(words) > 5 {
		words = append([]string{"…"}, words[len(words)-5:]...)
	}
	return "behind " + strings.Join(words, ", ")
}

// incomplete explains what readers miss at the end.
func (m *inclusion) incomplete(at walk, r *matcher) gap {
	r.threads = at.r
	names, _ := r.expected()
	wanted := r.wanted(name{})
	for _, n := range names {
		if !m.needed(at, n) {
			continue
		}
		if !m.writes[n] {
			return gap{kind: "missing", name: n, what: "is demanded, and who wrote it does not know it"}
		}
		if slices.Contains(at.word, n) {
			return gap{kind: "occurs", name: n, what: "may stand less often than they demand it"}
		}
		return gap{kind: "required", name: n, what: "is demanded, and who wrote it may leave it out"}
	}
	return gap{kind: "required", what: "may end " + behind(at.word) + ", and they demand " + wanted + " there", last: true}
}

// needed reports whether a sequence is taken, or comes further, once n is not
// demanded.
func (m *inclusion) needed(at walk, n name) bool {
	with := map[name]bool{n: true}
	for k := range m.forgiven {
		with[k] = true
	}
	if m.replay(at, with).complete() {
		return true
	}
	// Several may be demanded one behind the other: is this the first?
	before, _ := m.replay(at, m.forgiven).expected()
	after, _ := m.replay(at, with).expected()
	return len(after) > len(before)
}

// replay is a reader of a sequence that does not demand some names.
func (m *inclusion) replay(at walk, forgiven map[name]bool) *matcher {
	r := newMatcher(m.r)
	r.restart(forgiven)
	for _, o := range at.word {
		if !m.hushed[o] {
			r.step(o)
		}
	}
	return r
}
