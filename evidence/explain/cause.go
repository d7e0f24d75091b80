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
	if f.Text == "" {
		f.Text = words[f.Rule]
	}
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

// words say what a judge's rule has seen, for rules whose judge only names
// them.
var words = map[string]string{
	"lost-in-restart":             "the SUT had acknowledged it, its process ended, and nothing of it was ever sent",
	"never-sent":                  "the SUT had acknowledged it and never sent it, though its process lived on",
	"refused-unread":              "the receiver refused messages without reading them, as too large or broken off; this may have been in one of them, and the SUT told nobody",
	"given-up-silently":           "the last answer was one that passes, and the SUT neither tried again nor said so",
	"refused-and-dropped":         "the receiver refused it for good, and the SUT told nobody",
	"acknowledged-but-not-posted": "the receiver acknowledged it and failed later; the SUT did not look again",
	"retry-after-ignored":         "the SUT was told when to come back and came back sooner",
	"retry-without-key":           "a repetition without a key is a second posting if the first was done",
	"key-changed":                 "under another key the receiver cannot know that it is a repetition",
	"key-shared":                  "the receiver takes the second fact for a repetition of the first, or refuses it",
	"retried-without-pause":       "transient answers were met with repetition at once",
	"too-many-attempts":           "the SUT repeats without end",
	"refused-and-repeated":        "the answer was final, and the SUT repeated the message unchanged",
	"failed-row-forgotten":        "the batch's answer said row by row what failed, and the SUT did not act on it",
	"good-row-repeated":           "the row had been posted, and the SUT sent it again",
	"wrong-class":                 "people work off exceptions by class: this one goes to the wrong desk",
	"valid-and-reported":          "the SUT judged by itself that it could not be posted, and was wrong",
	"reported-twice":              "two people will work off the same exception",
	"posted-out-of-order":         "the SUT began the later one before it had the answer to the earlier one",
	"stale-overwrite":             "an older version was posted over a newer one",
	"starved-behind-poison":       "a message that had nothing to do with it was refused, and this one waited behind it",
}
