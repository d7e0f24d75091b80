// Package explore looks for schedules of trouble that a build does not
// survive: first each kind of trouble alone, at each kind of message; then two
// that touch different supports of the same effect; then random campaigns until
// the time is up.
//
// It knows nothing of how runs are made; see package trial. The order of the
// schedules depends on the seed and on the run without trouble alone.
package explore

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Target is a kind of message on a link.
type Target struct {
	Endpoint  string               `json:"endpoint"`
	Direction simulators.Direction `json:"direction"`
	Kind      plant.Kind           `json:"kind,omitempty"` // of the facts it states; "" of questions, which state none
}

// String names t: "confirmation from-sut at erp".
func (t Target) String() string {
	return fmt.Sprintf("%s %s at %s", cmp.Or(string(t.Kind), "question"), t.Direction, t.Endpoint)
}

// A traffic is what crossed in a run without trouble.
type traffic struct {
	targets []Target
	facts   map[plant.Kind]int           // that happened, by kind
	keys    map[Target][]plant.EventID   // that crossed, in the order they became true
	said    map[Target][]plant.Fact      // the facts of those
	effects map[plant.EventID]Target     // facts that took effect: where they were posted
	offers  map[plant.EventID]Target     // facts that were announced: where
	policy  map[string]simulators.Policy // by endpoint
	mishaps map[string][]simulators.MishapKind
	unable  map[string]string // forms of faults that the rig cannot carry out, and why
}

// survey reads off a run what crossed.
func survey(h *evidence.History) *traffic {
	t := &traffic{facts: map[plant.Kind]int{}, keys: map[Target][]plant.EventID{}, said: map[Target][]plant.Fact{}, effects: map[plant.EventID]Target{},
		offers: map[plant.EventID]Target{}, policy: map[string]simulators.Policy{}, mishaps: map[string][]simulators.MishapKind{}}
	for name, e := range h.Plan.Endpoints {
		t.policy[name], t.mishaps[name] = e.Policy, e.Mishaps
	}
	for _, f := range h.Facts {
		kind := f.Event.Fact.Kind()
		t.facts[kind]++
		if len(f.Offers) > 0 {
			at := Target{f.Offers[0].Endpoint, simulators.ToSUT, kind}
			t.cross(at, f.Event)
			t.offers[f.Event.ID] = at
		}
		if len(f.Attempts) > 0 {
			at := Target{f.Attempts[0].Endpoint, simulators.FromSUT, kind}
			t.cross(at, f.Event)
			if len(f.Effects) > 0 {
				t.effects[f.Event.ID] = at
			}
		}
	}
	t.asked(h)
	slices.SortFunc(t.targets, func(a, b Target) int {
		return cmp.Or(-cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.Kind, b.Kind))
	})
	return t
}

// asked notes where the SUT reads lists, which no further name follows.
func (t *traffic) asked(h *evidence.History) {
	for _, a := range h.Attempts {
		at := Target{Endpoint: a.Endpoint, Direction: simulators.FromSUT}
		if a.Verb == "get" && len(a.Claims) == 0 && !strings.Contains(a.Name, "/") && !slices.Contains(t.targets, at) {
			t.targets = append(t.targets, at)
		}
	}
}

func (t *traffic) cross(at Target, e plant.Event) {
	if t.keys[at] == nil {
		t.targets = append(t.targets, at)
	}
	t.keys[at], t.said[at] = append(t.keys[at], e.ID), append(t.said[at], e.Fact)
}

// A Variant is one form of a fault.
type Variant struct {
	Fault string `json:"fault"`
	Form  string `json:"form,omitempty"` // what is special about it: "before-apply"

	info faults.Info
	with map[string]any
}

// String names v: "sut-kill before-apply".
func (v Variant) String() string {
	if v.Form == "" {
		return v.Fault
	}
	return v.Fault + " " + v.Form
}

// forms are the settings with which a fault is tried; faults that are not here
// are tried as they are.
var forms = map[string][]struct {
	form string
	with map[string]any
}{
	"network-loss":     {{"for 1 s", map[string]any{"for": yamlfile.Wall(1e9)}}},
	"outage":           {{"for 1 s", map[string]any{"for": yamlfile.Wall(1e9)}}, {"maintenance page", map[string]any{"for": yamlfile.Wall(1e9), "page": "maintenance"}}},
	"duplicate":        {{"at once", nil}, {"later", map[string]any{"later": yamlfile.Wall(7e8)}}},
	"delay":            {{"for 1.5 s", map[string]any{"for": yamlfile.Wall(15e8)}}},
	"throttle":         {{"seconds", nil}, {"date", map[string]any{"retryAfter": "date"}}, {"missing", map[string]any{"retryAfter": "missing"}}},
	"delayed-approval": {{"", map[string]any{"for": yamlfile.Wall(15e8)}}},
	"sut-kill":         moments(),
	"sut-restart":      moments(),
	"sut-pause":        {{"for 1.5 s", map[string]any{"for": yamlfile.Wall(15e8)}}},
	"sut-detach":       {{"for 1.5 s", map[string]any{"for": yamlfile.Wall(15e8)}}},
	"sut-disk-full":    {{"for 1 s", map[string]any{"for": yamlfile.Wall(1e9)}}},
	"sut-scale":        {{"for 1 s", map[string]any{"for": yamlfile.Wall(1e9)}}},
}

func moments() (list []struct {
	form string
	with map[string]any
}) {
	for _, m := range []chaos.Moment{chaos.BeforeApply, chaos.AfterApply, chaos.AfterReply} {
		list = append(list, struct {
			form string
			with map[string]any
		}{string(m), map[string]any{"moment": string(m), "down": yamlfile.Wall(1e8)}})
	}
	return list
}

// door reports whether a fault strikes whoever connects, so that there is no
// message to choose.
func door(i faults.Info) bool {
	c, ok := i.New().(chaos.ConnFault)
	return ok && !c.Trouble().Replies()
}

// doors lists the faults that strike whoever connects, once for those that the
// SUT opens and once for ours, where that makes a difference.
func doors(all []faults.Info) (list []Variant) {
	for _, i := range all {
		switch {
		case !door(i):
		case !slices.ContainsFunc(i.Settings, func(s faults.Setting) bool { return s.Name == "opened" }):
			list = append(list, Variant{Fault: i.Name, info: i}) // only the SUT looks at certificates, and asks for names
		default:
			for _, o := range []faults.Opened{faults.OpenedBySUT, faults.OpenedByRig} {
				list = append(list, Variant{Fault: i.Name, Form: string(o), info: i, with: map[string]any{"opened": string(o)}})
			}
		}
	}
	return list
}

// opens says who opens the connections on which t crosses, as doors name them.
func (t Target) opens() string {
	if t.Direction == simulators.ToSUT {
		return string(faults.OpenedByRig)
	}
	return string(faults.OpenedBySUT)
}

// variants lists every form of every fault that can be aimed at messages.
func variants(all []faults.Info) (list []Variant) {
	for _, i := range all {
		if door(i) {
			continue
		}
		if forms[i.Name] == nil {
			list = append(list, Variant{Fault: i.Name, info: i})
		}
		for _, f := range forms[i.Name] {
			list = append(list, Variant{Fault: i.Name, Form: f.form, info: i, with: f.with})
		}
	}
	return list
}

// windowed reports whether the fault is in force for a time and can let
// messages through first.
func (v Variant) windowed() bool {
	return slices.ContainsFunc(v.info.Settings, func(s faults.Setting) bool { return s.Name == "skip" })
}

// possible reports whether v can do anything at t, and if not why.
func (tr *traffic) possible(v Variant, t Target, processes bool) (bool, string) {
	f := v.info.New()
	if _, process := f.(chaos.Process); process {
		if !processes {
			return false, "the SUT is not a process of the rig"
		}
	}
	if why := tr.unable[v.String()]; why != "" {
		return false, why
	}
	if door(v.info) {
		opens := v.Form == t.opens() || v.Form == "" && t.Direction == simulators.FromSUT
		return opens && t.Kind != "", "it strikes who connects the other way"
	}
	if c, ok := f.(chaos.Choosy); t.Kind == "" && !(ok && c.Leaves(chaos.Crossing{Direction: simulators.FromSUT, Kind: plant.KindConfirmation}) != "") {
		return false, "questions are only met by what meets nothing else"
	}
	if p, ok := f.(chaos.Particular); ok && !p.Suits(tr.policy[t.Endpoint]) {
		return false, "the endpoint's policy leaves it nothing to do"
	}
	if _, ok := f.(chaos.Brokered); ok && (t.Direction != simulators.ToSUT || !chaos.Befalls(f, tr.mishaps[t.Endpoint])) {
		return false, "only what is announced through a broker that Andon started meets that"
	}
	if c, ok := f.(chaos.Choosy); ok {
		if why := c.Leaves(chaos.Crossing{Direction: t.Direction, Kind: t.Kind, Policy: tr.policy[t.Endpoint], Facts: tr.said[t]}); why != "" {
			return false, why
		}
	}
	return true, ""
}

// fault is v as a scenario writes it.
func (v Variant) fault(id string, t Target) (scenarios.Fault, error) {
	f := scenarios.Fault{ID: id, Fault: yamlfile.Word{S: v.Fault}, At: yamlfile.Word{S: t.Endpoint}, Direction: string(t.Direction)}
	if door(v.info) {
		f.Direction = ""
	}
	if len(v.with) == 0 {
		return f, nil
	}
	with, err := yamlfile.Of(yamlfile.Pos{}, v.with)
	f.With = with
	return f, err
}
