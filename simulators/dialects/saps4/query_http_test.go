package saps4_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/saps4"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
)

const (
	orders     = "API_PRODUCTION_ORDER_2_SRV/A_ProductionOrder_2"
	operations = "API_PRODUCTION_ORDER_2_SRV/A_ProductionOrderOperation_2"
	products   = "API_PRODUCT_SRV/A_Product"
	centers    = "API_WORK_CENTERS/A_WorkCenterCapacityShift_2"
	units      = "API_PRODUCT_SRV/A_ProductUnitsOfMeasure"
)

// shop has three orders of two operations each, of 30, 10 and 20 pieces.
func shop() plant.Master {
	m := plant.Master{Site: "BRNO", Zone: "Europe/Prague", Shifts: []plant.Shift{{Name: "early", Start: 360, End: 840, Days: []time.Weekday{1, 2, 3}}},
		Items: []plant.Item{{ID: "PIPE", Unit: "M"}, {ID: "PUMP", Unit: "EA", Units: []plant.AltUnit{{Unit: "BOX", Factor: plant.Factor{Num: 12, Den: 1}}, {Unit: "PAL", Factor: plant.Factor{Num: 144, Den: 1}}}}},
		Lots:  []plant.Lot{{ID: "P-1", Material: "PUMP", Status: plant.LotUnrestricted, Quantity: plant.Whole(100)}}}
	for i, id := range []plant.OrderID{"4711", "4712", "4713"} {
		m.Open = append(m.Open, plant.Order{ID: id, Item: "PUMP", Quantity: plant.Of([]int64{30, 10, 20}[i], "EA"), Operations: []plant.Operation{{ID: "0010", WorkCenter: "SAW"}, {ID: "0020", WorkCenter: "PACK"}},
			Components: []plant.Component{{Material: "PIPE", Operation: "0010", Quantity: plant.Of(int64(i+1), "M")}}})
	}
	return m
}

// addressed is an address with what a question says behind it.
func addressed(path string) string {
	at, query, has := strings.Cut(path, "?")
	if !has {
		return path
	}
	pairs := strings.Split(query, "&")
	for i, p := range pairs {
		k, v, _ := strings.Cut(p, "=")
		pairs[i] = k + "=" + strings.ReplaceAll(url.QueryEscape(v), "+", "%20")
	}
	return at + "?" + strings.Join(pairs, "&")
}

// valuesIn are the values of a property in a list, and how many there are in
// all, if that is told.
func valuesIn(text, property string) (values, count string, err error) {
	var body struct {
		D struct {
			Results []map[string]any
			Count   string `json:"__count"`
		}
	}
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		return "", "", err
	}
	if body.D.Results == nil {
		return "", "", errors.New("no list")
	}
	var all []string
	for _, row := range body.D.Results {
		v, _ := row[property].(string)
		all = append(all, v)
	}
	return strings.Join(all, " "), body.D.Count, nil
}

// A question is answered as it was meant: rows, their order, how many there are.
func TestQuestionsAreAnsweredAsTheyAreMeant(t *testing.T) {
	c := serveFrom(t, shop(), nil).login()
	if status, _, text := c.call("POST", confirm, yields10); status != 201 {
		t.Fatalf("answered %d %s", status, text)
	}
	for _, q := range []struct{ path, property, want, count string }{
		{orders + "?$filter=ManufacturingOrder eq '4712'", "ManufacturingOrder", "4712", ""},
		{orders + "?$filter=ManufacturingOrder ne '4712'", "ManufacturingOrder", "4711 4713", ""},
		{orders + "?$filter=ManufacturingOrder gt '4711'", "ManufacturingOrder", "4712 4713", ""},
		{orders + "?$filter=ManufacturingOrder gt '4713'", "ManufacturingOrder", "", ""},
		{orders + "?$filter=ManufacturingOrder ge '4712' and ManufacturingOrder lt '4713'", "ManufacturingOrder", "4712", ""},
		{orders + "?$filter=ManufacturingOrder le '4711'", "ManufacturingOrder", "4711", ""},
		{orders + "?$filter=ManufacturingOrder eq '4711' and ManufacturingOrder eq '4712'", "ManufacturingOrder", "", ""},
		{confirm + "?$filter=OrderID ne '4711'", "OrderID", "", ""},
		{confirm + "?$filter=OrderID eq '4711'", "OrderID", "4711", ""},
		{orders + "?$filter=ManufacturingOrder eq 'nope'", "ManufacturingOrder", "", ""},
		{orders + "?$filter=ManufacturingOrder eq 'nope'&$inlinecount=allpages", "ManufacturingOrder", "", "0"},
		{"API_PRODUCTION_ORDER_2_SRV/A_ProductionOrderComponent_4?$filter=ManufacturingOrder eq 'nope'", "Material", "", ""},
		{"API_BATCH_SRV/Batch?$filter=Batch eq 'nope'", "Batch", "", ""},
		{"API_BATCH_SRV/Batch?$filter=Batch eq 'P-1' and Material eq 'PIPE'", "Batch", "", ""},
		{products + "?$filter=Product eq 'nope'", "Product", "", ""},
		{orders + "?$top=0&$inlinecount=allpages", "ManufacturingOrder", "", "3"},
		{orders + "?$top=0&$inlinecount=allpages&$filter=TotalQuantity gt 10m", "ManufacturingOrder", "", "2"},
		{orders + "?$top=2&$skip=1&$inlinecount=allpages", "ManufacturingOrder", "4712 4713", "3"},
		{orders + "?$filter=ManufacturingOrder eq '4712'&$top=0&$inlinecount=allpages", "ManufacturingOrder", "", "1"},
		{orders + "?$skip=7", "ManufacturingOrder", "", ""},
		{orders + "?$orderby=TotalQuantity", "ManufacturingOrder", "4712 4713 4711", ""},
		{orders + "?$orderby=TotalQuantity desc", "ManufacturingOrder", "4711 4713 4712", ""},
		{orders + "?$orderby=Material asc,ManufacturingOrder desc&$top=2", "ManufacturingOrder", "4713 4712", ""},
		{orders + "?$orderby=LastChangeDateTime desc&$top=1", "ManufacturingOrder", "4711", ""},
		{products + "?$orderby=Product desc", "Product", "PUMP PIPE", ""},
		{products + "?$orderby=Product asc", "Product", "PIPE PUMP", ""},
		{products + "?$orderby=LastChangeDateTime desc", "Product", "PIPE PUMP", ""},
		{anOrder + "/to_ProductionOrderOperation?$filter=ManufacturingOrderOperation eq '0010'", "ManufacturingOrderOperation", "0010", ""},
		{anOrder + "/to_ProductionOrderOperation?$orderby=ManufacturingOrderOperation desc&$top=1&$inlinecount=allpages", "ManufacturingOrderOperation", "0020", "2"},
		{anOrder + "/to_ProductionOrderOperation?$filter=ManufacturingOrder eq '4712'", "ManufacturingOrderOperation", "", ""},
		{operations + "?$filter=ManufacturingOrder eq '4712'&$skip=1&$inlinecount=allpages", "ManufacturingOrderOperation", "0020", "2"},
		{operations + "?$filter=WorkCenter eq 'PACK'", "ManufacturingOrder", "4711 4712 4713", ""},
		{operations + "?$top=3&$inlinecount=allpages", "ManufacturingOrder", "4711 4711 4712", "6"},
		{"API_PRODUCTION_ORDER_2_SRV/A_ProductionOrderComponent_4?$filter=Reservation eq '4713'", "RequiredQuantity", "3.000", ""},
		{units + "?$top=1&$inlinecount=allpages", "AlternativeUnit", "BOX", "2"},
		{centers + "?$skip=1&$inlinecount=allpages", "WeekDay", "2 3", "3"},
		{orders + "?$select=ManufacturingOrder&sap-client=100&bogus=1", "ManufacturingOrder", "4711 4712 4713", ""},
		{orders + "?$format=json&$inlinecount=none", "ManufacturingOrder", "4711 4712 4713", ""},
	} {
		status, _, text := c.call("GET", addressed(q.path), "")
		got, count, err := valuesIn(text, q.property)
		if status != 200 || err != nil || got != q.want || count != q.count {
			t.Errorf("%s: answered %d, %q of %q, want %q of %q (%v)\n%s", q.path, status, got, count, q.want, q.count, err, text)
		}
	}
}

// What is not understood is refused by its name, and never by silence.
func TestQuestionsThatAreNotUnderstoodAreRefused(t *testing.T) {
	c := serveFrom(t, shop(), nil)
	for _, q := range []struct {
		path   string
		status int
		says   string
	}{
		{strings.Replace(anOrder, "4711", "nope", 1), 404, `"code":"ZAN/002"`},
		{strings.Replace(anOrder, "4711", "nope", 1) + "/to_ProductionOrderOperation", 404, `"code":"ZAN/002"`},
		{"API_BATCH_SRV/Batch(Material='PUMP',BatchIdentifyingPlant='',Batch='nope')", 404, `"code":"ZAN/012"`},
		{products + "('nope')/to_Description", 404, `/IWBEP/CM_MGW_RT/020`},
		{operations + "(ManufacturingOrder='4711',ManufacturingOrderOperation='0099')", 404, `/IWBEP/CM_MGW_RT/020`},
		{orders + "?$top=x", 400, `$top: \"x\" is no number of rows`},
		{orders + "?$top=-1", 400, `$top: \"-1\" is no number of rows`},
		{orders + "?$top=", 400, `$top: \"\" is no number of rows`},
		{orders + "?$skip=x", 400, `$skip: \"x\" is no number of rows`},
		{orders + "?$skiptoken=x", 400, `$skiptoken: \"x\" is no place in this list`},
		{orders + "?$skiptoken=4711&$skip=1", 400, `$skip: rows are not left out behind a $skiptoken here`},
		{orders + "?$skiptoken=4711&$orderby=Material", 400, `$skiptoken: this list has one page`},
		{orders + "?$inlinecount=some", 400, `$inlinecount: \"some\"`},
		{orders + "?$orderby=Nope", 400, `$orderby: property \"Nope\" is invalid in A_ProductionOrder_2Type`},
		{orders + "?$orderby=Material down", 400, `$orderby: \"Material down\" is no property with asc or desc behind it`},
		{orders + "?$select=Nope", 400, `$select: property \"Nope\" is invalid in A_ProductionOrder_2Type`},
		{orders + "?$select=ManufacturingOrder,to_ProductionOrderOperation/Nope", 400, `$select: property \"Nope\" is invalid in A_ProductionOrderOperation_2Type`},
		{orders + "?$expand=to_Nope", 400, `$expand: \"to_Nope\" is no navigation of A_ProductionOrder_2Type`},
		{anOrder + "?$expand=to_ProductionOrderOperation/to_Nope", 400, `$expand: \"to_Nope\" is no navigation of A_ProductionOrderOperation_2Type`},
		{anOrder + "?$select=Nope", 400, `$select: property \"Nope\" is invalid in A_ProductionOrder_2Type`},
		{anOrder + "?$filter=Material eq 'PUMP'", 400, `$filter: is for lists`},
		{anOrder + "/to_ProductionOrderOperation?$filter=TotalQuantity eq 1m", 400, `$filter: property \"TotalQuantity\" is invalid in A_ProductionOrderOperation_2Type`},
		{orders + "?$bogus=1", 400, `$bogus: there is no such query option here`},
		{orders + "?$Filter=Material eq 'PUMP'", 400, `$Filter: there is no such query option here`},
		{orders + "?$format=xml", 415, `$format: \"xml\" is not spoken here`},
		{products + "?$filter=IsMarkedForDeletion eq yes", 400, `$filter: \"yes\" is no literal of Edm.Boolean`},
		{orders + "?$filter=YY1_Priority_ORD eq 1.5", 400, `$filter: \"1.5\" is no literal of Edm.Int32`},
		{"API_BATCH_SRV/Batch?$filter=Batch gt 'A'", 400, `Batch is read by its key, or with a filter`},
		{confirm + "(ConfirmationGroup='1',ConfirmationCount='1')/to_ProdnOrdConfMatlDocItm", 405, `ProdnOrdConfMatlDocItm can only be written`},
		{confirm + "?$expand=to_ProdnOrdConfMatlDocItm", 400, `what was moved is in A_MaterialDocumentItem`},
		{orders + "/$count?$top=1", 400, `$top: what is counted with /$count can have a $filter and nothing else here`},
		{anOrder + "/$count", 404, `there is no service or set`},
	} {
		if status, _, text := c.call("GET", addressed(q.path), ""); status != q.status || !strings.Contains(text, q.says) {
			t.Errorf("%s: answered %d, want %d and %s\n%s", q.path, status, q.status, q.says, text)
		}
	}
}

func TestCounts(t *testing.T) {
	c := serveFrom(t, shop(), func(p *simulators.Policy) { p.Page = 1 })
	for path, want := range map[string]string{
		orders + "/$count": "3",
		orders + "/$count?$filter=ManufacturingOrder gt '4711'": "2",
		orders + "/$count?$filter=ManufacturingOrder eq 'nope'": "0",
		orders + "/$count?$filter=ManufacturingOrder eq '4712'": "1",
		operations + "/$count":                                   "6",
		operations + "/$count?$filter=WorkCenter eq 'PACK'":      "3",
		anOrder + "/to_ProductionOrderOperation/$count":          "2",
		units + "/$count":                                        "2",
		centers + "/$count":                                      "3",
		"API_MATERIAL_STOCK_SRV/A_MatlStkInAcctMod/$count":       "1",
		confirm + "/$count":                                      "0",
		"YY1_FAILEDPOSTINGS_CDS/YY1_FailedPostings/$count":       "0",
		products + "/$count?$filter=Product eq 'PUMP'":           "1",
		products + "/$count?$filter=BaseUnit ne 'EA'":            "1",
		"API_BATCH_SRV/Batch/$count?$filter=Batch eq 'nope'":     "0",
		"API_INSPECTIONLOT_SRV/A_InspectionResult/$count":        "0",
		"API_BILL_OF_MATERIAL_SRV;v=0002/MaterialBOMItem/$count": "0",
	} {
		status, h, text := c.call("GET", addressed(path), "")
		if status != 200 || text != want || !strings.HasPrefix(h.Get("Content-Type"), "text/plain") {
			t.Errorf("%s: answered %d %s %q, want %q", path, status, h.Get("Content-Type"), text, want)
		}
	}
	if status, _, text := c.login().call("POST", confirm+"/$count", yields10); status != 405 {
		t.Errorf("POST: answered %d %s", status, text)
	}
}

// Padded numbers are compared as they are shown, with zeros in front or without.
func TestPaddedOrdersAreComparedByTheirNumber(t *testing.T) {
	m := shop()
	m.Open[0].ID = "999"
	c := serveAs(t, saps4.Dialect{Settings: saps4.Settings{Orders: saps4.Padded}}, m, nil)
	for filter, want := range map[string]string{
		"ManufacturingOrder eq '4712'":                                        "000000004712",
		"ManufacturingOrder eq '000000004712'":                                "000000004712",
		"ManufacturingOrder gt '4712'":                                        "000000004713",
		"ManufacturingOrder gt '000000004712'":                                "000000004713",
		"ManufacturingOrder lt '4712'":                                        "000000000999",
		"ManufacturingOrder ne '4712'":                                        "000000000999 000000004713",
		"ManufacturingOrder ge '0999' and ManufacturingOrder le '0000004712'": "000000000999 000000004712",
	} {
		status, _, text := c.call("GET", addressed(orders+"?$orderby=ManufacturingOrder&$filter="+filter), "")
		if got, _, err := valuesIn(text, "ManufacturingOrder"); status != 200 || err != nil || got != want {
			t.Errorf("%s: answered %d, %q, want %q (%v)\n%s", filter, status, got, want, err, text)
		}
	}
}

// Who asks in a language of ours is told in it, else in that of the rig; within a
// batch it is that of the part, else that of the batch.
func TestLanguageOfWhoAsks(t *testing.T) {
	const unknown, german, english = "API_PRODUCTION_ORDER_2_SRV/A_ProductionOrder_2('nope')", "Auftrag ist nicht vorhanden", `order \"nope\" is not known`
	for _, q := range []struct {
		rig           saps4.Language
		address, head string
		want          string
	}{
		{"", "", "", english},
		{"", "?sap-language=DE", "", german},
		{"", "?sap-language=de", "en", german},
		{"", "", "de-CH;q=0.9, en;q=0.8", german},
		{"", "", "fr, de", german},
		{"", "?sap-language=FR", "de", german},
		{saps4.German, "", "", german},
		{saps4.German, "", "en-GB", english},
		{saps4.German, "?sap-language=EN", "de", english},
		{saps4.German, "?sap-language=FR", "*", german},
	} {
		c := serveAs(t, saps4.Dialect{Settings: saps4.Settings{Language: q.rig}}, shop(), nil)
		var header []string
		if q.head != "" {
			header = []string{"Accept-Language", q.head}
		}
		status, _, text := c.call("GET", unknown+q.address, "", header...)
		lang := `"lang":"` + map[string]string{german: "de", english: "en"}[q.want] + `"`
		if status != 404 || !strings.Contains(text, q.want) || !strings.Contains(text, lang) {
			t.Errorf("%s, %s, %s: answered %d, want %s\n%s", q.rig, q.address, q.head, status, q.want, text)
		}
		c.login()
		batch := "--b\r\nContent-Type: application/http\r\n\r\nGET A_ProductionOrder_2('nope') HTTP/1.1\r\n\r\n\r\n--b--\r\n"
		status, _, text = c.call("POST", "API_PRODUCTION_ORDER_2_SRV/$batch"+q.address, batch, append([]string{"Content-Type", "multipart/mixed; boundary=b"}, header...)...)
		if status != http.StatusAccepted || !strings.Contains(text, q.want) {
			t.Errorf("%s, %s, %s, in a batch: answered %d, want %s\n%s", q.rig, q.address, q.head, status, q.want, text)
		}
	}
}

// By the preset an event comes before what it is about can be read: an order that
// is new is not there by its key, a filter finds nothing, and an order that was
// changed is as it was.
func TestPresetLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := saps4.Dialect{}.Policy()
		p.Auth = simulators.AuthNone
		e := endpoint.New(endpoint.Config{System: erp.New(shop()), Dialect: saps4.Dialect{}, Policy: p, Line: line{}})
		ask := func(path string) (status int, text string) {
			name, query, _ := strings.Cut(saps4.Root+"/"+path, "?")
			m := simulators.Message{Verb: "get", Method: "GET", Name: name, Params: map[string]string{}}
			if k, v, has := strings.Cut(query, "="); has {
				m.Params[k] = v
			}
			r, err := e.Receive(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			return r.Result.Status, string(r.Body)
		}
		for _, f := range []plant.Fact{plant.OrderReleased{Order: plant.Order{ID: "4714", Item: "PUMP", Quantity: plant.Of(5, "EA"), Operations: []plant.Operation{{ID: "0010", WorkCenter: "SAW"}}}},
			plant.OrderChanged{Order: "4711", Version: 2, Quantity: plant.Of(31, "EA")}} {
			if err := e.Notice(plant.Event{ID: plant.EventID(plant.Natural(f)), At: time.Now(), Fact: f}); err != nil {
				t.Fatal(err)
			}
		}
		asked := []struct {
			path           string
			before         int
			says, saysThen string
		}{
			{orders + "('4714')", 404, `"code":"ZAN/002"`, `"ManufacturingOrder":"4714"`},
			{orders + "?$filter=ManufacturingOrder eq '4714'", 200, `"results":[]`, `"ManufacturingOrder":"4714"`},
			{orders + "/$count?$filter=ManufacturingOrder eq '4714'", 200, "0", "1"},
			{operations + "?$filter=ManufacturingOrder eq '4714'", 200, `"results":[]`, `"ManufacturingOrderOperation":"0010"`},
			{anOrder, 200, `"TotalQuantity":"30.000"`, `"TotalQuantity":"31.000"`},
		}
		for _, q := range asked {
			if status, text := ask(q.path); status != q.before || !strings.Contains(text, q.says) {
				t.Errorf("%s within the lag: answered %d, want %d and %s\n%s", q.path, status, q.before, q.says, text)
			}
		}
		time.Sleep(p.Lag) // of the bubble's time
		for _, q := range asked {
			if status, text := ask(q.path); status != 200 || !strings.Contains(text, q.saysThen) {
				t.Errorf("%s after the lag: answered %d, want 200 and %s\n%s", q.path, status, q.saysThen, text)
			}
		}
	})
}
