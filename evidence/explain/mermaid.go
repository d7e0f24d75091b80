package explain

import (
	"fmt"
	"strings"
)

// mermaid returns the journey as a Mermaid sequence diagram.
func (j *journey) mermaid() string {
	var b strings.Builder
	b.WriteString("sequenceDiagram\n")
	id := map[string]string{}
	for i, lane := range j.lanes {
		id[lane] = fmt.Sprintf("L%d", i)
		fmt.Fprintf(&b, "    participant %s as %s\n", id[lane], escape(j.title[lane]))
	}
	for _, h := range j.hops {
		if h.from == h.to {
			fmt.Fprintf(&b, "    Note over %s: %s\n", id[h.from], escape(h.beside()))
			continue
		}
		arrow := "->>"
		if h.lost {
			arrow = "-x"
		}
		fmt.Fprintf(&b, "    %s%s%s: %s\n", id[h.from], arrow, id[h.to], escape(h.label))
		if beside := h.beside(); beside != "" {
			fmt.Fprintf(&b, "    Note over %s: %s\n", id[h.to], escape(beside))
		}
	}
	return b.String()
}

// beside is what is said of a hop besides its label.
func (h hop) beside() string {
	return strings.Join(strings.Fields(h.text+" "+h.note+" "+strings.Join(h.marks, " ")), " ")
}

// escape makes text safe inside a diagram: what Mermaid or the page around it
// would read as syntax is written as a character code.
func escape(s string) string {
	var b strings.Builder
	for _, c := range Clean(s, 120) {
		switch c {
		case ';', '#', '<', '>', '&', '"', '`', '%', '{', '}', '\\':
			fmt.Fprintf(&b, "#%d;", c)
		default:
			b.WriteRune(c)
		}
	}
	if strings.EqualFold(b.String(), "end") { // a word that breaks the parser
		return "(end)"
	}
	return b.String()
}
