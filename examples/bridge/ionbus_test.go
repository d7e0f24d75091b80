package bridge

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// busDocument is a BOD as ION pushes it from a system on the bus.
func busDocument(verb, noun, action, inside string) string {
	return `<` + verb + noun + ` xmlns="` + ionSpace + `" releaseID="9.2"><ApplicationArea><CreationDateTime>2026-03-02T09:15:00+01:00</CreationDateTime></ApplicationArea>` +
		`<DataArea><` + verb + `><ActionCriteria><ActionExpression actionCode="` + action + `"/></ActionCriteria></` + verb + `>` + inside + `</DataArea></` + verb + noun + `>`
}

const (
	busIssue = `<InventoryAdjustment><InventoryAdjustmentHeader><Type>Issue</Type><DocumentID><ID lid="lid://m">consumption/4711/0010/L-1/1</ID></DocumentID><DocumentDateTime>2026-03-02T09:15:00+01:00</DocumentDateTime>` +
		`<ProductionOrderReference><DocumentID><ID>4711</ID></DocumentID><OperationID>0010</OperationID></ProductionOrderReference><ReportNumber>1</ReportNumber></InventoryAdjustmentHeader>` +
		`<InventoryAdjustmentLine><ItemID><ID>CASTING &amp; Co</ID></ItemID><LotIDs><ID>L-1</ID></LotIDs><Quantity unitCode="EA">2.50</Quantity></InventoryAdjustmentLine></InventoryAdjustment>`
	busHold = `<InventoryHold><InventoryHoldHeader><AlternateDocumentID><ID>lot-held/L-1/Q-1</ID></AlternateDocumentID><DocumentDateTime>2026-03-02T09:15:00+01:00</DocumentDateTime><DocumentID><ID>Q-1</ID></DocumentID>` +
		`<LotIDs><ID>L-1</ID></LotIDs><ItemID><ID>CASTING</ID></ItemID></InventoryHoldHeader></InventoryHold>`
	busChange = `<ProductionOrder><ProductionOrderHeader><DocumentID><ID variationID="3">47:11</ID></DocumentID><AlternateDocumentID><ID>order-changed/4711/3</ID></AlternateDocumentID>` +
		`<DocumentDateTime>2026-03-02T09:15:00+01:00</DocumentDateTime><OrderQuantity unitCode="EA">240</OrderQuantity></ProductionOrderHeader></ProductionOrder>`
)

const busBill = `<BillOfMaterials><BillOfMaterialsHeader><ItemID><ID variationID="4">PUMP</ID></ItemID><AlternateDocumentID><ID>bom-changed/PUMP/4</ID></AlternateDocumentID>` +
	`<LastModificationDateTime>2026-03-02T09:15:00+01:00</LastModificationDateTime><BaseQuantity unitCode="EA">100</BaseQuantity></BillOfMaterialsHeader></BillOfMaterials>`

// onBus reads a document into items.
func onBus(t *testing.T, doc string) []*item {
	t.Helper()
	bod, err := readXML([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	items, err := busItems(bod, ionParameters{FromLogicalID: "lid://m", MessageID: "lid://m:1", AccountingEntity: "M10"})
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// TestBusHandsNounsOn: what one system on the bus says in nouns is said to the
// other in the same nouns, in a document of our own.
func TestBusHandsNounsOn(t *testing.T) {
	for name, c := range map[string]struct {
		doc      string
		to, name string
		first    facts
		document string
		says     []string
	}{
		"two issues": {busDocument("Process", "InventoryAdjustment", "Add", busIssue+strings.Replace(busIssue, "L-1/1", "L-1/2", 1)), "erp", "consumptions",
			facts{Event: "consumption/4711/0010/L-1/1", Kind: kindConsumption, Order: "4711", Operation: "0010", Counter: 1, Material: "CASTING & Co", Lot: "L-1"},
			"Process.InventoryAdjustment", []string{busIssue, "L-1/2", `<LogicalID>lid://us</LogicalID>`, "infor-nid:T:E:E:id:1?InventoryAdjustment&amp;verb=Process&amp;variationID=1", `actionCode="Add"`, "2026-03-02T09:15:00+01:00</CreationDateTime>"}},
		"a hold": {busDocument("Process", "InventoryHold", "Add", busHold), "erp", "holds",
			facts{Event: "lot-held/L-1/Q-1", Kind: kindHeld, Lot: "L-1", Material: "CASTING", Case: "Q-1"}, "Process.InventoryHold", []string{busHold}},
		"the same noun the other way": {busDocument("Sync", "InventoryHold", "Replace", strings.Replace(busHold, "</InventoryHoldHeader>", "<DispositionCode>scrap</DispositionCode></InventoryHoldHeader>", 1)), "mes", "decisions",
			facts{Event: "lot-held/L-1/Q-1", Kind: kindDecided, Lot: "L-1", Material: "CASTING", Case: "Q-1", Decision: "scrap"}, "Sync.InventoryHold", []string{"DispositionCode"}},
		"a change": {busDocument("Sync", "ProductionOrder", "Replace", busChange), "mes", "orders",
			facts{Event: "order-changed/4711/3", Kind: "order-changed", Order: "47:11", Version: 3}, "Sync.ProductionOrder", []string{busChange, "47%3A11:1?ProductionOrder&amp;verb=Sync&amp;variationID=3"}},
		"a bill of material": {busDocument("Sync", "BillOfMaterials", "Replace", busBill), "mes", "boms",
			facts{Event: "bom-changed/PUMP/4", Kind: kindBill, Material: "PUMP"}, "Sync.BillOfMaterials", []string{busBill, ":PUMP:1?BillOfMaterials&amp;verb=Sync&amp;variationID=4"}},
		"a routing": {busDocument("Sync", "Routing", "Replace", strings.NewReplacer("BillOfMaterials", "Routing", "bom-", "routing-").Replace(busBill)), "mes", "routings",
			facts{Event: "routing-changed/PUMP/4", Kind: kindRouting, Material: "PUMP"}, "Sync.Routing", []string{"?Routing&amp;verb=Sync&amp;variationID=4"}},
	} {
		t.Run(name, func(t *testing.T) {
			items := onBus(t, c.doc)
			if it := items[0]; it.to != c.to || it.name != c.name || it.facts != c.first || it.idem == "" {
				t.Errorf("read as %+v", it)
			}
			document, bod, _, err := busPosting(items, ionHead{"T", "E", "lid://us", "id"})
			if err != nil || document != c.document {
				t.Fatalf("written as %s, %v", document, err)
			}
			if _, err := readXML(bod); err != nil {
				t.Error(err)
			}
			for _, s := range c.says {
				if !strings.Contains(string(bod), s) {
					t.Errorf("does not say %s\n%s", s, bod)
				}
			}
		})
	}
}

// TestBusRefuses: what nobody could post is not taken.
func TestBusRefuses(t *testing.T) {
	good := busDocument("Process", "InventoryHold", "Add", busHold)
	for name, doc := range map[string]string{
		"another noun": strings.ReplaceAll(good, "InventoryHold", "InventoryCount"), "another action": strings.Replace(good, `"Add"`, `"Delete"`, 1),
		"another kind": busDocument("Process", "InventoryAdjustment", "Add", strings.Replace(busIssue, "Issue", "Count", 1)),
		"no reference": strings.Replace(good, "<ID>lot-held/L-1/Q-1</ID>", "", 1), "no lot": strings.Replace(good, "<ID>L-1</ID>", "", 1),
		"nothing": busDocument("Process", "InventoryHold", "Add", ""), "another release": strings.Replace(good, "9.2", "10", 1),
	} {
		bod, err := readXML([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if name == "no lot" { // it has its material then
			bod, _ = readXML([]byte(strings.Replace(doc, "<ID>CASTING</ID>", "", 1)))
		}
		if items, err := busItems(bod, ionParameters{}); err == nil {
			t.Errorf("%s: read as %+v", name, items[0])
		}
	}
	odd := onBus(t, good)
	odd[0].body = []byte("{}")
	if _, _, _, err := busPosting(odd, ionHead{}); err == nil {
		t.Error("a body that is no noun was written")
	}
}

// TestBusConfig: a MES on the bus needs an ERP there, and no address of its own.
func TestBusConfig(t *testing.T) {
	w := newWorld(t, "")
	newIONWorld(w, "v3")
	c := w.config
	c.MES, c.Master, c.Page, c.Backlog = Endpoint{}, "announced", 1, 1
	for dialect, good := range map[string]bool{"infor-ion/v3": true, "infor-ion/v2": false, "neutral/v1": false, "files/v1": false} {
		c.MESDialect = dialect
		if err := c.Validate(); (err == nil) != good {
			t.Errorf("MES_DIALECT=%s: %v", dialect, err)
		}
	}
	c.MESDialect = dialectION3
	erp, mes := c.sides()
	if e, m := erp.(*ionSide), mes.(*ionSide); !e.bus || !m.bus || e.tokens != m.tokens || !slices.Equal([]string{e.name, m.name}, []string{"erp", "mes"}) {
		t.Errorf("sides %+v and %+v", e, m)
	}
}

// TestBusHandsASampleOn: an order that is replaced by its state alone, as others
// write it, goes on to the MES as it is.
func TestBusHandsASampleOn(t *testing.T) {
	file := filepath.Join("..", "..", "..", "shared", "standards", "infor-ion-own", "sync-production-order.xml")
	doc, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the sample is not at %s, so that it is not shown that it is handed on", file)
	}
	if err != nil {
		t.Fatal(err)
	}
	items := onBus(t, string(doc))
	want := facts{Event: "infor-nid:PLANTSIM_TST:PLANT10:PLANT10:WO-000417:1?ProductionOrder&verb=Sync&variationID=3", Kind: "order-changed", Order: "WO-000417", Version: 3}
	if len(items) != 1 || items[0].to != "mes" || items[0].facts != want {
		t.Fatalf("read as %+v", items[0])
	}
	document, bod, _, err := busPosting(items, ionHead{"T", "E", "lid://us", "id"})
	if err != nil || document != "Sync.ProductionOrder" {
		t.Fatalf("written as %s, %v", document, err)
	}
	for _, s := range []string{`actionCode="Replace"`, `variationID="3">WO-000417</ID>`, "<Code>Released</Code>", "<RevisionID>1</RevisionID>", "WO-000417:1?ProductionOrder&amp;verb=Sync&amp;variationID=3", "2026-02-03T06:00:00Z</CreationDateTime>"} {
		if !strings.Contains(string(bod), s) {
			t.Errorf("does not say %s\n%s", s, bod)
		}
	}
}
