package load

import (
	"bytes"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
)

func mustFault(t testing.TB, text string) Fault {
	t.Helper()
	f, err := ParseFault(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// struckBy carries out a load in which faults come and go at times of their own. If
// one of them found nothing to strike the machine was not there meanwhile, which
// says nothing, and the load is made again.
func struckBy(t *testing.T, load func() Config) *Result { return struckOften(t, 1, load) }

// struckOften wants so many strikes.
func struckOften(t *testing.T, often int, load func() Config) (res *Result) {
	t.Helper()
	for range 5 {
		if res = mustRun(t, load()); len(res.Idle) == 0 && len(res.Faults) >= often {
			return res
		}
		t.Logf("%v found nothing to strike: %+v", res.Idle, res.Faults)
	}
	return res
}

func TestParseFault(t *testing.T) {
	for text, want := range map[string]struct{ from, long, every time.Duration }{
		"erp:503@3s+2s":                 {3 * time.Second, 2 * time.Second, 0},
		"erp:latency=20ms@0s+1m":        {0, time.Minute, 0},
		" mes:refuse@500ms+100ms/2s ":   {500 * time.Millisecond, 100 * time.Millisecond, 2 * time.Second},
		"mes:slow=10000@1s+1s":          {time.Second, time.Second, 0},
		"erp:blackhole@1.5s+250ms/1m0s": {1500 * time.Millisecond, 250 * time.Millisecond, time.Minute},
	} {
		if f := mustFault(t, text); f.From != want.from || f.For != want.long || f.Every != want.every {
			t.Errorf("%s: %+v", text, f)
		}
	}
	for text, says := range map[string]string{
		"": "of the form", "erp@1s+1s": "of the form", "plc:503@1s+1s": "of the form", "sut:503@1s+1s": "kill, restart and pause", "sut:kill=9@1s+1s": "no argument", "sut:kill@1s": "for how long", "erp:kill@1s+1s": `no "kill"`, "erp:503": "of the form", "erp:503@1s": "for how long", "erp:503@1+1s": `"1" is no duration`,
		"erp:503@1s+0s": "longer than 0", "erp:503@1s+2s/2s": "never end", "erp:404@1s+1s": `no "404"`, "mes:503@1s+1s": "what an ERP does", "erp:latency@1s+1s": "no duration",
		"erp:latency=-1s@1s+1s": "no duration", "erp:slow=x@1s+1s": "bytes a second", "erp:refuse=3@1s+1s": "no argument",
	} {
		if _, err := ParseFault(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
	got, err := ReadFaults(strings.NewReader("# the night\n\nerp:503@1s+1s\nmes:reset@2s+1s/5s\n"))
	if err != nil || len(got) != 2 || got[1].Text != "mes:reset@2s+1s/5s" {
		t.Errorf("%v, %+v", err, got)
	}
	for text, says := range map[string]string{"# nothing\n": "no fault in it", "erp:503@1s+1s\nbad\n": "line 2: fault"} {
		if _, err := ReadFaults(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}

// TestFaultsHaveTheNamesOfScenarios: who knows a fault from there finds it here, and
// the documentation says so.
func TestFaultsHaveTheNamesOfScenarios(t *testing.T) {
	doc, err := os.ReadFile("../../docs/load.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, kind := range vocabulary {
		if _, ok := faults.Find(name); !ok {
			t.Errorf("scenarios have no %s", name)
		}
		if !bytes.Contains(doc, []byte("`"+name+"`")) {
			t.Errorf("docs/load.md does not tell of %s", name)
		}
		place, arg := "erp", map[string]string{"latency": "=20ms", "slow": "=1000"}[kind]
		if strings.HasPrefix(name, "sut-") {
			place = "sut"
		}
		got, want := mustFault(t, place+":"+name+arg+"@1s+1s"), mustFault(t, place+":"+kind+arg+"@1s+1s")
		if got.Text = want.Text; !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %+v, and %s is %+v", name, got, kind, want)
		}
	}
}

func TestWindows(t *testing.T) {
	var said []string
	for _, w := range windows([]Fault{mustFault(t, "erp:503@1s+1s/3s"), mustFault(t, "erp:429@2s+1s")}, 5*time.Second) {
		said = append(said, w.fault.Kind+map[bool]string{true: " begins ", false: " ends "}[w.begin]+w.at.String())
	}
	if got, want := strings.Join(said, ", "), "503 begins 1s, 503 ends 2s, 429 begins 2s, 429 ends 3s, 503 begins 4s, 503 ends 5s"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Each fault strikes while it is there, is written down with how often, and a
// build that makes up for it is judged as without: what was taken is posted
// exactly once.
func TestFaultsDuringALoad(t *testing.T) {
	for text, errors := range map[string]string{
		"erp:503@100ms+150ms":          "throttled (429, 503)",
		"erp:429@100ms+150ms":          "throttled (429, 503)",
		"erp:500@100ms+150ms":          "5xx answers",
		"erp:lose-reply@100ms+100ms":   "5xx answers",
		"erp:refuse@100ms+150ms":       "5xx answers",
		"erp:slam@100ms+150ms":         "5xx answers",
		"erp:reset@100ms+150ms":        "5xx answers",
		"erp:blackhole@100ms+150ms":    "",
		"erp:latency=50ms@50ms+300ms":  "",
		"erp:slow=2000@50ms+300ms":     "",
		"mes:refuse@100ms+150ms":       "connection",
		"mes:reset@100ms+150ms":        "connection",
		"mes:latency=50ms@100ms+150ms": "",
		"erp:503@50ms+50ms/150ms":      "throttled (429, 503)",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			res := struckBy(t, func() Config {
				return small(t, &passing{t: t}, func(c *Config) {
					c.Faults = []Fault{mustFault(t, text)}
					c.Emit.Tries = 20
				})
			})
			if e := res.Exactly; res.Verdict != Held || e.Verdict != evidence.Holds || e.Posted != 200 || e.Doubled.Count > 0 {
				t.Errorf("%s, %v: %+v", res.Verdict, res.Why, e)
			}
			if len(res.Faults) == 0 || len(res.Idle) > 0 {
				t.Fatalf("faults %+v, idle %v", res.Faults, res.Idle)
			}
			for _, b := range res.Faults {
				if b.To <= b.From || b.From <= 0 || b.Struck == 0 && len(res.Faults) == 1 {
					t.Errorf("%+v", b)
				}
			}
			found := errors == ""
			for name := range res.Errors {
				found = found || strings.Contains(name, errors)
			}
			if !found {
				t.Errorf("errors %v, want one about %q", res.Errors, errors)
			}
			if strings.Contains(text, "lose-reply") && res.Exactly.Repeated == 0 {
				t.Error("a posting whose answer was lost was not repeated")
			}
		})
	}
}

// A fault makes no excuse for a build that forgets what it was told while the ERP
// was away; and one that has struck nothing shows nothing.
func TestFaultsAreNoExcuse(t *testing.T) {
	t.Parallel()
	res := struckBy(t, func() Config {
		forgets := &passing{t: t, serve: func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
			p.post(r.Header.Get("Idempotency-Key"), body)
			w.WriteHeader(http.StatusAccepted)
		}}
		return small(t, forgets, func(c *Config) { c.Faults = []Fault{mustFault(t, "erp:503@100ms+150ms")} })
	})
	if e := res.Exactly; res.Verdict != Violated || e.Verdict != evidence.Violated || e.Lost.Count == 0 || int64(e.Lost.Count) != res.Faults[0].Struck {
		t.Errorf("%s, %v: lost %d, struck %+v", res.Verdict, res.Why, e.Lost.Count, res.Faults)
	}
	res = mustRun(t, small(t, &passing{t: t}, func(c *Config) { c.Faults = []Fault{mustFault(t, "erp:503@1h+1s")} }))
	if res.Verdict != Undecidable || res.Exit != harness.ExitUnknown || !strings.Contains(res.Why[0], "has struck nothing") {
		t.Errorf("%s, %v", res.Verdict, res.Why)
	}
	// Our own fault before the build is not held against it.
	res = struckBy(t, func() Config {
		return small(t, &passing{t: t}, func(c *Config) {
			c.Faults = []Fault{mustFault(t, "mes:reset@100ms+150ms")}
			c.Emit.Tries = 1
		})
	})
	if res.Verdict != Undecidable || res.Sent.GivenUp == 0 || res.Exactly.Verdict != evidence.Holds {
		t.Errorf("%s, %v: %+v", res.Verdict, res.Why, res.Exactly)
	}
}
