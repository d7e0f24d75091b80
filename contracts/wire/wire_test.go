package wire_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/wire"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

var kept = evidence.Wire{
	Method: "POST", Path: "/confirmations", Query: map[string]string{"plant": "1"}, Headers: map[string]string{"Content-Type": "application/json"}, Body: "1",
	Reply: &evidence.WireReply{Status: 201, Headers: map[string]string{"Location": "/c/1"}, Body: "2"},
}

var stored = map[string]string{"1": `{"order":"4711"}`, "2": `{"doc":"1"}`}

func payloads(ref string) ([]byte, error) {
	b, ok := stored[ref]
	if !ok {
		return nil, fmt.Errorf("payload %s is not there", ref)
	}
	return []byte(b), nil
}

// TestStoredIsLive makes the same exchange of a message that crosses and of
// what the journal keeps of it.
func TestStoredIsLive(t *testing.T) {
	reply := simulators.Message{Header: kept.Reply.Headers, Body: []byte(stored["2"]), Result: simulators.Result{Status: 201}}
	m := simulators.Message{Verb: "post", Name: "confirmations", Header: kept.Headers, Params: kept.Query, Body: []byte(stored["1"])}
	live := wire.Live(m, "POST", "/confirmations", &reply)
	want := contracts.Exchange{
		Request: contracts.Part{Method: "POST", Path: "/confirmations", Query: map[string][]string{"plant": {"1"}},
			Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(stored["1"])},
		Reply: &contracts.Part{Status: 201, Headers: map[string][]string{"Location": {"/c/1"}}, Body: []byte(stored["2"])},
	}
	if !reflect.DeepEqual(live, want) {
		t.Errorf("live: %+v, want %+v", live, want)
	}
	records := []evidence.Record{
		{Seq: 1, Body: evidence.Step{Name: "play"}},
		{Seq: 2, Body: evidence.Attempt{Endpoint: "erp", Name: "confirmations", Wire: &kept}},
		{Seq: 3, Body: evidence.Offer{Endpoint: "erp", Name: "orders", Wire: &evidence.Wire{Path: "orders"}}},
		{Seq: 4, Body: evidence.Offer{Endpoint: "erp", Name: "orders", Copy: true}},
	}
	var got []wire.Crossing
	for c, err := range wire.All(records, payloads) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c)
	}
	all := []wire.Crossing{
		{Seq: 2, Endpoint: "erp", Name: "confirmations", FromSUT: true, Exchange: want},
		{Seq: 3, Endpoint: "erp", Name: "orders", Exchange: contracts.Exchange{Request: contracts.Part{Path: "orders"}}},
	}
	if !reflect.DeepEqual(got, all) {
		t.Errorf("stored: %+v, want %+v", got, all)
	}
}

func TestWhatWasNotKeptIsAnError(t *testing.T) {
	lost := kept
	lost.Reply = &evidence.WireReply{Status: 201, Body: "9"}
	records := []evidence.Record{{Seq: 7, Body: evidence.Attempt{Endpoint: "erp", Name: "confirmations", Wire: &lost}}}
	n := 0
	for c, err := range wire.All(records, payloads) {
		if n++; err == nil || !strings.Contains(err.Error(), "exchange 7, confirmations at erp: payload 9") || c.Seq != 7 {
			t.Errorf("crossing %+v, error %v", c, err)
		}
	}
	if n != 1 {
		t.Errorf("%d crossings, want the one that cannot be read", n)
	}
	broken := errors.New("the disk is gone")
	for _, err := range wire.All(records, func(string) ([]byte, error) { return nil, broken }) {
		if !errors.Is(err, broken) {
			t.Errorf("error %v does not wrap the cause", err)
		}
	}
}

func TestWhoBegan(t *testing.T) {
	for _, c := range []struct{ fromSUT, provider, want bool }{
		{true, false, true}, {true, true, false}, {false, false, false}, {false, true, true},
	} {
		if got := (wire.Crossing{FromSUT: c.fromSUT}).As(c.provider).FromConsumer; got != c.want {
			t.Errorf("sent by the SUT %v, which provides %v: from the consumer %v, want %v", c.fromSUT, c.provider, got, c.want)
		}
	}
}

// letters is a dialect whose messages enclose what stands behind a colon.
type letters struct{ simulators.Dialect }

func (letters) Enclosed(m simulators.Message) (simulators.Message, bool) {
	name, body, ok := strings.Cut(string(m.Body), ":")
	return simulators.Message{Name: name + m.Params["of"] + m.Header["X-Of"] + m.Method + m.Name, Header: map[string]string{"Content-Type": "text/letter"}, Body: []byte(body)}, ok
}

// TestInside takes the document out of the request of an exchange, with what is said
// around it.
func TestInside(t *testing.T) {
	x := contracts.Exchange{Request: contracts.Part{Method: "POST", Path: "/mail", Query: map[string][]string{"of": {"1"}}, Headers: map[string][]string{"X-Of": {"2"}, "Content-Type": {"text/envelope"}}, Body: []byte("dear:you")},
		Reply: &contracts.Part{Status: 202}}
	in := wire.Inside(letters{}, x)
	want := &contracts.Part{Path: "dear12POSTmail", Headers: map[string][]string{"X-Of": {"2"}, "Content-Type": {"text/letter"}}, Body: []byte("you")}
	if !reflect.DeepEqual(in, want) {
		t.Errorf("inside %+v, want %+v", in, want)
	}
	c := wire.Crossing{FromSUT: true, Exchange: x, Inside: in}
	if got := c.Enclosed(false); !got.FromConsumer || got.Reply != nil || got.Request.Method != "" || string(got.Request.Body) != "you" {
		t.Errorf("enclosed %+v", got)
	}
	if got := c.Telling(true); got.FromConsumer || got.Reply == nil || got.Request.Path != "/mail" || string(got.Request.Body) != "you" || got.Request.Header("Content-Type") != "text/letter" {
		t.Errorf("telling %+v", got)
	}
	if x.Request.Header("Content-Type") != "text/envelope" || string(x.Request.Body) != "dear:you" {
		t.Errorf("the exchange itself is %+v now", x)
	}
	x.Request.Body = []byte("nothing")
	if wire.Inside(letters{}, x) != nil || wire.Inside(nil, x) != nil || wire.Inside(struct{ simulators.Dialect }{}, x) != nil {
		t.Error("something is inside of nothing")
	}
}
