package saps4

import "strings"

// xsd writes an XML Schema: of texts by their patterns, and of elements.
type xsd struct{ strings.Builder }

// begin writes what comes first. Form says whether elements in others are of the
// namespace: qualified or unqualified.
func (x *xsd) begin(comment, space, form string) {
	x.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<!-- ` + comment + ` -->
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="` + space + `" targetNamespace="` + space + `" elementFormDefault="` + form + `">
`)
}

// pattern writes a type of texts that are written so.
func (x *xsd) pattern(name, pattern string) {
	x.text(name, `<xs:pattern value="`+pattern+`"/>`)
}

// text writes a type of texts; every text is one if facet is "".
func (x *xsd) text(name, facet string) {
	x.WriteString(`  <xs:simpleType name="` + name + `"><xs:restriction base="xs:string">` + facet + "</xs:restriction></xs:simpleType>\n")
}

// element writes an element of a type, text if that is "".
func (x *xsd) element(indent, name, of string, needed bool) {
	if of == "" {
		of = "text"
	}
	optional := ` minOccurs="0"`
	if needed {
		optional = ""
	}
	x.WriteString(indent + `<xs:element name="` + name + `" type="` + of + `"` + optional + "/>\n")
}
