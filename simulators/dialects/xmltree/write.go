package xmltree

import (
	"fmt"
	"unicode/utf8"
)

// Declaration begins every document.
const Declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// A Writer writes elements, each on a line of its own. The zero value is ready
// for use.
type Writer struct {
	B   []byte // what has been written
	Err error  // of the first thing that XML cannot say
}

// Element writes n with attrs, as they are, behind its name, depth levels deep.
func (w *Writer) Element(n *Node, attrs string, depth int) {
	w.indent(depth)
	w.B = append(append(append(w.B, '<'), n.Name...), attrs...)
	for _, a := range n.Attrs {
		w.B = append(append(append(w.B, ' '), a.Name.Local...), `="`...)
		w.Characters(a.Value, true)
		w.B = append(w.B, '"')
	}
	switch {
	case len(n.Children) > 0:
		w.B = append(w.B, ">\n"...)
		for _, c := range n.Children {
			w.Element(c, "", depth+1)
		}
		w.indent(depth)
	case n.Text == "":
		w.B = append(w.B, "/>\n"...)
		return
	default:
		w.B = append(w.B, '>')
		w.Characters(n.Text, false)
	}
	w.B = append(append(append(w.B, "</"...), n.Name...), ">\n"...)
}

func (w *Writer) indent(depth int) {
	for range depth {
		w.B = append(w.B, "  "...)
	}
}

// Characters writes characters so that a reader finds the same ones: line ends and
// tabs, which readers would change, by their numbers.
func (w *Writer) Characters(s string, quoted bool) {
	for i, r := range s {
		switch {
		case r == '<':
			w.B = append(w.B, "&lt;"...)
		case r == '>':
			w.B = append(w.B, "&gt;"...)
		case r == '&':
			w.B = append(w.B, "&amp;"...)
		case r == '"' && quoted:
			w.B = append(w.B, "&#34;"...)
		case r == '\n' || r == '\r' || r == '\t':
			w.B = fmt.Appendf(w.B, "&#%d;", r)
		case !Sayable(r) || r == utf8.RuneError && !utf8.ValidString(s[i:]):
			if w.Err == nil {
				w.Err = fmt.Errorf("%q has a character that XML cannot say", Clip(s))
			}
		default:
			w.B = utf8.AppendRune(w.B, r)
		}
	}
}

// Sayable reports whether XML 1.0 has the character, not counting the three
// control characters that it has.
func Sayable(r rune) bool {
	return r >= ' ' && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000
}
