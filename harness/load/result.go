package load

import (
	"fmt"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
)

// Result is what a load has shown.
type Result struct {
	Schema      string               `json:"schema"` // andon.load/v1
	Workload    string               `json:"workload"`
	Plant       string               `json:"plant,omitempty"` // whose messages were sent
	Offered     bool                 `json:"open"`            // the rate was asked for, not found out
	Dir         string               `json:"evidence"`
	Verdict     Verdict              `json:"verdict"`
	Why         []string             `json:"why,omitempty"`
	Exit        int                  `json:"exit"`
	Interrupted bool                 `json:"interrupted,omitempty"`
	Died        string               `json:"died,omitempty"`   // the build, and why
	Broken      string               `json:"broken,omitempty"` // what could not be done to the build, or made up for
	Scheduled   uint64               `json:"scheduled"`
	Sending     time.Duration        `json:"sending_ns"`
	Sent        SentCounts           `json:"sent"`
	Received    Counts               `json:"received"`
	Errors      Counts               `json:"errors"`
	SentRate    float64              `json:"sent_per_s"`
	PostedRate  float64              `json:"posted_per_s"`
	Exactly     *Exactly             `json:"exactly_once,omitempty"` // nil if no postings were expected
	Flows       []FlowResult         `json:"flows,omitempty"`        // of a mix
	Backlog     Backlog              `json:"backlog"`
	Latency     map[string]Quantiles `json:"latency"`
	Curves      map[string][]Point   `json:"curves"`
	Limited     []string             `json:"generator_limited,omitempty"` // by what
	Search      *Found               `json:"search,omitempty"`            // nil if nothing was looked for
	Faults      []Band               `json:"faults,omitempty"`            // in the order in which they began
	Idle        []string             `json:"faults_idle,omitempty"`       // those that never struck
	Gates       []GateResult         `json:"thresholds,omitempty"`
	Fleet       *FleetResult         `json:"agents,omitempty"`    // nil if this process sent
	ERP         *ERPResult           `json:"erp,omitempty"`       // nil if no postings are looked at
	Questions   []Question           `json:"questions,omitempty"` // of oracles, and how far this judge answers them
	Pacer       string               `json:"pacer"`
	RigCPU      time.Duration        `json:"rig_cpu_ns"`
	RigCPUPer1M float64              `json:"rig_cpu_s_per_million"`
	RigMemory   int64                `json:"rig_memory_bytes"` // at most
	Judging     time.Duration        `json:"judging_ns,omitempty"`
	JudgingCPU  time.Duration        `json:"judging_cpu_ns,omitempty"`
	Build       *BuildUsage          `json:"build,omitempty"` // nil if nobody can look into it
	Soak        *SoakResult          `json:"soak,omitempty"`  // nil if memory may grow
	Seconds     []Second             `json:"seconds"`
	Reports     []string             `json:"reports,omitempty"` // the first exceptions that the build reported
}

// ERPResult says how the ERP of a load was played.
type ERPResult struct {
	Dialect string `json:"dialect"`       // "" if a body of the user was looked for
	TLS     string `json:"tls,omitempty"` // "server" or "mutual"
	// Fast is true if what is byte for byte as sent is known by its key; else every
	// posting was read by the endpoint that scenarios have, which costs the rig far
	// more.
	Fast bool `json:"fast"`
}

const resultSchema = "andon.load/v1"

// Counts are figures by name.
type Counts map[string]int64

// SentCounts says what became of the schedule: Scheduled = First + NotSent.
type SentCounts struct {
	First    int64 `json:"first"`
	NotSent  int64 `json:"not_sent"`
	Retried  int64 `json:"retried"`
	Answered int64 `json:"answered"`
	Taken    int64 `json:"taken"`
	GivenUp  int64 `json:"given_up"` // never taken
	Queued   int64 `json:"queued"`   // found no connection free when due
}

// Backlog is what was taken and not yet posted.
type Backlog struct {
	Most       int64         `json:"most"`
	AtEnd      int64         `json:"at_end"` // of sending
	Drain      time.Duration `json:"drain_ns"`
	Unfinished bool          `json:"unfinished,omitempty"` // postings still came when waiting ended
}

// Verdict is how a load ended.
type Verdict string

// Verdicts of a load, from best to worst.
const (
	Held        Verdict = "held"
	Undecidable Verdict = "undecidable"
	Limited     Verdict = "generator-limited"
	Violated    Verdict = "violated"
)

// fill takes the figures over.
func (res *Result) fill(r *run) {
	out, in := &r.out, &r.in
	res.Sent = SentCounts{First: out.First.Load(), Retried: out.Retried.Load(), Answered: out.Answered.Load(), Taken: r.taken.Load(),
		GivenUp: out.GivenUp.Load(), Queued: out.Queued.Load()}
	res.Sent.NotSent = int64(res.Scheduled) - res.Sent.First
	refused, garbage := "throttled (429, 503)", "answer is no HTTP/1.1"
	if r.via != "" {
		refused, garbage = "refused by the broker", "what the broker says is no "+r.via
	}
	res.Errors = nonZero(Counts{
		"3xx answers": out.Status[3].Load(), "4xx answers": out.Status[4].Load(), "5xx answers": out.Status[5].Load(), refused: out.Throttled.Load(),
		"no answer in time": out.Timeouts.Load(), "connection closed before the answer": out.Closed.Load(), "connection reset": out.Reset.Load(),
		"answer broke off": out.Cut.Load(), garbage: out.Garbage.Load(), "bytes that nobody asked for": out.Unasked.Load(),
		"connection not made": out.Unconnect.Load(), "too many waiting to be sent again": out.Overflow.Load(),
		"posting malformed": in.Malformed.Load(), "posting without a valid token": in.Unauth.Load(), "posting broke off": in.Broken.Load(),
		"posting under a used key, refused": in.Reused.Load(), "connections of the build turned away": in.Turned.Load(), "request not known here": in.Unserved.Load(),
	})
	res.Received = nonZero(Counts{"postings": in.Postings.Load(), "byte for byte": in.Identical.Load(), "reworded": in.Reworded.Load(), "without our key": in.Strange.Load(),
		"exceptions reported": in.Reports.Load(), "other requests": in.Other.Load(), "connections": in.Conns.Load(), "our reconnects": out.Reconnects.Load()})
	res.Latency, res.Curves = map[string]Quantiles{}, map[string][]Point{}
	for k := range measures {
		if q := r.meter.Quantiles(k); q.Count > 0 {
			res.Latency[k.String()], res.Curves[k.String()] = q, curve(r.meter.total[k])
		}
	}
	r.faults.tell(res)
	res.Seconds, res.Reports = r.meter.seconds, r.tolds
	if s := res.Sending.Seconds(); s > 0 {
		res.SentRate = float64(res.Sent.First) / s
		res.PostedRate = float64(r.applied.Load()) / (res.Sending + res.Backlog.Drain).Seconds()
	}
}

func nonZero(c Counts) Counts {
	for k, v := range c {
		if v == 0 {
			delete(c, k)
		}
	}
	return c
}

// rig notes what the rig itself has used up.
func (res *Result) rig(before, after time.Duration, r *run) {
	cpu, memory := res.Fleet.cpu()
	res.RigCPU = after - before + cpu
	if n := r.out.First.Load(); n > 0 {
		res.RigCPUPer1M = res.RigCPU.Seconds() / float64(n) * 1e6
	}
	res.RigMemory = peakMemory() + memory
}

// limits says whether the load was what was asked for, and if not, why.
func (res *Result) limits(r *run, c *Config) {
	if c.Shape == nil {
		return
	}
	lost, unsent := res.Fleet.limits()
	res.Limited = append(res.Limited, lost...)
	if n := res.Sent.NotSent - unsent; n > 0 {
		by := fmt.Sprintf("all %d connections waited for answers of the build (raise --connections, or lower the rate)", c.Emit.Connections)
		if r.out.Unconnect.Load() > 0 {
			by = "connections to the build could not be made"
		}
		if res.Interrupted {
			by = "it was interrupted"
		} else {
			by += r.busy
		}
		res.Limited = append(res.Limited, fmt.Sprintf("%d of %d scheduled confirmations were never sent: %s", n, res.Scheduled, by))
	}
	if late, n := r.meter.At(Pacing, 99); n > 0 && late > c.Pacing {
		res.Limited = append(res.Limited, fmt.Sprintf("the machine: 1 %% of confirmations were sent more than %s late although a connection was free (budget %s)%s", late.Round(10*time.Microsecond), c.Pacing, r.busy))
	}
}

// busyMachine says that a machine of so many processors had no time left; "" if
// it had.
func busyMachine(idle, cores float64) string {
	if idle > 0.05*cores {
		return ""
	}
	return fmt.Sprintf("; of the machine's %.0f processors %.2f were idle: build, rig and whatever else runs here had no more", cores, max(idle, 0))
}

// verdict joins everything into one.
func (res *Result) verdict(r *run) {
	res.Verdict = Held
	worse := func(v Verdict, format string, args ...any) {
		if rank[v] > rank[res.Verdict] {
			res.Verdict = v
		}
		res.Why = append(res.Why, fmt.Sprintf(format, args...))
	}
	if e := res.Exactly; e != nil {
		switch e.Verdict {
		case evidence.Violated:
			worse(Violated, "exactly-once: %s", e.Why)
		case evidence.Inconclusive, evidence.Vacuous:
			worse(Undecidable, "exactly-once: %s", e.Why)
		}
		if e.Reported > 0 {
			worse(Undecidable, "%d confirmations were not posted but reported to a person", e.Reported)
		}
	}
	if res.Died != "" {
		worse(Violated, "the build is gone: %s", res.Died)
	}
	if res.Broken != "" {
		if res.Died != "" { // it did not come back
			worse(Violated, "%s", res.Broken)
		} else {
			worse(Undecidable, "%s", res.Broken)
		}
	}
	if f := res.Search; f != nil {
		if f.Outcome != Held {
			worse(f.Outcome, "%s", f.Why)
		}
	} else if n := res.Sent.GivenUp; n > 0 && r.faults.down() {
		worse(Undecidable, "%d confirmations were never taken by the build, which our faults kept from it", n)
	} else if n > 0 && !res.Interrupted { // beyond its limit a build may refuse
		worse(Violated, "%d confirmations were never taken by the build", n)
	}
	if n := r.out.Garbage.Load(); n > 0 {
		who := "the build does not speak HTTP/1.1"
		if r.via != "" {
			who = "the broker does not speak " + r.via
		}
		worse(Violated, "%s: %d answers, or what followed them, are none", who, n)
	}
	for _, g := range res.Gates {
		if g.Outcome != Held {
			worse(g.Outcome, "%s: %s", g.Expression, g.Why)
		}
	}
	if s := res.Soak; s != nil {
		if s.Build != nil && s.Build.Outcome != Held {
			worse(s.Build.Outcome, "soak: memory of the build: %s", s.Build.Why)
		}
		switch s.Rig.Outcome {
		case Violated: // ours, and nothing that the build has done
			worse(Limited, "soak: memory of the rig: %s", s.Rig.Why)
		case Undecidable:
			worse(Undecidable, "soak: memory of the rig: %s", s.Rig.Why)
		}
	}
	for _, text := range res.Idle {
		worse(Undecidable, "the fault %s has struck nothing", text)
	}
	for _, l := range res.Limited {
		worse(Limited, "generator-limited: %s", l)
	}
	if res.Sent.First == 0 && len(res.Limited) == 0 {
		worse(Undecidable, "nothing was sent")
	}
	res.Exit = map[Verdict]int{Held: harness.ExitHolds, Undecidable: harness.ExitUnknown, Limited: harness.ExitRig, Violated: harness.ExitViolated}[res.Verdict]
}

var rank = map[Verdict]int{Held: 0, Undecidable: 1, Limited: 2, Violated: 3}
