// Package page writes the result of a load as one HTML page: what was found, and
// drawings of latency by percentile and over time, with the faults that were
// there. It knows nothing but the result, and loads nothing from anywhere.
package page

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/andon-rig/andon/harness/load"
)

//go:embed page.html
var text string

//go:embed page.css
var style string

var page = template.Must(template.New("load").Parse(text))

// row is a line of a table.
type row struct{ Name, Value, Class string }

type view struct {
	*load.Result
	Style     template.CSS
	Facts     []row
	Wrong     []row
	Counts    []row
	Drawings  []drawing
	Measures  []measure
	FaultRows []load.Band
	FlowRows  []flow
}

// flow is a line of the table of flows.
type flow struct {
	load.FlowResult
	Percent  string
	E2E, Ack load.Quantiles
}

type drawing struct {
	Title, Note string
	SVG         template.HTML
}

type measure struct {
	Name, Says string
	load.Quantiles
}

// Write writes the page of a result.
func Write(out io.Writer, r *load.Result) error {
	v := view{Result: r, Style: template.CSS(style), Facts: facts(r), Wrong: wrong(r), Counts: counts(r), FaultRows: r.Faults}
	for _, f := range r.Flows {
		v.FlowRows = append(v.FlowRows, flow{f, fmt.Sprintf("%.3g %%", 100*f.Share), f.Latency[load.EndToEnd.String()], f.Latency[load.Ack.String()]})
	}
	for _, m := range []struct{ name, says string }{
		{"e2e", "from due to posting"}, {"ack", "from due to answer"}, {"service", "from sending to answer"}, {"waited", "from due to sending"}, {"pacing", "of that our own lateness"},
	} {
		if r.Fleet != nil && m.name == load.EndToEnd.String() {
			m.says += fmt.Sprintf(", from an agent's clock to ours: exact to ±%s", r.Fleet.Bound.Round(time.Microsecond))
		}
		if q, ok := r.Latency[m.name]; ok {
			v.Measures = append(v.Measures, measure{m.name, m.says, q})
		}
	}
	if r.Search != nil {
		v.Drawings = append(v.Drawings, drawing{"Probes", "each a bar as long as it lasted, at its rate", template.HTML(probes(r.Search))})
	}
	v.Drawings = append(v.Drawings,
		drawing{"Latency by percentile", "each step to the right halves what lies above, or so", template.HTML(byPercentile(r))},
		drawing{"Latency over time", "the darker the more confirmations of a moment took so long; faults above", template.HTML(strip(r))},
		drawing{"Sent and posted a second", "", template.HTML(rates(r))})
	if r.Build != nil && len(r.Build.Samples) > 1 {
		v.Drawings = append(v.Drawings, drawing{"The build's processors and memory", "", template.HTML(usage(r.Build))})
	}
	return page.Execute(out, v)
}

func facts(r *load.Result) []row {
	all := []row{
		{"workload", r.Workload, ""},
		{"plant", cmp.Or(r.Plant, "none: the body is a user's"), ""},
		{"sent", fmt.Sprintf("%d of %d scheduled in %s, %.1f/s", r.Sent.First, r.Scheduled, r.Sending.Round(time.Millisecond), r.SentRate), ""},
		{"taken", fmt.Sprintf("%d; sent again %d, never taken %d", r.Sent.Taken, r.Sent.Retried, r.Sent.GivenUp), ""},
	}
	if e := r.Exactly; e != nil {
		all = append(all, row{"posted", fmt.Sprintf("%d, %.1f/s; backlog at most %d, drained in %s", e.Posted, r.PostedRate, r.Backlog.Most, r.Backlog.Drain.Round(time.Millisecond)), ""},
			row{"exactly-once", fmt.Sprintf("%s: lost %d, doubled %d, altered %d, invented %d; repeated under their key %d", e.Verdict, e.Lost.Count, e.Doubled.Count, e.Altered.Count, e.Invented.Count, e.Repeated), e.Verdict.String()})
	}
	if x := r.Fleet; x != nil {
		all = append(all, row{"agents", fmt.Sprintf("%d, their clocks within ±%s of ours", len(x.Agents), x.Bound.Round(time.Microsecond)), ""})
		for _, p := range x.Parts {
			if p.Outcome != load.PartWhole {
				all = append(all, row{fmt.Sprintf("part %d of %d", p.Part, p.Of), fmt.Sprintf("%s; %d of its %d confirmations are told of", p.Outcome, p.Reported, p.Numbers), ""})
			}
		}
		for _, a := range x.Agents {
			if a.Gone != "" {
				all = append(all, row{"agent " + a.Name, "gone: " + a.Gone, ""})
			}
		}
	}
	if f := r.Search; f != nil {
		if f.Max > 0 {
			all = append(all, row{"highest rate", fmt.Sprintf("%.4g/s sustained; %.4g/s is too much, by %s", f.Max, f.Fails, f.Limit), ""})
		}
		if f.First != nil {
			all = append(all, row{"first failure", fmt.Sprintf("at %.4g/s, known after %.1f s: %s", f.First.Rate, f.First.At, f.First.Why), ""})
		}
	}
	if u := r.Build; u != nil {
		all = append(all, row{"build", fmt.Sprintf("%.1f CPU-s per million confirmations, at most %d MiB, %d threads, %d descriptors", u.CPUPerMillion, u.Memory>>20, u.Threads, u.Files), ""})
	}
	return append(all, row{"rig", fmt.Sprintf("%.1f CPU-s per million confirmations, %d MiB; paced by %s", r.RigCPUPer1M, r.RigMemory>>20, r.Pacer), ""},
		row{"evidence", r.Dir, ""})
}

func wrong(r *load.Result) (all []row) {
	if r.Exactly == nil {
		return nil
	}
	e := r.Exactly
	for _, w := range []struct {
		name string
		load.Wrong
	}{{"lost", e.Lost}, {"doubled", e.Doubled}, {"altered", e.Altered}, {"invented", e.Invented}} {
		for _, text := range w.Texts {
			all = append(all, row{w.name, text, ""})
		}
	}
	return all
}

func counts(r *load.Result) (all []row) {
	for _, c := range []load.Counts{r.Errors, r.Received} {
		for _, name := range slices.Sorted(maps.Keys(c)) {
			all = append(all, row{name, fmt.Sprint(c[name]), ""})
		}
	}
	return all
}
