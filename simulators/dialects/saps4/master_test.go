package saps4_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/saps4"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
)

// engineered is an ERP with five products, each with a bill and a routing; two
// of them were changed in one second.
func engineered(page int) *endpoint.Endpoint {
	m := plant.Master{Site: "BRNO", Zone: "Europe/Prague", Shifts: []plant.Shift{{Name: "early", Start: 360, End: 840, Days: []time.Weekday{1, 2}}},
		WorkCenters: []plant.WorkCenter{{ID: "SAW"}, {ID: "PACK", Manual: true}},
		Lots:        []plant.Lot{{ID: "S-1", Material: "STEEL", Status: plant.LotUnrestricted, Quantity: plant.Whole(40)}}}
	m.Items = append(m.Items, plant.Item{ID: "STEEL", Unit: "KGM", Lots: true})
	for _, id := range []plant.ItemID{"A", "B", "C", "D", "E"} {
		m.Items = append(m.Items, plant.Item{ID: id, Unit: "EA"})
		m.Bills = append(m.Bills, plant.Bill{Item: id, For: plant.Of(1, "EA"), Components: []plant.Component{{Material: "STEEL", Operation: "0010", Quantity: plant.Of(2, "KGM")}, {Material: "A", Operation: "0020", Quantity: plant.Of(1, "EA")}}})
		m.Routings = append(m.Routings, plant.Routing{Item: id, Operations: []plant.Operation{{ID: "0010", WorkCenter: "SAW"}, {ID: "0020", WorkCenter: "PACK"}}})
	}
	books := erp.New(m)
	books.Notice(plant.Event{ID: "PACK", At: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Fact: plant.CenterChanged{Version: 1, WorkCenter: plant.WorkCenter{ID: "PACK", Manual: true, Efficiency: 90}}})
	for i, id := range []plant.ItemID{"D", "B"} {
		books.Notice(plant.Event{ID: plant.EventID(id), At: time.Date(2026, 3, 2, 9, 0, 0, i, time.UTC), Fact: plant.ItemChanged{Version: 1, Item: plant.Item{ID: id, Unit: "EA"}}})
	}
	p := saps4.Dialect{}.Policy()
	p.Auth, p.Page = simulators.AuthNone, page
	return endpoint.New(endpoint.Config{System: books, Dialect: saps4.Dialect{}, Policy: p, Line: line{}})
}

// read follows a list to its end, and returns the values of a property and the
// number of pages.
func read(t *testing.T, e *endpoint.Endpoint, path, property string) (all string, pages int) {
	t.Helper()
	for at := "/" + saps4.Root + "/" + path; at != ""; pages++ {
		name, query, _ := strings.Cut(at[1:], "?")
		m := simulators.Message{Verb: "get", Method: "GET", Name: name, Params: map[string]string{}}
		for _, one := range strings.Split(query, "&") {
			k, v, _ := strings.Cut(one, "=")
			m.Params[k], _ = url.QueryUnescape(v)
		}
		r, err := e.Receive(t.Context(), m)
		var body struct {
			D struct {
				Results []map[string]any
				Next    string `json:"__next"`
			}
		}
		if err != nil || json.Unmarshal(r.Body, &body) != nil || body.D.Results == nil || pages > 20 {
			t.Fatalf("%s, page %d: %v %d %s", path, pages, err, r.Result.Status, r.Body)
		}
		for _, row := range body.D.Results {
			all += fmt.Sprint(row[property], " ")
		}
		at = body.D.Next
	}
	return strings.TrimSpace(all), pages
}

// Each list is read in full and page by page to the same rows; a delta is what
// has changed, also where only the day of a change is told.
func TestListsOfMasterData(t *testing.T) {
	const bills, ways, centers, stock = "API_BILL_OF_MATERIAL_SRV;v=0002/", "API_PRODUCTION_ROUTING/", "API_WORK_CENTERS/", "API_MATERIAL_STOCK_SRV/"
	for _, c := range []struct{ path, property, want string }{
		{"API_PRODUCT_SRV/A_Product", "Product", "A B C D E STEEL"},
		{"API_PRODUCT_SRV/A_Product?$filter=LastChangeDateTime ge datetimeoffset'2026-03-02T09:00:00Z'", "Product", "B D"},
		{"API_PRODUCT_SRV/A_Product?$filter=LastChangeDateTime gt datetimeoffset'2026-03-02T09:00:00Z'", "Product", ""},
		{"API_PRODUCT_SRV/A_Product?$filter=BaseUnit eq 'KGM'", "Product", "STEEL"},
		{"API_PRODUCT_SRV/A_Product?$orderby=LastChangeDateTime", "Product", "A C E STEEL B D"},
		{bills + "MaterialBOM", "Material", "A B C D E"},
		{bills + "MaterialBOM?$filter=LastChangeDateTime ge datetimeoffset'2026-03-02T09:00:00Z'", "Material", "B D"},
		{bills + "MaterialBOMItem?$filter=Material ge 'D'", "BillOfMaterialComponent", "STEEL A STEEL A"},
		{bills + "MaterialBOM(BillOfMaterial='C',BillOfMaterialCategory='M',BillOfMaterialVariant='1',BillOfMaterialVersion='',EngineeringChangeDocument='',Material='C',Plant='1010')/to_BillOfMaterialItem", "BillOfMaterialItemNumber", "0010 0020"},
		{ways + "ProductionRoutingHeader", "ProductionRoutingGroup", "A B C D E"},
		{ways + "ProductionRoutingHeader?$filter=LastChangeDate ge datetime'2026-03-02T00:00:00'", "ProductionRoutingGroup", "B D"},
		{ways + "ProductionRoutingHeader?$filter=LastChangeDate gt datetime'2026-03-02T00:00:00'", "ProductionRoutingGroup", ""},
		{ways + "ProductionRoutingMatlAssgmt?$filter=Product eq 'C'", "ProductionRoutingGroup", "C"},
		{ways + "ProductionRoutingOperation?$filter=ProductionRoutingGroup eq 'C'", "WorkCenterInternalID", "SAW PACK"},
		{centers + "A_WorkCenterAllCapacity", "WorkCenter", "PACK SAW"},
		{centers + "A_WorkCenterCapacity?$orderby=CapacityLastChangeDateTime", "Capacity", "SAW PACK"},
		{centers + "A_WorkCenterCapacity?$filter=CapacityLastChangeDateTime ge datetimeoffset'2026-03-02T09:00:00Z'", "CapacityPlanUtilizationPercent", "90"},
		{centers + "A_WorkCenterCapacity?$filter=CapacityLastChangeDateTime gt datetimeoffset'2026-03-02T09:00:00Z'", "Capacity", ""},
		{centers + "A_WorkCenterCapacityShift_2", "WeekDay", "1 2"},
		{centers + "A_WorkCenterCapacityShift_2?$filter=CapacityInternalID eq 'BRNO'", "WeekDay", "1 2"},
		{centers + "A_WorkCenterCapacityShift_2?$filter=CapacityLastChangeDateTime ge datetimeoffset'2026-03-02T09:00:00Z'", "WeekDay", ""},
		{stock + "A_MatlStkInAcctMod?$filter=Material eq 'STEEL'", "MatlWrhsStkQtyInMatlBaseUnit", "40.000"},
		{stock + "A_MatlStkInAcctMod?$filter=Material eq 'NONE'", "Batch", ""},
	} {
		whole, one := read(t, engineered(0), c.path, c.property)
		paged, many := read(t, engineered(1), c.path, c.property)
		if whole != c.want || paged != c.want || one != 1 || len(strings.Fields(c.want)) > 2 && many < 3 {
			t.Errorf("%s: %q in %d page, %q in %d pages, want %q", c.path, whole, one, paged, many, c.want)
		}
	}
}

// What a page is cut of is what is asked for, and $inlinecount counts all of it.
func TestPagesOfAFilteredList(t *testing.T) {
	m := simulators.Message{Verb: "get", Method: "GET", Name: saps4.Root + "/API_PRODUCT_SRV/A_Product", Params: map[string]string{"$filter": "BaseUnit eq 'EA'", "$top": "2", "$skip": "3", "$inlinecount": "allpages"}}
	r, err := engineered(0).Receive(t.Context(), m)
	if text := string(r.Body); err != nil || !strings.Contains(text, `"__count":"5"`) || strings.Count(text, `"ProductType"`) != 2 || !strings.Contains(text, `"Product":"E"`) || strings.Contains(text, "__next") {
		t.Errorf("%v %s", err, text)
	}
}

// A row that moves between two pages is seen again from a token on, and pulls
// another one out of sight of who counts rows.
func TestListsShiftWhileTheyAreRead(t *testing.T) {
	page := func(where ...string) string {
		m := simulators.Message{Verb: "get", Method: "GET", Name: saps4.Root + "/API_PRODUCT_SRV/A_Product", Params: map[string]string{}, Manner: &simulators.Manner{Page: simulators.Page{Shift: 1}}}
		for i := 0; i < len(where); i += 2 {
			m.Params[where[i]] = where[i+1]
		}
		r, err := engineered(2).Receive(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		return string(r.Body)
	}
	if text := page("$skip", "2", "$top", "2"); strings.Contains(text, `"Product":"C"`) {
		t.Errorf("who counts rows sees the one that was pulled forward: %s", text)
	}
	if text := page("$skiptoken", "B"); !strings.Contains(text, `"Product":"C"`) {
		t.Errorf("who goes on from a token has missed a row: %s", text)
	}
}
