package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
)

// states sets and clears provider states through a callback of the provider's
// side:
//
//	POST {"action": "setup", "state": "order 1000001 is released", "params": {…},
//	      "consumer": "mes-line1", "description": "an order is asked for"}
//
// and the same with "teardown" afterwards. It answers 2xx; an object in the
// answer to setup is taken as values for the interaction. What it calls state,
// params and action is what Pact verifiers send, so that handlers written for
// those serve as they are.
type states struct {
	wire wire
	at   *url.URL
}

// maxStates bounds what the callback may answer.
const maxStates = 1 << 20

type stateCall struct {
	Action      string         `json:"action"`
	State       string         `json:"state"`
	Params      map[string]any `json:"params"`
	Consumer    string         `json:"consumer"`
	Description string         `json:"description"`
}

// setup brings the provider to all states of an interaction and returns the
// values that it was told. An error is no verdict on the provider.
func (s *states) setup(ctx context.Context, consumer string, in *pact.Interaction) (map[string]any, error) {
	values := map[string]any{}
	for _, one := range in.States {
		for k, v := range one.Params {
			values[k] = v
		}
		if s == nil {
			continue
		}
		told, err := s.call(ctx, stateCall{"setup", one.Name, one.Params, consumer, in.Description})
		if err != nil {
			return values, err
		}
		for k, v := range told {
			values[k] = v
		}
	}
	return values, nil
}

// teardown clears the states, the last first.
func (s *states) teardown(ctx context.Context, consumer string, in *pact.Interaction) error {
	if s == nil {
		return nil
	}
	for i := len(in.States) - 1; i >= 0; i-- {
		if _, err := s.call(ctx, stateCall{"teardown", in.States[i].Name, in.States[i].Params, consumer, in.Description}); err != nil {
			return err
		}
	}
	return nil
}

func (s *states) call(ctx context.Context, c stateCall) (map[string]any, error) {
	if c.Params == nil {
		c.Params = map[string]any{}
	}
	body, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("state %q: %w", c.State, err)
	}
	p := contracts.Part{Method: http.MethodPost, Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: body}
	w := s.wire
	w.maxBody = maxStates
	reply, bad := w.send(ctx, s.at, p, nil)
	switch {
	case bad != nil:
		return nil, fmt.Errorf("the state callback, asked for %s of %q: %s", c.Action, c.State, bad.text)
	case reply.Status/100 != 2:
		return nil, fmt.Errorf("the state callback answered %d to %s of %q: %s", reply.Status, c.Action, c.State, short(reply.Body))
	}
	if c.Action != "setup" || len(bytes.TrimSpace(reply.Body)) == 0 {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(reply.Body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, nil // says nothing that could be a value: "ok"
	}
	values, _ := v.(map[string]any)
	return values, nil
}

// short is a body for a message to people.
func short(b []byte) string {
	s := strings.Join(strings.Fields(strings.ToValidUTF8(string(b[:min(len(b), 400)]), "\ufffd")), " ")
	switch {
	case s == "":
		return "no body"
	case len(s) > 160:
		return s[:160] + "…"
	}
	return s
}
