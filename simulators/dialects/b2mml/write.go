package b2mml

import "github.com/andon-rig/andon/simulators/dialects/xmltree"

// document writes a BOD in the envelope that was agreed upon.
func (s Settings) document(bod *xmltree.Node) ([]byte, error) {
	w := xmltree.Writer{B: make([]byte, 0, 2048)}
	w.B = append(w.B, xmltree.Declaration...)
	space := ` xmlns="` + Namespace + `"`
	switch ns := s.space(); ns {
	case "":
		w.Element(bod, space, 0)
	default:
		w.B = append(w.B, `<soap:Envelope xmlns:soap="`+ns+"\">\n  <soap:Body>\n"...)
		w.Element(bod, space, 2)
		w.B = append(w.B, "  </soap:Body>\n</soap:Envelope>\n"...)
	}
	return w.B, w.Err
}
