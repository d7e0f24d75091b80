package load

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/internal/race"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/b2mml"
	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/plant"
)

// stories are played once for all tests.
var stories = map[string]func() (*Story, error){
	"machine-shop":  played(plant.Config{Profile: "machine-shop", Seed: 7, Orders: 64, Open: -1}),
	"nist-box":      played(plant.Config{Profile: "nist-box", Seed: 3, Orders: 40, Open: -1}),
	"process-batch": played(plant.Config{Profile: "process-batch", Seed: 2, Orders: 60, Open: -1}),
}

func played(c plant.Config) func() (*Story, error) {
	return sync.OnceValues(func() (*Story, error) { return Play(c, c.Profile) })
}

func story(t testing.TB, name string) *Story {
	t.Helper()
	s, err := stories[name]()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// smallKeys are the keys of all wordings of these tests.
var smallKeys = NewKeys("run")

// usual is what most tests send. It is prepared once for all.
var usual = sync.OnceValues(func() (*Wording, error) {
	s, err := stories["machine-shop"]()
	if err != nil {
		return nil, err
	}
	return Spoken(neutral.Dialect{}, smallKeys, s, time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC))
})

// neutralWording is the usual one; what a test makes of it is its own.
func neutralWording(t testing.TB) *Wording {
	t.Helper()
	w, err := usual()
	if err != nil {
		t.Fatal(err)
	}
	own := *w
	for i, f := range w.flows {
		if f != nil {
			g := *f
			g.sizes, g.read = make([]sizes, len(f.shapes)), own.reader(neutral.Dialect{}, f.path)
			own.flows[i] = &g
		}
	}
	return &own
}

func wordingOf(t testing.TB, s *Story) *Wording {
	t.Helper()
	w, err := Spoken(neutral.Dialect{}, smallKeys, s, time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// somewhere are numbers of messages: the whole first round and the one in which
// counters have grown to two digits, and some that are far away.
func somewhere(w *Wording, flow int) (all []uint64) {
	n := uint64(len(w.flows[flow].told))
	for _, round := range []uint64{0, 9, 99, 12_345} {
		for i := range n {
			if round > 9 && i%17 != 0 {
				continue
			}
			nth := round*n + i
			if w.turns != nil {
				nth = w.turns.number(flow, nth)
			}
			all = append(all, nth)
		}
	}
	return append(all, 1<<33+7)
}

// log is a recorded log of an unlucky shop.
const log = `order,op,center,who,from,to,good,bad,unit,why
A/1 x,10,"Saw, old",Jürgen,2026-02-03T06:00,2026-02-03T06:40,7,0,EA,
A/1 x,10,"Saw, old",Jürgen,2026-02-03T06:41,2026-02-03T07:30,12,1,EA,"broke ""again"" <twice>"
A/1 x,20,Mill,p2,2026-02-03T07:40,2026-02-03T09:00,19,0,EA,
0000B,10,Mix & fill,,2026-02-03T06:10,2026-02-03T08:00,12.375,0.5,KG,spilt
`

func loggedStory(t testing.TB) *Story {
	t.Helper()
	trace, dirty, err := plant.ReadTrace(strings.NewReader(log), plant.TraceConfig{CSV: "log.csv", Columns: map[string]string{"order": "order", "operation": "op", "workCenter": "center",
		"operator": "who", "start": "from", "end": "to", "good": "good", "rejected": "bad", "unit": "unit", "reason": "why"}})
	if err != nil || trace.Clean != 4 {
		t.Fatal(err, dirty)
	}
	s, err := Play(plant.Config{Trace: trace, Orders: 500}, "trace log.csv")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What is patched together is what the dialect itself would have said of what
// happened in the plant, whichever plant that is.
func TestPatchedIsWhatTheDialectSays(t *testing.T) {
	if race.Enabled {
		return // nothing in it is concurrent: make rounds
	}
	all := map[string]*Story{"log": loggedStory(t)}
	for name := range stories {
		all[name] = story(t, name)
	}
	for name, s := range all {
		w := wordingOf(t, s)
		if w.Path != "confirmations" {
			t.Errorf("confirmations are posted to %q", w.Path)
		}
		var room []byte
		quantities, bodies, least, most := map[string]bool{}, map[string]uint64{}, 1<<20, 0
		for _, seq := range somewhere(w, ofConfirmations) {
			body := w.Append(nil, seq)
			ms, err := neutral.Dialect{}.Encode(plant.Event{ID: plant.EventID(w.keyText(seq)), At: time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC), Fact: w.fact(seq)})
			if err != nil || !bytes.Equal(ms[0].Body, body) {
				t.Fatalf("%s: confirmation %d is\n%s\nand the dialect says (%v)\n%s", name, seq, body, err, ms[0].Body)
			}
			f := w.fact(seq).(plant.Confirmed)
			quantities[f.Yield.String()+f.Scrap.String()] = true
			natural := plant.Natural(f)
			if was, ok := bodies[natural]; ok {
				t.Fatalf("%s: confirmations %d and %d are both %s", name, was, seq, natural)
			}
			bodies[natural], least, most = seq, min(least, len(body)), max(most, len(body))
			var same bool
			if same, room = w.Same(seq, body, room); !same {
				t.Errorf("%s: confirmation %d is not recognised", name, seq)
			}
			if same, _ := w.Same(seq+1, body, nil); same {
				t.Errorf("%s: confirmation %d is taken for the next", name, seq)
			}
			if seq%5 != 0 {
				continue
			}
			if said, err := w.reading(ofConfirmations)(body); err != nil || len(said) != 1 || said[0].seq != seq || !said[0].ours || said[0].digest != w.says(seq) {
				t.Errorf("%s: confirmation %d is read as %+v, %v", name, seq, said, err)
			}
			if got, ok := w.numbered(f); !ok || got != seq {
				t.Errorf("%s: %s is said to be confirmation %d, and not %d", name, natural, got, seq)
			}
		}
		t.Logf("%s: %s; %d to %d bytes, in %d shapes; %d quantities", name, s.Told, least, most, len(w.flows[ofConfirmations].shapes), len(quantities))
		if least < 512 || most > 1300 || len(quantities) < 4 {
			t.Errorf("%s: %d to %d bytes, %d quantities", name, least, most, len(quantities))
		}
	}
}

// What is sent is what the plant had, in its order; of its times nothing.
func TestStoryIsThePlant(t *testing.T) {
	c := plant.Config{Profile: "nist-box", Seed: 3, Orders: 40, Open: -1}
	floor, err := plant.New(c)
	if err != nil {
		t.Fatal(err)
	}
	w := wordingOf(t, story(t, "nist-box"))
	n, view := uint64(0), onHold{}
	for {
		if _, ok := floor.Next(); !ok {
			break
		}
		for _, e := range floor.Advance(view) {
			view.see(e.Fact)
			f, ok := e.Fact.(plant.Confirmed)
			if !ok {
				continue
			}
			got := w.fact(n).(plant.Confirmed)
			if f.Start, f.End, f.Labor = got.Start, got.End, got.Labor; got != f {
				t.Fatalf("confirmation %d of the load is %+v, of the plant %+v", n, got, f)
			}
			n++
		}
	}
	if n < 100 || n != uint64(len(w.flows[ofConfirmations].told)) {
		t.Errorf("%d confirmations", n)
	}
	for i := range n {
		first, second := w.fact(i).(plant.Confirmed), w.fact(i+n).(plant.Confirmed)
		if second.Counter <= first.Counter {
			t.Fatalf("in the next round %+v follows %+v", second, first)
		}
		if second.Counter = first.Counter; first != second {
			t.Fatalf("in the next round %+v is %+v", first, second)
		}
	}
}

// Plants that a load cannot be about.
func TestPlayRefuses(t *testing.T) {
	for _, x := range []struct {
		plant.Config
		says string
	}{
		{plant.Config{Orders: 0}, "1 to 2000"}, {plant.Config{Orders: 2001}, "1 to 2000"}, {plant.Config{Orders: 5, Profile: "nowhere"}, "unknown profile"},
	} {
		if _, err := Play(x.Config, "it"); err == nil || !strings.Contains(err.Error(), x.says) {
			t.Errorf("%+v: %v, want %q", x.Config, err, x.says)
		}
	}
	w := wordingOf(t, loggedStory(t))
	if err := w.Mixed(neutral.Dialect{}, mustMix(t, Mixable), time.Now()); err == nil || !strings.Contains(err.Error(), "no holds in it") {
		t.Errorf("a log without lots is mixed: %v", err)
	}
}

func TestOtherContentIsOtherDigest(t *testing.T) {
	w := neutralWording(t)
	seq := uint64(0)
	for ; ; seq++ { // one that says something everywhere
		if f := w.fact(seq).(plant.Confirmed); f.Yield.Amount > plant.One && f.Scrap.Amount > 0 && !f.Final {
			break
		}
	}
	body, f := string(w.Append(nil, seq)), w.fact(seq).(plant.Confirmed)
	for _, c := range []struct{ what, from, to string }{
		{"yield", `"` + f.Yield.Amount.String() + `"`, `"99999"`},
		{"scrap", `"` + f.Scrap.Amount.String() + `"`, `"99999"`},
		{"reason", f.Reason, "LUCK"},
		{"order", `"` + string(f.Order) + `"`, `"4711"`},
		{"operation", `"` + string(f.Operation) + `"`, `"0040x"`},
		{"counter", fmt.Sprintf(`"ValueString":"%d"`, f.Counter), `"ValueString":"1234"`},
		{"unit", `"EA"`, `"KG"`},
		{"operator", `"` + string(f.Operator) + `"`, `"P-007"`},
		{"work center", `"` + string(f.WorkCenter) + `"`, `"WC-008"`},
		{"final", `"Running"`, `"Completed"`},
	} {
		changed := strings.ReplaceAll(body, c.from, c.to)
		said, err := w.reading(ofConfirmations)([]byte(changed))
		if changed == body || err != nil || len(said) != 1 || said[0].seq != seq || said[0].digest == w.says(seq) {
			t.Errorf("another %s passes: %+v, %v", c.what, said, err)
		}
	}
	read := w.reading(ofConfirmations)
	spelled := strings.ReplaceAll(body, `":`, `" : `)
	if said, err := read([]byte(spelled)); err != nil || said[0].digest != w.says(seq) {
		t.Errorf("the same in other spelling is %+v, %v", said, err)
	}
	if said, err := read([]byte(strings.ReplaceAll(body, w.keyText(seq), "mine"))); err != nil || said[0].ours {
		t.Errorf("without our key it is %+v, %v", said, err)
	}
	if _, err := read([]byte(body[:len(body)-1])); err == nil {
		t.Error("half a message is read")
	}
}

func TestFromBody(t *testing.T) {
	k := NewKeys("run")
	for _, text := range []string{
		`{"n":"${seq}","idempotency":"${key}","again":"${key}","qty":5}` + "\n",
		`{"confirmationId":"CNF-0000000000000001","idempotencyKey":"3f1f6b1e-8b1a-4b52-9a6e-5f3a0c9b7d10","qty":5}`,
	} {
		w, err := FromBody([]byte(text), k)
		if err != nil {
			t.Fatal(err)
		}
		a, b := w.Append(nil, 41), w.Append(nil, 42)
		if len(a) != len(b) || bytes.Equal(a, b) || !strings.Contains(string(b), "0000000000000042") || !strings.Contains(string(b), w.keyText(42)) {
			t.Errorf("confirmation 42 of %s is %s", text, b)
		}
		if said, err := w.reading(ofConfirmations)(bytes.ReplaceAll(b, []byte(":"), []byte(" : "))); err != nil || said[0].seq != 42 || said[0].digest != w.says(42) {
			t.Errorf("in other spelling it is %+v, %v", said, err)
		}
		if said, err := w.reading(ofConfirmations)(bytes.Replace(b, []byte(`:5`), []byte(`:6`), 1)); err != nil || said[0].seq != 42 || said[0].digest == w.says(42) {
			t.Errorf("with another quantity it is %+v, %v", said, err)
		}
		if _, err := w.reading(ofConfirmations)([]byte("<html>")); err == nil {
			t.Error("HTML is read")
		}
	}
	for text, says := range map[string]string{`{"qty":5}`: "${key}", `{"k":"${key}"`: "not JSON", `{"k":"${seq}"}`: "${key}"} {
		if _, err := FromBody([]byte(text), k); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	w := neutralWording(b)
	var room []byte
	b.ResetTimer() // what was prepared is not counted
	for i := range b.N {
		room = w.Append(room[:0], uint64(i))
	}
}

// Whatever dialect Spoken takes, it says as that dialect does.
func TestSpokenDialects(t *testing.T) {
	if race.Enabled {
		return // nothing in it is concurrent: make rounds
	}
	at := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	for name, x := range map[string]struct {
		simulators.Dialect
		refused string
	}{
		"neutral/v1":   {neutral.Dialect{}, ""},
		"b2mml-xml/v7": {b2mml.Dialect{}, ""},
		"files/v1":     {files.Dialect{}, "cannot prepare"},
	} {
		w, err := Spoken(x.Dialect, NewKeys("run"), story(t, "machine-shop"), at)
		if x.refused != "" {
			if err == nil || !strings.Contains(err.Error(), x.refused) {
				t.Errorf("%s is taken (%v)", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, seq := range somewhere(w, ofConfirmations) {
			body := w.Append(nil, seq)
			ms, err := x.Encode(plant.Event{ID: plant.EventID(w.keyText(seq)), At: at, Fact: w.fact(seq)})
			if err != nil || !bytes.Equal(ms[0].Body, body) {
				t.Fatalf("%s: confirmation %d is\n%s\nand the dialect says (%v)\n%s", name, seq, body, err, ms[0].Body)
			}
			if said, err := w.reading(ofConfirmations)(body); err != nil || len(said) != 1 || said[0].seq != seq || !said[0].ours || said[0].digest != w.says(seq) {
				t.Errorf("%s: confirmation %d is read as %+v, %v", name, seq, said, err)
			}
		}
	}
}
