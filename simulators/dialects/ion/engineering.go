package ion

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/plant"
)

// Bills of material and routings are told here by what an order says of itself:
// components in records CMP, operations in records OPR, each behind one of these.
// They have no LINES, as those of files/v1 do: a noun is whole or cannot be read.
// Work centers and calendars are told in site.go.
var engineering = map[string][]files.Column{
	"BOM": {{Name: "REFERENCE"}, {Name: "AT", Form: files.Instant}, {Name: "MATERIAL"}, {Name: "VERSION", Form: files.Whole}, {Name: "QUANTITY", Form: files.Decimal}, {Name: "UNIT"}},
	"RTG": {{Name: "REFERENCE"}, {Name: "AT", Form: files.Instant}, {Name: "MATERIAL"}, {Name: "VERSION", Form: files.Whole}},
}

func columnsOf(record string) []files.Column {
	if record == changeRecord {
		return changeColumns
	}
	if c := siteRecords[record]; c != nil {
		return c
	}
	if c := engineering[record]; c != nil {
		return c
	}
	return files.Columns(record)
}

// recordsOf says e: the record that begins it, and those that belong to it.
func recordsOf(e plant.Event) []files.Record {
	switch f := e.Fact.(type) {
	case plant.BillChanged:
		return engineered(e, "BOM", f.Version, plant.Order{Item: f.Bill.Item, Quantity: f.Bill.For, Components: f.Bill.Components})
	case plant.OrderChanged:
		return changeRecords(e)
	case plant.CenterChanged:
		return centerRecords(e, f)
	case plant.CalendarChanged:
		return calendarRecords(e, f)
	case plant.RoutingChanged:
		return engineered(e, "RTG", f.Version, plant.Order{Item: f.Routing.Item, Operations: f.Routing.Operations})
	}
	return files.Records(e)
}

func engineered(e plant.Event, record string, version int, as plant.Order) []files.Record {
	as.ID = plant.OrderID(as.Item)
	all := files.Records(plant.Event{ID: e.ID, At: e.At, Fact: plant.OrderReleased{Order: as}})
	order := all[0]
	all[0] = files.Record{Type: record}
	for _, c := range engineering[record] {
		cell := strconv.Itoa(version)
		if c.Name != "VERSION" {
			cell = order.Cells[at(files.Columns("ORD"), c.Name)]
		}
		all[0].Cells = append(all[0].Cells, cell)
	}
	return all
}

func at(columns []files.Column, name string) int {
	return slices.IndexFunc(columns, func(c files.Column) bool { return c.Name == name })
}

// claimOf reads what a record says, with those that belong to it.
func claimOf(first files.Record, below ...files.Record) (plant.Event, error) {
	if siteRecords[first.Type] != nil {
		return siteClaim(first, below)
	}
	columns := engineering[first.Type]
	if columns == nil {
		return files.Claim(first, below...)
	}
	version, err := strconv.Atoi(first.Cells[at(columns, "VERSION")])
	if err != nil || version < 0 {
		return plant.Event{}, fmt.Errorf("%s: %q is not the number of a version", first.Place("VERSION"), clip(first.Cells[at(columns, "VERSION")]))
	}
	if first.Type == "RTG" && len(below) == 0 {
		return plant.Event{}, fmt.Errorf("%s: a routing without an operation", first.Place(""))
	}
	order := files.Record{Type: "ORD", Cells: make([]string, len(files.Columns("ORD"))), Place: func(column string) string {
		if column == "ORDER" {
			column = "MATERIAL"
		}
		return first.Place(column)
	}}
	set := func(name, cell string) { order.Cells[at(files.Columns("ORD"), name)] = cell }
	set("QUANTITY", "1")
	set("UNIT", "EA")
	for i, c := range columns {
		if c.Name != "VERSION" {
			set(c.Name, first.Cells[i])
		}
	}
	set("ORDER", first.Cells[at(columns, "MATERIAL")])
	if first.Type == "BOM" { // an order has operations
		below = append(slices.Clone(below), files.Record{Type: "OPR", Cells: []string{"1", "", "1", "", "", ""}, Place: first.Place})
	}
	e, err := files.Claim(order, below...)
	if err != nil {
		return e, err
	}
	as := e.Fact.(plant.OrderReleased).Order
	if first.Type == "BOM" {
		e.Fact = plant.BillChanged{Version: version, Bill: plant.Bill{Item: as.Item, For: as.Quantity, Components: as.Components}}
	} else {
		e.Fact = plant.RoutingChanged{Version: version, Routing: plant.Routing{Item: as.Item, Operations: as.Operations}}
	}
	return e, nil
}
