package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A State is how well something is.
type State string

// States, from best to worst.
const (
	Well    State = "ok"
	Mind    State = "mind" // works, but somebody should know
	Trouble State = "trouble"
)

// A Symptom is one thing that was looked at.
type Symptom struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Text   string `json:"text"`             // what was seen
	Remedy string `json:"remedy,omitempty"` // what to do about it
}

func well(name, format string, args ...any) Symptom {
	return Symptom{Name: name, State: Well, Text: fmt.Sprintf(format, args...)}
}

func (s Symptom) but(state State, remedy string, args ...any) Symptom {
	s.State, s.Remedy = state, fmt.Sprintf(remedy, args...)
	return s
}

// Least resources with which a run is no gamble.
const (
	leastDisk  = 200 << 20 // bytes
	scarceDisk = 1 << 30
	leastFiles = 256
	fewFiles   = 1024
)

// Diagnose looks at this machine and at the rig, starts the SUT and sends one
// order through it and what the shop floor confirms of it back. See is told
// each symptom as it is found.
func Diagnose(ctx context.Context, o GateOptions, see func(Symptom)) error {
	for _, s := range []Symptom{clock(), zones(o.File.Plant.Zone), disk(), openFiles()} {
		see(s)
	}
	for _, s := range addresses(o.File) {
		see(s)
	}
	for _, s := range told(o.File) {
		see(s)
	}
	o.Scenarios, o.Out = nil, ""
	o.Scenarios = append(o.Scenarios, PlainScenario())
	if err := o.Check(); errors.As(err, new(*PlanError)) {
		return err
	} else if err != nil {
		see(well("rig", "%s", err).but(Trouble, "the rig cannot be built on this machine as it is"))
		return nil
	}
	return o.roundTrip(ctx, see)
}

// clock compares the machine's time with what its files say.
func clock() Symptom {
	now := time.Now()
	s := well("clock", "%s", now.Format("2006-01-02 15:04:05 MST"))
	if y := now.Year(); y < 2025 || y > 2100 {
		return s.but(Trouble, "the clock of this machine is wrong; tokens and certificates will not be accepted")
	}
	f, err := os.CreateTemp("", "andon-clock-*")
	if err != nil {
		return well("clock", "%s", err).but(Trouble, "make the folder for temporary files (TMPDIR) writable")
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		if off := info.ModTime().Sub(now).Abs(); off > 2*time.Second {
			return s.but(Mind, "clock and file system are %s apart", off.Round(time.Second))
		}
	}
	return s
}

// zones looks whether plant-local time can be told.
func zones(plantZone string) Symptom {
	for _, name := range []string{"Europe/Berlin", "America/New_York", cmp.Or(plantZone, "UTC")} {
		if _, err := time.LoadLocation(name); err != nil {
			return well("zones", "%s is not known", name).but(Trouble, "use an IANA name such as Europe/Berlin; zone data is part of andon")
		}
	}
	return well("zones", "zone data is there")
}

// disk looks for room for evidence and for the SUT's state.
func disk() Symptom {
	var texts []string
	worst := uint64(1 << 62)
	for _, dir := range []string{".", os.TempDir()} {
		free, err := diskFree(dir)
		if err != nil {
			return well("disk", "the free space of %s is not known: %s", dir, err).but(Mind, "make sure that there is 1 GiB")
		}
		worst = min(worst, free)
		texts = append(texts, fmt.Sprintf("%d MiB free in %s", free>>20, dir))
	}
	s := well("disk", "%s", strings.Join(texts, ", "))
	switch {
	case worst < leastDisk:
		return s.but(Trouble, "make room: a run that cannot write its evidence is worthless")
	case worst < scarceDisk:
		return s.but(Mind, "evidence of many runs may not fit")
	}
	return s
}

// openFiles looks whether enough connections can be open at once.
func openFiles() Symptom {
	n, err := fileLimit()
	if err != nil {
		return well("files", "the limit of open files is not known: %s", err)
	}
	s := well("files", "%d files and connections may be open", n)
	switch {
	case n < leastFiles:
		return s.but(Trouble, "raise the limit: ulimit -n 4096")
	case n < fewFiles:
		return s.but(Mind, "several lanes may not fit; raise the limit: ulimit -n 4096")
	}
	return s
}

// addresses looks whether everything can be bound that will have to be.
func addresses(f File) (ss []Symptom) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return []Symptom{well("ports", "%s", err).but(Trouble, "the loopback interface must be usable: nothing can be simulated without it")}
	}
	_ = l.Close() // it was only tried
	if _, err := freePort(); err != nil {
		return []Symptom{well("ports", "%s", err).but(Trouble, "close what occupies them")}
	}
	var fixed []string
	for _, name := range f.endpointNames() {
		at := f.Endpoints[name].Listen
		if at == "" {
			continue
		}
		l, err := net.Listen("tcp", at)
		if err != nil {
			ss = append(ss, well("ports", "endpoints.%s.listen: %s", name, err).but(Trouble,
				"stop the program that has %s, or give the endpoint another address, or none to get a free port", at))
			continue
		}
		_ = l.Close()
		fixed = append(fixed, at)
	}
	if len(ss) > 0 {
		return ss
	}
	if len(fixed) > 0 {
		return []Symptom{well("ports", "free: %s", strings.Join(fixed, ", "))}
	}
	return []Symptom{well("ports", "the loopback interface has free ports")}
}

// told looks whether the SUT is told where everything is.
func told(f File) (ss []Symptom) {
	if f.SUT.External != nil {
		for _, name := range f.endpointNames() {
			if e := f.Endpoints[name]; e.Broker == "" && e.Listen == "" {
				ss = append(ss, well("addresses", "endpoint %s gets another port in every run, and a SUT that runs already cannot be told", name).
					but(Trouble, "give it a fixed address that the SUT is configured with: endpoints.%s.listen: \"127.0.0.1:18081\"", name))
			}
		}
		return ss
	}
	var given strings.Builder
	for _, v := range f.SUT.Env {
		given.WriteString(v + "\n")
	}
	given.WriteString(strings.Join(f.SUT.Process.Command, "\n"))
	for _, name := range f.endpointNames() {
		e := f.Endpoints[name]
		if e.Broker != "" || e.Listen != "" || strings.Contains(given.String(), "${"+name+".url}") {
			continue
		}
		ss = append(ss, well("addresses", "neither sut.env nor sut.process.command mentions ${%s.url}", name).
			but(Mind, "how does the build know where endpoint %s is? Add it under sut.env", name))
	}
	return append(ss, exceptionsTold(f, given.String()))
}

func exceptionsTold(f File, given string) Symptom {
	promised, told := f.SUT.Delivers.Exceptions.HTTP != "", strings.Contains(given, "${andon.exceptions}")
	switch {
	case promised && told:
		return well("exceptions", "the build is told where to report what it cannot post")
	case promised:
		return well("exceptions", "sut.delivers promises exceptions, but ${andon.exceptions} is not in sut.env").
			but(Trouble, "tell the build where to report them, as in EXCEPTIONS_URL: \"${andon.exceptions}\"")
	case told:
		return well("exceptions", "the build is told ${andon.exceptions}, but sut.delivers does not promise that it reports there").
			but(Mind, "add sut.delivers.exceptions: {http: \"${andon.exceptions}\"}, so that reports are demanded")
	}
	return well("exceptions", "the build reports nowhere what it cannot post").
		but(Mind, "whatever it cannot post counts as lost: let it POST to ${andon.exceptions} and say so under sut.delivers")
}

// roundTrip runs the plain scenario and tells what was seen of the SUT.
func (o *GateOptions) roundTrip(ctx context.Context, see func(Symptom)) error {
	sc := o.Scenarios[0]
	rig, err := Build(Setup{
		Catalog: o.Catalog, File: o.File, Path: o.Path, Source: o.Source, Scenario: sc, Seed: sc.Seed, Run: "doctor",
		Range: o.numberRange(), Defect: o.Defect, Self: o.Self, Version: o.Version,
	})
	if err != nil {
		return err
	}
	defer rig.Close()
	_, err = Run(ctx, rig.Plan)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var start *sut.StartError
	if errors.As(err, &start) {
		see(well("SUT", "%s", start).but(Trouble, "%s", startRemedy(o.File)))
		return nil
	}
	if err != nil {
		see(well("SUT", "%s", err).but(Trouble, "this is trouble of the rig, not of the SUT"))
		return nil
	}
	receives, err := rig.Vars.ExpandAll(o.File.SUT.Receives)
	if err != nil {
		return err
	}
	see(ready(o.File, rig.Plan.Journal.Records()))
	h := evidence.NewHistory(rig.Plan.Journal.Records())
	for _, k := range []plant.Kind{plant.KindOrderReleased, plant.KindConfirmation} {
		see(way(h, receives, k))
	}
	return nil
}

func startRemedy(f File) string {
	if f.SUT.External != nil {
		return "start the SUT, and check sut.ready.http"
	}
	return "start it by hand with the environment that andon check --env shows; if it is up and not found ready, check sut.ready.http and sut.ready.within"
}

// ready tells how long the SUT took to start.
func ready(f File, records []evidence.Record) Symptom {
	var from, to time.Duration
	for _, r := range records {
		switch b := r.Body.(type) {
		case evidence.Step:
			switch {
			case b.Name == "sut.start" && from == 0:
				from = r.At
			case b.Name == "sut.exit":
				return well("SUT", "%s", b.Text).but(Trouble, "it ended during the round trip: see what it prints when it is started by hand")
			case b.Name == "baseline":
				to = r.At
			}
		}
	}
	s := well("SUT", "ready after %s", (to - from).Round(time.Millisecond))
	if f.SUT.Ready.HTTP == "" {
		s.Text = "started"
		return s.but(Mind, "sut.ready.http is not given, so it counts as ready at once and may miss the first messages")
	}
	return s
}

// way tells how the first fact of a kind went from one system to the other.
func way(h *evidence.History, receives map[string]string, k plant.Kind) Symptom {
	from, to := "", ""
	for _, flow := range h.Plan.Flows {
		if flow.Kind == k {
			from, to = flow.From, flow.To
		}
	}
	name := fmt.Sprintf("%s → SUT → %s", from, to)
	if from == "" {
		return well(string(k), "this rig has no way for it")
	}
	i := slices.IndexFunc(h.Facts, func(v *evidence.FactView) bool { return v.Event.Fact.Kind() == k })
	if i < 0 {
		return well(name, "not tried: nothing was produced, because the order never reached the MES").but(Trouble, "mend the other direction first")
	}
	fact := h.Facts[i]
	if fact.AcceptedBy == nil {
		return notTaken(name, from, to, fact, receives[from], h)
	}
	taken := fmt.Sprintf("%s: taken after %s", fact.Event.ID, (fact.Accepted - fact.At).Round(time.Millisecond))
	if len(fact.Effects) > 0 {
		e := fact.Effects[0]
		return well(name, "%s, in the books of %s after %s", taken, to, (e.At - fact.At).Round(time.Millisecond))
	}
	return notPosted(name, to, taken, fact, h)
}

// notTaken tells why the SUT has not taken an announcement.
func notTaken(name, from, to string, fact *evidence.FactView, where string, h *evidence.History) Symptom {
	if len(fact.Offers) == 0 {
		return well(name, "%s was never asked for", fact.Event.ID).but(Trouble,
			"either name where the SUT takes webhooks under sut.receives.%s, or let it poll GET ${%s.url}/feed", from, from)
	}
	last := fact.Offers[len(fact.Offers)-1]
	s := well(name, "%s was offered %d times and not taken; last: %s", fact.Event.ID, len(fact.Offers), said(last.Result))
	switch {
	case last.Result.Outcome == simulators.Undelivered:
		return s.but(Trouble, "nothing answers at %s: check sut.receives.%s and where the SUT listens", where, from)
	case last.Result.Status == 404 || last.Result.Status == 405:
		return s.but(Trouble, "the SUT takes POST elsewhere: announcements go to %s/%s; check sut.receives.%s", where, last.Name, from)
	case lastPost(h, to) != nil: // it forwards before it answers
		return refusedAt(s, to, lastPost(h, to))
	}
	return s.but(Trouble, "the SUT must answer POST %s/%s with 2xx", where, last.Name)
}

// notPosted tells what the SUT did instead of posting what it had taken.
func notPosted(name, to, taken string, fact *evidence.FactView, h *evidence.History) Symptom {
	if len(fact.Surfaces) > 0 {
		x := fact.Surfaces[0]
		return well(name, "%s, and reported as an exception (%s): %s", taken, x.Class, x.Reason).but(Trouble, "the message was sound; the exception says what the SUT did not like")
	}
	last := lastPost(h, to)
	if last == nil {
		return well(name, "%s, and nothing was posted to %s", taken, to).but(Trouble, "does the SUT know ${%s.url} and ${%s.token}? See its log", to, to)
	}
	return refusedAt(well(name, "%s, and not posted", taken), to, last)
}

// lastPost is the last thing the SUT stated to an endpoint; nil if it said
// nothing.
func lastPost(h *evidence.History, endpoint string) (last *evidence.AttemptView) {
	for _, a := range h.Attempts {
		if a.Endpoint == endpoint && a.Verb != "get" {
			last = a
		}
	}
	return last
}

// refusedAt adds to s why an endpoint did not post what the SUT sent.
func refusedAt(s Symptom, to string, last *evidence.AttemptView) Symptom {
	s.Text += fmt.Sprintf("; last answer of %s: %s", to, said(last.Heard))
	switch last.Heard.Status {
	case 401, 403:
		return s.but(Trouble, "the SUT must get a token from ${%s.token} with ${%s.client} and ${%s.secret}, or set endpoints.%s.policy: {auth: none}", to, to, to, to)
	case 404:
		return s.but(Trouble, "the SUT posts to the wrong path, or the order is not known: it posted %s", last.Name)
	}
	return s.but(Trouble, "compare what it posts with the dialect's golden messages")
}

// said is a result for people.
func said(r simulators.Result) string {
	parts := []string{string(r.Outcome)}
	if r.Status != 0 {
		parts = append(parts, fmt.Sprint(r.Status))
	}
	if text := strings.TrimPrefix(cmp.Or(r.Text, r.Code), fmt.Sprint(r.Status)+" "); text != "" {
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}
