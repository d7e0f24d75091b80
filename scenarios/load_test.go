package scenarios

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators"
)

var update = flag.Bool("update", false, "rewrite golden files")

const head = "apiVersion: andon/v1\nkind: Scenario\nmetadata: {id: X-1, title: x}\n"

func parse(t *testing.T, body string) Scenario {
	t.Helper()
	all, err := Parse("x.yaml", []byte(head+body))
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// mistakes are scenarios with what must be said about them; the golden file
// has the whole of it.
var mistakes = []struct{ name, body, want string }{
	{"misspelt key", "flaor: {confirmation: 1}", `did you mean "floor"?`},
	{"no such requirement", "labels: []", `unknown key "labels"`},
	{"unknown action", "when: [{at: run.start, do: release-order}]", `did you mean "release-orders"?`},
	{"unknown action in a list", "when: [{at: run.start, do: [{place-hodl: {}}]}]", `did you mean "place-hold"?`},
	{"argument of another action", "when: [{at: run.start, do: release-orders, args: {lot: \"1\"}}]", `release-orders does not take "lot"`},
	{"argument missing", "when: [{at: run.start, do: arm}]", `arm needs "fault"`},
	{"identifier as number", "when: [{at: run.start, do: cancel-order, args: {order: 000123}}]", `quote it: "000123"`},
	{"bare duration", "when: [{at: 15m, do: release-orders}]", "write {plant: 15m}"},
	{"two triggers", "when: [{at: run.start, upon: {event: receipt}, do: release-orders}]", "exactly one of at, upon and after"},
	{"no trigger", "when: [{do: release-orders}]", "exactly one of at, upon and after"},
	{"nothing to do", "when: [{at: run.start}]", "does nothing and has no name"},
	{"unknown kind of fact", "when: [{upon: {event: confirmaton}, do: release-orders}]", `did you mean "confirmation"?`},
	{"undefined step", "when: [{after: {ref: hodl}, do: release-orders}, {upon: {event: lot-held}, as: hold}]", `did you mean "hold"?`},
	{"undefined step of an argument", "when: [{at: run.start, do: ship, args: {lot: {ref: hold.lot}}}]", `unknown step "hold"`},
	{"half a reference", "when: [{at: run.start, do: ship, args: {lot: {ref: hold}}}]", "write {ref: NAME.order}"},
	{"nth lot", "when: [{at: run.start, do: ship, args: {lot: {nth: 2}}}]", "nth selects orders only"},
	{"two steps of one name", "when: [{at: run.start, as: a}, {at: run.start, as: a}]", `two steps are called "a"`},
	{"steps that wait for each other", "when: [{after: {ref: b}, as: a}, {after: {ref: a}, as: b}]", "waits for itself"},
	{"a fault twice", "faults: [{id: a, fault: lose}, {id: a, fault: delay}]", `two faults have the id "a"`},
	{"chance of zero", "faults: [{id: a, fault: lose, p: 0}]", "above 0 and up to 1"},
	{"key on", "faults: [{id: a, fault: lose, on: {nth: 3}}]", "read as true or false"},
	{"two cutovers", "when: [{at: run.start, do: cutover}, {at: {plant: 1h}, do: cutover}]", "a scenario cuts over once"},
	{"freeze for ever", "when: [{at: run.start, do: freeze}]", "a freeze without a cutover never ends"},
	{"two freezes", "when: [{at: run.start, do: [{freeze: {}}, {freeze: {}}]}, {at: {plant: 1h}, do: cutover}]", "a cutover has one freeze"},
	{"unknown way", "when: [{at: run.start, do: freeze, args: {frozen: never}}, {at: {plant: 1h}, do: cutover}]", `frozen cannot be "never"`},
	{"unknown fault armed", "when: [{at: run.start, do: arm, args: {fault: b1}}]\nfaults: [{id: a1, fault: lose}]", `did you mean "a1"?`},
	{"strike of nothing", "faults: [{id: a, fault: lose, hits: {strikes: [{attempt: 1}]}}]", `key "key" is missing`},
	{"strike before the first try", "faults: [{id: a, fault: lose, hits: {strikes: [{key: a, attempt: -1}]}}]", "attempt counts from 1"},
	{"strikes at nothing", "faults: [{id: a, fault: lose, hits: {strikes: []}}]", "strikes is an empty list"},
	{"narrowed to no order", "given: {only: {orders: []}}", "only.orders is an empty list"},
	{"narrowed to no fact", "given: {only: {facts: []}}", "only.facts is an empty list"},
	{"narrowed to an order without a name", "given: {only: {orders: [\"\"]}}", "only.orders has an empty entry"},
	{"waits for two", "faults: [{id: a, fault: lose, after: {fault: b, event: lot-held}}, {id: b, fault: lose}]", "exactly one of fault, event"},
	{"waits for nothing", "faults: [{id: a, fault: lose, after: {nth: 2}}]", "exactly one of fault, event"},
	{"waits for an unknown fault", "faults: [{id: a1, fault: lose, after: {fault: cut-2}}, {id: cut-1, fault: lose}]", `did you mean "cut-1"?`},
	{"waits for itself", "faults: [{id: a, fault: lose, hits: {struckBy: a}}]", "cannot depend on itself"},
	{"wait for each other", "faults: [{id: a, fault: lose, after: {fault: b}}, {id: b, fault: lose, hits: {struckBy: a}}]", "waits for a strike that waits for its own"},
	{"seen of an event", "faults: [{id: a, fault: lose, after: {event: lot-held, seen: retry}}]", "leave seen out"},
	{"seen otherwise", "faults: [{id: a, fault: lose, after: {fault: b, seen: smelt}}, {id: b, fault: lose}]", `seen cannot be "smelt"`},
	{"where of a fault", "faults: [{id: a, fault: lose, after: {fault: b, where: \"true\"}}, {id: b, fault: lose}]", "where looks at an event"},
	{"while of nothing", "faults: [{id: a, fault: lose, while: {same: lot}}]", "exactly one of fault, phase, since"},
	{"while until", "faults: [{id: a, fault: lose, while: {phase: p, until: {event: lot-held}}}]\nphases: [{name: p}]", "belong to since"},
	{"while of an unknown phase", "faults: [{id: a, fault: lose, while: {phase: trubble}}]\nphases: [{name: trouble, to: {plant: 1h}}, {name: tail, calm: true}]", `did you mean "trouble"?`},
	{"while without phases", "faults: [{id: a, fault: lose, while: {phase: trouble}}]", "the scenario has no phases"},
	{"while calm", "faults: [{id: a, fault: lose, while: {phase: tail}}]\nphases: [{name: trouble, to: {plant: 1h}}, {name: tail, calm: true}]", "is calm"},
	{"calm in between", "phases: [{name: a, to: {plant: 1h}, calm: true}, {name: b}]", "only the last phase can be calm"},
	{"phase without an end", "phases: [{name: a}, {name: b}]", "phase a needs its end"},
	{"last phase with an end", "phases: [{name: a, to: {plant: 1h}}]", "lasts until the run ends"},
	{"two phases of one name", "phases: [{name: a, to: {plant: 1h}}, {name: a}]", `two phases are called "a"`},
	{"for and window", "faults: [{id: a, fault: lose, for: {plant: 1h}, during: {to: {plant: 2h}}}]", "both end the fault"},
	{"for after another", "faults: [{id: a, fault: lose, for: {plant: 1h}, after: {fault: b}}, {id: b, fault: lose}]", "bound it by times or max"},
	{"bare for", "faults: [{id: a, fault: lose, for: 5s}]", "write {plant: 5s}"},
	{"window by fact that is none", "faults: [{id: a, fault: lose, during: {by: fact}}]", "there is none"},
	{"window by fact and for", "faults: [{id: a, fault: lose, for: {plant: 1h}, during: {from: {plant: 1h}, by: fact}}]", "exclude each other"},
	{"never by fact", "expect: {never: [{that: \"false\", during: {from: run.start, by: fact}}]}", "belongs to the window of a fault"},
	{"in flight beyond all", "faults: [{id: a, fault: lose, max: 2, inFlight: 3}]", "can never be reached"},
	{"times below nothing", "faults: [{id: a, fault: lose, times: -1}]", "cannot be negative"},
	{"misspelt narrowing", "given: {only: {order: [\"1\"]}}", `did you mean "orders"?`},
	{"window of an unknown step", "faults: [{id: a, fault: lose, during: {from: cut}}]", `unknown moment "cut"`},
	{"after the end", "when: [{at: {ref: run.end, delay: {plant: 1m}}, do: release-orders}]", "nothing comes after run.end"},
	{"unknown field", "expect: {atEnd: [{that: \"erp.orders['1'].yeld == decimal(1)\"}]}", `did you mean "yield"?`},
	{"unknown variable", "expect: {atEnd: [{that: trurh.orders.size() > 0}]}", `did you mean "truth"?`},
	{"quantity and number", "expect: {atEnd: [{that: \"erp.orders['1'].yield == 5\"}]}", "compare quantities with quantities"},
	{"keys of a mapping", "expect: {atEnd: [{that: \"erp.orders.all(o, o.started)\"}]}", "gives its keys"},
	{"not a truth value", "expect: {atEnd: [{that: count.truth.size()}]}", "the expression gives int"},
	{"half an expression", "expect: {atEnd: [{that: \"refs.a == \"}]}", "ends too early"},
	{"expression about an unknown step", "expect: {atEnd: [{that: 'refs.hold.lot in mes.lots'}]}", `no step is called "hold"`},
	{"expression over several lines", "expect:\n  atEnd:\n    - that: |\n        count.truth.size() > 0 &&\n        count.thruth.size() > 0\n", `undefined field 'thruth', at ".thruth.size() > 0"`},
	{"where of the wrong kind", "when: [{upon: {event: receipt, where: truth.orders.size() > 0}, as: a}]", "undeclared reference to 'truth'"},
	{"eventually without an end", "expect: {eventually: [{that: \"1 == 1\"}]}", `key "within" is missing`},
	{"waiver without reason", "expect: {waive: [{exactly-once: \"\"}]}", "a waiver needs a reason"},
	{"demanded and waived", "expect: {always: [recovery], waive: [{recovery: slow}]}", "both demanded and waived"},
	{"floor of nothing", "floor: {confirmation: 0}", "demands nothing"},
	{"floor of an unknown kind", "floor: {confirmations: 3}", `did you mean "confirmation"?`},
	{"plant time in a policy", "given: {endpoints: {erp: {tokenTTL: {plant: 5s}}}}", "lives by wall time"},
	{"wall time in the plant", "time: {shift: {wall: 5s}}", "lives by plant time"},
	{"quota without time", "given: {endpoints: {erp: {quota: 60}}}", "a mapping is expected here"},
	{"quota of nobody's priority", "given: {endpoints: {erp: {quota: {rate: 60, others: 40}}}}", "others and priority belong together"},
	{"quota used up by others", "given: {endpoints: {erp: {quota: {rate: 60, others: 60, priority: low}}}}", "nothing is left"},
	{"unknown priority", "given: {endpoints: {erp: {quota: {rate: 60, others: 6, priority: lo}}}}", `did you mean "low"?`},
	{"factor without pace", "time: {factor: 60}", "a factor needs mode: paced"},
	{"anchor", "time: {anchor: yesterday}", "fixed:2026-10-24T18:00"},
	{"matrix unused", "matrix: {a: [1, 2]}", "parameter a is not used"},
	{"matrix unknown", "matrix: {seed: [1, 2]}\nseed: \"${matrix.sed}\"", `did you mean "seed"?`},
	{"matrix missing", "seed: \"${matrix.seed}\"", "there is no matrix"},
	{"matrix of a word", "matrix: {seed: 3}\nseed: \"${matrix.seed}\"", "a list of values is expected"},
	{"include of a missing file", "include: [part.yaml]", "cannot include"},
}

func TestMistakesAreExplained(t *testing.T) {
	var golden strings.Builder
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			_, err := Parse("x.yaml", []byte(head+m.body+"\n"))
			if err == nil {
				t.Fatal("read without complaint")
			}
			golden.WriteString("== " + m.name + "\n" + err.Error() + "\n")
			if !strings.Contains(err.Error(), m.want) {
				t.Errorf("got  %s\nwant …%s…", err, m.want)
			}
			if found := yamlfile.Errors(err); len(found) == 0 || !strings.HasPrefix(found[0].Error(), "x.yaml:") {
				t.Errorf("the error names no place: %v", err)
			}
		})
	}
	path := filepath.Join("testdata", "mistakes.golden")
	if *update {
		if err := os.WriteFile(path, []byte(golden.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if golden.String() != string(want) {
		t.Errorf("messages changed; run with -update and look at the difference\n%s", golden.String())
	}
}

func TestHeaderIsCheckedFirst(t *testing.T) {
	for text, want := range map[string]string{
		"kind: Scenario\n":                           `key "apiVersion" is missing`,
		"apiVersion: andon/v2\nkind: Scenario\n":     `"andon/v1" is expected`,
		"apiVersion: andon/v1\nkind: Rig\nsut: {}\n": `kind is "Rig" where "Scenario" is expected`,
		"- a\n": "is a mapping, not a list",
		"apiVersion: andon/v1\nkind: Scenario\na: b\n": `unknown key "a"`,
	} {
		if _, err := Parse("x.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want …%s…", text, err, want)
		}
	}
}

func TestMatrixMakesScenarios(t *testing.T) {
	const file = `apiVersion: andon/v1
kind: Scenario
metadata: {id: NET-9, title: An outage}
matrix:
  outage: [{plant: 1h}, {plant: 4h}]
  system: [erp, mes]
faults:
  - {id: down, fault: outage, at: "${matrix.system}", during: {to: "${matrix.outage}"}}
expect:
  atEnd: [{that: "${matrix.system}.orders.size() >= 0"}]
`
	all, err := Parse("x.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, s := range all {
		ids = append(ids, s.Metadata.ID)
		if s.Metadata.Of != "NET-9" {
			t.Errorf("of: %q", s.Metadata.Of)
		}
	}
	if got := strings.Join(ids, " "); got != "NET-9.1h.erp NET-9.1h.mes NET-9.4h.erp NET-9.4h.mes" {
		t.Errorf("ids: %s", got)
	}
	last := all[3]
	if last.Faults[0].At.S != "mes" || last.Faults[0].During.To.Delay.D != 4*time.Hour || last.Metadata.Title != "An outage (outage 4h, system mes)" {
		t.Errorf("last: %+v", last)
	}
	if last.Expect.AtEnd[0].That.Source != "mes.orders.size() >= 0" {
		t.Errorf("expression: %q", last.Expect.AtEnd[0].That.Source)
	}
}

func TestIncludeMergesParts(t *testing.T) {
	files := fstest.MapFS{
		"packs/a.yaml":      {Data: []byte(head + "include: [../parts/plant.yaml, ../parts/faults.yaml]\nseed: 5\nplant: {open: 2}\nfaults: [{id: own, fault: lose}]\n")},
		"parts/plant.yaml":  {Data: []byte("apiVersion: andon/v1\nkind: Part\nplant: {profile: nist-box, open: 9}\nfloor: {receipt: 1}\n")},
		"parts/faults.yaml": {Data: []byte("apiVersion: andon/v1\nkind: Part\ninclude: [more.yaml]\nfaults: [{id: shared, fault: delay}]\n")},
		"parts/more.yaml":   {Data: []byte("apiVersion: andon/v1\nkind: Part\nfaults: [{id: first, fault: lose}]\n")},
	}
	all, err := LoadFS(files, "packs/a.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := all[0]
	if s.Plant.Profile != "nist-box" || *s.Plant.Open != 2 || s.Floor["receipt"] != 1 {
		t.Errorf("plant: %+v floor %v", s.Plant, s.Floor)
	}
	var ids []string
	for _, f := range s.Faults {
		ids = append(ids, f.ID)
	}
	if got := strings.Join(ids, " "); got != "first shared own" {
		t.Errorf("faults: %s", got)
	}
	if got := s.Faults[0].Pos.File; got != "parts/more.yaml" {
		t.Errorf("a part's mistakes would be shown in %s", got)
	}
}

func TestIncludeRefuses(t *testing.T) {
	part := "apiVersion: andon/v1\nkind: Part\n"
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"a circle": {fstest.MapFS{
			"a.yaml": {Data: []byte(head + "include: [b.yaml]\n")}, "b.yaml": {Data: []byte(part + "include: [c.yaml]\n")},
			"c.yaml": {Data: []byte(part + "include: [b.yaml]\n")},
		}, "includes itself"},
		"itself": {fstest.MapFS{"a.yaml": {Data: []byte(head + "include: [a.yaml]\n")}}, "includes itself"},
		"a scenario": {fstest.MapFS{
			"a.yaml": {Data: []byte(head + "include: [b.yaml]\n")}, "b.yaml": {Data: []byte(head)},
		}, `"Part" is expected`},
		"what a part cannot say": {fstest.MapFS{
			"a.yaml": {Data: []byte(head + "include: [b.yaml]\n")}, "b.yaml": {Data: []byte(part + "metadata: {id: B}\n")},
		}, `a Part cannot say "metadata"`},
		"nothing": {fstest.MapFS{"a.yaml": {Data: []byte(head + "include: [b.yaml]\n")}}, "b.yaml: no such file"},
		"a clash": {fstest.MapFS{
			"a.yaml": {Data: []byte(head + "include: [b.yaml]\nfaults: [{id: x, fault: lose}]\n")},
			"b.yaml": {Data: []byte(part + "faults: [{id: x, fault: lose}]\n")},
		}, `two faults have the id "x"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadFS(c.files, "a.yaml")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
		})
	}
}

func TestResolveNamesTheLine(t *testing.T) {
	s := parse(t, `faults:
  - {id: a, fault: lsoe, at: eprp}
expect:
  always: [exactly-onec]
  waive: [{recovry: slow}]
when:
  - {at: run.start, do: lock-order, args: {order: {nth: 1}, at: mess}}
given:
  endpoints: {wms: {dedupe: none}}
`)
	err := s.Resolve(Known{Faults: []string{"lose", "delay"}, Oracles: []string{"exactly-once", "recovery"}, Endpoints: []string{"erp", "mes"}})
	if err == nil {
		t.Fatal("nothing found")
	}
	for _, want := range []string{
		"x.yaml:5:20: unknown fault \"lsoe\"", "did you mean \"lose\"?", "x.yaml:5:30: unknown endpoint \"eprp\"", "unknown invariant \"exactly-onec\"",
		"unknown invariant \"recovry\"", "unknown endpoint \"mess\"", "unknown endpoint \"wms\"", "scenario X-1",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in\n%s", want, err)
		}
	}
}

func TestPolicyChangesOnlyWhatItSays(t *testing.T) {
	s := parse(t, "given:\n  endpoints:\n    erp: {lock: per-order, quota: {rate: 5, window: {wall: 2s}, retryAfter: date}, lookup: true}\n    mes: {quota: 30/min}\n")
	erp, mes := s.Given.Endpoints["erp"], s.Given.Endpoints["mes"]
	got := erp.Apply(simulators.Policy{Dedupe: simulators.DedupeKey, TokenTTL: time.Second})
	want := simulators.Policy{
		Dedupe: simulators.DedupeKey, TokenTTL: time.Second, Lock: simulators.LockOrder, Lookup: true,
		Quota: simulators.Quota{Rate: 5, Window: 2 * time.Second, RetryAfter: simulators.RetryDate},
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	slowing := parse(t, "given:\n  endpoints:\n    erp: {quota: {rate: 60, slowAfter: 40, slow: {wall: 50ms}, retryAfter: missing}}\n").Given.Endpoints["erp"]
	slow := slowing.Apply(simulators.Policy{}).Quota
	if want := (simulators.Quota{Rate: 60, Window: time.Minute, SlowAfter: 40, Slow: 50 * time.Millisecond, RetryAfter: simulators.RetryMissing}); slow != want {
		t.Errorf("got  %+v\nwant %+v", slow, want)
	}
	sharing := parse(t, "given:\n  endpoints:\n    erp: {quota: {rate: 60, others: 40, priority: low}}\n").Given.Endpoints["erp"]
	if got, want := sharing.Apply(simulators.Policy{}).Quota, (simulators.Quota{Rate: 60, Window: time.Minute, Others: 40, Priority: simulators.PriorityLow}); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if q := mes.Apply(simulators.Policy{}).Quota; q.Rate != 30 || q.Window != time.Minute {
		t.Errorf("short quota: %+v", q)
	}
	if got := (*Policy)(nil).Apply(want); got != want {
		t.Errorf("no policy changes %+v", got)
	}
}

func TestAnchors(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatalf("zone data is part of the binary: %v", err)
	}
	for text, want := range map[string]string{
		"end-now": "2026-11-20T05:00:00+01:00", "start-now": "2026-11-20T13:00:00+01:00", "fixed:2026-10-24T18:00": "2026-10-24T18:00:00+02:00",
	} {
		s := parse(t, "time: {anchor: \""+text+"\"}\n")
		if got := s.Time.Anchor.Start(now, berlin, 8*time.Hour).Format(time.RFC3339); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestFindAndPack(t *testing.T) {
	if found, err := Find("cnf-02"); err != nil || len(found) != 1 || found[0].Metadata.ID != "CNF-02" {
		t.Errorf("Find: %v, %v", found, err)
	}
	if _, err := Find("CNF-20"); err == nil || !strings.Contains(err.Error(), "CNF-01") {
		t.Errorf("Find of a misspelt id: %v", err)
	}
	if all, err := Pack("smoke"); err != nil || len(all) != 21 {
		t.Errorf("Pack: %d scenarios, %v", len(all), err)
	}
	if _, err := Pack("smok"); err == nil || !strings.Contains(err.Error(), `did you mean "smoke"?`) {
		t.Errorf("Pack of a misspelt name: %v", err)
	}
}

// FuzzParse holds that no file panics the reader or the compiler of its
// expressions.
func FuzzParse(f *testing.F) {
	for _, m := range mistakes {
		f.Add([]byte(head + m.body + "\n"))
	}
	files, err := filepath.Glob("library/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		began := time.Now()
		defer func() {
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
		}()
		all, err := Parse("fuzz.yaml", b)
		if err != nil {
			if len(yamlfile.Errors(err)) == 0 && !strings.Contains(err.Error(), "fuzz.yaml") {
				t.Fatalf("the error names no place: %v", err)
			}
			return
		}
		for _, s := range all {
			if _, err := ExpectationsFrom(s.ExpectJSON()); err != nil {
				t.Fatalf("what was read cannot be judged: %v", err)
			}
			NewTimeline(s, Instant{}).End(Instant{})
		}
	})
}

// FuzzExpr holds that no expression panics the compiler, and that what it
// compiles can be evaluated and explained.
func FuzzExpr(f *testing.F) {
	f.Add("truth.orders.all(o, o in erp.orders && erp.orders[o].yield == truth.orders[o].yield)")
	f.Add("exceptions.exists(e, e.class == 'business') || probes['x'].outcome != refs.y.lot")
	f.Add("count.posted['erp']['receipt'] > 3 ? has(mes.orders.a.lot) : [1, 2].exists_one(i, i > 1)")
	f.Add("{'a': decimal('0.5')}['a'] + 1 < decimal(2) && 'abc'.matches('a+')")
	env, err := expectEnv()
	if err != nil {
		f.Fatal(err)
	}
	w := newWorld(evidence.Plan{})
	w.see(evidence.Record{Seq: 1, Body: truth(confirmed("a", 1, 5))})
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > maxExpr {
			return
		}
		p, err := compileExpr(env, Expr{Source: source})
		if err != nil {
			return
		}
		_, _, _ = p.eval(w.vars())
		why := p.explain(w)
		_, _, _ = why.tree(), why.leaves(), why.keys(w)
	})
}
