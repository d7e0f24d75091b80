package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators/plant"
)

// Moments every run has.
const (
	RunStart = "run.start" // the play begins
	RunEnd   = "run.end"   // everything is healed
)

// Moment is a point of a run: run.start, run.end, the name of a step, or
// {ref: NAME, delay: {plant: 20m}}; {plant: 2h} and {wall: 3s} count from the
// start. The zero Moment was not given.
type Moment struct {
	Ref   string // run.start, run.end or the name of a step
	Delay yamlfile.Duration
	Pos   yamlfile.Pos
}

type momentForm struct {
	Ref   string            `yaml:"ref" jsonschema:"required"`
	Delay yamlfile.Duration `yaml:"delay"`
}

// IsZero reports whether the moment was not given.
func (m Moment) IsZero() bool { return m.Ref == "" }

// String writes m for people.
func (m Moment) String() string {
	switch {
	case m.Delay.IsZero():
		return m.Ref
	case m.Ref == RunStart:
		return m.Delay.String()
	}
	return m.Ref + " + " + m.Delay.String()
}

// UnmarshalNode reads the forms of a file.
func (m *Moment) UnmarshalNode(n yamlfile.Node) error {
	m.Pos = n.Pos()
	switch n.Kind() {
	case yamlfile.Text:
		m.Ref = n.Text()
		if _, err := time.ParseDuration(m.Ref); err != nil && m.Ref != "" {
			return nil
		}
		return m.Delay.UnmarshalNode(n) // a bare duration: its error says how to write it
	case yamlfile.Map:
		if n.Get("ref").IsZero() {
			m.Ref = RunStart
			return m.Delay.UnmarshalNode(n)
		}
		var f momentForm
		if err := n.Decode(&f); err != nil {
			return err
		}
		m.Ref, m.Delay = f.Ref, f.Delay
		return nil
	}
	return m.Delay.UnmarshalNode(n)
}

// JSONSchema describes the forms to editors.
func (Moment) JSONSchema() *jsonschema.Schema {
	after := jsonschema.NewProperties()
	after.Set("ref", &jsonschema.Schema{Type: "string", Description: "Name of a step (its as), run.start or run.end."})
	after.Set("delay", yamlfile.Duration{}.JSONSchema())
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
		{Type: "string", Description: "run.start, run.end or the name of a step"},
		yamlfile.Duration{}.JSONSchema(),
		{Type: "object", Properties: after, Required: []string{"ref"}, AdditionalProperties: jsonschema.FalseSchema},
	}}
}

// Anchor says where plant time lies beside wall time.
type Anchor struct {
	Word string // end-now, start-now or fixed
	At   string // of fixed: 2026-10-24T18:00, plant-local
	Pos  yamlfile.Pos
}

const anchorForm = "2006-01-02T15:04"

// UnmarshalNode reads the form of a file.
func (a *Anchor) UnmarshalNode(n yamlfile.Node) error {
	word, at, fixed := strings.Cut(n.Text(), ":")
	*a = Anchor{Word: word, At: at, Pos: n.Pos()}
	if word == "fixed" && fixed {
		if _, err := time.Parse(anchorForm, at); err == nil {
			return nil
		}
	} else if slices.Contains([]string{"end-now", "start-now"}, n.Text()) {
		return nil
	}
	return n.Errorf("%q is not an anchor of plant time", n.Text()).WithHint("write end-now, start-now or fixed:2026-10-24T18:00")
}

// JSONSchema describes the form to editors.
func (Anchor) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^(end-now|start-now|fixed:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2})$`}
}

// Start returns when plant time begins in a run of length shift that begins
// at now.
func (a Anchor) Start(now time.Time, zone *time.Location, shift time.Duration) time.Time {
	switch a.Word {
	case "fixed":
		t, _ := time.ParseInLocation(anchorForm, a.At, zone)
		return t
	case "start-now":
		return now.In(zone)
	}
	return now.Add(-shift).In(zone)
}

// Amount is an exact quantity in a file: 60, 0.5 or "12.500".
type Amount plant.Decimal

// UnmarshalNode reads a number as it is written, without a detour through
// floating point.
func (a *Amount) UnmarshalNode(n yamlfile.Node) error {
	if n.Kind() != yamlfile.Number && n.Kind() != yamlfile.Text {
		return n.Errorf("an amount is expected here, not %s", n.Kind())
	}
	d, err := plant.ParseDecimal(n.Text())
	if err != nil {
		return n.Errorf("%s", err)
	}
	*a = Amount(d)
	return nil
}

// JSONSchema describes the form to editors.
func (Amount) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "number"}, {Type: "string", Pattern: `^-?[0-9]+(\.[0-9]+)?$`}}}
}

// Expr is a CEL expression and the place it stands at.
type Expr struct {
	Source string
	Pos    yamlfile.Pos
}

// UnmarshalNode reads a text.
func (e *Expr) UnmarshalNode(n yamlfile.Node) error {
	switch n.Kind() {
	case yamlfile.Text:
	case yamlfile.Bool:
		return n.Errorf("an expression is expected here, not a constant")
	default:
		return n.Errorf("an expression is expected here, not %s", n.Kind())
	}
	if len(n.Text()) > maxExpr {
		return n.Errorf("an expression of more than %d characters", maxExpr)
	}
	*e = Expr{n.Text(), n.Pos()}
	return nil
}

// maxExpr bounds what a reader can still follow, and the compiler's work.
const maxExpr = 4000

// JSONSchema describes the form to editors.
func (Expr) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Description: "A CEL expression; README.md lists its variables."}
}

// Target is an order, lot or case: its id, what a named step acted on
// ({ref: hold.lot}), or the n-th order of the run ({nth: 3}).
type Target struct {
	ID    string
	Ref   string // name of a step
	Field string // order, lot or case
	Nth   int
	Pos   yamlfile.Pos
}

type targetForm struct {
	Ref string `yaml:"ref"`
	Nth int    `yaml:"nth"`
}

// UnmarshalNode reads the forms of a file.
func (t *Target) UnmarshalNode(n yamlfile.Node) error {
	*t = Target{Pos: n.Pos()}
	if n.Kind() != yamlfile.Map {
		var id string
		err := n.Decode(&id)
		t.ID = id
		if err == nil && id == "" {
			return n.Errorf("an identifier cannot be empty")
		}
		return err
	}
	var f targetForm
	if err := n.Decode(&f); err != nil {
		return err
	}
	switch {
	case (f.Ref == "") == (f.Nth == 0):
		return n.Errorf("one of ref and nth is expected here").WithHint("write {ref: NAME.lot} or {nth: 3}")
	case f.Nth < 0:
		return n.Errorf("nth counts from 1")
	case f.Nth > 0:
		t.Nth = f.Nth
		return nil
	}
	name, what, ok := strings.Cut(f.Ref, ".")
	if !ok || name == "" || !slices.Contains([]string{"order", "lot", "case"}, what) {
		return n.Get("ref").Errorf("%q does not say what to take from which step", f.Ref).WithHint("write {ref: NAME.order}, {ref: NAME.lot} or {ref: NAME.case}")
	}
	t.Ref, t.Field = name, what
	return nil
}

// IsZero reports whether the target was not given.
func (t Target) IsZero() bool { return t.ID == "" && t.Ref == "" && t.Nth == 0 }

// String writes t for people.
func (t Target) String() string {
	switch {
	case t.Ref != "":
		return fmt.Sprintf("the %s of %s", t.Field, t.Ref)
	case t.Nth > 0:
		return fmt.Sprintf("order no. %d of the run", t.Nth)
	}
	return t.ID
}

// Floor is how many facts of a kind must have happened at least.
type Floor map[plant.Kind]int

// UnmarshalNode refuses kinds that no plant has, and floors that demand
// nothing.
func (f *Floor) UnmarshalNode(n yamlfile.Node) error {
	*f = Floor{}
	var counts map[string]int
	if err := n.Decode(&counts); err != nil {
		return err
	}
	for _, kind := range n.Keys() {
		if err := yamlfile.Choice(n.KeyPos(kind), "kind of fact", kind, kinds); err != nil {
			return err
		}
		if counts[kind] < 1 {
			return n.Get(kind).Errorf("a floor of %d demands nothing", counts[kind])
		}
		(*f)[plant.Kind(kind)] = counts[kind]
	}
	return nil
}

// JSONSchema describes the form to editors.
func (Floor) JSONSchema() *jsonschema.Schema {
	p := jsonschema.NewProperties()
	for _, kind := range kinds {
		p.Set(kind, &jsonschema.Schema{Type: "integer", Minimum: "1"})
	}
	return &jsonschema.Schema{Type: "object", Properties: p, AdditionalProperties: jsonschema.FalseSchema}
}
