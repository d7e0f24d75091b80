package load

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"math/bits"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/andon-rig/andon/harness/load/fleet"
)

// merger makes one journal and one set of histograms of what agents report.
type merger struct {
	of    *convoy
	w     *writer
	place atomic.Uint64 // how many reports were merged
}

func newMerger(f *convoy) *merger { return &merger{of: f, w: f.run.journal.sending()} }

// take merges a report.
func (m *merger) take(r fleet.Report) (err error) {
	defer func() {
		if m.place.Add(1); err != nil {
			m.place.Store(math.MaxUint64) // nothing more is read
		}
	}()
	f := m.of
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Piece < 0 || r.Piece >= len(f.parts) || f.parts[r.Piece].tries[r.Attempt] == nil {
		return nil // of nobody who was ever given a piece
	}
	p := f.parts[r.Piece]
	a := p.tries[r.Attempt]
	switch r.Kind {
	case reportJournal:
		return m.journal(p, a, r.Body)
	case reportHistograms:
		return m.histograms(a, r.Body)
	case reportDone:
		var final finalReport
		if err := json.Unmarshal(r.Body, &final); err != nil {
			return fmt.Errorf("read the final report: %w", err)
		}
		f.run.out.add(final.Sent, a.sent)
		a.sent, a.final, a.bound = final.Sent, &final, max(a.bound, final.Bound)
		p.done = p.done || r.Attempt == p.attempt
	}
	return nil
}

// journal adds blocks of an agent's journal to ours, under the plan's numbers.
func (m *merger) journal(p *partState, a *attempt, b []byte) error {
	for len(b) > 0 {
		if len(b) < blockHead {
			return fmt.Errorf("a block of the journal is cut off")
		}
		n, sum := int(binary.LittleEndian.Uint32(b)), binary.LittleEndian.Uint32(b[4:])
		if n <= 0 || n > mostPerRead || n%recordSize != 0 || len(b) < blockHead+n {
			return fmt.Errorf("a block of the journal of %d bytes is none", n)
		}
		rows := b[blockHead : blockHead+n]
		if crc32.Checksum(rows, castagnoli) != sum {
			return fmt.Errorf("the checksum of a block of the journal does not fit")
		}
		b = b[blockHead+n:]
		for ; len(rows) > 0; rows = rows[recordSize:] {
			var r Record
			r.get(rows)
			if r.Seq >= p.numbers {
				return fmt.Errorf("the journal is of confirmation %d of a part of %d", r.Seq, p.numbers)
			}
			m.record(p, a, r)
		}
	}
	return nil
}

func (m *merger) record(p *partState, a *attempt, r Record) {
	if r.Try == 1 {
		a.firsts++
	}
	p.seen[r.Seq/64] |= 1 << (r.Seq % 64)
	first := r.Try == 1
	r.Seq = p.number(r.Seq)
	m.w.add(&r)
	m.of.run.reported(&r, first)
}

// reported counts what an agent has recorded.
func (r *run) reported(x *Record, first bool) {
	if Outcome(x.Code) == Taken {
		r.taken.Add(1)
	}
	if r.wording.turns == nil {
		return
	}
	f := &r.flows[r.wording.flow(x.Seq)]
	if first {
		f.first.Add(1)
	}
	if Outcome(x.Code) == Taken {
		f.taken.Add(1)
	}
}

// histograms adds lines of an agent's histogram log to our meter.
func (m *merger) histograms(a *attempt, b []byte) error {
	for line := range strings.Lines(string(b)) {
		if !strings.HasPrefix(line, "Tag=") {
			continue // a comment
		}
		flow, k, second, h, err := readTagged(strings.TrimSpace(line))
		if err != nil {
			return err
		}
		if k == Waited {
			a.meted += h.TotalCount()
		}
		if err := m.of.run.meter.add(flow, k, second, h); err != nil {
			return err
		}
	}
	return nil
}

// readTagged reads a line of a histogram log as a [Meter] writes it:
// Tag=name,start,length,most,histogram. A flow stands before the name and a dot;
// flow is -1 if none does.
func readTagged(line string) (flow int, k Measure, second int64, h *hdr.Histogram, err error) {
	name, dotted, ok := strings.Cut(strings.TrimPrefix(line[:max(strings.IndexByte(line, ','), 0)], "Tag="), ".")
	if flow = -1; ok {
		if flow = Flow(name).number(); flow < 0 {
			return 0, 0, 0, nil, fmt.Errorf("%q is no flow", name)
		}
		name = dotted
	}
	k, second, h, err = readInterval(name, strings.Split(line, ","))
	return flow, k, second, h, err
}

// readInterval reads the parts of a line about the latency of this name.
func readInterval(name string, parts []string) (k Measure, second int64, h *hdr.Histogram, err error) {
	if len(parts) != 5 {
		return 0, 0, nil, fmt.Errorf("a line of a histogram log has %d parts, not 5", len(parts))
	}
	for k = 0; k < measures && measureNames[k] != name; k++ {
	}
	if k == measures {
		return 0, 0, nil, fmt.Errorf("%q is no latency", name)
	}
	start, err := strconv.ParseFloat(parts[1], 64)
	if err != nil || start < 0 {
		return 0, 0, nil, fmt.Errorf("%q is no second of a run", parts[1])
	}
	if _, err := base64.StdEncoding.DecodeString(parts[4]); err != nil {
		return 0, 0, nil, fmt.Errorf("read a histogram: %w", err)
	}
	if h, err = hdr.Decode([]byte(parts[4])); err != nil {
		return 0, 0, nil, fmt.Errorf("read a histogram: %w", err)
	}
	return k, int64(start + 0.5), h, nil
}

// add merges what another meter has of one second and of a flow, -1 being all. Of
// a mix what is of all is that of its flows.
func (m *Meter) add(flow int, k Measure, second int64, h *hdr.Histogram) error {
	if flow < 0 && m.mix != nil && k < flowMeasures {
		return nil
	}
	iv := m.blank(second)
	to := iv.hist[k]
	if flow >= 0 {
		if iv.flow[flow] == nil || k >= flowMeasures {
			return fmt.Errorf("%s of %s: the load has no such latency", k, Flows[flow])
		}
		to = iv.flow[flow][k]
	}
	to.Merge(h)
	m.full <- iv
	return nil
}

// missing are the numbers of a part of which no record has come, as spans of
// numbers of the plan, for as long as keep says so.
func (p *partState) missing(keep func(n uint64) bool) (all []Span) {
	for n := uint64(0); n < p.numbers; n++ {
		if p.seen[n/64] == ^uint64(0) {
			n |= 63
			continue
		}
		if p.seen[n/64]>>(n%64)&1 == 1 || !keep(n) {
			continue
		}
		seq := p.number(n)
		if k := len(all) - 1; k >= 0 && all[k].Last+p.step() == seq {
			all[k].Last = seq
			continue
		}
		all = append(all, Span{First: seq, Last: seq, Step: max(p.step(), 1)})
	}
	return all
}

// reported is of how many confirmations a record has come.
func (p *partState) reported() (n uint64) {
	for _, w := range p.seen {
		n += uint64(bits.OnesCount64(w))
	}
	return n
}

// counts are all counters by name.
func (s *Sent) counts() map[string]int64 {
	all := map[string]int64{}
	s.each(func(name string, v *atomic.Int64) { all[name] = v.Load() })
	return all
}

// add adds how much told is more than before.
func (s *Sent) add(told, before map[string]int64) {
	s.each(func(name string, v *atomic.Int64) { v.Add(told[name] - before[name]) })
}

// each calls do for every counter.
func (s *Sent) each(do func(name string, v *atomic.Int64)) {
	all := reflect.ValueOf(s).Elem()
	for i := range all.NumField() {
		name := all.Type().Field(i).Name
		switch v := all.Field(i).Addr().Interface().(type) {
		case *atomic.Int64:
			do(name, v)
		case *[6]atomic.Int64:
			for j := range v {
				do(name+strconv.Itoa(j), &v[j])
			}
		}
	}
}

func lastLine(b []byte) string {
	b = bytes.TrimRight(b, "\r\n")
	return clip(string(b[bytes.LastIndexByte(b, '\n')+1:]))
}
