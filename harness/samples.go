package harness

import (
	"context"
	"sync"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/sut"
)

// sampleEvery is how often the SUT is looked into, wall time.
const sampleEvery = time.Second

// sampleOf is the name of the SUT in samples.
const sampleOf = "sut"

// counting is a transport that knows how many connections lead to it.
type counting interface{ Connections() int }

// sample looks into the SUT and its connections now and every second until
// what it returns is called, which looks a last time.
func (p *Plan) sample(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	p.look()
	wg.Go(func() {
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.look()
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		wg.Wait()
		p.look()
	}
}

// look writes one sample of everything that can be looked into.
func (p *Plan) look() {
	if s, ok := p.sut().(sut.Sampler); ok {
		if u, err := s.Sample(); err == nil { // else it is down, or the machine does not tell
			p.Journal.Append(evidence.Sample{Of: sampleOf, Memory: u.Memory, Files: u.Files, Threads: u.Threads})
		}
	}
	for _, e := range p.Endpoints {
		t, ok := e.Transport.(counting)
		if rd := p.roadTo(e.Name, chaos.BySUT); rd != nil {
			t, ok = rd, true // what the SUT holds open ends there
		}
		if ok {
			p.Journal.Append(evidence.Sample{Of: e.Name, Connections: t.Connections()})
		}
	}
}
