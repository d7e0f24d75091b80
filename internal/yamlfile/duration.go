package yamlfile

import (
	"fmt"
	"time"

	"github.com/invopop/jsonschema"
)

// Domain says whose time a duration is measured in.
type Domain string

// Domains of time.
const (
	PlantTime Domain = "plant" // the simulated factory's calendar
	WallTime  Domain = "wall"  // the clock on the wall, which the SUT lives by
)

// Duration is a length of time that names its domain: {plant: 15m} or
// {wall: 5s}. In a run that jumps through plant time the two have nothing to
// do with each other, so a file must always say which one it means.
type Duration struct {
	Domain Domain
	D      time.Duration
	Pos    Pos
}

// Plant returns d of plant time.
func Plant(d time.Duration) Duration { return Duration{Domain: PlantTime, D: d} }

// Wall returns d of wall time.
func Wall(d time.Duration) Duration { return Duration{Domain: WallTime, D: d} }

// IsZero reports whether the duration was not given.
func (d Duration) IsZero() bool { return d.Domain == "" }

// String writes d as a file would.
func (d Duration) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("{%s: %s}", d.Domain, d.D)
}

// UnmarshalNode reads the form of a file.
func (d *Duration) UnmarshalNode(n Node) error {
	switch n.Kind() {
	case Number, Text:
		s := n.Text()
		if n.Kind() == Number {
			s += "s"
		}
		if t, err := time.ParseDuration(s); err == nil {
			return n.Errorf("duration %s does not say whose time it means", clip(n.Text())).
				WithHint("write {plant: %s} for time in the plant or {wall: %s} for time on the wall", short(t), short(t))
		}
		return n.Errorf("%q is not a duration", clip(n.Text())).WithHint("write {plant: 15m} or {wall: 5s}")
	case Map:
	default:
		return n.Errorf("a duration is expected here, not %s", n.Kind()).WithHint("write {plant: 15m} or {wall: 5s}")
	}
	keys := n.Keys()
	if len(keys) != 1 || (keys[0] != "plant" && keys[0] != "wall") {
		return n.Errorf("a duration has one key, plant or wall").WithHint("write {plant: 15m} or {wall: 5s}")
	}
	v := n.Get(keys[0])
	if v.Kind() == Number && v.Text() != "0" {
		return v.Errorf("%s has no unit", clip(v.Text())).WithHint("write %ss, %sm or %sh", clip(v.Text()), clip(v.Text()), clip(v.Text()))
	}
	t, err := time.ParseDuration(v.Text())
	switch {
	case err != nil:
		return v.Errorf("%q is not a length of time", clip(v.Text())).WithHint("write it as in 90s, 15m, 2h30m")
	case t < 0:
		return v.Errorf("a duration cannot be negative")
	case t > 10*365*24*time.Hour:
		return v.Errorf("%s is longer than ten years", clip(v.Text()))
	}
	*d = Duration{Domain: Domain(keys[0]), D: t, Pos: n.Pos()}
	return nil
}

// short writes t without its zero parts: "15m", not "15m0s".
func short(t time.Duration) string {
	s := t.String()
	for _, tail := range []string{"m0s", "h0m"} {
		if len(s) > len(tail) && s[len(s)-len(tail):] == tail {
			s = s[:len(s)-2]
		}
	}
	return s
}

// JSONSchema describes the form of a file to editors.
func (Duration) JSONSchema() *jsonschema.Schema {
	length := &jsonschema.Schema{Type: "string", Pattern: `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`}
	one := func(domain, says string) *jsonschema.Schema {
		p := jsonschema.NewProperties()
		p.Set(domain, length)
		return &jsonschema.Schema{Type: "object", Properties: p, Required: []string{domain}, AdditionalProperties: jsonschema.FalseSchema, Description: says}
	}
	return &jsonschema.Schema{
		OneOf:       []*jsonschema.Schema{one("plant", "time in the plant"), one("wall", "time on the wall")},
		Description: "A length of time that names its domain: {plant: 15m} or {wall: 5s}.",
	}
}
