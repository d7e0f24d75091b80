package faults

import (
	"fmt"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/andon-rig/andon/internal/yamlfile"
)

// Plant is a length of plant time, which is what timestamps, shifts and
// calendars are measured in. Files write it {plant: 90m}.
type Plant time.Duration

// UnmarshalNode reads the form of a file.
func (p *Plant) UnmarshalNode(n yamlfile.Node) error {
	var d yamlfile.Duration
	if err := d.UnmarshalNode(n); err != nil {
		return err
	}
	if d.Domain != yamlfile.PlantTime {
		return n.Errorf("what a message says is of plant time, not wall time").WithHint("write {plant: %s}", d.D)
	}
	*p = Plant(d.D)
	return nil
}

// MarshalNode implements [yamlfile.Marshaler].
func (p Plant) MarshalNode() (any, error) { return yamlfile.Plant(time.Duration(p)), nil }

// String writes p as a file would.
func (p Plant) String() string { return fmt.Sprintf("{plant: %s}", time.Duration(p)) }

// JSONSchema describes the form of a file to editors.
func (Plant) JSONSchema() *jsonschema.Schema { return yamlfile.Duration{}.JSONSchema() }

func (p Plant) d() time.Duration { return time.Duration(p) }
