package evidence

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Journal is the writable journal of one run. Records are kept in memory and,
// if it has a file, written to it one JSON object a line.
//
// Append orders records; Flush is what makes them outlive the rig. Whoever is
// about to tell the SUT something calls Flush first, so that an effect the SUT
// knows of is never missing from the evidence.
type Journal struct {
	began time.Time
	out   io.Writer // nil for a journal in memory only

	mu      sync.Mutex // guards what follows
	ended   bool
	records records
	plant   func() time.Time
	watch   []func(Record)
	err     error
	lines   []byte     // what waits for being written
	spare   []byte     // room for the next lines, while lines are written
	writing bool       // somebody has left mu to write, in the order of lines
	written int        // how many records the operating system has
	wrote   *sync.Cond // told when a write has ended
}

// NewJournal returns an empty journal that begins now and writes to out, or
// only keeps its records in memory if out is nil.
func NewJournal(out io.Writer) *Journal {
	j := &Journal{began: time.Now(), out: out, plant: func() time.Time { return time.Time{} }}
	j.wrote = sync.NewCond(&j.mu)
	return j
}

// Now is the time since the journal began, the clock of all its records.
func (j *Journal) Now() time.Duration { return time.Since(j.began) }

// Began is the wall time at which the journal's clock showed zero.
func (j *Journal) Began() time.Time { return j.began }

// PlantClock sets where the plant time of records comes from.
func (j *Journal) PlantClock(now func() time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.plant = now
}

// Watch has see called for each record from now on, in order and while the
// journal is locked: see must be quick and must not append.
func (j *Journal) Watch(see func(Record)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.watch = append(j.watch, see)
}

// Append adds body and returns its record. After [End] nothing is added any
// more: what a SUT does while it is being stopped belongs to no run.
func (j *Journal) Append(body Body) Record {
	if j.out == nil {
		return j.add(body, nil, nil)
	}
	room := scratch.Get().(*[]byte)
	line, err := appendBody((*room)[:0], body)
	if err != nil {
		err = fmt.Errorf("journal: encode %s: %w", body.kind(), err)
	}
	r := j.add(body, line, err)
	if cap(line) <= roomKept {
		*room = line
		scratch.Put(room)
	}
	return r
}

// scratch holds the rooms that bodies are encoded in, before the journal is
// locked: each belongs to one call of Append.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// roomKept is up to which size a room is used again; plans and findings can
// be large, but are few.
const roomKept = 64 << 10

// add gives body its place; line is how it is spelled in the file.
func (j *Journal) add(body Body, line []byte, err error) Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.ended {
		return Record{}
	}
	_, j.ended = body.(End)
	r := Record{Seq: uint64(j.records.n + 1), At: j.Now(), Plant: j.plant(), Body: body}
	j.records.add(r)
	if err != nil {
		j.fail(err)
	} else if j.out != nil {
		j.lines = appendLine(j.lines, r, line)
	}
	for _, see := range j.watch {
		see(r)
	}
	return r
}

// appendLine appends r in the form [Record.MarshalJSON] gives it, without
// encoding the body a second time under the lock.
func appendLine(b []byte, r Record, body []byte) []byte {
	b = append(b, `{"seq":`...)
	b = strconv.AppendUint(b, r.Seq, 10)
	b = append(b, `,"at":`...)
	b = strconv.AppendInt(b, int64(r.At), 10)
	if !r.Plant.IsZero() {
		b = append(b, `,"plant":"`...)
		b = r.Plant.AppendFormat(b, time.RFC3339Nano)
		b = append(b, '"')
	}
	b = append(b, `,"kind":"`...)
	b = append(b, r.Body.kind()...)
	b = append(b, `","body":`...)
	b = append(b, body...)
	return append(b, "}\n"...)
}

// Flush hands everything appended so far to the operating system. Who calls
// it while another's lines are being written waits, and then one of those who
// waited writes for all of them.
func (j *Journal) Flush() error {
	if j.out == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for mine := j.records.n; j.written < mine; {
		if !j.writing {
			return j.write()
		}
		j.wrote.Wait()
	}
	return j.err
}

// write writes all lines, and those of whoever is ready to append his own: a call
// of the system costs more than all that stands in one line. j.mu is held before
// and after, but not meanwhile.
func (j *Journal) write() error {
	j.writing = true
	j.mu.Unlock()
	runtime.Gosched()
	j.mu.Lock()
	lines, all := j.lines, j.records.n
	if len(lines) == 0 { // none of the records could be encoded
		j.written, j.writing = all, false
		j.wrote.Broadcast()
		return j.err
	}
	j.lines, j.spare = j.spare[:0], nil
	j.mu.Unlock()
	_, err := j.out.Write(lines)
	j.mu.Lock()
	j.written, j.writing = all, false
	if cap(lines) <= roomKept {
		j.spare = lines
	}
	j.wrote.Broadcast()
	if err != nil {
		j.fail(fmt.Errorf("write journal: %w", err))
		return j.err
	}
	return nil
}

// Err returns the first thing that went wrong with the file, if anything did.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

func (j *Journal) fail(err error) {
	if j.err == nil {
		j.err = err
	}
}

// Records returns the records written so far. The slice must not be changed.
func (j *Journal) Records() []Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.records.all()
}

// records is a list that costs each record its own room only: a slice that
// grows by a quarter at a time is copied five times over, and most of it is
// garbage. It is made one slice when somebody asks for it.
type records struct {
	n     int        // how many there are
	whole []Record   // those that somebody has asked for
	parts [][]Record // those after them, chunk by chunk
}

// chunk is how many records are given room at once.
const chunk = 512

func (l *records) add(r Record) {
	last := len(l.parts) - 1
	if last < 0 || len(l.parts[last]) == chunk {
		l.parts = append(l.parts, make([]Record, 0, chunk))
		last++
	}
	l.parts[last] = append(l.parts[last], r)
	l.n++
}

func (l *records) all() []Record {
	if len(l.parts) > 0 {
		l.whole = slices.Grow(l.whole, l.n-len(l.whole))
		for _, p := range l.parts {
			l.whole = append(l.whole, p...)
		}
		l.parts = nil
	}
	return l.whole[:l.n:l.n]
}
