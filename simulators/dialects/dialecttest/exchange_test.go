package dialecttest

import (
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// plainly is a dialect in which a body is the name of an order, and a question
// has it in its query.
type plainly struct{}

func (plainly) Policy() simulators.Policy                                          { return simulators.Policy{} }
func (plainly) Encode(plant.Event) ([]simulators.Message, error)                   { return nil, nil }
func (plainly) Reply(m simulators.Message, _ simulators.Answer) simulators.Message { return m }

func (plainly) Decode(m simulators.Message) (simulators.Ask, error) {
	id := m.Params["order"]
	if m.Verb == "post" {
		id = string(m.Body)
	}
	switch {
	case id == "" && m.Header["Silent"] == "":
		return simulators.Ask{}, &simulators.Refusal{Code: "order-unknown", Text: "no order is named"}
	case id == "":
		return simulators.Ask{}, nil
	}
	return simulators.Ask{Query: &simulators.Query{Object: "order", Where: map[string]string{"id": id}, Fits: func(any) bool { return true }}}, nil
}

// exchange is one that can be said in every way.
func exchange() Exchange {
	return Exchange{By: plainly{},
		Request: simulators.Message{Verb: "get", Method: "GET", Name: "orders/a%2Fb", Params: map[string]string{"order": "47 & 11%20+ä#;", "top": "1"}, Header: map[string]string{"Accept": "text/plain"}},
		Reply:   simulators.Message{Header: map[string]string{"Content-Type": "text/plain", "Etag": `W/"1: 2"`}, Body: []byte("a\n\nb\r\n\r\nHTTP/1.1 1\n"), Result: simulators.Result{Status: 200}}}
}

func TestExchangesAreReadAgain(t *testing.T) {
	whole := exchange()
	posted := exchange()
	posted.Request = simulators.Message{Verb: "post", Name: "orders", Body: []byte("4711\r\n\r\nHTTP/1.1 200\r\n")}
	told := exchange()
	told.Request, told.Reply = simulators.Message{Verb: "post", Name: "events", Body: []byte("\n")}, simulators.Message{}
	empty := exchange()
	empty.Reply.Body, empty.Reply.Header, empty.Reply.Result.Status = nil, nil, 204
	for name, x := range map[string]Exchange{"a question": whole, "a posting": posted, "nothing is answered": told, "an empty answer": empty} {
		again, err := ReadExchange(x.Transcript())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if wrong := x.unlike(again); len(wrong) > 0 {
			t.Errorf("%s: %q", name, wrong)
		}
	}
	for text, want := range map[string]string{
		"": "no empty line", "GET /a": "no empty line", "GET a\n\n\n": "line 1", "GET /a b\n\n\n": "line 1", "GET /a\nnothing\n\n\n": "line 2", "GET /a?%zz\n\n\n": "query",
		"GET /a\n\n\n\nHTTP/1.1 fine\n\n\n": "answer", "GET /a\n\n\n\nHTTP/1.1 200\n": "answer: no empty line",
	} {
		if x, err := ReadExchange([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is read as %+v, %v; want %s", text, x, err, want)
		}
	}
}

// What a golden file shows of a dialect is held against it: each slip is seen.
func TestWhatIsReadAgainIsHeldAgainstTheDialect(t *testing.T) {
	for name, c := range map[string]struct {
		of, to func(*Exchange)
		want   string
	}{
		"another order":           {nil, func(x *Exchange) { x.Request.Params["order"] = "4712" }, "understood as"},
		"no order":                {nil, func(x *Exchange) { x.Request.Params = nil }, "refused with"},
		"another status":          {nil, func(x *Exchange) { x.Reply.Result.Status = 201 }, "the answer is"},
		"another header":          {nil, func(x *Exchange) { x.Reply.Header = nil }, "the answer is"},
		"another name":            {nil, func(x *Exchange) { x.Request.Name = "orders" }, "the request is"},
		"refused, and a success":  {func(x *Exchange) { x.Request.Params = nil }, func(x *Exchange) { x.Request.Params = nil }, "answered 200"},
		"what says nothing":       {func(x *Exchange) { x.Request.Params, x.Request.Header = nil, map[string]string{"Silent": "1"} }, func(x *Exchange) { x.Request.Params, x.Request.Header = nil, map[string]string{"Silent": "1"} }, "says nothing"},
		"refused, and an error":   {func(x *Exchange) { x.Request.Params, x.Reply.Result.Status = nil, 400 }, func(x *Exchange) { x.Request.Params, x.Reply.Result.Status = nil, 400 }, ""},
		"told, and no word of it": {func(x *Exchange) { x.Request.Params, x.Told = nil, true }, func(x *Exchange) { x.Request.Params = nil }, ""},
		"as it should be":         {nil, func(*Exchange) {}, ""},
	} {
		was, is := exchange(), exchange()
		if c.of != nil {
			c.of(&was)
		}
		c.to(&is)
		wrong := was.unlike(is)
		if c.want == "" && len(wrong) > 0 || c.want != "" && !slices.ContainsFunc(wrong, func(s string) bool { return strings.Contains(s, c.want) }) {
			t.Errorf("%s: %q, want %q", name, wrong, c.want)
		}
	}
	if laid := (Exchange{Request: simulators.Message{Body: []byte(`{"a":1}`)}, Reply: simulators.Message{Body: []byte("no JSON")}}).LaidOut(); string(laid.Request.Body) != "{\n  \"a\": 1\n}" || string(laid.Reply.Body) != "no JSON" {
		t.Errorf("laid out as %q, %q", laid.Request.Body, laid.Reply.Body)
	}
}
