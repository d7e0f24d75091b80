package shrink

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/trial"
	"github.com/andon-rig/andon/scenarios"
)

// slice finds the records that show the finding, in the journal alone.
func (r *Reduction) slice(context.Context) (string, error) {
	r.result.Evidence, r.result.Sliced = Evidence(r.Records, r.Judge, r.Finding)
	if !r.result.Sliced {
		return "the judge needs more of the journal than can be cut out; the records that explain the finding stand for it", nil
	}
	return fmt.Sprintf("%d of %d records show it", len(r.result.Evidence), len(r.Records)), nil
}

// confirm runs the schedule as it was until it has failed often enough to say
// how often it does.
func (r *Reduction) confirm(ctx context.Context) (string, error) {
	most := confirmAtMost
	if r.Budget.Runs > 0 {
		most = min(most, max(1, r.Budget.Runs/2))
	}
	hurried, err := r.hurry(ctx)
	if err != nil && !spent(err) {
		return "", err
	}
	rate, err := r.tester.observe(ctx, r.result.Scenario, confirmations-hurried.Hits, most-hurried.Runs)
	rate = rate.plus(hurried.Hits, hurried.Runs)
	r.result.Reproduces, r.tester.rate = rate, rate
	switch {
	case rate.Hits == 0 && err != nil && !spent(err):
		return "", err
	case rate.Hits == 0:
		r.result.Outcome = NotReproduced
		return fmt.Sprintf("it did not fail again in %d runs", rate.Runs), errStop
	}
	r.result.Outcome = Shrunk
	r.better(r.result.Scenario)
	r.reference = r.best
	return fmt.Sprintf("it failed in %d of %d runs", rate.Hits, rate.Runs), err
}

// hurry tries whether less patience will do. The run that shows it counts; one
// that does not says nothing of the schedule.
func (r *Reduction) hurry(ctx context.Context) (Rate, error) {
	if r.Hasty == nil {
		return Rate{}, nil
	}
	patient := r.Runner
	r.Runner = r.Hasty
	rate, err := r.tester.observe(ctx, r.result.Scenario, 1, 1)
	if rate.Hits == 0 {
		r.Runner = patient
		return Rate{}, err
	}
	return rate, err
}

// control runs without faults: what fails then needs none.
func (r *Reduction) control(ctx context.Context) (string, error) {
	plain := faulty(r.result.Scenario, nil)
	if len(r.result.Scenario.Faults) == 0 {
		r.result.Outcome = NoFaultNeeded
		return "the schedule has no faults", nil
	}
	bad, err := r.tester.fails(ctx, plain)
	if err != nil {
		return "", err
	}
	if !bad {
		return fmt.Sprintf("without faults it does not fail, in %d runs", r.tester.need()), nil
	}
	r.result.Outcome = NoFaultNeeded
	r.better(plain)
	return "it fails without faults too", nil
}

// sharpen replaces what triggers the faults by the strikes of a run that
// failed. It is kept only if it fails as often as before.
func (r *Reduction) sharpen(ctx context.Context) (string, error) {
	all := r.result.Scenario.Faults
	r.units = whole(all)
	if len(all) == 0 {
		return "there is no fault left", nil
	}
	sharp := sharpen(all, r.reference.Records)
	if len(sharp) == 0 {
		return "no fault struck anything that can be named", nil
	}
	c := faulty(r.result.Scenario, build(all, sharp))
	rate, err := r.sharpened(ctx, c)
	if err != nil {
		return "", err
	}
	if rate.Hits == 0 || rate.Share() < r.tester.rate.Share()/2 {
		return fmt.Sprintf("%d strikes, named one by one, do not fail as often (%d of %d): the triggers stay as they are", len(sharp), rate.Hits, rate.Runs), nil
	}
	if rate.Share() >= r.tester.rate.Share() {
		r.tester.rate = rate
	}
	r.units, r.source = sharp, sharpSource(sharp, all)
	r.better(c)
	return fmt.Sprintf("%d strikes of %d faults, each named by fact and try", len(sharp), len(c.Faults)), nil
}

// sharpened observes a sharpened schedule as often as the original's rate makes
// necessary.
func (r *Reduction) sharpened(ctx context.Context, c scenarios.Scenario) (Rate, error) {
	if r.tester.need() == 1 {
		return r.tester.observe(ctx, c, 1, 2)
	}
	return r.tester.observe(ctx, c, 2, r.tester.need())
}

// sharpSource lists the faults that units came from, in their order.
func sharpSource(units []unit, all []scenarios.Fault) (list []scenarios.Fault) {
	for _, f := range all {
		if slices.ContainsFunc(units, func(u unit) bool { return u.fault.ID == f.ID }) {
			list = append(list, f)
		}
	}
	return list
}

// with is the best schedule with these units for faults.
func (r *Reduction) with(units []unit) scenarios.Scenario {
	return faulty(r.result.Scenario, build(r.source, units))
}

// keeps reports whether these units still fail, and keeps them if so. Where all
// has failed each time, one failure may be luck: a second cause that strikes
// now and then must not take the place of one that does so each time.
func (r *Reduction) keeps(ctx context.Context, units []unit) (bool, error) {
	c := r.with(units)
	sure := r.tester.need() == 1
	bad, err := r.tester.fails(ctx, c)
	if bad && sure {
		bad, err = r.tester.fails(ctx, c)
	}
	if bad {
		r.units = units
		r.better(c)
	}
	return bad, err
}

// jump tries what the history links with the finding.
func (r *Reduction) jump(ctx context.Context) (string, error) {
	if len(r.units) < 2 {
		return "there is nothing to choose from", nil
	}
	r.lineage = r.lineageOfReference()
	units := r.units
	if units[0].strike == nil {
		units = placed(units, r.reference.Records)
	}
	for _, part := range r.lineage.jumps(units) {
		bad, err := r.keeps(ctx, part)
		if err != nil {
			return "", err
		}
		if bad {
			return fmt.Sprintf("%d of %d touch what the finding descends from", len(part), len(units)), nil
		}
	}
	return "what the finding descends from is not all that is needed", nil
}

// lineageOfReference is what the finding of the run that was confirmed
// descends from.
func (r *Reduction) lineageOfReference() *lineage {
	f, ok := shownIn(r.reference, r.result.Signature, r.Finding)
	if !ok {
		return newLineage()
	}
	seqs, _ := Evidence(r.reference.Records, r.Judge, f)
	return lineageOf(r.reference.Records, seqs, f)
}

// shownIn is the finding of out with signature s, about the same fact as like
// if there is one.
func shownIn(out trial.Outcome, s trial.Signature, like evidence.Finding) (found evidence.Finding, ok bool) {
	for _, f := range out.Findings {
		if !s.Of(f) {
			continue
		}
		if !ok || f.Fact == like.Fact && found.Fact != like.Fact {
			found, ok = f, true
		}
	}
	return found, ok
}

// placed notes for whole faults what they struck, the first thing of each.
func placed(units []unit, records []evidence.Record) []unit {
	out := slices.Clone(units)
	for i := range out {
		for _, rec := range records {
			if d, ok := rec.Body.(evidence.Disturbance); ok && d.Phase == evidence.Struck && d.Fault == out[i].fault.ID {
				out[i].struck, out[i].seq = d, rec.Seq
				break
			}
		}
	}
	return out
}

// faults searches for the fewest: faults as a whole first, then strikes.
func (r *Reduction) faults(ctx context.Context) (string, error) {
	if len(r.units) == 0 {
		return "there is no fault left", nil
	}
	groups := grouped(r.units)
	if len(groups) > 1 && len(groups) < len(r.units) {
		_, err := minimize(groups, func(part [][]unit) (bool, error) { return r.keeps(ctx, slices.Concat(part...)) })
		if err != nil {
			return "", err
		}
	}
	_, err := minimize(r.units, func(part []unit) (bool, error) { return r.keeps(ctx, part) })
	return fmt.Sprintf("%d left", len(r.units)), err
}

// grouped deals units out by fault.
func grouped(units []unit) (groups [][]unit) {
	at := map[string]int{}
	for _, u := range units {
		i, known := at[u.fault.ID]
		if !known {
			i = len(groups)
			at[u.fault.ID], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], u)
	}
	return groups
}

// certificate runs the result as often as there is time for, and each schedule
// that lacks one part.
func (r *Reduction) certificate(ctx context.Context) (string, error) {
	parts := r.units
	left := certify + len(parts)*Need(0.5, alpha)
	if r.Budget.Runs > 0 {
		left = r.Budget.Runs - r.runs
	}
	runs := max(0, min(certify, left-len(parts)))
	rate, err := r.tester.observe(ctx, r.result.Scenario, runs+1, runs)
	r.result.Certificate.Rate = rate
	if err != nil {
		return "", err
	}
	each := 0
	if len(parts) > 0 {
		each = min(Need(rate.Share()/2, alpha), (left-runs)/len(parts))
	}
	for i, u := range parts {
		without := r.with(slices.Concat(parts[:i], parts[i+1:]))
		without.Given = r.result.Scenario.Given
		one, err := r.tester.observe(ctx, without, 1, each)
		r.result.Certificate.Each = append(r.result.Certificate.Each, Left{u.String(), one})
		if err != nil {
			return "", err
		}
	}
	low, high := rate.Wilson()
	text := fmt.Sprintf("fails in %d of %d runs (%.2f to %.2f)", rate.Hits, rate.Runs, low, high)
	if runs < certify {
		return text, fmt.Errorf("%d of %d runs: %w", runs, certify, errSpent)
	}
	return text, nil
}

// String names u for people: "reply-lost at confirmation/4711/0010/3, try 1".
func (u unit) String() string {
	switch {
	case u.strike == nil:
		return u.fault.ID
	case u.strike.Attempt == 0:
		return u.fault.ID + " at " + u.strike.Key
	}
	return fmt.Sprintf("%s at %s, try %d", u.fault.ID, u.strike.Key, u.strike.Attempt)
}

// spent reports whether err only says that the search must end.
func spent(err error) bool { return errors.Is(err, errSpent) }
