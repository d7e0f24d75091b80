package b2mml

import (
	"fmt"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
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
		return fmt.Errorf("header Content-Type: %q cannot be read", xmltree.Clip(said))
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return fmt.Errorf("header Content-Type: charset %q is not spoken here, only utf-8", xmltree.Clip(charset))
	}
	for _, m := range s.media() {
		if m == media {
			return nil
		}
	}
	return fmt.Errorf("header Content-Type: %q is not spoken here, only %s", xmltree.Clip(media), strings.Join(s.media(), " and "))
}

// opened takes a document out of its envelope. An error is a fault of the kind
// that is returned beside it.
func (s Settings) opened(root *xmltree.Node) (bod *xmltree.Node, code string, err error) {
	enveloped := root.Name == "Envelope" && root.Space != Namespace
	want := s.space()
	switch {
	case want == "" && enveloped:
		return nil, codeMalformed, fmt.Errorf("line %d: this interface takes a BOD without an envelope", root.Line)
	case want == "":
		return root, "", nil
	case !enveloped:
		return nil, codeMalformed, fmt.Errorf("line %d: there is no SOAP envelope, but %s at the root", root.Line, xmltree.Clip(root.Name))
	case root.Space != want:
		return nil, codeVersion, fmt.Errorf("line %d: the envelope is of %q, and this interface speaks %s (%s)", root.Line, xmltree.Clip(root.Space), s.Envelope, want)
	}
	for i, c := range root.Children {
		switch {
		case c.Space == want && c.Name == "Header" && i == 0:
			if err := s.understood(c); err != nil {
				return nil, codeUnderstand, err
			}
		case c.Space == want && c.Name == "Body" && bod == nil:
			if len(c.Children) != 1 {
				return nil, codeMalformed, fmt.Errorf("line %d: the body of the envelope has %d elements, and one BOD is wanted", c.Line, len(c.Children))
			}
			bod = c.Children[0]
		default:
			return nil, codeMalformed, fmt.Errorf("line %d: an element %s where none can be in an envelope", c.Line, xmltree.Clip(c.Name))
		}
	}
	if bod == nil {
		return nil, codeMalformed, fmt.Errorf("line %d: the envelope has no body", root.Line)
	}
	return bod, "", nil
}

// understood refuses headers that must be understood: none is.
func (s Settings) understood(header *xmltree.Node) error {
	for _, block := range header.Children {
		for _, a := range block.Attrs {
			if must := strings.TrimSpace(a.Value); a.Name.Space == s.space() && a.Name.Local == "mustUnderstand" && (must == "1" || must == "true") {
				return fmt.Errorf("line %d: the header %s must be understood, and it is not known here", block.Line, xmltree.Clip(block.Name))
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
func (s Settings) fault(code, text string, detail *xmltree.Node) ([]byte, error) {
	w := xmltree.Writer{B: make([]byte, 0, 2048)}
	w.B = append(w.B, xmltree.Declaration+`<soap:Envelope xmlns:soap="`+s.space()+"\">\n  <soap:Body>\n    <soap:Fault>\n"...)
	if s.Envelope == SOAP11 {
		w.B = append(w.B, "      <faultcode>soap:"+code+"</faultcode>\n      <faultstring>"...)
		w.Characters(text, false)
		w.B = append(w.B, "</faultstring>\n      <detail>\n"...)
	} else {
		w.B = append(w.B, "      <soap:Code><soap:Value>soap:"+code+"</soap:Value></soap:Code>\n      <soap:Reason><soap:Text xml:lang=\"en\">"...)
		w.Characters(text, false)
		w.B = append(w.B, "</soap:Text></soap:Reason>\n      <soap:Detail>\n"...)
	}
	w.Element(detail, ` xmlns="`+Namespace+`"`, 4)
	if s.Envelope == SOAP11 {
		w.B = append(w.B, "      </detail>\n"...)
	} else {
		w.B = append(w.B, "      </soap:Detail>\n"...)
	}
	w.B = append(w.B, "    </soap:Fault>\n  </soap:Body>\n</soap:Envelope>\n"...)
	return w.B, w.Err
}
