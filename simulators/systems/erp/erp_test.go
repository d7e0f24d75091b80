package erp_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
)

func TestHandleRefuses(t *testing.T) {
	naturalKey := func(o *erp.Options) { o.NaturalKey = true }
	decimals := func(n string, u plant.Unit) plant.Quantity {
		return plant.Quantity{Amount: plant.MustDecimal(n), Unit: u}
	}
	for _, tt := range []struct {
		name    string
		set     func(*erp.Options)
		prepare func(*erp.ERP)
		before  []plant.Fact
		fact    plant.Fact
		code    string
		class   simulators.Class
	}{
		{name: "unknown order", fact: plant.OperationStarted{Order: "9999", Operation: "0010"}, code: "order-unknown", class: simulators.DataQuality},
		{name: "order with its zeros stripped", fact: plant.Confirmed{Order: "OPEN", Operation: "0010", Yield: plant.Of(1, "EA")}, code: "order-unknown", class: simulators.DataQuality},
		{name: "inspection of unknown order", fact: plant.Inspected{Order: "9999", Operation: "0010"}, code: "order-unknown", class: simulators.DataQuality},
		{name: "closed order", prepare: func(e *erp.ERP) { must(e.Close("4711")) }, fact: confirmed(1, 5), code: "order-closed", class: simulators.Business},
		{name: "cancelled order", prepare: func(e *erp.ERP) { e.Notice(event(plant.OrderCancelled{Order: "4711", Version: 2}, day(7))) },
			fact: received(1, 5), code: "order-closed", class: simulators.Business},
		{name: "locked order", prepare: func(e *erp.ERP) { must(e.Lock("4711", true)) }, fact: consumed("S-1", "1", "KG"), code: "order-locked", class: simulators.Technical},
		{name: "unknown operation", fact: plant.Confirmed{Order: "4711", Operation: "10", Yield: plant.Of(1, "EA")}, code: "operation-unknown", class: simulators.DataQuality},
		{name: "no operation", fact: plant.Confirmed{Order: "4711", Yield: plant.Of(1, "EA")}, code: "operation-unknown", class: simulators.DataQuality},
		{name: "consumption at unknown operation", fact: plant.Consumed{Order: "4711", Operation: "0030", Material: "STEEL", Lot: "S-1", Quantity: plant.Of(1, "KG")}, code: "operation-unknown", class: simulators.DataQuality},
		{name: "unknown material", fact: plant.Consumed{Order: "4711", Material: "STEAL", Lot: "S-1", Quantity: plant.Of(1, "KG")}, code: "item-unknown", class: simulators.DataQuality},
		{name: "receipt of one piece twice", fact: plant.Received{Order: "4711", Material: "PUMP", Lot: "P-1", Quantity: plant.Of(3, "EA"), Serials: []plant.SerialID{"1", "2", "1"}}, code: "serial-repeated", class: simulators.DataQuality},
		{name: "receipt of another material", fact: plant.Received{Order: "4711", Material: "STEEL", Lot: "S-1", Quantity: plant.Of(1, "KG")}, code: "item-wrong", class: simulators.DataQuality},
		{name: "lot of another material", fact: consumed("F-1", "1", "KG"), code: "lot-wrong-material", class: simulators.DataQuality},
		{name: "receipt into a lot of another material", fact: plant.Received{Order: "4711", Material: "PUMP", Lot: "S-1", Quantity: plant.Of(1, "EA")}, code: "lot-wrong-material", class: simulators.DataQuality},
		{name: "unknown lot", fact: consumed("S-9", "1", "KG"), code: "lot-unknown", class: simulators.DataQuality},
		{name: "no lot", fact: consumed("", "1", "KG"), code: "lot-missing", class: simulators.DataQuality},
		{name: "expired lot", fact: consumed("S-OLD", "1", "KG"), code: "lot-expired", class: simulators.DataQuality},
		{name: "blocked lot", fact: consumed("S-BLOCKED", "1", "KG"), code: "lot-blocked", class: simulators.DataQuality},
		{name: "held lot", before: []plant.Fact{held("S-1")}, fact: consumed("S-1", "1", "KG"), code: "lot-blocked", class: simulators.DataQuality},
		{name: "scrapped lot", fact: consumed("S-SCRAP", "1", "KG"), code: "lot-scrapped", class: simulators.DataQuality},
		{name: "hold of unknown lot", fact: held("S-9"), code: "lot-unknown", class: simulators.DataQuality},
		{name: "hold of lot of another material", fact: plant.LotHeld{Lot: "S-1", Material: "PUMP", Case: "Q-1"}, code: "lot-wrong-material", class: simulators.DataQuality},
		{name: "inspection of unknown lot", fact: plant.Inspected{Order: "4711", Operation: "0010", Lot: "S-9"}, code: "lot-unknown", class: simulators.DataQuality},
		{name: "unknown unit", fact: consumed("S-1", "1", "kg"), code: "unit-unknown", class: simulators.DataQuality},
		{name: "unit of another material", fact: consumed("S-1", "1", "EA"), code: "unit-not-convertible", class: simulators.DataQuality},
		{name: "negative yield", fact: confirmed(1, -1), code: "quantity-negative", class: simulators.DataQuality},
		{name: "negative scrap", fact: plant.Confirmed{Order: "4711", Operation: "0010", Yield: plant.Of(1, "EA"), Scrap: plant.Of(-1, "EA")}, code: "quantity-negative", class: simulators.DataQuality},
		{name: "negative rework", fact: plant.Confirmed{Order: "4711", Operation: "0010", Yield: plant.Of(1, "EA"), Rework: plant.Of(-1, "EA")}, code: "quantity-negative", class: simulators.DataQuality},
		{name: "negative consumption", fact: consumed("S-1", "-1", "KG"), code: "quantity-negative", class: simulators.DataQuality},
		{name: "consumption of nothing", fact: consumed("S-1", "0", "KG"), code: "quantity-zero", class: simulators.DataQuality},
		{name: "quantity too great to convert", fact: plant.Received{Order: "4711", Material: "PUMP", Lot: "P-4711", Quantity: decimals("999999999999", "BOX")}, code: "quantity-out-of-range", class: simulators.DataQuality},
		{name: "receipts beyond the tolerance", before: []plant.Fact{received(1, 100)}, fact: received(2, 11), code: "over-delivery", class: simulators.Business},
		{name: "receipts a millionth beyond the tolerance", before: []plant.Fact{received(1, 100)},
			fact: plant.Received{Order: "4711", Counter: 2, Material: "PUMP", Lot: "P-4711", Quantity: decimals("10.000001", "EA")}, code: "over-delivery", class: simulators.Business},
		{name: "yield beyond the tolerance", set: func(o *erp.Options) { o.ConfirmTolerance = 0 }, before: []plant.Fact{confirmed(1, 100)}, fact: confirmed(2, 1), code: "over-delivery", class: simulators.Business},
		{name: "stock too short", fact: consumed("S-1", "100.000001", "KG"), code: "stock-short", class: simulators.Business},
		{name: "scrapping more than there is", fact: plant.Scrapped{Order: "4711", Operation: "0010", Material: "BOLT", Quantity: plant.Of(51, "EA")}, code: "stock-short", class: simulators.Business},
		{name: "repetition", set: naturalKey, before: []plant.Fact{confirmed(1, 5)}, fact: confirmed(1, 5), code: "already-posted", class: simulators.Business},
		{name: "repetition to an order closed since", set: naturalKey, before: []plant.Fact{confirmed(1, 5)},
			prepare: func(e *erp.ERP) { must(e.Close("4711")) }, fact: confirmed(1, 5), code: "already-posted", class: simulators.Business},
		{name: "reversal that overtakes its original", fact: reversed(confirmed(1, 5)), code: "document-unknown", class: simulators.DataQuality},
		{name: "reversal of a document that is not there", before: []plant.Fact{confirmed(1, 5)}, fact: plant.Reversed{Document: "5000000002"}, code: "document-unknown", class: simulators.DataQuality},
		{name: "reversal that says nothing", before: []plant.Fact{confirmed(1, 5)}, fact: plant.Reversed{}, code: "document-unknown", class: simulators.DataQuality},
		{name: "second reversal", before: []plant.Fact{confirmed(1, 5), reversed(confirmed(1, 5))}, fact: reversed(confirmed(1, 5)), code: "document-reversed", class: simulators.Business},
		{name: "second reversal, by the document", before: []plant.Fact{confirmed(1, 5), reversed(confirmed(1, 5))}, fact: plant.Reversed{Document: "5000000001"}, code: "document-reversed", class: simulators.Business},
		{name: "reversal of a reversal", before: []plant.Fact{confirmed(1, 5), reversed(confirmed(1, 5))}, fact: plant.Reversed{Document: "5800000001"}, code: "kind-not-taken", class: simulators.DataQuality},
		{name: "reversal of a document of a closed order", before: []plant.Fact{confirmed(1, 5)}, prepare: func(e *erp.ERP) { must(e.Close("4711")) }, fact: reversed(confirmed(1, 5)), code: "order-closed", class: simulators.Business},
		{name: "reversal of a document of a locked order", before: []plant.Fact{confirmed(1, 5)}, prepare: func(e *erp.ERP) { must(e.Lock("4711", true)) }, fact: reversed(confirmed(1, 5)), code: "order-locked", class: simulators.Technical},
		{name: "reversal of goods that have gone", before: []plant.Fact{received(1, 5), plant.Shipped{Lot: "P-4711", Material: "PUMP", Counter: 1, Quantity: plant.Of(1, "EA")}},
			fact: reversed(received(1, 5)), code: "stock-short", class: simulators.Business},
		{name: "shipment of held lot", before: []plant.Fact{held("F-1")}, fact: shipped("F-1", 1), code: "lot-blocked", class: simulators.DataQuality},
		{name: "shipment of more than there is", fact: shipped("F-1", 11), code: "stock-short", class: simulators.Business},
		{name: "shipment of unknown lot", fact: shipped("F-9", 1), code: "lot-unknown", class: simulators.DataQuality},
		{name: "kind of the other direction", fact: plant.OrderReleased{Order: order("4712")}, code: "kind-not-taken", class: simulators.DataQuality},
		{name: "no fact", fact: nil, code: "nothing-said", class: simulators.DataQuality},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var set []func(*erp.Options)
			if tt.set != nil {
				set = append(set, tt.set)
			}
			e := newERP(set...)
			for _, f := range tt.before {
				if row, _ := tell(e, f); row.Refusal != nil {
					t.Fatal(row.Refusal)
				}
			}
			if tt.prepare != nil {
				tt.prepare(e)
			}
			before := dump(e)
			now, at := day(13), day(9)
			if tt.code == "lot-expired" {
				at = day(12)
			}
			var posted []simulators.Posting
			claim := plant.Event{At: at, Fact: tt.fact}
			a := e.Handle(simulators.Ask{Claims: []plant.Event{claim}, Now: now}, func(p simulators.Posting) { posted = append(posted, p) })
			got := a.Rows[0].Refusal
			if got == nil || got.Code != tt.code || got.Class != tt.class {
				t.Fatalf("got refusal %v, want code %s of class %s", got, tt.code, tt.class)
			}
			if got.Text == "" {
				t.Error("the refusal has no text")
			}
			if len(posted) != 0 {
				t.Errorf("posted %v in spite of the refusal", posted)
			}
			if after := dump(e); after != before {
				t.Errorf("the refusal changed the books from\n%s\nto\n%s", before, after)
			}
		})
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// dump spells the whole books.
func dump(e *erp.ERP) string {
	orders := e.Handle(simulators.Ask{Query: &simulators.Query{Object: "orders"}}, nil).Found
	return fmt.Sprintf("%+v\n%+v\n%+v", orders, e.State("stock", ""), e.State("genealogy", ""))
}

func TestHandlePosts(t *testing.T) {
	sums := func(op plant.OperationID) func(*erp.ERP) any {
		return func(e *erp.ERP) any {
			return e.State("order", "4711").(simulators.OrderState).Confirmed[op]
		}
	}
	boxed := plant.Confirmed{Order: "4711", Operation: "0010", Counter: 1, Yield: plant.Of(2, "BOX"), Scrap: plant.Of(1, "EA"), Rework: plant.Of(1, "BOX"), Final: true}
	ended := plant.Confirmed{Order: "4711", Operation: "0020", Counter: 1, Yield: plant.Of(1, "EA"), Final: true}
	lost := plant.Scrapped{Order: "4711", Operation: "0010", Counter: 1, Material: "PUMP", Quantity: plant.Of(3, "EA")}
	state := func(e *erp.ERP) any { return e.State("order", "4711").(simulators.OrderState).State }
	stock := func(lot string) func(*erp.ERP) any {
		return func(e *erp.ERP) any {
			l := e.State("lot", lot).(plant.Lot)
			return l.Quantity.String() + " " + string(l.Status)
		}
	}
	for _, tt := range []struct {
		name string
		set  func(*erp.Options)
		fs   []plant.Fact
		base string
		doc  string
		look func(*erp.ERP) any
		want any
	}{
		{name: "start", fs: []plant.Fact{plant.OperationStarted{Order: "4711", Operation: "0010"}}, base: "0 ", doc: "1000000001", look: state, want: "Running"},
		{name: "confirmations add up", fs: []plant.Fact{confirmed(1, 5), confirmed(2, 7)}, base: "7 EA", doc: "5000000002",
			look: sums("0010"), want: simulators.OperationSum{Yield: plant.Whole(12)}},
		{name: "confirmation before its start", fs: []plant.Fact{confirmed(1, 5), plant.OperationStarted{Order: "4711", Operation: "0010"}}, base: "0 ", doc: "1000000001",
			look: state, want: "Running"},
		{name: "confirmation in boxes", fs: []plant.Fact{plant.Confirmed{Order: "4711", Operation: "0010", Counter: 1, Yield: plant.Of(2, "BOX"), Scrap: plant.Of(1, "EA"), Rework: plant.Of(1, "BOX"), Final: true}},
			base: "24 EA", doc: "5000000001", look: sums("0010"),
			want: simulators.OperationSum{Yield: plant.Whole(24), Scrap: plant.Whole(1), Rework: plant.Whole(12), Final: true}},
		{name: "confirmation of nothing", fs: []plant.Fact{plant.Confirmed{Order: "4711", Operation: "0010", Counter: 1}}, base: "0 EA", doc: "5000000001",
			look: state, want: "Running"},
		{name: "final confirmation of the first operation", fs: []plant.Fact{plant.Confirmed{Order: "4711", Operation: "0010", Yield: plant.Of(1, "EA"), Final: true}}, base: "1 EA", doc: "5000000001",
			look: state, want: "Running"},
		{name: "final confirmation of the last operation", fs: []plant.Fact{plant.Confirmed{Order: "4711", Operation: "0020", Yield: plant.Of(1, "EA"), Final: true}}, base: "1 EA", doc: "5000000001",
			look: state, want: "Completed"},
		{name: "late confirmation of a completed order", fs: []plant.Fact{plant.Confirmed{Order: "4711", Operation: "0020", Counter: 2, Final: true}, confirmed(1, 5)}, base: "5 EA", doc: "5000000002",
			look: state, want: "Completed"},
		{name: "second posting without protection", fs: []plant.Fact{confirmed(1, 5), confirmed(1, 5)}, base: "5 EA", doc: "5000000002",
			look: sums("0010"), want: simulators.OperationSum{Yield: plant.Whole(10)}},
		{name: "twins with counters of their own", set: func(o *erp.Options) { o.NaturalKey = true }, fs: []plant.Fact{confirmed(1, 5), confirmed(2, 5)}, base: "5 EA", doc: "5000000002",
			look: sums("0010"), want: simulators.OperationSum{Yield: plant.Whole(10)}},
		{name: "consumption", fs: []plant.Fact{consumed("S-1", "12.5", "KG")}, base: "12.5 KG", doc: "4900000001", look: stock("S-1"), want: "87.5 unrestricted"},
		{name: "consumption of all there is", fs: []plant.Fact{consumed("S-1", "100", "KG")}, base: "100 KG", doc: "4900000001", look: stock("S-1"), want: "0 unrestricted"},
		{name: "consumption in grams", fs: []plant.Fact{consumed("S-1", "0.001", "G")}, base: "0.000001 KG", doc: "4900000001", look: stock("S-1"), want: "99.999999 unrestricted"},
		{name: "consumption in thirds", fs: []plant.Fact{consumed("S-1", "1", "BAR")}, base: "6.666667 KG", doc: "4900000001", look: stock("S-1"), want: "93.333333 unrestricted"},
		{name: "consumption at no operation", fs: []plant.Fact{plant.Consumed{Order: "4711", Counter: 1, Material: "STEEL", Lot: "S-2", Quantity: plant.Of(1, "KG")}}, base: "1 KG", doc: "4900000001",
			look: stock("S-2"), want: "99 unrestricted"},
		{name: "consumption in the last hour before expiry", fs: []plant.Fact{consumed("S-OLD", "1", "KG")}, base: "1 KG", doc: "4900000001", look: stock("S-OLD"), want: "99 unrestricted"},
		{name: "consumption below zero", set: func(o *erp.Options) { o.Negative = true }, fs: []plant.Fact{consumed("S-1", "101", "KG")}, base: "101 KG", doc: "4900000001",
			look: stock("S-1"), want: "-1 unrestricted"},
		{name: "consumption of a material without lots and balance", fs: []plant.Fact{plant.Consumed{Order: "4711", Operation: "0020", Material: "GREASE", Quantity: plant.Of(1, "KG")}}, base: "1 KG", doc: "4900000001",
			look: func(e *erp.ERP) any { return fmt.Sprint(e.State("stock", "GREASE")) }, want: "[{GREASE  unrestricted -1 KG}]"},
		{name: "scrap of a component", fs: []plant.Fact{plant.Scrapped{Order: "4711", Operation: "0010", Counter: 1, Material: "STEEL", Lot: "S-BLOCKED", Quantity: plant.Of(3, "KG")}}, base: "3 KG", doc: "5500000001",
			look: stock("S-BLOCKED"), want: "97 blocked"},
		{name: "scrap of the product", fs: []plant.Fact{plant.Scrapped{Order: "4711", Operation: "0010", Counter: 1, Material: "PUMP", Quantity: plant.Of(3, "EA")}}, base: "3 EA", doc: "5500000001",
			look: sums("0010"), want: simulators.OperationSum{Scrap: plant.Whole(3)}},
		{name: "rework", fs: []plant.Fact{plant.Reworked{Order: "4711", Operation: "0020", Counter: 1, Quantity: plant.Of(2, "EA")}}, base: "2 EA", doc: "5600000001",
			look: sums("0020"), want: simulators.OperationSum{Rework: plant.Whole(2)}},
		{name: "receipt up to the tolerance", fs: []plant.Fact{received(1, 100), received(2, 10)}, base: "10 EA", doc: "5700000002", look: stock("P-4711"), want: "110 unrestricted"},
		{name: "receipt into a new lot", fs: []plant.Fact{plant.Received{Order: "4711", Counter: 1, Material: "PUMP", Lot: "N-1", Quantity: plant.Of(1, "BOX")}}, base: "12 EA", doc: "5700000001",
			look: stock("N-1"), want: "12 unrestricted"},
		{name: "receipt without a limit", set: func(o *erp.Options) { o.Tolerance = -1 }, fs: []plant.Fact{received(1, 1000)}, base: "1000 EA", doc: "5700000001", look: stock("P-4711"), want: "1000 unrestricted"},
		{name: "receipt into a held lot", fs: []plant.Fact{held("P-4711"), received(1, 5)}, base: "5 EA", doc: "5700000001", look: stock("P-4711"), want: "5 blocked"},
		{name: "hold before the first receipt", fs: []plant.Fact{held("P-4711")}, base: "0 ", doc: "3000000001", look: stock("P-4711"), want: "0 blocked"},
		{name: "reversal of a confirmation", fs: []plant.Fact{confirmed(1, 5), confirmed(2, 7), reversed(confirmed(1, 5))}, base: "5 EA", doc: "5800000001",
			look: sums("0010"), want: simulators.OperationSum{Yield: plant.Whole(7)}},
		{name: "reversal by the number of a document", fs: []plant.Fact{confirmed(1, 5), confirmed(2, 7), plant.Reversed{Document: "5000000002"}}, base: "7 EA", doc: "5800000001",
			look: sums("0010"), want: simulators.OperationSum{Yield: plant.Whole(5)}},
		{name: "reversal by keys", fs: []plant.Fact{confirmed(1, 5), confirmed(2, 7), plant.Reversed{Original: plant.Event{Fact: plant.Keyed(plant.KindConfirmation, confirmed(2, 7).Keys())}}}, base: "7 EA", doc: "5800000001",
			look: sums("0010"), want: simulators.OperationSum{Yield: plant.Whole(5)}},
		{name: "reversal of a confirmation in boxes", fs: []plant.Fact{boxed, reversed(boxed)}, base: "24 EA", doc: "5800000001", look: sums("0010"), want: simulators.OperationSum{}},
		{name: "reversal of the final confirmation", fs: []plant.Fact{ended, reversed(ended)}, base: "1 EA", doc: "5800000001", look: state, want: "Running"},
		{name: "made anew after a reversal", fs: []plant.Fact{confirmed(1, 5), reversed(confirmed(1, 5)), confirmed(2, 6)}, base: "6 EA", doc: "5000000002",
			look: sums("0010"), want: simulators.OperationSum{Yield: plant.Whole(6)}},
		{name: "reversal of a consumption", fs: []plant.Fact{consumed("S-1", "12.5", "KG"), reversed(consumed("S-1", "12.5", "KG"))}, base: "12.5 KG", doc: "5800000001", look: stock("S-1"), want: "100 unrestricted"},
		{name: "reversal of a consumption of a lot held since", fs: []plant.Fact{consumed("S-1", "12.5", "KG"), held("S-1"), reversed(consumed("S-1", "12.5", "KG"))}, base: "12.5 KG", doc: "5800000001", look: stock("S-1"), want: "100 blocked"},
		{name: "reversal of a receipt", fs: []plant.Fact{received(1, 5), received(2, 7), reversed(received(1, 5))}, base: "5 EA", doc: "5800000001", look: stock("P-4711"), want: "7 unrestricted"},
		{name: "reversal of scrap", fs: []plant.Fact{lost, reversed(lost)}, base: "3 EA", doc: "5800000001", look: sums("0010"), want: simulators.OperationSum{}},
		{name: "reversal out of the genealogy", fs: []plant.Fact{consumed("S-1", "3", "KG"), consumed("S-2", "2", "KG"), received(1, 5), reversed(consumed("S-1", "3", "KG"))}, base: "3 KG", doc: "5800000001",
			look: func(e *erp.ERP) any { return e.State("genealogy", "P-4711") }, want: []erp.Edge{{"S-2", "P-4711", "4711", "STEEL", plant.Whole(2)}}},
		{name: "reversal out of the work in process", fs: []plant.Fact{consumed("S-1", "3", "KG"), reversed(consumed("S-1", "3", "KG"))}, base: "3 KG", doc: "5800000001",
			look: func(e *erp.ERP) any { return e.State("wip", "4711") }, want: erp.WIP{Order: "4711"}},
		{name: "inspections", fs: []plant.Fact{plant.Inspected{Order: "4711", Operation: "0020", Counter: 1, Passed: 19, Failed: 1}, plant.Inspected{Order: "4711", Operation: "0020", Counter: 2, Passed: 20}}, base: "0 ", doc: "2000000002",
			look: func(e *erp.ERP) any { return e.State("inspections", "4711") }, want: []erp.Inspections{{Operation: "0020", Passed: 39, Failed: 1}}},
		{name: "shipment", fs: []plant.Fact{shipped("F-1", 4)}, base: "4 EA", doc: "8000000001", look: stock("F-1"), want: "6 unrestricted"},
		{name: "shipment that does not say of what", fs: []plant.Fact{plant.Shipped{Lot: "F-1", Counter: 1, Quantity: plant.Of(4, "EA")}}, base: "4 EA", doc: "8000000001",
			look: func(e *erp.ERP) any { return len(e.State("shipments", "F-1").([]simulators.Posting)) }, want: 1},
		{name: "work in process", fs: []plant.Fact{consumed("S-1", "3", "KG"), plant.Confirmed{Order: "4711", Operation: "0020", Yield: plant.Of(9, "EA")}, received(1, 5)}, base: "5 EA", doc: "5700000001",
			look: func(e *erp.ERP) any { return e.State("wip", "4711") },
			want: erp.WIP{Order: "4711", Issued: map[plant.ItemID]plant.Decimal{"STEEL": plant.Whole(3)}, Open: plant.Whole(4)}},
		{name: "genealogy", fs: []plant.Fact{consumed("S-1", "3", "KG"), consumed("S-1", "1", "KG"), consumed("S-2", "2", "KG"), received(1, 5)}, base: "5 EA", doc: "5700000001",
			look: func(e *erp.ERP) any { return e.State("genealogy", "P-4711") },
			want: []erp.Edge{{"S-1", "P-4711", "4711", "STEEL", plant.Whole(4)}, {"S-2", "P-4711", "4711", "STEEL", plant.Whole(2)}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var set []func(*erp.Options)
			if tt.set != nil {
				set = append(set, tt.set)
			}
			e := newERP(set...)
			var posted []simulators.Posting
			var rows []simulators.Row
			for _, f := range tt.fs {
				row, p := tell(e, f)
				if row.Refusal != nil {
					t.Fatalf("%v was refused: %v", f, row.Refusal)
				}
				rows, posted = append(rows, row), append(posted, p...)
			}
			if len(posted) != len(tt.fs) {
				t.Fatalf("posted %d times, want %d", len(posted), len(tt.fs))
			}
			last := posted[len(posted)-1]
			if got := last.Base.String(); got != tt.base {
				t.Errorf("got base %q, want %q", got, tt.base)
			}
			if last.Doc != tt.doc || rows[len(rows)-1].Doc != tt.doc {
				t.Errorf("got document %s in the posting and %s in the answer, want %s", last.Doc, rows[len(rows)-1].Doc, tt.doc)
			}
			if !last.At.Equal(day(10)) {
				t.Errorf("got posting time %s, want %s", last.At, day(10))
			}
			if got := tt.look(e); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestPeriod(t *testing.T) {
	opens := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		fact plant.Fact
		at   time.Time
		want string
	}{
		{"confirmation a moment before", confirmed(1, 1), opens.Add(-1), "period-closed"},
		{"confirmation at the first moment", confirmed(1, 1), opens, ""},
		{"first moment told in another zone", confirmed(1, 1), opens.In(time.FixedZone("", -5*3600)), ""},
		{"no instant said", confirmed(1, 1), time.Time{}, ""},
		{"receipt before", received(1, 1), opens.Add(-1), "period-closed"},
		{"shipment before", shipped("F-1", 1), opens.Add(-1), "period-closed"},
		{"hold before", held("S-1"), opens.Add(-1), ""},
		{"start before", plant.OperationStarted{Order: "4711", Operation: "0010"}, opens.Add(-1), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newERP().Handle(simulators.Ask{Now: day(10), Claims: []plant.Event{event(tt.fact, tt.at)}}, func(simulators.Posting) {})
			got := ""
			if r := a.Rows[0].Refusal; r != nil {
				got = r.Code
			}
			if got != tt.want {
				t.Errorf("got refusal %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAlreadyPostedTellsTheFirst(t *testing.T) {
	e := newERP(func(o *erp.Options) { o.NaturalKey = true })
	first, _ := tell(e, confirmed(1, 5))
	again, posted := tell(e, confirmed(1, 5))
	if !again.Known || again.Doc != first.Doc || again.Refusal == nil || len(posted) > 0 {
		t.Errorf("got %+v and %d postings, want a refusal that names document %s", again, len(posted), first.Doc)
	}
}

func TestLock(t *testing.T) {
	e := newERP(func(o *erp.Options) { o.NaturalKey = true })
	tell(e, confirmed(1, 5))
	must(e.Lock("4711", true))
	for _, f := range []plant.Fact{confirmed(2, 5), confirmed(1, 5)} { // new or repeated, nobody reads a locked order
		if row, _ := tell(e, f); row.Refusal == nil || row.Refusal.Outcome != simulators.Locked {
			t.Errorf("%v: got %v, want the outcome locked", f, row.Refusal)
		}
	}
	if row, _ := tell(e, held("P-4711")); row.Refusal != nil {
		t.Errorf("a hold must not wait for an order: %v", row.Refusal)
	}
	must(e.Close("4711"))
	if row, _ := tell(e, plant.Inspected{Order: "4711", Operation: "0010", Passed: 1}); row.Refusal != nil {
		t.Errorf("an inspection must wait neither for a lock nor for a closed order: %v", row.Refusal)
	}
}

func TestUnlock(t *testing.T) {
	e := newERP()
	must(e.Lock("4711", true))
	must(e.Lock("4711", false))
	if row, _ := tell(e, confirmed(2, 5)); row.Refusal != nil {
		t.Errorf("after the lock: %v", row.Refusal)
	}
	if e.Lock("9999", true) == nil || e.Close("9999") == nil {
		t.Error("an unknown order was locked or closed")
	}
}

func TestNotice(t *testing.T) {
	for _, tt := range []struct {
		fact plant.Fact
		want int
	}{
		{plant.OrderReleased{Order: order("4712")}, 1},
		{plant.OrderChanged{Order: "4711", Version: 2, Quantity: plant.Of(60, "EA")}, 1},
		{plant.OrderCancelled{Order: "4711", Version: 2}, 1},
		{plant.LotDecided{Lot: "S-1", Case: "Q-1", Decision: plant.DecideScrap}, 1},
		{plant.ItemChanged{Item: plant.Item{ID: "NEW", Unit: "EA"}, Version: 1}, 1},
		{plant.BillChanged{Bill: plant.Bill{Item: "PUMP"}, Version: 1}, 1}, {plant.RoutingChanged{Routing: plant.Routing{Item: "PUMP"}, Version: 1}, 1},
		{confirmed(1, 5), 0}, {consumed("S-1", "1", "KG"), 0}, {received(1, 1), 0}, {held("S-1"), 0}, {shipped("F-1", 1), 0},
		{plant.OperationStarted{Order: "4711", Operation: "0010"}, 0},
		{plant.MachineCounted{Machine: "M"}, 0},
	} {
		e := newERP()
		before := dump(e)
		ev := event(tt.fact, day(8))
		got := e.Notice(ev)
		if len(got) != tt.want {
			t.Errorf("%T: announced %v, want %d events", tt.fact, got, tt.want)
		}
		if tt.want == 1 && !reflect.DeepEqual(got[0], ev) {
			t.Errorf("%T: announced %v, want the event itself", tt.fact, got[0])
		}
		if after := dump(e); tt.want == 0 && after != before {
			t.Errorf("%T: changed the books of an ERP that cannot know of it", tt.fact)
		}
	}
}

func TestNoticeEntersItsBooksFirst(t *testing.T) {
	e := newERP()
	e.Notice(event(plant.OrderChanged{Order: "4711", Version: 3, Quantity: plant.Of(5, "BOX"), Due: day(20), Priority: 1}, day(8)))
	e.Notice(event(plant.OrderChanged{Order: "4711", Version: 2, Quantity: plant.Of(1, "EA")}, day(8)))
	got := e.State("order", "4711").(simulators.OrderState)
	if got.Version != 3 || got.Order.Quantity != plant.Of(5, "BOX") || got.Order.Priority != 1 || !got.Order.Due.Equal(day(20)) {
		t.Errorf("got version %d, %s; want version 3, 5 BOX", got.Version, got.Order.Quantity)
	}
	if row, _ := tell(e, received(1, 67)); row.Refusal == nil || row.Refusal.Code != "over-delivery" {
		t.Errorf("67 of 60 and 10 %%: got %v, want over-delivery", row.Refusal)
	}
	if row, _ := tell(e, received(1, 66)); row.Refusal != nil {
		t.Errorf("66 of 60 and 10 %%: %v", row.Refusal)
	}
	e.Notice(event(plant.ItemChanged{Item: plant.Item{ID: "PUMP", Unit: "EA", Lots: true, Units: []plant.AltUnit{{Unit: "PAL", Factor: plant.Factor{Num: 2, Den: 1}}}}, Version: 2}, day(8)))
	if row, p := tell(e, plant.Confirmed{Order: "4711", Operation: "0010", Yield: plant.Of(1, "PAL")}); row.Refusal != nil || p[0].Base != plant.Of(2, "EA") {
		t.Errorf("a new unit: got %v, %v", row.Refusal, p)
	}
}

func TestDecisions(t *testing.T) {
	decide := func(c plant.CaseID, d plant.Decision) plant.Fact {
		return plant.LotDecided{Lot: "S-1", Case: c, Decision: d}
	}
	hold := func(c plant.CaseID) plant.Fact { return plant.LotHeld{Lot: "S-1", Case: c} }
	for _, tt := range []struct {
		name string
		fs   []plant.Fact
		want plant.LotStatus
	}{
		{"held", []plant.Fact{hold("A")}, plant.LotBlocked},
		{"released", []plant.Fact{hold("A"), decide("A", plant.DecideRelease)}, plant.LotUnrestricted},
		{"used as is", []plant.Fact{hold("A"), decide("A", plant.DecideUseAsIs)}, plant.LotUnrestricted},
		{"scrapped", []plant.Fact{hold("A"), decide("A", plant.DecideScrap)}, plant.LotScrapped},
		{"to be reworked", []plant.Fact{hold("A"), decide("A", plant.DecideToRework)}, plant.LotBlocked},
		{"another case still open", []plant.Fact{hold("A"), hold("B"), decide("A", plant.DecideRelease)}, plant.LotBlocked},
		{"scrapped for one case, released for another", []plant.Fact{hold("A"), hold("B"), decide("A", plant.DecideScrap), decide("B", plant.DecideRelease)}, plant.LotScrapped},
		{"hold arrives after its decision", []plant.Fact{decide("A", plant.DecideRelease), hold("A")}, plant.LotUnrestricted},
		{"held again for another case", []plant.Fact{hold("A"), decide("A", plant.DecideRelease), hold("B")}, plant.LotBlocked},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newERP()
			for _, f := range tt.fs {
				if e.Notice(event(f, day(8))) == nil {
					if row, _ := tell(e, f); row.Refusal != nil {
						t.Fatal(row.Refusal)
					}
				}
			}
			if got := e.State("lot", "S-1").(plant.Lot).Status; got != tt.want {
				t.Errorf("got status %s, want %s", got, tt.want)
			}
			row, _ := tell(e, consumed("S-1", "1", "KG"))
			if usable := row.Refusal == nil; usable != (tt.want == plant.LotUnrestricted) {
				t.Errorf("status %s, but consumption answered %v", tt.want, row.Refusal)
			}
		})
	}
}

func TestBatch(t *testing.T) {
	type batch struct {
		name   string
		set    func(*erp.Options)
		facts  []plant.Fact
		codes  []string // "" means posted
		posted int
	}
	atomic := func(o *erp.Options) { o.Atomic = true }
	for _, tt := range []batch{
		{"per row", func(*erp.Options) {}, []plant.Fact{confirmed(1, 5), confirmed(2, -1), confirmed(3, 5)}, []string{"", "quantity-negative", ""}, 2},
		{"all good", atomic, []plant.Fact{confirmed(1, 5), consumed("S-1", "1", "KG")}, []string{"", ""}, 2},
		{"one bad", atomic, []plant.Fact{confirmed(1, 5), consumed("S-9", "1", "KG"), received(1, 5), held("S-1")},
			[]string{"batch-rolled-back", "lot-unknown", "batch-rolled-back", "batch-rolled-back"}, 0},
		{"each bad one is told its own reason", atomic, []plant.Fact{consumed("S-9", "1", "KG"), confirmed(1, -5), confirmed(2, 5), plant.OrderReleased{}},
			[]string{"lot-unknown", "quantity-negative", "batch-rolled-back", "kind-not-taken"}, 0},
		{"rows that only together exceed the stock", atomic, []plant.Fact{consumed("S-1", "60", "KG"), consumed("S-1", "60", "KG")}, []string{"batch-rolled-back", "stock-short"}, 0},
		{"a lot that the batch itself would make", atomic, []plant.Fact{
			plant.Received{Order: "4711", Counter: 1, Material: "PUMP", Lot: "NEW", Quantity: plant.Of(5, "EA")}, confirmed(1, -5)}, []string{"batch-rolled-back", "quantity-negative"}, 0},
		{"repetition inside the batch", func(o *erp.Options) { o.Atomic, o.NaturalKey = true, true }, []plant.Fact{confirmed(1, 5), confirmed(1, 5)}, []string{"batch-rolled-back", "already-posted"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newERP(tt.set)
			before := dump(e)
			rows, posted := tellAll(e, tt.facts...)
			for i, want := range tt.codes {
				got := ""
				if rows[i].Refusal != nil {
					got = rows[i].Refusal.Code
				}
				if got != want || (want == "") != (rows[i].Doc != "") {
					t.Errorf("row %d: got %q and document %q, want %q", i+1, got, rows[i].Doc, want)
				}
			}
			if len(posted) != tt.posted {
				t.Errorf("posted %d, want %d", len(posted), tt.posted)
			}
			if after := dump(e); tt.posted == 0 && after != before {
				t.Errorf("a rolled back batch changed the books from\n%s\nto\n%s", before, after)
			}
			if row, _ := tell(e, confirmed(9, 1)); row.Doc != fmt.Sprint(5000000001+count(posted, plant.KindConfirmation)) {
				t.Errorf("a rolled back batch used up numbers: next is %s", row.Doc)
			}
		})
	}
}

func count(ps []simulators.Posting, k plant.Kind) (n int) {
	for _, p := range ps {
		if p.Claim.Fact.Kind() == k {
			n++
		}
	}
	return n
}

func TestRolledBackRowsShareTheCause(t *testing.T) {
	e := newERP(func(o *erp.Options) { o.Atomic = true })
	must(e.Lock("4711", true))
	rows, _ := tellAll(e, held("S-1"), confirmed(1, 5))
	if r := rows[0].Refusal; r == nil || r.Outcome != simulators.Locked || r.Class != simulators.Technical {
		t.Errorf("got %+v, want a row that may be sent again as the locked one", r)
	}
}

func TestChange(t *testing.T) {
	e := newERP()
	tell(e, confirmed(1, 5)) // posted before repetitions are refused, and known all the same
	e.Change(func(o *erp.Options) { o.NaturalKey = true })
	if row, _ := tell(e, confirmed(1, 5)); row.Refusal == nil || row.Doc != "5000000001" {
		t.Errorf("got %+v, want already-posted", row)
	}
}

func TestQueries(t *testing.T) {
	e := newERP()
	tell(e, confirmed(1, 5))
	tell(e, consumed("S-1", "1", "KG"))
	tell(e, confirmed(1, 5))
	ask := func(object string, where map[string]string) simulators.Answer {
		return e.Handle(simulators.Ask{Query: &simulators.Query{Object: object, Where: where}}, nil)
	}
	for _, tt := range []struct {
		object string
		where  map[string]string
		found  int
		code   string
	}{
		{"order", map[string]string{"id": "4711"}, 1, ""},
		{"order", map[string]string{"order": "4711"}, 1, ""},
		{"order", map[string]string{"id": "9999"}, 0, "order-unknown"},
		{"orders", nil, 2, ""},
		{"orders", map[string]string{"limit": "1"}, 1, ""},
		{"orders", map[string]string{"after": "0000OPEN"}, 1, ""},
		{"orders", map[string]string{"after": "9999"}, 0, "query-unknown"},
		{"orders", map[string]string{"limit": "0"}, 0, "query-unknown"},
		{"lot", map[string]string{"id": "S-1"}, 1, ""},
		{"lot", map[string]string{"id": "S-9"}, 0, "lot-unknown"},
		{"item", map[string]string{"id": "PUMP"}, 1, ""},
		{"item", map[string]string{"id": "PLUMP"}, 0, "item-unknown"},
		{"items", nil, 4, ""},
		{"boms", nil, 0, ""},
		{"bom", map[string]string{"id": "PUMP"}, 0, "bom-unknown"},
		{"routing", map[string]string{"id": "PUMP"}, 0, "routing-unknown"},
		{"work-center", map[string]string{"id": "WC-9"}, 0, "work-center-unknown"},
		{"calendar", map[string]string{"id": "ROME"}, 0, "calendar-unknown"},
		{"stock", nil, 9, ""},
		{"stock", map[string]string{"material": "STEEL"}, 5, ""},
		{"stock", map[string]string{"lot": "S-1"}, 1, ""},
		{"postings", map[string]string{"reference": "confirmation/4711/0010/1"}, 2, ""},
		{"postings", map[string]string{"reference": "confirmation/4711/0010/1", "order": "4712"}, 0, ""},
		{"postings", map[string]string{"reference": "never heard of"}, 0, ""},
		{"postings", map[string]string{"order": "4711"}, 3, ""},
		{"postings", nil, 0, "query-unknown"},
		{"dreams", nil, 0, "query-unknown"},
	} {
		a := ask(tt.object, tt.where)
		code := ""
		if a.Refusal != nil {
			code = a.Refusal.Code
		}
		if code != tt.code || len(a.Found) != tt.found {
			t.Errorf("%s %v: got %d found and refusal %q, want %d and %q", tt.object, tt.where, len(a.Found), code, tt.found, tt.code)
		}
	}
	if a := ask("orders", map[string]string{"limit": "1"}); a.Cursor != "0000OPEN" {
		t.Errorf("got cursor %q, want that of the last one shown", a.Cursor)
	}
	if a := e.Handle(simulators.Ask{}, nil); a.Refusal == nil || a.Refusal.Code != "nothing-said" {
		t.Errorf("an empty message: got %v", a.Refusal)
	}
	for _, object := range []string{"order", "lot", "item", "wip", "cases", "inspections", "dreams"} {
		if got := e.State(object, "9999"); got != nil {
			t.Errorf("State(%s) of what is not there: got %v, want nil", object, got)
		}
	}
}
