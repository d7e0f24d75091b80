package b2mml

import (
	"cmp"
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
Acknowledge: OriginalApplicationArea ResponseCriteria*
Respond: OriginalApplicationArea ResponseCriteria*
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
	"SupportedAction": "TransactionVerb TransactionNoun",
}

// attributes are those that are written or read, by the element that has one.
var attributes = map[string]string{"MaterialUse": "OtherValue", "ResponseExpression": "actionCode", "Reason": "name", "Process": "acknowledgeCode", "Change": "responseCode",
	profile: "releaseID", "SupportedAction": "releaseID", "TransactionNoun": "OtherValue"}

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

// An exchange is a BOD that is read here, and the verb of the one that answers
// it; "" is a ConfirmBOD.
type exchange struct{ verb, noun, answer string }

// exchanges lists all of them. Those that are acknowledged and responded to are
// so if they ask for it.
func exchanges() (all []exchange) {
	for _, noun := range append(slices.Clone(nouns), onlyAsked...) {
		for _, verb := range verbs {
			switch {
			case verb == "Get":
				all = append(all, exchange{verb, noun, "Show"})
			case len(neutral.KindsOf(verb, noun)) > 0:
				all = append(all, exchange{verb, noun, replying[verb].verb})
			}
		}
	}
	return all
}

type schemaWriter struct {
	strings.Builder
	deep int // levels above what is written
	// plain leaves out what a program that is generated from the schema could do
	// nothing with: places for what is not described.
	plain bool
}

func (w *schemaWriter) line(depth int, format string, args ...any) {
	w.WriteString(strings.Repeat("  ", w.deep+depth))
	fmt.Fprintf(w, format+"\n", args...)
}

func (w *schemaWriter) begin(about, space string) {
	w.line(0, `<?xml version="1.0" encoding="UTF-8"?>`)
	w.line(0, "<!-- %s -->", about)
	w.schema(space)
}

func (w *schemaWriter) schema(space string) {
	w.line(0, `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="%s" targetNamespace="%s" elementFormDefault="qualified">`, space, space)
}

func schemaOfBODs() []byte {
	w := &schemaWriter{}
	w.begin("What b2mml-xml/v7 speaks of B2MML "+Release+", as the code has it. B2MML is used courtesy of MESA International.", Namespace)
	w.bods()
	return []byte(w.String())
}

// bods declares all that is spoken, and ends the schema.
func (w *schemaWriter) bods() {
	for _, x := range exchanges() {
		w.bod(x.verb+x.noun, true, x.verb, x.noun)
		if x.answer != "" && !(w.plain && x.answer == "Respond") {
			w.bod(x.answer+x.noun, true, x.answer, x.noun)
		}
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
	w.others(6)
	w.line(5, `</xs:complexType>`)
	w.line(4, `</xs:element>`)
	w.line(3, `</xs:sequence>`)
	use := "optional"
	if release {
		use = "required"
	}
	w.line(3, `<xs:attribute name="releaseID" type="xs:string" use="%s" fixed="%s"/>`, use, Release)
	w.others(3)
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
		w.line(3, `<xs:element name="%s" type="%s"%s/>`, p.name, w.typeOf(p), occurs)
	}
	if !w.plain {
		w.line(3, `<xs:any namespace="%s" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>`, Extensions)
	}
	w.line(2, `</xs:sequence>`)
	w.attribute(2, name)
	w.others(2)
	w.line(1, `</xs:complexType>`)
}

// others declares that there may be attributes that are not described.
func (w *schemaWriter) others(depth int) {
	if !w.plain {
		w.line(depth, `<xs:anyAttribute processContents="lax"/>`)
	}
}

// typeOf names the type of an element. Without attributes, text is of a simple
// type.
func (w *schemaWriter) typeOf(p part) string {
	name := typeOf(p)
	if !w.plain {
		return name
	}
	return cmp.Or(map[string]string{"Instant": "InstantValue", "Decimal": "DecimalValue", "Text": "xs:string"}[name], name)
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
	if !w.plain {
		w.simple("Instant", "InstantValue")
		w.simple("Decimal", "DecimalValue")
		w.simple("Text", "xs:string")
	}
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
	w.others(4)
	w.line(3, `</xs:extension>`)
	w.line(2, `</xs:simpleContent>`)
	w.line(1, `</xs:complexType>`)
}

// attribute declares that of an element, if it has one. What a client is
// generated from has one answer for each question, so a Process always asks to be
// acknowledged there, and a Change is confirmed.
func (w *schemaWriter) attribute(depth int, element string) {
	switch a := attributes[element]; {
	case a == "", w.plain && element == "Change":
	case w.plain && element == "Process":
		w.line(depth, `<xs:attribute name="%s" type="xs:string" use="required" fixed="%s"/>`, a, always)
	case a == "releaseID":
		w.line(depth, `<xs:attribute name="%s" type="xs:string" fixed="%s"/>`, a, Release)
	default:
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
