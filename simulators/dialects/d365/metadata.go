package d365

import (
	"encoding/xml"
	"slices"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// document is what OData says of itself: the entity sets, or their properties.
func (d Dialect) document(m simulators.Message) simulators.Message {
	if m.Name == Data+"/$metadata" {
		out := written(200, d.edmx())
		out.Header["Content-Type"] = "application/xml"
		return out
	}
	var all []entity
	for _, s := range sets {
		all = append(all, entity{{"name", s.name}, {"kind", "EntitySet"}, {"url", s.name}})
	}
	return written(200, plain(entity{{"@odata.context", "$metadata"}, {"value", all}}))
}

// samples has something to show in every set, heads before what belongs to them.
var samples = []any{
	simulators.OrderState{Order: plant.Order{Operations: make([]plant.Operation, 1), Components: make([]plant.Component, 1)}},
	plant.Item{Units: make([]plant.AltUnit, 1)}, plant.Lot{}, simulators.Operation{},
	simulators.BillState{}, simulators.BillLine{BillState: simulators.BillState{Bill: plant.Bill{Components: make([]plant.Component, 1)}}},
	simulators.RoutingState{}, simulators.RoutingStep{RoutingState: simulators.RoutingState{Routing: plant.Routing{Operations: make([]plant.Operation, 1)}}},
	simulators.CenterState{}, simulators.OnHand{}, simulators.CalendarState{},
}

// edmx describes the entity sets here, which have a small part of the
// properties of the real ones.
func (d Dialect) edmx() []byte {
	var b strings.Builder
	b.WriteString(xml.Header + `<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices><Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="Microsoft.Dynamics.DataEntities">`)
	for _, s := range sets {
		b.WriteString(`<EntityType Name="` + entityType(s.name) + `"><Key>`)
		for _, k := range s.keys {
			b.WriteString(`<PropertyRef Name="` + k + `"/>`)
		}
		b.WriteString(`</Key>`)
		for _, p := range d.sample(s) {
			if strings.HasPrefix(p.name, "@") {
				continue
			}
			b.WriteString(`<Property Name="` + p.name + `" Type="` + edmType(p) + `"/>`)
		}
		b.WriteString(`</EntityType>`)
	}
	b.WriteString(`<EntityContainer Name="Resources">`)
	for _, s := range sets {
		b.WriteString(`<EntitySet Name="` + s.name + `" EntityType="Microsoft.Dynamics.DataEntities.` + entityType(s.name) + `"/>`)
	}
	b.WriteString(`</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`)
	return []byte(b.String())
}

// sample is an entity of s.
func (d Dialect) sample(s set) entity {
	for _, o := range samples {
		if got := d.entities(s, []any{o}); len(got) > 0 {
			if !slices.ContainsFunc(s.keys, func(k string) bool { _, has := got[0].value(k); return !has }) {
				return got[0]
			}
		}
	}
	return nil
}

// entityType is the type of which a set has many.
func entityType(set string) string {
	if name, versioned := strings.CutSuffix(set, "sV2"); versioned {
		return name + "V2"
	}
	if name, many := strings.CutSuffix(set, "ches"); many {
		return name + "ch"
	}
	if name, many := strings.CutSuffix(set, "ies"); many {
		return name + "y"
	}
	return strings.TrimSuffix(set, "s")
}

func edmType(p property) string {
	_, whole := p.value.(int)
	_, long := p.value.(int64)
	_, real := p.value.(number)
	switch {
	case long:
		return "Edm.Int64"
	case whole:
		return "Edm.Int32"
	case real:
		return "Edm.Decimal"
	case strings.HasSuffix(p.name, "Date"), strings.HasSuffix(p.name, "DateTime"):
		return "Edm.DateTimeOffset"
	}
	return "Edm.String"
}
