package b2mml

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/andon-rig/andon/simulators/dialects/neutral"
)

// answered lists the elements of replies, in the form of published.
const answered = `
Confirm: OriginalApplicationArea ResponseCriteria*
Show: OriginalApplicationArea ResponseCriteria*
ResponseCriteria: ResponseExpression ChangeStatus
ChangeStatus: Code Description* ReasonCode Reason*
BOD: OriginalApplicationArea
`

// instants are the leaves that are points in time with their offset.
var instants = strings.Fields("CreationDateTime PublishedDate PostingDate StartTime EndTime Endtime ActualStartTime ActualEndTime")

// materialUses are the words for what was done with a material; scrap and
// rework are said with Other.
var materialUses = []string{"Consumed", "Produced", "Yield Produced", "Returned Sample", "Other"}

// demanded are the elements that must be there, by the one they stand in.
var demanded = map[string]string{
	"ApplicationArea": "CreationDateTime", "ResponseCriteria": "ResponseExpression ChangeStatus", "ChangeStatus": "Code", "BOD": "OriginalApplicationArea",
}

// attributes are those that are written or read, by the element that has one.
var attributes = map[string]string{"MaterialUse": "OtherValue", "ResponseExpression": "actionCode", "Reason": "name", "Process": "acknowledgeCode"}

// Schemas are XML Schemas of what the dialect writes, reads and answers, by
// the name that each has as a file: what a contract of format xsd is made of.
// They are made from the elements that the decoder knows, say less than the
// published ones about what is not read here, and more about what is.
func Schemas() map[string][]byte {
	return map[string][]byte{
		"b2mml.xsd":    schemaOfBODs(),
		"soap-1.1.xsd": schemaOfEnvelope(soap11),
		"soap-1.2.xsd": schemaOfEnvelope(soap12),
	}
}

type schemaWriter struct{ strings.Builder }

func (w *schemaWriter) line(depth int, format string, args ...any) {
	w.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(w, format+"\n", args...)
}

func (w *schemaWriter) begin(about, space string) {
	w.line(0, `<?xml version="1.0" encoding="UTF-8"?>`)
	w.line(0, "<!-- %s -->", about)
	w.line(0, `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="%s" targetNamespace="%s" elementFormDefault="qualified">`, space, space)
}

func schemaOfBODs() []byte {
	w := &schemaWriter{}
	w.begin("What b2mml-xml/v7 speaks of B2MML "+Release+", as the code has it. B2MML is used courtesy of MESA International.", Namespace)
	for _, noun := range nouns {
		for _, verb := range verbs {
			if verb == "Get" || len(neutral.KindsOf(verb, noun)) > 0 {
				w.bod(verb+noun, true, verb, noun)
			}
		}
		w.bod("Show"+noun, true, "Show", noun)
	}
	for _, noun := range slices.Sorted(maps.Keys(askedFor)) {
		if slices.Contains(nouns, noun) {
			continue // with the others
		}
		w.bod("Get"+noun, true, "Get", noun)
		w.bod("Show"+noun, true, "Show", noun)
	}
	w.bod("ConfirmBOD", false, "Confirm", "BOD")
	for _, table := range []string{published, answered} {
		for line := range strings.Lines(table) {
			if name, _, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
				w.complex(name, shapesOf(line)[name])
			}
		}
	}
	w.leaves()
	w.line(0, "</xs:schema>")
	return []byte(w.String())
}

// bod declares an element that may be the root of a document.
func (w *schemaWriter) bod(name string, release bool, verb, noun string) {
	w.line(1, `<xs:element name="%s">`, name)
	w.line(2, `<xs:complexType>`)
	w.line(3, `<xs:sequence>`)
	w.line(4, `<xs:element name="ApplicationArea" type="ApplicationArea"/>`)
	w.line(4, `<xs:element name="DataArea">`)
	w.line(5, `<xs:complexType>`)
	w.line(6, `<xs:sequence>`)
	w.line(7, `<xs:element name="%s" type="%s"/>`, verb, verb)
	w.line(7, `<xs:element name="%s" type="%s" maxOccurs="unbounded"/>`, noun, noun)
	w.line(6, `</xs:sequence>`)
	w.line(6, `<xs:anyAttribute processContents="lax"/>`)
	w.line(5, `</xs:complexType>`)
	w.line(4, `</xs:element>`)
	w.line(3, `</xs:sequence>`)
	use := "optional"
	if release {
		use = "required"
	}
	w.line(3, `<xs:attribute name="releaseID" type="xs:string" use="%s" fixed="%s"/>`, use, Release)
	w.line(3, `<xs:anyAttribute processContents="lax"/>`)
	w.line(2, `</xs:complexType>`)
	w.line(1, `</xs:element>`)
}

// complex declares the type of an element with elements in it.
func (w *schemaWriter) complex(name string, s *shape) {
	w.line(1, `<xs:complexType name="%s">`, name)
	w.line(2, `<xs:sequence>`)
	for _, p := range s.parts {
		occurs := ` minOccurs="0"`
		if slices.Contains(strings.Fields(demanded[name]), p.name) {
			occurs = ""
		}
		if p.repeated {
			occurs += ` maxOccurs="unbounded"`
		}
		w.line(3, `<xs:element name="%s" type="%s"%s/>`, p.name, typeOf(p), occurs)
	}
	w.line(3, `<xs:any namespace="%s" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>`, Extensions)
	w.line(2, `</xs:sequence>`)
	w.attribute(2, name)
	w.line(2, `<xs:anyAttribute processContents="lax"/>`)
	w.line(1, `</xs:complexType>`)
}

// typeOf names the type of an element.
func typeOf(p part) string {
	switch {
	case p.name == "ActionCriteria", p.opaque:
		return "Opaque"
	case p.name == "SegmentRequirementChild":
		return "SegmentRequirement"
	case p.name == "EquipmentChild":
		return "Equipment"
	case p.name == "AssemblyBillOfMaterialItem":
		return "OperationsMaterialBillItem"
	case p.name == "OriginalApplicationArea":
		return "ApplicationArea"
	case p.name == "QuantityString":
		return "Decimal"
	case shapes[p.name] != nil, attributes[p.name] != "", strings.Contains(answered, "\n"+p.name+":"):
		return p.name
	case slices.Contains(instants, p.name):
		return "Instant"
	}
	return "Text"
}

// leaves declares what has no elements of its own that are looked at.
func (w *schemaWriter) leaves() {
	w.restriction("InstantValue", "xs:dateTime", `<xs:pattern value=".*(Z|[+\-][0-9][0-9]:[0-9][0-9])"/>`)
	w.restriction("DecimalValue", "xs:string", `<xs:pattern value="\s*-?[0-9]+(\.[0-9]+)?\s*"/>`)
	var uses []string
	for _, u := range materialUses {
		uses = append(uses, fmt.Sprintf(`<xs:enumeration value="%s"/>`, u))
	}
	w.restriction("MaterialUseValue", "xs:string", uses...)
	w.simple("Instant", "InstantValue")
	w.simple("Decimal", "DecimalValue")
	w.simple("Text", "xs:string")
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		switch {
		case name == "MaterialUse":
			w.simple(name, "MaterialUseValue")
		case shapes[name] == nil:
			w.simple(name, "xs:string")
		}
	}
	w.opaque()
}

func (w *schemaWriter) restriction(name, base string, facets ...string) {
	w.line(1, `<xs:simpleType name="%s">`, name)
	w.line(2, `<xs:restriction base="%s">`, base)
	for _, f := range facets {
		w.line(3, "%s", f)
	}
	w.line(2, `</xs:restriction>`)
	w.line(1, `</xs:simpleType>`)
}

// opaque declares the type of what is not looked at.
func (w *schemaWriter) opaque() {
	w.line(1, `<xs:complexType name="Opaque" mixed="true">`)
	w.line(2, `<xs:sequence>`)
	w.line(3, `<xs:any processContents="skip" minOccurs="0" maxOccurs="unbounded"/>`)
	w.line(2, `</xs:sequence>`)
	w.line(2, `<xs:anyAttribute processContents="skip"/>`)
	w.line(1, `</xs:complexType>`)
}

func (w *schemaWriter) simple(name, base string) {
	w.line(1, `<xs:complexType name="%s">`, name)
	w.line(2, `<xs:simpleContent>`)
	w.line(3, `<xs:extension base="%s">`, base)
	w.attribute(4, name)
	w.line(4, `<xs:anyAttribute processContents="lax"/>`)
	w.line(3, `</xs:extension>`)
	w.line(2, `</xs:simpleContent>`)
	w.line(1, `</xs:complexType>`)
}

// attribute declares that of an element, if it has one.
func (w *schemaWriter) attribute(depth int, element string) {
	if a := attributes[element]; a != "" {
		w.line(depth, `<xs:attribute name="%s" type="xs:string"/>`, a)
	}
}

// schemaOfEnvelope describes what of an envelope is looked at: a body with one
// BOD in it, or a fault.
func schemaOfEnvelope(space string) []byte {
	w := &schemaWriter{}
	w.begin("The envelope around a BOD.", space)
	w.line(1, `<xs:import namespace="%s" schemaLocation="b2mml.xsd"/>`, Namespace)
	w.line(1, `<xs:element name="Envelope">`)
	w.line(2, `<xs:complexType>`)
	w.line(3, `<xs:sequence>`)
	w.line(4, `<xs:element name="Header" type="Opaque" minOccurs="0"/>`)
	w.line(4, `<xs:element name="Body">`)
	w.line(5, `<xs:complexType>`)
	w.line(6, `<xs:choice>`)
	w.line(7, `<xs:element name="Fault" type="Opaque"/>`)
	w.line(7, `<xs:any namespace="%s" processContents="strict"/>`, Namespace)
	w.line(6, `</xs:choice>`)
	w.line(6, `<xs:anyAttribute processContents="lax"/>`)
	w.line(5, `</xs:complexType>`)
	w.line(4, `</xs:element>`)
	w.line(3, `</xs:sequence>`)
	w.line(3, `<xs:anyAttribute processContents="lax"/>`)
	w.line(2, `</xs:complexType>`)
	w.line(1, `</xs:element>`)
	w.opaque()
	w.line(0, "</xs:schema>")
	return []byte(w.String())
}
