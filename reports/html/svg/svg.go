// Package svg writes drawings as SVG elements that stand in an HTML page:
// deterministic, without ids, scripts, styles or references of their own.
//
// It knows nothing of what is drawn. Everything written is escaped.
package svg

import (
	"math"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/evidence/explain"
)

// A Drawing is an SVG element being written.
type Drawing struct {
	b    strings.Builder
	open []string
}

// New begins a drawing of this size, known to screen readers by label.
func New(class, label string, width, height float64) *Drawing {
	d := &Drawing{}
	d.Open("svg", "class", class, "role", "img", "aria-label", explain.Clean(label, 200), "viewBox", "0 0 "+Number(width)+" "+Number(height),
		"width", Number(width), "height", Number(height))
	return d
}

// Open begins an element with attributes given as names and values; an
// attribute without a value is left out.
func (d *Drawing) Open(name string, attributes ...string) {
	d.tag(name, attributes)
	d.b.WriteString(">")
	d.open = append(d.open, name)
}

// Close ends the element that was opened last.
func (d *Drawing) Close() {
	last := len(d.open) - 1
	d.b.WriteString("</" + d.open[last] + ">")
	d.open = d.open[:last]
}

// Empty writes an element without content, or with a title that tells more of
// it to whoever points at it.
func (d *Drawing) Empty(name, title string, attributes ...string) {
	d.tag(name, attributes)
	if title == "" {
		d.b.WriteString("/>")
		return
	}
	d.b.WriteString("><title>" + Escape(explain.Clean(title, 200)) + "</title></" + name + ">")
}

// Text writes one line of text. Anchor is start, middle or end.
func (d *Drawing) Text(x, y float64, class, anchor, text string, attributes ...string) {
	d.tag("text", append([]string{"class", class, "x", Number(x), "y", Number(y), "text-anchor", anchor}, attributes...))
	d.b.WriteString(">" + Escape(explain.Clean(text, 120)) + "</text>")
}

// Rect writes a rectangle.
func (d *Drawing) Rect(x, y, w, h float64, class, title string, attributes ...string) {
	d.Empty("rect", title, append([]string{"class", class, "x", Number(x), "y", Number(y), "width", Number(w), "height", Number(h)}, attributes...)...)
}

// Line writes a straight line.
func (d *Drawing) Line(x1, y1, x2, y2 float64, class string, attributes ...string) {
	d.Empty("line", "", append([]string{"class", class, "x1", Number(x1), "y1", Number(y1), "x2", Number(x2), "y2", Number(y2)}, attributes...)...)
}

// Path writes a path.
func (d *Drawing) Path(p *Path, class, title string) {
	d.Empty("path", title, "class", class, "d", p.String())
}

// String ends whatever is open and returns the drawing.
func (d *Drawing) String() string {
	for len(d.open) > 0 {
		d.Close()
	}
	return d.b.String() + "\n"
}

func (d *Drawing) tag(name string, attributes []string) {
	d.b.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		if attributes[i+1] != "" {
			d.b.WriteString(" " + attributes[i] + `="` + Escape(attributes[i+1]) + `"`)
		}
	}
}

// A Path is a line of straight parts.
type Path struct{ b strings.Builder }

// Move goes to a point without drawing.
func (p *Path) Move(x, y float64) *Path { return p.add("M", x, y) }

// Line draws to a point.
func (p *Path) Line(x, y float64) *Path { return p.add("L", x, y) }

// Shut draws back to where the path began.
func (p *Path) Shut() *Path {
	p.b.WriteString("Z")
	return p
}

// String is the path as the d attribute has it.
func (p *Path) String() string { return p.b.String() }

func (p *Path) add(command string, x, y float64) *Path {
	p.b.WriteString(command + Number(x) + " " + Number(y))
	return p
}

// Number writes a coordinate to a tenth, the same way everywhere. What is no
// number is 0.
func Number(f float64) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "0"
	}
	s := strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
	if s == "-0" {
		return "0"
	}
	return s
}

// Escape makes text safe between tags and in quotes.
func Escape(s string) string { return escaper.Replace(s) }

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")
