// Package oracles judges the journal of a run, one file for each thing that
// is protected: facts are in the books exactly once, nothing is lost silently,
// holds are kept, and so on.
//
// It knows neither the scenario nor the SUT that produced a journal; all it
// takes into account stands in the journal's plan. Every oracle is a fold over
// the history, linear in its records up to sorting.
package oracles

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/andon-rig/andon/evidence"
)

// Info describes an oracle.
type Info struct {
	Name string // what it protects: "exactly-once"
	ID   string // number in the catalogue: "O1"
	Doc  string // when it is violated, in one sentence
	// Requirements are the rows of the requirements table it serves.
	Requirements []string
	// New returns the judge.
	New func() evidence.Judge
}

// All lists every oracle, in the order of the catalogue.
func All() []Info {
	return []Info{
		exactlyOnceInfo.by(ExactlyOnce), noPhantomInfo.by(NoPhantom), fieldFidelityInfo.by(FieldFidelity),
		conservationInfo.by(Conservation), noPostingAfterHoldInfo.by(NoPostingAfterHold), orderInfo.by(OrderCausality),
		genealogyInfo.by(Genealogy), stalenessInfo.by(BoundedStaleness),
		throttleInfo.by(ThrottleCompliance), retryInfo.by(RetryDiscipline), deadLetterInfo.by(DeadLetter),
		noSilentDropInfo.by(NoSilentDrop), recoveryInfo.by(Recovery), tokenInfo.by(TokenDiscipline),
		batchInfo.by(BatchItems), contractInfo.by(ContractConformance),
		timeInfo.by(TimeSemantics), masterInfo.by(MasterData),
		cutoverInfo.by(Cutover), convergenceInfo.by(Convergence), hygieneInfo.by(Hygiene),
		exerciseInfo.by(Exercise), secretsInfo.by(Secrets),
		laborInfo.by(Labor), oeeInfo.by(OEE),
	}
}

func (i Info) by(judge func() evidence.Judge) Info {
	i.New = judge
	return i
}

// Standard returns a judge for each oracle, in the order of the catalogue.
func Standard() []evidence.Judge {
	var judges []evidence.Judge
	for _, i := range All() {
		judges = append(judges, i.New())
	}
	return judges
}

// oracle is a judge made of its description and a function.
type oracle struct {
	info  Info
	judge func(*report)
	holds string // what is said when it held
	idle  string // what is said when there was nothing to judge
}

func (o oracle) Name() string { return o.info.Name }
func (o oracle) ID() string   { return o.info.ID }

// Judge implements [evidence.Judge].
func (o oracle) Judge(h *evidence.History) []evidence.Finding {
	r := newReport(h, o.info)
	if !h.Began() {
		_, why := h.Settled()
		return []evidence.Finding{r.bare(evidence.Inconclusive, why)}
	}
	o.judge(r)
	return r.findings(o.holds, o.idle)
}

// JudgeAll has each judge look at h and returns all findings, worst first,
// then by oracle and by fact. A judge the plan waives is not asked, and listed
// as waived. A judge that panics becomes an inconclusive finding of class rig:
// our mistake decides nothing about the SUT. What a [Following] judge finds is
// put under the finding it follows from.
func JudgeAll(h *evidence.History, judges []evidence.Judge) []evidence.Finding {
	type ranked struct {
		evidence.Finding
		rank int
	}
	var all, following []ranked
	var causes []evidence.Finding
	each := sideBySide(h, judges)
	for i, j := range judges {
		for _, f := range each[i] {
			if follows(j) {
				following = append(following, ranked{f, len(judges) + i})
				continue
			}
			all, causes = append(all, ranked{f, i}), append(causes, f)
		}
	}
	for _, f := range following {
		all = append(all, ranked{consequence(h, f.Finding, causes), f.rank})
	}
	slices.SortStableFunc(all, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.Verdict, a.Verdict), cmp.Compare(a.rank, b.rank), cmp.Compare(a.Fact, b.Fact))
	})
	out := make([]evidence.Finding, len(all))
	for i, f := range all {
		out[i] = f.Finding
	}
	return out
}

// sideBySide asks the judges, as many at a time as there are processors: a
// history is only read. What each found stands at its place.
func sideBySide(h *evidence.History, judges []evidence.Judge) [][]evidence.Finding {
	found := make([][]evidence.Finding, len(judges))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(len(judges), runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(judges); i = int(next.Add(1)) - 1 {
				found[i] = judgeOne(h, judges[i])
			}
		})
	}
	wg.Wait()
	return found
}

func judgeOne(h *evidence.History, j evidence.Judge) (found []evidence.Finding) {
	f := evidence.Finding{Oracle: j.Name()}
	if n, ok := j.(interface{ ID() string }); ok {
		f.ID = n.ID()
	}
	if slices.Contains(h.Plan.Waived, f.Oracle) || (f.ID != "" && slices.Contains(h.Plan.Waived, f.ID)) {
		f.Verdict, f.Rule, f.Text = evidence.Holds, evidence.RuleWaived, "waived by the scenario: not judged"
		return []evidence.Finding{f}
	}
	defer func() {
		if p := recover(); p != nil {
			f.Verdict, f.Class, f.Rule = evidence.Inconclusive, evidence.CauseRig, "oracle-panicked"
			f.Text = fmt.Sprintf("the oracle itself failed and decides nothing: %v", p)
			found = []evidence.Finding{f}
		}
	}()
	if found = j.Judge(h); len(found) == 0 {
		f.Verdict, f.Class, f.Rule = evidence.Inconclusive, evidence.CauseRig, "oracle-said-nothing"
		f.Text = "the oracle returned no finding and decides nothing"
		found = []evidence.Finding{f}
	}
	for i, f := range found {
		if f.Class == evidence.CauseRig && f.Verdict == evidence.Violated {
			found[i].Verdict = evidence.Inconclusive // our own mistake is nobody else's violation
		}
	}
	return found
}
