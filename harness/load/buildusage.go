package load

import (
	"time"

	"github.com/andon-rig/andon/harness/sut"
)

// BuildUsage is what all processes of the build took up during a load.
type BuildUsage struct {
	Memory        int64         `json:"memory_bytes"` // the most that was resident
	Files         int           `json:"files"`        // the most descriptors open
	Threads       int           `json:"threads"`      // the most
	CPU           time.Duration `json:"cpu_ns"`       // from the first confirmation to the last posting
	CPUPerMillion float64       `json:"cpu_s_per_million,omitempty"`
	Samples       []BuildSample `json:"samples,omitempty"` // one a second
}

// BuildSample is what the build took up at one moment.
type BuildSample struct {
	At     float64 `json:"at_s"` // after the start
	Memory int64   `json:"memory_bytes"`
	Cores  float64 `json:"cores"` // processors kept busy since the sample before
}

// usageGauge looks into a build now and then.
type usageGauge struct {
	build Build
	start time.Time
	spent time.Duration // of processors, since the first look
	last  sut.Usage
	at    time.Duration // of the newest sample
	then  sut.Usage     // what it saw
	got   *BuildUsage   // nil as long as nothing was seen
}

// look takes what the build takes up now.
func (g *usageGauge) look() {
	u, ok := g.build.Usage()
	if !ok {
		return
	}
	now := time.Since(g.start)
	if g.got == nil {
		g.got, g.last, g.then, g.at = &BuildUsage{}, u, u, now
	}
	if g.spent += u.CPU - g.last.CPU; u.CPU < g.last.CPU/2 { // it was started anew; a child that dies unburied takes less with it
		g.spent += g.last.CPU
		g.then.CPU = 0
	}
	g.last = u
	b := g.got
	b.Memory, b.Files, b.Threads = max(b.Memory, u.Memory), max(b.Files, u.Files), max(b.Threads, u.Threads)
	if since := now - g.at; since >= time.Second {
		b.Samples = append(b.Samples, BuildSample{At: now.Seconds(), Memory: u.Memory, Cores: max(0, (u.CPU-g.then.CPU).Seconds()/since.Seconds())})
		g.at, g.then = now, u
	}
}

// usage is what was seen while n confirmations were sent.
func (g *usageGauge) usage(n int64) *BuildUsage {
	if g.got == nil {
		return nil
	}
	g.got.CPU = max(0, g.spent)
	if n > 0 {
		g.got.CPUPerMillion = g.got.CPU.Seconds() / float64(n) * 1e6
	}
	return g.got
}
