package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// feed reads what a system announces by asking for it again and again. How far
// it has read is written in the transaction that takes the messages, so that
// it neither skips nor repeats any.
type feed struct {
	from  *system
	inbox *inbox
	log   *slog.Logger
}

// page is an answer to GET /feed.
type page struct {
	Messages []struct {
		ID    string          `json:"id"`
		Name  string          `json:"name"`
		Event string          `json:"event"`
		Body  json.RawMessage `json:"body"`
	} `json:"messages"`
	Cursor string `json:"cursor"`
}

// idle is the pause after an empty page.
const idle = 100 * time.Millisecond

// run reads until ctx is done.
func (f *feed) run(ctx context.Context) error {
	cursor, err := f.inbox.store.cursor(ctx, f.from.name)
	if err != nil {
		return fmt.Errorf("read cursor: %w", err)
	}
	for fails := 0; ctx.Err() == nil; {
		if wait := f.inbox.outbox[f.from.name].paused(); wait > 0 {
			sleep(ctx, wait) // it meant us all
			continue
		}
		next, v := f.read(ctx, cursor)
		f.inbox.outbox[f.from.name].heard(v)
		switch {
		case v.what == waiting:
			sleep(ctx, idle)
			continue
		case v.what != posted:
			fails++
			f.log.Warn("read feed", "of", f.from.name, "reason", v.reason)
			sleep(ctx, max(v.after, backoff(fails)))
			continue
		case next == cursor:
			sleep(ctx, idle)
		}
		cursor, fails = next, 0
	}
	return nil
}

// read takes one page and returns the cursor behind it.
func (f *feed) read(ctx context.Context, cursor string) (string, verdict) {
	if f.inbox.full() {
		return cursor, verdict{what: waiting, reason: "too many messages wait to be delivered"}
	}
	r, v := f.from.call(ctx, http.MethodGet, "/feed?"+url.Values{"after": {cursor}, "limit": {"100"}}.Encode(), nil, nil)
	if v.what != posted {
		return cursor, v
	}
	var p page
	if err := json.Unmarshal(r.body, &p); err != nil {
		return cursor, verdict{what: again, reason: "feed is not readable: " + err.Error()}
	}
	if p.Cursor == "" {
		p.Cursor = cursor
	}
	var items []*item
	var bad []report
	for _, m := range p.Messages {
		got, err := f.inbox.open(f.from.name, m.Name, m.Event, m.Body)
		if err != nil { // there is nobody to refuse it to
			bad = append(bad, unreadable(m.Name, m.Event, err))
			continue
		}
		items = append(items, got...)
	}
	if len(p.Messages) == 0 && p.Cursor == cursor {
		return cursor, v
	}
	err := f.inbox.accept(ctx, items, func(w *writer) error {
		if err := w.reports(bad); err != nil {
			return err
		}
		return do(w.cursor, f.from.name, p.Cursor)
	})
	if err != nil {
		return cursor, internal(err)
	}
	if len(bad) > 0 {
		f.inbox.teller.poke()
	}
	return p.Cursor, v
}

// unreadable is the exception for a message that cannot be taken apart.
func unreadable(name, event string, err error) report {
	return newReport(facts{Event: event, Kind: names[name]}, verdict{class: dataQuality, code: "malformed", reason: err.Error()})
}
