package explain

import (
	"fmt"
	"strings"
)

// Mermaid returns the journey as a Mermaid sequence diagram.
func (j *Journey) Mermaid() string {
	var b strings.Builder
	b.WriteString("sequenceDiagram\n")
	id := map[string]string{}
	for i, lane := range j.Lanes {
		id[lane.Name] = fmt.Sprintf("L%d", i)
		fmt.Fprintf(&b, "    participant %s as %s\n", id[lane.Name], escape(lane.Title))
	}
	for _, h := range j.Hops {
		if h.From == h.To {
			fmt.Fprintf(&b, "    Note over %s: %s\n", id[h.From], escape(h.beside()))
			continue
		}
		arrow := "->>"
		if h.Lost {
			arrow = "-x"
		}
		fmt.Fprintf(&b, "    %s%s%s: %s\n", id[h.From], arrow, id[h.To], escape(h.Label))
		if beside := h.beside(); beside != "" {
			fmt.Fprintf(&b, "    Note over %s: %s\n", id[h.To], escape(beside))
		}
	}
	return b.String()
}

// beside is what is said of a hop besides its label.
func (h Hop) beside() string {
	said := h.Text + " " + h.Note
	for _, m := range h.Marks {
		said += " " + m.String()
	}
	return strings.Join(strings.Fields(said), " ")
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
