package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// A cutover replaces the interface user by which the bridge posts to the ERP.
// What was taken before it is drained by the old way, to its end and under its
// keys, also what is in doubt; what is taken afterwards goes by the new way. In
// a freeze what is taken waits for the new way. On which side of the boundary
// a message lies is decided by its number in the outbox and durable, so that a
// crash sends nothing by both.

// phase of a cutover.
type phase string

const (
	before phase = "" // only the old way
	frozen phase = "freeze"
	over   phase = "cutover"
)

// cutover takes the word of those who run it: POST /cutover with {"do":
// "freeze"} or {"do": "cutover"}. It answers 204 when the bridge goes by it.
func (i *inbox) cutover(w http.ResponseWriter, r *http.Request) {
	var word struct {
		Do     phase  `json:"do"`
		Frozen string `json:"frozen"`
	}
	err := json.NewDecoder(io.LimitReader(r.Body, 1<<10)).Decode(&word)
	if err == nil && word.Do != frozen && word.Do != over {
		err = fmt.Errorf("do is %q, not %q or %q", word.Do, frozen, over)
	}
	if err == nil && word.Do == frozen && word.Frozen != "" && word.Frozen != "either" && word.Frozen != "new" {
		err = fmt.Errorf("frozen is %q: what is taken in a freeze waits for the new way here", word.Frozen)
	}
	if err != nil {
		problem(w, http.StatusBadRequest, "malformed", err.Error())
		return
	}
	if err := i.cutOver(word.Do); err != nil {
		i.log.Error("cut over", "error", err)
		problem(w, http.StatusServiceUnavailable, "store", "the cutover could not be stored")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// cutOver returns when the phase is durable and in force.
func (i *inbox) cutOver(to phase) error {
	var now phase
	var boundary int64
	done := make(chan error, 1)
	i.store.enqueue(func(w *writer) error {
		if err := do(w.setCutover, to); err != nil {
			return err
		}
		return w.readCutover.QueryRow().Scan(&now, &boundary)
	}, func(err error) {
		if err == nil {
			i.outbox["erp"].cutOver(now, boundary) // here, because commits follow each other in the order of arrival
		}
		done <- err
	})
	if err := <-done; err != nil {
		return fmt.Errorf("note cutover: %w", err)
	}
	return nil
}

// cutOver puts a phase in force.
func (o *outbox) cutOver(to phase, boundary int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	already := o.phase == over
	o.phase, o.boundary = to, boundary
	if to != over || already {
		return
	}
	for _, it := range o.frozen {
		o.line(it)
	}
	o.frozen = nil
	if o.defect == M66 {
		o.both()
	}
	o.poke()
}

// newWay reports whether an item goes by the new way; o.mu is held.
func (o *outbox) newWay(it *item) bool {
	return it.twice || o.phase != before && it.seq > o.boundary
}

// both is defect M66: the new route starts with whatever is still open, and
// nobody tells the old one.
func (o *outbox) both() {
	var again []*item
	for _, l := range o.lanes {
		for _, it := range l.queue {
			twin := *it
			twin.batch, twin.sent, twin.attempts, twin.twice = alone, false, 0, true
			twin.idem = digest(it.idem + " by the new way") // DEFECT M66: two routes, two keys
			again = append(again, &twin)
		}
	}
	for _, it := range again {
		o.size++
		o.line(it)
	}
}

// by is the interface user that sends u.
func (c *courier) by(u unit) side {
	c.outbox.mu.Lock()
	defer c.outbox.mu.Unlock()
	if c.outbox.newWay(u[0]) {
		return c.next
	}
	return c.to
}

// nextSide is the side that takes over with a cutover; to itself if there is
// none.
func (c Config) nextSide(to side) side {
	if n, ok := to.(neutralSide); ok {
		return neutralSide{n.next(c)}
	}
	return to
}

// next is the same system by the interface user that takes over with a
// cutover; s itself if there is none.
func (s *system) next(c Config) *system {
	if s.at.Next == "" {
		return s
	}
	at := s.at
	at.Client, at.Secret = s.at.Next, s.at.NextSecret
	return newSystem(s.name, at, c)
}

// cutover is how far a cutover had come.
func (s *store) cutover(ctx context.Context) (at phase, boundary int64, err error) {
	err = s.read(ctx, func(scan func(...any) error) error { return scan(&at, &boundary) }, `SELECT phase, boundary FROM cutover`)
	return at, boundary, err
}
