package scenarios

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/andon-rig/andon/internal/yamlfile"
)

// Requirement is the id of a row of REQUIREMENTS.md: UP-02.
type Requirement string

// requirementRows counts the rows of each group.
var requirementRows = map[string]int{
	"SYS": 22, "DN": 23, "UP": 29, "MC": 7, "PAT": 18, "CTL": 30, "FLT": 28, "EXC": 9, "KPI": 26, "IND": 8, "CMP": 7, "ROL": 13,
}

var requirementForm = regexp.MustCompile(`^([A-Z]{2,3})-([0-9]{2})$`)

// UnmarshalNode refuses ids that no row has.
func (r *Requirement) UnmarshalNode(n yamlfile.Node) error {
	var id string
	if err := n.Decode(&id); err != nil {
		return err
	}
	m := requirementForm.FindStringSubmatch(id)
	if m == nil {
		return n.Errorf("%q is not a requirement", id).WithHint("write it as in REQUIREMENTS.md: UP-02")
	}
	number, _ := strconv.Atoi(m[2])
	switch rows := requirementRows[m[1]]; {
	case rows == 0:
		return n.Errorf("there is no group of requirements %s", m[1]).WithHint("%s", yamlfile.OneOf(m[1], groups()))
	case number < 1 || number > rows:
		return n.Errorf("there is no requirement %s", id).WithHint("%s has %d rows", m[1], rows)
	}
	*r = Requirement(id)
	return nil
}

func groups() []string {
	var names []string
	for g := range requirementRows {
		names = append(names, g)
	}
	slices.Sort(names)
	return names
}

// JSONSchema describes the form to editors.
func (Requirement) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: requirementForm.String()}
}

// Waiver is an invariant that a scenario does not demand.
type Waiver struct {
	Name   string
	Reason string
	Pos    yamlfile.Pos
}

// UnmarshalNode reads {name: reason}.
func (w *Waiver) UnmarshalNode(n yamlfile.Node) error {
	keys := n.Keys()
	if n.Kind() != yamlfile.Map || len(keys) != 1 {
		return n.Errorf("a waiver is one name with its reason").WithHint("write {exactly-once: \"why it is not demanded here\"}")
	}
	*w = Waiver{Name: keys[0], Pos: n.KeyPos(keys[0])}
	if err := n.Get(keys[0]).Decode(&w.Reason); err != nil {
		return err
	}
	if strings.TrimSpace(w.Reason) == "" {
		return n.Errorf("a waiver needs a reason")
	}
	return nil
}

// JSONSchema describes the form to editors.
func (Waiver) JSONSchema() *jsonschema.Schema {
	one := uint64(1)
	return &jsonschema.Schema{
		Type: "object", MinProperties: &one, MaxProperties: &one,
		AdditionalProperties: &jsonschema.Schema{Type: "string", MinLength: &one},
		Description:          "An invariant this scenario does not demand, and why.",
	}
}
