package staging

import (
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
)

func TestConformance(t *testing.T) {
	dialecttest.Run(t, Dialect{}, dialecttest.Says(func(s string) bool {
		for _, r := range s {
			if r == 0 {
				return false
			}
		}
		return true
	}), dialecttest.Statuses(map[string]int{"applied": 200}))
}

// TestFinish: what becomes of accepted rows is worded as their answer would
// have been, by reference; what cannot be read has none.
func TestFinish(t *testing.T) {
	d := Dialect{}
	m := simulators.Message{Name: "consumptions", Key: "k", Body: []byte(`[{"reference":"r1"},{"reference":"r2"}]`)}
	got, err := d.Finish(m, simulators.Answer{Rows: []simulators.Row{{Doc: "490"}, {Refusal: &simulators.Refusal{Class: simulators.DataQuality, Code: "lot-expired", Text: "text"}}}})
	const want = `[{"response_code":200,"document_no":"490","reference":"r1"},{"response_code":422,"response_message":"text","error_code":"lot-expired","error_class":"data-quality","reference":"r2"}]`
	if err != nil || string(got.Body) != want || got.Name != "consumptions" || got.Key != "k" || got.Method != "UPDATE" {
		t.Errorf("got %s %s %s, %v", got.Method, got.Name, got.Body, err)
	}
	if _, err := d.Finish(simulators.Message{Name: "consumptions", Body: []byte("x")}, simulators.Answer{}); err == nil {
		t.Error("an answer to nothing")
	}
}
