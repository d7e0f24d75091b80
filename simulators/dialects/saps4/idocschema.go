package saps4

import (
	"maps"
	"slices"
	"strings"
)

// A segmentType is what a segment of an IDoc is made of, as far as it is told
// here: the basic types have far more. Fields are written in this order, then the
// segments.
type segmentType struct {
	name   string
	often  string // how often it is there: "", "?", "*" or "+", as in regular expressions
	fields string // names, each with its form behind a colon if it has one, and with ! if it must be there
	inner  []segmentType
}

// Forms of fields.
var fieldForms = map[string]string{
	"day": `\d{8}`, "clock": `\d{6}`, "amount": `-?\d{1,13}\.\d{3,6}`, "float": `-?\d\.\d{15}E[+\-]\d{2}`, "count": `\d+`, "status": `I\d{4}`, "flag": `X`, "number": `\d{16}`, "serial": `\d{20}`,
}

var control = segmentType{"EDI_DC40", "", "TABNAM! MANDT! DOCNUM!:number DOCREL! STATUS! DIRECT! OUTMOD! IDOCTYP! CIMTYP MESTYP! MESFCT SNDPOR! SNDPRT! SNDPRN! RCVPOR! RCVPRT! RCVPRN! CREDAT:day CRETIM:clock ARCKEY! SERIAL:serial", nil}

var idocTypes = []segmentType{
	{orderIDoc, "", "", []segmentType{control, {"E1AFKOL", "", "AUFNR! AUART! AUTYP! MATNR MATNR_LONG WERKS! GAMNG:amount GMEIN BMENGE:amount BMEINS GSTRP!:day GSUZP!:clock GSTRS!:day GSUZS!:clock GLTRP!:day GLUZP!:clock GLTRS!:day GLUZS!:clock", []segmentType{
		{"E1AFPOL", "?", "POSNR! CHARG MATNR MATNR_LONG! PSMNG!:amount AMEIN", nil},
		{"E1JSTKL", "+", "STAT!:status", nil},
		{"Z1AFKOL", "", "VERSION!:count REVLV PRIOK:count", nil},
		{"E1AFFLL", "?", "PLNFL!", []segmentType{{"E1AFVOL", "+", "VORNR ARBPL LTXA1 STEUS! MEINH MGVRG!:amount BMSCH!:amount RUEST!:float RSTZE! BEARZ!:float BEAZE! VGE01! VGW01!:amount VGE02! VGW02!:amount", []segmentType{
			{"E1AFVOL2", "", "PAR01_LTXT! PAR02_LTXT! TERM! KAPA!", nil},
			{"E1JSTVL", "", "STAT!:status", nil},
			{"E1RESBL", "*", "BDART! BDMNG!:amount BDTER!:day MEINS WERKS! SHKZG! BWART! POSNR! RSPOS!:count MATNR MATNR_LONG!", []segmentType{{"Z1RESBL", "?", "VORNR ELSEWHERE!:flag", nil}}},
			{"Z1AFVOL", "?", "INSPECT!:flag", nil},
		}}}},
	}}}},
	{itemIDoc, "", "", []segmentType{control, {"E1MARAM", "", "MSGFN! MATNR MTART! MEINS LVORM:flag XCHPF:flag MATNR_LONG!", []segmentType{
		{"E1MAKTM", "?", "MSGFN! SPRAS! MAKTX! SPRAS_ISO!", nil},
		{"E1MARCM", "", "MSGFN! WERKS! XCHPF:flag SERNP", nil},
		{"E1MARMM", "*", "MSGFN! MEINH! UMREZ!:count UMREN!:count", nil},
		{"Z1MARAM", "", "VERSION!:count REVLV ANDEC!:count", nil},
	}}}},
	{centerIDoc, "", "", []segmentType{control, {"E1CRHDL", "", "OBJTY! OBJID! ARBPL! WERKS! VERWE!", []segmentType{
		{"E1CRTXL", "?", "MSGFN! SPRAS! KTEXT!", nil},
		{"Z1CRHDL", "", "VERSION!:count NGRAD:count", []segmentType{{"Z1CRMCL", "*", "MACHINE!", nil}}},
	}}}},
}

// IDocSchema is the XML Schema of the IDocs that are announced here. Those of the
// real types allow more; what begins with Z1 is ours.
func IDocSchema() []byte {
	var x xsd
	x.begin("The IDocs of sap-s4/v2: of the basic types, what is told here. Segments that begin with Z1 are those of an extension.", IDocSpace, "qualified")
	for _, form := range slices.Sorted(maps.Keys(fieldForms)) {
		x.pattern(form, fieldForms[form])
	}
	x.text("text", `<xs:minLength value="1"/>`)
	for _, t := range idocTypes {
		document := segmentType{"IDOC", "", "", t.inner}
		x.WriteString("  <xs:element name=\"" + t.name + "\">\n    <xs:complexType>\n      <xs:sequence>\n")
		document.write(&x, "BEGIN", "        ")
		x.WriteString("      </xs:sequence>\n    </xs:complexType>\n  </xs:element>\n")
	}
	x.WriteString("</xs:schema>\n")
	return []byte(x.String())
}

func (t segmentType) write(x *xsd, mark, indent string) {
	occurs := map[string]string{"?": ` minOccurs="0"`, "*": ` minOccurs="0" maxOccurs="unbounded"`, "+": ` maxOccurs="unbounded"`}[t.often]
	x.WriteString(indent + "<xs:element name=\"" + t.name + "\"" + occurs + ">\n" + indent + "  <xs:complexType>\n" + indent + "    <xs:sequence>\n")
	for _, f := range strings.Fields(t.fields) {
		name, form, _ := strings.Cut(f, ":")
		name, must := strings.CutSuffix(name, "!")
		x.element(indent+"      ", name, form, must)
	}
	for _, s := range t.inner {
		s.write(x, "SEGMENT", indent+"      ")
	}
	x.WriteString(indent + "    </xs:sequence>\n" + indent + "    <xs:attribute name=\"" + mark + "\" type=\"xs:string\" use=\"required\" fixed=\"1\"/>\n" + indent + "  </xs:complexType>\n" + indent + "</xs:element>\n")
}
