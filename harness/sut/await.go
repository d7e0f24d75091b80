package sut

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Await polls the probe until it answers 2xx, the SUT is gone or time is up.
// Gone is closed when the SUT has ended, and ending says how; tail is what it
// printed last.
func (r Ready) Await(ctx context.Context, gone <-chan struct{}, ending func() string, tail *Tail) error {
	if r.HTTP == "" {
		return nil
	}
	within := r.Within
	if within <= 0 {
		within = 20 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	last := "no answer"
	for wait := 5 * time.Millisecond; ; wait = min(wait*2, 100*time.Millisecond) {
		ok, said := probe(ctx, client, r.HTTP)
		if ok {
			return nil
		}
		if said != "" {
			last = said
		}
		select {
		case <-gone:
			return &StartError{Reason: fmt.Sprintf("the SUT ended before it was ready (%s)", ending()), Log: tail.Lines()}
		case <-ctx.Done():
			return &StartError{Reason: fmt.Sprintf("the SUT was not ready within %s: %s said %s", within, r.HTTP, last), Log: tail.Lines()}
		case <-time.After(wait):
		}
	}
}

func probe(ctx context.Context, c *http.Client, url string) (ready bool, said string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false, err.Error()
	}
	resp, err := c.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return false, ""
		}
		return false, err.Error()
	}
	defer resp.Body.Close()
	return resp.StatusCode/100 == 2, resp.Status
}

// A Tail keeps the last lines written to it. The zero value is empty.
type Tail struct {
	mu   sync.Mutex // guards kept
	kept []byte
}

// tailBytes bounds what is kept; tailLines what is shown.
const (
	tailBytes = 8 << 10
	tailLines = 12
)

// Write implements io.Writer; it never fails.
func (t *Tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if n := len(t.kept) - tailBytes; n > 0 {
		t.kept = append(t.kept[:0], t.kept[n:]...)
	}
	return len(b), nil
}

// Lines returns the last lines, twelve at most.
func (t *Tail) Lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(bytes.ToValidUTF8(t.kept, []byte("�"))))
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	return lines[max(0, len(lines)-tailLines):]
}
