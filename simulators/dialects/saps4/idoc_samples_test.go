package saps4

import (
	"fmt"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// told is what a document of the samples says, in short.
func told(f plant.Fact) string {
	switch f := f.(type) {
	case plant.OrderReleased:
		o := f.Order
		s := fmt.Sprintf("order %s: %s %s of %s, lot %q, %s to %s;", o.ID, o.Quantity.Amount, o.Quantity.Unit, o.Item, o.Lot, o.Start.Format("2006-01-02 15:04:05"), o.Due.Format("2006-01-02 15:04:05"))
		for _, op := range o.Operations {
			s += fmt.Sprintf(" %s at %s %s+%s", op.ID, op.WorkCenter, op.Setup, op.Cycle)
		}
		if len(o.Components) > 0 {
			c, last := o.Components[0], o.Components[len(o.Components)-1]
			s += fmt.Sprintf("; %d components, %s %s of %s at %s to %s %s of %s at %s", len(o.Components), c.Quantity.Amount, c.Quantity.Unit, c.Material, c.Operation, last.Quantity.Amount, last.Quantity.Unit, last.Material, last.Operation)
		}
		return s
	case plant.ItemChanged:
		return fmt.Sprintf("item %s in %s: %s", f.Item.ID, f.Item.Unit, f.Item.Description)
	case plant.CenterChanged:
		return fmt.Sprintf("work center %s: %s", f.WorkCenter.ID, f.WorkCenter.Description)
	}
	return fmt.Sprintf("%T", f)
}

// idocSamples are those of github.com/SAP-samples/digital-manufacturing-extension-samples:
// documents that a system made, and shorter ones that people made for those that
// have no such system.
var idocSamples = map[string]struct{ says, damage, with, why string }{
	"LOIPRO05.xml": {"order 208277437: 200 EA of S1SP02677, lot \"\", 2023-12-11 00:29:41 to 2023-12-15 13:58:42; 0009 at TEST_AZ 0s+0s 0010 at TEST_AZ 0s+0s 0020 at TEST_AZ 0s+0s; " +
		"2 components, 3560.1 CM of R1CH01007 at 0010 to 400 EA of R1MF00012 at 0010", "<STAT>I0002</STAT>", "<STAT>I0001</STAT>", "no status I0002"},
	"LOIPRO05_Original.xml": {"order 1895938: 1 EA of D2O_EVOGUARD_DOUBLE_SEAT_VALVE_V1, lot \"\", 2023-12-04 16:46:53 to 2023-12-04 18:00:00; 0060 at D2O_ASSY 0s+10m0s 0070 at D2O_ASSY 0s+40m0s 0080 at D2O_ASSY 0s+15m0s; " +
		"12 components, 1 EA of D2O_DOUBLE_SEAT_VALVE_BODY at 0060 to 1 EA of D2O_DMC_CONTROL_HEAD_BLUE_KIT_V1 at 0060", "<GSUZS>164653</GSUZS>", "<GSUZS>16:46</GSUZS>", "GSTRS and GSUZS"},
	"LOIWCS03.xml":                    {"work center TEST_AZ: AAA - Inside Operation", "<ARBPL>TEST_AZ</ARBPL>", "<ARBPL/>", "ARBPL is missing"},
	"R1CH01007_RAW_MAT_IDOC.xml":      {"item R1CH01007 in EA: R1CH01007", "<MEINS>EA</MEINS>", "", "MEINS is missing"},
	"R1MF00012_RAW_MAT_IDOC.xml":      {"item R1MF00012 in EA: R1MF00012", "<MATNR>R1MF00012</MATNR>", "", "MATNR and MATNR_LONG are missing"},
	"S1SP02677_FINISHED_MAT_IDOC.xml": {"item S1SP02677 in EA: Gold Ring", "urn:sap-com:document:sap:idoc:soap:messages", "urn:example:idocs", "namespace"},
}

// TestIDocSamplesAreTaken: published documents are read as they are, and refused
// with the reason when they are damaged.
func TestIDocSamplesAreTaken(t *testing.T) {
	for file, want := range idocSamples {
		m := simulators.Message{Verb: "post", Method: "POST", Name: IDocs, Header: map[string]string{"Content-Type": "text/xml"}, Body: sample(t, "sap-idoc/"+file)}
		ask, err := Dialect{}.Decode(m)
		if err != nil || len(ask.Claims) != 1 {
			t.Errorf("%s: %d claims, %v", file, len(ask.Claims), err)
			continue
		}
		if got := told(ask.Claims[0].Fact); got != want.says || ask.Claims[0].ID == "" {
			t.Errorf("%s: %s\nwant %s", file, got, want.says)
		}
		damaged := strings.ReplaceAll(string(m.Body), want.damage, want.with)
		if damaged == string(m.Body) {
			t.Fatalf("%s: there is no %s", file, want.damage)
		}
		m.Body = []byte(damaged)
		if _, err := (Dialect{}).Decode(m); err == nil || !strings.Contains(err.Error(), want.why) {
			t.Errorf("%s with %q: %v, want %q", file, want.with, err, want.why)
		}
	}
}
