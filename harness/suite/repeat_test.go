//go:build suites

package suite_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/suite"
)

// One seed, and the same (fact, attempt) pairs are struck, however the build's
// own timing falls out.
var _ = Describe("logical faults", Label("repeat"), func() {
	troubled := suite.New("faults that meaning decides").Orders(2).Open(0).
		Fault(
			suite.Fault("ambiguous-commit").At("erp").FromSUT().Facts("confirmation").Every(6).OfRun(),
			suite.Fault("refuse-before-apply").At("erp").FromSUT().Facts("confirmation").Every(9).OfRun(),
			suite.Fault("duplicate").At("mes").ToSUT().Chance(0.25),
			suite.Fault("lose").At("mes").ToSUT().Chance(0.1).Attempts(2),
			suite.Fault("reorder").At("mes").ToSUT().Chance(0.1).With("for", suite.Wall(100*time.Millisecond)),
			suite.Fault("delay").At("erp").ToSUT().Chance(0.2).With("for", suite.Wall(50*time.Millisecond)),
			suite.Fault("throttle").At("erp").FromSUT().Facts("receipt").Nth(1).Attempts(1),
			suite.Fault("lose").Named("order-lost").At("mes").FromSUT().Facts("order-released").Nth(1).Attempts(1),
		)

	It("strike the same facts and attempts in every run", func(ctx SpecContext) {
		runs := 20
		if testing.Short() {
			runs = 5
		}
		var want map[string][]string
		for i := range runs {
			cores := strconv.Itoa(1 + i%2)
			run := troubled.Run(ctx, "", bundled, suite.Change(func(f *harness.File) { f.SUT.Env["GOMAXPROCS"] = cores }))
			Expect(run).To(suite.Hold(), "run %d on %s core(s)", i+1, cores)
			got := struck(run.Bundle)
			if want == nil {
				want = got
				Expect(want).To(HaveLen(8), "a fault that is not reproducible, or never struck, shows nothing")
				continue
			}
			Expect(differences(want, got)).To(BeEmpty(), "run %d on %s core(s), evidence in %s", i+1, cores, run.Bundle)
		}
		n := 0
		for _, pairs := range want {
			n += len(pairs)
		}
		AddReportEntry("repeated", fmt.Sprintf("%d runs, the same %d (fact, attempt) pairs by %d faults", runs, n, len(want)))
	}, SpecTimeout(5*time.Minute))

	It("strike others at another seed", func(ctx SpecContext) {
		one := troubled.Seed(1).Run(ctx, "", bundled)
		two := troubled.Seed(2).Run(ctx, "", bundled)
		Expect(differences(struck(one.Bundle), struck(two.Bundle))).NotTo(BeEmpty(), "or comparing them shows nothing")
	}, SpecTimeout(time.Minute))
})

// struck lists, by fault, what the reproducible ones struck: fact and attempt.
func struck(path string) map[string][]string {
	GinkgoHelper()
	b, err := bundle.Open(path)
	Expect(err).NotTo(HaveOccurred())
	pairs := map[string][]string{}
	for _, r := range b.Records {
		d, ok := r.Body.(evidence.Disturbance)
		if !ok || d.Phase != evidence.Struck || !reproducible(b.Plan, d.Fault) {
			continue
		}
		for _, f := range d.Facts {
			pairs[d.Fault] = append(pairs[d.Fault], fmt.Sprintf("%s #%d", f, d.Attempt))
		}
	}
	for _, p := range pairs {
		slices.Sort(p) // when they were struck is the build's own affair
	}
	return pairs
}

// differences lists what only one of two runs has, in a fixed order.
func differences(want, got map[string][]string) (all []string) {
	only := func(sign string, a, b map[string][]string) {
		for fault, pairs := range a {
			for _, p := range pairs {
				if !slices.Contains(b[fault], p) {
					all = append(all, fault+" "+sign+p)
				}
			}
		}
	}
	only("-", want, got)
	only("+", got, want)
	slices.Sort(all)
	return all
}

func reproducible(p evidence.Plan, fault string) bool {
	return slices.ContainsFunc(p.Faults, func(f evidence.PlannedFault) bool { return f.ID == fault && f.Reproducible })
}
