package load

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/internal/race"
)

// Growth is told from garbage that comes and goes, from a beginning in which all
// grows, and from a step that is not repeated.
func TestMemoryTrend(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	garbage := func() int64 { return r.Int64N(30 << 20) }
	for name, c := range map[string]struct {
		bytes func(at float64) int64
		n     int
		want  Verdict
	}{
		"constant":                      {func(float64) int64 { return 50 << 20 }, 600, Held},
		"garbage":                       {func(float64) int64 { return 50<<20 + garbage() }, 600, Held},
		"a beginning":                   {func(at float64) int64 { return int64(min(at/100, 1)*500)<<20 + garbage() }, 600, Held},
		"less and less":                 {func(at float64) int64 { return int64(900-at) << 20 }, 600, Held},
		"3 MiB":                         {func(at float64) int64 { return 50<<20 + int64(at*3/600*(1<<20)) }, 600, Held},
		"32 KiB a second":               {func(at float64) int64 { return 50<<20 + int64(at*32)<<10 }, 600, Violated},
		"32 KiB a second below garbage": {func(at float64) int64 { return 50<<20 + int64(at*32)<<10 + garbage() }, 600, Violated},
		"a MiB a second":                {func(at float64) int64 { return 50<<20 + int64(at)<<20 }, 40, Violated},
		"too short":                     {func(at float64) int64 { return 50<<20 + int64(at)<<20 }, 11, Undecidable},
		"a MiB a second, seldom seen":   {func(at float64) int64 { return 50<<20 + int64(at)<<20 }, 12, Violated},
	} {
		var seen []held
		for i := range c.n {
			seen = append(seen, held{float64(i), c.bytes(float64(i))})
		}
		if got := trend(seen); got.Outcome != c.want || got.Why == "" || got.Outcome == Violated && !strings.Contains(got.Why, "grew by") {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
}

// A build that is killed now and then begins with little each time: what grows in
// its lives is not hidden by that, and what only begins anew is no growth.
func TestMemoryOfLives(t *testing.T) {
	away := []absence{{100, 102}, {200, 201}, {290, 291}}
	since := func(at float64) float64 {
		for _, a := range slices.Backward(away) {
			if at > a.to {
				return at - a.to
			}
		}
		return at
	}
	for name, c := range map[string]struct {
		bytes func(at float64) int64
		want  Verdict
		says  string
	}{
		"constant":      {func(float64) int64 { return 50 << 20 }, Held, "life "},
		"begins anew":   {func(at float64) int64 { return int64(min(since(at)/10, 1)*50) << 20 }, Held, "life "},
		"leaks in each": {func(at float64) int64 { return 50<<20 + int64(since(at)*300)<<10 }, Violated, "grew by"},
		"leaks after one": {func(at float64) int64 {
			return 50<<20 + int64(map[bool]float64{true: since(at) * 300}[at > 102 && at < 200])<<10
		}, Violated, "life 2 of 4"},
	} {
		var seen []held
		for i := range 300 {
			seen = append(seen, held{float64(i), c.bytes(float64(i))})
		}
		if got := trendOfLives(lives(seen, away)); got.Outcome != c.want || !strings.Contains(got.Why, c.says) {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
	short := make([]held, 20)
	for i := range short {
		short[i] = held{float64(i), 1 << 20}
	}
	if got := trendOfLives(lives(short, []absence{{9, 10}})); got.Outcome != Undecidable || !strings.Contains(got.Why, "none of its lives") {
		t.Errorf("short lives: %+v", got)
	}
}

// What a soak is told of faults: kills and restarts end a life, pauses do not.
func TestAbsences(t *testing.T) {
	var all []Fault
	for _, text := range []string{"sut:pause@1s+1s", "sut:restart@5s+1s", "sut:kill@3s+1s", "erp:503@7s+1s"} {
		f, err := ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	x := &troubles{faults: all}
	for i, f := range all {
		x.bands = append(x.bands, &Band{Fault: f.Text, Place: f.Place, Kind: f.Kind, From: float64(10 - i), To: float64(11 - i)})
	}
	x.bands[1].To = 0 // not back yet
	if got := x.absences(); len(got) != 2 || got[0] != (absence{8, 9}) || got[1] != (absence{9, math.Inf(1)}) {
		t.Errorf("%v", got)
	}
	if got := (*troubles)(nil).absences(); got != nil {
		t.Errorf("without faults: %v", got)
	}
}

// Keys that a build gives of its own are kept for a while, and do not count.
func TestKeysAreNoGrowth(t *testing.T) {
	if race.Enabled {
		return // nothing in it is concurrent: make rounds
	}
	keys, g := newKeyTable(), memoryGauge{}
	g.look(0, keys)
	for seq := range uint64(1 << 20) {
		keys.claim(fmt.Append(nil, "key", seq), 0, seq)
	}
	g.look(time.Second, keys)
	if n := keys.bytes(); n < 16<<20 {
		t.Errorf("a million keys take %d bytes", n)
	}
	if grown := g.seen[1].bytes - g.seen[0].bytes; grown > 8<<20 {
		t.Errorf("a million keys are %s of growth", mib(grown))
	}
}

// A short soak: the rig's memory is constant; and when something in its process
// holds on to what it was sent, that is found. What waits while a busy machine
// does other things is growth, too, but does not grow each time.
func TestSoak(t *testing.T) {
	var mu sync.Mutex
	var kept [][]byte
	greedy := func(p *passing, w http.ResponseWriter, r *http.Request, body []byte) {
		hold := make([]byte, 32<<10)
		for i := 0; i < len(hold); i += 1 << 10 {
			hold[i] = 1
		}
		mu.Lock()
		kept = append(kept, hold)
		mu.Unlock()
		p.forward(w, r.Header.Get("Idempotency-Key"), body)
	}
	soaked := func(serve func(*passing, http.ResponseWriter, *http.Request, []byte)) *Result {
		shape, err := ParseShape("constant", 200, time.Duration(race.Rounds(10, 6))*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		res := mustRun(t, small(t, &passing{t: t, serve: serve}, func(cfg *Config) {
			cfg.Soak, cfg.Shape, cfg.Emit.Most = true, shape, shape.Number()
		}))
		if t.Logf("%+v", res.Soak); res.Soak == nil || res.Soak.Build != nil {
			t.Fatalf("%s %v: %+v", res.Verdict, res.Why, res.Soak)
		}
		return res
	}
	if race.Enabled { // it slows down what waits, and what waits is memory
		if res := soaked(greedy); res.Soak.Rig.Outcome != Violated {
			t.Errorf("who keeps everything: %+v", res.Soak)
		}
		return
	}
	res := soaked(nil)
	for again := 0; again < 3 && res.Soak.Rig.Outcome == Violated; again++ {
		res = soaked(nil)
	}
	if res.Soak.Rig.Outcome != Held || res.Verdict != Held {
		t.Errorf("constant: %+v, %s %v", res.Soak, res.Verdict, res.Why)
	}
	if res = soaked(greedy); res.Soak.Rig.Outcome != Violated || res.Verdict != Limited {
		t.Errorf("who keeps everything: %+v, %s %v", res.Soak, res.Verdict, res.Why)
	}
	if len(kept) == 0 {
		t.Error("nothing was kept")
	}
}
