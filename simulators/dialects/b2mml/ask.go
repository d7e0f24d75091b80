package b2mml

import (
	"fmt"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
)

// question reads a BOD of the verb Get. The noun is a pattern: what is filled
// in must fit.
func question(bod *xmltree.Node, noun string) (simulators.Ask, error) {
	q := simulators.Query{Where: map[string]string{}}
	if noun == profile {
		q.Object, q.Where["of"] = itself, "profile"
		return simulators.Ask{Query: &q}, nil
	}
	pattern := bod.Find("DataArea", noun)
	if pattern == nil {
		return simulators.Ask{}, refuse(codeMalformed, fmt.Sprintf("line %d, /%s/DataArea/%s: is missing", bod.Line, bod.Name, noun))
	}
	id := pattern.Said("ID")
	switch noun {
	case performance:
		q.Object = "operation"
		if reference := pattern.Said("OperationsResponse", "SegmentResponse", "ID"); reference != "" {
			q.Object, q.Where["reference"], id = "postings", reference, reference
		}
	case schedule:
		q.Object = "order"
		if order := pattern.Said("OperationsRequest", "ID"); order != "" {
			id = order
		}
	case lot:
		q.Object = "lot"
	case definition:
		q.Object = "item"
	case information:
		return stock(bod, pattern)
	default:
		q.Object = askedFor[noun]
	}
	if id == "" {
		return simulators.Ask{}, refuse(codeMalformed, fmt.Sprintf("line %d, /%s/DataArea/%s: names nothing: its ID is missing", pattern.Line, bod.Name, noun))
	}
	if q.Where["id"] = id; id == everything && many(noun) {
		return list(bod, pattern, q)
	}
	return simulators.Ask{Query: &q}, nil
}

// everything is the ID that fits all.
const everything = "*"

// stock asks how much there is of the material that is named as MaterialDefinition,
// or of all.
func stock(bod, pattern *xmltree.Node) (simulators.Ask, error) {
	q := simulators.Query{Object: onHand, Where: map[string]string{}}
	switch material := pattern.Said("MaterialDefinition", "ID"); material {
	case everything:
	case "":
		return simulators.Ask{}, refuse(codeMalformed, fmt.Sprintf("line %d, /%s/DataArea/%s/MaterialDefinition/ID: is missing; it is a material or %s", pattern.Line, bod.Name, information, everything))
	default:
		q.Where["material"] = material
	}
	return paged(bod, q)
}

// onHand is the list of how much there is of each material.
const onHand = "on-hand"

// list asks for all objects of a kind, or for those that have changed since.
func list(bod, pattern *xmltree.Node, q simulators.Query) (simulators.Ask, error) {
	q.Object += "s"
	delete(q.Where, "id")
	if since := strings.TrimSpace(pattern.Said("PublishedDate")); since != "" && q.Object != "orders" {
		q.Where["by"], q.Where["since"] = "changed", since
	}
	return paged(bod, q)
}

// paged says from where on a list is wanted, and how much of it.
func paged(bod *xmltree.Node, q simulators.Query) (simulators.Ask, error) {
	for _, e := range bod.Find("DataArea", "Get").Children {
		name, value, ok := strings.Cut(strings.TrimSpace(e.Text), "=")
		if !ok || name != "after" && name != "offset" && name != "limit" {
			return simulators.Ask{}, refuse(codeMalformed, fmt.Sprintf("line %d, /%s/DataArea/Get/Expression: %q is none of after=ID, offset=N and limit=N", e.Line, bod.Name, xmltree.Clip(e.Text)))
		}
		q.Where[name] = value
	}
	return simulators.Ask{Query: &q}, nil
}
