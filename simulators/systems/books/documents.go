package books

import (
	"sync"
	"sync/atomic"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// documents finds postings by their numbers, and knows which were taken back.
// Most books are asked for neither.
type documents struct {
	asked atomic.Bool // somebody has asked for a number
	undid atomic.Bool // something was taken back

	mu       sync.Mutex // guards what follows
	byNumber map[string]simulators.Posting
	reversed map[string]string // numbers of documents, and of those that took them back
}

// enterDocument makes p known by its number, if anybody asks for such, and as
// what takes another back, if it does.
func (l *Ledger) enterDocument(p simulators.Posting) {
	f, undoes := p.Claim.Fact.(plant.Reversed)
	d := &l.numbered
	if !undoes && !d.asked.Load() {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.asked.Load() {
		d.byNumber[p.Doc] = p
	}
	if undoes {
		if d.reversed == nil {
			d.reversed = map[string]string{}
		}
		d.reversed[f.Document] = p.Doc
		d.undid.Store(true)
	}
}

// Document returns the posting with the number doc.
func (l *Ledger) Document(doc string) (simulators.Posting, bool) {
	d := &l.numbered
	if !d.asked.Load() {
		l.number()
	}
	d.mu.Lock()
	p, ok := d.byNumber[doc]
	d.mu.Unlock()
	return l.shown(p), ok
}

// number makes all postings known by their numbers. What is entered meanwhile
// makes itself known.
func (l *Ledger) number() {
	d := &l.numbered
	d.mu.Lock()
	if d.byNumber == nil {
		d.byNumber = map[string]simulators.Posting{}
	}
	d.asked.Store(true)
	d.mu.Unlock()
	for i := range l.entities {
		s := &l.entities[i]
		s.mu.Lock()
		d.mu.Lock()
		for _, ps := range s.postings {
			for _, p := range ps {
				d.byNumber[p.Doc] = p.Posting
			}
		}
		d.mu.Unlock()
		s.mu.Unlock()
	}
}

// shown is a posting as it stands now: it may have been taken back.
func (l *Ledger) shown(p simulators.Posting) simulators.Posting {
	d := &l.numbered
	if !d.undid.Load() {
		return p
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	p.Reversed = d.reversed[p.Doc]
	return p
}

// Original finds the posting that a reversal takes back: by the number of its
// document, by its reference or by its keys, whichever is said first. Of several
// it is the last that still stands.
func (l *Ledger) Original(f plant.Reversed) (found simulators.Posting, ok bool) {
	if f.Document != "" {
		p, ok := l.Document(f.Document)
		return p, ok && (f.Original.Fact == nil || f.Original.Fact.Kind() == p.Claim.Fact.Kind())
	}
	take := func(all []simulators.Posting, fits func(plant.Fact) bool) {
		for _, p := range all {
			if fits(p.Claim.Fact) && (!ok || p.Reversed == "" || found.Reversed != "") {
				found, ok = p, true
			}
		}
	}
	k := f.Keys()
	if f.Original.ID != "" {
		take(l.OfReference(f.Original.ID), func(g plant.Fact) bool { return k.Of == "" || g.Kind() == k.Of })
	}
	if !ok && k.Order != "" && k.Counter > 0 {
		take(l.OfEntity(string(k.Order)), func(g plant.Fact) bool {
			o := g.Keys()
			return g.Kind() == k.Of && o.Operation == k.Operation && o.Counter == k.Counter
		})
	}
	return found, ok
}
