package load

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/andon-rig/andon/evidence"
)

// Outcome is what the sender of a confirmation knows of one sending.
type Outcome uint8

const (
	// Taken was answered with 2xx: from here on it must be posted.
	Taken Outcome = iota + 1
	// Unknown got no answer that says anything: it may have been taken.
	Unknown
	// Refused was answered with 4xx: it must not be posted.
	Refused
	// Unsent never left us.
	Unsent
)

func (o Outcome) String() string {
	return [...]string{"", "taken", "unknown", "refused", "unsent"}[min(o, Unsent)]
}

// Wrong is a way in which confirmations and postings do not fit.
type Wrong struct {
	Count    uint64   `json:"count"`
	Examples []uint64 `json:"-"` // the first, by number; of what was invented none has one
	Texts    []string `json:"examples,omitempty"`
}

// Exactly is the judgement over every confirmation of a run.
type Exactly struct {
	Verdict  evidence.Verdict `json:"verdict"`
	Why      string           `json:"why,omitempty"`
	Sent     uint64           `json:"sent"`     // confirmations, however often each
	Taken    uint64           `json:"taken"`    // of them
	Unknown  uint64           `json:"unknown"`  // never answered so that it says anything
	Refused  uint64           `json:"refused"`  // by the build
	Posted   uint64           `json:"posted"`   // at least once
	Repeated uint64           `json:"repeated"` // postings under a known key, which do nothing
	Reported uint64           `json:"reported"` // taken, not posted, and reported to a person
	Lost     Wrong            `json:"lost"`     // taken, and not posted
	Doubled  Wrong            `json:"doubled"`  // confirmations applied more than once
	Altered  Wrong            `json:"altered"`  // confirmations posted with another content
	Invented Wrong            `json:"invented"` // postings of what was never sent, or was refused

	flows [flowKinds]*Exactly // of each flow of a mix
}

// mostExamples is how many of each kind are named.
const mostExamples = 5

// Judge reads the journal in dir and says what became of the n confirmations of
// a plan. Nothing but the journal is asked, so a run can be judged again.
func Judge(dir string, n uint64, w *Wording) (Exactly, error) {
	j := &judgement{sent: newColumn(n, stTaken), posted: newColumn(n, stPosted), says: w.says, w: w}
	errs := make([]error, 2)
	var wg sync.WaitGroup
	wg.Go(func() { errs[0] = readJournal(filepath.Join(dir, sentFile), j.seeSent) })
	wg.Go(func() { errs[1] = readJournal(filepath.Join(dir, postedFile), j.seePosted) })
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return Exactly{}, err
	}
	return j.conclude(w), nil
}

// judgement is the state of each confirmation by its number, in two columns,
// each filled by a goroutine of its own.
type judgement struct {
	sent, posted *column
	says         func(uint64) uint32
	w            *Wording
	repeated     [flowKinds]uint64
	stranger     uint64 // postings that name no confirmation of the plan
}

func (j *judgement) seeSent(rows []byte) {
	var r Record
	for ; len(rows) > 0; rows = rows[recordSize:] {
		r.get(rows)
		if r.Seq >= j.sent.n {
			continue // of another plan; what is posted of it is told as invented
		}
		switch Outcome(r.Code) {
		case Taken:
			j.sent.set(r.Seq, stTaken)
		case Unknown:
			j.sent.set(r.Seq, stUnknown)
		case Refused:
			j.sent.set(r.Seq, stRefused)
		}
	}
}

func (j *judgement) seePosted(rows []byte) {
	var r Record
	for ; len(rows) > 0; rows = rows[recordSize:] {
		r.get(rows)
		known, e := r.Seq < j.posted.n, Effect(r.Code)
		switch {
		case e == Reported:
			if known {
				j.posted.set(r.Seq, stReported)
			}
			continue
		case e == Repeated:
			j.repeated[j.flow(r.Seq)]++
		case !known:
			j.stranger++
		case j.posted.set(r.Seq, stPosted)&stPosted != 0:
			j.posted.set(r.Seq, stDoubled)
		}
		if known && r.Digest != j.says(r.Seq) {
			j.posted.set(r.Seq, stAltered)
		}
	}
}

// conclude counts and names.
func (j *judgement) conclude(w *Wording) Exactly {
	var e Exactly
	for _, n := range j.repeated {
		e.Repeated += n
	}
	for _, s := range w.Mix() {
		f := s.Flow.number()
		e.flows[f] = &Exactly{Repeated: j.repeated[f]}
	}
	for i := range j.sent.blocks {
		from := uint64(i) << chunkBits
		n := min(chunkSize, j.sent.n-from)
		sent, posted := &j.sent.blocks[i], &j.posted.blocks[i]
		if sent.all && posted.all { // nearly all
			e.usual(n)
			for i, f := range e.flows {
				if f != nil {
					f.usual(w.turns.until(from+n, i) - w.turns.until(from, i))
				}
			}
			continue
		}
		for k := range n {
			s := sent.at(k, stTaken) | posted.at(k, stPosted)
			e.count(from+k, s)
			if f := e.flows[w.flow(from+k)]; f != nil {
				f.count(from+k, s)
			}
		}
	}
	e.Invented.Count += j.stranger
	e.name(w)
	for _, f := range e.flows {
		if f != nil {
			f.name(w)
			f.judge()
		}
	}
	e.judge()
	return e
}

// flow is that of a posting; the first if it is of no confirmation of ours.
func (j *judgement) flow(seq uint64) int {
	if seq >= j.posted.n {
		return ofConfirmations
	}
	return j.w.flow(seq)
}

// usual counts n confirmations that were taken and posted.
func (e *Exactly) usual(n uint64) {
	e.Sent, e.Taken, e.Posted = e.Sent+n, e.Taken+n, e.Posted+n
}

// name says what the examples are about.
func (e *Exactly) name(w *Wording) {
	for _, wrong := range []*Wrong{&e.Lost, &e.Doubled, &e.Altered, &e.Invented} {
		for _, seq := range wrong.Examples {
			wrong.Texts = append(wrong.Texts, fmt.Sprintf("%s (key %s)", w.Tell(seq), w.keyText(seq)))
		}
	}
}

// count counts a confirmation of which this is known.
func (e *Exactly) count(seq uint64, s uint8) {
	if s&(stTaken|stUnknown|stRefused) != 0 {
		e.Sent++
	}
	switch {
	case s&stTaken != 0:
		e.Taken++
	case s&stUnknown != 0:
		e.Unknown++
	case s&stRefused != 0:
		e.Refused++
	}
	if s&stPosted != 0 {
		e.Posted++
	}
	switch {
	case s == stTaken|stPosted || s == 0: // nearly all
		return
	case s&(stTaken|stPosted|stReported) == stTaken|stReported:
		e.Reported++
	case s&(stTaken|stPosted) == stTaken:
		e.Lost.add(seq)
	case s&stPosted != 0 && s&(stTaken|stUnknown) == 0: // refused, or never sent
		e.Invented.add(seq)
	}
	if s&stDoubled != 0 {
		e.Doubled.add(seq)
	}
	if s&stAltered != 0 {
		e.Altered.add(seq)
	}
}

// judge chooses the verdict.
func (e *Exactly) judge() {
	switch wrong := e.Lost.Count + e.Doubled.Count + e.Altered.Count + e.Invented.Count; {
	case wrong > 0:
		e.Verdict, e.Why = evidence.Violated, e.worst()
	case e.Sent == 0 || e.Posted == 0:
		e.Verdict, e.Why = evidence.Vacuous, "nothing was posted"
	default:
		e.Verdict = evidence.Holds
	}
}

// worst says in one line what is wrong.
func (e *Exactly) worst() (text string) {
	for _, w := range []struct {
		what  string
		count uint64
	}{{"lost", e.Lost.Count}, {"doubled", e.Doubled.Count}, {"altered", e.Altered.Count}, {"invented", e.Invented.Count}} {
		if w.count == 0 {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%d %s", w.count, w.what)
	}
	return text
}

func (w *Wrong) add(seq uint64) {
	if w.Count++; len(w.Examples) < mostExamples {
		w.Examples = append(w.Examples, seq)
	}
}

func (w *Wording) keyText(seq uint64) string {
	var b [keyLen]byte
	w.keys.Put(b[:], seq)
	return string(b[:])
}
