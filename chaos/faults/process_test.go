package faults_test

import (
	"slices"
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestProcessFaults reads each as a scenario writes it and looks at what the
// harness is told to do. The message that sets it off passes unharmed.
func TestProcessFaults(t *testing.T) {
	const second = time.Second
	for _, c := range []struct {
		name, with string
		want       chaos.ProcessFault
	}{
		{"sut-kill", "{moment: after-reply, until: before-apply, within: {wall: 50ms}, down: {wall: 1s}}",
			chaos.ProcessFault{Do: chaos.Kill, Moment: chaos.AfterReply, Until: chaos.BeforeApply, Within: second / 20, Down: second}},
		{"sut-restart", "{down: {wall: 1s}}", chaos.ProcessFault{Do: chaos.Restart, Moment: chaos.AfterApply, Down: second}},
		{"sut-pause", "{for: {wall: 1s}}", chaos.ProcessFault{Do: chaos.Pause, Moment: chaos.AfterApply, For: second}},
		{"sut-detach", "{moment: before-apply}", chaos.ProcessFault{Do: chaos.Detach, Moment: chaos.BeforeApply, For: 2 * second}},
		{"sut-memory", "{spare: 3}", chaos.ProcessFault{Do: chaos.Bound, Moment: chaos.AfterApply, For: 2 * second, Down: second / 10, Bytes: 3 << 20}},
		{"sut-disk-full", "{for: {wall: 1s}}", chaos.ProcessFault{Do: chaos.FillDisk, Moment: chaos.AfterApply, For: second}},
		{"sut-scale", "{for: {wall: 1s}}", chaos.ProcessFault{Do: chaos.Double, Moment: chaos.AfterApply, For: second}},
		{"sut-upgrade", "{both: {wall: 1s}, back: true, for: {wall: 3s}}",
			chaos.ProcessFault{Do: chaos.Upgrade, Moment: chaos.AfterApply, Down: second, For: 3 * second, Back: true}},
		{"sut-restore", "{down: {wall: 1s}}", chaos.ProcessFault{Do: chaos.Restore, Moment: chaos.AfterApply, Down: second}},
		{"sut-clock", "{offset: {wall: 90s}, behind: true}", chaos.ProcessFault{Do: chaos.SetClock, Moment: chaos.AfterApply, Offset: -90 * second, For: 5 * second}},
		{"packet-loss", "{percent: 7}", chaos.ProcessFault{Do: chaos.Shape, Moment: chaos.AfterApply, For: 5 * second, Packets: []string{"loss", "7%"}}},
		{"packet-duplicate", "{}", chaos.ProcessFault{Do: chaos.Shape, Moment: chaos.AfterApply, For: 5 * second, Packets: []string{"duplicate", "20%"}}},
		{"packet-corrupt", "{}", chaos.ProcessFault{Do: chaos.Shape, Moment: chaos.AfterApply, For: 5 * second, Packets: []string{"corrupt", "5%"}}},
		{"packet-reorder", "{}", chaos.ProcessFault{Do: chaos.Shape, Moment: chaos.AfterApply, For: 5 * second, Packets: []string{"delay", "20ms", "reorder", "25%"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := faultNamed(t, c.name)
			if err := yamlfile.LoadBytes("s.yaml", []byte(c.with), f); err != nil {
				t.Fatal(err)
			}
			if err := f.(faults.Validator).Validate(); err != nil {
				t.Fatal(err)
			}
			got := f.(chaos.Process).Process()
			if !slices.Equal(got.Packets, c.want.Packets) {
				t.Errorf("packets %v, want %v", got.Packets, c.want.Packets)
			}
			got.Packets, c.want.Packets = nil, nil
			if got.Do != c.want.Do || got.Moment != c.want.Moment || got.Until != c.want.Until || got.Within != c.want.Within || got.Down != c.want.Down ||
				got.For != c.want.For || got.Bytes != c.want.Bytes || got.Offset != c.want.Offset || got.Back != c.want.Back {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			d := delivery("from-sut", plant.Confirmed{})
			if out := f.Apply(d, nil); len(out) != 1 || out[0].Decided() || out[0].After != 0 {
				t.Errorf("the message became %+v", out)
			}
		})
	}
}
