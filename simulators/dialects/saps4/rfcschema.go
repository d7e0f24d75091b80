package saps4

import (
	"slices"
	"strings"
)

// functionForms are the patterns of fields, by how they are written. Nothing is said in a
// field that is empty.
var functionForms = [...]struct{ name, pattern string }{
	{"amount", `(\s*-?\d+(\.\d+)?\s*)?`}, {"answer", `[SIWEA]?`}, {"clock", `(\d{2}:\d{2}:\d{2}|\d{6})?`}, {"count", `\d*`}, {"day", `(\d{4}-\d{2}-\d{2}|\d{8})?`},
	{"final", `[1X]?`}, {"flag", `[X ]?`}, {"guid", `([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32})?`}, {"instant", `(\d{4}-\d{2}-\d{2}T.*)?`},
}

// formOf are the names of forms, by the kinds of fields; of a text there is none.
var formOf = map[kind]string{aNumber: "amount", aDay: "day", aClock: "clock", aGUID: "guid", aCount: "count", anInstant: "instant"}

// answeredForms are those of fields of messages that are not texts.
var answeredForms = map[string]string{"TYPE": "answer", "NUMBER": "count", "ROW": "count", "FLG_LOCKED": "flag", "CONF_NO": "count", "CONF_CNT": "count"}

// FunctionSchema is the XML Schema of the call that confirms and of its answer. A
// call may have its fields in any sequence.
func FunctionSchema() []byte {
	var x xsd
	x.begin("The function by which sap-s4/v2 takes confirmations, and its answer. Fields that begin with ZZ are those that a customer appends.", functionSpace, "unqualified")
	for _, f := range functionForms {
		x.pattern(f.name, f.pattern)
	}
	x.text("text", "")
	ticketForms, movementForms := formsOf(ticketFields), formsOf(movementFields)
	ticketForms["FIN_CONF"] = "final"
	structureType(&x, "ticket", "all", ticketList+customFields, "ORDERID OPERATION", ticketForms)
	structureType(&x, "movement", "all", movementList+" CONF_ID"+customFields, "", movementForms)
	structureType(&x, "moved", "sequence", movementList, "*", nil)
	structureType(&x, "told", "sequence", detailList, "*", answeredForms)
	structureType(&x, "grave", "sequence", returnList, "*", answeredForms)
	structureType(&x, "detail", "all", detailList, "", nil)
	structureType(&x, "characteristic", "all", characteristicList, "", nil)
	structureType(&x, "serial", "all", serialList, "", map[string]string{"MATDOC_ITM": "count"})
	structureType(&x, "link", "all", linkList, "", map[string]string{"INDEX_GOODSMVT": "count", "INDEX_CHAR_BATCH": "count"})
	tables := map[string]string{"ET_DETAIL_RETURN": "detail", "IT_CHARACTERISTICS_BATCH": "characteristic", "IT_GOODSMOVEMENTS": "movement", "IT_GOODSMVT_SERIALNUMBER": "serial", "IT_LINK_GM_CHAR_BATCH": "link"}
	x.WriteString("  <xs:element name=\"" + confirmFunction + "\">\n    <xs:complexType>\n      <xs:all>\n")
	for _, p := range parameters {
		switch {
		case p == "IS_TIMETICKETS":
			x.element("        ", p, "ticket", true)
		case strings.HasPrefix(p, "IV_"):
			x.element("        ", p, "flag", false)
		default:
			table(&x, p, tables[p], ` minOccurs="0"`)
		}
	}
	x.WriteString("      </xs:all>\n    </xs:complexType>\n  </xs:element>\n  <xs:element name=\"" + confirmFunction + ".Response\">\n    <xs:complexType>\n      <xs:sequence>\n")
	x.element("        ", "ES_RETURN", "grave", true)
	table(&x, "ET_DETAIL_RETURN", "told", "")
	table(&x, "IT_CHARACTERISTICS_BATCH", "characteristic", "")
	table(&x, "IT_GOODSMOVEMENTS", "moved", "")
	table(&x, "IT_GOODSMVT_SERIALNUMBER", "serial", "")
	table(&x, "IT_LINK_GM_CHAR_BATCH", "link", "")
	x.WriteString("      </xs:sequence>\n    </xs:complexType>\n  </xs:element>\n</xs:schema>\n")
	return []byte(x.String())
}

// formsOf are the forms of those fields that are not texts.
func formsOf(fields []field) map[string]string {
	forms := map[string]string{}
	for _, f := range fields {
		if form := formOf[f.kind]; form != "" {
			forms[f.name] = form
		}
	}
	return forms
}

// structureType writes a structure of fields, of which those in needed, or all if
// that is *, have to be there.
func structureType(x *xsd, name, group, list, needed string, form map[string]string) {
	x.WriteString("  <xs:complexType name=\"" + name + "\">\n    <xs:" + group + ">\n")
	for _, f := range strings.Fields(list) {
		field, _, _ := strings.Cut(f, "=")
		x.element("      ", field, form[field], needed == "*" || slices.Contains(strings.Fields(needed), field))
	}
	x.WriteString("    </xs:" + group + ">\n  </xs:complexType>\n")
}

// table writes a table of rows.
func table(x *xsd, name, row, occurs string) {
	x.WriteString("        <xs:element name=\"" + name + "\"" + occurs + "><xs:complexType><xs:sequence><xs:element name=\"item\" type=\"" + row + "\" minOccurs=\"0\" maxOccurs=\"unbounded\"/></xs:sequence></xs:complexType></xs:element>\n")
}
