package suite

import (
	"slices"
	"time"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Duration is a length of plant or of wall time; see [Plant] and [Wall].
type Duration = yamlfile.Duration

// Plant returns d of the factory's time: shifts, due dates, holds.
func Plant(d time.Duration) Duration { return yamlfile.Plant(d) }

// Wall returns d of the SUT's time: timeouts, tokens, Retry-After.
func Wall(d time.Duration) Duration { return yamlfile.Wall(d) }

// Moment is a point of a run: see [Start], [End] and [During].
type Moment = scenarios.Moment

// Start is when the play begins, or so much later.
func Start(later ...Duration) Moment { return moment(scenarios.RunStart, later) }

// End is when everything is healed.
func End() Moment { return moment(scenarios.RunEnd, nil) }

// During is when the step of this name happened, or so much later.
func During(step string, later ...Duration) Moment { return moment(step, later) }

func moment(ref string, later []Duration) Moment {
	m := Moment{Ref: ref, Pos: here()}
	if len(later) > 0 {
		m.Delay = later[0]
	}
	return m
}

// A Step makes something happen.
type Step struct {
	step scenarios.Step
	acts []map[string]any
	errs []error
}

// At is a step so long after the start.
func At(d Duration) Step { return Step{step: scenarios.Step{At: Start(d), Pos: here()}} }

// Upon is a step when a fact of this kind becomes true in the plant.
func Upon(fact plant.Kind) Step {
	return Step{step: scenarios.Step{Upon: &scenarios.Upon{Event: fact, Pos: here()}, Pos: here()}}
}

// After is a step so long after another one.
func After(step string, d Duration) Step {
	return Step{step: scenarios.Step{After: During(step, d), Pos: here()}}
}

// Named gives the step a name for others to refer to.
func (s Step) Named(name string) Step {
	s.step.As = name
	return s
}

// Where limits a step [Upon] a fact to those of which a CEL expression is true.
func (s Step) Where(expr string) Step {
	return s.upon(func(u *scenarios.Upon) { u.Where = scenarios.Expr{Source: expr, Pos: here()} })
}

// Nth waits for the n-th such fact.
func (s Step) Nth(n int) Step { return s.upon(func(u *scenarios.Upon) { u.Nth = n }) }

func (s Step) upon(do func(*scenarios.Upon)) Step {
	if s.step.Upon == nil {
		s.errs = append(slices.Clip(s.errs), here().Errorf("only a step upon a fact can be limited to some of them").WithHint("begin it with suite.Upon"))
		return s
	}
	u := *s.step.Upon
	do(&u)
	s.step.Upon = &u
	return s
}

// Args are the arguments of an action, as in a file; see [Ref] and [Nth].
type Args map[string]any

// Ref is what the step of a name acted on, as in Ref("goods.lot").
func Ref(what string) any { return map[string]any{"ref": what} }

// Nth is the n-th order of the run.
func Nth(n int) any { return map[string]any{"nth": n} }

// Do adds an action: place-hold, decide, ship, release-orders, sut.kill, …
func (s Step) Do(action string, args ...Args) Step {
	all := map[string]any{}
	for _, a := range args {
		for k, v := range a {
			all[k] = v
		}
	}
	s.acts = append(slices.Clip(s.acts), map[string]any{action: all})
	do, err := scenarios.Acts(here(), s.acts...)
	if err != nil {
		s.errs = append(slices.Clip(s.errs), err)
	}
	s.step.Do = do
	return s
}

// A Trouble is a fault of a scenario: what, where, which messages it strikes,
// and when.
type Trouble struct {
	fault    scenarios.Fault
	settings map[string]any
	errs     []error
}

// Fault is a kind of trouble from the catalog: lose, duplicate, throttle, …
// `andon list faults` explains them.
func Fault(kind string) Trouble {
	return Trouble{fault: scenarios.Fault{Fault: yamlfile.Word{S: kind, Pos: here()}, Pos: here()}}
}

func (t Trouble) change(do func(*scenarios.Fault)) Trouble {
	do(&t.fault)
	return t
}

// Named gives the fault an id; it is called after its kind otherwise.
func (t Trouble) Named(id string) Trouble {
	return t.change(func(f *scenarios.Fault) { f.ID = id })
}

// At is the endpoint on whose link it acts.
func (t Trouble) At(endpoint string) Trouble {
	pos := here()
	return t.change(func(f *scenarios.Fault) { f.At = yamlfile.Word{S: endpoint, Pos: pos} })
}

// ToSUT strikes only what is announced to the SUT.
func (t Trouble) ToSUT() Trouble {
	return t.change(func(f *scenarios.Fault) { f.Direction = string(simulators.ToSUT) })
}

// FromSUT strikes only what the SUT sends.
func (t Trouble) FromSUT() Trouble {
	return t.change(func(f *scenarios.Fault) { f.Direction = string(simulators.FromSUT) })
}

// Facts strikes only messages about facts of this kind.
func (t Trouble) Facts(kind plant.Kind) Trouble {
	return t.change(func(f *scenarios.Fault) { f.Hits.Fact = kind })
}

// Messages strikes only messages of this name, with * for any characters.
func (t Trouble) Messages(name string) Trouble {
	return t.change(func(f *scenarios.Fault) { f.Hits.Message = name })
}

// Order strikes only messages about this order, with * for any characters.
func (t Trouble) Order(id string) Trouble {
	return t.change(func(f *scenarios.Fault) { f.Hits.Order = id })
}

// Nth strikes only the n-th fact of its kind within an order.
func (t Trouble) Nth(n int) Trouble {
	return t.change(func(f *scenarios.Fault) { f.Hits.Nth = n })
}

// Every strikes each n-th fact of its kind within an order.
func (t Trouble) Every(n int) Trouble {
	return t.change(func(f *scenarios.Fault) { f.Hits.Every = n })
}

// OfRun has Nth and Every count within the run instead of within an order.
func (t Trouble) OfRun() Trouble {
	return t.change(func(f *scenarios.Fault) { f.Hits.Per = "run" })
}

// Attempts strikes only the first n attempts of each fact.
func (t Trouble) Attempts(n int) Trouble {
	return t.change(func(f *scenarios.Fault) { f.Hits.Attempts = n })
}

// Writes leaves questions alone.
func (t Trouble) Writes() Trouble {
	return t.change(func(f *scenarios.Fault) { f.Hits.Writes = true })
}

// Chance strikes each fact and attempt with this chance, above 0 and up to 1.
func (t Trouble) Chance(p float64) Trouble {
	return t.change(func(f *scenarios.Fault) { f.P = &p })
}

// Most strikes at most n times in all.
func (t Trouble) Most(n int) Trouble { return t.change(func(f *scenarios.Fault) { f.Max = n }) }

// Between arms it for a window instead of for the whole run.
func (t Trouble) Between(from, to Moment) Trouble {
	pos := here()
	return t.change(func(f *scenarios.Fault) { f.During = scenarios.Window{From: from, To: to, Pos: pos} })
}

// With sets one of the fault's own settings, as in With("symptom", "hang").
func (t Trouble) With(setting string, value any) Trouble {
	settings := map[string]any{setting: value}
	for k, v := range t.settings {
		if k != setting {
			settings[k] = v
		}
	}
	n, err := yamlfile.Of(here(), settings)
	if err != nil {
		t.errs = append(slices.Clip(t.errs), err)
	}
	t.settings, t.fault.With = settings, n
	return t
}

// A Demand is something that must hold.
type Demand struct {
	means string
	into  func(e *scenarios.Expect, means string)
}

// Means says the demand in the words of a plant, for reports.
func (d Demand) Means(text string) Demand {
	d.means = text
	return d
}

// Always demands that these oracles hold and have had something to judge.
func Always(oracles ...string) Demand {
	pos := here()
	return Demand{into: func(e *scenarios.Expect, _ string) {
		for _, o := range oracles {
			e.Always = append(e.Always, yamlfile.Word{S: o, Pos: pos})
		}
	}}
}

// Eventually demands that a CEL expression becomes true in time. From, if
// given, is when the time begins to run.
func Eventually(that string, within Duration, from ...Moment) Demand {
	x := scenarios.Eventually{That: scenarios.Expr{Source: that, Pos: here()}, Within: within}
	if len(from) > 0 {
		x.From = from[0]
	}
	return Demand{into: func(e *scenarios.Expect, means string) {
		x.Means = means
		e.Eventually = append(e.Eventually, x)
	}}
}

// Never demands that a CEL expression does not become true; window, if given,
// are the two moments between which it must not.
func Never(that string, window ...Moment) Demand {
	x := scenarios.Never{That: scenarios.Expr{Source: that, Pos: here()}}
	if len(window) > 0 {
		x.During.From = window[0]
	}
	if len(window) > 1 {
		x.During.To = window[1]
	}
	return Demand{into: func(e *scenarios.Expect, means string) {
		x.Means = means
		e.Never = append(e.Never, x)
	}}
}

// AtEnd demands that a CEL expression is true when the run has come to rest.
func AtEnd(that string) Demand {
	x := scenarios.AtEnd{That: scenarios.Expr{Source: that, Pos: here()}}
	return Demand{into: func(e *scenarios.Expect, means string) {
		x.Means = means
		e.AtEnd = append(e.AtEnd, x)
	}}
}
