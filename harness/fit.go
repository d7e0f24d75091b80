package harness

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Fit returns the scenarios of a pack that can be played at the rig, and says
// of each other what the rig lacks. A pack is for any rig, so what one has not
// is no mistake of its file; see [File.Refuse] for scenarios asked for by name.
func (f File) Fit(pack []scenarios.Scenario) (fit []scenarios.Scenario, left []string) {
	for _, s := range pack {
		if lack := f.Lacks(s); lack != "" {
			left = append(left, lack)
			continue
		}
		fit = append(fit, s)
	}
	return fit, left
}

// Lacks says what the rig would need to play s; "" if it has it all.
func (f File) Lacks(s scenarios.Scenario) string {
	if s.Plant.Counts && !f.counts() {
		return s.Metadata.ID + " was not run: it reads machines, and the rig has no endpoint {system: machine}"
	}
	if f.SUT.External != nil && s.StopsSUT() {
		return s.Metadata.ID + " was not run: it kills or restarts the SUT, which this rig's Andon did not start (sut.external)"
	}
	for _, fault := range s.Faults {
		if i, ok := faults.Find(fault.Fault.S); ok {
			if err := f.feasible(i); err != nil {
				return fmt.Sprintf("%s was not run: %s cannot be carried out here: %s", s.Metadata.ID, i.Name, err)
			}
		}
	}
	if lack := cmp.Or(f.lacksOutcome(s), f.lacksDates(s)); lack != "" {
		return lack
	}
	if f.Plant.Trace != nil && s.RetiresAny() {
		return s.Metadata.ID + " was not run: it retires a material that nobody needs, and in an event log each is made by an order"
	}
	if f.Plant.Trace != nil && s.Plant.Expiring {
		return s.Metadata.ID + " was not run: it is about lots that expire in the run, and an event log does not say when its lots do"
	}
	if s.Time.ClockChange {
		if zone, changed := f.clockChange(s); !changed {
			return s.Metadata.ID + " was not run: it is about the hour in which clocks are changed, and in " + zone + " they are not while it lasts"
		}
	}
	for _, fault := range s.Faults {
		if why := f.unsuited(s, fault); why != "" {
			return s.Metadata.ID + " was not run: " + why
		}
	}
	if s.Cutover() != nil {
		if lack := f.lacksCutover(s); lack != "" {
			return lack
		}
	}
	if lack := f.lacksLists(s); lack != "" {
		return lack
	}
	if lack := cmp.Or(f.lacksWord(s), f.lacksFlow(s), f.lacksField(s), f.lacksQueue(s), f.lacksWorklist(s)); lack != "" {
		return lack
	}
	return f.lacksBroker(s)
}

// lacksLists says which fault of s happens to lists that the SUT reads, when
// the rig announces everything, so that nothing has to be read there; "" if
// there is none.
func (f File) lacksLists(s scenarios.Scenario) string {
	for _, sf := range s.Faults {
		info, ok := faults.Find(sf.Fault.S)
		if !ok {
			continue // told when the scenario is asked for by name
		}
		if _, pages := info.New().(*faults.Pagination); !pages {
			continue
		}
		at := scenarios.Meant(sf.At.S, f.systems())
		if !slices.ContainsFunc(f.endpointNames(), func(name string) bool {
			return (at == "" || at == "sut" || at == name) && len(f.Endpoints[name].Lists) > 0
		}) {
			return fmt.Sprintf("%s was not run: its fault %s happens to lists that the SUT reads, and this rig announces everything (endpoints.*.lists says what is to be found in lists)", s.Metadata.ID, info.Name)
		}
	}
	return ""
}

// lacksFlow says which facts s is about that the rig does not carry, because its
// file leaves them out or nobody can say them; "" if it carries all.
func (f File) lacksFlow(s scenarios.Scenario) string {
	var at map[plant.Kind]string
	if len(f.Flows) == 0 {
		at = f.wordless()
	}
	for _, way := range ways {
		for _, k := range announced[way[0]] {
			switch {
			case s.Floor[k] == 0:
			case len(f.Flows) > 0 && !slices.Contains(f.Flows, k):
				return fmt.Sprintf("%s was not run: it is about facts of kind %s, which the rig's flows do not carry", s.Metadata.ID, k)
			case at[k] != "":
				return fmt.Sprintf("%s was not run: it is about facts of kind %s, and %s them", s.Metadata.ID, k, f.noWord(at[k]))
			}
		}
	}
	return ""
}

// lacksField says what s expects of books that nobody can tell them in the
// dialect of an endpoint; "" if there is nothing.
func (f File) lacksField(s scenarios.Scenario) string {
	for _, name := range f.endpointNames() {
		speaks, ok := f.Endpoints[name].spoken()
		if !ok {
			continue // told when the rig is built
		}
		if d, ok := speaks.(simulators.Vague); ok {
			for _, member := range d.Untold() {
				if regexp.MustCompile(`\b` + name + `\.[^;]*\.` + member + `\b`).Match(s.ExpectJSON()) {
					return fmt.Sprintf("%s was not run: it asks the books of %s for %s, which nobody can tell them in %s", s.Metadata.ID, name, member, f.Endpoints[name].language())
				}
			}
		}
	}
	return ""
}

// sayings are facts for which not every dialect has a word, and what a scenario
// does that is about them.
var sayings = []struct {
	does     string
	specimen plant.Fact
}{
	{"takes back what was reported", plant.Reversed{Original: plant.Event{ID: "original", Fact: plant.Confirmed{Order: "1", Operation: "1", Counter: 1}}, Document: "1"}},
	{"changes a bill of material", plant.BillChanged{Version: 1, Bill: plant.Bill{Item: "1", For: plant.Of(1, "EA"), Components: []plant.Component{{Material: "2", Operation: "1", Quantity: plant.Of(1, "EA")}}}}},
	{"changes a routing", plant.RoutingChanged{Version: 1, Routing: plant.Routing{Item: "1", Operations: []plant.Operation{{ID: "1", WorkCenter: "1"}}}}},
	{"changes a work center", plant.CenterChanged{Version: 1, WorkCenter: plant.WorkCenter{ID: "1"}}},
	{"changes a calendar", plant.CalendarChanged{Version: 1, Calendar: plant.Calendar{ID: "1", Zone: "UTC"}}},
}

// lacksWord says at which endpoint something cannot be said that s is about,
// because its dialect has no word for it; "" if all can. What is to be found in
// a list is not announced.
func (f File) lacksWord(s scenarios.Scenario) string {
	for _, say := range sayings {
		kind := say.specimen.Kind()
		if s.Floor[kind] == 0 {
			continue
		}
		for _, name := range f.endpointNames() {
			e := f.Endpoints[name]
			speaks, ok := e.spoken()
			if !ok || e.System == "machine" || slices.Contains(e.Lists, kind) {
				continue
			}
			if ms, err := speaks.Encode(plant.Event{ID: "specimen", Fact: say.specimen}); err == nil && len(ms) == 0 {
				return fmt.Sprintf("%s was not run: it %s, and %s, which %s speaks, has no word for that", s.Metadata.ID, say.does, e.language(), name)
			}
		}
	}
	return ""
}

// lacksQueue says that s has a person see to a queue which is not there, or put
// messages back into one in which the SUT cannot look for them; "" if all is there,
// or s does not.
func (f File) lacksQueue(s scenarios.Scenario) string {
	if s.TakesOut() && !slices.ContainsFunc(f.endpointNames(), func(name string) bool {
		policy, known := f.policyOf(name, s)
		return known && policy.Accept == simulators.AcceptQueued && policy.Queue.PerEntity && policy.Queue.Blocks
	}) {
		return s.Metadata.ID + " was not run: it takes failed messages out of a queue in which others wait behind them, and no endpoint here has one; d365/v1 does"
	}
	if !s.Requeues() {
		return ""
	}
	for _, name := range f.endpointNames() {
		speaks, ok := f.Endpoints[name].spoken()
		if !ok {
			continue // told when the rig is built
		}
		asked, ok := speaks.(simulators.Inquirer)
		if policy, known := f.policyOf(name, s); ok && known && policy.Accept == simulators.AcceptQueued && asked.Questions()["queue"] != "" {
			return ""
		}
	}
	return s.Metadata.ID + " was not run: it puts failed messages back into a queue, and no endpoint here shows the SUT one; d365/v1 does"
}

// lacksWorklist says at which endpoint s has what was accepted wait for a person
// where the SUT cannot look for it; "" if it can everywhere.
func (f File) lacksWorklist(s scenarios.Scenario) string {
	for _, name := range f.endpointNames() {
		given, ok := s.Given.Endpoints[name]
		if !ok || given.Failed != simulators.FailedPoolData && given.Failed != simulators.FailedPoolAll {
			continue
		}
		speaks, ok := f.Endpoints[name].spoken()
		if !ok {
			continue // told when the rig is built
		}
		asked, ok := speaks.(simulators.Inquirer)
		if policy, known := f.policyOf(name, s); !ok || !known || policy.Accept == simulators.AcceptQueued || asked.Questions()["queue"] == "" {
			return fmt.Sprintf("%s was not run: it has refused postings wait in a worklist, and %s, which %s speaks, shows the SUT none; sap-s4/v2 does", s.Metadata.ID, f.Endpoints[name].language(), name)
		}
	}
	return ""
}

// lacksBroker says which fault of s happens at a broker that the rig has not.
func (f File) lacksBroker(s scenarios.Scenario) string {
	for _, sf := range s.Faults {
		info, ok := faults.Find(sf.Fault.S)
		if !ok {
			continue // told when the scenario is asked for by name
		}
		at := scenarios.Meant(sf.At.S, f.systems())
		can := slices.ContainsFunc(f.endpointNames(), func(name string) bool {
			return (at == "" || at == "sut" || at == name) && chaos.Befalls(info.New(), f.mishaps(name))
		})
		if _, brokered := info.New().(chaos.Brokered); brokered && !can {
			return fmt.Sprintf("%s was not run: its fault %s needs %s", s.Metadata.ID, info.Name, info.Needs)
		}
	}
	return ""
}

// lacksCutover says what of a cutover the rig has not; "" if it has all.
func (f File) lacksCutover(s scenarios.Scenario) string {
	if f.SUT.Cutover == nil {
		return s.Metadata.ID + " was not run: it cuts over from one interface user to another, and the rig does not say how the SUT is told (sut.cutover)"
	}
	return ""
}

// clockChange reports whether the clocks of the plant are changed while s
// lasts, and names their zone. What cannot be told is the run's to find out.
func (f File) clockChange(s scenarios.Scenario) (zone string, changed bool) {
	if f.Plant.Trace != nil {
		return "the event log", false // its days are what they are
	}
	cfg := s.PlantConfig(plant.Config{Profile: f.Plant.Profile, Zone: f.Plant.Zone, Shift: usualShift})
	at, err := zoneOf(cfg)
	if err != nil {
		return cfg.Zone, true
	}
	from := s.Time.Anchor.Start(time.Now(), at, cfg.Shift)
	_, before := from.Zone()
	_, after := from.Add(cfg.Shift).Zone()
	return at.String(), before != after
}

// unsuited says why a fault of a scenario can strike nowhere in this rig; ""
// if it can, or if that is not known before the run.
func (f File) unsuited(s scenarios.Scenario, said scenarios.Fault) string {
	info, known := faults.Find(said.Fault.S)
	if !known {
		return "" // said elsewhere
	}
	if why := cmp.Or(f.unanswered(said), f.roadless(said)); why != "" {
		return why
	}
	fault := info.New()
	p, particular := fault.(chaos.Particular)
	_, pushed := fault.(chaos.Pushed)
	at := scenarios.Meant(said.At.S, f.systems())
	for _, name := range f.endpointNames() {
		if f.Endpoints[name].System == "" || at != "" && at != "sut" && at != name || pushed && !f.pushes(name) {
			continue
		}
		policy, ok := f.policyOf(name, s)
		if !particular || !ok || p.Suits(policy) {
			return ""
		}
	}
	return fmt.Sprintf("its fault %s (%s) can strike nothing here; it needs %s", said.ID, info.Name, info.Needs)
}

// roadless says why a fault of connections finds none in this rig; "" if there
// are some, or it is no such fault.
func (f File) roadless(said scenarios.Fault) string {
	info, _ := faults.Find(said.Fault.S)
	fault := info.New()
	if !said.With.IsZero() && said.With.Decode(fault) != nil {
		return "" // told when the rig is built
	}
	c, ok := fault.(chaos.ConnFault)
	if !ok {
		return ""
	}
	t, at := c.Trouble(), scenarios.Meant(said.At.S, f.systems())
	for _, name := range f.endpointNames() {
		e := f.Endpoints[name]
		if e.System == "" || at != "" && at != "sut" && at != name || !f.takes(t, name) {
			continue
		}
		sockets, sftp := shareOf(e) == simulators.ShareNone, shareOf(e) == simulators.ShareSFTP
		theirs := sockets && e.Bus == "" || e.database() || sftp && !byMessage(said, info, fault) // which file crosses on which connection nobody can tell
		ours := sockets && f.SUT.Receives[name] != ""
		if opens(t, chaos.BySUT) && theirs || opens(t, chaos.ByRig) && ours {
			return ""
		}
	}
	return fmt.Sprintf("its fault %s (%s) strikes connections, and the rig has none there: %v", said.ID, info.Name, errNoRoad)
}

// byMessage reports whether a fault of connections strikes some only because of
// what crosses on them.
func byMessage(said scenarios.Fault, info faults.Info, fault chaos.Fault) bool {
	rule, w := ruleOf(said, info, fault), said.While
	return rule.ByMessage() || said.After != nil || said.During.By == scenarios.ByFact || w != nil && (w.Phase.S != "" || w.Since != nil)
}

// unanswered says why a fault that strikes answers only, messages of their own,
// finds none in this rig; "" if there are some, or it strikes others as well.
func (f File) unanswered(said scenarios.Fault) string {
	at := scenarios.Meant(said.At.S, f.systems())
	if len(said.Hits.Strikes) == 0 || slices.ContainsFunc(said.Hits.Strikes, func(s scenarios.Strike) bool { return !strings.HasPrefix(s.Key, simulators.AnswerTo) }) {
		return ""
	}
	for _, name := range f.endpointNames() {
		speaks, ok := f.Endpoints[name].spoken()
		if ok && (at == "" || at == "sut" || at == name) {
			if _, answers := speaks.(simulators.Responder); answers {
				return ""
			}
		}
	}
	return fmt.Sprintf("its fault %s (%s) strikes answers that come as messages of their own, and no endpoint there answers so; infor-ion/v3 does", said.ID, said.Fault.S)
}

// pushes reports whether an endpoint sends its announcements to the SUT, and
// does not keep them for it to fetch.
func (f File) pushes(name string) bool {
	spec := f.Endpoints[name]
	if shareOf(spec) != simulators.ShareNone {
		return false
	}
	return spec.Transport != "" && spec.Transport != "http" || f.SUT.Receives[name] != ""
}

// policyOf is the policy of an endpoint as a scenario begins with it.
func (f File) policyOf(name string, s scenarios.Scenario) (simulators.Policy, bool) {
	spec := f.Endpoints[name]
	speaks, ok := spec.spoken()
	if !ok {
		return simulators.Policy{}, false
	}
	policy := spec.Policy.Apply(speaks.Policy())
	policy.Share = shareOf(spec)
	if p, ok := s.Given.Endpoints[name]; ok {
		policy = p.Apply(policy)
	}
	return policy, true
}
