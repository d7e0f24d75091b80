package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// worklist is where people find what could not be posted. Each dead fact is
// reported until the worklist has heard of it.
type worklist struct {
	url    string // empty: people look into the table
	client *http.Client
	log    *slog.Logger
}

type report struct {
	Class     string         `json:"class"`
	Kind      string         `json:"kind"`
	Reference string         `json:"reference"`
	Keys      map[string]any `json:"keys"`
	Reason    string         `json:"reason"`
	Closed    bool           `json:"closed"`
}

// claim picks a few reports that are due.
func (w *worklist) claim(t tx) ([]fact, error) {
	if w.url == "" {
		return nil, nil
	}
	due, err := t.facts(`WHERE state = 'dead' AND told = 0 AND due <= ? ORDER BY due, id LIMIT 8`, t.now)
	if err != nil {
		return nil, fmt.Errorf("look for reports: %w", err)
	}
	for _, f := range due {
		if err := t.do(`UPDATE fact SET due = ? WHERE id = ?`, t.now+int64(lease), f.id); err != nil {
			return nil, fmt.Errorf("claim report: %w", err)
		}
	}
	return due, nil
}

// send reports f. If it was not heard, it says when to try again.
func (w *worklist) send(ctx context.Context, f fact) (heard bool, wait time.Duration) {
	body, err := json.Marshal(report{Class: f.class, Kind: f.kind, Reference: f.ref, Reason: f.reason, Keys: keysOf(f)})
	if err != nil {
		w.log.Error("word report", "event", f.ref, "err", err)
		return false, time.Minute
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		w.log.Error("address report", "url", w.url, "err", err)
		return false, time.Minute
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := w.client.Do(req)
	if err != nil {
		return false, backoff(4, time.Second)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // so that the connection can be used again
	switch {
	case resp.StatusCode < 300:
		return true, 0
	case resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests:
		w.log.Error("the worklist does not understand", "event", f.ref, "status", resp.StatusCode)
		return false, time.Minute
	}
	wait, told := retryAfter(resp.Header.Get("Retry-After"), time.Now())
	if !told {
		wait = backoff(4, time.Second)
	}
	return false, wait
}

func keysOf(f fact) map[string]any {
	keys := map[string]any{}
	for name, v := range map[string]string{"order": f.order, "operation": f.operation, "material": f.item, "lot": f.lot, "case": f.quality} {
		if v != "" {
			keys[name] = v
		}
	}
	if f.counter > 0 {
		keys["counter"] = f.counter
	}
	return keys
}
