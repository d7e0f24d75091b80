package b2mml

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
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
	for _, e := range []plant.Event{released(), confirmation(), consumption(1, "L1", "12.5"),
		ev(plant.LotHeld{Lot: "L1", Case: "Q1", Reason: "worn"}, at(8, 0, 0)), ev(plant.OperationStarted{Order: "4711", Operation: "0010"}, at(8, 0, 0))} {
		for _, s := range envelopes {
			dialect := Dialect{s}
			ms, err := dialect.Encode(e)
			if err != nil {
				t.Fatal(err)
			}
			before, err := dialect.Decode(ms[0])
			if err != nil {
				t.Fatal(err)
			}
			was := bytes.Clone(ms[0].Body)
			for _, d := range append(slices.Clone(drifts), simulators.DriftNegative, simulators.DriftNoOffset, simulators.DriftCutOff, simulators.DriftEmpty, simulators.DriftCharset) {
				out, ok := dialect.Drift(ms[0], d)
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
				ask, err := dialect.Decode(out)
				if d.Additive() {
					if err != nil || !reflect.DeepEqual(ask.Claims, before.Claims) {
						t.Errorf("%s %s: %v, claims %+v\n%s", e.ID, d, err, ask.Claims, out.Body)
					}
				} else if err == nil {
					t.Errorf("%s %s: understood as %+v\n%s", e.ID, d, ask.Claims, out.Body)
				}
			}
		}
	}
}

func TestDriftedReplies(t *testing.T) {
	said := Dialect{}.Reply(post(confirmationBody(t, Settings{})), simulators.Answer{Refusal: refusal("", simulators.Business, "order-closed", "no")})
	said.Result.Outcome = simulators.Refused
	for d, want := range map[simulators.Drift]string{
		simulators.DriftExtraField: `<FutureUse`, simulators.DriftNamespace: `vnd:hop="7"`, simulators.DriftRenamed: `<StatusCode>order-closed</StatusCode>`,
		simulators.DriftNull: `<Code xmlns:xsi="` + xmltree.XSI + `" xsi:nil="true"/>`, simulators.DriftType: `>1767225600<`, simulators.DriftEnum: `actionCode="Provisional"`,
	} {
		out, ok := Dialect{}.Drift(said, d)
		if _, err := xmltree.Parse(out.Body); !ok || err != nil || !bytes.Contains(out.Body, []byte(want)) {
			t.Errorf("%s: %v, %v; want %s in\n%s", d, ok, err, want, out.Body)
		}
	}
	if out, ok := (Dialect{}).Drift(said, simulators.DriftComma); ok {
		t.Errorf("a refusal without a quantity became %s", out.Body)
	}
}
