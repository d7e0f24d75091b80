package page

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/andon-rig/andon/harness/load"
	"github.com/andon-rig/andon/reports/html/svg"
)

// Sizes of drawings, with room for labels around the plot.
const (
	width, height = 940.0, 260.0
	left, right   = 64.0, 12.0
	top, bottom   = 14.0, 24.0
)

// frame is a plot with its scales.
type frame struct {
	*svg.Drawing
	x, y func(float64) float64
	h    float64 // of the plot
}

func newFrame(label string, h float64) *frame {
	return &frame{Drawing: svg.New("plot", label, width, h+top+bottom), h: h}
}

// along scales x evenly.
func (f *frame) along(from, to float64) {
	span := max(to-from, 1e-9)
	f.x = func(v float64) float64 { return left + (v-from)/span*(width-left-right) }
}

// even scales y evenly from 0, and draws the grid.
func (f *frame) even(most float64, say func(float64) string) {
	step := math.Pow(10, math.Floor(math.Log10(max(most, 1e-9))))
	for _, n := range []float64{0.2, 0.5, 1, 2, 5} {
		if most/(step*n) <= 5 {
			step *= n
			break
		}
	}
	ceil := max(step*math.Ceil(most/step), step)
	f.y = func(v float64) float64 { return top + f.h - v/ceil*f.h }
	for v := 0.0; v <= ceil*1.0001; v += step {
		f.rule(v, say(v))
	}
}

// decades scales y by powers of ten, and draws the grid.
func (f *frame) decades(least, most float64, say func(float64) string) {
	lo, hi := math.Floor(math.Log10(least)), math.Ceil(math.Log10(most))
	hi = max(hi, lo+1)
	f.y = func(v float64) float64 {
		return top + f.h - (math.Max(math.Log10(v), lo)-lo)/(hi-lo)*f.h
	}
	for d := lo; d <= hi; d++ {
		f.rule(math.Pow(10, d), say(math.Pow(10, d)))
	}
}

func (f *frame) rule(v float64, text string) {
	f.Line(left, f.y(v), width-right, f.y(v), "grid")
	f.Text(left-6, f.y(v)+4, "", "end", text)
}

// seconds labels x, which is time.
func (f *frame) seconds(to float64) {
	step := 1.0
	for _, s := range []float64{1, 2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600, 7200} {
		if step = s; to/s <= 12 {
			break
		}
	}
	for v := 0.0; v <= to; v += step {
		f.Text(f.x(v), top+f.h+16, "", "middle", strconv.FormatFloat(v, 'f', -1, 64)+" s")
	}
}

// line draws points that belong together.
func (f *frame) line(class, name string, n int, at func(int) (x, y float64)) {
	p := &svg.Path{}
	for i := range n {
		if x, y := at(i); i == 0 {
			p.Move(f.x(x), f.y(y))
		} else {
			p.Line(f.x(x), f.y(y))
		}
	}
	if n > 0 {
		f.Path(p, class, name)
	}
}

// legend names lines.
func (f *frame) legend(names ...string) {
	for i, name := range names {
		f.Text(width-right-float64(len(names)-1-i)*70, top-3, name, "end", name)
	}
}

func inMs(v float64) string {
	switch {
	case v >= 1000:
		return strconv.FormatFloat(v/1000, 'f', -1, 64) + " s"
	case v < 1:
		return strconv.FormatFloat(v*1000, 'f', -1, 64) + " µs"
	}
	return strconv.FormatFloat(v, 'f', -1, 64) + " ms"
}

func plain(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// byPercentile draws the curves; x is how many nines a percentile has.
func byPercentile(r *load.Result) string {
	f := newFrame("latency by percentile", height)
	least, most, deep := math.Inf(1), 0.0, 1.0
	nines := func(p float64) float64 { return -math.Log10(1 - p/100) }
	names := []string{}
	for _, name := range []string{"service", "ack", "e2e"} {
		c := r.Curves[name]
		if len(c) < 2 {
			continue
		}
		names = append(names, name)
		least, most, deep = min(least, max(c[0].Ms, 0.001)), max(most, c[len(c)-1].Ms), max(deep, nines(c[len(c)-2].Percentile))
	}
	if len(names) == 0 {
		return ""
	}
	f.along(0, deep+0.3)
	f.decades(least, max(most, 2*least), inMs)
	for _, p := range []float64{0, 50, 90, 95, 99, 99.5, 99.9, 99.99, 99.999} {
		if nines(p) <= deep {
			f.Text(f.x(nines(p)), top+f.h+16, "", "middle", "p"+plain5(p))
		}
	}
	f.Text(f.x(deep+0.3), top+f.h+16, "", "end", "max")
	for _, name := range names {
		c := r.Curves[name]
		f.line(name, name, len(c), func(i int) (float64, float64) {
			if c[i].Percentile == 100 {
				return deep + 0.3, c[i].Ms
			}
			return nines(c[i].Percentile), c[i].Ms
		})
	}
	f.legend(names...)
	return f.String()
}

func plain5(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// mostColumns is how many columns a strip has; of longer runs several seconds
// share one.
const mostColumns = 300

// strip draws how latencies are spread over time, and the faults.
func strip(r *load.Result) string {
	if len(r.Seconds) == 0 {
		return ""
	}
	end := float64(r.Seconds[len(r.Seconds)-1].At + 1)
	each := math.Ceil(end / mostColumns)
	columns, tallest, low := columnsOf(r.Seconds, each), int64(1), len(load.HeatSteps)-1
	high := 0
	for _, c := range columns {
		for i, n := range c {
			if n > 0 {
				tallest, low, high = max(tallest, n), min(low, i), max(high, i)
			}
		}
	}
	rows := faultRows(r)
	f := newFrame("latency over time", height+float64(len(rows))*rowHeight)
	f.along(0, end)
	base := top + f.h
	cell := height / float64(high-low+1)
	for _, b := range r.Faults {
		f.Rect(f.x(b.From), base-height, max(f.x(b.To)-f.x(b.From), 1), height, "shade", "")
	}
	for at, c := range columns {
		for i, n := range c {
			if n == 0 {
				continue
			}
			depth := 0.12 + 0.88*math.Log1p(float64(n))/math.Log1p(float64(tallest))
			x := f.x(float64(at) * each)
			f.Rect(x, base-float64(i-low+1)*cell, max(f.x(float64(at+1)*each)-x-0.5, 0.5), cell-0.5, "heat",
				fmt.Sprintf("%d took up to %s, from %.0f s on", n, inMs(rounded(load.HeatSteps[i])), float64(at)*each), "fill-opacity", strconv.FormatFloat(depth, 'f', 2, 64))
		}
	}
	for i := low; i <= high; i++ {
		if i%2 == 0 || high-low < 8 {
			f.Text(left-6, base-float64(i-low+1)*cell+4, "", "end", inMs(rounded(load.HeatSteps[i])))
		}
	}
	drawFaults(f, r, rows)
	f.seconds(end)
	return f.String()
}

const rowHeight = 16.0

// faultRows lists the faults, each once.
func faultRows(r *load.Result) (rows []string) {
	for _, b := range r.Faults {
		if !slices.Contains(rows, b.Fault) {
			rows = append(rows, b.Fault)
		}
	}
	return rows
}

// drawFaults draws when faults were there, a row each.
func drawFaults(f *frame, r *load.Result, rows []string) {
	for _, b := range r.Faults {
		y := top + float64(slices.Index(rows, b.Fault))*rowHeight
		x, w := f.x(b.From), max(f.x(b.To)-f.x(b.From), 1)
		class := "band"
		if b.Struck == 0 {
			class = "idle"
		}
		f.Rect(x, y, w, rowHeight-6, class, fmt.Sprintf("%s: %.2f s to %.2f s, struck %d", b.Fault, b.From, b.To, b.Struck))
	}
	for i, name := range rows {
		f.Text(left+2, top+float64(i)*rowHeight+9, "name", "start", name)
	}
}

// columnsOf adds up so many seconds each.
func columnsOf(seconds []load.Second, each float64) [][]int64 {
	out := make([][]int64, int(float64(seconds[len(seconds)-1].At)/each)+1)
	for _, s := range seconds {
		c := &out[int(float64(s.At)/each)]
		if *c == nil {
			*c = make([]int64, len(load.HeatSteps))
		}
		for i, n := range s.Heat {
			(*c)[i] += n
		}
	}
	return out
}

// rounded keeps two digits of a bound.
func rounded(v float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 2, 64), 64) // it was written just now
	return r
}

// rates draws what was sent and posted each second.
func rates(r *load.Result) string {
	f := newFrame("sent and posted a second", height/2)
	s := thinned(r.Seconds)
	if len(s) == 0 {
		return ""
	}
	most := 1.0
	for _, x := range s {
		most = max(most, float64(x.Sent), float64(x.Posted))
	}
	f.along(0, float64(s[len(s)-1].At+1))
	f.even(most, plain)
	for _, b := range r.Faults {
		f.Rect(f.x(b.From), top, max(f.x(b.To)-f.x(b.From), 1), f.h, "shade", "")
	}
	f.line("sent", "sent", len(s), func(i int) (float64, float64) { return float64(s[i].At) + 0.5, float64(s[i].Sent) })
	f.line("posted", "posted", len(s), func(i int) (float64, float64) { return float64(s[i].At) + 0.5, float64(s[i].Posted) })
	f.legend("sent", "posted")
	f.seconds(float64(s[len(s)-1].At + 1))
	return f.String()
}

// thinned keeps at most about so many seconds as a screen has columns: of longer
// runs every so-manieth stands for the mean of those up to the next.
func thinned(seconds []load.Second) (out []load.Second) {
	each := max(1, len(seconds)/(2*mostColumns))
	for ; len(seconds) > 0; seconds = seconds[min(each, len(seconds)):] {
		x, n := seconds[0], int64(min(each, len(seconds)))
		for _, s := range seconds[1:n] {
			x.Sent += s.Sent
			x.Posted += s.Posted
		}
		x.Sent, x.Posted = x.Sent/n, x.Posted/n
		out = append(out, x)
	}
	return out
}

// usage draws what the build took up: processors as a line on the grid, memory
// on its own scale, whose most is told.
func usage(u *load.BuildUsage) string {
	f := newFrame("the build's processors and memory", height/2)
	s, cores, memory := u.Samples, 0.0, 1.0
	for _, x := range s {
		cores, memory = max(cores, x.Cores), max(memory, float64(x.Memory))
	}
	cores = max(cores, 0.01)
	f.along(0, s[len(s)-1].At)
	f.even(cores, func(v float64) string { return plain(v) + " cores" })
	f.line("sent", "processors", len(s), func(i int) (float64, float64) { return s[i].At, s[i].Cores })
	f.line("memory", "memory", len(s), func(i int) (float64, float64) { return s[i].At, float64(s[i].Memory) / memory * cores })
	f.Text(width-right-170, top-3, "sent", "end", "processors")
	f.Text(width-right, top-3, "memory", "end", fmt.Sprintf("memory, at most %.0f MiB", memory/(1<<20)))
	f.seconds(s[len(s)-1].At)
	return f.String()
}

// probes draws a search.
func probes(s *load.Found) string {
	if len(s.Probes) == 0 {
		return ""
	}
	f := newFrame("probes of the search", height)
	least, most := math.Inf(1), 0.0
	for _, p := range s.Probes {
		least, most = min(least, p.Rate), max(most, p.Rate)
	}
	last := s.Probes[len(s.Probes)-1]
	end := last.Began + last.Lasted
	f.along(0, end)
	f.decades(least, max(most, 2*least), func(v float64) string { return plain(v) + "/s" })
	if s.Max > 0 {
		f.Line(left, f.y(s.Max), width-right, f.y(s.Max), "found")
		f.Text(width-right, f.y(s.Max)-4, "name", "end", plain(s.Max)+"/s")
	}
	for _, p := range s.Probes {
		f.Rect(f.x(p.Began), f.y(p.Rate)-4, max(f.x(p.Began+p.Lasted)-f.x(p.Began)-1, 1), 8, string(p.Outcome), p.Told())
	}
	f.seconds(end)
	return f.String()
}
