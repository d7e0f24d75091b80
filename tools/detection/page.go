package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/examples/bridge"
)

// markdown is the page that the repository keeps.
func (t table) markdown(o options) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Track record\n\nWhat the gate detects, measured by `make detection SOUND=%d CAMPAIGN=%d REPS=%d` (%s) with the pack %s, %d repetition(s) at fixed and derived seeds.\n",
		o.sound, o.campaign, o.reps, time.Now().UTC().Format("2006-01-02"), o.pack, o.reps)
	b.WriteString("A run is one scenario at one seed against the bundled build with one planted defect. *Intended* means that an oracle spoke that\n" +
		"the defect's description names; most scenarios do not contain the trouble that a defect needs, and cannot show it. A pack is\n" +
		"all scenarios once, and for a defect that none of them can show also those of the library that can: its share is the probability that a gate finds the defect. Intervals are Wilson's at 95 %; *first after* counts the runs of the pack, in its order, until an intended oracle spoke, and their wall time.\n\n")
	fmt.Fprintf(&b, "%d of %d defects were found by an intended oracle.\n\n", len(t.rows)-t.escaped(), len(t.rows))
	b.WriteString("| defect | what it does | needs | intended oracles | scenarios that show it | packs by intended | by any | runs by intended | by any | first after | who spoke, runs each |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range t.rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %d runs, %s | %s |\n", r.defect.ID, r.defect.Does, r.defect.Needs,
			strings.Join(r.defect.Oracles, ", "), strings.Join(r.in, ", "), share(r.packsHit, r.packs), share(r.packsAny, r.packs), share(r.intended, r.runs), share(r.any, r.runs),
			r.needed, r.first.Round(100*time.Millisecond), r.oracles())
	}
	b.WriteString("\n## Not hosted yet\n\nIn the catalogue, but nothing around the bundled build could bring them to light:\n\n")
	b.WriteString("| defect | what it would do | needs | meant to blame it | why not |\n|---|---|---|---|---|\n")
	for _, a := range bridge.NotPlanted() {
		fmt.Fprintf(&b, "| %s %s | %s | %s | %s | %s |\n", a.ID, a.Name, a.Does, a.Needs, strings.Join(a.Oracles, ", "), a.Why)
	}
	b.WriteString("\n## False alarms\n")
	for _, s := range t.sound {
		fmt.Fprintf(&b, "\n%s.\n", s)
		for _, line := range append(slices.Clone(s.alarms), s.unknown...) {
			b.WriteString("\n- " + line)
		}
	}
	b.WriteString("\n## Random trouble\n\nSound builds under schedules drawn at random from every fault of the catalog that the rig can host; a scenario's own faults and\n" +
		"expectations are left out. A run in which no fault found anything to strike is vacuous and shows nothing.\n")
	for _, c := range t.campaigns {
		fmt.Fprintf(&b, "\n%s. Runs in which a fault struck, of those it was drawn for: %s.\n", c, strings.Join(c.faults(t.known), ", "))
		for _, line := range append(slices.Clone(c.alarms), c.unknown...) {
			b.WriteString("\n- " + line)
		}
	}
	return b.String()
}
