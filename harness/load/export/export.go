// Package export hands the figures of a load on while it goes on: to who scrapes
// them in the format of Prometheus, and to who takes them as OpenTelemetry metrics
// over OTLP. It knows nothing of how they come about; docs/load.md lists names and
// units.
package export

import (
	"maps"
	"slices"

	"github.com/andon-rig/andon/harness/load"
)

// family is a figure by its name in OpenTelemetry; Prometheus writes it with
// underscores, its unit and, if it only grows, _total.
type family struct {
	name, prometheus string
	unit, help       string
	grows            bool // it counts; else it goes up and down
	points           []point
	spreads          []spread // instead of points: it is a distribution
}

// point is one value of a figure, by the attributes that tell it from others.
type point struct {
	by    attributes
	value float64
}

// spread is one distribution of a figure.
type spread struct {
	by attributes
	load.LatencyFigures
}

// attributes have names that both formats take as they are.
type attributes map[string]string

// names are those of attributes, in order.
func (a attributes) names() []string { return slices.Sorted(maps.Keys(a)) }

// values are those of attributes, in the order of their names.
func (a attributes) values() (all []string) {
	for _, n := range a.names() {
		all = append(all, a[n])
	}
	return all
}

// only is a figure without attributes.
func only(v float64) []point { return []point{{nil, v}} }

// families are all figures of a load at one moment.
func families(f load.Figures) (all []family) {
	count := func(name, prometheus, unit, help string, points []point) {
		all = append(all, family{name: name, prometheus: prometheus, unit: unit, help: help, grows: true, points: points})
	}
	gauge := func(name, prometheus, unit, help string, points []point) {
		all = append(all, family{name: name, prometheus: prometheus, unit: unit, help: help, points: points})
	}
	flows := func(value func(load.FlowFigures) int64) (points []point) {
		for _, x := range f.Flows {
			points = append(points, point{attributes{"flow": string(x.Flow)}, float64(value(x))})
		}
		return points
	}
	if f.Scheduled > 0 {
		gauge("andon.load.scheduled", "andon_load_scheduled_messages", "{message}", "Messages that the workload is to send.", only(float64(f.Scheduled)))
	}
	count("andon.load.sent", "andon_load_sent_total", "{message}", "Messages sent, however often each.", flows(func(x load.FlowFigures) int64 { return x.Sent }))
	count("andon.load.resent", "andon_load_resent_total", "{message}", "Sendings besides the first of a message.", only(float64(f.Resent)))
	count("andon.load.taken", "andon_load_taken_total", "{message}", "Messages that the build has taken.", flows(func(x load.FlowFigures) int64 { return x.Taken }))
	count("andon.load.given_up", "andon_load_given_up_total", "{message}", "Messages that were never taken.", flows(func(x load.FlowFigures) int64 { return x.GivenUp }))
	count("andon.load.posted", "andon_load_posted_total", "{message}", "Messages posted at the ERP, each once.", flows(func(x load.FlowFigures) int64 { return x.Applied }))
	count("andon.load.doubled", "andon_load_doubled_total", "{message}", "Postings applied although their message had been before.", only(float64(f.Doubled)))
	count("andon.load.altered", "andon_load_altered_total", "{message}", "Postings with another content than was sent.", only(float64(f.Altered)))
	count("andon.load.reported", "andon_load_reported_total", "{exception}", "Exceptions that the build has reported to people.", only(float64(f.Reported)))
	count("andon.load.errors", "andon_load_errors_total", "{error}", "What went wrong between the rig and the build, by class.", troubles(f))
	gauge("andon.load.backlog", "andon_load_backlog_messages", "{message}", "Messages taken and not posted yet.", only(float64(f.Backlog)))
	count("andon.load.rig.cpu", "andon_load_rig_cpu_seconds_total", "s", "Processor time of this process.", only(f.RigCPU.Seconds()))
	if f.Build != nil {
		count("andon.load.build.cpu", "andon_load_build_cpu_seconds_total", "s", "Processor time of the build.", only(f.Build.CPU.Seconds()))
		gauge("andon.load.build.memory", "andon_load_build_memory_bytes", "By", "Resident memory of the build.", only(float64(f.Build.Memory)))
	}
	if active := faults(f); len(active) > 0 {
		gauge("andon.load.fault", "andon_load_fault", "1", "1 while a fault is there.", active)
	}
	if wrong := judged(f); len(wrong) > 0 {
		gauge("andon.load.wrong", "andon_load_wrong_messages", "{message}", "Messages that were not posted exactly once, when the load is judged.", wrong)
	}
	if f.Bound > 0 {
		gauge("andon.load.clock_bound", "andon_load_clock_bound_seconds", "s", "By how much clocks of agents may have differed from this one; e2e is exact to that.", only(f.Bound.Seconds()))
	}
	return append(all, latencies(f))
}

func troubles(f load.Figures) []point {
	var all []point
	for _, e := range []struct {
		class string
		n     int64
	}{{"no-answer", f.NoAnswer}, {"broken", f.Broken}, {"throttled", f.Throttled}, {"failed", f.Failed}, {"refused", f.Refused}, {"malformed", f.Malformed}} {
		all = append(all, point{attributes{"class": e.class}, float64(e.n)})
	}
	return all
}

func faults(f load.Figures) (all []point) {
	for _, name := range slices.Compact(slices.Sorted(slices.Values(f.Faults))) {
		all = append(all, point{attributes{"fault": name}, 1})
	}
	return all
}

// judged says of each flow how many were not posted exactly once, and how.
func judged(f load.Figures) (all []point) {
	for _, x := range f.Flows {
		if x.Judged == nil {
			continue
		}
		for _, w := range []struct {
			how string
			load.Wrong
		}{{"lost", x.Judged.Lost}, {"doubled", x.Judged.Doubled}, {"altered", x.Judged.Altered}, {"invented", x.Judged.Invented}} {
			all = append(all, point{attributes{"flow": string(x.Flow), "how": w.how}, float64(w.Count)})
		}
	}
	return all
}

func latencies(f load.Figures) family {
	all := family{name: "andon.load.latency", prometheus: "andon_load_latency_seconds", unit: "s", help: "Latencies: e2e from due to the posting, ack from due to the answer, service from sending to the answer."}
	for _, x := range f.Flows {
		for _, l := range x.Latency {
			all.spreads = append(all.spreads, spread{attributes{"flow": string(x.Flow), "measure": l.Measure.String()}, l})
		}
	}
	return all
}
