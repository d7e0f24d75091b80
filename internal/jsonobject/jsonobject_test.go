package jsonobject_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/andon-rig/andon/internal/jsonobject"
)

// member is what encoding/json makes of the same.
type member struct {
	Text    string    `json:"text"`
	Said    string    `json:"said,omitempty"`
	Number  int64     `json:"number"`
	Count   uint64    `json:"count"`
	Yes     bool      `json:"yes,omitempty"`
	Instant time.Time `json:"instant,omitzero"`
	List    []string  `json:"list,omitempty"`
}

func write(m member) ([]byte, error) {
	o := jsonobject.Begin(nil)
	o.Text("text", m.Text)
	o.Said("said", m.Said)
	o.Number("number", m.Number)
	o.Count("count", m.Count)
	o.Yes("yes", m.Yes)
	o.Instant("instant", m.Instant)
	jsonobject.List(&o, "list", m.List)
	return o.End()
}

func TestItIsWhatEncodingJSONWrites(t *testing.T) {
	for _, m := range []member{
		{},
		{Text: "plain", Said: "x", Number: -1, Count: 1 << 63, Yes: true, Instant: time.Date(2026, 3, 2, 6, 0, 0, 5, time.UTC), List: []string{"a", "b"}},
		{Text: "quote \" back \\ <tag> & \x00 \x7f \u2028 ÄØ \xff", List: []string{"<"}},
	} {
		want, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := write(m); err != nil || string(got) != string(want) {
			t.Errorf("got  %s (%v)\nwant %s", got, err, want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\"\\<>&\xff\u2028")
	f.Fuzz(func(t *testing.T, s string) {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := jsonobject.AppendText(nil, s); string(got) != string(want) {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// A time that JSON cannot hold is an error, and stays the first.
func TestTheFirstErrorStays(t *testing.T) {
	o := jsonobject.Begin(nil)
	o.Instant("at", time.Date(123456, 1, 1, 0, 0, 0, 0, time.UTC))
	o.Text("more", "x")
	if _, err := o.End(); err == nil {
		t.Error("a year of six digits was written without complaint")
	}
}
