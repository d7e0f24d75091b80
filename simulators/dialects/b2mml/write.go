package b2mml

import (
	"fmt"
	"unicode/utf8"
)

// declaration begins every document.
const declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// document writes a BOD in the envelope that was agreed upon.
func (s Settings) document(bod *node) ([]byte, error) {
	w := writer{b: make([]byte, 0, 2048)}
	w.b = append(w.b, declaration...)
	space := ` xmlns="` + Namespace + `"`
	switch ns := s.space(); ns {
	case "":
		w.element(bod, space, 0)
	default:
		w.b = append(w.b, `<soap:Envelope xmlns:soap="`+ns+"\">\n  <soap:Body>\n"...)
		w.element(bod, space, 2)
		w.b = append(w.b, "  </soap:Body>\n</soap:Envelope>\n"...)
	}
	return w.b, w.err
}

// writer writes elements, each on a line of its own.
type writer struct {
	b   []byte
	err error
}

func (w *writer) element(n *node, attrs string, depth int) {
	w.indent(depth)
	w.b = append(append(append(w.b, '<'), n.name...), attrs...)
	for _, a := range n.attrs {
		w.b = append(append(append(w.b, ' '), a.Name.Local...), `="`...)
		w.text(a.Value, true)
		w.b = append(w.b, '"')
	}
	switch {
	case len(n.children) > 0:
		w.b = append(w.b, ">\n"...)
		for _, c := range n.children {
			w.element(c, "", depth+1)
		}
		w.indent(depth)
	case n.text == "":
		w.b = append(w.b, "/>\n"...)
		return
	default:
		w.b = append(w.b, '>')
		w.text(n.text, false)
	}
	w.b = append(append(append(w.b, "</"...), n.name...), ">\n"...)
}

func (w *writer) indent(depth int) {
	for range depth {
		w.b = append(w.b, "  "...)
	}
}

// text writes characters so that a reader finds the same ones: line ends and
// tabs, which readers would change, by their numbers.
func (w *writer) text(s string, quoted bool) {
	for i, r := range s {
		switch {
		case r == '<':
			w.b = append(w.b, "&lt;"...)
		case r == '>':
			w.b = append(w.b, "&gt;"...)
		case r == '&':
			w.b = append(w.b, "&amp;"...)
		case r == '"' && quoted:
			w.b = append(w.b, "&#34;"...)
		case r == '\n' || r == '\r' || r == '\t':
			w.b = fmt.Appendf(w.b, "&#%d;", r)
		case !sayable(r) || r == utf8.RuneError && !utf8.ValidString(s[i:]):
			if w.err == nil {
				w.err = fmt.Errorf("%q has a character that XML cannot say", clip(s))
			}
		default:
			w.b = utf8.AppendRune(w.b, r)
		}
	}
}

// sayable reports whether XML 1.0 has the character, not counting the three
// control characters that it has.
func sayable(r rune) bool {
	return r >= ' ' && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000
}
