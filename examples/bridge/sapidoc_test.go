package bridge

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// said are the texts of a message at a name, wherever it stands.
func saidAt(t *testing.T, message []byte, name string) (all []string) {
	t.Helper()
	var root any
	if err := json.Unmarshal(message, &root); err != nil {
		t.Fatal(err)
	}
	walk(root, func(at string, v any) {
		if text, ok := v.(string); ok && at == name {
			all = append(all, text)
		}
	})
	return all
}

// Documents that a system made, and shorter ones made by people, are read as they
// are; a damaged one is not.
func TestIDocSamplesAreRead(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "standards", "sap-idoc")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("the samples are not at %s, so that it is not shown that IDocs of another's making are read; get github.com/SAP-samples/digital-manufacturing-extension-samples and put its LOIPRO05, LOIWCS03 and MATMAS05 there to run this", root)
	}
	for file, want := range map[string]struct{ name, says, damage string }{
		"LOIPRO05.xml":                    {"orders", "208277437 S1SP02677 200 2023-12-11T00:29:41+01:00 2023-12-15T13:58:42+01:00 R1CH01007 3560.1 TEST_AZ", "<STAT>I0002</STAT>"},
		"LOIPRO05_Original.xml":           {"orders", "1895938 D2O_EVOGUARD_DOUBLE_SEAT_VALVE_V1 2023-12-04T16:46:53+01:00 2023-12-04T18:00:00+01:00 D2O_SEALING_PLUG PT600S D2O_ASSY", "<AUFNR>1895938</AUFNR>"},
		"LOIWCS03.xml":                    {"work-centers", "TEST_AZ", "<ARBPL>TEST_AZ</ARBPL>"},
		"R1CH01007_RAW_MAT_IDOC.xml":      {"items", "R1CH01007 EA", "<MEINS>EA</MEINS>"},
		"R1MF00012_RAW_MAT_IDOC.xml":      {"items", "R1MF00012 EA", "<MATNR>R1MF00012</MATNR>"},
		"S1SP02677_FINISHED_MAT_IDOC.xml": {"items", "S1SP02677 EA", ` xmlns="urn:sap-com:document:sap:idoc:soap:messages"`},
	} {
		body, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		r := newIDocReader(Config{Zone: "Europe/Berlin"})
		name, message, err := r.message(body)
		if err != nil || name != want.name {
			t.Errorf("%s: %s, %v", file, name, err)
			continue
		}
		for _, text := range strings.Fields(want.says) {
			if !strings.Contains(string(message), `"`+text+`"`) {
				t.Errorf("%s: %s is not said in %s", file, text, message)
			}
		}
		damaged := strings.ReplaceAll(string(body), want.damage, "")
		if damaged == string(body) {
			t.Fatalf("%s: there is no %s", file, want.damage)
		}
		if name, message, err := r.message([]byte(damaged)); err == nil {
			t.Errorf("%s without %s is read as %s %s", file, want.damage, name, message)
		}
	}
}

// idocOf is an order as an IDoc tells it, with what is changed of it.
func idocOf(changes ...string) []byte {
	return []byte(strings.NewReplacer(changes...).Replace(`<LOIPRO05 xmlns="urn:sap-com:document:sap:idoc:soap:messages"><IDOC BEGIN="1">
<EDI_DC40 SEGMENT="1"><MESTYP>LOIPRO</MESTYP><SERIAL>20260302040000000000</SERIAL></EDI_DC40>
<E1AFKOL SEGMENT="1"><AUFNR>4711</AUFNR><MATNR>PUMP-7</MATNR><GAMNG>200.000</GAMNG><GMEIN>EA</GMEIN><GSTRS>20260302</GSTRS><GSUZS>060000</GSUZS><GLTRS>20260302</GLTRS><GLUZS>240000</GLUZS>
<E1JSTKL SEGMENT="1"><STAT>I0002</STAT></E1JSTKL><Z1AFKOL SEGMENT="1"><VERSION>3</VERSION></Z1AFKOL>
<E1AFFLL SEGMENT="1"><E1AFVOL SEGMENT="1"><VORNR>0010</VORNR><ARBPL>TURN</ARBPL><BMSCH>10.000</BMSCH><VGE01>MIN</VGE01><VGW01>1.500000000000000E+01</VGW01><VGE02>H</VGE02><VGW02>0.250</VGW02>
<E1RESBL SEGMENT="1"><RSPOS>0002</RSPOS><MATNR>B</MATNR><BDMNG>2.050000000000000E+02</BDMNG><MEINS>KGM</MEINS></E1RESBL>
<E1RESBL SEGMENT="1"><RSPOS>0001</RSPOS><MATNR_LONG>A</MATNR_LONG><BDMNG>1.000</BDMNG><MEINS>EA</MEINS></E1RESBL></E1AFVOL>
<E1AFVOL SEGMENT="1"><VORNR>0015</VORNR><E1JSTVL SEGMENT="1"><STAT>I0013</STAT></E1JSTVL></E1AFVOL></E1AFFLL></E1AFKOL></IDOC></LOIPRO05>`))
}

// TestIDocOrders: a day ends at 24 o'clock, standard values are for the base
// quantity, components stand in the sequence of their reservation, and what is
// deleted is not there.
func TestIDocOrders(t *testing.T) {
	r := newIDocReader(Config{Zone: "Europe/Berlin"})
	name, message, err := r.message(idocOf())
	if err != nil || name != "orders" {
		t.Fatal(name, err)
	}
	text := string(message)
	for _, want := range []string{`"2026-03-03T00:00:00+01:00"`, `"2026-03-02T06:00:00+01:00"`, `"PT900S"`, `"PT90S"`, `"205"`, "ProcessOperationsSchedule"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not said in %s", want, text)
		}
	}
	if ids := strings.Join(saidAt(t, message, "MaterialDefinitionID"), " "); strings.Contains(text, "0015") || strings.Index(text, `"A"`) > strings.Index(text, `"B"`) || !regexp.MustCompile(`"A".*"B"`).MatchString(text) {
		t.Errorf("%s, %s", ids, text)
	}
	for want, changes := range map[string][]string{
		"ChangeOperationsSchedule": {"<MESTYP>LOIPRO</MESTYP>", "<MESTYP>LOIPRO</MESTYP><MESFCT>CHG</MESFCT>"},
		"CancelOperationsSchedule": {"<STAT>I0002</STAT>", "<STAT>I0002</STAT></E1JSTKL><E1JSTKL><STAT>I0076</STAT>"},
	} {
		if _, message, err := r.message(idocOf(changes...)); err != nil || !strings.Contains(string(message), want) || !strings.Contains(string(message), `"3"`) {
			t.Errorf("%s: %s, %v", want, message, err)
		}
	}
	for want, changes := range map[string][]string{
		"is not released": {"I0002", "I0001"}, "is no number": {"1.000<", "1,000<"}, "no date": {"<GSTRS>20260302", "<GSTRS>20260332"}, "unit of time": {"<VGE02>H", "<VGE02>KG"},
		"not known here": {"LOIPRO05", "LOIPRO01"}, "what it is about": {"<AUFNR>4711</AUFNR>", ""}, "namespace": {"urn:sap-com", "urn:example"}, "read IDoc": {"</LOIPRO05>", ""},
	} {
		if _, message, err := r.message(idocOf(changes...)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q; %s", changes, err, want, message)
		}
	}
	flawed := idocReader{zone: r.zone, defect: M175}
	if _, message, err := flawed.message(idocOf()); err != nil || !strings.Contains(string(message), `"2026-03-02T06:00:00Z"`) {
		t.Errorf("M175: %s, %v", message, err)
	}
	if (Config{ERP: Endpoint{URL: "http://erp"}, Zone: "Mars/Base"}).Validate() == nil || time.UTC == r.zone {
		t.Error("a zone that nobody knows is good")
	}
}
