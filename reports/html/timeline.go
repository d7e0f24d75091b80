package html

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"time"

	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/html/svg"
)

// Measures of a timeline, in pixels of its own.
const (
	gutter    = 132.0 // for what the rows are called
	plotWidth = 828.0
	rightEdge = 18.0
	rowPhases = 22.0
	rowFault  = 22.0
	latency   = 120.0
	owed      = 72.0
	rowFared  = 13.0
	between   = 20.0
	rowAxis   = 30.0
)

// mostBands is how many faults have a row of their own.
const mostBands = 12

// chart is a timeline being drawn: panels from top to bottom over one axis.
type chart struct {
	*svg.Drawing
	t      reports.Timeline
	bands  []reports.Band
	height float64
	// Latency is drawn between these powers of ten, in microseconds.
	low, high int
}

// drawTimeline draws what a run did over its wall time. The part that zooms
// stands in an inner drawing, whose view the script changes; all names and
// numbers stand outside of it.
func drawTimeline(t reports.Timeline, label string) template.HTML {
	if t.Last <= 0 {
		return ""
	}
	c := &chart{t: t, bands: t.Bands}
	if len(c.bands) > mostBands {
		c.bands = c.bands[:mostBands]
	}
	c.decades()
	c.height = rowPhases + float64(len(c.bands))*rowFault + between + latency + between + owed + between + 4*rowFared + rowAxis
	c.Drawing = svg.New("tl", label, gutter+plotWidth+rightEdge, c.height)
	c.phases()
	c.frame()
	c.names()
	c.axis()
	c.Open("svg", "class", "plot", "x", svg.Number(gutter), "y", "0", "width", svg.Number(plotWidth), "height", svg.Number(c.height),
		"viewBox", "0 0 "+svg.Number(plotWidth)+" "+svg.Number(c.height), "preserveAspectRatio", "none", "data-last", strconv.FormatInt(t.Last.Microseconds(), 10))
	c.plot()
	return template.HTML(c.String()) // written by package svg, which escapes
}

// x is where a moment lies in the inner drawing.
func (c *chart) x(at time.Duration) float64 {
	return float64(min(max(at, 0), c.t.Last)) / float64(c.t.Last) * plotWidth
}

// Tops of the panels.
func (c *chart) topFaults() float64  { return rowPhases }
func (c *chart) topLatency() float64 { return rowPhases + float64(len(c.bands))*rowFault + between }
func (c *chart) topOwed() float64    { return c.topLatency() + latency + between }
func (c *chart) topFared() float64   { return c.topOwed() + owed + between }
func (c *chart) bottom() float64     { return c.topFared() + 4*rowFared }

// phases names the moments of the run; those too close to the last name are
// only drawn as lines.
func (c *chart) phases() {
	c.Open("g", "class", "phases")
	next := -1.0
	for _, m := range c.t.Marks {
		x := c.x(m.At)
		class := "phase"
		if x < next {
			class = "phase crowded"
		} else {
			next = x + float64(explain.Width(m.Name))*6.5 + 14
		}
		c.Text(gutter+x+4, rowPhases-8, class, "start", m.Name, "data-x", svg.Number(x))
	}
	c.Close()
}

// frame draws what stands still when the plot zooms.
func (c *chart) frame() {
	for _, p := range []struct{ top, height float64 }{{c.topLatency(), latency}, {c.topOwed(), owed}, {c.topFared(), 4 * rowFared}} {
		c.Rect(gutter, p.top, plotWidth, p.height, "panel", "")
	}
}

// names writes what the rows are, and the scales.
func (c *chart) names() {
	for i, b := range c.bands {
		y := c.topFaults() + float64(i)*rowFault
		c.Text(gutter-10, y+rowFault/2+4, "name", "end", explain.Clean(b.ID, 18))
	}
	c.Text(0, c.topLatency()+12, "title", "start", "fact → books")
	c.Text(0, c.topOwed()+12, "title", "start", "backlog")
	c.Text(0, c.topFared()+11, "title", "start", "messages")
	for d := c.low; d <= c.high; d++ {
		c.Text(gutter-10, c.atLatency(decade(d))+4, "tick", "end", short(decade(d)))
	}
	c.Text(gutter-10, c.topOwed()+12, "tick", "end", strconv.Itoa(c.peak()))
	c.Text(gutter-10, c.topOwed()+owed, "tick", "end", "0")
	for i, name := range reports.Fares {
		c.Text(gutter-10, c.topFared()+float64(i)*rowFared+10, "tick", "end", name)
	}
	if n := len(c.t.Bands) - len(c.bands); n > 0 {
		c.Text(0, c.topLatency()-6, "tick", "start", fmt.Sprintf("%d more faults", n))
	}
}

// axis writes the wall time below.
func (c *chart) axis() {
	c.Open("g", "class", "axis", "data-y", svg.Number(c.bottom()), "data-gutter", svg.Number(gutter))
	step := tickStep(c.t.Last)
	for at := time.Duration(0); at <= c.t.Last; at += step {
		x := gutter + c.x(at)
		c.Line(x, c.bottom(), x, c.bottom()+5, "tickline")
		c.Text(x, c.bottom()+18, "tick", "middle", seconds(at, step))
	}
	c.Close()
	c.Text(0, c.bottom()+18, "tick", "start", "wall time")
}

// decades finds the powers of ten between which all latencies lie.
func (c *chart) decades() {
	lo, hi := time.Duration(math.MaxInt64), time.Duration(0)
	for _, p := range c.t.Latency {
		lo, hi = min(lo, p.Took), max(hi, p.Took)
	}
	c.low = 3 // 1 ms
	for c.low > 0 && decade(c.low) > lo {
		c.low--
	}
	c.high = c.low + 1
	for c.high < 10 && decade(c.high) < hi {
		c.high++
	}
}

func decade(n int) time.Duration {
	d := time.Microsecond
	for range n {
		d *= 10
	}
	return d
}

// atLatency is where a duration lies on the logarithmic scale.
func (c *chart) atLatency(d time.Duration) float64 {
	v := math.Log10(float64(max(d, decade(c.low))) / float64(time.Microsecond))
	return c.topLatency() + latency - 6 - (v-float64(c.low))/float64(c.high-c.low)*(latency-12)
}

// tickStep is 1, 2 or 5 times a power of ten, so that there are at most ten
// steps.
func tickStep(last time.Duration) time.Duration {
	for step := time.Millisecond; ; step *= 10 {
		for _, m := range []time.Duration{1, 2, 5} {
			if last/(step*m) <= 10 {
				return step * m
			}
		}
	}
}

// seconds writes a moment with as many digits as its step needs.
func seconds(at, step time.Duration) string {
	digits := 0
	for s := step; s < time.Second && digits < 3; s *= 10 {
		digits++
	}
	return strconv.FormatFloat(at.Seconds(), 'f', digits, 64) + " s"
}

// short writes a power of ten of time.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return strconv.FormatInt(d.Microseconds(), 10) + " µs"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + " s"
}
