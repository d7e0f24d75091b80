package contracts_test

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/evidence"
)

func TestSum(t *testing.T) {
	good := contracts.Replayed{Name: "an order", Text: "matched"}
	bad := contracts.Replayed{Name: "a lot", Verdict: evidence.Violated, Text: "status: want 200, got 500"}
	dark := contracts.Replayed{Name: "a hold", Verdict: evidence.Inconclusive, Environment: true, Text: "the state callback answered 504"}
	for _, c := range []struct {
		name string
		all  []contracts.Replayed
		left int
		want evidence.Verdict
		text string
	}{
		{"all matched", []contracts.Replayed{good, good}, 0, evidence.Holds, "2 of 2 interactions matched"},
		{"none there", nil, 0, evidence.Vacuous, "there is no interaction"},
		{"none selected", nil, 3, evidence.Vacuous, "none of 3"},
		{"some selected", []contracts.Replayed{good}, 3, evidence.Inconclusive, "3 were not made"},
		{"one violated", []contracts.Replayed{dark, good, bad}, 0, evidence.Violated, "1 of 3 interactions matched; a lot: status"},
		{"one dark", []contracts.Replayed{good, dark}, 0, evidence.Inconclusive, "a hold: the state callback"},
		{"pending does not count", []contracts.Replayed{good, {Name: "later", Pending: true, Verdict: evidence.Violated}}, 0, evidence.Holds, "1 of 1"},
		{"only pending", []contracts.Replayed{{Name: "later", Pending: true}}, 0, evidence.Vacuous, "pending"},
	} {
		r := (contracts.Pair{}).Sum(c.all, c.left)
		if r.Verdict != c.want || !strings.Contains(r.Text, c.text) {
			t.Errorf("%s: got %s, %q, want %s, %q", c.name, r.Verdict, r.Text, c.want, c.text)
		}
	}
}
