package scenarios

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// journal builds the records of a run by hand.
type journal struct {
	records []evidence.Record
	wall    time.Duration
	plant   time.Time
}

func newJournal(s Scenario) *journal {
	j := &journal{plant: six}
	return j.add(evidence.Begin{Plan: evidence.Plan{Expect: s.ExpectJSON(), Endpoints: map[string]evidence.Endpoint{
		"erp": {System: "erp"}, "mes": {System: "mes"},
	}, Items: []plant.Item{{ID: "M", Unit: "EA", Units: []plant.AltUnit{{Unit: "BOX", Factor: plant.Factor{Num: 12, Den: 1}}}}}}}).
			add(evidence.Step{Name: "play"})
}

func (j *journal) add(bodies ...evidence.Body) *journal {
	for _, b := range bodies {
		j.records = append(j.records, evidence.Record{Seq: uint64(len(j.records) + 1), At: j.wall, Plant: j.plant, Body: b})
	}
	return j
}

// after moves both clocks.
func (j *journal) after(wall, plantTime time.Duration) *journal {
	j.wall, j.plant = j.wall+wall, j.plant.Add(plantTime)
	return j
}

func (j *journal) end() []evidence.Record {
	return j.add(evidence.Step{Name: "heal"}, evidence.End{Quiet: true}).records
}

func truth(e plant.Event) evidence.Body  { return evidence.Truth{Event: e, Source: "mes", Sink: "erp"} }
func posted(e plant.Event) evidence.Body { return effectAt("erp", e) }
func effectAt(endpoint string, e plant.Event) evidence.Body {
	return evidence.Effect{Endpoint: endpoint, Posting: simulators.Posting{Claim: e}}
}

// judgeAll judges the records as a stored run: through JSON.
func judgeAll(t *testing.T, s Scenario, records []evidence.Record) []evidence.Finding {
	t.Helper()
	raw, err := json.Marshal(s.ExpectJSON())
	if err != nil {
		t.Fatal(err)
	}
	judge, err := ExpectationsFrom(raw)
	if err != nil {
		t.Fatal(err)
	}
	if judge.Name() != JudgeName {
		t.Errorf("name %q", judge.Name())
	}
	return judge.Judge(evidence.NewHistory(records))
}

func judgeOne(t *testing.T, s Scenario, records []evidence.Record) evidence.Finding {
	t.Helper()
	found := judgeAll(t, s, records)
	if len(found) != 1 {
		t.Fatalf("%d findings", len(found))
	}
	return found[0]
}

const everyYield = `expect:
  atEnd: [{that: "truth.orders.all(o, o in erp.orders && erp.orders[o].yield == truth.orders[o].yield)", means: the ERP has confirmed what was made}]
`

func TestAtEnd(t *testing.T) {
	s := parse(t, everyYield)
	c := confirmed("000123", 1, 5)
	if f := judgeOne(t, s, newJournal(s).add(truth(c), posted(c)).end()); f.Verdict != evidence.Holds {
		t.Errorf("%s: %s", f.Verdict, f.Text)
	}
	again := confirmed("000123", 2, 3)
	f := judgeOne(t, s, newJournal(s).add(truth(c), posted(c), truth(again)).end())
	if f.Verdict != evidence.Violated || f.ID != "E1" || f.Oracle != JudgeName || f.Keys.Order != "000123" {
		t.Fatalf("got %+v", f)
	}
	for _, want := range []string{"x.yaml:5:18", `o = "000123"`, "erp.orders[o].yield = 5", "truth.orders[o].yield = 8"} {
		if !strings.Contains(f.Text+f.Got, want) {
			t.Errorf("%q is missing in\n%s\n%s", want, f.Got, f.Text)
		}
	}
	if !strings.Contains(f.Expected, "the ERP has confirmed what was made (at the end: ") {
		t.Errorf("expected: %s", f.Expected)
	}
	if len(f.Evidence) == 0 || len(f.Evidence) > 10 || f.Evidence[0] != 3 {
		t.Errorf("evidence: %v", f.Evidence)
	}
	var tree explanation
	if err := json.Unmarshal(f.Extra, &tree); err != nil || tree.Value != "false" || len(tree.Parts) != 1 {
		t.Errorf("extra: %s, %v", f.Extra, err)
	}
}

// An expectation of two orders is told of the one that breaks it, and one of
// all orders of each that does.
func TestWhatBrokeItIsNamed(t *testing.T) {
	two := []evidence.Body{truth(confirmed("000123", 1, 5)), posted(confirmed("000123", 1, 5)), truth(confirmed("000124", 1, 5)), truth(confirmed("000125", 1, 3))}
	s := parse(t, "expect: {atEnd: [{that: 'erp.orders[\"000123\"].yield == decimal(5) && truth.orders[\"000124\"].yield == decimal(7)'}]}\n")
	f := judgeOne(t, s, newJournal(s).add(two...).end())
	if f.Verdict != evidence.Violated || f.Keys.Order != "000124" || strings.Contains(f.Got, "000123") {
		t.Errorf("%s of %s: %s", f.Verdict, f.Keys, f.Got)
	}
	s = parse(t, "expect: {never: [{that: 'truth.orders[\"000124\"].yield == decimal(5) || erp.orders[\"000123\"].yield == decimal(7)'}]}\n")
	if f := judgeOne(t, s, newJournal(s).add(two...).end()); f.Verdict != evidence.Violated || f.Keys.Order != "000124" || strings.Contains(f.Got, "000123") {
		t.Errorf("%s of %s: %s", f.Verdict, f.Keys, f.Got)
	}
	s = parse(t, everyYield)
	if f := judgeOne(t, s, newJournal(s).add(two...).end()); !strings.Contains(f.Got, `o = "000124" (also "000125")`) || f.Keys.Order != "000124" {
		t.Errorf("%s of %s: %s", f.Verdict, f.Keys, f.Got)
	}
}

// What holds because nothing happened is not green.
func TestHoldsOfNothingIsVacuous(t *testing.T) {
	s := parse(t, everyYield)
	if f := judgeOne(t, s, newJournal(s).end()); f.Verdict != evidence.Vacuous || !strings.Contains(f.Text, "truth.orders") {
		t.Errorf("%s: %s", f.Verdict, f.Text)
	}
	s = parse(t, "expect: {atEnd: [{that: \"count.truth['receipt'] == 0 && truth.lots.all(l, truth.lots[l].status == 'blocked')\"}]}\n")
	if f := judgeOne(t, s, newJournal(s).end()); f.Verdict != evidence.Vacuous {
		t.Errorf("%s: %s", f.Verdict, f.Text)
	}
}

func TestCutAndEndedEarlyAreInconclusive(t *testing.T) {
	for _, body := range []string{everyYield, "expect: {never: [{that: \"exceptions.exists(e, e.closed)\"}]}\n",
		"expect: {eventually: [{that: \"erp.orders.size() == 9\", within: {wall: 1h}}]}\n"} {
		s := parse(t, body)
		c := confirmed("1", 1, 5)
		cut := newJournal(s).add(truth(c)).records
		if f := judgeOne(t, s, cut); f.Verdict != evidence.Inconclusive || !strings.Contains(f.Text, "cut") {
			t.Errorf("cut: %s: %s", f.Verdict, f.Text)
		}
	}
	s := parse(t, everyYield)
	j := newJournal(s).add(truth(confirmed("1", 1, 5)), evidence.End{Reason: "interrupted"})
	if f := judgeOne(t, s, j.records); f.Verdict != evidence.Inconclusive || !strings.Contains(f.Text, "interrupted") {
		t.Errorf("%s: %s", f.Verdict, f.Text)
	}
}

const blocked = `when: [{upon: {event: lot-held}, as: hold}]
expect:
  eventually: [{that: "erp.lots[refs.hold.lot].status == 'blocked'", from: hold, within: {wall: 5s}}]
`

func TestEventuallyWithin(t *testing.T) {
	s := parse(t, blocked)
	hold := held("L-1")
	ref := evidence.Step{Name: "do note", Ref: "hold", Args: map[string]string{"lot": "L-1", "case": "QC-1"}}
	start := func() *journal { return newJournal(s).after(time.Second, time.Hour).add(truth(hold), ref) }

	f := judgeOne(t, s, start().after(2*time.Second, time.Hour).add(posted(hold)).end())
	if f.Verdict != evidence.Holds || !strings.Contains(f.Text, "2s wall") {
		t.Errorf("in time: %s: %s", f.Verdict, f.Text)
	}
	// Exactly at the limit is in time, just after it is not.
	if f := judgeOne(t, s, start().after(5*time.Second, 0).add(posted(hold)).end()); f.Verdict != evidence.Holds {
		t.Errorf("at the limit: %s: %s", f.Verdict, f.Text)
	}
	f = judgeOne(t, s, start().after(5*time.Second+1, 0).add(posted(hold)).end())
	if f.Verdict != evidence.Violated || f.Keys.Lot != "L-1" || !strings.Contains(f.Got, "not become true in time") {
		t.Errorf("too late: %s: %s %+v", f.Verdict, f.Got, f.Keys)
	}
	if !strings.Contains(f.Text, `refs.hold.lot = "L-1"`) {
		t.Errorf("the tree does not show the lot:\n%s", f.Text)
	}
	// The run came to rest before the time was up: nothing more would come.
	if f := judgeOne(t, s, start().end()); f.Verdict != evidence.Violated {
		t.Errorf("never, at rest: %s: %s", f.Verdict, f.Text)
	}
	noisy := start().add(evidence.End{Quiet: false}).records
	if f := judgeOne(t, s, noisy); f.Verdict != evidence.Inconclusive {
		t.Errorf("never, not at rest: %s: %s", f.Verdict, f.Text)
	}
	if f := judgeOne(t, s, newJournal(s).end()); f.Verdict != evidence.Vacuous || !strings.Contains(f.Text, "hold never happened") {
		t.Errorf("no hold: %s: %s", f.Verdict, f.Text)
	}
}

// A step that never happened leaves nothing to be judged at the end; what is
// wrong without it stays wrong.
func TestAtEndOfAStepThatNeverHappened(t *testing.T) {
	for that, want := range map[string]evidence.Verdict{
		"erp.lots[refs.hold.lot].shipped == decimal(0)":                      evidence.Vacuous,
		"'1' in erp.orders && erp.lots[refs.hold.lot].shipped == decimal(0)": evidence.Violated,
	} {
		s := parse(t, "when: [{upon: {event: lot-held}, as: hold}]\nexpect: {atEnd: [{that: \""+that+"\"}]}\n")
		f := judgeOne(t, s, newJournal(s).end())
		if f.Verdict != want || (want == evidence.Vacuous) != strings.Contains(f.Text, "hold, which never happened") {
			t.Errorf("%s: %s: %s", that, f.Verdict, f.Text)
		}
	}
}

func TestEventuallyWithinPlantTime(t *testing.T) {
	s := parse(t, "expect: {eventually: [{that: \"'1' in erp.orders\", from: {plant: 1h}, within: {plant: 30m}}]}\n")
	c := confirmed("1", 1, 5)
	for after, want := range map[time.Duration]evidence.Verdict{
		10 * time.Minute: evidence.Holds, 89 * time.Minute: evidence.Holds, 91 * time.Minute: evidence.Violated,
	} {
		j := newJournal(s).after(0, 10*time.Minute).add(truth(c))
		if after > 10*time.Minute {
			j.after(0, 50*time.Minute).add(truth(confirmed("1", 2, 1))).after(0, after-60*time.Minute)
		}
		f := judgeOne(t, s, j.add(posted(c)).after(0, 2*time.Hour).end())
		if f.Verdict != want {
			t.Errorf("after %s: %s, want %s: %s", after, f.Verdict, want, f.Text)
		}
	}
}

func TestNeverDuring(t *testing.T) {
	s := parse(t, `when: [{upon: {event: lot-held}, as: hold}, {at: {plant: 2h}, as: decision}]
expect:
  never: [{that: "mes.lots[refs.hold.lot].decision != ''", during: {from: hold, to: decision}}]
`)
	hold := held("L-1")
	decided := plant.Event{ID: "d", Fact: plant.LotDecided{Lot: "L-1", Case: "QC-1", Decision: plant.DecideRelease}}
	note := func(ref string) evidence.Body {
		return evidence.Step{Name: "do note", Ref: ref, Args: map[string]string{"lot": "L-1"}}
	}
	early := newJournal(s).add(truth(hold), note("hold"), effectAt("mes", decided)).after(0, time.Hour).add(note("decision")).end()
	f := judgeOne(t, s, early)
	if f.Verdict != evidence.Violated || f.Evidence[len(f.Evidence)-1] != 5 || !strings.Contains(f.Got, `"release"`) {
		t.Errorf("early: %s: %s %v", f.Verdict, f.Got, f.Evidence)
	}
	late := newJournal(s).add(truth(hold), note("hold")).after(0, time.Hour).add(note("decision"), effectAt("mes", decided)).end()
	if f := judgeOne(t, s, late); f.Verdict != evidence.Holds {
		t.Errorf("late: %s: %s", f.Verdict, f.Text)
	}
	before := newJournal(s).add(truth(hold), effectAt("mes", decided)).end()
	if f := judgeOne(t, s, before); f.Verdict != evidence.Vacuous {
		t.Errorf("no window: %s: %s", f.Verdict, f.Text)
	}
}

// What expressions see of a run.
func TestWorld(t *testing.T) {
	release := plant.OrderReleased{Order: plant.Order{ID: "A/1", Item: "M", Quantity: plant.Quantity{Amount: plant.Whole(2), Unit: "BOX"}, Priority: 3, Lot: "L-A"}}
	changed := plant.OrderChanged{Order: "A/1", Version: 2, Quantity: plant.Of(12, "EA"), Priority: 5}
	conf := plant.Confirmed{Order: "A/1", Operation: "0010", Counter: 1, Yield: plant.Of(1, "BOX"), Scrap: plant.Of(2, "EA"), Final: true}
	used := plant.Consumed{Order: "A/1", Operation: "0010", Counter: 1, Material: "R", Lot: "L-R", Quantity: plant.Quantity{Amount: plant.MustDecimal("0.5"), Unit: "KG"}}
	got := plant.Received{Order: "A/1", Counter: 1, Material: "M", Lot: "L-A", Quantity: plant.Of(10, "EA")}
	ev := func(f plant.Fact) plant.Event { return plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f} }
	true_ := []string{
		"truth.orders['A/1'].quantity == decimal(12) && truth.orders['A/1'].version == 2 && truth.orders['A/1'].priority == 5",
		"mes.orders['A/1'].quantity == decimal('24') && mes.orders['A/1'].version == 1",
		"!('A/1' in systems['mes'].orders) || systems['mes'].orders['A/1'].item == 'M'",
		"truth.orders['A/1'].yield == decimal(12) && truth.orders['A/1'].scrap == decimal(2) && truth.orders['A/1'].confirmations == 1",
		"truth.orders['A/1'].operations['0010'].final && truth.orders['A/1'].yield - 2 < decimal('10.1') && truth.orders['A/1'].yield >= 12",
		"truth.lots['L-R'].consumed == decimal('0.5') && truth.lots['L-R'].consumed + decimal('0.5') == decimal(1)",
		"erp.orders['A/1'].received == decimal(10) && erp.lots['L-A'].received == decimal(10)",
		"erp.lots['L-A'].status == 'unrestricted' && mes.lots['L-R'].consumed == decimal('0.5')",
		"exceptions.exists(e, e.class == 'business' && e.order == 'A/1' && e.counter == 1 && e.reason.startsWith('order-closed'))",
		"exceptions.filter(e, e.closed).size() == 0",
		"probes['try'].outcome == 'refused' && probes['try'].code == 'lot-blocked' && probes.try.lot == 'L-A'",
		"refs.hold.lot == 'L-A' && refs['hold'].reason == 'cone'",
		"count.truth['confirmation'] == 1 && count.truth['shipment'] == 0",
		"count.posted['erp']['receipt'] == 1 && count.posted['erp']['scrap'] == 0 && count.posted['wms']['receipt'] == 0",
		"count.attempts['erp'] == 2 && count.refused['erp'] == 1 && count.throttled['erp'] == 1",
		"count.offers['mes'] == 1 && count.strikes['f'] == 1 && count.strikes['g'] == 0 && count.exceptions['business'] == 1",
	}
	body := "when: [{upon: {event: lot-held}, as: hold}]\nexpect:\n  atEnd:\n"
	for _, x := range true_ {
		body += fmt.Sprintf("    - that: %q\n", x)
	}
	s := parse(t, body)
	j := newJournal(s).add(
		evidence.Truth{Event: ev(release), Source: "erp", Sink: "mes"}, effectAt("mes", ev(release)),
		evidence.Truth{Event: ev(changed), Source: "erp", Sink: "mes"}, truth(ev(conf)), truth(ev(used)), truth(ev(got)), posted(ev(got)),
		evidence.Surface{Class: simulators.Business, Keys: plant.Keys{Order: "A/1", Counter: 1}, Reason: "order-closed: no"},
		evidence.Probe{Endpoint: "erp", Name: "ship", Ref: "try", Keys: plant.Keys{Lot: "L-A"}, Result: simulators.Result{Outcome: simulators.Refused, Code: "lot-blocked"}},
		evidence.Step{Name: "do place-hold", Ref: "hold", Args: map[string]string{"lot": "L-A", "reason": "cone"}},
		evidence.Step{Name: "do ship", Ref: "hold", Args: map[string]string{"lot": "L-other"}},
		evidence.Attempt{Endpoint: "erp", Acted: simulators.Result{Outcome: simulators.Refused}},
		evidence.Attempt{Endpoint: "erp", Acted: simulators.Result{Outcome: simulators.Throttled}},
		evidence.Offer{Endpoint: "mes"},
		evidence.Disturbance{Fault: "f", Phase: evidence.Struck}, evidence.Disturbance{Fault: "g", Phase: evidence.Armed},
	)
	for i, f := range judgeAll(t, s, j.end()) {
		if f.Verdict != evidence.Holds {
			t.Errorf("%s is not true: %s %s\n%s", true_[i], f.Verdict, f.Got, f.Text)
		}
	}
}

// An expression that cannot be evaluated is the rig's trouble, not the SUT's.
func TestBrokenExpressionsBlameTheRig(t *testing.T) {
	for name, that := range map[string]string{
		"division by zero": "count.truth['confirmation'] / count.truth['receipt'] == 1",
		"beyond the limit": "truth.orders.all(a, truth.orders.all(b, truth.orders.all(c, truth.orders.all(d, a != '' || b + c != d))))",
	} {
		s := parse(t, fmt.Sprintf("expect: {atEnd: [{that: %q}]}\n", that))
		j := newJournal(s)
		for i := range 120 {
			j.add(truth(confirmed(plant.OrderID(fmt.Sprint("o", i)), 1, 1)))
		}
		f := judgeOne(t, s, j.end())
		if f.Verdict != evidence.Inconclusive || f.Class != evidence.CauseRig {
			t.Errorf("%s: %s %s: %s", name, f.Verdict, f.Class, f.Text)
		}
	}
}

func TestExpectationsFromRefuses(t *testing.T) {
	for raw, want := range map[string]string{
		`{"expect":[{"id":"E1","form":"atEnd","that":"foo == 1"}]}`: "undeclared reference",
		`{"expect":3}`: "read expectations",
		`nonsense`:     "read expectations",
	} {
		if _, err := ExpectationsFrom(json.RawMessage(raw)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want …%s…", raw, err, want)
		}
	}
	for _, raw := range []string{"", "null", `{}`} {
		if j, err := ExpectationsFrom(json.RawMessage(raw)); j != nil || err != nil {
			t.Errorf("%q: got %v, %v", raw, j, err)
		}
	}
}

// Judging is a pure function: the same judge gives the same findings again.
func TestJudgeIsPure(t *testing.T) {
	all, err := Find("QUA-01")
	if err != nil {
		t.Fatal(err)
	}
	r := playIdeal(t, all[0], nil)
	judge, err := ExpectationsFrom(r.s.ExpectJSON())
	if err != nil {
		t.Fatal(err)
	}
	h := evidence.NewHistory(r.records)
	first, _ := json.Marshal(judge.Judge(h))
	second, _ := json.Marshal(judge.Judge(h))
	if string(first) != string(second) {
		t.Errorf("first  %s\nsecond %s", first, second)
	}
}

func BenchmarkJudge(b *testing.B) {
	all, err := Find("QUA-02")
	if err != nil {
		b.Fatal(err)
	}
	judge, err := ExpectationsFrom(all[0].ExpectJSON())
	if err != nil {
		b.Fatal(err)
	}
	h := &evidence.History{}
	for i := range 100_000 {
		c := confirmed(plant.OrderID(fmt.Sprint("o", i%1000)), i/1000+1, 1)
		h.Records = append(h.Records, evidence.Record{Seq: uint64(len(h.Records) + 1), Body: truth(c)}, evidence.Record{Seq: uint64(len(h.Records) + 2), Body: posted(c)})
	}
	for b.Loop() {
		judge.Judge(h)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(h.Records)), "ns/record")
}

// An expectation that is dear to evaluate gives up, saying so, before judging
// takes for ever.
func TestDearExpectationsGiveUp(t *testing.T) {
	s := parse(t, "expect: {never: [{that: \"truth.orders.exists(o, truth.orders[o].yield < 0)\"}]}\n")
	j := newJournal(s)
	for i := range 300 {
		j.add(truth(confirmed(plant.OrderID(fmt.Sprint("o", i)), 1, 1)))
	}
	judge, err := ExpectationsFrom(s.ExpectJSON())
	if err != nil {
		t.Fatal(err)
	}
	h := evidence.NewHistory(j.end())
	if f := judge.Judge(h)[0]; f.Verdict != evidence.Holds {
		t.Errorf("%s: %s", f.Verdict, f.Text)
	}
	judge.(*Expectations).budget = 10_000
	if f := judge.Judge(h)[0]; f.Verdict != evidence.Inconclusive || f.Class != evidence.CauseRig || !strings.Contains(f.Text, "have cost more than") {
		t.Errorf("%s %s: %s", f.Verdict, f.Class, f.Text)
	}
}

// TestAnExpectationKnowsWhatNotWhy: its class is a guess until an oracle has
// named the cause.
func TestAnExpectationKnowsWhatNotWhy(t *testing.T) {
	s := parse(t, everyYield)
	c := confirmed("000123", 1, 5)
	f := judgeOne(t, s, newJournal(s).add(truth(c), posted(c), posted(c)).end())
	if f.Verdict != evidence.Violated || f.Confidence != "low" {
		t.Errorf("%s, confidence %q: %s", f.Verdict, f.Confidence, f.Got)
	}
	judge, err := ExpectationsFrom(s.ExpectJSON())
	if err != nil {
		t.Fatal(err)
	}
	if !judge.(interface{ Follows() bool }).Follows() {
		t.Error("expectations stand beside their causes")
	}
}
