package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/andon-rig/andon/evidence"
)

// A Journal is what could be read of a journal's file.
type Journal struct {
	Records []evidence.Record // in order, each Seq greater than the last
	Cut     *Cut              // nil if the journal ends with its End record
	Damage  []Damage
}

// A chunk is how much is decoded at once. Chunks begin small, so that small
// journals cost little. A line longer than maxLine is taken for garbage.
const (
	firstChunk = 16 << 10
	fullChunk  = 1 << 20
	maxLine    = 64 << 20
)

// chunk is a piece of the file that ends with a line, on its way through a
// decoder.
type chunk struct {
	text  []byte
	first int // line number of its first line
	lines []decoded
	done  chan struct{}
}

// decoded is one line that was read, or why not.
type decoded struct {
	line   int
	record evidence.Record
	err    error
	last   bool // the line had no end
}

// ReadJournal reads a journal, whole or not. The error is that of r; whatever
// is wrong with the text is told in the result, which holds all that can be
// read.
func ReadJournal(r io.Reader) (*Journal, error) {
	todo := make(chan *chunk)
	queue := make(chan *chunk, 2*runtime.GOMAXPROCS(0)) // in order; bounds what is in memory
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for c := range todo {
				c.decode()
				close(c.done)
			}
		})
	}
	var err error
	workers.Go(func() {
		err = split(r, func(c *chunk) {
			queue <- c
			todo <- c
		})
		close(todo)
		close(queue)
	})
	var a assembler
	for c := range queue {
		<-c.done
		for _, d := range c.lines {
			a.add(d)
		}
		c.text, c.lines = nil, nil
	}
	workers.Wait()
	return a.finish(), err
}

// split reads r in chunks of whole lines.
func split(r io.Reader, emit func(*chunk)) error {
	line := 1
	var rest []byte
	for size := firstChunk; ; size = min(2*size, fullChunk) {
		buf := make([]byte, len(rest)+size)
		copy(buf, rest)
		n, err := io.ReadFull(r, buf[len(rest):])
		buf = buf[:len(rest)+n]
		end := bytes.LastIndexByte(buf, '\n') + 1
		atEOF := err == io.EOF || err == io.ErrUnexpectedEOF
		if atEOF || (end == 0 && len(buf) > maxLine) {
			end = len(buf)
		}
		if end > 0 {
			c := &chunk{text: buf[:end:end], first: line, done: make(chan struct{})}
			line += bytes.Count(c.text, []byte{'\n'})
			emit(c)
		}
		rest = buf[end:]
		if atEOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (c *chunk) decode() {
	n := c.first
	for text := c.text; len(text) > 0; n++ {
		line, rest, whole := bytes.Cut(text, []byte{'\n'})
		text = rest
		if len(bytes.TrimSpace(line)) == 0 {
			if whole {
				continue
			}
			return
		}
		d := decoded{line: n, last: !whole}
		d.record, d.err = decodeLine(line)
		c.lines = append(c.lines, d)
	}
}

// decodeLine reads one record and refuses one that says nothing where a judge
// relies on something being said.
func decodeLine(line []byte) (r evidence.Record, err error) {
	if bytes.IndexByte(line, 0) >= 0 {
		return r, fmt.Errorf("zero bytes: the file was damaged on disk")
	}
	if r, err = decodeRecord(line); err != nil {
		return r, err
	}
	switch b := r.Body.(type) {
	case evidence.Truth:
		if b.Event.Fact == nil {
			return r, fmt.Errorf("truth without a fact")
		}
	case evidence.Effect:
		if b.Posting.Claim.Fact == nil {
			return r, fmt.Errorf("effect without a claim")
		}
	case evidence.Attempt:
		for _, e := range b.Claims {
			if e.Fact == nil {
				return r, fmt.Errorf("attempt with an empty claim")
			}
		}
	}
	return r, nil
}

// decodeRecord takes apart what [evidence.Journal] writes without looking at
// the body more often than needed; anything else is left to encoding/json.
func decodeRecord(line []byte) (r evidence.Record, err error) {
	e, body, ok := envelope(bytes.TrimRight(line, " \r"))
	if !ok {
		err = json.Unmarshal(line, &r)
		return r, err
	}
	b, err := evidence.DecodeBody(e.kind, body)
	if err != nil {
		return r, err
	}
	return evidence.Record{Seq: e.seq, At: time.Duration(e.at), Plant: e.plant, Body: b}, nil
}

// heading is a record without its body.
type heading struct {
	seq   uint64
	at    int64
	plant time.Time
	kind  string
}

// envelope splits a line of exactly the form the journal writes.
func envelope(line []byte) (h heading, body []byte, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"seq":`))
	if !ok {
		return h, nil, false
	}
	number, rest, ok := bytes.Cut(rest, []byte(`,"at":`))
	seq, err := strconv.ParseUint(string(number), 10, 64)
	if !ok || err != nil {
		return h, nil, false
	}
	number, rest, _ = bytes.Cut(rest, []byte{','})
	at, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil {
		return h, nil, false
	}
	h.seq, h.at = seq, at
	if text, ok := bytes.CutPrefix(rest, []byte(`"plant":"`)); ok {
		text, after, ok := bytes.Cut(text, []byte(`",`))
		if !ok || h.plant.UnmarshalText(text) != nil {
			return h, nil, false
		}
		rest = after
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(`"kind":"`)); !ok {
		return h, nil, false
	}
	kind, rest, ok := bytes.Cut(rest, []byte(`","body":`))
	if !ok || len(rest) < 3 || rest[len(rest)-1] != '}' {
		return h, nil, false
	}
	h.kind = string(kind)
	return h, rest[:len(rest)-1], true
}

// assembler puts decoded lines together and checks how they hang together.
type assembler struct {
	Journal
	seq     uint64 // of the last record
	bad     int    // damaged lines since
	last    decoded
	ended   bool
	skipped int // places of damage that are not told one by one
}

func (a *assembler) add(d decoded) {
	if a.last.err != nil {
		a.report(a.last.line, "not a record: "+a.last.err.Error())
		a.bad++
	}
	a.last = d
	if d.err != nil {
		return
	}
	r := d.record
	switch missing := r.Seq - a.seq - 1; {
	case r.Seq <= a.seq:
		a.report(d.line, fmt.Sprintf("record %d comes after record %d", r.Seq, a.seq))
		return
	case missing > uint64(a.bad):
		a.report(d.line, fmt.Sprintf("records are missing: %d follows %d", r.Seq, a.seq))
	}
	if len(a.Records) == 0 {
		if _, ok := r.Body.(evidence.Begin); !ok && r.Seq == 1 {
			a.report(d.line, "the journal does not begin with its plan")
		}
	}
	// A SUT that goes on while it is being stopped is recorded after the end.
	_, end := r.Body.(evidence.End)
	a.ended = a.ended || end
	a.seq, a.bad = r.Seq, 0
	a.Records = append(a.Records, r)
}

func (a *assembler) report(line int, what string) {
	if len(a.Damage) >= maxDamage {
		a.skipped++
		return
	}
	a.Damage = append(a.Damage, Damage{JournalFile, line, what})
}

// finish says how the journal ended.
func (a *assembler) finish() *Journal {
	switch {
	case a.last.line == 0:
		a.Cut = &Cut{0, "the journal is empty"}
	case a.last.err != nil && a.last.last:
		a.Cut = &Cut{a.last.line, fmt.Sprintf("line %d ends in the middle, after record %d", a.last.line, a.seq)}
	case a.last.err != nil:
		a.report(a.last.line, "not a record: "+a.last.err.Error())
		a.Cut = &Cut{a.last.line, fmt.Sprintf("the last line, %d, is not a record", a.last.line)}
	case !a.ended:
		a.Cut = &Cut{a.last.line, fmt.Sprintf("there is no end record after record %d", a.seq)}
	}
	if a.ended && a.Cut != nil { // what follows the end is damaged, nothing is cut
		if a.last.last {
			a.report(a.last.line, "a line without an end after the end of the journal")
		}
		a.Cut = nil
	}
	if a.skipped > 0 {
		a.Damage = append(a.Damage, Damage{JournalFile, 0, fmt.Sprintf("%d more damaged places", a.skipped)})
	}
	a.Records = slices.Clip(a.Records)
	return &a.Journal
}
