package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/andon-rig/andon/chaos"
)

// Packets has the kernel do something to packets that the SUT sends, from the
// moment on that a message passes.
//
// Layer W, below TCP, where it can really happen: a program that speaks TCP
// never sees a lost, doubled, broken or late packet, only time. It needs a
// kernel with netem and a SUT with a network of its own; nothing else of Andon
// does.
type Packets struct {
	kind    string       // in the words of netem
	Moment  chaos.Moment `yaml:"moment" jsonschema:"enum=before-apply,enum=after-apply-before-reply,enum=after-reply" doc:"which point on the message's way"`
	Percent int          `yaml:"percent" doc:"of the packets that the SUT sends"`
	For     Wall         `yaml:"for" doc:"how long; until the fault is healed if left out"`
}

var _ chaos.Process = (*Packets)(nil)

// Apply implements [chaos.Fault]: the message passes unharmed.
func (f *Packets) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return unharmed(d) }

// Process implements [chaos.Process].
func (f *Packets) Process() chaos.ProcessFault {
	return chaos.ProcessFault{Do: chaos.Shape, Moment: f.Moment, For: f.For.d(), Packets: f.netem()}
}

// netem is what tc is told. What is to overtake others needs others that wait.
func (f *Packets) netem() []string {
	words := []string{f.kind, fmt.Sprintf("%d%%", f.Percent)}
	if f.kind == "reorder" {
		return append([]string{"delay", "20ms"}, words...)
	}
	return words
}

// Validate says what is wrong with the settings.
func (f *Packets) Validate() error {
	err := lasting(f.Moment, f.For)
	if f.Percent < 1 || f.Percent > 100 {
		err = errors.Join(err, fmt.Errorf("percent: %d is not between 1 and 100", f.Percent))
	}
	return err
}

// packets lists the faults that only a kernel can do.
func packets() (list []Info) {
	for _, p := range []struct {
		name, kind, doc, observed string
		percent                   int
	}{
		{"packet-loss", "loss", "the kernel loses packets that the SUT sends", "latency in steps of 200 ms and more, when TCP repeats; at high rates connections that stall", 5},
		{"packet-duplicate", "duplicate", "the kernel sends packets of the SUT twice", "nothing over TCP; datagrams arrive twice", 20},
		{"packet-corrupt", "corrupt", "the kernel breaks a bit in packets that the SUT sends", "over TCP as packet-loss, since checksums fail", 5},
		{"packet-reorder", "reorder", "the kernel holds the SUT's packets for 20 ms and lets some overtake", "latency; datagrams arrive in another order", 25},
	} {
		list = append(list, Info{
			Name: p.name, Layer: Wire, Requirements: []string{"FLT-01", "FLT-10", "CTL-06"}, Doc: p.doc, Observed: p.observed,
			Needs:     "sut.container or sut.compose with a network of its own, Linux with netem, tc and nsenter, root: andon doctor says what is missing",
			Tolerates: "every fact posted exactly once, or surfaced",
			New: func() chaos.Fault {
				return &Packets{kind: p.kind, Moment: chaos.AfterApply, Percent: p.percent, For: Wall(5 * time.Second)}
			},
		})
	}
	return list
}
