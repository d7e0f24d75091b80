package faults

import (
	"fmt"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/andon-rig/andon/internal/yamlfile"
)

// Wall is a length of wall time, which is what a SUT's timeouts, tokens and
// pauses are measured in. Files write it {wall: 5s}.
type Wall time.Duration

// UnmarshalNode reads the form of a file.
func (w *Wall) UnmarshalNode(n yamlfile.Node) error {
	var d yamlfile.Duration
	if err := d.UnmarshalNode(n); err != nil {
		return err
	}
	if d.Domain != yamlfile.WallTime {
		return n.Errorf("a fault on the wire lasts wall time, not plant time").WithHint("write {wall: %s}", d.D)
	}
	*w = Wall(d.D)
	return nil
}

// MarshalNode implements [yamlfile.Marshaler].
func (w Wall) MarshalNode() (any, error) { return yamlfile.Wall(time.Duration(w)), nil }

// String writes w as a file would.
func (w Wall) String() string { return fmt.Sprintf("{wall: %s}", time.Duration(w)) }

// JSONSchema describes the form of a file to editors.
func (Wall) JSONSchema() *jsonschema.Schema { return yamlfile.Duration{}.JSONSchema() }

func (w Wall) d() time.Duration { return time.Duration(w) }

// notNegative refuses lengths of time that run backwards.
func notNegative(name string, w Wall) error {
	if w < 0 {
		return fmt.Errorf("%s: %s is negative", name, w)
	}
	return nil
}
