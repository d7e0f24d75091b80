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

// Lanes that are no endpoints.
const (
	lanePlant = "plant"
	laneSUT   = "SUT"
	laneDesk  = "exceptions"
)

// A Journey is the way of a message through the parties, ready to be drawn:
// [Journey.Text] for terminals, [Journey.SVG] for pages, [Journey.Mermaid] for
// documents that draw. What stands in it has been through [Clean] only where
// it is drawn.
type Journey struct {
	Lanes []Lane `json:"lanes"` // from left to right
	Hops  []Hop  `json:"hops"`  // from top to bottom
}

// A Lane is one party: the plant, an endpoint, the SUT, or the desk at which
// the SUT reports exceptions.
type Lane struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

// A Hop is one row: something that went from one lane to another, or, if both
// are the same, something that happened there.
type Hop struct {
	At     time.Duration `json:"at"`              // wall time since the run began, in nanoseconds
	Plant  time.Time     `json:"plant,omitzero"`  // plant time; zero where the plant stood still
	Record uint64        `json:"record,omitzero"` // of the journal, whose verdict it can bear; 0 for a reply, a wait and what is left out
	From   string        `json:"from"`
	To     string        `json:"to"`
	Label  string        `json:"label,omitempty"` // on the arrow
	Lost   bool          `json:"lost,omitempty"`  // it never arrived
	Text   string        `json:"text,omitempty"`  // beside it
	Note   string        `json:"note,omitempty"`  // beside that, if there is room
	Marks  []Mark        `json:"marks,omitempty"`
	Folded int           `json:"folded,omitempty"` // how many messages are left out here

	seq uint64 // to order hops of one instant
}

// Kinds of marks.
const (
	MarkFault     = "fault"     // a fault of the scenario struck here
	MarkViolation = "violation" // here the rule was broken
	MarkUndecided = "undecided" // here it cannot be told
)

// A Mark says what a hop means for the finding.
type Mark struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`             // of the fault, or the oracle's number
	Strike int    `json:"strike,omitempty"` // which strike of the fault this was
	Of     int    `json:"of,omitempty"`     // of how many
}

// String is the mark as it is drawn: "FAULT ack-drop (1/25)".
func (m Mark) String() string {
	s := strings.ToUpper(m.Kind) + " " + m.Name
	if m.Strike > 0 {
		s += fmt.Sprintf(" (%d/%d)", m.Strike, m.Of)
	}
	return s
}

// titles of the lanes that are no endpoints.
var titles = map[string]string{lanePlant: "plant", laneSUT: "SUT", laneDesk: "exceptions"}

// longGap is from when on waiting is part of the story.
const longGap = 100 * time.Millisecond

// journey tells the story of f as hops, to its end.
func (told *story) journey(f evidence.Finding) *Journey {
	j := &Journey{}
	s := told.toItsEnd()
	last := map[string]int{}
	for _, r := range s.records {
		first := len(j.Hops)
		switch b := r.Body.(type) {
		case evidence.Truth:
			j.truth(r, b)
		case evidence.Offer:
			s.offer(j, r, b)
		case evidence.Attempt:
			if n := last[b.Key]; n > 0 && b.Attempt > n+1 && !s.ofFact(r.Seq) {
				j.add(Hop{At: b.Start, seq: r.Seq - 1, From: laneSUT, To: laneSUT, Text: more(b.Attempt-n-1, "attempt"), Folded: b.Attempt - n - 1})
			}
			last[b.Key] = b.Attempt
			s.attempt(j, r, b)
		case evidence.Effect:
			if !s.shows(b.Attempt) {
				j.add(Hop{At: r.At, seq: r.Seq, Record: r.Seq, From: b.Endpoint, To: b.Endpoint, Text: "✔ " + posted(b) + " " + amount(b.Posting.Claim.Fact)})
			}
		default:
			s.rare(j, r)
		}
		for i := range j.Hops[first:] {
			j.Hops[first+i].Plant = r.Plant
		}
	}
	s.leftOut(j)
	slices.SortStableFunc(j.Hops, func(a, b Hop) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.seq, b.seq)) })
	j.judge(culprit(f, told, s), f)
	j.repeats()
	j.gaps()
	j.arrange(s)
	return j
}

func (j *Journey) add(h Hop) { j.Hops = append(j.Hops, h) }

func (j *Journey) truth(r evidence.Record, b evidence.Truth) {
	h := Hop{At: r.At, seq: r.Seq, Record: r.Seq, From: lanePlant, To: b.Source, Label: named(string(b.Event.Fact.Kind()), string(b.Event.ID), 1), Text: content(b.Event.Fact)}
	if b.Source == "" {
		h.To, h.Text = lanePlant, h.Label+" "+h.Text
	}
	j.add(h)
}

// offer shows both ways of a message to the SUT.
func (s *story) offer(j *Journey, r evidence.Record, b evidence.Offer) {
	request := Hop{At: b.Start, seq: r.Seq, Record: r.Seq, From: b.Endpoint, To: laneSUT, Label: named(b.Name, b.Key, len(b.Facts)), Note: try(b.Attempt)}
	faults := s.marks(b.ID, b.Faults)
	if b.Result.Outcome == simulators.Undelivered {
		request.Lost, request.Marks = true, faults
		j.add(request)
		return
	}
	reply := Hop{At: b.End, seq: r.Seq, From: laneSUT, To: b.Endpoint, Label: status(b.Result)}
	if b.Result.Outcome == simulators.Unknown {
		reply.Lost, reply.Label, reply.Marks = true, "no reply", faults
	} else {
		request.Marks = faults
	}
	j.add(request)
	j.add(reply)
}

// attempt shows both ways of a message of the SUT, and what it changed.
func (s *story) attempt(j *Journey, r evidence.Record, b evidence.Attempt) {
	request := Hop{At: b.Start, seq: r.Seq, Record: r.Seq, From: laneSUT, To: b.Endpoint, Label: named(b.Name, b.Key, len(b.Claims)), Note: try(b.Attempt)}
	for _, e := range s.records {
		if effect, ok := e.Body.(evidence.Effect); ok && effect.Attempt == b.ID && b.ID != 0 {
			request.Text = strings.TrimSpace(request.Text + " ✔ " + posted(effect))
			request.Record = e.Seq
		}
	}
	faults := s.marks(b.ID, b.Faults)
	if b.Acted.Outcome == simulators.Undelivered && b.Heard.Outcome == simulators.Unknown {
		request.Lost, request.Marks = true, faults
		j.add(request)
		return
	}
	reply := Hop{At: b.End, seq: r.Seq, From: b.Endpoint, To: laneSUT, Label: status(b.Heard)}
	switch {
	case b.Heard.Outcome == simulators.Unknown:
		reply.Lost, reply.Label, reply.Marks = true, status(b.Acted), faults
	case b.Heard.Outcome != b.Acted.Outcome:
		reply.Marks = faults
	default:
		request.Marks = faults
	}
	reply.Text = b.Heard.Code
	j.add(request)
	j.add(reply)
}

// rare shows what is neither truth nor message.
func (s *story) rare(j *Journey, r evidence.Record) {
	h := Hop{At: r.At, seq: r.Seq, Record: r.Seq, From: laneSUT, To: laneSUT}
	switch b := r.Body.(type) {
	case evidence.Surface:
		h.To, h.Label, h.Text = laneDesk, string(b.Class), b.Reason
	case evidence.Disturbance:
		if s.shows(b.Message) {
			return // marked where the message is
		}
		if b.At != "" && b.At != "sut" {
			h.From, h.To = b.At, b.At
		}
		h.Text = strings.TrimSpace(string(b.Phase) + " " + b.What)
		h.Marks = []Mark{{Kind: MarkFault, Name: b.Fault}}
	case evidence.Step:
		h.Text = strings.TrimSpace("● " + stepped(b.Name) + " " + b.Text)
	case evidence.Probe:
		h.From, h.To, h.Text = b.Endpoint, b.Endpoint, "● the rig asks to "+b.Name+": "+status(b.Result)
	default:
		return
	}
	j.add(h)
}

// stepped says what a step is in the words of people.
func stepped(name string) string {
	switch name {
	case "sut.start":
		return "SUT started"
	case "sut.stop":
		return "SUT stopped"
	case "sut.kill":
		return "SUT killed"
	case "sut.exit":
		return "SUT ended by itself"
	}
	return name
}

// shows reports whether the message has a hop of its own.
func (s *story) shows(message uint64) bool {
	return message != 0 && slices.ContainsFunc(s.records, func(r evidence.Record) bool {
		switch b := r.Body.(type) {
		case evidence.Offer:
			return b.ID == message
		case evidence.Attempt:
			return b.ID == message
		}
		return false
	})
}

// marks names the faults that touched a message, each with the number of its
// strike.
func (s *story) marks(message uint64, ids []string) (marks []Mark) {
	for _, id := range ids {
		mark := Mark{Kind: MarkFault, Name: id}
		for _, f := range s.x.h.Faults {
			if f.ID != id {
				continue
			}
			for i, d := range f.Strikes {
				if d.Message == message {
					mark.Strike, mark.Of = i+1, len(f.Strikes)
				}
			}
		}
		marks = append(marks, mark)
	}
	return marks
}

// judge puts the verdict where it was earned, or at the end if something did
// not happen.
func (j *Journey) judge(seq uint64, f evidence.Finding) {
	mark := Mark{Kind: MarkViolation, Name: f.ID}
	if f.Verdict == evidence.Inconclusive {
		mark.Kind = MarkUndecided
	}
	if seq != 0 {
		for i := len(j.Hops) - 1; i >= 0; i-- {
			if j.Hops[i].Record == seq {
				j.Hops[i].Marks = append(j.Hops[i].Marks, mark)
				return
			}
		}
	}
	last := Hop{From: laneSUT, To: laneSUT, Text: "⊘ " + cmp.Or(f.Got, f.Text, "nothing more"), Marks: []Mark{mark}}
	if len(j.Hops) > 0 {
		last.At = j.Hops[len(j.Hops)-1].At
	}
	j.add(last)
}

// culprit is the record that breaks the rule; 0 if an absence does. Those the
// judge named come before those that were added; what is only drawn cannot be.
func culprit(f evidence.Finding, told, drawn *story) uint64 {
	named := slices.DeleteFunc(slices.Clone(told.records), func(r evidence.Record) bool { return !slices.Contains(told.named, r.Seq) })
	return cmp.Or(culpritAmong(named, f, drawn), culpritAmong(told.records, f, drawn))
}

func culpritAmong(records []evidence.Record, f evidence.Finding, drawn *story) uint64 {
	var effect, attempt, surface uint64
	for _, r := range records {
		switch b := r.Body.(type) {
		case evidence.Effect:
			effect = r.Seq
		case evidence.Attempt:
			attempt = r.Seq
			for _, e := range drawn.records {
				if b2, ok := e.Body.(evidence.Effect); ok && b2.Attempt == b.ID {
					attempt = e.Seq // they share a hop
				}
			}
		case evidence.Surface:
			surface = r.Seq
		}
	}
	switch f.ID {
	case "O3":
		return cmp.Or(effect, attempt)
	case "O9", "O10", "O14", "O15":
		return cmp.Or(attempt, effect)
	case "O11":
		return surface
	case "O12", "O13":
		return 0
	}
	return effect
}

// waited begins a row in which nothing happened.
const waited = "… "

// waits reports whether h only says how long nothing happened.
func (h Hop) waits() bool { return h.Record == 0 && strings.HasPrefix(h.Text, waited) }

// gaps marks where somebody waited.
func (j *Journey) gaps() {
	var hops []Hop
	for i, h := range j.Hops {
		if i > 0 {
			if gap := h.At - j.Hops[i-1].At; gap >= longGap {
				hops = append(hops, Hop{At: h.At, From: laneSUT, To: laneSUT, Text: waited + span(gap)})
			}
		}
		hops = append(hops, h)
	}
	j.Hops = hops
}

// arrange orders the lanes: the plant, who tells the SUT, the SUT, whom it
// tells, where it complains.
func (j *Journey) arrange(s *story) {
	weight := map[string]int{}
	uses := func(lane string, n int) {
		if titles[lane] == "" && lane != "" {
			weight[lane] += n
		}
	}
	used := []string{laneSUT}
	for _, h := range j.Hops {
		for _, lane := range []string{h.From, h.To} {
			if !slices.Contains(used, lane) {
				used = append(used, lane)
			}
		}
		switch {
		case h.From == lanePlant:
			uses(h.To, -1)
		case h.To == laneSUT && h.Record != 0:
			uses(h.From, -1)
		case h.From == laneSUT && h.Record != 0:
			uses(h.To, 1)
		}
	}
	if s.fact != nil { // the sides of the fact beat those of what answers it
		uses(s.fact.Source, -100)
		uses(s.fact.Sink, 100)
	}
	for lane := range weight {
		if weight[lane] == 0 {
			weight[lane] = 1
		}
	}
	weight[lanePlant], weight[laneDesk] = -1000, 1000
	slices.SortFunc(used, func(a, b string) int { return cmp.Or(cmp.Compare(weight[a], weight[b]), cmp.Compare(a, b)) })
	for _, lane := range used {
		j.Lanes = append(j.Lanes, Lane{lane, cmp.Or(titles[lane], strings.ToUpper(Clean(lane, 10))+" sim")})
	}
}

// named shortens a message to its name and the end of its key.
func named(name, key string, n int) string {
	name = Clean(name, 40)
	if n > 1 {
		return fmt.Sprintf("%s ×%d", name, n)
	}
	end := tail(Clean(key[strings.LastIndexByte(key, '/')+1:], 200), 8)
	switch {
	case end == "" || strings.HasSuffix(name, end):
		return name
	case strings.Trim(end, "0123456789") == "":
		return name + " #" + end
	}
	return name + " " + end
}

// tail keeps the end of a name, which tells it from its neighbours.
func tail(s string, n int) string {
	rs := []rune(s)
	if len(rs) <= n {
		return s
	}
	return "…" + string(rs[len(rs)-n+1:])
}

func try(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf("try %d", n)
}

func status(r simulators.Result) string {
	switch {
	case r.Status == 0:
		return string(r.Outcome)
	case r.RetryAfter > 0:
		return fmt.Sprintf("%d wait %s", r.Status, span(r.RetryAfter))
	}
	return fmt.Sprintf("%d %s", r.Status, r.Outcome)
}

func posted(e evidence.Effect) string {
	return cmp.Or(Clean(e.Posting.Doc, 16), "posted")
}

// content is the quantity a fact states, if it states one.
func content(f plant.Fact) string {
	if q, ok := evidence.Amount(f); ok {
		return q.String()
	}
	return ""
}
