package plant

import (
	"strings"
	"testing"
)

// TestNISTBoxReplaysTheRecord holds the shipped profile against the counts of
// its source, and a run of it against what a real lot did: it failed, and was
// used as it was.
func TestNISTBoxReplaysTheRecord(t *testing.T) {
	p, err := LoadProfile("nist-box")
	if err != nil {
		t.Fatal(err)
	}
	want := map[ItemID]struct{ operations, inspected, failing, features int }{
		"NISTMTC-BOX": {5, 19, 3, 3}, "NISTMTC-COVER": {3, 20, 1, 1}, "NISTMTC-PLATE": {2, 20, 19, 98},
	}
	for _, product := range p.Products {
		got := want[product.Item]
		got.operations, got.inspected, got.failing, got.features = len(product.Operations), 0, 0, 0
		for _, i := range product.Inspections {
			if i.Passed+i.Failed > 0 {
				got.inspected++
			}
			if i.Failed > 0 {
				got.failing++
			}
			got.features += i.Failed
		}
		if got != want[product.Item] {
			t.Errorf("%s: got %+v, want %+v", product.Item, got, want[product.Item])
		}
	}
	if all := strings.Join(p.Acknowledgement, " "); !strings.Contains(all, "National Institute of Standards and Technology") || !strings.Contains(all, "not endorsed") {
		t.Error("the profile does not carry the acknowledgement")
	}

	_, events := run(t, Config{Profile: "nist-box", Seed: 4711, Orders: 6, Open: -1})
	failing, plate, held, decided := 0, map[LotID]bool{}, map[LotID]bool{}, map[LotID]bool{}
	for _, e := range events {
		switch f := e.Fact.(type) {
		case OrderReleased:
			plate[f.Order.Lot] = f.Order.Item == "NISTMTC-PLATE"
		case Inspected:
			if plate[f.Lot] && f.Failed > 0 {
				failing++
				if !strings.Contains(f.Text, "Cone Angle") {
					t.Errorf("plate %s fails otherwise than recorded: %s", f.Serial, f.Text)
				}
			}
		case LotHeld:
			held[f.Lot] = true
		case LotDecided:
			decided[f.Lot] = true
		case Received:
			if held[f.Lot] && !decided[f.Lot] {
				t.Errorf("lot %s was received while on hold", f.Lot)
			}
			if len(f.Serials) != int(f.Quantity.Amount/One) {
				t.Errorf("receipt of %s has %d serials", f.Quantity, len(f.Serials))
			}
		}
	}
	if failing != 38 || len(held) != 4 {
		t.Errorf("2 orders of plates: %d failing, want 38; %d lots held, want 4 (boxes and plates)", failing, len(held))
	}
}
