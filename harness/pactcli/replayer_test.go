package pactcli_test

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/jsonschema"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/pactcli"
	"github.com/andon-rig/andon/harness/pactcli/pactclitest"
)

func pair(t *testing.T, text string) contracts.Pair {
	t.Helper()
	d, err := pact.Format{}.Read(files(text))
	if err != nil {
		t.Fatal(err)
	}
	return contracts.Pair{Consumer: contracts.Half{Party: "mes", Version: "1", Format: pact.Format{}, Document: d, Files: files(text)}}
}

func TestReplay(t *testing.T) {
	p := serve(t, map[string]string{"GET /orders/4711": `{"no":"4711","qty":"7"}`, "an order was released": `{"event":"released"}`, "what is left": `{"rest":3}`})
	r := pactcli.Replayer{Engine: pactcli.Engine{Path: pactclitest.Program(t)}, Target: pactcli.Target{URL: p.URL, Messages: p.URL}}
	all, err := r.Replay(t.Context(), pair(t, pactText), nil)
	if err != nil || len(all) != 5 {
		t.Fatalf("got %v, %v", all, err)
	}
	first := all[0]
	if first.Name != "an order (order 4711 is released)" || first.Verdict != evidence.Violated || first.Asked != "GET /orders/4711" || !strings.HasPrefix(first.Text, "$.qty: want 5: ") || first.At.Line != 4 {
		t.Errorf("got %+v", first)
	}
	if all[1].Verdict != evidence.Holds || !all[2].Pending || all[2].Verdict != evidence.Violated || all[3].Kind != "sync" {
		t.Errorf("got %+v", all[1:])
	}
}

func TestReplayOnlyWhatIsSelected(t *testing.T) {
	p := serve(t, map[string]string{"what is left": `{"rest":3}`})
	r := pactcli.Replayer{Engine: pactcli.Engine{Path: pactclitest.Program(t)}, Target: pactcli.Target{Messages: p.URL}}
	all, err := r.Replay(t.Context(), pair(t, pactText), func(name string) bool { return name == "what is left" })
	if err != nil || len(all) != 1 || all[0].Verdict != evidence.Holds {
		t.Errorf("got %+v, %v", all, err)
	}
	none, err := r.Replay(t.Context(), pair(t, pactText), func(string) bool { return false })
	if err != nil || len(none) != 0 || len(p.asked) != 1 {
		t.Errorf("with nothing selected: %v, %v; asked %q", none, err, p.asked)
	}
}

func TestReplayWithoutAVerdictOnTheProvider(t *testing.T) {
	p := serve(t, nil)
	p.Close()
	r := pactcli.Replayer{Engine: pactcli.Engine{Path: pactclitest.Program(t)}, Target: pactcli.Target{URL: p.URL, Messages: p.URL}}
	all, err := r.Replay(t.Context(), pair(t, pactText), nil)
	if err != nil || len(all) != 5 || all[0].Verdict != evidence.Inconclusive || !all[0].Environment {
		t.Errorf("got %+v, %v", all, err)
	}
}

func TestReplayOfOtherFormatsIsRefused(t *testing.T) {
	f := []contracts.File{{Name: "a.json", Data: []byte(`{"type":"object"}`)}}
	d, err := jsonschema.Format{}.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	_, err = pactcli.Replayer{}.Replay(t.Context(), contracts.Pair{Consumer: contracts.Half{Document: d, Files: f}}, nil)
	if err == nil || !strings.Contains(err.Error(), "replays pacts") {
		t.Errorf("got %v", err)
	}
}
