package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/examples/bridge"
)

// elsewhere says what the rest of the library made of a defect.
func (r row) elsewhere() string {
	rest := len(r.at.rest)
	switch {
	case rest == 0:
		return "–"
	case len(r.restIn) > 0:
		return fmt.Sprintf("shown after %d of %d", r.rest, rest)
	case r.rest == rest:
		return fmt.Sprintf("not shown by %d", rest)
	}
	return fmt.Sprintf("not shown by %d of %d", r.rest, rest)
}

// reading says how the table is to be read.
func (t table) reading(o options) string {
	text := fmt.Sprintf("A run is one scenario at one seed against the bundled build with one planted defect. *Intended* means that an oracle spoke that\n"+
		"the defect's description names; most scenarios do not contain the trouble that a defect needs, and cannot show it. A *pack* is the\n"+
		"%d scenarios of `%s` once, %d time(s), at fixed and derived seeds: its share is the probability that a gate finds the defect. Intervals are Wilson's at 95 %%.\n"+
		"*First after* counts the runs in their order until an intended oracle spoke, and their wall time, one after the other.\n\n", t.pack, o.pack, o.reps)
	if t.rest > 0 {
		text += fmt.Sprintf("The *rest of the library* are %d scenarios that are too slow or too special for the pack. They are run after it, those first that are meant\n"+
			"for the defect, then %d at a time, until an intended oracle has spoken in one; for a defect that the pack has shown already no longer than %s. What was not run is not shown, which is not the same as not found:\n"+
			"only *not shown by %d* means that all of them were run. Numbers differ at other rigs.\n\n", t.rest, o.lanes, restWall, t.rest)
	}
	text += "*Rig* names the place of defects that do not show at the bundled rig: a rig file of `examples/bridge`, or the dialect of the ERP (`andon gate --erp`).\n" +
		"The pack is then what that rig can play of it.\n\n"
	if o.shrink > 0 {
		text += fmt.Sprintf("*Smallest schedule* is what `andon shrink` leaves of the shortest run that shows the defect, in at most %d runs and %s: how many strikes of which\n"+
			"faults, to how many orders something happens and how many facts there are, and how often it failed in how many of the last runs. More runs leave less;\n"+
			"what was not finished is named. `make shrink-proof` shows the same for chosen schedules with bars.\n\n", o.shrink, shrinkWall)
	}
	return text
}

// markdown is the page that the repository keeps.
func (t table) markdown(o options) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Track record\n\nWhat the gate detects, measured by `make detection SOUND=%d REPS=%d SHRINK=%d` (%s, %s with %d lanes).\n\n",
		o.sound, o.reps, o.shrink, time.Now().UTC().Format("2006-01-02"), t.took.Round(time.Minute), o.lanes)
	b.WriteString(t.reading(o))
	fmt.Fprintf(&b, "%d of %d defects were found by an intended oracle.\n\n", len(t.rows)-t.escaped(), len(t.rows))
	b.WriteString("| defect | what it does | needs | rig | intended oracles | scenarios that show it | packs by intended | by any | runs by intended | by any | rest of the library | first after | smallest schedule | who spoke, runs each |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range t.rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %d runs, %s | %s | %s |\n", r.defect.ID, r.defect.Does, r.defect.Needs, cmp.Or(r.at.name, "–"),
			strings.Join(r.defect.Oracles, ", "), strings.Join(r.where(), ", "), share(r.packsHit, r.packs), share(r.packsAny, r.packs), share(r.intended, r.runs), share(r.any, r.runs),
			r.elsewhere(), r.needed, r.first.Round(100*time.Millisecond), cmp.Or(r.smallest, "–"), r.oracles())
	}
	if len(bridge.NotPlanted()) > 0 {
		b.WriteString("\n## Not hosted yet\n\nIn the catalogue, but nothing around the bundled build could bring them to light:\n\n")
		b.WriteString("| defect | what it would do | needs | meant to blame it | why not |\n|---|---|---|---|---|\n")
	}
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
	if len(t.campaigns) > 0 {
		b.WriteString("\n## Random trouble\n\n" + t.trouble())
	}
	return b.String()
}

// campaignPage is the page of campaigns that were run by themselves.
func (t table) campaignPage(o options) string {
	return fmt.Sprintf("# Random trouble\n\nHow often sound builds are blamed while anything goes wrong around them, measured by `make campaign CAMPAIGN=%d SEED=%d` (%s, %s with %d lanes).\n\n",
		o.campaign, o.seed, time.Now().UTC().Format("2006-01-02"), t.took.Round(time.Minute), o.lanes) + t.trouble()
}

// trouble says what campaigns came to.
func (t table) trouble() string {
	var b strings.Builder
	b.WriteString("Each run is a scenario at a random seed under a schedule drawn at random from every fault of the catalog that the rig can host; a scenario's own faults and\n" +
		"expectations are left out. A run in which no fault found anything to strike is vacuous and shows nothing.\n")
	for _, c := range t.campaigns {
		fmt.Fprintf(&b, "\n%s. Runs in which a fault struck, of those it was drawn for: %s.\n", c, strings.Join(c.faults(t.known), ", "))
		for _, line := range slices.Concat(c.alarms, c.unknown, c.missing(t.known)) {
			b.WriteString("\n- " + line)
		}
		b.WriteString("\n")
	}
	return b.String()
}
