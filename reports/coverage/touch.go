package coverage

import (
	"cmp"
	"slices"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/kpi"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Touch is what one run, or the plan of one, has to do with the requirements.
type Touch struct {
	Scenario string
	Ran      bool // it carried facts and came to a verdict on the SUT
	Why      string
	Links    []Link
	Flows    []Flow
	Strikes  []Strike
}

// A Link ties a requirement to a part of a run.
type Link struct {
	Requirement string
	By          By
	Name        string // of the scenario, fault, oracle, kind of fact or figure
	Happened    bool   // it did something: struck, judged, was carried, has a figure
	Violated    bool   // an oracle found it violated
}

// By is the kind of part that touches a requirement.
type By string

// Kinds of parts.
const (
	ByScenario By = "scenario"
	ByFlow     By = "flow"
	ByFault    By = "fault"
	ByOracle   By = "oracle"
	ByFigure   By = "figure"
)

// A Flow is a kind of fact between two endpoints.
type Flow struct {
	Kind     plant.Kind `json:"kind"`
	From, To string
	Facts    int // accepted by the SUT
}

// A Strike is how often a kind of fault struck a kind of fact; the kind is ""
// if it struck no message but the SUT's process or an endpoint.
type Strike struct {
	Fault string
	Kind  plant.Kind
	Times int // 0 if it was armed and never struck
}

// carries lists which rows are about a kind of fact, so that nothing else than
// such a fact can exercise them.
var carries = map[string]func(plant.Fact) bool{
	"DN-01": is(plant.KindOrderReleased), "DN-05": is(plant.KindOrderChanged), "DN-06": is(plant.KindOrderCancelled),
	"DN-09": is(plant.KindBillChanged), "DN-10": is(plant.KindRoutingChanged), "DN-13": is(plant.KindItemChanged), "DN-22": is(plant.KindLotDecided),
	"UP-01": is(plant.KindOperationStarted), "UP-02": is(plant.KindConfirmation), "UP-03": is(plant.KindConfirmation),
	"UP-04": is(plant.KindConsumption), "UP-07": scraps, "UP-08": reworks, "UP-15": is(plant.KindInspection),
	"UP-17": is(plant.KindLotHeld), "UP-20": is(plant.KindReceipt),
}

func is(k plant.Kind) func(plant.Fact) bool { return func(f plant.Fact) bool { return f.Kind() == k } }

func scraps(f plant.Fact) bool {
	c, ok := f.(plant.Confirmed)
	return f.Kind() == plant.KindScrap || ok && c.Scrap.Amount > 0
}

func reworks(f plant.Fact) bool {
	c, ok := f.(plant.Confirmed)
	return f.Kind() == plant.KindRework || ok && c.Rework.Amount > 0
}

// Run says what a run has touched. Why is the reason if there is no verdict on
// the SUT.
func Run(h *evidence.History, found []evidence.Finding, figures []kpi.Row, verdict evidence.Verdict, why string) Touch {
	t := Touch{Scenario: h.Plan.Scenario, Why: why}
	t.flows(h)
	carried := slices.ContainsFunc(t.Flows, func(f Flow) bool { return f.Facts > 0 })
	t.Ran = why == "" && verdict != evidence.Vacuous && carried
	for _, id := range h.Plan.Requirements {
		t.add(id, ByScenario, h.Plan.Scenario, t.Ran, false)
	}
	t.faults(h)
	t.judges(found)
	for _, r := range figures {
		for _, id := range r.Requirements {
			t.add(id, ByFigure, r.ID, r.Exercised(), false)
		}
	}
	return t
}

func (t *Touch) add(id string, by By, name string, happened, violated bool) {
	t.Links = append(t.Links, Link{id, by, name, happened, violated})
}

// flows counts the facts the SUT took, by kind, and what rows they are about.
func (t *Touch) flows(h *evidence.History) {
	at := map[plant.Kind]int{}
	for i, f := range h.Plan.Flows {
		at[f.Kind] = i
		t.Flows = append(t.Flows, Flow{Kind: f.Kind, From: f.From, To: f.To})
	}
	about := map[string]int{}
	for _, f := range h.Facts {
		i, ok := at[f.Event.Fact.Kind()]
		if !ok || f.AcceptedBy == nil {
			continue
		}
		t.Flows[i].Facts++
		for id, is := range carries {
			if is(f.Event.Fact) {
				about[id]++
			}
		}
	}
	for _, r := range requirements {
		if about[r.ID] > 0 {
			t.add(r.ID, ByFlow, "facts", true, false)
		}
	}
}

// faults counts what each fault struck.
func (t *Touch) faults(h *evidence.History) {
	planned := map[string]evidence.PlannedFault{}
	for _, p := range h.Plan.Faults {
		planned[p.ID] = p
	}
	for _, f := range h.Faults {
		for _, id := range planned[f.ID].Requirements {
			t.add(id, ByFault, f.Kind, len(f.Strikes) > 0, false)
		}
		if len(f.Strikes) == 0 {
			t.strike(f.Kind, "", 0)
		}
		for _, d := range f.Strikes {
			kinds := []plant.Kind{}
			for _, id := range d.Facts {
				if fact := h.Fact(id); fact != nil && !slices.Contains(kinds, fact.Event.Fact.Kind()) {
					kinds = append(kinds, fact.Event.Fact.Kind())
				}
			}
			if len(kinds) == 0 {
				kinds = append(kinds, "")
			}
			for _, k := range kinds {
				t.strike(f.Kind, k, 1)
			}
		}
	}
}

func (t *Touch) strike(fault string, kind plant.Kind, n int) {
	for i := range t.Strikes {
		if t.Strikes[i].Fault == fault && t.Strikes[i].Kind == kind {
			t.Strikes[i].Times += n
			return
		}
	}
	t.Strikes = append(t.Strikes, Strike{fault, kind, n})
}

// judges says which oracles came to a judgement, and what of.
func (t *Touch) judges(found []evidence.Finding) {
	for _, o := range oracles.All() {
		judged, violated := false, false
		for _, f := range found {
			if f.Oracle != o.Name || f.Rule == evidence.RuleWaived {
				continue
			}
			judged = judged || f.Verdict == evidence.Holds || f.Verdict == evidence.Violated
			violated = violated || f.Verdict == evidence.Violated
		}
		for _, id := range o.Requirements {
			t.add(id, ByOracle, o.Name, judged, violated)
		}
	}
}

// Planned says what a scenario that has not been run would touch: what it
// names, and what its faults and every oracle serve.
func Planned(scenario string, serves []string, faults map[string][]string) Touch {
	t := Touch{Scenario: scenario, Why: "not run"}
	for _, id := range serves {
		t.add(id, ByScenario, scenario, false, false)
	}
	var kinds []string
	for kind := range faults {
		kinds = append(kinds, kind)
	}
	slices.SortFunc(kinds, cmp.Compare)
	for _, kind := range kinds {
		t.strike(kind, "", 0)
		for _, id := range faults[kind] {
			t.add(id, ByFault, kind, false, false)
		}
	}
	t.judges(nil)
	for _, r := range kpi.Known() {
		for _, id := range r.Requirements {
			t.add(id, ByFigure, r.ID, false, false)
		}
	}
	return t
}
