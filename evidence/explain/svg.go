package explain

import (
	"fmt"
	"strings"
	"time"
)

// SVGStyle is the style sheet of journeys drawn as SVG: for pages that show
// several, which need it once. Text takes the colour of the page it stands on;
// what else has a colour is readable on light and dark.
const SVGStyle = `.aj{font:13px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;color:inherit}
.aj text{fill:currentColor;white-space:pre}
.aj .aj-lane{fill:none;stroke:currentColor;stroke-opacity:.55}
.aj .aj-sut{fill:currentColor;fill-opacity:.1}
.aj .aj-life{stroke:currentColor;stroke-opacity:.35;stroke-dasharray:3 4}
.aj .aj-go{stroke:currentColor;stroke-width:1.4;fill:none}
.aj .aj-head{fill:currentColor}
.aj .aj-lost{stroke-dasharray:6 4}
.aj .aj-cross{stroke:#d1242f;stroke-width:2.2}
.aj .aj-dim{fill-opacity:.65}
.aj .aj-note{fill:#8b949e;fill-opacity:.16;stroke:#8b949e;stroke-opacity:.5}
.aj .aj-fault{fill:#bf5f00}
.aj .aj-violation{fill:#c9212c}
.aj .aj-undecided{fill:#57606a}
.aj .aj-mark text,.aj text.aj-mark{fill:#fff;font-weight:700}`

// standalone gives a file of its own the colours of its reader's screen.
const standalone = `.aj{color:#1f2328}.aj-paper{fill:#fff}
@media (prefers-color-scheme:dark){.aj{color:#e6edf3}.aj-paper{fill:#0d1117}}
`

// Measures of a drawing, in pixels. Text is monospaced, so that it can be
// measured by counting.
const (
	svgChar   = 8 // width of a character of the font, rounded up
	svgRow    = 34
	svgHead   = 64
	svgMargin = 12
	svgTimes  = 9*svgChar + 12 // a column of times
	svgBeside = 44             // characters beside a row, at most
)

// SVG draws the journey as an element to stand in an HTML page that has
// [SVGStyle]: no script, no reference to anything, no ids, the same bytes every
// time. Title is what a screen reader calls it.
func (j *Journey) SVG(title string) string { return j.svg(title, "", "") }

// SVGFile draws the journey as a file of its own, in the colours of the screen
// it is read on.
func (j *Journey) SVGFile(title string) string {
	return j.svg(title, ` xmlns="http://www.w3.org/2000/svg"`, SVGStyle+"\n"+standalone)
}

// picture is a drawing under way.
type picture struct {
	strings.Builder
	x      map[string]int // middle of each lane
	right  int            // where the last lane's half ends
	width  int
	began  time.Duration // of the first hop
	wall   string        // written last
	plants bool          // there are plant times to show
	plant  string        // written last
}

func (j *Journey) svg(title, space, style string) string {
	p := j.layout()
	height := svgHead + len(j.Hops)*svgRow + svgMargin
	var out strings.Builder
	title = Clean(title, 200)
	fmt.Fprintf(&out, `<svg%s class="aj" role="img" aria-label="%s" width="%d" height="%d" viewBox="0 0 %d %d">`, space, xml(title), p.width, height, p.width, height)
	fmt.Fprintf(&out, "\n<title>%s</title>\n<desc>%s</desc>\n", xml(title), xml(j.told()))
	if style != "" {
		fmt.Fprintf(&out, "<style>\n%s</style>\n<rect class=\"aj-paper\" width=\"%d\" height=\"%d\"/>\n", style, p.width, height)
	}
	p.lanes(j, height)
	for i, h := range j.Hops {
		p.hop(h, svgHead+i*svgRow+svgRow/2)
	}
	return out.String() + p.String() + "</svg>\n"
}

// layout finds where the lanes stand: far enough apart for what is written
// between them.
func (j *Journey) layout() *picture {
	p := &picture{x: map[string]int{}}
	place := map[string]int{}
	for i, l := range j.Lanes {
		place[l.Name] = i
	}
	gap, beside := 14, 0
	for _, h := range j.Hops {
		p.plants = p.plants || !h.Plant.IsZero()
		if n := abs(place[h.To] - place[h.From]); n > 0 {
			gap = max(gap, (min(Width(h.Label), 30)+5+n-1)/n)
			beside = max(beside, besideWidth(h))
		}
	}
	left := svgMargin + svgTimes + svgChar*gap/2
	if p.plants {
		left += svgTimes
	}
	for i, l := range j.Lanes {
		p.x[l.Name] = left + i*gap*svgChar
		p.right = p.x[l.Name] + 2*svgChar
	}
	p.width = p.right + svgChar*(max(beside, gap/2)+2) + svgMargin
	for _, h := range j.Hops { // what happens at one lane may reach further
		if h.From == h.To {
			n := min(Width(h.Text), svgBeside) + marksWidth(h.Marks)
			p.width = max(p.width, p.x[h.From]+svgChar*(n+5)+svgMargin)
		}
	}
	if len(j.Hops) > 0 {
		p.began = j.Hops[0].At
	}
	return p
}

// besideWidth is how many characters stand beside an arrow.
func besideWidth(h Hop) int {
	n := min(Width(aside(h)), svgBeside)
	if n > 0 {
		n += 2
	}
	return n + marksWidth(h.Marks)
}

func marksWidth(marks []Mark) (n int) {
	for _, m := range marks {
		n += min(Width(m.String()), 40) + 3
	}
	return n
}

// aside is what is said beside an arrow.
func aside(h Hop) string { return strings.TrimSpace(h.Text + "  " + h.Note) }

func (p *picture) lanes(j *Journey, height int) {
	fmt.Fprintf(p, `<text class="aj-dim" x="%d" y="%d" text-anchor="end">wall</text>`+"\n", svgMargin+svgTimes-12, svgHead/2+4)
	if p.plants {
		fmt.Fprintf(p, `<text class="aj-dim" x="%d" y="%d" text-anchor="end">plant</text>`+"\n", svgMargin+2*svgTimes-12, svgHead/2+4)
	}
	for _, l := range j.Lanes {
		x, title, class := p.x[l.Name], Clean(l.Title, 14), "aj-lane"
		if l.Name == laneSUT {
			class += " aj-sut"
		}
		w := svgChar * (Width(title) + 2)
		fmt.Fprintf(p, `<line class="aj-life" x1="%d" y1="%d" x2="%d" y2="%d"/>`, x, svgHead-14, x, height-svgMargin)
		fmt.Fprintf(p, `<rect class="%s" x="%d" y="%d" width="%d" height="28" rx="4"/>`, class, x-w/2, svgHead/2-14, w)
		fmt.Fprintf(p, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", x, svgHead/2+4, xml(title))
	}
}

// hop draws one row, with its times if they have not been written before.
func (p *picture) hop(h Hop, y int) {
	fmt.Fprint(p, `<g class="aj-hop`)
	for _, m := range h.Marks {
		fmt.Fprintf(p, " aj-has-%s", m.Kind)
	}
	fmt.Fprint(p, `">`)
	if wall := "+" + span(h.At-p.began); wall != p.wall && !h.waits() {
		p.wall = wall
		p.text("aj-dim", svgMargin+svgTimes-12, y+4, "end", wall)
	}
	if plant := h.Plant.Format("15:04:05"); !h.Plant.IsZero() && plant != p.plant {
		p.plant = plant
		p.text("aj-dim", svgMargin+2*svgTimes-12, y+4, "end", plant)
	}
	if h.From == h.To {
		p.happens(h, y)
	} else {
		p.arrow(h, y)
	}
	fmt.Fprint(p, "</g>\n")
}

func (p *picture) arrow(h Hop, y int) {
	from, to := p.x[h.From], p.x[h.To]
	step := 1
	if to < from {
		step = -1
	}
	end, class := to, "aj-go"
	if h.Lost {
		end, class = to-(to-from)/4, class+" aj-lost"
	}
	fmt.Fprintf(p, `<line class="%s" x1="%d" y1="%d" x2="%d" y2="%d"/>`, class, from, y, end, y)
	if h.Lost {
		fmt.Fprintf(p, `<path class="aj-cross" d="M%d %dl10 10m0 -10l-10 10"/>`, end-5, y-5)
	} else {
		fmt.Fprintf(p, `<path class="aj-head" d="M%d %dl%d -5v10z"/>`, to, y, -step*9)
	}
	p.text("", (from+end)/2-step*4, y-6, "middle", string(fit(h.Label, abs(end-from)/svgChar-1)))
	x := p.right + svgChar
	if said := Clean(aside(h), svgBeside); said != "" {
		p.text("", x, y+4, "start", said)
		x += svgChar * (Width(said) + 2)
	}
	p.marks(h.Marks, x, y)
}

// happens draws what concerns one lane as a note over it.
func (p *picture) happens(h Hop, y int) {
	said := Clean(h.Text, svgBeside*2)
	w := svgChar * (Width(said) + 2)
	x := p.x[h.From] + svgChar
	if over := x + w + svgChar*(marksWidth(h.Marks)+1) + svgMargin - p.width; over > 0 {
		x -= over // long text begins further left rather than losing its end
	}
	fmt.Fprintf(p, `<circle class="aj-head" cx="%d" cy="%d" r="3"/>`, p.x[h.From], y)
	if said != "" {
		fmt.Fprintf(p, `<rect class="aj-note" x="%d" y="%d" width="%d" height="24" rx="12"/>`, x, y-12, w)
		p.text("", x+svgChar, y+4, "start", said)
		x += w + svgChar
	}
	p.marks(h.Marks, x, y)
}

func (p *picture) marks(marks []Mark, x, y int) {
	for _, m := range marks {
		said := Clean(m.String(), 40)
		w := svgChar * (Width(said) + 2)
		fmt.Fprintf(p, `<rect class="aj-%s" x="%d" y="%d" width="%d" height="22" rx="4"/>`, m.Kind, x, y-11, w)
		p.text("aj-mark", x+svgChar, y+4, "start", said)
		x += w + svgChar
	}
}

func (p *picture) text(class string, x, y int, anchor, said string) {
	if said == "" {
		return
	}
	if class != "" {
		class = ` class="` + class + `"`
	}
	fmt.Fprintf(p, `<text%s x="%d" y="%d" text-anchor="%s">%s</text>`, class, x, y, anchor, xml(said))
}

// told is the journey in sentences, for those who cannot see it.
func (j *Journey) told() string {
	title := map[string]string{}
	for _, l := range j.Lanes {
		title[l.Name] = l.Title
	}
	var parts []string
	for _, h := range j.Hops {
		part := title[h.From] + ": " + h.beside()
		if h.From != h.To {
			verb := " to "
			if h.Lost {
				verb = ", lost on the way to "
			}
			part = strings.TrimSpace(title[h.From] + verb + title[h.To] + ": " + h.Label + " " + h.beside())
		}
		parts = append(parts, Clean(part, 160))
	}
	return strings.Join(parts, "; ")
}

// xml makes text safe between tags and inside quotes.
var xml = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;").Replace
