package load

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// conclude says what became of every part, and writes into the journal what may
// have been sent by agents that are gone: nobody is blamed for it, whether it was
// posted or not.
func (f *convoy) conclude(res *Result) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := &FleetResult{}
	agents := map[string]*AgentResult{}
	for _, p := range f.parts {
		out.Parts = append(out.Parts, f.part(p))
		for _, n := range slices.Sorted(maps.Keys(p.tries)) {
			t := p.tries[n]
			a := agents[t.agent]
			if a == nil {
				a = &AgentResult{Name: t.agent}
				agents[t.agent] = a
			}
			a.Parts = append(a.Parts, int(p.at))
			a.Bound = max(a.Bound, t.bound)
			if t.final != nil {
				a.CPU, a.Memory = max(a.CPU, t.final.CPU), max(a.Memory, t.final.Memory)
				res.Pacer = "agents, each by " + t.final.Pacer
				res.Sending = max(res.Sending, t.final.Sending)
			} else {
				a.Gone = cmp.Or(t.gone, "it did not end in time")
			}
			out.Bound = max(out.Bound, t.bound)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(agents)) {
		out.Agents = append(out.Agents, *agents[name])
	}
	f.merged.w.flush()
	res.Fleet = out
}

// part says what became of one part.
func (f *convoy) part(p *partState) PartResult {
	r := PartResult{Part: int(p.at), Of: int(max(p.of, 1)), Rows: p.rows, Outcome: PartWhole, Numbers: p.numbers, Reported: p.reported()}
	gone, whole := int64(0), len(p.tries) > 0
	for _, n := range slices.Sorted(maps.Keys(p.tries)) {
		t := p.tries[n]
		r.Agents = append(r.Agents, t.agent)
		early := t.goneAt > 0 && t.goneAt <= f.start // before anything was to be sent
		whole = whole && (n == p.attempt && p.done || n < p.attempt && early)
		if t.final != nil || early {
			continue
		}
		gone = max(gone, cmp.Or(t.goneAt, f.now()))
		f.run.out.First.Add(t.firsts - t.sent["First"]) // what else it sent is in doubt
		r.Unmetered += uint64(max(0, t.firsts-t.meted))
	}
	if whole {
		return r
	}
	if r.Outcome = PartLost; p.done {
		r.Outcome = PartTaken
	}
	f.doubt(p, &r, gone)
	return r
}

// doubt divides what is not known of a part. What fell due when its agent was
// still there, or was posted, may have been sent.
func (f *convoy) doubt(p *partState, r *PartResult, gone int64) {
	from := p.numbers // what a taker that is done has not reported was never sent by it, as with any sender
	if t := p.tries[p.attempt]; p.done && t != nil {
		from = t.from
	}
	maybe := func(n uint64) bool {
		return len(p.tries) > 0 && f.start != 0 && (f.start+f.due(p.number(n)) <= gone || f.run.ledger.Posted(p.number(n)))
	}
	r.InDoubt = p.missing(func(n uint64) bool { return n < from && maybe(n) })
	r.NeverSent = p.missing(func(n uint64) bool { return n < from && !maybe(n) })
	for _, x := range r.InDoubt {
		for seq := x.First; seq <= x.Last; seq += x.Step {
			f.merged.w.add(&Record{Seq: seq, Code: uint8(Unknown), Try: 1, At: uint64(f.start + f.due(seq)), Digest: f.run.wording.says(seq)})
		}
	}
}

// limits says which parts were not sent as they should have been, and of how
// many confirmations that is the reason why they were not sent.
func (x *FleetResult) limits() (texts []string, unsent int64) {
	if x == nil {
		return nil, 0
	}
	for _, p := range x.Parts {
		if p.Outcome == PartWhole {
			continue
		}
		doubt, doubted := spans(p.InDoubt)
		never, nevers := spans(p.NeverSent)
		has := fmt.Sprintf("confirmations %d, %d, …", p.Part, p.Part+p.Of)
		if p.Rows > 1 {
			has = fmt.Sprintf("messages %d, %d, … of %d confirmations each", p.Part, p.Part+p.Of, p.Rows)
		}
		text := fmt.Sprintf("part %d of %d (%s) was %s: %s", p.Part, p.Of, has, p.Outcome, x.why(p.Agents))
		text += fmt.Sprintf("; %d of its %d confirmations are accounted for", p.Reported, p.Numbers)
		if doubt > 0 {
			text += fmt.Sprintf(", %d may have been sent (%s)", doubt, doubted)
		}
		if never > 0 {
			text += fmt.Sprintf(", %d were never sent (%s)", never, nevers)
		}
		if p.Unmetered > 0 {
			text += fmt.Sprintf(", the latencies of %d are missing", p.Unmetered)
		}
		texts, unsent = append(texts, text), unsent+int64(doubt+never)
	}
	return texts, unsent
}

// why says what became of agents that are gone.
func (x *FleetResult) why(names []string) (text string) {
	if len(names) == 0 {
		return "no agent took it"
	}
	for _, a := range x.Agents {
		if slices.Contains(names, a.Name) && a.Gone != "" {
			text += cmp.Or(map[bool]string{true: ", "}[text != ""], "") + "agent " + a.Name + " is gone: " + a.Gone
		}
	}
	return text
}

// cpu is the processor time and the memory of all agents.
func (x *FleetResult) cpu() (cpu time.Duration, memory int64) {
	if x == nil {
		return 0, 0
	}
	for _, a := range x.Agents {
		cpu, memory = cpu+a.CPU, memory+a.Memory
	}
	return cpu, memory
}
