package scenarios

import (
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators/plant"
)

// Fault is one trouble of the scenario: what, where, which messages it hits,
// and when.
type Fault struct {
	// ID names the fault in this scenario.
	ID string `yaml:"id" jsonschema:"required"`
	// Fault is its name in the catalog: lose, duplicate, throttle, …
	Fault yamlfile.Word `yaml:"fault" jsonschema:"required"`
	// At is the endpoint on whose link it acts, or sut.
	At yamlfile.Word `yaml:"at"`
	// Direction of the messages it touches, to-sut or from-sut; both by default.
	Direction string `yaml:"direction" jsonschema:"enum=to-sut,enum=from-sut"`
	// Hits says which messages it strikes; all by default.
	Hits Hits `yaml:"hits"`
	// With are the fault's own settings.
	With yamlfile.Node `yaml:"with"`
	// P is the chance for each fact and attempt, above 0 and up to 1; 1 by default.
	P *float64 `yaml:"p"`
	// Times is how often it strikes each fact on a link; any number by default.
	Times int `yaml:"times"`
	// Max is how often it strikes in all; any number by default.
	Max int `yaml:"max"`
	// InFlight is how many messages that it has struck can be on their way at a
	// time; any number by default.
	InFlight int `yaml:"inFlight"`
	// During is when it is armed; the whole run by default, or, if some step
	// arms it, from then on.
	During Window `yaml:"during"`
	// For is how long it stays armed once it is, {plant: 30m} or {wall: 5s};
	// until its window or the run ends by default.
	For yamlfile.Duration `yaml:"for"`
	// After has it strike nothing before something else has happened.
	After *Awaits `yaml:"after"`
	// While has it strike only while something else is the case.
	While *While `yaml:"while"`

	Pos yamlfile.Pos `yaml:"-"`
}

// Hits says by meaning, not by arrival, which messages a fault strikes.
type Hits struct {
	// Message is the name of messages, with * and ?: confirmations. A question is
	// also called by what it asks for, in every dialect: items.
	Message string `yaml:"message"`
	// Fact is the kind of fact a message must be about.
	Fact plant.Kind `yaml:"fact"`
	// Order the message must be about, with * and ?.
	Order string `yaml:"order"`
	// Nth strikes the n-th fact of its kind only.
	Nth int `yaml:"nth"`
	// Every strikes each n-th fact of its kind.
	Every int `yaml:"every"`
	// Per says whether nth and every count within an order (default) or the run.
	Per string `yaml:"per" jsonschema:"enum=order,enum=run"`
	// Attempts strikes only the first so many attempts of each fact.
	Attempts int `yaml:"attempts"`
	// Writes leaves questions alone and touches only messages that state
	// something.
	Writes bool `yaml:"writes"`
	// StruckBy strikes only what another fault of this scenario has struck before,
	// by its id.
	StruckBy yamlfile.Word `yaml:"struckBy"`
	// Strikes names single messages, as the journal of a run does: nothing else
	// is struck. andon shrink writes them.
	Strikes []Strike `yaml:"strikes"`

	Pos yamlfile.Pos `yaml:"-"`
}

// Strike is one crossing of one fact.
type Strike struct {
	// Key of the fact: confirmation/4711000001/0010/3. * stands for anything.
	Key string `yaml:"key" jsonschema:"required"`
	// Attempt is which try to state it, from 1; each by default.
	Attempt int `yaml:"attempt"`

	Pos yamlfile.Pos `yaml:"-"`
}

// Window is a stretch of a run.
type Window struct {
	// From is when it begins: run.start by default.
	From Moment `yaml:"from"`
	// To is when it ends: run.end by default.
	To Moment `yaml:"to"`
	// By says, of a fault's window, what must lie in it: the moment a message
	// crosses (clock, the default), or that its fact became true (fact). By fact
	// it does not depend on when the SUT repeats what, so it repeats exactly; what
	// states no fact is left alone then.
	By string `yaml:"by" jsonschema:"enum=clock,enum=fact"`

	Pos yamlfile.Pos `yaml:"-"`
}

// What a window's By and an Awaits' Seen can say.
const (
	ByClock    = "clock"
	ByFact     = "fact"
	SeenStrike = "strike"
	SeenRetry  = "retry"
)

// Awaits is what a fault waits for: another fault's strike, or an event of the
// plant.
type Awaits struct {
	// Fault of this scenario, by its id, that must have struck.
	Fault yamlfile.Word `yaml:"fault"`
	// Seen says what of it must have been seen: that it struck (strike, the
	// default), or that a message it struck came again (retry). That repetition is
	// the first that can be struck.
	Seen string `yaml:"seen" jsonschema:"enum=strike,enum=retry"`
	// Event is the kind of fact that must have become true. Only messages about it
	// and about later facts are struck, however late they are told.
	Event plant.Kind `yaml:"event"`
	// Where is a CEL expression over event that must hold.
	Where Expr `yaml:"where"`
	// Nth is how often it must have been; once by default.
	Nth int `yaml:"nth"`

	Pos yamlfile.Pos `yaml:"-"`
}

// While is what must be the case for a fault to strike: another fault is armed,
// a phase of the run, or a state of the plant between two events.
type While struct {
	// Fault of this scenario, by its id, that must be armed.
	Fault yamlfile.Word `yaml:"fault"`
	// Phase of this scenario, by its name. Messages about facts of that phase are
	// struck, however late they are told.
	Phase yamlfile.Word `yaml:"phase"`
	// Since is the event that begins the state: {event: lot-held}. It belongs to
	// the state itself.
	Since *Upon `yaml:"since"`
	// Until is the event that ends it; it does not belong to it.
	Until *Upon `yaml:"until"`
	// Same binds the state to one of its kind: only messages about the order, lot
	// or material that the state is of are struck.
	Same string `yaml:"same" jsonschema:"enum=order,enum=lot,enum=material,enum=operation,enum=machine,enum=case"`

	Pos yamlfile.Pos `yaml:"-"`
}

// Phase is a named stretch of the run, from the end of the phase before it.
type Phase struct {
	// Name of the phase.
	Name string `yaml:"name" jsonschema:"required"`
	// To is when it ends; of the last, run.end.
	To Moment `yaml:"to"`
	// Calm heals every fault when the phase begins, and none is armed in it: the
	// tail of a run, in which a build has to recover. Only the last can be.
	Calm bool `yaml:"calm"`

	Pos yamlfile.Pos `yaml:"-"`
}

// Counter returns what reports, of one event after the other, whether it is
// one that u waits for: from its n-th on. It counts, so each run needs one of
// its own.
func (u *Upon) Counter() func(plant.Event) bool {
	var where *program
	if u.Where.Source != "" {
		where, _ = compileWhere(u.Where) // compiled before, when the file was read
	}
	met := 0
	return func(e plant.Event) bool {
		if e.Fact.Kind() != u.Event {
			return false
		}
		if where != nil {
			if ok, _, err := where.eval(map[string]any{"event": viewOf(e)}); err != nil || !ok {
				return false
			}
		}
		met++
		return met >= max(u.Nth, 1)
	}
}

// Upon is the event that a waits for; nil if it waits for a fault.
func (a *Awaits) Upon() *Upon {
	if a == nil || a.Event == "" {
		return nil
	}
	return &Upon{Event: a.Event, Where: a.Where, Nth: a.Nth, Pos: a.Pos}
}
