package memory_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// truths lists what happened, without when.
func truths(records []evidence.Record) (list []string) {
	for _, r := range records {
		if t, ok := r.Body.(evidence.Truth); ok {
			text := string(t.Event.ID)
			for _, f := range t.Event.Fact.Fields() {
				if f.Name != "start" && f.Name != "end" && f.Name != "due" && f.Name != "labor" {
					text += " " + f.Name + "=" + f.Value
				}
			}
			list = append(list, text)
		}
	}
	return list
}

// A run that is narrowed to some facts has exactly those, with the identities
// and quantities of the whole run, and the same faults strike them.
func TestNarrowedRunsKeepTheirFacts(t *testing.T) {
	troubled := strings.Replace(troubled, "plant: {open: 1}", "plant: {open: 1, oddIds: 0}", 1)
	whole, _ := play(t, troubled, 7, true)
	all := truths(whole)
	for _, c := range []struct {
		name string
		only string
		has  func(id string, order plant.OrderID) bool
	}{
		{"one order", `{orders: ["*000002"]}`, func(_ string, o plant.OrderID) bool { return o == "" || strings.HasSuffix(string(o), "000002") }},
		{"kinds", `{facts: ["order-released/*", "confirmation/*"]}`, func(id string, _ plant.OrderID) bool {
			return strings.HasPrefix(id, "order-released/") || strings.HasPrefix(id, "confirmation/")
		}},
		{"both", `{orders: ["*000001"], facts: ["order-released/*", "consumption/*"]}`, func(id string, o plant.OrderID) bool {
			return strings.HasSuffix(string(o), "000001") && (strings.HasPrefix(id, "order-released/") || strings.HasPrefix(id, "consumption/"))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(troubled, "given: {orders: {count: 2}}", "given: {orders: {count: 2}, only: "+c.only+"}", 1)
			part, findings := play(t, text, 7, true)
			got := truths(part)
			var want []string
			held := map[plant.CaseID]bool{}
			for _, r := range whole {
				tr, ok := r.Body.(evidence.Truth)
				if !ok || !c.has(string(tr.Event.ID), tr.Event.Fact.Keys().Order) {
					continue
				}
				switch f := tr.Event.Fact.(type) {
				case plant.LotHeld:
					held[f.Case] = true
				case plant.LotDecided:
					if !held[f.Case] {
						continue
					}
				}
				want = append(want, string(tr.Event.ID))
			}
			for i, text := range got {
				if !slices.Contains(all, text) {
					t.Errorf("%s did not happen like that in the whole run", text)
				}
				got[i], _, _ = strings.Cut(text, " ")
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) || len(got) == 0 || len(got) == len(all) {
				t.Errorf("%d of %d facts, want %d; only there: %v; only wanted: %v", len(got), len(all), len(want), without(got, want), without(want, got))
			}
			for _, f := range findings {
				if f.Verdict == evidence.Violated && f.Oracle != "expectations" {
					t.Errorf("a sound build is blamed: %s %s %s", f.Oracle, f.Keys, f.Got)
				}
			}
		})
	}
}

// without returns what of a is not in b.
func without(a, b []string) (list []string) {
	for _, x := range a {
		if !slices.Contains(b, x) {
			list = append(list, x)
		}
	}
	return list
}
