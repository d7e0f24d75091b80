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

// A journey is the way of a message through the parties, ready to be drawn.
type journey struct {
	lanes []string // from left to right
	title map[string]string
	hops  []hop // in order
}

// A hop is one row: something that went from one lane to another, or, if both
// are the same, something that happened there.
type hop struct {
	at       time.Duration
	seq      uint64 // of the record, to order hops of one instant
	from, to string
	label    string // on the arrow
	lost     bool   // it never arrived
	text     string // beside it
	note     string // beside that, if there is room
	marks    []string
	record   uint64 // whose verdict it can bear
}

// longGap is from when on waiting is part of the story.
const longGap = 100 * time.Millisecond

// journey tells the story of f as hops, to its end.
func (told *story) journey(f evidence.Finding) *journey {
	j := &journey{title: map[string]string{lanePlant: "plant", laneSUT: "SUT", laneDesk: "exceptions"}}
	s := told.toItsEnd()
	last := map[string]int{}
	for _, r := range s.records {
		switch b := r.Body.(type) {
		case evidence.Truth:
			j.truth(r, b)
		case evidence.Offer:
			s.offer(j, r, b)
		case evidence.Attempt:
			if n := last[b.Key]; n > 0 && b.Attempt > n+1 && !s.ofFact(r.Seq) {
				j.add(hop{at: b.Start, seq: r.Seq - 1, from: laneSUT, to: laneSUT, text: more(b.Attempt-n-1, "attempt")})
			}
			last[b.Key] = b.Attempt
			s.attempt(j, r, b)
		case evidence.Effect:
			if !s.shows(b.Attempt) {
				j.add(hop{at: r.At, seq: r.Seq, record: r.Seq, from: b.Endpoint, to: b.Endpoint, text: "✔ " + posted(b) + " " + amount(b.Posting.Claim.Fact)})
			}
		default:
			s.rare(j, r)
		}
	}
	s.leftOut(j)
	slices.SortStableFunc(j.hops, func(a, b hop) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq)) })
	j.judge(culprit(f, told, s), f)
	j.gaps()
	j.arrange(s)
	return j
}

func (j *journey) add(h hop) { j.hops = append(j.hops, h) }

func (j *journey) truth(r evidence.Record, b evidence.Truth) {
	h := hop{at: r.At, seq: r.Seq, record: r.Seq, from: lanePlant, to: b.Source, label: named(string(b.Event.Fact.Kind()), string(b.Event.ID), 1), text: content(b.Event.Fact)}
	if b.Source == "" {
		h.to, h.text = lanePlant, h.label+" "+h.text
	}
	j.add(h)
}

// offer shows both ways of a message to the SUT.
func (s *story) offer(j *journey, r evidence.Record, b evidence.Offer) {
	request := hop{at: b.Start, seq: r.Seq, record: r.Seq, from: b.Endpoint, to: laneSUT, label: named(b.Name, b.Key, len(b.Facts)), note: try(b.Attempt)}
	faults := s.marks(b.ID, b.Faults)
	if b.Result.Outcome == simulators.Undelivered {
		request.lost, request.marks = true, faults
		j.add(request)
		return
	}
	reply := hop{at: b.End, seq: r.Seq, from: laneSUT, to: b.Endpoint, label: status(b.Result)}
	if b.Result.Outcome == simulators.Unknown {
		reply.lost, reply.label, reply.marks = true, "no reply", faults
	} else {
		request.marks = faults
	}
	j.add(request)
	j.add(reply)
}

// attempt shows both ways of a message of the SUT, and what it changed.
func (s *story) attempt(j *journey, r evidence.Record, b evidence.Attempt) {
	request := hop{at: b.Start, seq: r.Seq, record: r.Seq, from: laneSUT, to: b.Endpoint, label: named(b.Name, b.Key, len(b.Claims)), note: try(b.Attempt)}
	for _, e := range s.records {
		if effect, ok := e.Body.(evidence.Effect); ok && effect.Attempt == b.ID && b.ID != 0 {
			request.text = strings.TrimSpace(request.text + " ✔ " + posted(effect))
			request.record = e.Seq
		}
	}
	faults := s.marks(b.ID, b.Faults)
	if b.Acted.Outcome == simulators.Undelivered && b.Heard.Outcome == simulators.Unknown {
		request.lost, request.marks = true, faults
		j.add(request)
		return
	}
	reply := hop{at: b.End, seq: r.Seq, from: b.Endpoint, to: laneSUT, label: status(b.Heard)}
	switch {
	case b.Heard.Outcome == simulators.Unknown:
		reply.lost, reply.label, reply.marks = true, status(b.Acted), faults
	case b.Heard.Outcome != b.Acted.Outcome:
		reply.marks = faults
	default:
		request.marks = faults
	}
	reply.text = b.Heard.Code
	j.add(request)
	j.add(reply)
}

// rare shows what is neither truth nor message.
func (s *story) rare(j *journey, r evidence.Record) {
	h := hop{at: r.At, seq: r.Seq, record: r.Seq, from: laneSUT, to: laneSUT}
	switch b := r.Body.(type) {
	case evidence.Surface:
		h.to, h.label, h.text = laneDesk, string(b.Class), b.Reason
	case evidence.Disturbance:
		if s.shows(b.Message) {
			return // marked where the message is
		}
		if b.At != "" && b.At != "sut" {
			h.from, h.to = b.At, b.At
		}
		h.text = strings.TrimSpace(string(b.Phase) + " " + b.What)
		h.marks = []string{"FAULT " + b.Fault}
	case evidence.Step:
		h.text = strings.TrimSpace("● " + b.Name + " " + b.Text)
	case evidence.Probe:
		h.from, h.to, h.text = b.Endpoint, b.Endpoint, "● the rig asks to "+b.Name+": "+status(b.Result)
	default:
		return
	}
	j.add(h)
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
// strike: "FAULT f1 (12/25)".
func (s *story) marks(message uint64, ids []string) (marks []string) {
	for _, id := range ids {
		mark := "FAULT " + id
		for _, f := range s.x.h.Faults {
			if f.ID != id {
				continue
			}
			for i, d := range f.Strikes {
				if d.Message == message {
					mark += fmt.Sprintf(" (%d/%d)", i+1, len(f.Strikes))
				}
			}
		}
		marks = append(marks, mark)
	}
	return marks
}

// judge puts the verdict where it was earned, or at the end if something did
// not happen.
func (j *journey) judge(seq uint64, f evidence.Finding) {
	mark := "VIOLATION " + f.ID
	if f.Verdict == evidence.Inconclusive {
		mark = "UNDECIDED " + f.ID
	}
	if seq != 0 {
		for i := len(j.hops) - 1; i >= 0; i-- {
			if j.hops[i].record == seq {
				j.hops[i].marks = append(j.hops[i].marks, mark)
				return
			}
		}
	}
	last := hop{from: laneSUT, to: laneSUT, text: "⊘ " + cmp.Or(f.Got, f.Text, "nothing more"), marks: []string{mark}}
	if len(j.hops) > 0 {
		last.at = j.hops[len(j.hops)-1].at
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

// gaps marks where somebody waited.
func (j *journey) gaps() {
	var hops []hop
	for i, h := range j.hops {
		if i > 0 {
			if gap := h.at - j.hops[i-1].at; gap >= longGap {
				hops = append(hops, hop{at: h.at, from: laneSUT, to: laneSUT, text: "… " + span(gap)})
			}
		}
		hops = append(hops, h)
	}
	j.hops = hops
}

// arrange orders the lanes: the plant, who tells the SUT, the SUT, whom it
// tells, where it complains.
func (j *journey) arrange(s *story) {
	weight := map[string]int{lanePlant: -1000, laneSUT: 0, laneDesk: 1000}
	uses := func(lane string, n int) {
		if _, fixed := map[string]bool{lanePlant: true, laneSUT: true, laneDesk: true, "": true}[lane]; !fixed {
			weight[lane] += n
		}
	}
	used := []string{laneSUT}
	for _, h := range j.hops {
		for _, lane := range []string{h.from, h.to} {
			if !slices.Contains(used, lane) {
				used = append(used, lane)
			}
		}
		switch {
		case h.from == lanePlant:
			uses(h.to, -1)
		case h.to == laneSUT && h.record != 0:
			uses(h.from, -1)
		case h.from == laneSUT && h.record != 0:
			uses(h.to, 1)
		}
	}
	if s.fact != nil { // the sides of the fact beat those of what answers it
		uses(s.fact.Source, -100)
		uses(s.fact.Sink, 100)
	}
	for lane := range weight {
		if weight[lane] == 0 && lane != laneSUT {
			weight[lane] = 1
		}
	}
	slices.SortFunc(used, func(a, b string) int { return cmp.Or(cmp.Compare(weight[a], weight[b]), cmp.Compare(a, b)) })
	j.lanes = used
	for _, lane := range used {
		if j.title[lane] == "" {
			j.title[lane] = strings.ToUpper(Clean(lane, 10)) + " sim"
		}
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
