package harness

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// This file is about what a rig file need not say, because it follows from the
// dialects that it names: whoever changes one, and nothing else, has a rig that
// fits the new one. What does not follow is demanded by its line.

// spoken is the dialect of an endpoint as the rig file sets it up; false if
// there is none of that name, which is told when the rig is built.
func (e EndpointSpec) spoken() (simulators.Dialect, bool) {
	part, ok := catalog.Find(catalog.Standard().Dialects, e.language())
	if !ok {
		return nil, false
	}
	d := part.New()
	if c, err := configured(d, e); err == nil { // a mistake in its settings is told elsewhere
		d = c
	}
	return d, true
}

// language is the name of the dialect of an endpoint.
func (e EndpointSpec) language() string { return cmp.Or(e.Dialect, "neutral/v1") }

// customs are those of the endpoint's dialect.
func (e EndpointSpec) customs() simulators.Customs {
	if d, ok := e.spoken(); ok {
		if c, ok := d.(simulators.Customary); ok {
			return c.Customs()
		}
	}
	return simulators.Customs{}
}

// accustom fills in what the file leaves to the dialect.
func (e *EndpointSpec) accustom() {
	if e.System == "" {
		return
	}
	c := e.customs()
	e.Transport = cmp.Or(e.Transport, c.Transport)
	if e.Lists == nil {
		for _, k := range c.Lists {
			if slices.Contains(announced[e.System], k) {
				e.Lists = append(e.Lists, k)
			}
		}
	}
}

// accustom fills in where messages name their facts.
func (f *File) accustom() {
	for _, name := range f.endpointNames() {
		place := f.Endpoints[name].customs().Attribution
		if place == "" || f.Attribution[name] != "" || f.Attribution[everywhere] != "" {
			continue
		}
		if f.Attribution == nil {
			f.Attribution = map[string]string{}
		}
		f.Attribution[name] = place
	}
}

// specimens are facts of every kind that is announced, to ask a dialect
// whether it has a word for it.
var specimens = func() map[plant.Kind]plant.Fact {
	all := map[plant.Kind]plant.Fact{}
	for _, f := range []plant.Fact{plant.OrderReleased{}, plant.OrderChanged{}, plant.OrderCancelled{}, plant.LotDecided{}, plant.ItemChanged{},
		plant.OperationStarted{}, plant.Confirmed{}, plant.Consumed{}, plant.Scrapped{}, plant.Reworked{}, plant.Received{}, plant.LotHeld{}, plant.Inspected{},
		plant.MachineCounted{}, plant.MachineChanged{}} {
		all[f.Kind()] = f
	}
	for _, s := range sayings { // those that dialects look into before they say anything
		all[s.specimen.Kind()] = s.specimen
	}
	return all
}()

// says reports whether the endpoint's dialect has a word for facts of a kind.
// One that cannot word this very specimen has.
func (e EndpointSpec) says(k plant.Kind) bool {
	d, ok := e.spoken()
	if !ok {
		return true
	}
	ms, err := d.Encode(plant.Event{ID: "specimen", Fact: specimens[k]})
	return err != nil || len(ms) > 0
}

// wordless says, of each kind of facts that would have to go from one endpoint to
// another, at which of the two nobody can say it; it lacks those that can be said.
func (f File) wordless() map[plant.Kind]string {
	at := map[plant.Kind]string{}
	for _, way := range ways {
		from, to := f.playing(way[0]), f.playing(way[1])
		if from == "" || to == "" {
			continue
		}
		source, sink := f.Endpoints[from], f.Endpoints[to]
		for _, k := range announced[way[0]] {
			switch {
			case !slices.Contains(source.Lists, k) && !source.says(k):
				at[k] = from
			case !sink.says(k):
				at[k] = to
			}
		}
	}
	return at
}

// overtaking is how much longer a SUT may be silent that is told things in no
// sequence: who hears of a change before what it changes waits for that, and
// nobody tells it how long.
const overtaking = 3 * time.Second

// unordered reports whether an endpoint announces in no sequence.
func (f File) unordered() bool {
	for _, e := range f.Endpoints {
		if d, ok := e.spoken(); ok && len(announced[e.System]) > 0 && e.Policy.Apply(d.Policy()).Ordering == simulators.OrderNone {
			return true
		}
	}
	return false
}

// playing is the endpoint that plays a system; "" if none does.
func (f File) playing(system string) string {
	for _, name := range f.inOrder() {
		if f.Endpoints[name].System == system {
			return name
		}
	}
	return ""
}

// carried are the kinds of facts that the rig carries: those that its file
// names, or else those that can be said at both ends. None means all.
func (f File) carried() []plant.Kind {
	if len(f.Flows) > 0 {
		return f.Flows
	}
	at := f.wordless()
	if len(at) == 0 {
		return nil
	}
	var all []plant.Kind
	for _, way := range ways {
		for _, k := range announced[way[0]] {
			if at[k] == "" {
				all = append(all, k)
			}
		}
	}
	return all
}

// noWord says that a dialect cannot say something.
func (f File) noWord(at string) string {
	return fmt.Sprintf("%s, which %s speaks, has no word for", f.Endpoints[at].language(), at)
}

// Customs tells what of the rig follows from its dialects, for people who would
// otherwise wonder.
func (f File) Customs() (notes []string) {
	for _, name := range f.endpointNames() {
		e := f.Endpoints[name]
		c := e.customs()
		if c.Attribution != "" && f.Attribution[name] == c.Attribution {
			notes = append(notes, fmt.Sprintf("%s: a message names its fact in %s (attribution.%s says otherwise)", name, c.Attribution, name))
		}
		if len(c.Lists) > 0 && slices.Equal(e.Lists, c.Lists) {
			is, it := "is", "it"
			if len(c.Lists) > 1 {
				is, it = "are", "them"
			}
			notes = append(notes, fmt.Sprintf("%s: %s %s not announced in %s; the SUT finds %s in lists (lists: [] if it need not)", name, joinKinds(c.Lists), is, e.Dialect, it))
		}
	}
	if len(f.Flows) > 0 {
		return notes
	}
	unsaid := map[string][]plant.Kind{}
	for k, at := range f.wordless() {
		unsaid[at] = append(unsaid[at], k)
	}
	for _, at := range slices.Sorted(maps.Keys(unsaid)) {
		slices.Sort(unsaid[at])
		notes = append(notes, fmt.Sprintf("%s: not carried: %s, which %s", at, joinKinds(unsaid[at]), f.noWord(at)))
	}
	return notes
}

func joinKinds(ks []plant.Kind) string {
	words := make([]string, len(ks))
	for i, k := range ks {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}

// listed names the lists in which changes of kinds of facts are found.
var listed = map[plant.Kind]string{
	plant.KindItemChanged: "items", plant.KindBillChanged: "boms", plant.KindRoutingChanged: "routings",
	plant.KindCenterChanged: "work-centers", plant.KindCalendarChanged: "calendars",
}

// lists reports whether the endpoint, which speaks d, can tell facts of a kind in a
// list of them: one that is asked for, or an extract of all.
func (e EndpointSpec) lists(d simulators.Dialect, k plant.Kind) bool {
	if asked, ok := d.(simulators.Inquirer); ok && asked.Questions()[listed[k]] != "" {
		return true
	}
	_, ok := d.(simulators.Extractor)
	return ok && e.says(k)
}

// checkCarried refuses lines of the file that the dialects cannot keep: the SUT
// would be blamed for what nobody could tell it.
func (f *File) checkCarried() error {
	var errs []error
	for _, name := range f.endpointNames() {
		e := f.Endpoints[name]
		d, ok := e.spoken()
		if !ok || e.System == "" {
			continue
		}
		for _, k := range e.Lists {
			if of := listed[k]; of != "" && !e.lists(d, k) {
				errs = append(errs, e.Pos.Find("lists").Errorf("endpoints.%s.lists names %s, and %s shows no list of %s", name, k, e.language(), of).
					WithHint("leave %s out of lists", k))
			}
		}
	}
	at := f.wordless()
	for _, k := range f.Flows {
		if name := at[k]; name != "" {
			e := f.Endpoints[name]
			err := e.Pos.Find("dialect").Errorf("flows names %s, which %s", k, f.noWord(name)).WithHint("leave flows out: what the dialects can say is carried; or leave out %s", k)
			if d, ok := e.spoken(); ok && slices.Contains(announced[e.System], k) {
				if e.lists(d, k) {
					err.Hint += fmt.Sprintf("; or write lists: [%s] at %s, if the SUT reads it there", k, name)
				}
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// demanded refuses a rig that lacks a line which does not follow from a dialect,
// and without which the SUT would be blamed for what nobody told it.
func (r *Rig) demanded() error {
	if r.setup.World != nil {
		return nil
	}
	var errs []error
	for _, e := range r.Plan.Endpoints {
		spec := r.setup.File.Endpoints[e.Name]
		if spec.Bus != "" {
			continue
		}
		errs = append(errs, r.heard(e.Name, spec, e.Dialect), r.admitted(e.Name, spec, e.Dialect, e.Policy))
	}
	return errors.Join(errs...)
}

// heard refuses an endpoint of which nobody would hear: it announces, nothing
// says where to, and its dialect has no feed in which the SUT could look.
func (r *Rig) heard(name string, spec EndpointSpec, d simulators.Dialect) error {
	f := r.setup.File
	if f.SUT.Receives[name] != "" || spec.Transport != "" && spec.Transport != "http" {
		return nil
	}
	if ask, err := d.Decode(simulators.Message{Verb: "get", Method: "GET", Name: "feed"}); err == nil && ask.Query != nil && ask.Query.Object == "feed" {
		return nil
	}
	carried := kinds(f.carried())
	for _, k := range announced[spec.System] {
		if (carried == nil || carried[k]) && !slices.Contains(spec.Lists, k) && f.sinkOf(spec.System) != "" {
			return f.SUT.Pos.Find("receives").Errorf("sut.receives.%s is missing: %s speaks %s, which has no feed to look into, so that the SUT never hears of a fact of kind %s", name, name, spec.Dialect, k).
				WithHint("receives: {%s: \"http://127.0.0.1:${port.NAME}/%s\"} says where the SUT takes webhooks", name, name)
		}
	}
	return nil
}

// sinkOf is the endpoint into whose books facts of a system go; "" if there is
// none.
func (f File) sinkOf(system string) string {
	for _, way := range ways {
		if way[0] == system {
			return f.playing(way[1])
		}
	}
	return ""
}

// credentials are the variables of an endpoint one of which a SUT needs to get
// in, the best one first; none if anybody gets in.
func credentials(spec EndpointSpec, d simulators.Dialect, p simulators.Policy) []string {
	if shareOf(spec) == simulators.ShareSFTP {
		return []string{"key", "secret"}
	}
	if p.Auth != simulators.AuthOAuth2 {
		return nil
	}
	if i, ok := d.(simulators.TokenIssuer); ok && i.Grant() == simulators.GrantPassword {
		if _, ok := d.(simulators.Granter); ok {
			return []string{"ionapi", "password"}
		}
		return []string{"password"}
	}
	return []string{"secret", "next.secret"}
}

// entries are all variables by which a SUT gets in somewhere.
var entries = []string{"secret", "next.secret", "password", "ionapi", "key"}

// admitted refuses a rig whose SUT is told how to get in, but not as it is done in
// the dialect. One that is told of no way may have nothing to do there.
func (r *Rig) admitted(name string, spec EndpointSpec, d simulators.Dialect, p simulators.Policy) error {
	f := r.setup.File
	named := func(w string) bool { return f.SUT.names(name + "." + w) }
	ways := credentials(spec, d, p)
	if !f.SUT.ours() || len(ways) == 0 || slices.ContainsFunc(ways, named) || !slices.ContainsFunc(entries, named) {
		return nil
	}
	return f.SUT.Pos.Find("env:").Errorf("sut.env does not name ${%s.%s}: %s speaks %s, and without it the SUT cannot get in", name, ways[0], name, spec.language()).
		WithHint("env: {NAME: \"${%s.%s}\"} tells it; andon check --env lists what else there is", name, ways[0])
}

// names reports whether the SUT is told a variable.
func (s SUTSpec) names(variable string) bool {
	words := slices.Collect(maps.Values(s.Env))
	if s.Process != nil {
		words = append(words, s.Process.Command...)
	}
	if s.Container != nil {
		words = append(words, s.Container.Command...)
		for _, m := range s.Container.Mounts {
			words = append(words, m.From)
		}
	}
	return slices.ContainsFunc(words, func(w string) bool {
		return strings.Contains(w, "${"+variable+"}") || strings.Contains(w, "${"+variable+"?}")
	})
}
