package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A story is what a finding is about: the few records that show it, in order.
type story struct {
	x       *Explainer
	fact    *evidence.FactView // nil if the finding is about no fact
	named   []uint64           // records the judge named
	records []evidence.Record
}

// story picks the records: first those the judge named, then what makes them
// understandable, by importance, until there are enough.
func (x *Explainer) story(f evidence.Finding) *story {
	s := &story{x: x, fact: x.h.Fact(f.Fact), named: f.Evidence}
	for _, seq := range f.Evidence {
		s.add(seq)
	}
	for _, r := range slices.Clone(s.records) {
		switch b := r.Body.(type) {
		case evidence.Effect:
			if e := x.effects[r.Seq]; e != nil && e.Cause != nil {
				s.add(e.Cause.Seq)
			}
		case evidence.Attempt:
			s.struck(b.ID)
			if a := x.h.Attempt(b.ID); a != nil {
				for _, e := range a.Effects {
					s.add(e.Seq)
				}
			}
		case evidence.Offer:
			s.struck(b.ID)
		}
	}
	s.background()
	slices.SortFunc(s.records, func(a, b evidence.Record) int { return cmp.Compare(a.Seq, b.Seq) })
	s.processes()
	return s
}

// background adds what happened to the fact besides. If the judge has named
// records, it knows which messages matter: only what led to them is added.
func (s *story) background() {
	f := s.fact
	if f == nil {
		return
	}
	s.add(f.Seq)
	if f.AcceptedBy != nil {
		s.add(f.AcceptedBy.Seq)
	}
	if len(s.named) > 0 {
		return
	}
	for _, e := range f.Effects {
		s.add(e.Seq)
		if e.Cause != nil {
			s.add(e.Cause.Seq)
		}
	}
	for _, d := range f.Disturbances {
		s.add(d.Seq)
	}
	for _, e := range f.Surfaces {
		s.add(e.Seq)
	}
	for _, a := range f.Attempts {
		s.add(a.Seq)
	}
}

// processes adds what became of the SUT's process between the first record
// and the last, or after a fact that never got anywhere: its first end and the
// start that followed.
func (s *story) processes() {
	if len(s.records) == 0 {
		return
	}
	from, to := s.records[0].At, s.records[len(s.records)-1].At
	if s.fact != nil && len(s.fact.Effects) == 0 {
		to = s.x.h.Last()
	}
	ended := false
	for _, p := range s.x.h.Lifecycle() {
		if p.At < from || p.At > to || (p.Name == "sut.start") != ended {
			continue
		}
		s.add(p.Seq)
		if ended {
			break
		}
		ended = true
	}
	slices.SortFunc(s.records, func(a, b evidence.Record) int { return cmp.Compare(a.Seq, b.Seq) })
}

// struck adds the faults that touched a message.
func (s *story) struck(message uint64) {
	for _, d := range s.x.strikes[message] {
		s.add(d.Seq)
	}
}

func (s *story) add(seq uint64) {
	if len(s.records) >= Most || seq == 0 {
		return
	}
	if s.has(seq) {
		return
	}
	if r, ok := s.x.h.Record(seq); ok {
		s.records = append(s.records, r)
	}
}

func (s *story) seqs() (seqs []uint64) {
	for _, r := range s.records {
		seqs = append(seqs, r.Seq)
	}
	return seqs
}

// faults lists the ids of the faults that struck in the story.
func (s *story) faults() (ids []string) {
	add := func(id string) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, r := range s.records {
		switch b := r.Body.(type) {
		case evidence.Disturbance:
			add(b.Fault)
		case evidence.Offer:
			for _, id := range b.Faults {
				add(id)
			}
		case evidence.Attempt:
			for _, id := range b.Faults {
				add(id)
			}
		}
	}
	return ids
}

// attempts are those of the story, in order of their start.
func (s *story) attempts() (as []evidence.Attempt) {
	for _, r := range s.records {
		if a, ok := r.Body.(evidence.Attempt); ok {
			as = append(as, a)
		}
	}
	slices.SortStableFunc(as, func(a, b evidence.Attempt) int { return cmp.Compare(a.Start, b.Start) })
	return as
}

// clues compares repeated attempts with each other.
func (s *story) clues() (clues []string) {
	as := s.attempts()
	for i := 1; i < len(as) && len(clues) == 0; i++ {
		a, b := as[i-1], as[i]
		if a.Key != b.Key || a.Endpoint != b.Endpoint {
			continue
		}
		switch {
		case a.Digest == "" || b.Digest == "":
		case a.Digest == b.Digest:
			clues = append(clues, "identical body sha "+Clean(a.Digest, 7))
		default:
			clues = append(clues, "the body changed from sha "+Clean(a.Digest, 7)+" to "+Clean(b.Digest, 7))
		}
		switch {
		case a.IdemKey == "" && b.IdemKey == "":
			clues = append(clues, "no Idempotency-Key")
		case a.IdemKey != b.IdemKey:
			clues = append(clues, fmt.Sprintf("Idempotency-Key %s, then %s", quoted(a.IdemKey), quoted(b.IdemKey)))
		default:
			clues = append(clues, "the same Idempotency-Key "+quoted(a.IdemKey))
		}
		gap := fmt.Sprintf("gap %s", span(b.Start-a.End))
		if a.Heard.RetryAfter > 0 {
			gap += fmt.Sprintf(" where %s was told", span(a.Heard.RetryAfter))
		}
		clues = append(clues, gap)
	}
	return append(clues, s.ended()...)
}

// ended tells how long after it had accepted the fact the SUT's process ended,
// if nothing of the fact was sent.
func (s *story) ended() []string {
	if s.fact == nil || s.fact.AcceptedBy == nil || len(s.fact.Attempts) > 0 {
		return nil
	}
	for _, r := range s.records {
		if p, ok := r.Body.(evidence.Step); ok && strings.HasPrefix(p.Name, "sut.") && p.Name != "sut.start" && r.At >= s.fact.Accepted {
			return []string{fmt.Sprintf("accepted %s before the %s", span(r.At-s.fact.Accepted), stepped(p.Name))}
		}
	}
	return nil
}

// almost lists effects that are the fact but for one field.
func (s *story) almost() (texts []string) {
	if s.fact == nil {
		return nil
	}
	for _, n := range s.fact.Near {
		if n.Effect == nil || len(texts) == 3 {
			continue
		}
		texts = append(texts, fmt.Sprintf("posting %s in %s is the fact but for its %s: %s instead of %s",
			Clean(n.Effect.Posting.Doc, 24), n.Effect.Endpoint, n.Field, quoted(n.Got), quoted(n.Want)))
	}
	return texts
}

// why says what a record has to do with the finding.
func (s *story) why(seq uint64) string {
	i := slices.IndexFunc(s.records, func(r evidence.Record) bool { return r.Seq == seq })
	switch b := s.records[i].Body.(type) {
	case evidence.Truth:
		return "it happened: " + amount(b.Event.Fact) + at(" at ", b.Event.At)
	case evidence.Offer:
		return fmt.Sprintf("%s offered it to the SUT (try %d): %s", b.Endpoint, b.Attempt, outcome(b.Result)) + by(b.Faults)
	case evidence.Attempt:
		return s.whyAttempt(b)
	case evidence.Effect:
		verb := "the books of %s changed: %s, %s"
		if b.Attempt == 0 {
			verb = "%s did this by itself: %s, %s"
		}
		return fmt.Sprintf(verb, b.Endpoint, Clean(b.Posting.Doc, 24), Clean(amount(b.Posting.Claim.Fact), 60))
	case evidence.Surface:
		return fmt.Sprintf("the SUT reported it as %s: %s", Clean(string(b.Class), 16), quoted(b.Reason))
	case evidence.Disturbance:
		return strings.TrimSpace(fmt.Sprintf("fault %s (%s) %s %s", b.Fault, b.Kind, b.Phase, Clean(b.What, 60)))
	case evidence.Step:
		return strings.TrimSpace(b.Name + " " + Clean(b.Text, 80))
	case evidence.Probe:
		return fmt.Sprintf("the rig asked %s to %s: %s", b.Endpoint, b.Name, outcome(b.Result))
	case evidence.Snapshot:
		return fmt.Sprintf("the rig read the books of %s: %d orders, %d lots", b.Endpoint, len(b.Orders), len(b.Stock))
	case evidence.Sample:
		return sampled(b)
	case evidence.Sighting:
		return strings.TrimSpace(fmt.Sprintf("%s was seen (%s) %s %s", b.What, b.Place, b.Endpoint, Clean(b.Where, 40)))
	}
	return ""
}

// sampled says what the SUT took up at one moment.
func sampled(s evidence.Sample) string {
	if s.Memory > 0 {
		return fmt.Sprintf("%s took up %d MiB, %d files, %d threads", s.Of, s.Memory>>20, s.Files, s.Threads)
	}
	return fmt.Sprintf("the SUT held %d connections to %s open", s.Connections, s.Of)
}

func (s *story) whyAttempt(a evidence.Attempt) string {
	text := fmt.Sprintf("attempt %d at %s ", a.Attempt, a.Endpoint)
	switch {
	case a.Acted.Outcome == simulators.Undelivered && a.Heard.Outcome == simulators.Unknown:
		text += "never arrived"
	case a.Acted.Outcome == simulators.Undelivered:
		text += "was answered in its place: " + outcome(a.Heard)
	case a.Acted.Outcome.Took() && a.Heard.Outcome == simulators.Unknown:
		text += "was applied, its reply was lost"
	case a.Heard.Outcome != a.Acted.Outcome:
		text += "was " + outcome(a.Acted) + ", but the SUT heard " + outcome(a.Heard)
	default:
		text += "was " + outcome(a.Heard)
	}
	text += by(a.Faults)
	if a.Attempt > 1 {
		switch {
		case a.IdemKey == "":
			text += "; it carried no Idempotency-Key"
		default:
			text += "; it carried Idempotency-Key " + quoted(a.IdemKey)
		}
	}
	return text
}

// outcome puts a result in a few words.
func outcome(r simulators.Result) string {
	text := string(r.Outcome)
	if r.Status != 0 {
		text += fmt.Sprintf(" (%d)", r.Status)
	}
	if r.Code != "" {
		text += " " + Clean(r.Code, 32)
	}
	return text
}

func by(faults []string) string {
	if len(faults) == 0 {
		return ""
	}
	return ", touched by " + strings.Join(faults, " and ")
}

// amount is what a fact amounts to: "5.013 EA", or what kind it is.
func amount(f plant.Fact) string {
	if f == nil {
		return "nothing"
	}
	if q, ok := evidence.Amount(f); ok {
		return string(f.Kind()) + " of " + q.String()
	}
	return string(f.Kind())
}

func at(prefix string, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return prefix + t.Format("15:04:05") + " plant"
}

func quoted(s string) string {
	if s == "" {
		return "none"
	}
	return "“" + Clean(s, 60) + "”"
}

// span writes a time as people read it.
func span(d time.Duration) string {
	switch {
	case d < 0:
		return "none"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 2*time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}
