package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// operation tells whether an answer only says that a posting was accepted, and
// where to ask what has become of it.
func operation(r reply) (running bool, id string) {
	var res result
	if r.status != http.StatusAccepted || !r.json || json.Unmarshal(r.body, &res) != nil {
		return false, ""
	}
	return res.Operation != "", strings.TrimPrefix(res.Operation, "/")
}

// errRunning says that an operation has not ended while we waited.
var errRunning = errors.New("the operation has not ended")

// follow asks for an operation until it has ended, for a second at most,
// and returns what the answer would have been had it come at once.
func (s *system) follow(ctx context.Context, id string) (reply, error) {
	until := time.Now().Add(time.Second)
	for n := 1; time.Now().Before(until); n++ {
		select {
		case <-time.After(max(backoff(n, 500*time.Millisecond), s.gate.wait())):
		case <-ctx.Done():
			return reply{}, ctx.Err()
		}
		r, err := s.call(ctx, http.MethodGet, "/"+id, "", nil)
		var how struct {
			State   string          `json:"state"`
			Problem json.RawMessage `json:"problem"`
		}
		if err != nil || r.status != http.StatusOK || !r.json || json.Unmarshal(r.body, &how) != nil {
			continue
		}
		switch how.State {
		case "succeeded":
			return reply{status: http.StatusCreated, json: true, body: []byte(`{"outcome":"applied"}`)}, nil
		case "failed":
			var res result
			if json.Unmarshal(how.Problem, &res) == nil && res.Status >= 400 {
				return reply{status: res.Status, json: true, body: how.Problem}, nil
			}
		}
	}
	return reply{}, errRunning
}
