package load

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Measure is one of the latencies that are kept.
type Measure int

const (
	// EndToEnd is from when a confirmation was due to its first posting.
	EndToEnd Measure = iota
	// Ack is from when it was due to the answer that the build took it.
	Ack
	// Service is from when it was really sent to that answer: the hop MES → build.
	Service
	// Waited is from when it was due to when it was sent.
	Waited
	// Pacing is the part of Waited that is our own: a connection was free.
	Pacing
	measures
)

var measureNames = [measures]string{"e2e", "ack", "service", "waited", "pacing"}

func (m Measure) String() string { return measureNames[m] }

// A Meter keeps latencies in histograms of three digits, one for each shard and
// second. Seconds are merged when they are over, so that it takes constant
// memory besides a line for each second.
type Meter struct {
	shards []*meterShard
	full   chan *interval
	done   chan struct{}
	log    *hdr.HistogramLogWriter // nil for none

	mix Mix // flows that are told apart; nil if there is one

	mu      sync.Mutex // guards what follows
	total   [measures]*hdr.Histogram
	flow    [flowKinds]*flowHist // totals of flows
	phase   *phase               // nil if nobody has asked for phases
	open    map[int64]*interval  // seconds that may still grow
	seconds []Second
	err     error

	spareMu sync.Mutex // guards spare: whoever paces must not wait for a merge
	spare   []*interval
}

// Second is what is known of one second of a run.
type Second struct {
	At     int64       `json:"at"` // seconds after the start
	Sent   int64       `json:"sent"`
	Posted int64       `json:"posted"`
	E2E    *[3]float64 `json:"e2e_ms,omitempty"` // p50, p99, most
	Ack    *[3]float64 `json:"ack_ms,omitempty"`
	Own    *[3]float64 `json:"pacing_ms,omitempty"`
	Heat   Heat        `json:"heat,omitempty"` // end to end, or to the answer if no postings are expected
}

type interval struct {
	second int64
	hist   [measures]*hdr.Histogram
	flow   [flowKinds]*flowHist // what is of a flow is added to hist when the interval is over
	mark   chan struct{}        // closed when all before it are merged; of a mark only
}

type meterShard struct {
	meter *Meter
	mu    sync.Mutex // guards what follows
	cur   *interval
}

const (
	leastValue = 128 // ns: what is shorter is told as that
	mostValue  = int64(10 * time.Minute)
)

// flowMeasures are those that are kept by flow: the others are our own.
const flowMeasures = Service + 1

// flowHist are the histograms of one flow.
type flowHist [flowMeasures]*hdr.Histogram

func newInterval(mix Mix) *interval {
	iv := &interval{}
	for m := range iv.hist {
		iv.hist[m] = hdr.New(leastValue, mostValue, 3)
	}
	for _, s := range mix {
		f := &flowHist{}
		for m := range f {
			f[m] = hdr.New(leastValue, mostValue, 3)
		}
		iv.flow[s.Flow.number()] = f
	}
	return iv
}

// of is where a measure of a flow is recorded.
func (iv *interval) of(k Measure, flow int) *hdr.Histogram {
	if f := iv.flow[flow]; f != nil {
		return f[k]
	}
	return iv.hist[k]
}

// NewMeter returns a meter with so many shards that writes each second in the
// format of HdrHistogram's logs to log, if that is not nil. It tells the flows of
// a mix apart; nil is one flow.
func NewMeter(shards int, log io.Writer, mix Mix) *Meter {
	whole := newInterval(mix)
	m := &Meter{full: make(chan *interval, 64), done: make(chan struct{}), open: map[int64]*interval{}, mix: mix, total: whole.hist, flow: whole.flow}
	if log != nil {
		m.log = hdr.NewHistogramLogWriter(log)
		m.err = m.log.OutputLogFormatVersion()
	}
	for range shards {
		m.shards = append(m.shards, &meterShard{meter: m, cur: newInterval(mix)})
	}
	go m.collect()
	return m
}

// shard returns the i-th, going round.
func (m *Meter) shard(i int) *meterShard { return m.shards[i%len(m.shards)] }

// posted notes that a posting of a flow came at now, late after its confirmation
// was due.
func (s *meterShard) posted(now, late int64, flow int) {
	s.mu.Lock()
	s.at(now)
	record(s.cur.of(EndToEnd, flow), late, 1)
	s.mu.Unlock()
}

// answered notes an answer to n confirmations of a flow that came at now.
func (s *meterShard) answered(now, ack, service, n int64, flow int) {
	s.mu.Lock()
	s.at(now)
	record(s.cur.of(Ack, flow), ack, n)
	record(s.cur.of(Service, flow), service, n)
	s.mu.Unlock()
}

// sent notes a sending of n confirmations at now.
func (s *meterShard) sent(now, waited, pacing, n int64) {
	s.mu.Lock()
	s.at(now)
	record(s.cur.hist[Waited], waited, n)
	record(s.cur.hist[Pacing], pacing, n)
	s.mu.Unlock()
}

func record(h *hdr.Histogram, v, n int64) {
	_ = h.RecordValues(min(max(v, 0), mostValue), n) // it fits
}

// at begins another second if it is time; s.mu is held.
func (s *meterShard) at(now int64) {
	second := now / int64(time.Second)
	if second <= s.cur.second {
		return
	}
	s.meter.full <- s.cur
	s.cur = s.meter.blank(second)
}

// blank returns an empty interval for a second.
func (m *Meter) blank(second int64) *interval {
	m.spareMu.Lock()
	defer m.spareMu.Unlock()
	iv := (*interval)(nil)
	if n := len(m.spare); n > 0 {
		iv, m.spare = m.spare[n-1], m.spare[:n-1]
	} else {
		iv = newInterval(m.mix)
	}
	iv.second = second
	return iv
}

// collect merges what shards have done with.
func (m *Meter) collect() {
	defer close(m.done)
	for iv := range m.full {
		if iv.mark != nil {
			close(iv.mark)
			continue
		}
		m.mu.Lock()
		at := iv.second // take may give it away
		m.take(iv)
		for second := range m.open {
			if second < at-2 { // all shards have gone on, or say nothing more
				m.finish(second)
			}
		}
		m.mu.Unlock()
	}
}

func (m *Meter) take(iv *interval) {
	for i, f := range iv.flow {
		if f != nil {
			merge(iv.hist[:flowMeasures], f[:])
			merge(m.flow[i][:], f[:])
		}
	}
	m.phase.add(&iv.hist)
	merge(m.total[:], iv.hist[:])
	have := m.open[iv.second]
	if have == nil {
		m.open[iv.second] = iv
		return
	}
	merge(have.hist[:], iv.hist[:])
	for i, f := range iv.flow {
		if f != nil {
			merge(have.flow[i][:], f[:])
		}
	}
	m.free(iv)
}

// merge adds histograms to others, one to one.
func merge(to, from []*hdr.Histogram) {
	for k, h := range from {
		if h.TotalCount() > 0 {
			to[k].Merge(h)
		}
	}
}

func (m *Meter) free(iv *interval) {
	for _, h := range iv.hist {
		h.Reset()
	}
	for _, f := range iv.flow {
		if f != nil {
			for _, h := range f {
				h.Reset()
			}
		}
	}
	m.spareMu.Lock()
	defer m.spareMu.Unlock()
	if len(m.spare) < 2*len(m.shards) { // a busy moment needs more, and gives them back
		m.spare = append(m.spare, iv)
	}
}

// finish makes a line of a second that is over.
func (m *Meter) finish(second int64) {
	iv := m.open[second]
	delete(m.open, second)
	row := Second{At: second, Sent: iv.hist[Waited].TotalCount(), Posted: iv.hist[EndToEnd].TotalCount(),
		E2E: brief(iv.hist[EndToEnd]), Ack: brief(iv.hist[Ack]), Own: brief(iv.hist[Pacing])}
	if row.Heat = heat(iv.hist[EndToEnd]); row.Heat == nil {
		row.Heat = heat(iv.hist[Ack])
	}
	m.seconds = append(m.seconds, row)
	m.line(second, "", iv.hist[:])
	for i, f := range iv.flow {
		if f != nil {
			m.line(second, string(Flows[i])+".", f[:])
		}
	}
	m.free(iv)
}

// line writes histograms of a second into the log, tagged by a prefix and their
// measure.
func (m *Meter) line(second int64, prefix string, hist []*hdr.Histogram) {
	for k, h := range hist {
		if m.log == nil || h.TotalCount() == 0 || m.err != nil {
			continue
		}
		h.SetTag(prefix + Measure(k).String())
		h.SetStartTimeMs(second * 1000)
		h.SetEndTimeMs(second*1000 + 1000)
		m.err = m.log.OutputIntervalHistogram(h)
	}
}

func brief(h *hdr.Histogram) *[3]float64 {
	if h.TotalCount() == 0 {
		return nil
	}
	return &[3]float64{ms(h.ValueAtPercentile(50)), ms(h.ValueAtPercentile(99)), ms(h.Max())}
}

func ms(ns int64) float64 { return float64(ns/1000) / 1000 }

// Close ends the meter, after which it is complete. Nobody may record any more.
func (m *Meter) Close() error {
	for _, s := range m.shards {
		s.mu.Lock()
		m.full <- s.cur
		s.mu.Unlock()
	}
	close(m.full)
	<-m.done
	m.mu.Lock()
	defer m.mu.Unlock()
	for second := range m.open {
		m.finish(second)
	}
	slices.SortStableFunc(m.seconds, func(a, b Second) int { return int(a.At - b.At) })
	m.seconds = joined(m.seconds)
	if m.err != nil {
		return fmt.Errorf("write histogram log: %w", m.err)
	}
	return nil
}

// Quantiles of a distribution, in milliseconds.
type Quantiles struct {
	Count int64   `json:"count"`
	P50   float64 `json:"p50_ms"`
	P90   float64 `json:"p90_ms"`
	P99   float64 `json:"p99_ms"`
	P999  float64 `json:"p999_ms"`
	Max   float64 `json:"max_ms"`
}

// Quantiles returns those of a measure over the whole run.
func (m *Meter) Quantiles(k Measure) Quantiles {
	m.mu.Lock()
	defer m.mu.Unlock()
	return quantiles(m.total[k])
}

// At returns any percentile of a measure, and of how many values it is.
func (m *Meter) At(k Measure, percentile float64) (time.Duration, int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Duration(m.total[k].ValueAtPercentile(percentile)), m.total[k].TotalCount()
}

// ofFlow is the total of a measure of one flow; that of all if flows are not told
// apart. m.mu is held.
func (m *Meter) ofFlow(flow int, k Measure) *hdr.Histogram {
	if f := m.flow[flow]; f != nil && k < flowMeasures {
		return f[k]
	}
	return m.total[k]
}

// FlowAt is [Meter.At] of one flow.
func (m *Meter) FlowAt(f Flow, k Measure, percentile float64) (time.Duration, int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.ofFlow(f.number(), k)
	return time.Duration(h.ValueAtPercentile(percentile)), h.TotalCount()
}

// FlowQuantiles is [Meter.Quantiles] of one flow.
func (m *Meter) FlowQuantiles(f Flow, k Measure) Quantiles {
	m.mu.Lock()
	defer m.mu.Unlock()
	return quantiles(m.ofFlow(f.number(), k))
}

// joined adds up seconds that were finished twice, because a shard had been idle:
// their quantiles are those of the larger part.
func joined(rows []Second) (out []Second) {
	for _, r := range rows {
		k := len(out) - 1
		if k < 0 || out[k].At != r.At {
			out = append(out, r)
			continue
		}
		if r.Sent+r.Posted > out[k].Sent+out[k].Posted {
			r, out[k] = out[k], r
		}
		out[k].Heat = out[k].Heat.plus(r.Heat)
		out[k].Sent += r.Sent
		out[k].Posted += r.Posted
		out[k].E2E, out[k].Ack, out[k].Own = cmp.Or(out[k].E2E, r.E2E), cmp.Or(out[k].Ack, r.Ack), cmp.Or(out[k].Own, r.Own)
	}
	return out
}
