package rewording_test

import (
	"bytes"
	"cmp"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/rewording"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/b2mml"
	"github.com/andon-rig/andon/simulators/dialects/d365"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/dialects/ion"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/dialects/saps4"
	"github.com/andon-rig/andon/simulators/dialects/staging"
	"github.com/andon-rig/andon/simulators/plant"
)

var all = []chaos.Drift{
	chaos.DriftExtraField, chaos.DriftNamespace, chaos.DriftRenamed, chaos.DriftNull, chaos.DriftType, chaos.DriftEnum, chaos.DriftComma,
	chaos.DriftExponent, chaos.DriftManyDecimals, chaos.DriftNegative, chaos.DriftNoOffset, chaos.DriftCutOff, chaos.DriftEmpty, chaos.DriftCharset,
}

// dialects are all there are, in the settings that change what is on the wire,
// with what cannot happen to their announcements.
var dialects = []struct {
	name  string
	is    simulators.Dialect
	never []chaos.Drift
}{
	{"neutral", neutral.Dialect{}, nil},
	{"b2mml", b2mml.Dialect{}, nil},
	{"b2mml in SOAP 1.1", b2mml.Dialect{Settings: b2mml.Settings{Envelope: b2mml.SOAP11}}, nil},
	{"b2mml in SOAP 1.2", b2mml.Dialect{Settings: b2mml.Settings{Envelope: b2mml.SOAP12}}, nil},
	{"ion v3", ion.Dialect{Version: ion.V3}, nil},
	{"ion v2", ion.Dialect{Version: ion.V2}, nil},
	{"ion v2 in base64", ion.Dialect{Version: ion.V2, Settings: ion.Settings{Layout: ion.JSON}}, []chaos.Drift{chaos.DriftNoOffset}},
	{"d365", d365.Dialect{}, []chaos.Drift{}},
	{"saps4", saps4.Dialect{}, nil},
	{"staging", staging.Dialect{}, []chaos.Drift{chaos.DriftCutOff, chaos.DriftEmpty, chaos.DriftCharset, chaos.DriftType, chaos.DriftComma, chaos.DriftExponent}},
	{"files", files.Dialect{}, noFile},
	{"files with commas", files.Dialect{Settings: files.Settings{Decimal: files.Comma}}, noFile},
	{"files of fixed columns", files.Dialect{Settings: files.Settings{Layout: files.Fixed}}, noFile},
	{"files in latin-1", files.Dialect{Settings: files.Settings{Encoding: files.Latin1}}, noFile},
}

var noFile = []chaos.Drift{chaos.DriftEmpty, chaos.DriftCharset, chaos.DriftType, chaos.DriftNamespace}

func ev(f plant.Fact) plant.Event {
	return plant.Event{ID: plant.EventID(plant.Natural(f)), At: time.Date(2026, 11, 16, 8, 15, 0, 0, time.FixedZone("", 3600)), Fact: f}
}

func events() []plant.Event {
	due := time.Date(2026, 11, 20, 12, 0, 0, 0, time.FixedZone("", 3600))
	return []plant.Event{
		ev(plant.OrderReleased{Order: plant.Order{ID: "4711000001", Item: "PUMP-7", Quantity: plant.Of(200, "EA"), Due: due, Operations: []plant.Operation{{ID: "0010", WorkCenter: "WC-1"}},
			Components: []plant.Component{{Operation: "0010", Material: "CASTING-3", Quantity: plant.Quantity{Amount: plant.MustDecimal("12.5"), Unit: "KGM"}}}}}),
		ev(plant.OrderChanged{Order: "4711000001", Version: 2, Quantity: plant.Of(180, "EA"), Due: due}),
		ev(plant.OperationStarted{Order: "4711000001", Operation: "0010", WorkCenter: "WC-1"}),
		ev(plant.Confirmed{Order: "4711000001", Operation: "0010", Counter: 3, Yield: plant.Of(61, "EA"), Scrap: plant.Of(2, "EA"), Rework: plant.Of(1, "EA"), Start: due.Add(-99 * time.Hour), End: due.Add(-98 * time.Hour), Labor: time.Hour}),
		ev(plant.Consumed{Order: "4711000001", Operation: "0010", Counter: 1, Material: "CASTING-3", Lot: "L-1", Quantity: plant.Quantity{Amount: plant.MustDecimal("40.125"), Unit: "KGM"}}),
		ev(plant.Received{Order: "4711000001", Counter: 1, Material: "PUMP-7", Lot: "L-P7", Quantity: plant.Of(61, "EA")}),
		ev(plant.LotHeld{Lot: "L-P7", Material: "PUMP-7", Case: "QC-9", Reason: "worn"}),
		ev(plant.LotDecided{Lot: "L-P7", Material: "PUMP-7", Case: "QC-9", Decision: plant.DecideUseAsIs}),
		ev(plant.ItemChanged{Version: 2, Item: plant.Item{ID: "PUMP-7", Unit: "EA", Lots: true}}),
	}
}

// TestAnnouncements holds every way to drift at every dialect against the decoder
// that keeps the contract: what only adds is understood as before, what damages
// is not, and what was handed in stays as it was. Each way can be said by each
// dialect in some message, unless its form has no room for it.
func TestAnnouncements(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			reword, said := rewording.Of(d.is), map[chaos.Drift]int{}
			for _, e := range events() {
				ms, err := d.is.Encode(e)
				if err != nil {
					t.Fatalf("%s: %v", e.ID, err)
				}
				if len(ms) == 0 {
					continue
				}
				m := ms[0]
				before, unread := d.is.Decode(m)
				for _, how := range all {
					was := bytes.Clone(m.Body)
					out, ok := reword(m, how)
					if again, same := reword(m, how); same != ok || !bytes.Equal(again.Body, out.Body) {
						t.Errorf("%s %s: two times not the same", e.ID, how)
					}
					if !bytes.Equal(was, m.Body) {
						t.Fatalf("%s %s: what was handed in was changed", e.ID, how)
					}
					if !ok {
						continue
					}
					if said[how]++; bytes.Equal(out.Body, m.Body) {
						t.Errorf("%s %s: it says the same", e.ID, how)
					}
					if unread != nil {
						continue
					}
					after, err := d.is.Decode(out)
					if same := err == nil && reflect.DeepEqual(before.Claims, after.Claims); same != how.Additive() && !taken(d.name, how) {
						t.Errorf("%s %s: understood as before is %v (%v)\n%s", e.ID, how, same, err, out.Body)
					}
				}
			}
			for _, how := range all {
				if never := slices.Contains(d.never, how); never != (said[how] == 0) {
					t.Errorf("%s was said %d times", how, said[how])
				}
			}
		})
	}
}

// taken are changes that the interface takes otherwise than most do, whatever is
// changed: it is not the change that is to blame.
func taken(dialect string, how chaos.Drift) bool {
	switch {
	case strings.HasPrefix(dialect, "files"): // cells have their place: one more is one too many
		return how == chaos.DriftExtraField
	case dialect == "d365": // a message is known by its content; 61E0 is a number, and times are UTC
		return how.Additive() || how == chaos.DriftExponent || how == chaos.DriftNoOffset
	case dialect == "saps4": // OData refuses what is not in $metadata; an event only names what has changed
		return how.Additive() || how == chaos.DriftNoOffset || how == chaos.DriftCharset
	}
	return false
}

// TestWhatDrifts shows what becomes of some messages.
func TestWhatDrifts(t *testing.T) {
	order, card, hold := events()[0], events()[3], events()[6]
	for _, c := range []struct {
		dialect string
		e       plant.Event
		how     chaos.Drift
		want    string
	}{
		{"neutral", card, chaos.DriftRenamed, `"QuantityString_2":"61"`},
		{"neutral", card, chaos.DriftNull, `"QuantityString":null`},
		{"neutral", card, chaos.DriftType, `"QuantityString":61`},
		{"neutral", card, chaos.DriftComma, `"QuantityString":"61,0"`},
		{"neutral", hold, chaos.DriftCharset, "\"remark\":\"gepr\xfcft\""},
		{"b2mml", card, chaos.DriftRenamed, `<QuantityString_2>61</QuantityString_2>`},
		{"b2mml", card, chaos.DriftExtraField, `<UserArea><FutureUse `},
		{"b2mml in SOAP 1.2", card, chaos.DriftExponent, `<QuantityString>61E0</QuantityString>`},
		{"ion v3", card, chaos.DriftExtraField, `<UserArea><FutureUse `},
		{"d365", card, chaos.DriftRenamed, `\"GoodQuantity_2\":61`},
		{"d365", card, chaos.DriftComma, `\"GoodQuantity\":\"61,0\"`},
		{"saps4", card, chaos.DriftManyDecimals, `"ConfirmationYieldQuantity":"61.00000000000001"`},
		{"saps4", order, chaos.DriftRenamed, `"ManufacturingOrder_2":"4711000001"`},
		{"staging", order, chaos.DriftExtraField, `"future_use":"2031"`},
		{"staging", order, chaos.DriftEnum, `"action":"provisional"`},
		{"files", order, chaos.DriftExtraField, ";2031\r\n"},
		{"files", order, chaos.DriftRenamed, "\nOR9;"},
		{"files", order, chaos.DriftComma, ";200,0;"},
	} {
		d := dialects[slices.IndexFunc(dialects, func(d struct {
			name  string
			is    simulators.Dialect
			never []chaos.Drift
		}) bool {
			return d.name == c.dialect
		})].is
		ms, err := d.Encode(c.e)
		if err != nil {
			t.Fatal(err)
		}
		if out, ok := rewording.Of(d)(ms[0], c.how); !ok || !bytes.Contains(out.Body, []byte(c.want)) {
			t.Errorf("%s, %s: %v, want %q in\n%s", c.dialect, c.how, ok, c.want, out.Body)
		}
	}
}

// TestReplies: an answer is told in other words, and by its outcome in none that
// only announcements have.
func TestReplies(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			reword, said := rewording.Of(d.is), map[chaos.Drift]int{}
			ms, err := d.is.Encode(events()[3])
			if err != nil {
				t.Fatal(err)
			}
			for outcome, a := range map[simulators.Outcome]simulators.Answer{
				simulators.Applied: {Rows: []simulators.Row{{Doc: "5000000001"}}},
				simulators.Refused: {Refusal: &simulators.Refusal{Class: simulators.Business, Code: "order-closed", Text: "no"}},
			} {
				reply := d.is.Reply(ms[0], a)
				reply.Result.Outcome = cmp.Or(reply.Result.Outcome, outcome)
				was := bytes.Clone(reply.Body)
				for _, how := range all {
					out, ok := reword(reply, how)
					if !bytes.Equal(was, reply.Body) {
						t.Fatalf("%s: what was handed in was changed", how)
					}
					if ok && bytes.Equal(out.Body, was) {
						t.Errorf("%s: it says the same", how)
					}
					if ok {
						said[how]++
					}
				}
			}
			for _, how := range []chaos.Drift{chaos.DriftExtraField, chaos.DriftNull, chaos.DriftEnum} {
				if said[how] == 0 {
					t.Errorf("%s was never said", how)
				}
			}
			for _, how := range []chaos.Drift{chaos.DriftCutOff, chaos.DriftEmpty, chaos.DriftNoOffset, chaos.DriftCharset, chaos.DriftNegative} {
				if said[how] > 0 {
					t.Errorf("%s is of announcements", how)
				}
			}
		})
	}
}

// TestRepliesOfAFunction: what a function has answered in XML is told in other
// words as well.
func TestRepliesOfAFunction(t *testing.T) {
	for _, name := range []string{"confirmation", "in-SOAP", "refused"} {
		text, err := os.ReadFile("../../simulators/dialects/saps4/testdata/function-" + name + ".http")
		if err != nil {
			t.Fatal(err)
		}
		x, err := dialecttest.ReadExchange(text)
		if err != nil {
			t.Fatal(err)
		}
		x.Reply.Result.Outcome = simulators.Applied
		for how, want := range map[chaos.Drift]string{chaos.DriftExtraField: "<FutureUse ", chaos.DriftRenamed: "<MESSAGE_2>", chaos.DriftEnum: "<TYPE>Provisional</TYPE>", chaos.DriftNull: `xsi:nil="true"`} {
			out, ok := rewording.Of(saps4.Dialect{})(x.Reply, how)
			if !ok || !bytes.Contains(out.Body, []byte(want)) {
				t.Errorf("%s, %s: %v, want %s in\n%s", name, how, ok, want, out.Body)
			}
		}
	}
}

// plain is a dialect that says nothing of itself.
type plain struct{ simulators.Dialect }

func (plain) Decode(simulators.Message) (simulators.Ask, error) {
	return simulators.Ask{}, &simulators.Refusal{Code: "unread"}
}

// TestAnyDialect: what nobody has heard of drifts as well, by its form and by what
// its message is known to state.
func TestAnyDialect(t *testing.T) {
	e := events()[3]
	for _, c := range []struct {
		body string
		how  chaos.Drift
		want string
	}{
		{`{"AUFNR":"4711000001","MENGE":61,"ART":"x"}`, chaos.DriftRenamed, `{"AUFNR":"4711000001","MENGE_2":61,"ART":"x"}`},
		{`{"AUFNR":"4711000001","MENGE":61}`, chaos.DriftType, `{"AUFNR":"4711000001","MENGE":"61"}`},
		{`{"AUFNR":"4711000001","MENGE":61}`, chaos.DriftExponent, `{"AUFNR":"4711000001","MENGE":61E0}`},
		{`{"AUFNR":"4711000001"}`, chaos.DriftNull, `{"AUFNR":null}`},
		{`<a><nr>4711000001</nr><menge>61.0</menge></a>`, chaos.DriftComma, `<a><nr>4711000001</nr><menge>61,0</menge></a>`},
		{`<a><nr>4711000001</nr></a>`, chaos.DriftRenamed, `<a><nr_2>4711000001</nr_2></a>`},
		{`<a><status>open</status></a>`, chaos.DriftEnum, `<a><status>provisional</status></a>`},
		{`<a><s t="x > y"/><!-- <b> --><![CDATA[<c>]]></a>`, chaos.DriftNamespace, `<a xmlns:vnd="urn:example:vendor:2" vnd:hop="7"><s t="x > y"/><!-- <b> --><![CDATA[<c>]]></a>`},
		{"--b\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{\"MENGE\":61}\r\n--b--", chaos.DriftNull, "--b\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"MENGE\":null}\r\n--b--"},
		{`[{"MENGE":61},{"MENGE":3}]`, chaos.DriftNegative, `[{"MENGE":-61},{"MENGE":3}]`},
		{`61`, chaos.DriftRenamed, ""}, {``, chaos.DriftNull, ""}, {`{"a":`, chaos.DriftNull, ""}, {`<a><b></a>`, chaos.DriftNamespace, ``}, {`{}`, chaos.DriftEnum, ""},
	} {
		m := simulators.Message{Body: []byte(c.body), Events: []plant.Event{e}}
		out, ok := rewording.Of(plain{})(m, c.how)
		if ok != (c.want != "") || ok && string(out.Body) != c.want {
			t.Errorf("%s of %s: %v\n%s\nwant\n%s", c.how, c.body, ok, out.Body, c.want)
		}
	}
}

// FuzzReword: whatever stands in a body, it is left alone or changed, and what was
// handed in is not.
func FuzzReword(f *testing.F) {
	for i, d := range dialects {
		for _, e := range events() {
			if ms, err := d.is.Encode(e); err == nil && len(ms) > 0 {
				f.Add(i, 0, string(ms[0].Body))
			}
		}
	}
	f.Add(0, 3, "{\"a\":{\"b\":[1,{\"c\":\"\\\"\"}]}}")
	f.Add(1, 0, "<a b='c'><d/>x</a>")
	f.Fuzz(func(t *testing.T, dialect, how int, body string) {
		if dialect < 0 || how < 0 {
			t.Skip("no dialect and no way to reword has a number below 0")
		}
		m := simulators.Message{Name: "confirmations", Body: []byte(body), Events: events()[3:4]}
		out, ok := rewording.Of(dialects[dialect%len(dialects)].is)(m, all[how%len(all)])
		if string(m.Body) != body {
			t.Fatal("what was handed in was changed")
		}
		if !ok && string(out.Body) != body {
			t.Fatalf("it says that it has changed nothing: %s", out.Body)
		}
	})
}
