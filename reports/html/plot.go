package html

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/kpi"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/html/svg"
)

// plot draws what zooms.
func (c *chart) plot() {
	for _, i := range c.armed() {
		x1, x2 := c.x(i.From), c.x(i.To)
		c.Rect(x1, c.topLatency(), max(x2-x1, 1), c.bottom()-c.topLatency(), "shade", "")
	}
	for _, m := range c.t.Marks {
		c.Line(c.x(m.At), rowPhases-18, c.x(m.At), c.bottom(), "moment")
	}
	for i, b := range c.bands {
		c.band(b, c.topFaults()+float64(i)*rowFault)
	}
	c.latencies()
	c.backlog()
	c.fared()
}

// armed lists when any fault was armed.
func (c *chart) armed() (all []evidence.Interval) {
	var each []evidence.Interval
	for _, b := range c.t.Bands {
		for _, i := range b.Armed {
			each = append(each, evidence.Interval{From: i.From, To: c.end(i)})
		}
	}
	slices.SortFunc(each, func(a, b evidence.Interval) int { return cmp.Compare(a.From, b.From) })
	for _, i := range each {
		if last := len(all) - 1; last >= 0 && i.From <= all[last].To {
			all[last].To = max(all[last].To, i.To)
		} else {
			all = append(all, i)
		}
	}
	return all
}

func (c *chart) end(i evidence.Interval) time.Duration {
	if i.Open {
		return c.t.Last
	}
	return i.To
}

// band draws when a fault was armed and when it struck.
func (c *chart) band(b reports.Band, y float64) {
	name := fmt.Sprintf("%s (%s)", b.ID, b.Kind)
	if len(b.At) > 0 {
		name += " at " + strings.Join(b.At, ", ")
	}
	for _, i := range b.Armed {
		x1, x2 := c.x(i.From), c.x(c.end(i))
		c.Rect(x1, y+4, max(x2-x1, 1), rowFault-8, "armed", fmt.Sprintf("%s: armed from %s to %s, struck %d×", name, kpi.Wall(i.From), kpi.Wall(c.end(i)), len(b.Strikes)))
	}
	p := &svg.Path{}
	for _, at := range b.Strikes {
		p.Move(c.x(at), y+3).Line(c.x(at), y+rowFault-3)
	}
	if len(b.Strikes) > 0 {
		c.Path(p, "strike", "")
	} else {
		p.Move(0, y+rowFault/2).Line(plotWidth, y+rowFault/2)
		c.Path(p, "idle", name+": never struck")
	}
}

func (c *chart) latencies() {
	for d := c.low; d <= c.high; d++ {
		c.Line(0, c.atLatency(decade(d)), plotWidth, c.atLatency(decade(d)), "grid")
	}
	for _, p := range c.t.Latency {
		class := "pt"
		if p.Struck {
			class = "pt hit"
		}
		dot := (&svg.Path{}).Move(c.x(p.At), c.atLatency(p.Took)).Line(c.x(p.At), c.atLatency(p.Took))
		said := fmt.Sprintf("%s at %s: in the books after %s", p.Fact, kpi.Wall(p.At), kpi.Wall(p.Took))
		if p.Struck {
			said += ", struck by a fault"
		}
		c.Path(dot, class, said)
	}
}

func (c *chart) peak() int {
	peak := 1
	for _, l := range c.t.Owed {
		peak = max(peak, l.N)
	}
	return peak
}

// backlog draws the levels as an area of steps.
func (c *chart) backlog() {
	base := c.topOwed() + owed
	y := func(n int) float64 { return base - float64(n)/float64(c.peak())*(owed-8) }
	area := (&svg.Path{}).Move(0, base)
	n := 0
	for _, l := range c.t.Owed {
		area.Line(c.x(l.At), y(n)).Line(c.x(l.At), y(l.N))
		n = l.N
	}
	area.Line(plotWidth, y(n)).Line(plotWidth, base).Shut()
	c.Path(area, "area", "")
}

// fared draws how messages fared, the darker the more of them.
func (c *chart) fared() {
	most := 1
	for _, b := range c.t.Traffic {
		for _, n := range b.Fared {
			most = max(most, n)
		}
	}
	for row, name := range reports.Fares {
		for _, b := range c.t.Traffic {
			n := b.Fared[row]
			if n == 0 {
				continue
			}
			x1, x2 := c.x(b.From), c.x(b.To)
			depth := 0.25 + 0.75*math.Log1p(float64(n))/math.Log1p(float64(most))
			c.Rect(x1, c.topFared()+float64(row)*rowFared+1, max(x2-x1-0.5, 1), rowFared-2, fmt.Sprintf("heat fared-%d", row),
				fmt.Sprintf("%d %s, %s to %s", n, name, kpi.Wall(b.From), kpi.Wall(min(b.To, c.t.Last))), "fill-opacity", strconv.FormatFloat(depth, 'f', 2, 64))
		}
	}
}
