package load

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/b2mml"
	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/plant"
)

func neutralWording(t testing.TB) *Wording {
	w, err := Spoken(neutral.Dialect{}, NewKeys("run"), 64, 7, time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// What is patched together is what the dialect itself would have said.
func TestPatchedIsWhatTheDialectSays(t *testing.T) {
	w := neutralWording(t)
	if w.Path != "confirmations" {
		t.Errorf("confirmations are posted to %q", w.Path)
	}
	var room []byte
	scraps := map[bool]bool{}
	defer func() {
		if len(scraps) != 2 {
			t.Errorf("there is scrap: %v", scraps)
		}
	}()
	for _, seq := range []uint64{0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 63, 64, 64*8 + 1, 64 * 9, 64 * 98, 64*99 + 63, 64*12345 + 5, 1 << 28} {
		body := w.Append(nil, seq)
		ms, err := neutral.Dialect{}.Encode(plant.Event{ID: plant.EventID(w.keyText(seq)), At: time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC), Fact: w.confirmed(seq)})
		if err != nil || !bytes.Equal(ms[0].Body, body) {
			t.Fatalf("confirmation %d is\n%s\nand the dialect says (%v)\n%s", seq, body, err, ms[0].Body)
		}
		if len(body) < 512 || len(body) > 1150 || w.made(seq).scrap == 0 && len(body) > 1024 {
			t.Errorf("confirmation %d takes %d bytes", seq, len(body))
		}
		scraps[w.made(seq).scrap > 0] = true
		var same bool
		if same, room = w.Same(seq, body, room); !same {
			t.Errorf("confirmation %d is not recognised", seq)
		}
		if same, _ := w.Same(seq+1, body, nil); same {
			t.Errorf("confirmation %d is taken for the next", seq)
		}
		said, err := w.read(body)
		if err != nil || len(said) != 1 || said[0].seq != seq || !said[0].ours || said[0].digest != w.says(seq) {
			t.Errorf("confirmation %d is read as %+v, %v", seq, said, err)
		}
	}
}

func TestOtherContentIsOtherDigest(t *testing.T) {
	w := neutralWording(t)
	body := string(w.Append(nil, 5))
	yield := fmt.Sprintf(`"%d"`, w.made(5).yield)
	for _, c := range []struct{ what, from, to string }{
		{"yield", yield, `"99"`},
		{"order", "4799000006", "4799000007"},
		{"operation", `"0030"`, `"0040"`},
		{"counter", `"ValueString":"1"`, `"ValueString":"2"`},
		{"unit", `"EA"`, `"KG"`},
		{"operator", "P-006", "P-007"},
		{"work center", "WC-006", "WC-008"},
		{"final", `"Running"`, `"Completed"`},
	} {
		changed := strings.ReplaceAll(body, c.from, c.to)
		said, err := w.read([]byte(changed))
		if changed == body || err != nil || len(said) != 1 || said[0].seq != 5 || said[0].digest == w.says(5) {
			t.Errorf("another %s passes: %+v, %v", c.what, said, err)
		}
	}
	spelled := strings.ReplaceAll(body, `":`, `" : `)
	if said, err := w.read([]byte(spelled)); err != nil || said[0].digest != w.says(5) {
		t.Errorf("the same in other spelling is %+v, %v", said, err)
	}
	if said, err := w.read([]byte(strings.ReplaceAll(body, w.keyText(5), "mine"))); err != nil || said[0].ours {
		t.Errorf("without our key it is %+v, %v", said, err)
	}
	if _, err := w.read([]byte(body[:len(body)-1])); err == nil {
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
		if said, err := w.read(bytes.ReplaceAll(b, []byte(":"), []byte(" : "))); err != nil || said[0].seq != 42 || said[0].digest != w.says(42) {
			t.Errorf("in other spelling it is %+v, %v", said, err)
		}
		if said, err := w.read(bytes.Replace(b, []byte(`:5`), []byte(`:6`), 1)); err != nil || said[0].seq != 42 || said[0].digest == w.says(42) {
			t.Errorf("with another quantity it is %+v, %v", said, err)
		}
		if _, err := w.read([]byte("<html>")); err == nil {
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
	for i := range b.N {
		room = w.Append(room[:0], uint64(i))
	}
}

// Whatever dialect Spoken takes, it says as that dialect does.
func TestSpokenDialects(t *testing.T) {
	at := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	for name, x := range map[string]struct {
		simulators.Dialect
		refused string
	}{
		"neutral/v1":   {neutral.Dialect{}, ""},
		"b2mml-xml/v7": {b2mml.Dialect{}, ""},
		"files/v1":     {files.Dialect{}, "does not find"},
	} {
		w, err := Spoken(x.Dialect, NewKeys("run"), 64, 7, at)
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
		for _, seq := range []uint64{0, 63, 64*8 + 1, 64 * 9, 64*99 + 63, 64*12345 + 5} {
			body := w.Append(nil, seq)
			ms, err := x.Encode(plant.Event{ID: plant.EventID(w.keyText(seq)), At: at, Fact: w.confirmed(seq)})
			if err != nil || !bytes.Equal(ms[0].Body, body) {
				t.Fatalf("%s: confirmation %d is\n%s\nand the dialect says (%v)\n%s", name, seq, body, err, ms[0].Body)
			}
			if said, err := w.read(body); err != nil || len(said) != 1 || said[0].seq != seq || !said[0].ours || said[0].digest != w.says(seq) {
				t.Errorf("%s: confirmation %d is read as %+v, %v", name, seq, said, err)
			}
		}
	}
}
