package load

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Values put into a message to see where a dialect writes them.
const (
	specimenKey     = "deadbeef-dead-8eef-adbe-efdeadbeefde"
	specimenCounter = 8
	otherCounter    = 7
	longCounter     = 61_205
)

// speaker has a dialect say facts.
type speaker struct {
	d     simulators.Dialect
	story *Story
	flow  int
	at    time.Time
}

// say is what the dialect makes of fact i under a key and with a counter.
func (s speaker) say(i int, key string, counter int) (path string, body []byte, e plant.Event, err error) {
	e = plant.Event{ID: plant.EventID(key), At: s.at, Fact: s.story.fact(s.flow, i, counter)}
	ms, err := s.d.Encode(e)
	if err != nil {
		return "", nil, e, fmt.Errorf("word a %s: %w", e.Fact.Kind(), err)
	}
	if len(ms) != 1 {
		return "", nil, e, fmt.Errorf("this dialect words a %s as %d messages; the fast path sends one", e.Fact.Kind(), len(ms))
	}
	return ms[0].Name, ms[0].Body, e, nil
}

// alike are facts whose messages have the same outline: the same length, and marks
// at the same places.
type alike struct {
	first  variant
	leader int
	bodies [][]byte
	who    []int
}

// spoken prepares what a dialect makes of all facts of a flow.
func (w *Wording) spoken(d simulators.Dialect, flow int, now time.Time) (*words, error) {
	s := speaker{d, w.story, flow, now.Truncate(time.Second)}
	n := len(w.story.facts[flow])
	f := &words{told: make([]told, n)}
	var all []*alike
	outlines := map[string][]*alike{}
	for i := range n {
		path, body, e, err := s.say(i, specimenKey, specimenCounter)
		if err != nil {
			return nil, err
		}
		f.path = path
		f.told[i].counter, f.told[i].step = uint32(w.story.counter(flow, i)), uint32(w.story.steps[flow][i])
		o := outline(body)
		at := slices.IndexFunc(outlines[o], func(a *alike) bool { return a.fits(body) })
		if at < 0 {
			v, err := s.found(i, body, e)
			if err != nil {
				return nil, err
			}
			a := &alike{first: v, leader: i}
			all, outlines[o] = append(all, a), append(outlines[o], a)
			at = len(outlines[o]) - 1
		}
		a := outlines[o][at]
		a.bodies, a.who = append(a.bodies, body), append(a.who, i)
	}
	for k, a := range all {
		f.add(uint32(k), a)
	}
	f.sizes = make([]sizes, len(f.shapes))
	f.read = w.reader(d, f.path)
	for _, a := range all {
		if err := w.proves(s, f, a.leader); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// outline is a body without its words: where its quotes and tags are.
func outline(body []byte) string {
	o := make([]byte, 0, 512)
	last := 0
	for i, c := range body {
		if c == '"' || c == '<' || c == '>' || c == '\n' {
			o = append(o, byte(i-last), byte((i-last)>>8), c)
			last = i
		}
	}
	return string(append(o, byte(len(body)-last), byte((len(body)-last)>>8)))
}

// fits reports whether a body has key and counter where the first of its kind has
// them.
func (a *alike) fits(body []byte) bool {
	for _, f := range a.first.fields {
		if !bytes.Equal(body[f.at:f.at+f.n], a.first.text[f.at:f.at+f.n]) {
			return false
		}
	}
	return true
}

// found is what was said of fact i, with the places of its key and of its counter:
// those are where it says something else with another one.
func (s speaker) found(i int, body []byte, e plant.Event) (v variant, err error) {
	v.text = body
	for at := 0; ; {
		next := bytes.Index(body[at:], []byte(specimenKey))
		if next < 0 {
			break
		}
		v.fields = append(v.fields, field{what: fieldKey, at: at + next, n: keyLen})
		at += next + keyLen
	}
	if len(v.fields) == 0 {
		return v, fmt.Errorf("the fast path does not find the key in what the dialect makes of a %s", e.Fact.Kind())
	}
	_, other, _, err := s.say(i, specimenKey, otherCounter)
	if err != nil {
		return v, err
	}
	if len(other) != len(body) {
		return v, fmt.Errorf("the fast path does not find the counter in what the dialect makes of a %s: with another one it is longer", e.Fact.Kind())
	}
	counters := 0
	for at := range body {
		if body[at] != other[at] {
			v.fields = append(v.fields, field{what: fieldCounter, at: at, n: 1})
			counters++
		}
	}
	if counters == 0 {
		return v, fmt.Errorf("the fast path does not find the counter in what the dialect makes of a %s", e.Fact.Kind())
	}
	v.order()
	v.cut(s.d, e)
	return v, nil
}

func (v *variant) order() {
	slices.SortFunc(v.fields, func(a, b field) int { return cmp.Compare(a.at, b.at) })
}

// nearby is how many bytes that are the same do not end a stretch that differs.
const nearby = 20

// add adds a shape and what its facts have of their own.
func (f *words) add(shape uint32, a *alike) {
	v := a.first
	differs := make([]bool, len(v.text))
	for _, b := range a.bodies[1:] {
		for i, c := range b {
			if c != v.text[i] {
				differs[i] = true
			}
		}
	}
	own, fixed := 0, slices.Clone(v.fields)
	for at := 0; at < len(differs); at++ {
		if !differs[at] {
			continue
		}
		end := at + 1
		for k := end; k < len(differs) && k-end <= nearby && !in(fixed, k); k++ {
			if differs[k] {
				end = k + 1
			}
		}
		v.fields = append(v.fields, field{fieldOwn, at, end - at, own})
		own += end - at
		at = end - 1
	}
	v.order()
	if v.rows != nil { // pieces have the fields that are in them
		v.rows = v.rows.of(&v)
	}
	for i, b := range a.bodies {
		t := &f.told[a.who[i]]
		t.shape, t.own = shape, uint32(len(f.own))
		for _, x := range v.fields {
			if x.what == fieldOwn {
				f.own = append(f.own, b[x.at:x.at+x.n]...)
			}
		}
	}
	f.shapes = append(f.shapes, v)
}

// in reports whether a place is in one of the fields.
func in(fields []field, at int) bool {
	return slices.ContainsFunc(fields, func(f field) bool { return at >= f.at && at < f.at+f.n })
}

// proves refuses a dialect that says a fact otherwise when its key and counter are
// others.
func (w *Wording) proves(s speaker, f *words, i int) error {
	const seq = 987_654_321
	m := made{s.flow, f, &f.told[i], uint64(i), longCounter}
	v := w.variant(m)
	got := bytes.Clone(v.text)
	w.put(got, v, seq, m)
	_, want, e, err := s.say(i, w.keyText(seq), longCounter)
	if err == nil && !bytes.Equal(got, want) {
		err = errors.New("with another key and counter the dialect says more otherwise than those")
	}
	if err != nil {
		return fmt.Errorf("the fast path cannot prepare a %s: %w", e.Fact.Kind(), err)
	}
	return nil
}
