package page_test

import (
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/load"
	"github.com/andon-rig/andon/harness/load/page"
)

// whole is a result with everything in it, and text of others that is no friend.
func whole() *load.Result {
	const nasty = `<script>alert("1")</script>`
	r := &load.Result{Workload: nasty, Verdict: load.Violated, Why: []string{"exactly-once: " + nasty}, Sending: 10 * time.Second, Reports: []string{nasty},
		Exactly: &load.Exactly{Verdict: evidence.Violated, Lost: load.Wrong{Count: 1, Texts: []string{nasty}}},
		Latency: map[string]load.Quantiles{"e2e": {Count: 1000, P50: 1, Max: 900}}, Errors: load.Counts{nasty: 3},
		Flows:  []load.FlowResult{{Flow: load.Confirmations, Share: 0.9, First: 900, Exactly: &load.Exactly{Posted: 899, Lost: load.Wrong{Count: 1}}}, {Flow: load.Holds, Share: 0.1, First: 100}},
		Curves: map[string][]load.Point{"e2e": {{Percentile: 0, Ms: 0.4}, {Percentile: 50, Ms: 1}, {Percentile: 99, Ms: 200}, {Percentile: 100, Ms: 900}}},
		Gates:  []load.GateResult{{Expression: "e2e.p99 < 1ms", Outcome: load.Violated, Why: nasty}},
		Faults: []load.Band{{Fault: "erp:503@1s+1s/5s", From: 1, To: 2, Struck: 4}, {Fault: "erp:503@1s+1s/5s", From: 6, To: 7}, {Fault: "mes:reset@2s+1s", From: 2, To: 3, Struck: 1}},
		Build:  &load.BuildUsage{Memory: 1 << 26, Samples: []load.BuildSample{{At: 1, Memory: 1 << 25, Cores: 0.5}, {At: 2, Memory: 1 << 26, Cores: 0.7}}},
		Search: &load.Found{Outcome: load.Held, Max: 800, Fails: 816, Limit: load.ByLatency, First: &load.Probe{Rate: 816, Why: nasty},
			Probes: []load.Probe{{Rate: 400, Outcome: load.Held, Lasted: 3}, {Rate: 800, Outcome: load.Violated, Why: nasty, Began: 3, Lasted: 2}}}}
	for at := range int64(10) {
		r.Seconds = append(r.Seconds, load.Second{At: at, Sent: 100, Posted: 90 + at, Heat: load.Heat{0, 0, 50, 40, at}})
	}
	return r
}

func written(t *testing.T, r *load.Result) string {
	t.Helper()
	var b strings.Builder
	if err := page.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var drawings = regexp.MustCompile(`(?s)<svg.*?</svg>`)

func TestPage(t *testing.T) {
	got := written(t, whole())
	if strings.Contains(got, "<script") {
		t.Error("what others have said is part of the page")
	}
	for _, want := range []string{"&lt;script&gt;", `class="verdict violated"`, "800/s sustained", "erp:503@1s+1s/5s", "exactly-once", "e2e.p99 &lt; 1ms", `<th scope="row">confirmations</th><td>90 %</td><td>900</td><td>0</td><td>899</td>`, `<th scope="row">holds</th><td>10 %</td><td>100</td>`} {
		if !strings.Contains(got, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	svgs := drawings.FindAllString(got, -1)
	if len(svgs) != 5 {
		t.Fatalf("%d drawings, want 5", len(svgs))
	}
	for i, s := range svgs {
		for d := xml.NewDecoder(strings.NewReader(s)); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("drawing %d: %v", i+1, err)
			}
		}
		if regexp.MustCompile(`NaN|Inf|="-`).MatchString(s) {
			t.Errorf("drawing %d has numbers that are none, or lies outside: %s", i+1, s)
		}
	}
	if n := strings.Count(svgs[2], `class="heat"`); n != 2*10+9 {
		t.Errorf("%d cells of heat, want 29", n)
	}
	if n := strings.Count(svgs[2], `class="band"`); n != 2 || strings.Count(svgs[2], `class="idle"`) != 1 {
		t.Errorf("%d faults that struck, want 2, and one that did not", n)
	}
}

// What is measured from one clock to another has its bound beside it.
func TestPageOfAgents(t *testing.T) {
	r := whole()
	if got := written(t, r); strings.Contains(got, "±") {
		t.Error("one clock has a bound")
	}
	r.Fleet = &load.FleetResult{Bound: 67 * time.Microsecond, Agents: []load.AgentResult{{Name: "a/1"}, {Name: "b/2", Gone: "<not heard of>"}},
		Parts: []load.PartResult{{Part: 0, Of: 2, Outcome: load.PartWhole}, {Part: 1, Of: 2, Outcome: load.PartLost, Numbers: 60, Reported: 20}}}
	got := written(t, r)
	for _, want := range []string{"from due to posting, from an agent&#39;s clock to ours: exact to ±67µs", "2, their clocks within ±67µs of ours", "lost; 20 of its 60 confirmations are told of", "gone: &lt;not heard of&gt;"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(got, "part 0 of 2") {
		t.Error("a part that is whole is told of")
	}
}

// A load of which hardly anything is known has a page, too; and one of a day has
// no more columns than a screen.
func TestPageOfLittleAndOfMuch(t *testing.T) {
	if got := written(t, &load.Result{Verdict: load.Undecidable}); !strings.Contains(got, "undecidable") {
		t.Error("no verdict")
	}
	r := whole()
	r.Seconds = nil
	for at := range int64(86_400) {
		r.Seconds = append(r.Seconds, load.Second{At: at, Sent: 100, Posted: 100, Heat: load.Heat{0, 50, 50}})
	}
	if got := drawings.FindAllString(written(t, r), -1)[2]; strings.Count(got, `class="heat"`) != 600 {
		t.Errorf("%d cells for a day, want 600", strings.Count(got, `class="heat"`))
	}
}
