package load

import hdr "github.com/HdrHistogram/hdrhistogram-go"

// phase is what a meter has seen between two cuts.
type phase [measures]*hdr.Histogram

// cut ends a phase of the run and begins the next; what it returns is complete.
// The first cut returns nil: nobody has kept phases before.
func (m *Meter) cut() *phase {
	for _, s := range m.shards {
		s.mu.Lock()
		m.full <- s.cur
		s.cur = m.blank(s.cur.second)
		s.mu.Unlock()
	}
	mark := &interval{mark: make(chan struct{})}
	m.full <- mark
	<-mark.mark
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := m.phase
	m.phase = (*phase)(&newInterval(nil).hist)
	return seen
}

func (p *phase) add(h *[measures]*hdr.Histogram) {
	if p == nil {
		return
	}
	merge(p[:], h[:])
}

func quantiles(h *hdr.Histogram) Quantiles {
	return Quantiles{h.TotalCount(), ms(h.ValueAtPercentile(50)), ms(h.ValueAtPercentile(90)), ms(h.ValueAtPercentile(99)), ms(h.ValueAtPercentile(99.9)), ms(h.Max())}
}
