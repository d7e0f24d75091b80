package faults

import (
	"errors"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// CommitUnheard resets the connection to a database when a COMMIT of the SUT is
// done, in place of saying so.
//
// Layer W: a failover, a restarted pooler, a firewall, between the commit and
// its answer. Observed as a broken connection at COMMIT; the rows are there. A
// statement that commits by itself has no COMMIT and is let be. SQLite has no
// connection.
type CommitUnheard struct {
	Spare int `yaml:"spare" doc:"commits that are heard first, on each connection"`
}

// Apply implements [chaos.Fault]: messages are let be.
func (f *CommitUnheard) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return []chaos.Delivery{d}
}

// Trouble implements [chaos.ConnFault].
func (f *CommitUnheard) Trouble() chaos.Trouble {
	return chaos.Trouble{Stream: chaos.StreamReset, Way: simulators.ToSUT, Upon: chaos.ReplyCommit, Spare: f.Spare}
}

// Leaves implements [chaos.Choosy].
func (f *CommitUnheard) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Suits implements [chaos.Particular].
func (f *CommitUnheard) Suits(p simulators.Policy) bool { return p.Share == simulators.ShareServer }

// Validate says what is wrong with the settings.
func (f *CommitUnheard) Validate() error {
	if f.Spare < 0 {
		return errors.New("spare: commits that are heard cannot be fewer than 0")
	}
	return nil
}

// ofDatabases lists what happens to connections to a database.
func ofDatabases() []Info {
	return []Info{{
		Name: "commit-unheard", Layer: Wire, Needs: "an endpoint with transport: tables and a url: SQLite has no connection that could break",
		Requirements: []string{"FLT-01", "CTL-01", "CTL-04", "PAT-02"}, Tolerates: cutOff,
		Doc:      "the connection to a database is killed when a COMMIT is done and before its answer arrives",
		Observed: "connection reset or unexpected EOF at COMMIT (driver: bad connection, SQLSTATE 08006); the rows are there",
		New:      func() chaos.Fault { return &CommitUnheard{} },
	}}
}
