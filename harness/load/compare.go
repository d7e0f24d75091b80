package load

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/andon-rig/andon/harness"
)

// Comparison is of two builds by runs in turn, ABBA and BAAB, so that what the
// machine does meanwhile hits both alike. The unit is a round of four runs: never
// a single confirmation, as those of one run have the same fate.
type Comparison struct {
	// Run loads build "A" or "B" once.
	Run func(ctx context.Context, build string, n int) (*Result, error)
	// Rounds that count; [LeastRounds] at least. If there are enough, it is looked
	// after half of them whether all is decided already.
	Rounds int
	// Margin is a share below which a difference does not matter.
	Margin float64
	// See is told of each run; may be nil.
	See func(build string, round int, r *Result)
}

// falsely is the chance with which two builds that are the same may be told apart,
// by any of the figures.
const falsely = 0.05

// LeastRounds is how many rounds a comparison needs to come to anything.
var LeastRounds = leastRounds(falsely / float64(len(compared)))

// Difference is what a comparison says of one figure.
type Difference string

// Differences of B from A.
const (
	Better    Difference = "better"
	Worse     Difference = "worse"
	Same      Difference = "same"        // within the margin
	Undecided Difference = "undecidable" // more rounds, or longer runs, might tell
)

// Figure is one figure of two builds.
type Figure struct {
	Name    string     `json:"figure"`
	Unit    string     `json:"unit"`
	A       float64    `json:"a"` // median of runs
	B       float64    `json:"b"`
	Ratio   float64    `json:"ratio"` // of B to A
	Low     float64    `json:"low"`   // the interval in which the ratio is
	High    float64    `json:"high"`
	Verdict Difference `json:"verdict"`
	Seen    float64    `json:"smallest_seen"` // the smallest change, as a share, that these rounds would have shown
}

// ComparedRun is one run of a comparison.
type ComparedRun struct {
	Build   string             `json:"build"`
	Round   int                `json:"round"`
	Verdict Verdict            `json:"verdict"`
	Counted bool               `json:"counted"`
	Values  map[string]float64 `json:"values"`
	Dir     string             `json:"evidence"`
}

// Compared is what a comparison has shown.
type Compared struct {
	Schema   string        `json:"schema"` // andon.load.compare/v1
	Workload string        `json:"workload"`
	Outcome  string        `json:"outcome"` // a Difference, violated or generator-limited
	Why      []string      `json:"why,omitempty"`
	Exit     int           `json:"exit"`
	Rounds   int           `json:"rounds"`
	Margin   float64       `json:"margin"`
	Figures  []Figure      `json:"figures"`
	Runs     []ComparedRun `json:"runs"`
}

// compared lists the figures that are held against each other.
var compared = []struct {
	name, unit string
	more       bool // is better
	of         func(*Result) float64
}{
	{"e2e.p50", "ms", false, func(r *Result) float64 { return cmp.Or(r.Latency["e2e"], r.Latency["ack"]).P50 }},
	{"e2e.p99", "ms", false, func(r *Result) float64 { return cmp.Or(r.Latency["e2e"], r.Latency["ack"]).P99 }},
	{"cpu", "CPU-s per million", false, func(r *Result) float64 {
		if r.Build == nil {
			return 0
		}
		return r.Build.CPUPerMillion
	}},
	{"throughput", "/s", true, func(r *Result) float64 {
		if r.Offered { // then it is what was asked for
			return 0
		}
		return cmp.Or(r.PostedRate, r.SentRate)
	}},
}

// Compare runs the rounds and says how B differs from A. An error is trouble of
// the rig.
func (c *Comparison) Compare(ctx context.Context) (*Compared, error) {
	out := &Compared{Schema: "andon.load.compare/v1", Margin: c.Margin, Exit: harness.ExitInterrupted}
	for tries := 0; out.Rounds < c.Rounds && tries < c.Rounds+c.Rounds/2+1; tries++ {
		counted, err := c.round(ctx, out, tries)
		if err != nil || out.Outcome != "" || ctx.Err() != nil {
			return out, err
		}
		if !counted {
			continue
		}
		out.Rounds++
		if half, _ := c.chances(); half > 0 && out.Rounds == c.Rounds/2 {
			if out.Figures = figuresOf(out.Runs, c.Margin, half); decided(out.Figures) {
				break
			}
		}
	}
	c.conclude(out)
	return out, nil
}

// chances are those of telling two same builds apart, after half of the rounds
// and after all: looking twice is a chance to be wrong twice, and the first look is
// for what is plain. The first is 0 if half of the rounds are too few for it.
func (c *Comparison) chances() (half, all float64) {
	if h := falsely / 8; c.Rounds/2 >= leastRounds(h/float64(len(compared))) {
		return h, falsely - h
	}
	return 0, falsely
}

func decided(figures []Figure) bool {
	return len(figures) > 0 && !slices.ContainsFunc(figures, func(f Figure) bool { return f.Verdict == Undecided })
}

// round makes four runs; it counts if we were the limit in none.
func (c *Comparison) round(ctx context.Context, out *Compared, n int) (counted bool, err error) {
	order := []string{"A", "B", "B", "A"}
	if n%2 == 1 {
		order = []string{"B", "A", "A", "B"}
	}
	counted = true
	for _, build := range order {
		r, err := c.Run(ctx, build, len(out.Runs)+1)
		if err != nil {
			return false, fmt.Errorf("round %d, build %s: %w", n+1, build, err)
		}
		if r.Interrupted || ctx.Err() != nil {
			return false, nil
		}
		if c.See != nil {
			c.See(build, n+1, r)
		}
		run := ComparedRun{Build: build, Round: n + 1, Verdict: r.Verdict, Values: map[string]float64{}, Dir: r.Dir}
		for _, f := range compared {
			if v := f.of(r); v > 0 {
				run.Values[f.name] = v
			}
		}
		out.Workload = r.Workload
		out.Runs = append(out.Runs, run)
		counted = counted && r.Verdict != Limited
		if r.Verdict == Violated { // a build that is wrong is not compared by how fast it is
			out.Outcome, out.Exit = string(Violated), harness.ExitViolated
			out.Why = append(out.Why, fmt.Sprintf("build %s, run %d: %v", build, len(out.Runs), r.Why))
			return false, nil
		}
	}
	for i := range out.Runs[len(out.Runs)-4:] {
		out.Runs[len(out.Runs)-4+i].Counted = counted
	}
	return counted, nil
}

// conclude says what the rounds have shown.
func (c *Comparison) conclude(out *Compared) {
	if out.Rounds < c.Rounds && !decided(out.Figures) {
		out.Outcome, out.Exit = string(Limited), harness.ExitRig
		out.Why = append(out.Why, fmt.Sprintf("generator-limited: of %d rounds only %d were the load that was asked for; is the machine busy?", len(out.Runs)/4, out.Rounds))
		return
	}
	if out.Rounds == c.Rounds {
		_, chance := c.chances()
		out.Figures = figuresOf(out.Runs, c.Margin, chance)
	}
	var worst Difference
	for _, f := range out.Figures {
		if differRank[f.Verdict] > differRank[worst] || worst == "" {
			worst = f.Verdict
		}
		if f.Verdict == Worse || f.Verdict == Undecided {
			out.Why = append(out.Why, f.told())
		}
	}
	out.Outcome = cmp.Or(string(worst), string(Undecided))
	out.Exit = map[Difference]int{Better: harness.ExitHolds, Same: harness.ExitHolds, Worse: harness.ExitViolated, Undecided: harness.ExitUnknown}[Difference(out.Outcome)]
}

// differRank orders differences; the worst counts for the whole.
var differRank = map[Difference]int{Same: 0, Better: 1, Undecided: 2, Worse: 3}

func (f *Figure) told() string {
	if f.Verdict == Undecided {
		return fmt.Sprintf("%s: the ratio is %.3f, somewhere in %.3f to %.3f; changes below %.1f %% cannot be seen by these rounds", f.Name, f.Ratio, f.Low, f.High, f.Seen*100)
	}
	return fmt.Sprintf("%s: %.3f times what it was (%.3f to %.3f)", f.Name, f.Ratio, f.Low, f.High)
}

// figuresOf compares what all counted runs have values of. The chance of telling
// two same builds apart is shared by the figures.
func figuresOf(runs []ComparedRun, margin, chance float64) (out []Figure) {
	runs = slices.DeleteFunc(slices.Clone(runs), func(r ComparedRun) bool { return !r.Counted })
	var names []int
	for i, f := range compared {
		if !slices.ContainsFunc(runs, func(r ComparedRun) bool { return r.Values[f.name] == 0 }) && len(runs) > 0 {
			names = append(names, i)
		}
	}
	for _, i := range names {
		f := compared[i]
		values := map[string][]float64{}
		for _, r := range runs {
			values[r.Build] = append(values[r.Build], r.Values[f.name])
		}
		e := signedRank(roundDiffs(runs, f.name), chance/float64(len(names)))
		x := Figure{Name: f.name, Unit: f.unit, A: medianOf(values["A"]), B: medianOf(values["B"]), Ratio: math.Exp(e.mid), Low: math.Exp(e.low), High: math.Exp(e.high)}
		x.Seen = math.Expm1(max(e.high-e.mid, e.mid-e.low))
		x.Verdict = differ(e, margin, f.more)
		out = append(out, x)
	}
	return out
}

// roundDiffs is by how much the logarithm of a figure of B is above that of A, of
// each round: what grows evenly during a round cancels out.
func roundDiffs(runs []ComparedRun, name string) (diffs []float64) {
	for ; len(runs) >= 4; runs = runs[4:] {
		d := 0.0
		for _, r := range runs[:4] {
			v := math.Log(r.Values[name]) / 2
			if r.Build == "A" {
				v = -v
			}
			d += v
		}
		diffs = append(diffs, d)
	}
	return diffs
}

// differ chooses a verdict by the interval.
func differ(e estimate, margin float64, more bool) Difference {
	switch in := math.Log1p(margin); {
	case e.low > -in && e.high < in:
		return Same
	case e.low > 0 && more, e.high < 0 && !more:
		return Better
	case e.low > 0, e.high < 0:
		return Worse
	}
	return Undecided
}
