package chaos

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Link joins one endpoint to the SUT. Every message in either direction goes
// through Carry, which is where faults act and evidence is written, so that
// nothing can bypass either.
type Link struct {
	Name     string // of the endpoint
	Journal  *evidence.Journal
	Seed     uint64
	Ordinals *Ordinals // shared by all links of a run
	IDs      *atomic.Uint64
	// Store keeps a payload and returns its reference; nil keeps none.
	Store func(body []byte) string
	// Encode words an event the way the endpoint's dialect does, for faults
	// that change what a message says.
	Encode func(plant.Event) ([]simulators.Message, error)
	// Observe, if set, is told when a message has crossed and before its
	// sender hears; process faults wait for named moments here.
	Observe func(m simulators.Message, dir simulators.Direction, heard simulators.Result)

	mu       sync.Mutex // guards what follows, and makes faults' calls serial
	rules    []*armed   // in the order they were armed
	attempts map[attemptKey]int
	ticks    time.Duration // makes due times unique

	under atomic.Int64   // messages between Carry's begin and end
	late  sync.WaitGroup // deliveries that outlive their Carry
}

type attemptKey struct {
	dir simulators.Direction
	key string
}

type armed struct {
	*Rule
	strikes int
}

// Arm puts r in force.
func (l *Link) Arm(r *Rule) {
	l.mu.Lock()
	l.rules = append(l.rules, &armed{Rule: r})
	l.mu.Unlock()
	l.Journal.Append(evidence.Disturbance{Fault: r.ID, Kind: r.Kind, Phase: evidence.Armed, At: l.Name})
}

// Heal takes the rule with this id out of force; it reports whether there was
// one.
func (l *Link) Heal(id string) bool {
	l.mu.Lock()
	i := slices.IndexFunc(l.rules, func(a *armed) bool { return a.ID == id })
	if i < 0 {
		l.mu.Unlock()
		return false
	}
	kind := l.rules[i].Kind
	l.rules = slices.Delete(l.rules, i, i+1)
	l.mu.Unlock()
	l.Journal.Append(evidence.Disturbance{Fault: id, Kind: kind, Phase: evidence.Healed, At: l.Name})
	return true
}

// HealAll takes every rule out of force.
func (l *Link) HealAll() {
	for _, id := range l.Armed() {
		l.Heal(id)
	}
}

// Armed lists the ids of the rules in force.
func (l *Link) Armed() (ids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.rules {
		ids = append(ids, a.ID)
	}
	return ids
}

// Busy is the number of messages that are on the link now.
func (l *Link) Busy() int { return int(l.under.Load()) }

// Wait returns when no delivery is under way.
func (l *Link) Wait() { l.late.Wait() }

// Carry takes m across the link and returns what its sender hears. The first
// delivery answers the sender; later ones happen on their own.
func (l *Link) Carry(ctx context.Context, m simulators.Message, dir simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	l.under.Add(1)
	defer l.under.Add(-1)
	fates, touched := l.fates(m, dir)
	for _, f := range fates[1:] {
		l.under.Add(1)
		l.late.Go(func() {
			defer l.under.Add(-1)
			_, _ = l.deliver(context.WithoutCancel(ctx), f, touched, far)
		})
	}
	return l.deliver(ctx, fates[0], touched, far)
}

// fates runs m through the rules in force and names those that struck.
func (l *Link) fates(m simulators.Message, dir simulators.Direction) (fates []Delivery, touched []string) {
	m.ID = l.IDs.Add(1)
	l.mu.Lock()
	if l.attempts == nil {
		l.attempts = map[attemptKey]int{}
	}
	k := attemptKey{dir, m.Key}
	l.attempts[k]++
	original := Delivery{Message: m, Direction: dir, Attempt: l.attempts[k], Sent: l.Journal.Now()}
	fates = []Delivery{original}
	var strikes []evidence.Disturbance
	for _, a := range l.rules {
		if !a.matches(original, l.Ordinals) || (a.Max > 0 && a.strikes >= a.Max) {
			continue
		}
		r := a.chance(l.Seed, original)
		if a.P > 0 && a.P < 1 && r.Float64() >= a.P {
			continue
		}
		var next []Delivery
		for _, d := range fates {
			next = append(next, a.Fault.Apply(d, r)...)
		}
		if len(next) == len(fates) && slices.EqualFunc(next, fates, same) {
			continue
		}
		a.strikes++
		touched = append(touched, a.ID)
		strikes = append(strikes, evidence.Disturbance{
			Fault: a.ID, Kind: a.Kind, Phase: evidence.Struck, At: l.Name, Message: m.ID, Facts: factIDs(m.Events), Key: m.Key,
			Attempt: original.Attempt, What: next[0].What, Invalid: next[0].Invalid,
		})
		fates = next
	}
	for i := range fates[1:] {
		l.ticks++
		fates[i+1].After += l.ticks // no two deliveries are due at the same instant
		fates[i+1].Message.ID = l.IDs.Add(1)
	}
	l.mu.Unlock()
	for _, s := range strikes {
		l.Journal.Append(s)
	}
	return fates, touched
}

// deliver carries one delivery to its end and writes down what happened before
// the sender hears of it.
func (l *Link) deliver(ctx context.Context, d Delivery, touched []string, far simulators.Receiver) (heard simulators.Message, err error) {
	acted := simulators.Message{Result: simulators.Result{Outcome: simulators.Undelivered}}
	if d.After > 0 && d.Overtake && d.Message.Release != nil {
		d.Message.Release()
	}
	start := d.Sent
	if err = sleep(ctx, d.After); err == nil {
		if d.Direction == simulators.ToSUT || d.After > 0 {
			start = l.Journal.Now()
		}
		heard, acted, err = l.arrive(ctx, d, far)
	}
	if err != nil {
		heard = simulators.Message{Result: simulators.Result{Outcome: simulators.Unknown, Text: err.Error()}}
	}
	l.write(d, touched, start, acted, heard)
	if ferr := l.Journal.Flush(); ferr != nil && err == nil {
		err = ferr
	}
	if l.Observe != nil {
		l.Observe(d.Message, d.Direction, heard.Result)
	}
	return heard, err
}

// arrive is the end of a delivery's way: what its sender hears, and what the
// far side really did.
func (l *Link) arrive(ctx context.Context, d Delivery, far simulators.Receiver) (heard, acted simulators.Message, err error) {
	acted.Result.Outcome = simulators.Undelivered
	if d.Reword {
		if err := l.reword(&d.Message); err != nil {
			return heard, acted, err
		}
	}
	switch {
	case d.Instead != nil:
		return *d.Instead, acted, nil
	case d.Drop != nil:
		if err := sleep(ctx, d.Drop.After); err != nil {
			return heard, acted, err
		}
		return heard, acted, d.Drop
	}
	acted, err = far(ctx, d.Message)
	if err != nil {
		acted.Result.Outcome = simulators.Unknown
		return acted, acted, err
	}
	if d.LoseReply != nil {
		if err := sleep(ctx, d.LoseReply.After); err != nil {
			return heard, acted, err
		}
		return heard, acted, d.LoseReply
	}
	return acted, acted, nil
}

// reword gives m the wording of its changed events.
func (l *Link) reword(m *simulators.Message) error {
	if l.Encode == nil || len(m.Events) != 1 {
		return errors.New("this message cannot be worded anew")
	}
	ms, err := l.Encode(m.Events[0])
	if err != nil {
		return err
	}
	if len(ms) > 0 {
		m.Body = ms[0].Body
	}
	return nil
}

func (l *Link) write(d Delivery, touched []string, start time.Duration, acted, heard simulators.Message) {
	m := d.Message
	payload := ""
	if l.Store != nil {
		payload = l.Store(m.Body)
	}
	if d.Direction == simulators.ToSUT {
		result := heard.Result
		if d.Drop != nil { // the sender cannot know, the rig does
			result.Outcome = simulators.Undelivered
		}
		l.Journal.Append(evidence.Offer{
			ID: m.ID, Endpoint: l.Name, Name: m.Name, Key: m.Key, Facts: factIDs(m.Events), Attempt: d.Attempt,
			Start: start, End: l.Journal.Now(), Result: result, Payload: payload, Faults: touched,
		})
		return
	}
	l.Journal.Append(evidence.Attempt{
		ID: m.ID, Endpoint: l.Name, Verb: m.Verb, Name: m.Name, Key: m.Key, IdemKey: m.Header["Idempotency-Key"], Claims: m.Events,
		Attempt: d.Attempt, Start: start, End: l.Journal.Now(), Acted: acted.Result, Heard: heard.Result,
		Payload: payload, Digest: digest(m.Body), Bytes: len(m.Body), Faults: touched,
	})
}

// same reports whether a fault left d as it was.
func same(a, b Delivery) bool {
	return a.After == b.After && a.Instead == b.Instead && a.Drop == b.Drop && a.LoseReply == b.LoseReply &&
		!a.Reword && a.Overtake == b.Overtake && bytes.Equal(a.Message.Body, b.Message.Body)
}

func factIDs(events []plant.Event) []plant.EventID {
	var ids []plant.EventID
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return ids
}

func digest(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:8])
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
