package chaos_test

import (
	"testing"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/simulators"
)

// conns takes every connection for one of its own.
type conns struct{}

func (conns) Touch(string, string) bool { return true }

// TestWhatLastsOnAConnectionSaysSo: a slow connection is slow for what follows
// on it, too; one that is cut, or held once, is not.
func TestWhatLastsOnAConnectionSaysSo(t *testing.T) {
	for _, c := range []struct {
		name  string
		lasts bool
	}{{"slow-first-byte", true}, {"bandwidth", true}, {"trickle", true}, {"stall", false}, {"reset-mid-response", false}, {"delay", false}} {
		info, ok := faults.Find(c.name)
		if !ok {
			t.Fatalf("there is no fault %s", c.name)
		}
		l := newLink("erp")
		l.Conns, l.Riders = conns{}, &chaos.Riders{}
		l.Arm(&chaos.Rule{ID: "f", Kind: c.name, Fault: info.New(), Writes: true})
		m := about("confirmations", confirmation("4711", 1))
		ctx := simulators.WithConn(t.Context(), "connection 3")
		if _, err := l.Carry(ctx, m, simulators.FromSUT, applied); err != nil {
			t.Fatal(err)
		}
		if ds := strikes(l.Journal); len(ds) != 1 || ds[0].Lasting != c.lasts {
			t.Errorf("%s: %+v, want lasting %t", c.name, ds, c.lasts)
		}
	}
}
