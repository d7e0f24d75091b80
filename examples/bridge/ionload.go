package bridge

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file is about first loads at ION: the ERP publishes all of its records of a
// kind in documents Show.Noun. They are a batch, come in any order and more than
// once, and only the last says how many there are. Each is kept when it comes, and
// what they say is concluded when all of them are there: what is in none of them is
// not in use any more.

// ionShow is the verb of such documents.
const ionShow = "Show"

// A loadPart says which document of a load one is.
type loadPart struct {
	load           string
	sequence, size int // size is 0 if it does not say
}

// loadPartOf reads it from the BODID, where it must stand. A document that is in no batch
// is a load by itself.
func loadPartOf(bod *element) (loadPart, error) {
	id := bod.said("ApplicationArea", "BODID")
	_, pairs, _ := strings.Cut(id, "?")
	said := map[string]string{}
	for _, pair := range strings.Split(pairs, "&") {
		key, value, _ := strings.Cut(pair, "=")
		said[strings.ToLower(key)] = value
	}
	batch, in := said["batchid"]
	if !in {
		return loadPart{load: id, sequence: 1, size: 1}, nil
	}
	var p loadPart
	p.load, _ = url.QueryUnescape(batch)
	p.sequence, _ = strconv.Atoi(said["batchsequence"])
	p.size, _ = strconv.Atoi(said["batchsize"])
	if p.load == "" || p.sequence < 1 || p.size < 0 || p.size > 0 && p.sequence > p.size {
		return p, fmt.Errorf("read BOD: %q does not say which document of its batch it is", clip(id))
	}
	return p, nil
}

// Names under which the store keeps loads of a document: that one was taken, a part of one
// that was not, and when the newest was made.
func (p loadPart) done() string { return "loaded " + p.load }
func (p loadPart) kept(document string) string {
	return fmt.Sprintf("%s%s %d", openLoads(document), url.QueryEscape(p.load), p.sequence)
}
func openLoads(document string) string  { return "load " + document + " " }
func newestLoad(document string) string { return "newest load " + document }

// shown takes over a document of a load.
func (s *ionSide) shown(w http.ResponseWriter, r *http.Request, in *inbox, document string, bod *element, payload []byte) {
	s.loading.Lock()
	defer s.loading.Unlock()
	part, err := loadPartOf(bod)
	if err == nil && s.bus {
		err = errors.New("read BOD: loads are not for a build on a bus")
	}
	if err != nil {
		problem(w, http.StatusBadRequest, "malformed", err.Error())
		return
	}
	items, extra, err := s.load(r.Context(), in, document, part, payload)
	if unsaid := new(loadError); errors.As(err, &unsaid) {
		problem(w, http.StatusBadRequest, "malformed", err.Error())
		return
	}
	if err != nil {
		problem(w, http.StatusServiceUnavailable, "store", "the message could not be stored")
		return
	}
	in.takeOverAnd(w, r, document, items, extra)
}

// loadError is what is wrong with a document of a load.
type loadError struct{ error }

// load says what is to be handed on and noted now that payload is there. Loads of a kind
// are concluded in the order in which they were made: a load of which documents are missing
// has those behind it wait, for ION delivers each until it is taken.
func (s *ionSide) load(ctx context.Context, in *inbox, document string, part loadPart, payload []byte) (items []*item, extra func(*writer) error, err error) {
	if s.defect == M176 { // DEFECT M176: what is in a document is all there is
		part = loadPart{load: fmt.Sprintf("%s/%d", part.load, part.sequence), sequence: 1, size: 1}
	}
	taken, err := in.store.cursor(ctx, part.done())
	if err != nil || taken != "" { // it came again
		return nil, nil, err
	}
	open, err := in.store.loads(ctx, document)
	if err != nil {
		return nil, nil, err
	}
	if err := open.add(part, string(payload)); err != nil {
		return nil, nil, &loadError{err}
	}
	known, err := in.store.materials(ctx)
	if err != nil {
		return nil, nil, err
	}
	newest, err := in.store.cursor(ctx, newestLoad(document))
	if err != nil {
		return nil, nil, err
	}
	notes := []func(*writer) error{func(w *writer) error { return do(w.cursor, part.kept(document), string(payload)) }}
	for _, l := range open.inOrder() {
		if !l.whole(s.defect) {
			break
		}
		r, facts, err := l.reading()
		if err != nil {
			return nil, nil, &loadError{err}
		}
		if document == ionShow+".ItemMaster" {
			r.lacking(known, newest, l.made, s.defect)
		}
		gone, err := r.facts()
		if err != nil {
			return nil, nil, err
		}
		for _, a := range append(facts, gone...) {
			got, err := in.open("erp", a.name, a.event, a.body)
			if err != nil {
				return nil, nil, &loadError{err}
			}
			items = append(items, got...)
		}
		maps.Copy(known, r.told)
		if newest == "" || madeAfter(l.made, newest) {
			newest = l.made
		}
		notes = append(notes, func(w *writer) error {
			for n := range l.parts {
				if err := do(w.forget, loadPart{load: l.id, sequence: n}.kept(document)); err != nil {
					return err
				}
			}
			return errors.Join(do(w.cursor, loadPart{load: l.id}.done(), l.made), do(w.cursor, newestLoad(document), newest), w.materials(r.told))
		})
	}
	return items, func(w *writer) error {
		for _, note := range notes {
			if err := note(w); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// lacking adds to r what is gone by a load that was made at made. A load that comes behind a
// newer one says nothing by what it lacks, and nor does any of a material of which
// something newer is known.
func (r *masterReading) lacking(known map[string]toldMaterial, newest, made string, defect Defect) {
	if !madeAfter(newest, made) {
		r.at = made
	}
	old := maps.Clone(known)
	maps.DeleteFunc(old, func(id string, m toldMaterial) bool { return r.told[id] == nil && madeAfter(m[0].cell(2), made) })
	r.conclude(old, defect)
}

// madeAfter reports whether a is an instant behind b.
func madeAfter(a, b string) bool {
	at, err1 := time.Parse(time.RFC3339Nano, a)
	to, err2 := time.Parse(time.RFC3339Nano, b)
	return err1 == nil && err2 == nil && at.After(to)
}

// plain takes over what else the ERP announces, and notes what it says of materials:
// a load is held against that.
func (s *ionSide) plain(w http.ResponseWriter, r *http.Request, in *inbox, document string, bod *element, items []*item) {
	records, err := ionRecords(bod)
	if s.bus || err != nil || document != "Sync.ItemMaster" {
		in.takeOver(w, r, document, items)
		return
	}
	s.loading.Lock()
	defer s.loading.Unlock()
	told := masterReading{told: map[string]toldMaterial{}}
	for _, of := range records {
		maps.Copy(told.told, materialsIn(of))
	}
	known, err := in.store.materials(r.Context())
	if err != nil {
		problem(w, http.StatusServiceUnavailable, "store", "the message could not be stored")
		return
	}
	told.conclude(known, s.defect)
	in.takeOverAnd(w, r, document, items, func(w *writer) error { return w.materials(told.told) })
}

// An openLoad is a load of which documents have come.
type openLoad struct {
	id, made string
	parts    map[int]*element // by their sequence
	size     int              // 0 while nobody has said it
}

// openLoadSet are loads by their names.
type openLoadSet map[string]*openLoad

// loads are those of a document that are not concluded.
func (s *store) loads(ctx context.Context, document string) (openLoadSet, error) {
	all := openLoadSet{}
	prefix := openLoads(document)
	err := s.read(ctx, func(scan func(...any) error) error {
		var name, value string
		if err := scan(&name, &value); err != nil {
			return err
		}
		id, n, _ := strings.Cut(strings.TrimPrefix(name, prefix), " ")
		id, err := url.QueryUnescape(id)
		if err != nil {
			return err
		}
		return all.add(loadPart{load: id, sequence: number(n)}, value)
	}, `SELECT name, value FROM cursors WHERE name >= ?1 AND name < ?2`, prefix, strings.TrimSuffix(prefix, " ")+"!")
	return all, err
}

// add puts a document to the others of its load.
func (a openLoadSet) add(part loadPart, payload string) error {
	bod, err := readXML([]byte(payload))
	if err != nil {
		return err
	}
	said, err := loadPartOf(bod)
	if err != nil {
		return err
	}
	l := a[part.load]
	if l == nil {
		l = &openLoad{id: part.load, made: bod.said("ApplicationArea", "CreationDateTime"), parts: map[int]*element{}}
		a[part.load] = l
	}
	l.parts[part.sequence], l.size = bod, max(l.size, said.size)
	return nil
}

// inOrder are loads by when they were made.
func (a openLoadSet) inOrder() []*openLoad {
	return slices.SortedFunc(maps.Values(a), func(x, y *openLoad) int {
		switch {
		case madeAfter(x.made, y.made):
			return 1
		case madeAfter(y.made, x.made):
			return -1
		}
		return strings.Compare(x.id, y.id)
	})
}

// whole reports whether all documents of a load are there.
func (l *openLoad) whole(defect Defect) bool {
	if defect == M176 {
		return true
	}
	for n := range l.size {
		if l.parts[n+1] == nil {
			return false
		}
	}
	return l.size > 0
}

// reading is what the documents of a load say, in their order.
func (l *openLoad) reading() (r masterReading, facts []announcedFact, err error) {
	r.told = map[string]toldMaterial{}
	for _, n := range slices.Sorted(maps.Keys(l.parts)) {
		records, err := ionRecords(l.parts[n])
		if err != nil {
			return r, nil, err
		}
		told, err := ionFacts(records)
		if err != nil {
			return r, nil, err
		}
		facts = append(facts, told...)
		for _, of := range records {
			maps.Copy(r.told, materialsIn(of))
		}
	}
	return r, facts, nil
}
