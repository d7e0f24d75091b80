package b2mml

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
)

// TestReadReply has a SUT answer in the words of the dialect itself.
func TestReadReply(t *testing.T) {
	for envelope, s := range envelopes {
		d := Dialect{s}
		m, err := d.Batch(confirmation())
		if err != nil {
			t.Fatal(err)
		}
		answer := func(a simulators.Answer) simulators.Message {
			r := d.Reply(m, a)
			if r.Result.Status/100 == 2 {
				r.Result = simulators.Result{Outcome: simulators.Accepted, Status: r.Result.Status}
			} else {
				r.Result = simulators.Result{Outcome: simulators.Unknown, Status: r.Result.Status}
			}
			return r
		}
		for name, c := range map[string]struct {
			reply   simulators.Message
			outcome simulators.Outcome
			class   simulators.Class
			code    string
			sound   bool
		}{
			"accepted":  {answer(simulators.Answer{Rows: []simulators.Row{{Doc: "1"}}}), simulators.Accepted, "", "", true},
			"rejected":  {answer(simulators.Answer{Refusal: refusal("", simulators.Business, "order-closed", "closed")}), simulators.Refused, simulators.Business, "order-closed", true},
			"not now":   {answer(simulators.Answer{Refusal: refusal(simulators.Locked, simulators.Technical, "order-locked", "locked")}), simulators.Unavailable, simulators.Technical, "order-locked", true},
			"malformed": {answer(simulators.Answer{Refusal: refuse(codeMalformed, "text")}), simulators.Refused, simulators.DataQuality, codeMalformed, true},
			"broken":    {answer(simulators.Answer{Refusal: refusal(simulators.Unknown, simulators.Technical, "internal", "text")}), simulators.Unavailable, simulators.Technical, "internal", true},
			"nothing":   {simulators.Message{Result: simulators.Result{Outcome: simulators.Accepted, Status: 202}}, simulators.Accepted, "", "", true},
			"JSON":      {simulators.Message{Body: []byte("{}"), Header: map[string]string{"Content-Type": "application/json"}, Result: simulators.Result{Outcome: simulators.Accepted, Status: 200}}, simulators.Accepted, "", "", true},
			"cut off":   {simulators.Message{Body: []byte("<a>"), Header: map[string]string{"Content-Type": "text/xml"}, Result: simulators.Result{Outcome: simulators.Accepted, Status: 200}}, simulators.Accepted, "", "", false},
			"redirect":  {simulators.Message{Result: simulators.Result{Outcome: simulators.Refused, Status: 302}}, simulators.Refused, "", "", false},
			"throttled": {simulators.Message{Body: answer(simulators.Answer{Refusal: expired}).Body, Header: map[string]string{"Content-Type": "text/xml"}, Result: simulators.Result{Outcome: simulators.Throttled, Status: 429}}, simulators.Throttled, "", "", true},
		} {
			t.Run(name+envelope, func(t *testing.T) {
				r := d.ReadReply(m, c.reply)
				if r.Outcome != c.outcome || r.Class != c.class || r.Code != c.code {
					t.Errorf("got %+v, want %s, %s, %s", r, c.outcome, c.class, c.code)
				}
				if says := d.CheckReply(m, c.reply); (says == "") != c.sound {
					t.Errorf("by the contract: %q", says)
				}
			})
		}
	}
}

func TestCheckReplyFindsOtherWords(t *testing.T) {
	d := Dialect{Settings{Envelope: SOAP11}}
	m, err := d.Batch(confirmation())
	if err != nil {
		t.Fatal(err)
	}
	fault := d.Reply(m, simulators.Answer{Refusal: refuse(codeMalformed, "text")})
	lying := fault
	lying.Result.Status = 200
	bare := Dialect{}.Reply(m, simulators.Answer{Rows: []simulators.Row{{Doc: "1"}}})
	other := d.Reply(m, simulators.Answer{Rows: []simulators.Row{{Doc: "1"}}})
	other.Body = []byte(strings.Replace(string(other.Body), Namespace, Namespace+"-V0600", 1))
	for name, c := range map[string]struct {
		reply simulators.Message
		says  string
	}{"fault under 200": {lying, "the body is a fault Client"}, "no envelope": {bare, "there is no SOAP envelope"}, "namespace": {other, "V0600"}} {
		if got := d.CheckReply(m, c.reply); !strings.Contains(got, c.says) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
