package cmd

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/andon-rig/andon/harness/load"
)

// tellLoad prints a load for people.
func tellLoad(out io.Writer, r *load.Result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "load %s: %s\n", strings.ToUpper(string(r.Verdict)), r.Workload)
	for _, why := range r.Why {
		fmt.Fprintf(&b, "  ! %s\n", why)
	}
	if r.Plant != "" {
		fmt.Fprintf(&b, "  plant      %s\n", r.Plant)
	}
	if r.Search != nil {
		tellFound(&b, r.Search)
	}
	fmt.Fprintf(&b, "  sent       %d of %d scheduled in %s (%.1f/s); taken %d, sent again %d, never taken %d\n",
		r.Sent.First, r.Scheduled, r.Sending.Round(time.Millisecond), r.SentRate, r.Sent.Taken, r.Sent.Retried, r.Sent.GivenUp)
	if r.Sent.Queued > 0 {
		fmt.Fprintf(&b, "             %d found no connection free when they were due; their wait is in the latency\n", r.Sent.Queued)
	}
	if e := r.Exactly; e != nil {
		fmt.Fprintf(&b, "  posted     %d (%.1f/s); backlog at most %d, %d when sending ended, drained in %s\n",
			e.Posted, r.PostedRate, r.Backlog.Most, r.Backlog.AtEnd, r.Backlog.Drain.Round(time.Millisecond))
		fmt.Fprintf(&b, "  exactly-once %s: lost %d, doubled %d, altered %d, invented %d; repeated under their key %d, reported to people %d\n",
			e.Verdict, e.Lost.Count, e.Doubled.Count, e.Altered.Count, e.Invented.Count, e.Repeated, e.Reported)
		for _, w := range []struct {
			what string
			load.Wrong
		}{{"lost", e.Lost}, {"doubled", e.Doubled}, {"altered", e.Altered}, {"invented", e.Invented}} {
			for _, text := range w.Texts {
				fmt.Fprintf(&b, "    %s: %s\n", w.what, text)
			}
		}
	} else {
		b.WriteString("  postings are not looked at\n")
	}
	if e := r.ERP; e != nil && !e.Fast {
		over := ""
		if e.TLS != "" {
			over = " over TLS"
		}
		fmt.Fprintf(&b, "  erp        speaks %s%s: every posting is read by the endpoint that scenarios have, which takes the rig more processor time and memory than the fast path of plain %s\n", e.Dialect, over, load.Dialect)
	}
	tellQuestions(&b, r.Questions)
	tellLatency(&b, r)
	tellFlows(&b, r)
	tellFleet(&b, r.Fleet)
	tellFaults(&b, r)
	for _, g := range r.Gates {
		fmt.Fprintf(&b, "  threshold  %s: %s, %s\n", g.Expression, g.Outcome, g.Why)
	}
	for _, c := range []struct {
		what string
		load.Counts
	}{{"received", r.Received}, {"errors", r.Errors}} {
		for i, name := range slices.Sorted(maps.Keys(c.Counts)) {
			what := c.what
			if i > 0 {
				what = ""
			}
			fmt.Fprintf(&b, "  %-10s %d %s\n", what, c.Counts[name], name)
		}
	}
	for _, text := range r.Reports {
		fmt.Fprintf(&b, "  reported   %s\n", text)
	}
	fmt.Fprintf(&b, "  rig        %.1f CPU-s per million confirmations, %d MiB; paced by %s\n", r.RigCPUPer1M, r.RigMemory>>20, r.Pacer)
	if r.Judging >= 100*time.Millisecond {
		fmt.Fprintf(&b, "             judged in %s\n", r.Judging.Round(time.Millisecond))
	}
	if u := r.Build; u != nil {
		fmt.Fprintf(&b, "  build      %.1f CPU-s per million confirmations, at most %d MiB, %d threads and %d descriptors\n", u.CPUPerMillion, u.Memory>>20, u.Threads, u.Files)
	}
	if s := r.Soak; s != nil {
		fmt.Fprintf(&b, "  soak       rig %s: %s\n", s.Rig.Outcome, s.Rig.Why)
		if s.Build != nil {
			fmt.Fprintf(&b, "             build %s: %s\n", s.Build.Outcome, s.Build.Why)
		}
	}
	fmt.Fprintf(&b, "  evidence   %s\n", r.Dir)
	_, err := io.WriteString(out, b.String())
	return err
}

// tellLatency prints what was measured, the one that matters most first.
func tellLatency(b *strings.Builder, r *load.Result) {
	t := tabwriter.NewWriter(b, 0, 8, 1, ' ', 0)
	for _, m := range []struct{ name, says string }{
		{"e2e", "from due to posting"}, {"ack", "from due to answer"}, {"service", "from sending to answer"},
		{"waited", "from due to sending"}, {"pacing", "of that our own lateness"},
	} {
		if q, ok := r.Latency[m.name]; ok {
			d := dur
			if m.name == load.EndToEnd.String() && r.Fleet != nil {
				d = notBelow(r.Fleet.Bound)
			}
			fmt.Fprintf(t, "  %s\t  %s\tp50=%s\tp90=%s\tp99=%s\tp99.9=%s\tmax=%s\n", m.name, m.says, d(q.P50), d(q.P90), d(q.P99), d(q.P999), d(q.Max))
		}
	}
	_ = t.Flush() // into memory
}

// tellFlows prints each flow of a mix.
func tellFlows(b *strings.Builder, r *load.Result) {
	t := tabwriter.NewWriter(b, 0, 8, 2, ' ', 0)
	for i, f := range r.Flows {
		if i == 0 {
			fmt.Fprintln(t, "  flow\tshare\tsent\ttaken\tposted\tlost\tdoubled\taltered\tinvented\te2e p50\tp99\tmax\tack p99")
		}
		e, e2e := load.Exactly{}, load.Quantiles{}
		if f.Exactly != nil {
			e, e2e = *f.Exactly, f.Latency[load.EndToEnd.String()]
		}
		fmt.Fprintf(t, "  %s\t%.3g %%\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\n", f.Flow, 100*f.Share, f.First, f.Taken, e.Posted,
			e.Lost.Count, e.Doubled.Count, e.Altered.Count, e.Invented.Count, dur(e2e.P50), dur(e2e.P99), dur(e2e.Max), dur(f.Latency[load.Ack.String()].P99))
	}
	_ = t.Flush() // into memory
}

func dur(ms float64) string {
	return time.Duration(ms * float64(time.Millisecond)).Round(time.Microsecond).String()
}

// tellQuestions says which questions of oracles are answered by a load. Why others
// are not stands in its JSON, and in docs/load.md.
func tellQuestions(b *strings.Builder, all []load.Question) {
	for i, j := range []load.Judged{load.Answered, load.InPart, load.NotAsked} {
		var names []string
		for _, q := range all {
			if q.Judged == j {
				names = append(names, q.Oracle)
			}
		}
		if len(names) == 0 {
			continue
		}
		what := ""
		if i == 0 {
			what = "oracles"
		}
		fmt.Fprintf(b, "  %-10s %s: %s\n", what, j, strings.Join(names, ", "))
	}
}
