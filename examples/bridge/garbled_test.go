package bridge

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

// garbled is m with a remark that is not UTF-8, although the message says it is.
func garbled(m message) message {
	m.body = strings.Replace(m.body, `"PostingDate"`, "\"remark\":\"gepr\xfcft\",\"PostingDate\"", 1)
	return m
}

// What is not UTF-8 is not posted with other characters in its place, whatever the
// ERP speaks: somebody is told of it, and what is behind it goes on.
func TestWhatIsNotUTF8IsReported(t *testing.T) {
	bad, good := garbled(consumption("1", 1, "OIL", "L-1", "1", "GLL")), confirmation("1", 1)
	for name, at := range map[string]func(*world){
		"neutral/v1": func(w *world) {
			w.erp.items["OIL"] = `{"id":"OIL","unit":"LTR","units":[{"unit":"GLL","factor":"473176473/125000000"}]}`
		},
		"b2mml-xml/v7": func(w *world) { newBODWorld(w, "") },
		"d365/v1":      func(w *world) { newMessageWorld(w) },
		"sap-s4/v2":    func(w *world) { newSAPWorld(w) },
		"infor-ion/v3": func(w *world) { newIONWorld(w, "v3", bad, good) },
		"staging/v1":   func(w *world) { newTablesWorld(w) },
		"files/v1":     func(w *world) { newShareWorld(w) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "")
			at(w)
			w.start()
			if got := w.send(bad); got != http.StatusAccepted {
				t.Fatalf("answered %d", got)
			}
			w.must("a report", func() bool { return len(w.surfaced(bad.event)) > 0 })
			if r := w.surfaced(bad.event)[0]; r.Class != dataQuality || !strings.Contains(r.Reason, "the body is not UTF-8") {
				t.Errorf("reported as %+v", r)
			}
			if es := w.erp.effectsOf(bad.event); len(es) > 0 {
				t.Errorf("posted as %+v", es)
			}
			if name == "files/v1" {
				return // whose job posts nothing in this world
			}
			w.sendAll(good)
			w.settled(good)
			if es := w.erp.effectsOf(good.event); len(es) != 1 {
				t.Errorf("%d effects of what was behind it", len(es))
			}
		})
	}
}

// A batch of which a row is not UTF-8 is none either: it is neither mended where
// the order is said above the row, nor posted.
func TestABatchThatIsNotUTF8(t *testing.T) {
	one := consumption("4711", 1, "CASTING-3", "L-1", "1", "EA")
	one.body = strings.Replace(one.body, `"OperationsRequestID":["4711"],`, "", 1)
	one.body = strings.Replace(one.body, `"SegmentResponse"`, "\"OperationsRequestID\":[\"47\xfc11\"],\"SegmentResponse\"", 1)
	two := consumption("4711", 1, "CASTING-3", "L-2", "1", "EA")
	u := unit{{name: one.name, body: []byte(one.body)}, {name: two.name, body: []byte(two.body)}}
	body, err := u.body()
	if err != nil || utf8.Valid(body) {
		t.Fatalf("joined as %s, %v", body, err)
	}
	if name, bod, err := bodOf(body, "id"); err == nil || !strings.Contains(err.Error(), "not UTF-8") {
		t.Errorf("%s %s, %v", name, bod, err)
	}
	for _, it := range u {
		_, err := rowOf(it)
		if mangled := !utf8.Valid(it.body); (err != nil) != mangled || mangled && !strings.Contains(err.Error(), "not UTF-8") {
			t.Errorf("%s: %v", it.body, err)
		}
	}
	if v := (&sapSide{}).reverse(t.Context(), &item{name: "reversals", body: []byte(garbled(reversal(two, kindConsumption, "4711", 1)).body)}); v.what != refused || v.class != dataQuality {
		t.Errorf("a reversal that is not UTF-8: %+v", v)
	}
}
