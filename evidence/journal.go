package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
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
	records []Record
	plant   func() time.Time
	buf     bytes.Buffer
	watch   []func(Record)
	err     error

	flushing sync.Mutex // serialises writes to out, in order
}

// NewJournal returns an empty journal that begins now and writes to out, or
// only keeps its records in memory if out is nil.
func NewJournal(out io.Writer) *Journal {
	return &Journal{began: time.Now(), out: out, plant: func() time.Time { return time.Time{} }}
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

// Append adds body and returns its record.
func (j *Journal) Append(body Body) Record {
	var line []byte
	var err error
	if j.out != nil {
		if line, err = json.Marshal(body); err != nil {
			err = fmt.Errorf("journal: encode %s: %w", body.kind(), err)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	r := Record{Seq: uint64(len(j.records) + 1), At: j.Now(), Plant: j.plant(), Body: body}
	j.records = append(j.records, r)
	if err != nil {
		j.fail(err)
	} else if j.out != nil {
		j.line(r, line)
	}
	for _, see := range j.watch {
		see(r)
	}
	return r
}

// line adds r to the buffer in the form [Record.MarshalJSON] gives it, without
// encoding the body a second time under the lock.
func (j *Journal) line(r Record, body []byte) {
	fmt.Fprintf(&j.buf, `{"seq":%d,"at":%d`, r.Seq, int64(r.At))
	if !r.Plant.IsZero() {
		j.buf.WriteString(`,"plant":"`)
		j.buf.Write(r.Plant.AppendFormat(j.buf.AvailableBuffer(), time.RFC3339Nano))
		j.buf.WriteByte('"')
	}
	fmt.Fprintf(&j.buf, `,"kind":%q,"body":`, r.Body.kind())
	j.buf.Write(body)
	j.buf.WriteString("}\n")
}

// Flush hands everything appended so far to the operating system.
func (j *Journal) Flush() error {
	if j.out == nil {
		return nil
	}
	j.flushing.Lock()
	defer j.flushing.Unlock()
	j.mu.Lock()
	if j.buf.Len() == 0 {
		defer j.mu.Unlock()
		return j.err
	}
	pending := bytes.Clone(j.buf.Bytes())
	j.buf.Reset()
	j.mu.Unlock()
	if _, err := j.out.Write(pending); err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
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
	return j.records[:len(j.records):len(j.records)]
}
