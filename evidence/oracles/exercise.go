package oracles

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var exerciseInfo = Info{
	Name: "exercise", ID: "O22",
	Doc:          "a planned fault never struck, promised traffic did not flow: the run shows less than it claims",
	Requirements: []string{"CTL-19", "FLT-28"},
}

// Exercise judges that the run was one: faults struck, the promised facts
// happened and the SUT took part. It never finds anything violated; what it
// misses makes a run vacuous.
func Exercise() evidence.Judge {
	return oracle{exerciseInfo, exercise, "%d facts and faults took part", ""}
}

func exercise(r *report) {
	happened, accepted := map[plant.Kind]int{}, 0
	refused := map[plant.Kind][]*evidence.FactView{}
	for _, f := range r.h.Facts {
		k := f.Event.Fact.Kind()
		happened[k]++
		r.judged++
		switch {
		case f.AcceptedBy != nil:
			accepted++
		case judged(f) && f.Status == evidence.MustNot && !f.Invalid && !f.Garbled: // the fault had a part in it
			refused[k] = append(refused[k], f)
		}
	}
	if len(r.h.Facts) == 0 {
		r.notExercised("nothing-happened", "nothing happened in the plant: there was nothing to integrate", nil)
		return
	}
	if accepted == 0 {
		r.notExercised("nothing-accepted", fmt.Sprintf("the SUT accepted none of %s", times(len(r.h.Facts), "fact", "facts")), []uint64{r.h.Facts[0].Seq})
	}
	r.unasked()
	r.faults()
	r.clocks()
	for _, k := range sortedKinds(r.h.Plan.Floor) {
		if n := r.h.Plan.Floor[k]; happened[k] < n {
			r.notExercised("floor-missed", fmt.Sprintf("the scenario promises at least %s of kind %s and %d happened", times(n, "fact", "facts"), k, happened[k]), nil)
		}
	}
	for _, k := range sortedKinds(refused) {
		fs := refused[k]
		r.notExercised("valid-facts-refused", fmt.Sprintf("the SUT refused %s of kind %s at intake although nothing was wrong with them, the first being the %s",
			times(len(fs), "fact", "facts"), k, naming(fs[0].Event.Fact)), []uint64{fs[0].Seq, fs[0].Offers[0].Seq})
	}
	if len(r.found) == 0 {
		r.silentFlows(happened)
	}
}

// unasked notes endpoints that sent nothing at all, because the SUT's own service
// did not answer what they ask before they do.
func (r *report) unasked() {
	sent, last := map[string]bool{}, map[string]*evidence.OfferView{}
	for _, o := range r.h.Offers {
		if strings.HasPrefix(o.Key, simulators.ProbeOf) {
			last[o.Endpoint] = o
		} else {
			sent[o.Endpoint] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(last)) {
		if o := last[name]; !sent[name] && o.Result.Outcome != simulators.Answered {
			r.notExercised("not-asked-in", fmt.Sprintf("%s sent nothing: what it asks the SUT's own service first was not answered as it must be: %s", name, cmp.Or(o.Result.Text, string(o.Result.Outcome))), []uint64{o.Seq})
		}
	}
}

// notExercised adds a vacuous finding.
func (r *report) notExercised(rule, text string, seqs []uint64) {
	r.add(evidence.Vacuous, evidence.Finding{Rule: rule, Text: text, Evidence: few(seqs)}, mostListed)
}

// clocks notes that a run about a change of clocks had none: between no two
// facts did the plant's offset change.
func (r *report) clocks() {
	zone, err := time.LoadLocation(r.h.Plan.Zone)
	if !r.h.Plan.Pacing.ClockChange || err != nil {
		return
	}
	r.judged++
	first := r.h.Facts[0].Event.At
	_, before := first.In(zone).Zone()
	for _, f := range r.h.Facts {
		if _, after := f.Event.At.In(zone).Zone(); after != before {
			return
		}
	}
	last := r.h.Facts[len(r.h.Facts)-1].Event.At
	r.notExercised("no-clock-change", fmt.Sprintf("the scenario is about a change of clocks, and in %s they were not changed between %s and %s",
		r.h.Plan.Zone, first.In(zone).Format("2006-01-02 15:04"), last.In(zone).Format("2006-01-02 15:04")), nil)
}

func (r *report) faults() {
	struck := map[string]bool{} // by group
	group := map[string]string{}
	for _, f := range r.h.Plan.Faults {
		group[f.ID] = f.Group
	}
	for _, f := range r.h.Faults {
		struck[group[f.ID]] = struck[group[f.ID]] || len(f.Strikes) > 0
	}
	for _, f := range r.h.Faults {
		r.judged++
		if g := group[f.ID]; len(f.Strikes) > 0 || g != "" && struck[g] {
			continue
		}
		at := ""
		if len(f.At) > 0 {
			at = " at " + strings.Join(f.At, ", ")
		}
		if len(f.Intervals) == 0 {
			r.notExercised("fault-never-armed", fmt.Sprintf("fault %s (%s%s) was planned and never armed", f.ID, f.Kind, at), nil)
			continue
		}
		r.notExercised("fault-never-struck", fmt.Sprintf("fault %s (%s%s) was armed and touched no message%s", f.ID, f.Kind, at, r.whyNot(f.ID)), nil)
	}
}

// whyNot is what was written down, when a fault was healed, of why it may have
// touched nothing.
func (r *report) whyNot(fault string) string {
	for _, d := range r.h.Disturbances {
		if d.Fault == fault && d.Phase == evidence.Healed && d.What != "" {
			return ": " + d.What
		}
	}
	return ""
}

// silentFlows notes declared flows without facts; by itself that is no
// shortcoming.
func (r *report) silentFlows(happened map[plant.Kind]int) {
	var silent []string
	for _, f := range r.h.Plan.Flows {
		if s := string(f.Kind); happened[f.Kind] == 0 && !slices.Contains(silent, s) {
			silent = append(silent, s)
		}
	}
	if len(silent) > 0 && r.whole() {
		f := r.bare(evidence.Holds, fmt.Sprintf("%d facts and faults took part; flows without traffic: %s", r.judged, strings.Join(silent, ", ")))
		r.found = append(r.found, f)
	}
}

func sortedKinds[V any](m map[plant.Kind]V) []plant.Kind {
	kinds := make([]plant.Kind, 0, len(m))
	for k := range m {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	return kinds
}
