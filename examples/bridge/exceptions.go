package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// A report tells people about a fact that could not be posted.
type report struct {
	Class     string     `json:"class"` // who has to act: technical, business, data-quality
	Kind      string     `json:"kind"`
	Reference string     `json:"reference"`
	Keys      reportKeys `json:"keys"`
	Reason    string     `json:"reason"`
	Closed    bool       `json:"closed"`
	Origin    *origin    `json:"origin,omitempty"` // of a fact that came by a bus
}

// reportKeys are what people search for.
type reportKeys struct {
	Order      string `json:"order,omitempty"`
	Operation  string `json:"operation,omitempty"`
	Counter    int    `json:"counter,omitempty"`
	Material   string `json:"material,omitempty"`
	Lot        string `json:"lot,omitempty"`
	Case       string `json:"case,omitempty"`
	Machine    string `json:"machine,omitempty"`
	WorkCenter string `json:"workCenter,omitempty"`
	Calendar   string `json:"calendar,omitempty"`
}

func newReport(f facts, v verdict) report {
	reason := v.reason
	if v.code != "" {
		reason = v.code + ": " + reason
	}
	return report{Class: v.class, Kind: f.Kind, Reference: f.Event, Reason: clip(reason),
		Keys: reportKeys{f.Order, f.Operation, f.Counter, f.Material, f.Lot, f.Case, f.Machine, f.WorkCenter, f.Calendar}}
}

// except moves a message from the outbox to the exceptions.
func (w *writer) except(it *item, v verdict) error {
	r := newReport(it.facts, v)
	r.Origin = originOf(it.body)
	if err := w.report(r); err != nil {
		return err
	}
	return do(w.drop, it.seq)
}

// report puts a report on the list of what people have to be told.
func (w *writer) report(r report) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := do(w.raise, string(text), time.Now().Unix()); err != nil {
		return fmt.Errorf("raise exception: %w", err)
	}
	return nil
}

// reports puts reports on the list about messages that could not be read, each
// once, however often it is delivered: those that say nothing of who they are
// cannot be told apart.
func (w *writer) reports(rs []report) error {
	for _, r := range rs {
		if r.Reference != "" {
			fresh, err := w.take("unreadable " + r.Kind + " " + r.Reference)
			if err != nil {
				return err
			}
			if !fresh {
				continue
			}
		}
		if err := w.report(r); err != nil {
			return err
		}
	}
	return nil
}

// teller tells people about exceptions, each until it was heard. It works off
// the table, so that an exception raised before a crash is told after it.
type teller struct {
	store  *store
	bus    *ionSide // by which who sent it is told; nil if there is no bus
	outbox *outbox  // to the bus
	url    string
	client *http.Client
	limit  time.Duration
	log    *slog.Logger
	wake   chan struct{}
}

// poke says that there is something to tell.
func (t *teller) poke() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// run tells until ctx is done.
func (t *teller) run(ctx context.Context) {
	if t.url == "" && t.bus == nil {
		return
	}
	s := &system{client: t.client, limit: t.limit}
	for fails := 0; ctx.Err() == nil; {
		seq, text, err := t.next(ctx)
		wait := time.Hour
		switch {
		case err != nil && ctx.Err() == nil:
			t.log.Error("read exceptions", "error", err)
			fails++
			wait = backoff(fails)
		case seq != 0:
			if v := t.tell(ctx, s, seq, text); v.what == posted {
				fails = 0
				continue
			} else {
				fails++
				wait = max(v.after, backoff(fails))
				t.log.Warn("exception not heard", "seq", seq, "reason", v.reason)
			}
		}
		select {
		case <-t.wake:
			if fails > 0 { // news do not shorten a backoff
				sleep(ctx, wait)
			}
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// next reads the oldest exception that was not told; seq 0 means there is none.
func (t *teller) next(ctx context.Context) (seq int64, text string, err error) {
	err = t.store.read(ctx, func(scan func(...any) error) error { return scan(&seq, &text) },
		`SELECT seq, report FROM exceptions WHERE told = 0 ORDER BY seq LIMIT 1`)
	return seq, text, err
}

func (t *teller) tell(ctx context.Context, s *system, seq int64, text string) verdict {
	if t.bus != nil {
		return t.confirm(ctx, seq, text)
	}
	r := s.do(ctx, http.MethodPost, t.url, http.Header{
		"Content-Type":    {"application/json"},
		"Idempotency-Key": {digest(fmt.Sprintf("exception %d %s", seq, text))},
	}, []byte(text))
	if r.err == nil && r.status/100 != 2 {
		v := s.judge(r)
		v.what = again // a report is never given up
		return v
	}
	if r.err != nil {
		return verdict{what: again, reason: r.err.Error()}
	}
	return t.heard(seq)
}

// heard writes down that a report was told.
func (t *teller) heard(seq int64) verdict {
	if err := t.store.commit(func(w *writer) error { return do(w.told, seq) }); err != nil {
		return verdict{what: again, reason: err.Error()}
	}
	return verdict{}
}

// sleep waits unless ctx ends first.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
