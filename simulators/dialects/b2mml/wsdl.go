package b2mml

import (
	"encoding/xml"
	"strings"

	"github.com/andon-rig/andon/simulators"
)

// asksWSDL reports whether m asks for the description of the interface, as who
// calls a SOAP service does: with ?wsdl behind its address.
func asksWSDL(m simulators.Message) bool {
	if m.Verb != "get" || m.Name != Address {
		return false
	}
	for name := range m.Params {
		if strings.EqualFold(name, "wsdl") {
			return true
		}
	}
	return false
}

// Namespaces of descriptions.
const (
	ofWSDL    = "http://schemas.xmlsoap.org/wsdl/"
	overHTTP  = "http://schemas.xmlsoap.org/soap/http"
	ofService = "urn:andon:b2mml-xml:v7"
)

// WSDL describes the interface at base for programs that make a client of it
// (WSDL 1.1, document/literal): an operation for each BOD that is read, in the
// envelope of s. Without an envelope there is nothing to describe. If base is
// "", the address is that beside which the description was found.
func (s Settings) WSDL(base string) []byte {
	if s.space() == "" {
		return nil
	}
	binding := ofWSDL + map[Envelope]string{SOAP11: "soap/", SOAP12: "soap12/"}[s.Envelope]
	w := &schemaWriter{}
	w.line(0, `<?xml version="1.0" encoding="UTF-8"?>`)
	w.line(0, `<!-- What b2mml-xml/v7 takes and answers of B2MML %s with envelope: %s. B2MML is used courtesy of MESA International. -->`, Release, s.Envelope)
	w.line(0, `<wsdl:definitions xmlns:wsdl="%s" xmlns:soap="%s" xmlns:b2mml="%s" xmlns:tns="%s" targetNamespace="%s" name="Bods">`, ofWSDL, binding, Namespace, ofService, ofService)
	w.line(1, `<wsdl:types>`)
	types := &schemaWriter{deep: 2, plain: true}
	types.schema(Namespace)
	types.bods()
	w.WriteString(types.String())
	w.line(1, `</wsdl:types>`)
	w.messages()
	w.portType()
	w.binding(string(s.Envelope))
	w.line(1, `<wsdl:service name="Bods">`)
	w.line(2, `<wsdl:port name="Bods" binding="tns:%s">`, s.Envelope)
	w.line(3, `<soap:address location="%s"/>`, located(base))
	w.line(2, `</wsdl:port>`)
	w.line(1, `</wsdl:service>`)
	w.line(0, `</wsdl:definitions>`)
	return []byte(w.String())
}

// located is where BODs are posted to, as the value of an attribute.
func located(base string) string {
	if base == "" {
		return Address
	}
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(base+"/"+Address)) // a builder takes everything
	return b.String()
}

// described is what answers x by the WSDL. A client that is made of it knows one
// answer for each question.
func (x exchange) described() string {
	if x.answer == "" || x.answer == "Respond" {
		return "ConfirmBOD"
	}
	return x.answer + x.noun
}

func (w *schemaWriter) messages() {
	message := func(bod string) {
		w.line(1, `<wsdl:message name="%s">`, bod)
		w.line(2, `<wsdl:part name="bod" element="b2mml:%s"/>`, bod)
		w.line(1, `</wsdl:message>`)
	}
	for _, x := range exchanges() {
		if message(x.verb + x.noun); x.described() != "ConfirmBOD" {
			message(x.described())
		}
	}
	message("ConfirmBOD")
}

func (w *schemaWriter) portType() {
	w.line(1, `<wsdl:portType name="Bods">`)
	for _, x := range exchanges() {
		w.line(2, `<wsdl:operation name="%s">`, x.verb+x.noun)
		w.line(3, `<wsdl:input message="tns:%s"/>`, x.verb+x.noun)
		w.line(3, `<wsdl:output message="tns:%s"/>`, x.described())
		w.line(3, `<wsdl:fault name="refused" message="tns:ConfirmBOD"/>`)
		w.line(2, `</wsdl:operation>`)
	}
	w.line(1, `</wsdl:portType>`)
}

func (w *schemaWriter) binding(name string) {
	w.line(1, `<wsdl:binding name="%s" type="tns:Bods">`, name)
	w.line(2, `<soap:binding style="document" transport="%s"/>`, overHTTP)
	for _, x := range exchanges() {
		w.line(2, `<wsdl:operation name="%s">`, x.verb+x.noun)
		w.line(3, `<soap:operation soapAction="%s"/>`, action(x.verb+x.noun))
		w.line(3, `<wsdl:input><soap:body use="literal"/></wsdl:input>`)
		w.line(3, `<wsdl:output><soap:body use="literal"/></wsdl:output>`)
		w.line(3, `<wsdl:fault name="refused"><soap:fault name="refused" use="literal"/></wsdl:fault>`)
		w.line(2, `</wsdl:operation>`)
	}
	w.line(1, `</wsdl:binding>`)
}
