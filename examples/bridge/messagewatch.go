package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

// A watched message has failed at an ERP that only queues them, and was reported
// as an exception. The person who has mended what was wrong may put it back into
// the queue there, and nobody tells the bridge: it looks into the list from time
// to time, and closes the exception when the message was processed.
//
// Only what was reported is a person's to put back. A message that has failed
// because somebody had the order open is sent again by the bridge.
type watched struct {
	Order   string
	Type    string
	Content string
	Report  report
}

// watching begins the names under which watched messages are kept.
const watching = "watched "

// watch notes, in the transaction that reports it, that u has failed.
func (s *messageSide) watch(ctx context.Context, u unit, v verdict) func(*writer) error {
	kind, content, worded := s.wording(ctx, u[0])
	if worded.what != posted || s.defect == M143 { // DEFECT M143: what was reported is somebody else's business
		return func(*writer) error { return nil }
	}
	text, err := json.Marshal(watched{u[0].Order, kind, content, newReport(u[0].facts, v)})
	return func(w *writer) error {
		if err != nil {
			return fmt.Errorf("watch a message that has failed: %w", err)
		}
		return do(w.cursor, watching+u[0].Event, string(text))
	}
}

// lookAgain is how long a look into the list for messages that were put back is
// good for.
const lookAgain = 250 * time.Millisecond

// requeued looks for messages that were put back into the queue, until ctx is
// done.
func (s *messageSide) requeued(ctx context.Context, t *teller, log *slog.Logger) error {
	for ctx.Err() == nil {
		all, err := s.watchedNow(ctx)
		if err != nil && ctx.Err() == nil {
			log.Error("read messages that have failed", "error", err)
		}
		for event, m := range all {
			if err := s.looked(ctx, event, m, t); err != nil && ctx.Err() == nil {
				log.Warn("look for a message that had failed", "event", event, "error", err)
			}
		}
		sleep(ctx, lookAgain)
	}
	return nil
}

// watchedNow are the messages that have failed, by their events.
func (s *messageSide) watchedNow(ctx context.Context) (map[string]watched, error) {
	all := map[string]watched{}
	var name, text string
	err := s.store.read(ctx, func(scan func(...any) error) error {
		if err := scan(&name, &text); err != nil {
			return err
		}
		var m watched
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		all[name[len(watching):]] = m
		return nil
	}, `SELECT name, value FROM cursors WHERE name GLOB ?`, watching+"?*")
	return all, err
}

// looked closes the exception about m if it was processed after all. That is one
// more posting with its content.
func (s *messageSide) looked(ctx context.Context, event string, m watched, t *teller) error {
	var all []sysMessage
	if v := s.read(ctx, messages, "DependencyKey eq "+quoted(m.Order)+" and MessageType eq "+quoted(m.Type), &all); v.what != posted {
		return fmt.Errorf("read the list of messages: %s", v.reason)
	}
	before, err := s.twins(ctx, m.Content)
	if err != nil {
		return err
	}
	processed, failed := 0, 0
	for _, l := range all {
		switch {
		case l.MessageContent != m.Content:
		case l.MessageState == "Processed":
			processed++
		case l.MessageState == "Failed" || l.MessageState == "Canceled":
			failed++
		}
	}
	if processed <= before {
		return nil
	}
	m.Report.Closed, m.Report.Reason = true, "processed after it was put back into the queue"
	err = s.store.commit(func(w *writer) error {
		if err := w.report(m.Report); err != nil {
			return err
		}
		if err := do(w.cursor, "posted "+digest(m.Content), strconv.Itoa(before+1)); err != nil {
			return err
		}
		return do(w.forget, watching+event)
	})
	if err != nil {
		return fmt.Errorf("close the exception: %w", err)
	}
	s.mu.Lock()
	s.failed[m.Content] = min(s.failed[m.Content], failed) // it has failed no more
	s.mu.Unlock()
	t.poke()
	return nil
}
