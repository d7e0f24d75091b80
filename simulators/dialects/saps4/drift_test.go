package saps4

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestDriftedAnnouncements holds every way to drift against the decoder that
// keeps the contract: what only adds to an event is understood as before, what
// damages is not, and the message that was handed in stays as it was.
func TestDriftedAnnouncements(t *testing.T) {
	d := Dialect{}
	change := plant.Event{ID: "order-changed/4711/2", Fact: plant.OrderChanged{Order: "4711", Version: 2, Quantity: plant.Of(3, "EA")}}
	card := plant.Event{ID: "confirmation/4711/0010/1", Fact: plant.Confirmed{Order: "4711", Operation: "0010", Counter: 1, Yield: plant.Of(12, "EA")}}
	for _, c := range []struct {
		e        plant.Event
		drift    simulators.Drift
		drifts   bool
		harmless bool // it is understood as before
	}{
		{change, simulators.DriftExtraField, true, true}, {change, simulators.DriftNamespace, true, true}, {change, simulators.DriftRenamed, true, false},
		{change, simulators.DriftNull, true, false}, {change, simulators.DriftType, true, false}, {change, simulators.DriftComma, false, false},
		{change, simulators.DriftEnum, true, true}, // another type of event of the same object: it is read all the same
		{change, simulators.DriftCutOff, true, false}, {change, simulators.DriftEmpty, true, false},
		{card, simulators.DriftRenamed, true, false}, {card, simulators.DriftType, true, false}, {card, simulators.DriftComma, true, false},
		{card, simulators.DriftNegative, true, false}, {card, simulators.DriftExponent, true, false}, {card, simulators.DriftManyDecimals, true, false},
	} {
		ms, err := d.Encode(c.e)
		if err != nil {
			t.Fatal(err)
		}
		before, err := d.Decode(ms[0])
		if err != nil {
			t.Fatal(err)
		}
		was := bytes.Clone(ms[0].Body)
		out, ok := d.Drift(ms[0], c.drift)
		if !bytes.Equal(was, ms[0].Body) {
			t.Fatalf("%s %s: the message that was handed in was changed", c.e.ID, c.drift)
		}
		if ok != c.drifts || ok == bytes.Equal(out.Body, was) {
			t.Errorf("%s %s: drifted %v:\n%s", c.e.ID, c.drift, ok, out.Body)
		}
		ask, err := d.Decode(out)
		if same := err == nil && reflect.DeepEqual(ask, before); ok && same != c.harmless {
			t.Errorf("%s %s: understood as before is %v (%v):\n%s", c.e.ID, c.drift, same, err, out.Body)
		}
	}
}

// TestDriftedReplies: what is read, and what answers a posting, can drift.
func TestDriftedReplies(t *testing.T) {
	d := Dialect{}
	ms, err := d.Encode(plant.Event{ID: "confirmation/4711/0010/1", Fact: plant.Confirmed{Order: "4711", Operation: "0010", Counter: 1, Yield: plant.Of(12, "EA")}})
	if err != nil {
		t.Fatal(err)
	}
	posted := d.Reply(ms[0], simulators.Answer{Rows: []simulators.Row{{Doc: "5000000001"}}})
	posted.Result.Outcome = simulators.Applied
	refused := d.Reply(ms[0], simulators.Answer{Refusal: &simulators.Refusal{Class: simulators.Business, Code: "order-closed", Text: "text"}})
	refused.Result.Outcome = simulators.Refused
	for drift, says := range map[simulators.Drift]string{
		simulators.DriftExtraField: `{"d":{"FutureUse":"1","`, simulators.DriftNamespace: `"__vnd":{"hop":"7"}`, simulators.DriftRenamed: `"ConfirmationGroup_2":"5000000001"`,
		simulators.DriftNull: `"ConfirmationYieldQuantity":null`, simulators.DriftType: `"ConfirmationYieldQuantity":12`, simulators.DriftComma: `"ConfirmationYieldQuantity":"12,000"`,
	} {
		if out, ok := d.Drift(posted, drift); !ok || !bytes.Contains(out.Body, []byte(says)) {
			t.Errorf("%s: %v, want %s:\n%s", drift, ok, says, out.Body)
		}
	}
	if out, ok := d.Drift(refused, simulators.DriftNull); ok {
		t.Errorf("a refusal has nothing that could be null:\n%s", out.Body)
	}
}
