package saps4_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/saps4"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
	httptransport "github.com/andon-rig/andon/simulators/transports/http"
)

// line carries everything.
type line struct{}

func (line) Carry(ctx context.Context, m simulators.Message, _ simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	return far(ctx, m)
}

// caller speaks to an ERP with order 4711 and lot P-1 over HTTP, in a session
// or not.
type caller struct {
	t             *testing.T
	url           string
	token, cookie string
}

func serve(t *testing.T, change func(*simulators.Policy)) *caller {
	t.Helper()
	return serveFrom(t, plant.Master{
		Items: []plant.Item{{ID: "PUMP", Description: "Pump", Unit: "EA", Lots: true}},
		Lots:  []plant.Lot{{ID: "P-1", Material: "PUMP", Status: plant.LotUnrestricted, Quantity: plant.Whole(100)}},
		Open:  []plant.Order{{ID: "4711", Item: "PUMP", Quantity: plant.Of(100, "EA"), Lot: "P-4711", Operations: []plant.Operation{{ID: "0010", WorkCenter: "SAW"}}}},
	}, change)
}

// serveFrom serves an ERP that begins with other master data.
func serveFrom(t *testing.T, m plant.Master, change func(*simulators.Policy)) *caller {
	t.Helper()
	return serveAs(t, saps4.Dialect{}, m, change)
}

// serveAs serves one that has other settings.
func serveAs(t *testing.T, d saps4.Dialect, m plant.Master, change func(*simulators.Policy)) *caller {
	t.Helper()
	p := d.Policy()
	p.Auth = simulators.AuthNone
	if change != nil {
		change(&p)
	}
	tr, err := httptransport.New(httptransport.Config{Keep: []string{"Cookie"}})
	if err != nil {
		t.Fatal(err)
	}
	books := erp.New(m, func(o *erp.Options) { o.Atomic = p.Batch == simulators.BatchAtomic })
	e := endpoint.New(endpoint.Config{Name: "erp", System: books, Dialect: d, Transport: tr, Line: line{}, Policy: p,
		Plant: func() time.Time { return time.Date(2026, 3, 3, 10, 0, 0, 0, time.UTC) }})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- e.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &caller{t: t, url: tr.URL() + "/" + saps4.Root + "/"}
}

// call sends a request; header are names and values.
func (c *caller) call(method, path, body string, header ...string) (status int, h http.Header, text string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, v := range map[string]string{"X-Csrf-Token": c.token, "Cookie": c.cookie} {
		if v != "" {
			req.Header.Set(name, v)
		}
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(b)
}

// login begins a session.
func (c *caller) login() *caller {
	c.t.Helper()
	status, h, _ := c.call("HEAD", "API_PROD_ORDER_CONFIRMATION_2_SRV/", "", "X-Csrf-Token", "Fetch")
	c.token = h.Get("X-Csrf-Token")
	c.cookie, _, _ = strings.Cut(h.Get("Set-Cookie"), ";")
	if status != 200 || c.token == "" || c.cookie == "" {
		c.t.Fatalf("answered %d, token %q, cookie %q", status, c.token, c.cookie)
	}
	return c
}

const (
	confirm  = "API_PROD_ORDER_CONFIRMATION_2_SRV/ProdnOrdConf2"
	aBatch   = "API_BATCH_SRV/Batch(Material='PUMP',BatchIdentifyingPlant='',Batch='P-1')"
	anOrder  = "API_PRODUCTION_ORDER_2_SRV/A_ProductionOrder_2('4711')"
	yields10 = `{"OrderID":"4711","OrderOperation":"0010","ConfirmationYieldQuantity":"10.000","ConfirmationUnit":"EA","ExternalSystemConfirmation":"C0DE0000-0000-4000-8000-000000000003"}`
)

func TestTokenAndCookieBelongTogether(t *testing.T) {
	c := serve(t, nil)
	refused := func(why string) {
		t.Helper()
		if status, h, _ := c.call("POST", confirm, yields10); status != 403 || h.Get("X-Csrf-Token") != "Required" {
			t.Errorf("%s: answered %d, token %q", why, status, h.Get("X-Csrf-Token"))
		}
	}
	refused("no session")
	c.login()
	kept := c.cookie
	c.cookie = ""
	refused("the cookie is missing")
	c.cookie = kept
	if status, h, text := c.call("POST", confirm, yields10); status != 201 || !strings.Contains(h.Get("Location"), "ConfirmationGroup='5000000001'") {
		t.Errorf("answered %d %s", status, text)
	}
}

// Without a key that is recognised, the second time posts a second time; who
// asks finds out.
func TestRepetitionPostsTwice(t *testing.T) {
	for dedupe, want := range map[simulators.DedupePolicy]int{simulators.DedupeNone: 2, simulators.DedupeKey: 1} {
		c := serve(t, func(p *simulators.Policy) { p.Dedupe, p.Lock = dedupe, simulators.LockNone }).login()
		c.call("POST", confirm, yields10)
		c.call("POST", confirm, yields10)
		status, _, text := c.call("GET", confirm+"?$filter=ExternalSystemConfirmation%20eq%20guid'c0de0000-0000-4000-8000-000000000003'", "")
		if n := strings.Count(text, `"ConfirmationCount"`); status != 200 || n != want {
			t.Errorf("%s: %d documents, want %d\n%s", dedupe, n, want, text)
		}
	}
}

func TestLockedOrderIsABadRequest(t *testing.T) {
	c := serve(t, func(p *simulators.Policy) { p.Delay = time.Hour }).login()
	c.call("POST", confirm, yields10)
	if status, _, text := c.call("POST", confirm, yields10); status != 400 || !strings.Contains(text, `"code":"ZAN/001"`) {
		t.Errorf("answered %d %s", status, text)
	}
}

func TestTagOfABatch(t *testing.T) {
	c := serve(t, nil).login()
	const hold = `{"MatlBatchIsInRstrcdUseStock":true,"YY1_QualityCase_BTC":"QC-1"}`
	_, h, _ := c.call("GET", aBatch, "")
	tag := h.Get("Etag")
	for _, step := range []struct {
		tag    string
		status int
	}{{"", 428}, {`W/"'old'"`, 412}, {tag, 204}, {tag, 412}} {
		header := []string{"If-Match", step.tag}
		if step.tag == "" {
			header = nil
		}
		if status, _, text := c.call("PATCH", aBatch, hold, header...); status != step.status {
			t.Errorf("If-Match %q: answered %d, want %d\n%s", step.tag, status, step.status, text)
		}
	}
}

// Every posting moves the tag of its order.
func TestPostingMovesTheTagOfItsOrder(t *testing.T) {
	c := serve(t, func(p *simulators.Policy) { p.Lock = simulators.LockNone }).login()
	_, h, _ := c.call("GET", anOrder, "")
	c.call("POST", confirm, yields10)
	status, _, text := c.call("POST", "API_PRODUCTION_ORDER_2_SRV/CloseOrder?ManufacturingOrder='4711'", "", "If-Match", h.Get("Etag"))
	if status != 412 {
		t.Errorf("with the tag of before: answered %d %s", status, text)
	}
	_, h, _ = c.call("GET", anOrder, "")
	if status, _, text := c.call("POST", "API_PRODUCTION_ORDER_2_SRV/CloseOrder?ManufacturingOrder='4711'", "", "If-Match", h.Get("Etag")); status != 200 {
		t.Errorf("with the tag of now: answered %d %s", status, text)
	}
	if status, _, text := c.call("POST", confirm, yields10); status != 400 || !strings.Contains(text, "ZAN/003") {
		t.Errorf("to a closed order: answered %d %s", status, text)
	}
}

// Technical completion ends an order as closing it does.
func TestTechnicalCompletionEndsAnOrder(t *testing.T) {
	c := serve(t, func(p *simulators.Policy) { p.Lock = simulators.LockNone }).login()
	const complete = "API_PRODUCTION_ORDER_2_SRV/TechlyCmpltOrder?ManufacturingOrder='4711'"
	if status, _, text := c.call("POST", complete, ""); status != 428 {
		t.Errorf("without a tag: answered %d %s", status, text)
	}
	_, h, _ := c.call("GET", anOrder, "")
	if status, _, text := c.call("POST", complete, "", "If-Match", h.Get("Etag")); status != 200 || !strings.Contains(text, `"TechlyCmpltOrder"`) {
		t.Errorf("answered %d %s", status, text)
	}
	if status, _, text := c.call("POST", confirm, yields10); status != 400 || !strings.Contains(text, "ZAN/003") {
		t.Errorf("to an order that is completed: answered %d %s", status, text)
	}
	if _, _, text := c.call("GET", anOrder+"/to_ProductionOrderStatus", ""); !strings.Contains(text, `"StatusShortName":"TECO"`) {
		t.Errorf("its statuses are %s", text)
	}
}

// With a goods movement that fails, the confirmation fails too, or counts and
// leaves the movement to a person; or all of it waits for a person, whether data
// are wrong or whatever the reason is, but for one that passes by itself.
func TestMovementThatFails(t *testing.T) {
	issue := func(batch, quantity string) string {
		return `{"OrderID":"4711","OrderOperation":"0010","ConfirmationYieldQuantity":"10","ConfirmationUnit":"EA","to_ProdnOrdConfMatlDocItm":[{"Material":"PUMP","Batch":"` + batch + `","GoodsMovementType":"261","QuantityInEntryUnit":"` + quantity + `","EntryUnit":"EA"}]}`
	}
	badData, tooMuch := issue("NONE", "1"), issue("P-1", "101") // a batch that is not there; more than is in stock
	for _, tc := range []struct {
		batch                 simulators.BatchPolicy
		failed                simulators.FailedPolicy
		body                  string
		status, posted, waits int
		code                  string // of what waits
	}{
		{simulators.BatchAtomic, simulators.FailedTold, badData, 400, 0, 0, ""},
		{simulators.BatchAtomic, simulators.FailedTold, tooMuch, 400, 0, 0, ""},
		{simulators.BatchLead, simulators.FailedTold, badData, 201, 1, 1, "ZAN/012"},
		{simulators.BatchAtomic, simulators.FailedPoolData, badData, 202, 0, 1, "ZAN/012"},
		{simulators.BatchAtomic, simulators.FailedPoolData, tooMuch, 400, 0, 0, ""},
		{simulators.BatchAtomic, simulators.FailedPoolAll, badData, 202, 0, 1, "ZAN/012"},
		{simulators.BatchAtomic, simulators.FailedPoolAll, tooMuch, 202, 0, 1, "ZAN/025"},
		{simulators.BatchLead, simulators.FailedPoolAll, tooMuch, 201, 1, 1, "ZAN/025"},
	} {
		c := serve(t, func(p *simulators.Policy) { p.Batch, p.Failed = tc.batch, tc.failed }).login()
		status, h, text := c.call("POST", confirm, tc.body)
		if status != tc.status || (h.Get("Sap-Message") != "") != (tc.waits > 0) {
			t.Errorf("%s, %s: answered %d, sap-message %q\n%s", tc.batch, tc.failed, status, h.Get("Sap-Message"), text)
		}
		_, _, list := c.call("GET", confirm+"?$filter=OrderID%20eq%20'4711'", "")
		_, _, pool := c.call("GET", "YY1_FAILEDPOSTINGS_CDS/YY1_FailedPostings", "")
		if n, w := strings.Count(list, `"ConfirmationGroup"`), strings.Count(pool, `"MessageCode":"ZAN/`); n != tc.posted || w != tc.waits || !strings.Contains(pool, tc.code) {
			t.Errorf("%s, %s: %d posted, %d wait; want %d and %d %s\n%s\n%s", tc.batch, tc.failed, n, w, tc.posted, tc.waits, tc.code, list, pool)
		}
	}
}

// A locked order will be free again, so that not even pool-all keeps what was
// posted to it: it is told, and comes again.
func TestLockedOrderIsNotPooled(t *testing.T) {
	c := serve(t, func(p *simulators.Policy) { p.Delay, p.Failed = time.Hour, simulators.FailedPoolAll }).login()
	c.call("POST", confirm, yields10)
	if status, _, text := c.call("POST", confirm, yields10); status != 400 || !strings.Contains(text, `"code":"ZAN/001"`) {
		t.Errorf("answered %d %s", status, text)
	}
	if _, _, pool := c.call("GET", "YY1_FAILEDPOSTINGS_CDS/YY1_FailedPostings", ""); strings.Contains(pool, "MessageCode") {
		t.Errorf("there waits %s", pool)
	}
}

func TestOwnDocuments(t *testing.T) {
	c := serve(t, nil)
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		confirmService:                {307, ""},
		confirmService + "/":          {200, `"EntitySets":["ProdnOrdConf2"`},
		confirmService + "/$metadata": {200, `<EntityType Name="ProdnOrdConf2Type">`},
		anOrder:                       {200, `"__deferred"`},
		anOrder + "?$expand=to_ProductionOrderOperation&$select=ManufacturingOrder":                               {200, `{"results":[{"__metadata"`},
		anOrder + "/to_ProductionOrderOperation":                                                                  {200, `"ManufacturingOrderOperation":"0010"`},
		strings.Replace(anOrder, "4711", "4712", 1):                                                               {404, `"code":"ZAN/002"`},
		"API_PRODUCT_SRV/A_Product?$select=*,to_Description&$expand=to_Description":                               {200, `"Product":"PUMP"`},
		anOrder + "?$expand=to_ProductionOrderOperation&$select=ManufacturingOrder,to_ProductionOrderOperation/*": {200, `"ManufacturingOrderOperation":"0010"`},
		"API_PRODUCT_SRV/A_Product?$top=1":                                                                        {200, `"Product":"PUMP"`},
	} {
		if status, _, text := c.call("GET", path, ""); status != want.status || !strings.Contains(text, want.says) {
			t.Errorf("%s: answered %d, want %d and %s\n%s", path, status, want.status, want.says, text)
		}
	}
}

const confirmService = "API_PROD_ORDER_CONFIRMATION_2_SRV"

// What has no document of its own is found by the customer's reference: who has
// lost the answer to a hold or to the result of an inspection need not post it
// twice.
func TestHoldsAndResultsAreFoundByReference(t *testing.T) {
	c := serve(t, nil).login()
	const result = "API_INSPECTIONLOT_SRV/A_InspectionResult"
	for path, ref := range map[string]string{
		result:                "YY1_MESReference_QIR",
		"API_BATCH_SRV/Batch": "YY1_MESReference_BTC",
	} {
		ask := path + "?$filter=" + ref + "%20eq%20'"
		if status, _, text := c.call("GET", ask+"seen'", ""); status != 200 || !strings.Contains(text, `"results":[]`) {
			t.Errorf("%s before: answered %d %s", path, status, text)
		}
		method, at, body := "POST", path, `{"ManufacturingOrder":"4711","ManufacturingOrderOperation":"0010","YY1_Passed_QIR":1,"YY1_Failed_QIR":0,"YY1_MESCounter_QIR":1,"YY1_MESReference_QIR":"seen"}`
		if path != result {
			_, h, _ := c.call("GET", aBatch, "")
			method, at, body = "PATCH", aBatch, `{"MatlBatchIsInRstrcdUseStock":true,"YY1_QualityCase_BTC":"Q-1","YY1_MESReference_BTC":"seen"}`
			if status, _, text := c.call(method, at, body, "If-Match", h.Get("Etag")); status != 204 {
				t.Fatalf("answered %d %s", status, text)
			}
		} else if status, _, text := c.call(method, at, body); status != 201 {
			t.Fatalf("answered %d %s", status, text)
		}
		if status, _, text := c.call("GET", ask+"seen'", ""); status != 200 || strings.Count(text, `"`+ref+`":"seen"`) != 1 {
			t.Errorf("%s: answered %d %s", path, status, text)
		}
		if status, _, text := c.call("GET", ask+"other'", ""); status != 200 || !strings.Contains(text, `"results":[]`) {
			t.Errorf("%s of another: answered %d %s", path, status, text)
		}
	}
}
