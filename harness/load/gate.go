package load

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Gate is a threshold, such as e2e.p99 < 250ms, posted >= 1000/s or
// errors <= 0.1%.
type Gate struct {
	Expression string
	flow       Flow // "" for all
	what       string
	measure    Measure
	percentile float64
	less       bool
	orEqual    bool
	limit      float64 // ms, per second, seconds, or plain
}

// GateResult is what became of a threshold.
type GateResult struct {
	Expression string  `json:"threshold"`
	Outcome    Verdict `json:"outcome"`
	Value      float64 `json:"value"`
	Why        string  `json:"why"`
}

var gateForm = regexp.MustCompile(`^\s*([a-z0-9.-]+)\s*(<=|>=|<|>)\s*(\S+)\s*$`)

// Gateable lists what thresholds can be about.
const Gateable = "e2e.pN, ack.pN, service.pN, waited.pN, pacing.pN (N up to 99.99, or max: a duration); sent, posted (a rate such as 500/s); max (what --find-max has found, a rate); " +
	"errors (a share such as 0.1%); retries, backlog (numbers); drain (a duration); and of one flow of a mix latencies, sent, posted and errors, such as scrap.e2e.p99"

// OfSearch reports whether g is about what a search has found.
func (g Gate) OfSearch() bool { return g.what == "max" }

// Flow is the flow that g is about; "" if it is about all.
func (g Gate) Flow() Flow { return g.flow }

// ParseGate reads a threshold.
func ParseGate(text string) (Gate, error) {
	m := gateForm.FindStringSubmatch(text)
	if m == nil {
		return Gate{}, fmt.Errorf("threshold %q is not of the form WHAT < LIMIT; WHAT is one of %s", text, Gateable)
	}
	g := Gate{Expression: strings.TrimSpace(text), what: m[1], less: m[2][0] == '<', orEqual: len(m[2]) == 2}
	if name, rest, ok := strings.Cut(m[1], "."); ok && Flow(name).number() >= 0 {
		g.flow, g.what = Flow(name), rest
	}
	var err error
	switch name, rest, dotted := strings.Cut(g.what, "."); {
	case dotted:
		err = g.latency(name, rest, m[3])
	case name == "sent" || name == "posted" || name == "max":
		g.limit, err = unit(m[3], "/s", 1)
	case name == "errors":
		g.limit, err = unit(m[3], "%", 0.01)
	case g.flow != "":
		err = fmt.Errorf("%q is not told by flow; e2e.pN, ack.pN, service.pN, sent, posted and errors are", g.what)
	case name == "retries" || name == "backlog":
		g.limit, err = unit(m[3], "", 1)
	case name == "drain":
		g.limit, err = seconds(m[3])
	default:
		err = fmt.Errorf("%q is none of %s", m[1], Gateable)
	}
	if err == nil && g.flow != "" && (g.measure >= flowMeasures || g.what == "max") {
		err = fmt.Errorf("%q is not told by flow; e2e.pN, ack.pN, service.pN, sent, posted and errors are", g.what)
	}
	if err != nil {
		return Gate{}, fmt.Errorf("threshold %q: %w", text, err)
	}
	return g, nil
}

func (g *Gate) latency(name, at, limit string) (err error) {
	g.measure = measures
	for k, n := range measureNames {
		if n == name {
			g.measure = Measure(k)
		}
	}
	if g.measure == measures {
		return fmt.Errorf("%q is no latency; they are %s", name, strings.Join(measureNames[:], ", "))
	}
	if g.percentile = 100; at != "max" {
		p, err := strconv.ParseFloat(strings.TrimPrefix(at, "p"), 64)
		if err != nil || at[0] != 'p' || !(p > 0 && p < 100) {
			return fmt.Errorf("%q is no percentile such as p99", at)
		}
		g.percentile = p
	}
	s, err := seconds(limit)
	g.limit = s * 1000
	return err
}

func unit(text, suffix string, factor float64) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSuffix(text, suffix), 64)
	if err != nil || v < 0 {
		return 0, fmt.Errorf("%q is no number%s", text, suffix)
	}
	if suffix == "%" && !strings.HasSuffix(text, suffix) {
		factor = 1
	}
	return v * factor, nil
}

func seconds(text string) (float64, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no duration such as 250ms", text)
	}
	return d.Seconds(), nil
}

// figures are what thresholds are held against.
type figures struct {
	sent, posted, most   float64 // per second; most is what a search has found, 0 without one
	errors, retries, lag float64
	drain                time.Duration
	limited              bool // the load was not the one asked for
	at                   func(Measure, float64) (time.Duration, int64)
}

// gates decides the thresholds.
func (res *Result) gates(r *run, c *Config) {
	f := figures{sent: res.SentRate, posted: res.PostedRate, errors: float64(res.Sent.GivenUp) / float64(max(res.Sent.First, 1)), retries: float64(res.Sent.Retried),
		lag: float64(res.Backlog.Most), drain: res.Backlog.Drain, limited: len(res.Limited) > 0, at: r.meter.At}
	if res.Search != nil {
		f.most, f.limited = res.Search.Max, res.Search.Outcome == Limited
	}
	for _, g := range c.Gates {
		if g.flow == "" {
			res.Gates = append(res.Gates, g.decide(f))
		} else if of, ok := f.of(g.flow, res, r); ok {
			res.Gates = append(res.Gates, g.decide(of))
		} else {
			res.Gates = append(res.Gates, GateResult{Expression: g.Expression, Outcome: Undecidable, Why: "there were no " + string(g.flow) + " in this load"})
		}
	}
}

// fewest is how many values must lie above a percentile before it is believed.
const fewest = 5

// decide holds a threshold against what was seen.
func (g Gate) decide(f figures) GateResult {
	out := GateResult{Expression: g.Expression, Outcome: Held}
	value, said, why := g.value(f)
	if out.Value = value; why != "" {
		out.Outcome, out.Why = Undecidable, why
		return out
	}
	held := value < g.limit
	if !g.less {
		held = value > g.limit
	}
	held = held || g.orEqual && value == g.limit
	timed := g.what != "drain" // what the generator's own trouble would spoil
	out.Why = "it is " + said
	switch {
	case held && (!f.limited || !timed):
	case timed && f.limited:
		out.Outcome = Limited
		out.Why += ", and the load was not the one asked for"
	default:
		out.Outcome = Violated
	}
	return out
}

// value is what g is about, for comparing and for people; why says that it
// cannot be told.
func (g Gate) value(f figures) (value float64, said, why string) {
	perSecond := func(v float64) (float64, string, string) { return v, fmt.Sprintf("%.1f/s", v), "" }
	switch g.what {
	case "sent":
		return perSecond(f.sent)
	case "posted":
		return perSecond(f.posted)
	case "max":
		if f.most == 0 {
			return 0, "", "no highest rate was found"
		}
		return perSecond(f.most)
	case "errors":
		return f.errors, fmt.Sprintf("%.4g %%", f.errors*100), ""
	case "retries":
		return f.retries, fmt.Sprint(f.retries), ""
	case "backlog":
		return f.lag, fmt.Sprint(f.lag), ""
	case "drain":
		return f.drain.Seconds(), f.drain.Round(time.Millisecond).String(), ""
	}
	v, n := f.at(g.measure, g.percentile)
	if above := float64(n) * (100 - g.percentile) / 100; n == 0 || g.percentile < 100 && above < fewest {
		return ms(int64(v)), "", fmt.Sprintf("there are %d values, of which too few lie above that percentile", n)
	}
	return ms(int64(v)), v.Round(time.Microsecond).String(), ""
}
