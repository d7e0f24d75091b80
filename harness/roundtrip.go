package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// roundTrip runs the plain scenario and tells what was seen of the SUT.
func (o *GateOptions) roundTrip(ctx context.Context, see func(Symptom)) error {
	sc, err := probing(o.File)
	if err != nil {
		return err
	}
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
	if len(sc.Faults) > 0 {
		see(refused(h))
	}
	return nil
}

// badLot has the first consumption name a lot that nobody has heard of, so
// that there is one thing the SUT cannot post.
const badLot = `faults:
  - {id: bad-lot, fault: invalid-lot, at: %q, direction: to-sut, hits: {fact: consumption, nth: 1, per: run}, with: {variant: unknown}}
`

// probing is the plain scenario and, for a SUT that promises to report what it
// cannot post, something to report.
func probing(f File) (scenarios.Scenario, error) {
	mes, erp := "", ""
	for _, name := range f.endpointNames() {
		switch f.Endpoints[name].System {
		case "mes":
			mes = name
		case "erp":
			erp = name
		}
	}
	carried := f.carried()
	consumes := carried == nil || slices.Contains(carried, plant.KindConsumption)
	if !f.SUT.Delivers.Exceptions.promised() || mes == "" || erp == "" || !consumes {
		return PlainScenario(), nil
	}
	ss, err := scenarios.Parse("plain", fmt.Appendf([]byte(plainScenario), badLot, mes))
	if err != nil {
		return scenarios.Scenario{}, fmt.Errorf("build the doctor's scenario: %w", err)
	}
	return ss[0], nil
}

// refused tells what became of the consumption that could not be posted.
func refused(h *evidence.History) Symptom {
	const name = "exceptions"
	i := slices.IndexFunc(h.Facts, func(f *evidence.FactView) bool { return f.Invalid })
	if i < 0 {
		return well(name, "not tried: nothing was consumed").but(Mind, "mend the directions first")
	}
	fact := h.Facts[i]
	switch {
	case len(fact.Surfaces) > 0:
		x := fact.Surfaces[0]
		return well(name, "%s had a lot that does not exist and was reported as %s: %s", fact.Event.ID, x.Class, x.Reason)
	case len(h.Surfaces) > 0:
		return well(name, "an exception was reported, though not for %s, which had a lot that does not exist", fact.Event.ID).
			but(Mind, "name the fact by its reference or its keys, see docs/sut.md")
	case fact.AcceptedBy == nil:
		return well(name, "%s had a lot that does not exist and was refused at intake", fact.Event.ID)
	}
	s := well(name, "%s had a lot that does not exist, was taken, and is reported nowhere", fact.Event.ID)
	return s.but(Mind, "sut.delivers promises a report to ${andon.exceptions}; the SUT may also still be repeating it")
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
	var last *evidence.OfferView
	var s Symptom
	if n := len(fact.Offers); n > 0 {
		last = fact.Offers[n-1]
		s = well(name, "%s was offered %d times and not taken; last: %s", fact.Event.ID, n, said(last.Result))
	} else if last = blocked(h, from); last != nil {
		s = well(name, "%s waits behind %s, which was not taken; last: %s", fact.Event.ID, last.Key, said(last.Result))
	} else {
		return well(name, "%s was never asked for", fact.Event.ID).but(Trouble,
			"either name where the SUT takes webhooks under sut.receives.%s, or let it poll GET ${%s.url}/feed", from, from)
	}
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

// blocked is the last announcement of an endpoint that was not taken; nil if
// there is none. What comes later for the same order waits for it.
func blocked(h *evidence.History, endpoint string) (last *evidence.OfferView) {
	for _, o := range h.Offers {
		if o.Endpoint == endpoint && !o.Result.Outcome.Took() {
			last = o
		}
	}
	return last
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
