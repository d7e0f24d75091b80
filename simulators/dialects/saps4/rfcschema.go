package saps4

import "strings"

// functionForms are the patterns of fields, by how they are written. Nothing is said in a
// field that is empty.
var functionForms = [...]struct{ name, pattern string }{
	{"amount", `(\s*-?\d+(\.\d+)?\s*)?`}, {"answer", `[SIWEA]?`}, {"clock", `(\d{2}:\d{2}:\d{2}|\d{6})?`}, {"count", `\d*`}, {"day", `(\d{4}-\d{2}-\d{2}|\d{8})?`},
	{"final", `[1X]?`}, {"flag", `[X ]?`}, {"guid", `([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32})?`}, {"instant", `(\d{4}-\d{2}-\d{2}T.*)?`}, {"text", ""},
}

// formOf are the kinds of fields by the names of their forms.
var formOf = map[kind]string{aNumber: "amount", aDay: "day", aClock: "clock", aGUID: "guid", aCount: "count", anInstant: "instant"}

// answeredForms are those of fields of messages that are not texts.
var answeredForms = map[string]string{"TYPE": "answer", "NUMBER": "count", "ROW": "count", "FLG_LOCKED": "flag", "CONF_NO": "count", "CONF_CNT": "count"}

// FunctionSchema is the XML Schema of the call that confirms and of its answer. A
// call may have its fields in any sequence.
func FunctionSchema() []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<!-- The function by which sap-s4/v2 takes confirmations, and its answer. Fields that begin with ZZ are those that a customer appends. -->
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="` + functionSpace + `" targetNamespace="` + functionSpace + `" elementFormDefault="unqualified">
`)
	for _, f := range functionForms {
		facet := "<xs:pattern value=\"" + f.pattern + "\"/>"
		if f.pattern == "" {
			facet = ""
		}
		b.WriteString("  <xs:simpleType name=\"" + f.name + "\"><xs:restriction base=\"xs:string\">" + facet + "</xs:restriction></xs:simpleType>\n")
	}
	ticketForms, movementForms := map[string]string{"FIN_CONF": "final"}, map[string]string{}
	for _, f := range ticketFields {
		if form := formOf[f.kind]; form != "" {
			ticketForms[f.name] = form
		}
	}
	for _, f := range movementFields {
		if form := formOf[f.kind]; form != "" {
			movementForms[f.name] = form
		}
	}
	structureType(&b, "ticket", "all", ticketList+customFields, "ORDERID OPERATION", ticketForms)
	structureType(&b, "movement", "all", movementList+" CONF_ID"+customFields, "", movementForms)
	structureType(&b, "moved", "sequence", movementList, "*", nil)
	structureType(&b, "told", "sequence", detailList, "*", answeredForms)
	structureType(&b, "grave", "sequence", returnList, "*", answeredForms)
	structureType(&b, "detail", "all", detailList, "", nil)
	structureType(&b, "characteristic", "all", "CHAR_NAME CHAR_VALUE CHAR_VALUE_LONG", "", nil)
	structureType(&b, "serial", "all", "MATDOC_ITM SERIALNO UII", "", map[string]string{"MATDOC_ITM": "count"})
	structureType(&b, "link", "all", "INDEX_GOODSMVT INDEX_CHAR_BATCH", "", map[string]string{"INDEX_GOODSMVT": "count", "INDEX_CHAR_BATCH": "count"})
	tables := map[string]string{"ET_DETAIL_RETURN": "detail", "IT_CHARACTERISTICS_BATCH": "characteristic", "IT_GOODSMOVEMENTS": "movement", "IT_GOODSMVT_SERIALNUMBER": "serial", "IT_LINK_GM_CHAR_BATCH": "link"}
	b.WriteString("  <xs:element name=\"" + confirmFunction + "\">\n    <xs:complexType>\n      <xs:all>\n")
	for _, p := range parameters {
		switch {
		case p == "IS_TIMETICKETS":
			b.WriteString("        <xs:element name=\"" + p + "\" type=\"ticket\"/>\n")
		case strings.HasPrefix(p, "IV_"):
			b.WriteString("        <xs:element name=\"" + p + "\" type=\"flag\" minOccurs=\"0\"/>\n")
		default:
			table(&b, p, tables[p], ` minOccurs="0"`)
		}
	}
	b.WriteString("      </xs:all>\n    </xs:complexType>\n  </xs:element>\n  <xs:element name=\"" + confirmFunction + ".Response\">\n    <xs:complexType>\n      <xs:sequence>\n        <xs:element name=\"ES_RETURN\" type=\"grave\"/>\n")
	table(&b, "ET_DETAIL_RETURN", "told", "")
	table(&b, "IT_CHARACTERISTICS_BATCH", "characteristic", "")
	table(&b, "IT_GOODSMOVEMENTS", "moved", "")
	table(&b, "IT_GOODSMVT_SERIALNUMBER", "serial", "")
	table(&b, "IT_LINK_GM_CHAR_BATCH", "link", "")
	b.WriteString("      </xs:sequence>\n    </xs:complexType>\n  </xs:element>\n</xs:schema>\n")
	return []byte(b.String())
}

// structureType writes a structure of fields, of which those in needed, or all if
// that is *, have to be there.
func structureType(b *strings.Builder, name, group, list, needed string, form map[string]string) {
	b.WriteString("  <xs:complexType name=\"" + name + "\">\n    <xs:" + group + ">\n")
	for _, f := range strings.Fields(list) {
		field, _, _ := strings.Cut(f, "=")
		is := form[field]
		if is == "" {
			is = "text"
		}
		b.WriteString("      <xs:element name=\"" + field + "\" type=\"" + is + "\"")
		if needed != "*" && !strings.Contains(" "+needed+" ", " "+field+" ") {
			b.WriteString(` minOccurs="0"`)
		}
		b.WriteString("/>\n")
	}
	b.WriteString("    </xs:" + group + ">\n  </xs:complexType>\n")
}

// table writes a table of rows.
func table(b *strings.Builder, name, row, occurs string) {
	b.WriteString("        <xs:element name=\"" + name + "\"" + occurs + "><xs:complexType><xs:sequence><xs:element name=\"item\" type=\"" + row + "\" minOccurs=\"0\" maxOccurs=\"unbounded\"/></xs:sequence></xs:complexType></xs:element>\n")
}
