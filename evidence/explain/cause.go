package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A rule decides who has to act, from what stands in the evidence.
type rule struct {
	name       string
	class      evidence.CauseClass
	confidence string
	// when says why the rule applies; "" if it does not.
	when func(s *story) string
}

// rules are asked in order; the first that applies decides. The rig comes
// first, so that our own fault is never blamed on the SUT, and what the SUT
// was told comes before what merely went wrong around it.
var rules = []rule{
	{"rig-failed", evidence.CauseRig, "high", (*story).rigFailed},
	{"data-made-invalid", evidence.CauseDataQuality, "high", (*story).madeInvalid},
	{"message-not-understood", evidence.CauseContract, "high", (*story).notUnderstood},
	{"refused-data", evidence.CauseDataQuality, "high", refusedAs(simulators.DataQuality)},
	{"refused-business", evidence.CauseBusiness, "high", refusedAs(simulators.Business)},
	{"reply-lost", evidence.CauseTechnical, "high", (*story).replyLost},
	{"process-restarted", evidence.CauseTechnical, "high", (*story).restarted},
	{"throttled-or-out", evidence.CauseTechnical, "high", (*story).unavailable},
	{"lot-on-hold", evidence.CauseBusiness, "medium", (*story).onHold},
	{"values-differ", evidence.CauseDataQuality, "medium", (*story).valuesDiffer},
	{weakest, evidence.CauseTechnical, "medium", (*story).disturbed},
}

// weakest is the rule that says too little to cast doubt on another.
const weakest = "fault-on-the-way"

// decide sets class, rule and confidence of f where its judge has not, and
// returns what else it might have been.
func (s *story) decide(f *evidence.Finding) (others []string) {
	var classes []evidence.CauseClass
	for _, r := range rules {
		why := r.when(s)
		if why == "" {
			continue
		}
		if f.Class == "" && f.Rule == "" {
			f.Class, f.Rule, f.Confidence = r.class, r.name, r.confidence
			if f.Text == "" {
				f.Text = why
			}
			continue
		}
		if r.class != f.Class && r.name != weakest && !slices.Contains(classes, r.class) {
			classes = append(classes, r.class)
			others = append(others, fmt.Sprintf("%s by rule %s: %s", r.class, r.name, why))
		}
	}
	if f.Class == "" && f.Verdict == evidence.Violated {
		f.Class, f.Confidence = evidence.CauseTechnical, "low"
		if f.Rule == "" {
			f.Rule = "nothing-else-fits"
		}
	}
	if f.Confidence == "" && f.Class != "" {
		f.Confidence = "medium"
	}
	return others
}

func (s *story) rigFailed() string {
	for _, r := range s.records {
		if p, ok := r.Body.(evidence.Step); ok && strings.HasPrefix(p.Name, "rig.") {
			return Clean(p.Name+" "+p.Text, 100)
		}
	}
	return ""
}

func (s *story) madeInvalid() string {
	for _, r := range s.records {
		if d, ok := r.Body.(evidence.Disturbance); ok && d.Invalid {
			return "fault " + d.Fault + " made the data invalid: " + Clean(d.What, 80)
		}
	}
	return ""
}

// notUnderstood: the words of the message were wrong, not its content.
func (s *story) notUnderstood() string {
	for _, a := range s.attempts() {
		switch a.Heard.Code {
		case "malformed", "missing-field", "unknown-field", "unsupported-version", "unsupported-media-type", "key-reused":
			return fmt.Sprintf("%s answered %s", a.Endpoint, outcome(a.Heard))
		}
	}
	return ""
}

func refusedAs(c simulators.Class) func(*story) string {
	return func(s *story) string {
		for _, a := range slices.Backward(s.attempts()) {
			if a.Heard.Outcome == simulators.Refused && a.Heard.Class == c && a.Heard.Code != "already-posted" {
				return fmt.Sprintf("%s refused it for good: %s", a.Endpoint, outcome(a.Heard))
			}
		}
		return ""
	}
}

func (s *story) replyLost() string {
	for _, a := range s.attempts() {
		if a.Acted.Outcome.Took() && a.Heard.Outcome == simulators.Unknown {
			return fmt.Sprintf("%s did it and the reply was lost", a.Endpoint)
		}
	}
	return ""
}

func (s *story) restarted() string {
	for _, r := range s.records {
		if p, ok := r.Body.(evidence.Step); ok && strings.HasPrefix(p.Name, "sut.") && p.Name != "sut.start" {
			return "the SUT's process ended in between (" + p.Name + ")"
		}
	}
	return ""
}

func (s *story) unavailable() string {
	for _, a := range s.attempts() {
		switch a.Heard.Outcome {
		case simulators.Throttled, simulators.Unavailable, simulators.Locked, simulators.Unauthorized:
			return fmt.Sprintf("%s answered %s, which passes", a.Endpoint, outcome(a.Heard))
		}
	}
	return ""
}

func (s *story) onHold() string {
	for _, r := range s.records {
		if t, ok := r.Body.(evidence.Truth); ok && t.Event.Fact.Kind() == plant.KindLotHeld {
			return "a lot was on hold"
		}
	}
	return ""
}

func (s *story) valuesDiffer() string {
	if s.fact != nil && len(s.fact.Near) > 0 {
		n := s.fact.Near[0]
		return fmt.Sprintf("%s differs: %s instead of %s", n.Field, quoted(n.Got), quoted(n.Want))
	}
	return ""
}

func (s *story) disturbed() string {
	if ids := s.faults(); len(ids) > 0 {
		return "touched by " + strings.Join(ids, " and ")
	}
	return ""
}

// patterns are defects seen in real integrations, by the rule a judge named.
// The numbers are those of the defects the bundled build can be given.
var patterns = map[string]string{
	"retry-without-key":           "M01 retries a posting without an idempotency key",
	"new-key-on-retry":            "M02 makes a new idempotency key for each attempt",
	"key-changed":                 "M02 makes a new idempotency key for each attempt",
	"key-shared":                  "M04 uses one idempotency key for several facts",
	"posted-again-after-restart":  "M05 forgets at a restart what it has posted",
	"repeated-offer-posted-again": "M05 does not recognise a message that is delivered twice",
	"untaken-offer-posted":        "M05 does not recognise a message that is delivered twice",
	"lost-in-restart":             "M08 acknowledges before it has stored, or M10 keeps messages in memory only",
	"acknowledged-but-not-posted": "M08 acknowledges before it has stored",
	"retry-after-ignored":         "M12 ignores Retry-After",
	"given-up-too-soon":           "M11 takes throttling for a final refusal",
	"retried-without-pause":       "M15 repeats at once and without end",
	"too-many-attempts":           "M15 repeats at once and without end",
	"refused-and-repeated":        "M16 repeats what was refused for good",
	"starved-behind-poison":       "M17 lets one bad message block the others",
	"given-up-silently":           "M18 logs an exception and goes on",
	"refused-and-dropped":         "M18 logs an exception and goes on",
	"refused-and-not-reported":    "M18 logs an exception and goes on",
	"failed-row-forgotten":        "M22 takes a partly refused batch for a success",
	"good-row-repeated":           "M23 repeats a whole batch for its bad rows",
	"posted-out-of-order":         "M25 posts one order's messages in parallel",
	"stale-overwrite":             "M27 lets the last message win instead of the newest version",
	"hold-kept-back":              "M28 drops a hold on a lot it does not expect",
	"digits-lost":                 "M39 treats quantities as floats or cuts their digits",
	"decimal-point-moved":         "M40 misreads decimal comma or thousands separator",
	"unit-factor-skipped":         "M41 skips or inverts a unit's factor",
	"unit-factor-wrong":           "M41 skips or inverts a unit's factor",
	"zeros-or-blanks-trimmed":     "M43 trims leading zeros of identifiers",
	"token-storm":                 "M57 renews a token in several places at once",
	"refused-token-used-on":       "M57 goes on with a token that was refused",
	"lost-over-a-token":           "M57 loses what was under way when a token was renewed",
}

// similar names the known defect that looks like f.
func similar(f evidence.Finding) string {
	if f.Verdict != evidence.Violated {
		return ""
	}
	return patterns[f.Rule]
}
