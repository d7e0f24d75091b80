package ion

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

func configured(s Settings) (Dialect, error) {
	d, err := Dialect{}.Configure(func(into any) error { *into.(*Settings) = s; return nil })
	if err != nil {
		return Dialect{}, err
	}
	return d.(Dialect), nil
}

// nouns reads what a rig file would say under nouns.
func nouns(t *testing.T, text string) yamlfile.Node {
	t.Helper()
	n, err := yamlfile.Parse("andon.yaml", []byte("nouns:\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return n.Get("nouns")
}

const workOrder = `  - fact: order-cancelled
    document: Sync.WorkOrder
    action: Delete
    says: {ORDER: WorkOrderHeader/DocumentID/ID, VERSION: WorkOrderHeader/Version, REFERENCE: WorkOrderHeader/AlternateDocumentID/ID, AT: WorkOrderHeader/DocumentDateTime}
`

// TestNounsOfARig: a rig may have nouns of its own instead of the product's; a
// mistake in them is told with its place and what is allowed.
func TestNounsOfARig(t *testing.T) {
	d, err := configured(Settings{Nouns: nouns(t, workOrder)})
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Batch(goldens()["order-cancelled"]...)
	if err != nil || !bytes.Contains(m.Body, []byte("<SyncWorkOrder")) {
		t.Fatalf("%s, %v", m.Body, err)
	}
	if ask, err := d.Decode(m); err != nil || len(ask.Claims) != 1 {
		t.Errorf("read again: %+v, %v", ask, err)
	}
	if r, _, _ := refusedBy(Dialect{}, m); r == nil {
		t.Error("the product itself has no such noun")
	}
	for _, c := range []struct{ was, is, want string }{
		{"order-cancelled", "order-canceled", `andon.yaml:2:11: unknown fact "order-canceled"`},
		{"Sync.WorkOrder", "WorkOrder", `andon.yaml:3:15: document: "WorkOrder" is not Sync.Noun or Process.Noun`},
		{"Sync.WorkOrder", "Show.WorkOrder", `andon.yaml:3:15: document: "Show.WorkOrder" is not`},
		{"Delete", "Delete\n    words: {Type: [a]}", "words: Type must be a word"},
		{"VERSION:", "VERSIO:", `unknown statement of a record CAN "VERSIO"`},
		{"WorkOrderHeader/Version", "WorkOrderHeader//Version", `VERSION: "WorkOrderHeader//Version" is not a place such as Element/Path`},
		{"WorkOrderHeader/Version", "\"@variationID\"", `"@variationID" is not a place`},
		{"    says", "    says_", `unknown key "says_"`},
		{"    says", "    lists: [{record: OPX, element: Line, says: {ID: ID}}]\n    says", `there are no records "OPX"`},
	} {
		_, err := configured(Settings{Nouns: nouns(t, strings.Replace(workOrder, c.was, c.is, 1))})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.is, err, c.want)
		}
	}
	if _, err := configured(Settings{Nouns: nouns(t, workOrder+strings.Replace(workOrder, "WorkOrder\n", "JobOrder\n", 1))}); err == nil || !strings.Contains(err.Error(), "order-cancelled has a noun already: Sync.WorkOrder") {
		t.Errorf("two nouns for one fact: %v", err)
	}
	for want, s := range map[string]Settings{
		"layout": {Layout: JSON}, "product": {Product: "ln"}, "routing-error": {Routing: "log"}, "connection": {Connection: "maybe"}, "confirm-bod": {ConfirmBOD: "never"},
		"logical-id": {LogicalID: "erp"}, "partner": {Partner: "mes"}, "tenant": {Tenant: "a/b"},
	} {
		if _, err := configured(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error about %s", s, err, want)
		}
	}
}

// TestProductFile: a mistake in the file of products is told with its place.
func TestProductFile(t *testing.T) {
	const good = `sources: {one page: "https://example.org"}
products:
  - name: a
    nouns:
      - {fact: scrap, document: Process.Adjustment, action: Add, named: one page, words: {Type: Scrap}, says: {ORDER: Header/Order}}
  - name: b
    as: {a: [scrap]}
    also: [Sync.Personnel]
    nouns:
      - {fact: rework, document: Process.Adjustment, action: Add, named: ours, words: {Type: Rework}, says: {ORDER: Header/Order}}
`
	all, names, err := readProducts("p.yaml", []byte(good))
	if err != nil || !slices.Equal(names, []string{"a", "b"}) || all["b"].noun("scrap") == nil || !slices.Equal(all["b"].documents(), []string{"Process.Adjustment", "Sync.Personnel"}) {
		t.Fatalf("%v %v, %v", all, names, err)
	}
	for _, c := range []struct{ was, is, want string }{
		{"named: one page", "named: hearsay", `p.yaml:5:10: named: "hearsay" begins with no key of sources`},
		{"- name: b", "- name: a", `p.yaml:6:5: there is a product "a" already`},
		{"as: {a:", "as: {c:", `product b takes nouns of "c", and no product before it is called so`},
		{"as: {a: [scrap]}", "as: {a: [receipt]}", `product b takes "receipt" of a, which has no noun for it`},
		{"Sync.Personnel", "Personnel", `also: "Personnel" is not a document`},
		{"Sync.Personnel", "Process.Adjustment", "also: Process.Adjustment is among the nouns"},
		{"Type: Rework", "Type: Scrap", "nothing tells rework from scrap: both are Process.Adjustment with Add and the same words"},
	} {
		if _, _, err := readProducts("p.yaml", []byte(strings.Replace(good, c.was, c.is, 1))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.is, err, c.want)
		}
	}
}

// TestProducts: each product tells and takes what its table says, and no more.
func TestProducts(t *testing.T) {
	for name, want := range map[string]struct {
		tells []plant.Kind
		takes []string
	}{
		"csi": {[]plant.Kind{plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled, plant.KindItemChanged, plant.KindBillChanged},
			[]string{"Process.BillOfMaterials", "Process.ItemMaster", "Process.ProductionOrder", "Sync.EmployeeTimesheet", "Sync.InventoryAdjustment", "Sync.InventoryCount"}},
		"m3": {[]plant.Kind{plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled, plant.KindItemChanged, plant.KindBillChanged, plant.KindLotDecided},
			[]string{"Process.BillOfMaterials", "Process.InventoryAdjustment", "Process.InventoryCount", "Process.ItemMaster", "Process.ProductionOrder", "Sync.InventoryHold"}},
	} {
		d := Dialect{Settings: Settings{Product: name}}
		all := d.Settings.product().documents()
		for _, doc := range want.takes {
			if !slices.Contains(all, doc) {
				t.Errorf("%s does not take %s: %v", name, doc, all)
			}
		}
		for _, kind := range []plant.Kind{plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled, plant.KindLotDecided, plant.KindItemChanged, plant.KindBillChanged, plant.KindRoutingChanged, plant.KindCenterChanged, plant.KindCalendarChanged} {
			n := d.Settings.product().noun(kind)
			if (n != nil) != slices.Contains(want.tells, kind) {
				t.Errorf("%s: noun for %s is %v", name, kind, n)
			}
			if n != nil && n.verb != "Sync" {
				t.Errorf("%s tells %s by %s.%s", name, kind, n.verb, n.name)
			}
		}
	}
}

// TestUnplayed: a document that a product takes and no fact is told by is taken
// over, and turned away by the system behind.
func TestUnplayed(t *testing.T) {
	d := Dialect{Settings: Settings{Product: "csi"}}
	m, err := d.Batch(dialecttest.Consumption(1, "L-C3-8841", "40.125"))
	if err != nil {
		t.Fatal(err)
	}
	m.Body = bytes.ReplaceAll(m.Body, []byte("InventoryAdjustment"), []byte("InventoryCount"))
	m.Body = bytes.ReplaceAll(m.Body, []byte("Sync.InventoryAdjustment"), []byte("Sync.InventoryCount"))
	ask, err := d.Decode(m)
	if err != nil || ask.Late == nil || ask.Late.Code != "document-not-played" {
		t.Errorf("%+v, %v", ask, err)
	}
	if _, err := (Dialect{}).Decode(m); err == nil {
		t.Error("our own tenant takes no InventoryCount")
	}
}
