package harness

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/endpoint"
)

// patient is a SUT that opens a file a second, and is down for a while.
type patient struct {
	began, downFrom, downTo time.Time
}

func (*patient) Start(context.Context, map[string]string) error { return nil }
func (*patient) Stop(context.Context) error                     { return nil }
func (*patient) Alive() (bool, string)                          { return true, "" }

func (p *patient) Sample() (sut.Usage, error) {
	if now := time.Now(); !now.Before(p.downFrom) && now.Before(p.downTo) {
		return sut.Usage{}, sut.ErrNotSampled
	}
	return sut.Usage{Memory: 1 << 20, Files: 10 + int(time.Since(p.began)/time.Second), Threads: 2}, nil
}

// door is a transport that counts connections.
type door struct{ simulators.Transport }

func (door) Connections() int { return 3 }

func TestSamples(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		p := &Plan{
			Journal: evidence.NewJournal(nil), Driver: &patient{now, now.Add(2500 * time.Millisecond), now.Add(4500 * time.Millisecond)},
			Endpoints: []*endpoint.Endpoint{endpoint.New(endpoint.Config{Name: "erp", Transport: door{}}), endpoint.New(endpoint.Config{Name: "far"})},
		}
		stop := p.sample(t.Context())
		time.Sleep(6500 * time.Millisecond) // of the bubble's clock
		stop()
		stop() // again is no harm
		var files []int
		doors := 0
		for _, r := range p.Journal.Records() {
			switch s := r.Body.(evidence.Sample); {
			case s.Of == "sut" && s.Memory == 1<<20 && s.Threads == 2:
				files = append(files, s.Files)
			case s.Of == "erp" && s.Connections == 3:
				doors++
			default:
				t.Errorf("sampled %+v", s)
			}
		}
		if want := []int{10, 11, 12, 15, 16, 16, 16}; len(files) != len(want) || files[3] != 15 || doors != 9 {
			t.Errorf("files %v (want %v), %d looks at the door", files, want, doors)
		}
	})
}
