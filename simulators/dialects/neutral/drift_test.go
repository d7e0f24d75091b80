package neutral

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var drifts = []simulators.Drift{
	simulators.DriftExtraField, simulators.DriftNamespace, simulators.DriftRenamed, simulators.DriftNull, simulators.DriftType, simulators.DriftEnum,
	simulators.DriftComma, simulators.DriftExponent, simulators.DriftManyDecimals,
}

// TestDriftedAnnouncements holds every way to drift against the decoder that
// keeps the contract: what only adds is understood as before, what damages is
// refused, and the message that was handed in stays as it was.
func TestDriftedAnnouncements(t *testing.T) {
	for _, e := range []plant.Event{orderReleased(), confirmation(), ev(plant.LotHeld{Lot: "L1", Case: "Q1", Reason: "worn"}, at(8, 0, 0)),
		ev(plant.OperationStarted{Order: "4711", Operation: "0010"}, at(8, 0, 0)),
		ev(plant.Consumed{Order: "4711", Operation: "0010", Counter: 1, Material: "STEEL", Lot: "L1", Quantity: ea("12.5")}, at(8, 0, 0))} {
		ms, err := Dialect{}.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		was := bytes.Clone(ms[0].Body)
		for _, d := range append(slices.Clone(drifts), simulators.DriftNegative, simulators.DriftNoOffset, simulators.DriftCutOff, simulators.DriftEmpty, simulators.DriftCharset) {
			out, ok := Dialect{}.Drift(ms[0], d)
			if !bytes.Equal(ms[0].Body, was) {
				t.Fatalf("%s %s: the message that was handed in was changed", e.ID, d)
			}
			amount := d == simulators.DriftComma || d == simulators.DriftExponent || d == simulators.DriftManyDecimals || d == simulators.DriftNegative
			if has := bytes.Contains(was, []byte("QuantityString")); ok != (has || !amount) {
				t.Errorf("%s %s: drifted %v", e.ID, d, ok)
			}
			if !ok {
				continue
			}
			ask, err := Dialect{}.Decode(out)
			if d.Additive() {
				if err != nil || !reflect.DeepEqual(ask.Claims, must(Dialect{}.Decode(ms[0])).Claims) {
					t.Errorf("%s %s: %v, claims %+v\n%s", e.ID, d, err, ask.Claims, out.Body)
				}
			} else if err == nil {
				t.Errorf("%s %s: understood as %+v\n%s", e.ID, d, ask.Claims, out.Body)
			}
		}
	}
}

func must(a simulators.Ask, err error) simulators.Ask {
	if err != nil {
		panic(err)
	}
	return a
}

func TestDriftedReplies(t *testing.T) {
	refused := Dialect{}.Reply(simulators.Message{}, simulators.Answer{Refusal: &simulators.Refusal{Class: simulators.Business, Code: "order-closed", Text: "no"}})
	for d, want := range map[simulators.Drift]string{
		simulators.DriftExtraField: `{"futureUse":`, simulators.DriftRenamed: `"new_code":"order-closed"`, simulators.DriftNull: `"code":null`,
		simulators.DriftType: `"status":"409"`, simulators.DriftEnum: `"class":"provisional"`,
	} {
		out, ok := Dialect{}.Drift(refused, d)
		if !ok || !bytes.Contains(out.Body, []byte(want)) {
			t.Errorf("%s: %v %s, want %s in it", d, ok, out.Body, want)
		}
	}
	if out, ok := (Dialect{}).Drift(refused, simulators.DriftComma); ok {
		t.Errorf("a refusal without a quantity became %s", out.Body)
	}
}
