package scenarios

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators"
)

// Policy is what a file changes in an interface's [simulators.Policy]. What
// it does not say stays as it is.
type Policy struct {
	// Auth is how the SUT proves who it is.
	Auth simulators.AuthPolicy `yaml:"auth" jsonschema:"enum=none,enum=oauth2"`
	// TokenTTL is how long an access token lives.
	TokenTTL yamlfile.Duration `yaml:"tokenTTL"`
	// Accept says when an accepted message takes effect.
	Accept simulators.AcceptPolicy `yaml:"accept" jsonschema:"enum=done,enum=queued"`
	// Delay until a queued message takes effect.
	Delay yamlfile.Duration `yaml:"delay"`
	// Queue is how queued messages are worked off.
	Queue *Queue `yaml:"queue"`
	// Dedupe says what a repeated message does.
	Dedupe simulators.DedupePolicy `yaml:"dedupe" jsonschema:"enum=none,enum=by-key,enum=natural-key"`
	// Lookup says whether postings can be asked for by reference.
	Lookup *bool `yaml:"lookup"`
	// Ordering of announcements.
	Ordering simulators.OrderingPolicy `yaml:"ordering" jsonschema:"enum=per-entity,enum=none"`
	// Lock says what parallel postings to one order do.
	Lock simulators.LockPolicy `yaml:"lock" jsonschema:"enum=none,enum=per-order"`
	// Batch says what one bad row does to its batch.
	Batch simulators.BatchPolicy `yaml:"batch" jsonschema:"enum=per-row,enum=atomic,enum=lead"`
	// Session says what a change needs besides authentication.
	Session simulators.SessionPolicy `yaml:"session" jsonschema:"enum=none,enum=csrf"`
	// Match says what a change to an object that is there needs.
	Match simulators.MatchPolicy `yaml:"match" jsonschema:"enum=none,enum=etag"`
	// Failed says what becomes of a posting that the books refuse.
	Failed simulators.FailedPolicy `yaml:"failed" jsonschema:"enum=told,enum=pool-data,enum=pool-all"`
	// Lag is how long questions do not show what was announced.
	Lag yamlfile.Duration `yaml:"lag"`
	// Page is how many rows one page of a list has at most.
	Page int `yaml:"page"`
	// Versions says what an older version does after a newer one.
	Versions simulators.VersionPolicy `yaml:"versions" jsonschema:"enum=checked,enum=overwrite"`
	// Quota limits how many requests are answered: 60/min, or in full.
	Quota *Quota `yaml:"quota"`
	// Redelivery is how announcements that were not taken are sent again.
	Redelivery *Redelivery `yaml:"redelivery"`

	Pos yamlfile.Pos `yaml:"-"`
}

// Queue is how messages that were only queued are worked off.
type Queue struct {
	// Order is per-entity (one order's messages one after the other) or none.
	Order simulators.OrderingPolicy `yaml:"order" jsonschema:"enum=per-entity,enum=none"`
	// Attempts before a message has failed for good.
	Attempts int `yaml:"attempts"`
	// Failed says whether a failed message blocks those of its order that follow
	// it, until a person sees to it, or is passed.
	Failed QueueFailed `yaml:"failed" jsonschema:"enum=passed,enum=blocks"`
	// Stalled is true if nobody works off the queue.
	Stalled *bool `yaml:"stalled"`
}

// QueueFailed says what a failed message does to those that follow it.
type QueueFailed string

// What a failed message does to those that follow it.
const (
	FailedPassed QueueFailed = "passed"
	FailedBlocks QueueFailed = "blocks"
)

// apply changes to.
func (q Queue) apply(to *simulators.QueuePolicy) {
	if q.Order != "" {
		to.PerEntity = q.Order == simulators.OrderPerEntity
	}
	said(&to.Attempts, q.Attempts)
	if q.Failed != "" {
		to.Blocks = q.Failed == FailedBlocks
	}
	if q.Stalled != nil {
		to.Stalled = *q.Stalled
	}
}

// Redelivery is how announcements that were not taken are sent again.
type Redelivery struct {
	// Gap before the first repetition; it doubles with each.
	Gap yamlfile.Duration `yaml:"gap"`
	// MaxGap is the longest gap.
	MaxGap yamlfile.Duration `yaml:"maxGap"`
	// Max is the number of repetitions; 0 means until the run ends.
	Max int `yaml:"max"`
}

// Check refuses times that are not wall time: an interface lives by the clock
// on the wall.
func (p *Policy) Check() error {
	times := []yamlfile.Duration{p.TokenTTL, p.Delay, p.Lag}
	if p.Redelivery != nil {
		times = append(times, p.Redelivery.Gap, p.Redelivery.MaxGap)
	}
	if p.Page < 0 {
		return p.Pos.Errorf("page is a number of rows above 0")
	}
	if p.Queue != nil && p.Queue.Attempts < 0 {
		return p.Pos.Errorf("queue.attempts is a number above 0")
	}
	for _, d := range times {
		if err := wallOnly(d); err != nil {
			return err
		}
	}
	return nil
}

func wallOnly(d yamlfile.Duration) error {
	if d.Domain == yamlfile.PlantTime {
		return d.Pos.Errorf("an interface lives by wall time").WithHint("write {wall: …}")
	}
	return nil
}

func plantOnly(d yamlfile.Duration) error {
	if d.Domain == yamlfile.WallTime {
		return d.Pos.Errorf("the plant lives by plant time").WithHint("write {plant: …}")
	}
	return nil
}

// Apply returns to with the changes of p.
func (p *Policy) Apply(to simulators.Policy) simulators.Policy {
	if p == nil {
		return to
	}
	said(&to.Auth, p.Auth)
	said(&to.TokenTTL, p.TokenTTL.D)
	said(&to.Accept, p.Accept)
	said(&to.Delay, p.Delay.D)
	said(&to.Dedupe, p.Dedupe)
	said(&to.Page, p.Page)
	said(&to.Ordering, p.Ordering)
	said(&to.Lock, p.Lock)
	said(&to.Batch, p.Batch)
	said(&to.Versions, p.Versions)
	said(&to.Session, p.Session)
	said(&to.Match, p.Match)
	said(&to.Failed, p.Failed)
	said(&to.Lag, p.Lag.D)
	if p.Queue != nil {
		p.Queue.apply(&to.Queue)
	}
	if p.Lookup != nil {
		to.Lookup = *p.Lookup
	}
	if p.Quota != nil {
		to.Quota = simulators.Quota(*p.Quota)
	}
	if r := p.Redelivery; r != nil {
		said(&to.Redelivery.Gap, r.Gap.D)
		said(&to.Redelivery.MaxGap, r.MaxGap.D)
		said(&to.Redelivery.Max, r.Max)
	}
	return to
}

func said[T comparable](to *T, what T) {
	var unsaid T
	if what != unsaid {
		*to = what
	}
}

// Quota is a limit of requests per time, written 60/min or
// {rate: 60, window: {wall: 1m}, retryAfter: date, slowAfter: 40, slow: {wall: 50ms}}
// or, where other applications ask the system as well,
// {rate: 60, window: {wall: 1m}, others: 40, priority: low}.
// A rate of 0 lifts it.
type Quota simulators.Quota

type quotaForm struct {
	Rate       int                   `yaml:"rate" jsonschema:"required"`
	Window     yamlfile.Duration     `yaml:"window"`
	SlowAfter  int                   `yaml:"slowAfter"`
	Slow       yamlfile.Duration     `yaml:"slow"`
	RetryAfter simulators.RetryAfter `yaml:"retryAfter" jsonschema:"enum=seconds,enum=date,enum=missing"`
	Others     int                   `yaml:"others"`
	Priority   simulators.Priority   `yaml:"priority" jsonschema:"enum=low,enum=medium,enum=high"`
}

// UnmarshalNode reads both forms.
func (q *Quota) UnmarshalNode(n yamlfile.Node) error {
	if n.Kind() == yamlfile.Text {
		return q.short(n)
	}
	var f quotaForm
	if err := n.Decode(&f); err != nil {
		return err
	}
	if f.Rate < 0 {
		return n.Errorf("a rate cannot be negative")
	}
	if f.SlowAfter < 0 {
		return n.Errorf("slowAfter cannot be negative")
	}
	if err := errors.Join(wallOnly(f.Window), wallOnly(f.Slow)); err != nil {
		return err
	}
	if err := f.shared(n); err != nil {
		return err
	}
	*q = Quota{Rate: f.Rate, Window: f.Window.D, SlowAfter: f.SlowAfter, Slow: f.Slow.D, RetryAfter: f.RetryAfter, Others: f.Others, Priority: f.Priority}
	if q.Window == 0 {
		q.Window = time.Minute
	}
	return nil
}

// shared says what is wrong with what others ask.
func (f quotaForm) shared(n yamlfile.Node) error {
	switch {
	case f.Others == 0 && f.Priority == "":
		return nil
	case f.Others < 0:
		return n.Errorf("others cannot be negative")
	case f.Others == 0 || f.Priority == "":
		return n.Errorf("others and priority belong together").WithHint("write {rate: 60, others: 40, priority: low}")
	case f.Others >= f.Rate:
		return n.Errorf("others make %d of %d requests, and nothing is left", f.Others, f.Rate).WithHint("others has to be less than rate")
	}
	return nil
}

func (q *Quota) short(n yamlfile.Node) error {
	rate, per, ok := strings.Cut(n.Text(), "/")
	units := map[string]time.Duration{"s": time.Second, "min": time.Minute, "h": time.Hour}
	count, err := strconv.Atoi(rate)
	if !ok || err != nil || count < 0 || units[per] == 0 {
		return n.Errorf("%q is not a quota", n.Text()).WithHint("write 60/min, 5/s or {rate: 60, window: {wall: 1m}, retryAfter: seconds}")
	}
	*q = Quota{Rate: count, Window: units[per]}
	return nil
}

// JSONSchema describes both forms to editors.
func (Quota) JSONSchema() *jsonschema.Schema {
	p := jsonschema.NewProperties()
	p.Set("rate", &jsonschema.Schema{Type: "integer", Description: "Requests answered in each window; 0 lifts the quota."})
	p.Set("window", yamlfile.Duration{}.JSONSchema())
	p.Set("slowAfter", &jsonschema.Schema{Type: "integer", Description: "Requests of each window that are answered at once."})
	p.Set("slow", yamlfile.Duration{}.JSONSchema())
	p.Set("retryAfter", &jsonschema.Schema{Type: "string", Enum: []any{"seconds", "date", "missing"}, Description: "How a throttled sender is told when to come back."})
	p.Set("others", &jsonschema.Schema{Type: "integer", Description: "Requests of each window that other applications make."})
	p.Set("priority", &jsonschema.Schema{Type: "string", Enum: []any{"low", "medium", "high"}, Description: "Of the SUT among them: low comes after all of theirs, medium after half, high before them."})
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
		{Type: "string", Pattern: `^[0-9]+/(s|min|h)$`},
		{Type: "object", Properties: p, Required: []string{"rate"}, AdditionalProperties: jsonschema.FalseSchema},
	}}
}

// String writes q in short.
func (q Quota) String() string { return fmt.Sprintf("%d per %s", q.Rate, q.Window) }
