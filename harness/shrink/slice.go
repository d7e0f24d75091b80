package shrink

import (
	"regexp"
	"slices"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// mostJudged bounds the work of slicing, in records judged: a few seconds.
const mostJudged = 3_000_000

// Evidence returns the few records that make judge find f, in the order of the
// journal: what the entities of f were involved in, reduced with the judge
// itself. The journal is only read; nothing is run. ok is false if the judge
// does not find f in a part of the journal, and then the records that explain f
// are returned.
func Evidence(records []evidence.Record, judge evidence.Judge, f evidence.Finding) (seqs []uint64, ok bool) {
	s := slicer{judge: judge, want: f, records: records}
	for _, r := range records {
		if _, opening := r.Body.(evidence.Begin); opening {
			s.begin = append(s.begin, r)
		}
		if _, end := r.Body.(evidence.End); end {
			s.end = append(s.end, r)
		}
	}
	for _, start := range [][]evidence.Record{s.named(), s.closure(), s.inner()} {
		if !s.shows(start) {
			continue
		}
		least, _ := minimize(start, func(part []evidence.Record) (bool, error) {
			if s.judged >= mostJudged {
				return false, errSpent
			}
			return s.shows(part), nil
		})
		for _, r := range least {
			seqs = append(seqs, r.Seq)
		}
		return seqs, true
	}
	return f.Evidence, false
}

type slicer struct {
	judge      evidence.Judge
	want       evidence.Finding
	records    []evidence.Record
	begin, end []evidence.Record
	judged     int // records, in all
}

// shows reports whether the judge finds the same in a journal of part alone.
func (s *slicer) shows(part []evidence.Record) bool {
	s.judged += len(part)
	journal := slices.Concat(s.begin, part, s.end)
	for i := range journal {
		journal[i].Seq = uint64(i + 1) // a journal with gaps would be no evidence
	}
	for _, f := range s.judge.Judge(evidence.NewHistory(journal)) {
		if f.Verdict == evidence.Violated && (f.Fact == s.want.Fact || s.want.Follows != "") && f.Keys == s.want.Keys && f.Rule == s.wantRule(f) && often.ReplaceAllString(f.Got, "") == often.ReplaceAllString(s.want.Got, "") {
			return true
		}
	}
	return false
}

// often is how often something happened: fewer times show as well that it did.
var often = regexp.MustCompile(`\b(once|twice|[0-9]+ times)\b`)

// wantRule is the rule to compare with: what explains a finding names one
// where its judge did not.
func (s *slicer) wantRule(f evidence.Finding) string {
	if f.Rule == "" {
		return ""
	}
	return s.want.Rule
}

// named are the records that the finding rests on already.
func (s *slicer) named() (list []evidence.Record) {
	for _, r := range s.records {
		if slices.Contains(s.want.Evidence, r.Seq) {
			list = append(list, r)
		}
	}
	return list
}

// closure are the records about the entities of the finding, and those that
// are about no entity of the plant, such as what became of the process.
func (s *slicer) closure() (list []evidence.Record) {
	of := newLineage()
	of.entity(s.want.Keys)
	if s.want.Fact != "" {
		of.facts[s.want.Fact] = true
	}
	for _, r := range s.records { // facts of the order or lot, then what belongs to them
		if t, ok := r.Body.(evidence.Truth); ok && of.about(t.Event.Fact.Keys()) {
			of.facts[t.Event.ID] = true
		}
	}
	for _, r := range s.records {
		switch r.Body.(type) {
		case evidence.Begin, evidence.End, evidence.Finding:
			continue
		}
		if of.touches(r) || unbound(r) {
			list = append(list, r)
		}
	}
	return list
}

// inner is all that a judge can look at.
func (s *slicer) inner() []evidence.Record {
	return slices.DeleteFunc(slices.Clone(s.records), func(r evidence.Record) bool {
		switch r.Body.(type) {
		case evidence.Begin, evidence.End, evidence.Finding:
			return true
		}
		return false
	})
}

// unbound reports whether r is about no entity of the plant.
func unbound(r evidence.Record) bool {
	switch b := r.Body.(type) {
	case evidence.Step, evidence.Snapshot:
		return true
	case evidence.Attempt:
		return len(b.Claims) == 0
	case evidence.Disturbance:
		return len(b.Facts) == 0
	}
	return false
}

// lineage is what a finding descends from: facts, messages about them, and
// orders or lots.
type lineage struct {
	facts    map[plant.EventID]bool
	messages map[uint64]bool // ids of offers and attempts
	entities map[string]bool
	from, to uint64 // sequence numbers of the first and last record
}

func newLineage() *lineage {
	return &lineage{facts: map[plant.EventID]bool{}, messages: map[uint64]bool{}, entities: map[string]bool{}}
}

// lineageOf follows the records with these numbers back to what they are
// about.
func lineageOf(records []evidence.Record, seqs []uint64, f evidence.Finding) *lineage {
	l := newLineage()
	if f.Fact != "" {
		l.facts[f.Fact] = true
	}
	l.entity(f.Keys)
	posted := false
	for _, r := range records {
		if !slices.Contains(seqs, r.Seq) {
			continue
		}
		if l.from == 0 {
			l.from = r.Seq
		}
		l.to = r.Seq
		switch b := r.Body.(type) {
		case evidence.Truth:
			l.facts[b.Event.ID] = true
		case evidence.Offer:
			l.messages[b.ID] = true
			l.add(b.Facts)
		case evidence.Attempt:
			l.messages[b.ID] = true
			for _, c := range b.Claims {
				l.facts[c.ID] = true
			}
		case evidence.Effect:
			posted = true
			l.messages[b.Attempt] = true
			l.facts[b.Posting.Claim.ID] = true
		case evidence.Surface:
			l.facts[plant.EventID(b.Reference)] = true
		case evidence.Disturbance:
			l.messages[b.Message] = true
			l.add(b.Facts)
		}
	}
	delete(l.facts, "")
	delete(l.messages, 0)
	if !posted && len(records) > 0 {
		l.to = records[len(records)-1].Seq // what never came can have been lost at any time
	}
	l.known(records)
	return l
}

// known keeps those facts that the plant knows, by identity or business key,
// and notes the orders they are about.
func (l *lineage) known(records []evidence.Record) {
	facts := map[plant.EventID]bool{}
	for _, r := range records {
		t, ok := r.Body.(evidence.Truth)
		if !ok || t.Event.Fact == nil {
			continue
		}
		if l.facts[t.Event.ID] || l.facts[plant.EventID(plant.Natural(t.Event.Fact))] {
			facts[t.Event.ID] = true
			l.entity(t.Event.Fact.Keys())
		}
	}
	l.facts = facts
}

func (l *lineage) add(ids []plant.EventID) {
	for _, id := range ids {
		l.facts[id] = true
	}
}

// entity notes the order, or else the lot, of k.
func (l *lineage) entity(k plant.Keys) {
	for _, name := range []string{string(k.Order), string(k.Lot)} {
		if name != "" {
			l.entities[name] = true
		}
	}
}

func (l *lineage) about(k plant.Keys) bool {
	return l.entities[string(k.Order)] || l.entities[string(k.Lot)]
}

// touches reports whether r is about something in l.
func (l *lineage) touches(r evidence.Record) bool {
	fact := func(id plant.EventID) bool { return l.facts[id] }
	switch b := r.Body.(type) {
	case evidence.Truth:
		return l.facts[b.Event.ID]
	case evidence.Offer:
		return slices.ContainsFunc(b.Facts, fact)
	case evidence.Attempt:
		return slices.ContainsFunc(b.Claims, func(e plant.Event) bool { return l.facts[e.ID] || e.Fact != nil && l.about(e.Fact.Keys()) })
	case evidence.Effect:
		c := b.Posting.Claim
		return l.facts[c.ID] || c.Fact != nil && l.about(c.Fact.Keys())
	case evidence.Surface:
		return l.facts[plant.EventID(b.Reference)] || l.about(b.Keys)
	case evidence.Disturbance:
		return slices.ContainsFunc(b.Facts, fact)
	case evidence.Probe:
		return l.about(b.Keys)
	}
	return false
}
