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
const Gateable = "e2e.pN, ack.pN, service.pN, waited.pN, pacing.pN (N up to 99.99, or max: a duration); sent, posted (a rate such as 500/s); " +
	"errors (a share such as 0.1%); retries, backlog (numbers); drain (a duration)"

// ParseGate reads a threshold.
func ParseGate(text string) (Gate, error) {
	m := gateForm.FindStringSubmatch(text)
	if m == nil {
		return Gate{}, fmt.Errorf("threshold %q is not of the form WHAT < LIMIT; WHAT is one of %s", text, Gateable)
	}
	g := Gate{Expression: strings.TrimSpace(text), what: m[1], less: m[2][0] == '<', orEqual: len(m[2]) == 2}
	var err error
	switch name, rest, dotted := strings.Cut(m[1], "."); {
	case dotted:
		err = g.latency(name, rest, m[3])
	case name == "sent" || name == "posted":
		g.limit, err = unit(m[3], "/s", 1)
	case name == "errors":
		g.limit, err = unit(m[3], "%", 0.01)
	case name == "retries" || name == "backlog":
		g.limit, err = unit(m[3], "", 1)
	case name == "drain":
		g.limit, err = seconds(m[3])
	default:
		err = fmt.Errorf("%q is none of %s", m[1], Gateable)
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

// gates decides the thresholds.
func (res *Result) gates(r *run, c *Config) {
	for _, g := range c.Gates {
		res.Gates = append(res.Gates, g.decide(res, r))
	}
}

// fewest is how many values must lie above a percentile before it is believed.
const fewest = 5

func (g Gate) decide(res *Result, r *run) GateResult {
	out := GateResult{Expression: g.Expression, Outcome: Held}
	said := ""
	timed := true // what the generator's own trouble would spoil
	switch g.what {
	case "sent":
		out.Value, said = res.SentRate, fmt.Sprintf("%.1f/s", res.SentRate)
	case "posted":
		out.Value, said = res.PostedRate, fmt.Sprintf("%.1f/s", res.PostedRate)
	case "errors":
		out.Value = float64(res.Sent.GivenUp) / float64(max(res.Sent.First, 1))
		said = fmt.Sprintf("%.4g %%", out.Value*100)
	case "retries":
		out.Value, said = float64(res.Sent.Retried), fmt.Sprint(res.Sent.Retried)
	case "backlog":
		out.Value, said = float64(res.Backlog.Most), fmt.Sprint(res.Backlog.Most)
	case "drain":
		out.Value, said = res.Backlog.Drain.Seconds(), res.Backlog.Drain.Round(time.Millisecond).String()
		timed = false
	default:
		v, n := r.meter.At(g.measure, g.percentile)
		out.Value, said = ms(int64(v)), v.Round(time.Microsecond).String()
		if above := float64(n) * (100 - g.percentile) / 100; n == 0 || g.percentile < 100 && above < fewest {
			out.Outcome, out.Why = Undecidable, fmt.Sprintf("there are %d values, of which too few lie above that percentile", n)
			return out
		}
	}
	held := out.Value < g.limit
	if !g.less {
		held = out.Value > g.limit
	}
	held = held || g.orEqual && out.Value == g.limit
	out.Why = "it is " + said
	switch {
	case held && (len(res.Limited) == 0 || !timed):
	case timed && len(res.Limited) > 0:
		out.Outcome = Limited
		out.Why += ", and the load was not the one asked for"
	default:
		out.Outcome = Violated
	}
	return out
}
