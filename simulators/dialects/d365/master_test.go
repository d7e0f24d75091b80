package d365_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/d365"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
)

// engineered is an ERP with five products, each with a bill and a route.
func engineered(page int) *endpoint.Endpoint {
	m := plant.Master{Site: "BRNO", Zone: "Europe/Prague", Shifts: []plant.Shift{{Name: "early", Start: 360, End: 840, Days: nil}}, WorkCenters: []plant.WorkCenter{{ID: "SAW"}, {ID: "PACK", Manual: true}}}
	for _, id := range []plant.ItemID{"A", "B", "C", "D", "E"} {
		m.Items = append(m.Items, plant.Item{ID: id, Unit: "EA", Lots: true, Units: []plant.AltUnit{{Unit: "BOX", Factor: plant.Factor{Num: 12, Den: 1}}}})
		m.Bills = append(m.Bills, plant.Bill{Item: id, For: plant.Of(1, "EA"), Components: []plant.Component{{Material: "A", Operation: "0010", Quantity: plant.Of(2, "EA")}, {Material: "B", Operation: "0020", Quantity: plant.Of(1, "EA")}}})
		m.Routings = append(m.Routings, plant.Routing{Item: id, Operations: []plant.Operation{{ID: "0010", WorkCenter: "SAW"}, {ID: "0020", WorkCenter: "PACK"}}})
	}
	for lot, status := range map[plant.LotID]plant.LotStatus{"L-1": plant.LotUnrestricted, "L-2": plant.LotBlocked} {
		m.Lots = append(m.Lots, plant.Lot{ID: lot, Material: "A", Status: status, Quantity: plant.Whole(30)})
	}
	p := d365.Dialect{}.Policy()
	p.Auth = simulators.AuthNone
	if page > 0 {
		p.Page = page
	}
	return endpoint.New(endpoint.Config{System: erp.New(m), Dialect: d365.Dialect{}, Policy: p, Line: straight{}})
}

// follow reads a list to its end, page by page, and returns the values of a property.
func follow(t *testing.T, e *endpoint.Endpoint, link, property string, shift int) (all string, pages int) {
	t.Helper()
	for ; link != ""; pages++ {
		name, query, _ := strings.Cut(link, "?")
		m := simulators.Message{Verb: "get", Method: "GET", Name: "data/" + name, Params: map[string]string{}, Manner: &simulators.Manner{Page: simulators.Page{Shift: shift}}}
		for _, one := range strings.Split(query, "&") {
			k, v, _ := strings.Cut(one, "=")
			if m.Params[k], _ = url.QueryUnescape(v); k == "" {
				delete(m.Params, k)
			}
		}
		r, err := e.Receive(t.Context(), m)
		var body struct {
			Value []map[string]any
			Next  string `json:"@odata.nextLink"`
		}
		if err != nil || json.Unmarshal(r.Body, &body) != nil || body.Value == nil || pages > 20 {
			t.Fatalf("%s, page %d: %v %d %s", link, pages, err, r.Result.Status, r.Body)
		}
		for _, row := range body.Value {
			all += fmt.Sprint(row[property], " ")
		}
		link = body.Next
	}
	return strings.TrimSpace(all), pages
}

// Each list is read in full and page by page to the same rows.
func TestListsOfMasterData(t *testing.T) {
	for _, c := range []struct{ link, property, want string }{
		{"ReleasedProductsV2", "ItemNumber", "A B C D E"},
		{"ReleasedProductsV2?$filter=ItemNumber%20gt%20'B'", "ItemNumber", "C D E"},
		{"ReleasedProductsV2?$top=3", "ItemNumber", "A B C"},                    // of which a page may have less
		{"ReleasedProductsV2?$filter=ItemNumber%20gt%20'a'", "ItemNumber", ""},  // names of the plant are as they are spelled
		{"ReleasedProductsV2?$filter=ItemNumber%20lt%20'10'", "ItemNumber", ""}, // and no numbers
		{"OperationsResources?$filter=OperationsResourceType%20eq%20'machine'", "ResourceId", "SAW"},
		{"OperationsResources?$filter=Capacity%20ge%2001", "ResourceId", "PACK SAW"},
		{"ProductSpecificUnitOfMeasureConversions?$filter=ProductNumber%20ge%20'D'", "ProductNumber", "D E"},
		{"BillOfMaterialsHeaders", "BOMId", "A B C D E"},
		{"BillOfMaterialsVersions?$filter=ManufacturedItemNumber%20eq%20'C'", "BOMId", "C"},
		{"BillOfMaterialsLines?$filter=BOMId%20ge%20'D'", "ItemNumber", "A B A B"},
		{"RouteHeaders", "RouteId", "A B C D E"},
		{"RouteVersionsV2?$filter=ItemNumber%20eq%20'C'", "RouteId", "C"},
		{"RouteOperations?$filter=RouteId%20eq%20'C'", "OperationNumber", "10 20"},
		{"RouteOperationsProperties?$filter=RouteId%20eq%20'C'", "CostingOperationResourceId", "SAW PACK"},
		{"OperationsResources", "ResourceId", "PACK SAW"},
		{"WorkCalendars", "CalendarId", "BRNO"},
		{"WarehousesOnHandV2?$filter=ItemNumber%20eq%20'A'", "AvailableOnHandQuantity", "30"},
		{"WarehousesOnHandV2?$filter=ItemNumber%20eq%20'A'", "OnHandQuantity", "60"},
		{"WarehousesOnHandV2?$filter=ItemNumber%20eq%20'NONE'", "OnHandQuantity", ""},
	} {
		whole, one := follow(t, engineered(0), c.link, c.property, 0)
		paged, many := follow(t, engineered(2), c.link, c.property, 0)
		if whole != c.want || paged != c.want || one != 1 || len(strings.Fields(c.want)) > 2 && many < 2 {
			t.Errorf("%s: %q in %d page, %q in %d pages, want %q", c.link, whole, one, paged, many, c.want)
		}
	}
}

// /$count is a number as a text: of all that fit, whatever a page holds.
func TestCounts(t *testing.T) {
	for _, c := range []struct {
		path, filter, top, want string
		status                  int
	}{
		{"ReleasedProductsV2/$count", "", "", "5", 200},
		{"ReleasedProductsV2/$count", "ItemNumber gt 'B'", "1", "3", 200},
		{"ReleasedProductsV2/$count", "ItemNumber eq 'C'", "", "1", 200},
		{"ReleasedProductsV2/$count", "ItemNumber eq 'NONE'", "", "0", 200},
		{"ReleasedProductsV2/$count", "Nope eq 'C'", "", "Nope", 400},
		{"ProductSpecificUnitOfMeasureConversions/$count", "", "2", "5", 200},
		{"BillOfMaterialsLines/$count", "BOMId ge 'D'", "", "4", 200},
		{"ItemBatches/$count", "BatchNumber eq 'NONE'", "", "0", 200},
		{"ReleasedProductsV2(dataAreaId='demo',ItemNumber='C')/$count", "", "", "only of lists", 404},
	} {
		m := simulators.Message{Verb: "get", Method: "GET", Name: "data/" + c.path, Params: map[string]string{}}
		for k, v := range map[string]string{"$filter": c.filter, "$top": c.top} {
			if v != "" {
				m.Params[k] = v
			}
		}
		r, err := engineered(2).Receive(t.Context(), m)
		if text := string(r.Body); err != nil || r.Result.Status != c.status || c.status == 200 && text != c.want || !strings.Contains(text, c.want) {
			t.Errorf("%s of %q: answered %d %s, want %d %s (%v)", c.path, c.filter, r.Result.Status, text, c.status, c.want, err)
		}
	}
}

// Who is shown a record in the list of its kind is told of its newest change;
// not who only counts, looks into another company, or reads an extract.
func TestListsTellOfChanges(t *testing.T) {
	e := engineered(0)
	e.Sends = map[plant.Kind]bool{}
	for _, f := range []plant.Fact{plant.ItemChanged{Item: plant.Item{ID: "C", Unit: "EA"}, Version: 2}, plant.ItemChanged{Item: plant.Item{ID: "B", Unit: "EA"}, Version: 1}, plant.ItemChanged{Item: plant.Item{ID: "C", Unit: "EA"}, Version: 3}} {
		e.System.Notice(plant.Event{ID: plant.EventID(plant.Natural(f)), Fact: f})
	}
	abroad := d365.Dialect{Settings: d365.Settings{Company: "DEMO", UserCompany: "DAT"}}
	for _, c := range []struct {
		name    string
		dialect d365.Dialect
		params  map[string]string
		want    string
	}{
		{"ReleasedProductsV2", d365.Dialect{}, nil, "item-changed/B/1 item-changed/C/3"},
		{"ReleasedProductsV2", d365.Dialect{}, map[string]string{"$filter": "ItemNumber gt 'B'"}, "item-changed/C/3"},
		{"ReleasedProductsV2", d365.Dialect{}, map[string]string{"$top": "2"}, "item-changed/B/1"},
		{"ReleasedProductsV2", d365.Dialect{}, map[string]string{"$top": "0", "$count": "true"}, ""},
		{"ReleasedProductsV2", d365.Dialect{}, map[string]string{"$filter": "ItemNumber eq 'C'"}, ""},
		{"ReleasedProductsV2", d365.Dialect{}, map[string]string{"$filter": "Nothing eq 'C'"}, ""},
		{"ReleasedProductsV2", abroad, nil, ""},
		{"ReleasedProductsV2", abroad, map[string]string{"cross-company": "true"}, "item-changed/B/1 item-changed/C/3"},
		{"ProductSpecificUnitOfMeasureConversions", d365.Dialect{}, nil, ""},
		{"BillOfMaterialsHeaders", d365.Dialect{}, nil, ""},
	} {
		e.Dialect = c.dialect
		r, err := e.Receive(t.Context(), simulators.Message{Verb: "get", Method: "GET", Name: "data/" + c.name, Params: c.params})
		got := ""
		for _, id := range r.Tells {
			got += string(id) + " "
		}
		if strings.TrimSpace(got) != c.want || err != nil {
			t.Errorf("%s %v: %d tells %q, want %q, %v", c.name, c.params, r.Result.Status, got, c.want, err)
		}
	}
}

// The next page is a number of rows further on: when a row has moved meanwhile,
// one is never seen. Who asks for what comes behind the last key sees it.
func TestNextLinkLosesARow(t *testing.T) {
	if all, _ := follow(t, engineered(2), "ReleasedProductsV2", "ItemNumber", 1); all != "A B D E" {
		t.Errorf("the next links led to %s", all)
	}
	if all, _ := follow(t, engineered(2), "ReleasedProductsV2?$filter=ItemNumber%20gt%20'B'&$top=2", "ItemNumber", 1); all != "C D" {
		t.Errorf("behind B there is %s", all)
	}
}

// Hours are told of days that are asked for.
func TestHoursNeedDays(t *testing.T) {
	for _, filter := range []string{"", "WorkCalendarDate ge 2026-03-02T12:00:00Z", "WorkCalendarDate eq yesterday", "WorkCalendarDate ge 2020-03-02T12:00:00Z and WorkCalendarDate le 2026-03-02T12:00:00Z"} {
		m := simulators.Message{Verb: "get", Method: "GET", Name: "data/WorkCalendarTimeIntervals", Params: map[string]string{"$filter": filter}}
		if filter == "" {
			m.Params = nil
		}
		if _, err := (d365.Dialect{}).Decode(m); err == nil {
			t.Errorf("%q was understood", filter)
		}
	}
}
