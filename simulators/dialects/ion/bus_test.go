package ion

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestAddressee: a document goes to the connection point that it is addressed to,
// or by its name to whoever takes what it tells of, in every layout.
func TestAddressee(t *testing.T) {
	for name, d := range variants() {
		if d.Settings.Product != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			m, err := d.Batch(confirmation())
			if err != nil {
				t.Fatal(err)
			}
			if to, kinds := d.Addressee(m); to != "" || !reflect.DeepEqual(kinds, []plant.Kind{plant.KindOperationStarted, plant.KindConfirmation, plant.KindRework}) {
				t.Errorf("for %q, %v", to, kinds)
			}
			if d.Settings.Layout != Multipart && d.Settings.Layout != "" {
				return
			}
			m.Body = bytes.Replace(m.Body, []byte(toDefault), []byte("lid://plantsim.mes.charlie"), 1)
			if to, kinds := d.Addressee(m); to != "lid://plantsim.mes.charlie" || kinds != nil {
				t.Errorf("for %q, %v", to, kinds)
			}
			m.Body = []byte("--")
			if to, kinds := d.Addressee(m); to != "" || kinds != nil {
				t.Errorf("unreadable: for %q, %v", to, kinds)
			}
		})
	}
	if to, kinds := (Dialect{}).Addressee(simulators.Message{Verb: "get", Name: "service/ping"}); to != "" || kinds != nil {
		t.Errorf("a question: for %q, %v", to, kinds)
	}
	if got := (Dialect{Settings: Settings{LogicalID: "lid://x"}}).Point(); got != "lid://x" {
		t.Errorf("connection point %q", got)
	}
}

// TestNoRoute: what is addressed to a connection point that is not there is taken
// over, and nobody hears of it again.
func TestNoRoute(t *testing.T) {
	d := Dialect{Settings: Settings{ConfirmBOD: Delivered}}
	for to, routed := range map[string]bool{toDefault: true, "lid://plantsim.erp.alpha": true, "lid://plantsim.erp.alhpa": false} {
		m, err := d.Batch(dialecttest.Confirmation())
		if err != nil {
			t.Fatal(err)
		}
		m.Body = bytes.Replace(m.Body, []byte(toDefault), []byte(to), 1)
		ask, err := d.Decode(m)
		if err != nil || (len(ask.Claims) == 1) != routed || (ask.Late == nil) != routed {
			t.Fatalf("to %s: %+v, %v", to, ask, err)
		}
		if r := d.Reply(m, simulators.Answer{Later: true}); r.Result.Status != 202 {
			t.Errorf("to %s: answered %d", to, r.Result.Status)
		}
		answer := simulators.Answer{Refusal: refusal(simulators.Business, "order-closed", "text")}
		if !routed {
			answer.Refusal = ask.Late
		}
		if told, err := d.Respond(m, answer); err != nil || (len(told) == 2) != routed || !routed && len(told) > 0 {
			t.Errorf("to %s: told %d messages, %v", to, len(told), err)
		}
	}
}

// TestConfirmed: a ConfirmBOD says which fact of ours could not be posted, by its
// noun or by the name of the document, and is not answered itself.
func TestConfirmed(t *testing.T) {
	d := Dialect{Settings: Settings{ConfirmBOD: Delivered}}
	sent, err := d.Batch(confirmation())
	if err != nil {
		t.Fatal(err)
	}
	told, err := d.Respond(sent, simulators.Answer{Refusal: refusal(simulators.Business, "order-closed", "the order is closed")})
	if err != nil || len(told) != 2 {
		t.Fatalf("%d messages, %v", len(told), err)
	}
	plainly := "<ErrorProcessMessage>"
	for name, c := range map[string]struct {
		replace []string
		want    simulators.Failure
		late    string
	}{
		"by its document": {nil, simulators.Failure{Reference: confirmation().ID, Code: "order-closed", Text: "the order is closed"}, ""},
		"whose turn":      {[]string{"<Type>ERROR<", "<Type>Business<"}, simulators.Failure{Reference: confirmation().ID, Class: simulators.Business, Code: "order-closed", Text: "the order is closed"}, ""},
		"by its noun": {[]string{plainly, "<NounFailureMessage><DocumentID><ID>F-1</ID></DocumentID>" + plainly, "</ErrorProcessMessage>", "</ErrorProcessMessage></NounFailureMessage>"},
			simulators.Failure{Reference: "F-1", Code: "order-closed", Text: "the order is closed"}, ""},
		"no failure":  {[]string{"BODFailureMessage", "BODSuccessMessage"}, simulators.Failure{}, "BODFailureMessage is missing"},
		"no document": {[]string{"<BOD>", "<BDO>", "</BOD>", "</BDO>"}, simulators.Failure{}, "DataArea/BOD is missing"},
		"no name":     {[]string{"infor-nid:", "nid:"}, simulators.Failure{}, "BODID"},
	} {
		m := told[1]
		m.Body = []byte(strings.NewReplacer(c.replace...).Replace(string(m.Body)))
		ask, err := d.Decode(m)
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case c.late != "":
			if ask.Late == nil || !strings.Contains(ask.Late.Text, c.late) || ask.Failed != nil {
				t.Errorf("%s: %+v", name, ask)
			}
		case ask.Failed == nil || *ask.Failed != c.want || ask.Query == nil || ask.IdempotencyKey == "":
			t.Errorf("%s: %+v, %+v, want %+v", name, ask, ask.Failed, c.want)
		}
		if again, err := d.Respond(m, simulators.Answer{Refusal: refusal(simulators.DataQuality, "malformed", "text")}); err != nil || len(again) > 0 {
			t.Errorf("%s: answered by %d messages, %v", name, len(again), err)
		}
	}
}
