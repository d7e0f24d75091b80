package b2mml

import (
	"os"
	"path/filepath"
	"reflect"
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

// TestReadsAnswersOfOthers reads answers that are not worded as ours.
func TestReadsAnswersOfOthers(t *testing.T) {
	root := filepath.Join("..", "..", "..", "..", "shared", "standards", "b2mml", "examples-own")
	for file, want := range map[string]simulators.Result{
		"confirm-bod.xml": {Outcome: simulators.Refused, Class: simulators.DataQuality, Code: "LOT_UNKNOWN", Text: "Lot LOT-C3-8841 is not known for CASTING-3 at PLANT-10"},
		"acknowledge-operations-schedule-rejected.xml": {Outcome: simulators.Refused, Class: simulators.DataQuality, Code: "REVISION_UNKNOWN", Text: "ROUTE-PUMP-7 revision C has not been synchronised"},
	} {
		b, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Skipf("the examples that we wrote beside the published ones are not there; put folder examples-own at %s: %v", filepath.Dir(root), err)
		}
		reply := simulators.Message{Body: b, Header: map[string]string{"Content-Type": "application/xml"}, Result: simulators.Result{Outcome: simulators.Accepted, Status: 200}}
		want.Status = 200
		if got := (Dialect{}).ReadReply(simulators.Message{}, reply); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", file, got, want)
		}
		if says := (Dialect{}).CheckReply(simulators.Message{}, reply); says != "" {
			t.Errorf("%s: %s", file, says)
		}
	}
	for said, class := range map[string]simulators.Class{"technical": simulators.Technical, "BUSINESS": simulators.Business, "Data_Quality": simulators.DataQuality, "E42": ""} {
		if got := classOf(said); got != class {
			t.Errorf("%q is of class %q", said, got)
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
