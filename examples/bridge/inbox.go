package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// inbox takes messages over. What it has answered with 202 is in the store: in
// one transaction the event is noted as taken and its message put into the
// outbox, so that neither can be without the other.
type inbox struct {
	store   *store
	outbox  map[string]*outbox // by the system to deliver to
	holds   *holds
	units   *units
	teller  *teller
	backlog int
	limit   time.Duration // how long a hold may wait for postings under way
	log     *slog.Logger

	// documents read what the ERP posts in documents of its own, by the name of the
	// address they come to.
	documents map[string]func(body []byte) (name string, message []byte, err error)
	readOn    func(ctx context.Context, event string, body []byte) (announcedFact, verdict) // makes a message of a business event; nil if there are none
	ion       *ionSide                                                                      // what ION pushes goes there; nil if the ERP is not behind it
	// named reads what an event of the ERP only names; nil if its events say all.
	named  func(ctx context.Context, event []byte) (name string, message []byte, err error)
	ready  atomic.Bool
	defect Defect
	flawed *flawedInbox // only defects need this
}

// other is where messages of a system go.
var other = map[string]string{"erp": "mes", "mes": "erp", "machines": "mes"}

// mostBody is the largest message taken.
const mostBody = 8 << 20

// handler takes webhooks: POST /erp/{name}, /mes/{name} and /machines/{name}.
// GET /health answers 200 when the bridge is ready.
func (i *inbox) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		if !i.ready.Load() {
			problem(w, http.StatusServiceUnavailable, "starting", "not ready yet")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]int{"toERP": i.outbox["erp"].waiting(), "toMES": i.outbox["mes"].waiting(), "parked": i.holds.waiting()})
	})
	mux.HandleFunc("POST /cutover", i.cutover)
	if i.ion != nil {
		mux.Handle("/erp/service/", i.ion.receive(i))
		if i.ion.bus { // one service for what comes of both
			mux.Handle("/ion/service/", i.ion.receive(i))
		}
	}
	mux.HandleFunc("POST /erp/{name}", func(w http.ResponseWriter, r *http.Request) { i.webhook(w, r, "erp") })
	mux.HandleFunc("POST /mes/{name}", func(w http.ResponseWriter, r *http.Request) { i.webhook(w, r, "mes") })
	mux.HandleFunc("POST /machines/{name}", func(w http.ResponseWriter, r *http.Request) { i.webhook(w, r, "machines") })
	return mux
}

func (i *inbox) webhook(w http.ResponseWriter, r *http.Request, from string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		problem(w, http.StatusRequestEntityTooLarge, "too-large", fmt.Sprintf("the body is larger than %d bytes", mostBody))
		return
	}
	if err != nil {
		problem(w, http.StatusBadRequest, "malformed", "the body ended early")
		return
	}
	name := r.PathValue("name")
	if i.readOn != nil && from == "erp" && name == eventsName {
		i.announced(w, r, body)
		return
	}
	if read := i.documents[name]; read != nil && from == "erp" {
		if name, body, err = read(body); err != nil {
			problem(w, http.StatusBadRequest, "malformed", err.Error())
			return
		}
	}
	event := r.Header.Get("Andon-Event")
	if i.named != nil && from == "erp" && name == "events" {
		event = "" // what was read can be newer
		name, body, err = i.named(r.Context(), body)
		if notYet := new(errNotYet); errors.As(err, notYet) {
			problem(w, http.StatusServiceUnavailable, "not-yet", err.Error())
			return
		}
		if errors.Is(err, errGone) {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		if err != nil {
			problem(w, http.StatusBadRequest, "malformed", err.Error())
			return
		}
	}
	if _, known := names[name]; !known {
		problem(w, http.StatusNotFound, "name-unknown", fmt.Sprintf("there are no messages called %q", name))
		return
	}
	items, err := i.open(from, name, event, body)
	if err != nil {
		problem(w, http.StatusBadRequest, "malformed", err.Error())
		return
	}
	i.takeOver(w, r, name, items)
}

// takeOver takes items over and answers their sender.
func (i *inbox) takeOver(w http.ResponseWriter, r *http.Request, name string, items []*item) {
	i.takeOverAnd(w, r, name, items, nil)
}

// takeOverAnd writes extra in the same transaction.
func (i *inbox) takeOverAnd(w http.ResponseWriter, r *http.Request, name string, items []*item, extra func(*writer) error) {
	if i.full() {
		w.Header().Set("Retry-After", "1")
		problem(w, http.StatusServiceUnavailable, "backlog", "too many messages wait to be delivered")
		return
	}
	if err := i.accept(r.Context(), items, extra); err != nil {
		i.log.Error("take message", "name", name, "error", err)
		problem(w, http.StatusServiceUnavailable, "store", "the message could not be stored")
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// full reports whether the bridge has as much as it can keep.
func (i *inbox) full() bool {
	return i.outbox["erp"].waiting()+i.outbox["mes"].waiting()+i.holds.waiting() >= i.backlog
}

// open reads a message into items for the outbox. An error is the sender's.
func (i *inbox) open(from, name, event string, body []byte) ([]*item, error) {
	parts, err := read(name, event, body)
	if err != nil {
		return nil, err
	}
	items := make([]*item, len(parts))
	for n, p := range parts {
		if q := p.facts.Quality; q != "" && q != "good" && i.defect != M54 { // DEFECT M54: a value is a value
			return nil, fmt.Errorf("the machine says that the value is %s", q)
		}
		if p.body, err = disfigure(p.body, i.defect); err != nil {
			return nil, err
		}
		p.body = drifted(p.body, i.defect)
		// The key is a function of the event and of nothing else, so that it
		// is the same in every attempt, also after a restart.
		items[n] = &item{to: other[from], name: name, facts: p.facts, body: p.body, idem: digest(other[from] + " " + p.facts.Event)}
	}
	return items, nil
}

// accept takes items over. When it returns nil they are safe, a hold among
// them is in force, and nothing that it forbids is still under way. Extra is
// written in the same transaction.
func (i *inbox) accept(ctx context.Context, items []*item, extra func(*writer) error) error {
	if i.flawed != nil {
		return i.flawed.accept(ctx, items, extra)
	}
	return i.take(ctx, items, extra)
}

func (i *inbox) take(ctx context.Context, items []*item, extra func(*writer) error) error {
	t := taking{inbox: i, items: items, extra: extra}
	done := make(chan error, 1)
	i.store.enqueue(t.write, func(err error) {
		if err == nil {
			t.route() // here, because commits follow each other in the order of arrival
		}
		done <- err
	})
	if err := <-done; err != nil {
		return err
	}
	i.drop(t.scrapped)
	for _, it := range items {
		if it.Kind == kindHeld {
			i.holds.settle(ctx, it.Lot, i.limit)
		}
	}
	return nil
}

// taking is the acceptance of one message.
type taking struct {
	*inbox
	items    []*item
	extra    func(*writer) error
	fresh    []*item         // not taken before
	opened   map[string]bool // events of holds that are in force
	scrapped []unit          // parked for lots that are lost
}

// write makes it durable.
func (t *taking) write(w *writer) error {
	t.fresh, t.opened = nil, map[string]bool{} // a failed group is written again
	for _, it := range t.items {
		fresh, err := t.know(w, it)
		if err != nil {
			return err
		}
		if !fresh {
			continue
		}
		if it.Kind == kindCounted {
			ready, err := w.count(it, false, t.defect)
			if err != nil {
				return err
			}
			for _, it := range ready {
				if err := w.add(it); err != nil {
					return err
				}
			}
			t.fresh = append(t.fresh, ready...)
			continue
		}
		t.fresh = append(t.fresh, it)
		switch it.Kind {
		case kindHeld:
			open, err := w.noteHold(it.Lot, it.Case)
			if err != nil {
				return err
			}
			t.opened[it.Event] = open
		case kindDecided:
			if err := w.noteDecision(it.facts); err != nil {
				return err
			}
		}
		if err := w.add(it); err != nil {
			return err
		}
	}
	if t.extra != nil {
		return t.extra(w)
	}
	return nil
}

// know notes the event; fresh is false if it was taken before.
func (t *taking) know(w *writer, it *item) (fresh bool, err error) {
	if t.flawed != nil && t.defect == M05 { // DEFECT M05: known in memory only
		return t.flawed.know(it), nil
	}
	if it.anew { // DEFECT M63: nobody asks what was read before
		return true, nil
	}
	return w.take(it.to + " " + it.Event)
}

// route puts what was written to where it takes effect. The store's writer
// calls it: it must not write itself.
func (t *taking) route() {
	for _, it := range t.fresh {
		switch it.Kind {
		case kindHeld:
			if t.opened[it.Event] {
				t.holds.open(it.Lot, it.Case)
			}
		case kindDecided:
			t.decided(it.facts)
		case kindItem:
			if t.units != nil {
				t.units.forget(it.Material)
			}
		}
		if t.flawed != nil {
			t.flawed.see(it)
		}
		t.outbox[it.to].add(it)
	}
}

// decided lets go on what waited for the decision, or gives it up.
func (t *taking) decided(f facts) {
	free := t.holds.decide(f.Lot, f.Case)
	if f.Decision == "release" || f.Decision == "use-as-is" {
		t.outbox["erp"].resume(free)
		return
	}
	var resume []unit
	for _, u := range free {
		// What may have been posted before the hold is sent once more under
		// its key: the ERP knows, and refuses what it has not got.
		if u[0].sent || u[0].recovered || len(u) > 1 {
			resume = append(resume, u)
		} else {
			t.scrapped = append(t.scrapped, u)
		}
	}
	t.outbox["erp"].resume(resume)
	for _, u := range t.scrapped {
		for _, it := range u {
			it.Decision = f.Decision // for the report
		}
	}
}

// drop raises exceptions for what waited for a lot that is lost.
func (i *inbox) drop(units []unit) {
	for _, u := range units {
		i.store.enqueue(func(w *writer) error {
			for _, it := range u {
				v := verdict{what: refused, class: business, code: "lot-" + it.Decision, reason: fmt.Sprintf("lot %s was decided to be %s while this waited", it.Lot, it.Decision)}
				if err := w.except(it, v); err != nil {
					return err
				}
			}
			return nil
		}, func(err error) {
			if err == nil {
				i.outbox["erp"].release(u)
				i.teller.poke()
			}
		})
	}
}

// problem answers with a problem document (RFC 9457).
func problem(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": code, "status": status, "detail": detail, "class": dataQuality, "code": code})
}
