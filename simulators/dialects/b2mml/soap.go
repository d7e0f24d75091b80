package b2mml

import (
	"fmt"
	"mime"
	"strings"
)

// Namespaces of envelopes.
const (
	soap11 = "http://schemas.xmlsoap.org/soap/envelope/"
	soap12 = "http://www.w3.org/2003/05/soap-envelope"
)

// space is the namespace of the envelope; "" if there is none.
func (s Settings) space() string {
	switch s.Envelope {
	case SOAP11:
		return soap11
	case SOAP12:
		return soap12
	}
	return ""
}

// media is the type of content that goes with the envelope.
func (s Settings) media() []string {
	switch s.Envelope {
	case SOAP11:
		return []string{"text/xml"}
	case SOAP12:
		return []string{"application/soap+xml"}
	}
	return []string{"application/xml", "text/xml"}
}

// checkMedia refuses content that is said to be of another type. Where nothing
// is said, the content speaks for itself.
func (s Settings) checkMedia(said string) error {
	if said == "" {
		return nil
	}
	media, params, err := mime.ParseMediaType(said)
	if err != nil {
		return fmt.Errorf("header Content-Type: %q cannot be read", clip(said))
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return fmt.Errorf("header Content-Type: charset %q is not spoken here, only utf-8", clip(charset))
	}
	for _, m := range s.media() {
		if m == media {
			return nil
		}
	}
	return fmt.Errorf("header Content-Type: %q is not spoken here, only %s", clip(media), strings.Join(s.media(), " and "))
}

// opened takes a document out of its envelope. An error is a fault of the kind
// that is returned beside it.
func (s Settings) opened(root *node) (bod *node, code string, err error) {
	enveloped := root.name == "Envelope" && root.space != Namespace
	want := s.space()
	switch {
	case want == "" && enveloped:
		return nil, codeMalformed, fmt.Errorf("line %d: this interface takes a BOD without an envelope", root.line)
	case want == "":
		return root, "", nil
	case !enveloped:
		return nil, codeMalformed, fmt.Errorf("line %d: there is no SOAP envelope, but %s at the root", root.line, clip(root.name))
	case root.space != want:
		return nil, codeVersion, fmt.Errorf("line %d: the envelope is of %q, and this interface speaks %s (%s)", root.line, clip(root.space), s.Envelope, want)
	}
	for i, c := range root.children {
		switch {
		case c.space == want && c.name == "Header" && i == 0:
			if err := s.understood(c); err != nil {
				return nil, codeUnderstand, err
			}
		case c.space == want && c.name == "Body" && bod == nil:
			if len(c.children) != 1 {
				return nil, codeMalformed, fmt.Errorf("line %d: the body of the envelope has %d elements, and one BOD is wanted", c.line, len(c.children))
			}
			bod = c.children[0]
		default:
			return nil, codeMalformed, fmt.Errorf("line %d: an element %s where none can be in an envelope", c.line, clip(c.name))
		}
	}
	if bod == nil {
		return nil, codeMalformed, fmt.Errorf("line %d: the envelope has no body", root.line)
	}
	return bod, "", nil
}

// understood refuses headers that must be understood: none is.
func (s Settings) understood(header *node) error {
	for _, block := range header.children {
		for _, a := range block.attrs {
			if must := strings.TrimSpace(a.Value); a.Name.Space == s.space() && a.Name.Local == "mustUnderstand" && (must == "1" || must == "true") {
				return fmt.Errorf("line %d: the header %s must be understood, and it is not known here", block.line, clip(block.name))
			}
		}
	}
	return nil
}

// Words of a fault, by envelope.
var faultCodes = map[Envelope]struct{ sender, receiver string }{
	SOAP11: {"Client", "Server"},
	SOAP12: {"Sender", "Receiver"},
}

// fault writes a SOAP fault with a ConfirmBOD as its detail.
func (s Settings) fault(code, text string, detail *node) ([]byte, error) {
	w := writer{b: make([]byte, 0, 2048)}
	w.b = append(w.b, declaration+`<soap:Envelope xmlns:soap="`+s.space()+"\">\n  <soap:Body>\n    <soap:Fault>\n"...)
	if s.Envelope == SOAP11 {
		w.b = append(w.b, "      <faultcode>soap:"+code+"</faultcode>\n      <faultstring>"...)
		w.text(text, false)
		w.b = append(w.b, "</faultstring>\n      <detail>\n"...)
	} else {
		w.b = append(w.b, "      <soap:Code><soap:Value>soap:"+code+"</soap:Value></soap:Code>\n      <soap:Reason><soap:Text xml:lang=\"en\">"...)
		w.text(text, false)
		w.b = append(w.b, "</soap:Text></soap:Reason>\n      <soap:Detail>\n"...)
	}
	w.element(detail, ` xmlns="`+Namespace+`"`, 4)
	if s.Envelope == SOAP11 {
		w.b = append(w.b, "      </detail>\n"...)
	} else {
		w.b = append(w.b, "      </soap:Detail>\n"...)
	}
	w.b = append(w.b, "    </soap:Fault>\n  </soap:Body>\n</soap:Envelope>\n"...)
	return w.b, w.err
}
