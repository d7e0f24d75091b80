package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// armed is a rule in force on a link.
type armed struct {
	*Rule
	strikes        int
	times          map[string]int // strikes by mark; nil unless the rule bounds them
	flying         int            // deliveries that it struck and that are still on their way
	dice           dice
	toSUT, fromSUT string // what chance is keyed by: the same rule elsewhere has other luck
}

func (a *armed) part(d simulators.Direction) string {
	if d == simulators.ToSUT {
		return a.toSUT
	}
	return a.fromSUT
}

// attempts counts by what crossed. A question about a fact is not an attempt
// to state it.
type attempts struct{ said, asked map[string]int }

// counter returns the counter for messages of this verb.
func (a *attempts) counter(verb string) map[string]int {
	of := &a.said
	if verb == "get" {
		of = &a.asked
	}
	if *of == nil {
		*of = map[string]int{}
	}
	return *of
}

// fate is a delivery as the link carries it out.
type fate struct {
	Delivery
	touched []string      // ids of the rules that shaped it
	by      []*armed      // those of them that are bound by what is in flight
	copied  bool          // made by a fault, not by its sender
	silence time.Duration // how long its sender hears nothing, once it is where it ends
	upon    []wait        // process faults that wait for it
	wire    string        // id of the rule behind Wire
	garbled bool          // its reply is worded otherwise than agreed

	original *simulators.Message // as its sender sent it
}

func (f *fate) facts(o *Ordinals) []plant.EventID { return factIDs(f.Message.Events, o) }

// absent are the facts that the message tells by what it lacks.
func (f *fate) absent(o *Ordinals) []plant.EventID {
	all := f.Message.Events
	return factIDs(all[len(all)-min(f.Message.Absent, len(all)):], o)
}

// restated is what a message about a changed fact says from then on.
type restated struct {
	rule   string
	events []plant.Event
	media  string // Content-Type of the body, which may tell where its parts end
	body   []byte
}

// Arm puts r in force. Rules act in the order of their [Place].
func (l *Link) Arm(r *Rule) {
	part := r.ID + "\x00" + l.Name + "\x00"
	l.mu.Lock()
	defer l.mu.Unlock()
	a := &armed{Rule: r, toSUT: part + string(simulators.ToSUT), fromSUT: part + string(simulators.FromSUT)}
	if r.Times > 0 {
		a.times = map[string]int{}
	}
	at := len(l.rules)
	for at > 0 && r.before(l.rules[at-1].Rule) {
		at--
	}
	l.rules = slices.Insert(l.rules, at, a)
	l.Course.arm(r.ID)
	l.Journal.Append(evidence.Disturbance{Fault: r.ID, Kind: r.Kind, Phase: evidence.Armed, At: l.Name})
}

// Heal takes the rule with this id out of force; it reports whether there was
// one. What is already on its way stays as it is.
func (l *Link) Heal(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.rules, func(a *armed) bool { return a.ID == id })
	if i < 0 {
		return false
	}
	kind := l.rules[i].Kind
	l.rules = slices.Delete(l.rules, i, i+1)
	l.Course.heal(id)
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

// fates runs m through the rules in force and returns what becomes of it, in
// the memory of buf if that suffices.
func (l *Link) fates(buf []fate, m simulators.Message, dir simulators.Direction, conn string) []fate {
	m.ID = l.IDs.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	var one [1]mark
	marks := l.count(one[:0], &m, dir)
	original := Delivery{Message: m, Direction: dir, Sent: l.Journal.Now(), Conn: conn}
	for _, k := range marks {
		original.Attempt = max(original.Attempt, k.attempt)
	}
	fates := append(buf, fate{Delivery: original})
	if l.Store != nil || l.Held != nil {
		sent := m
		fates[0].original = &sent
	}
	l.restate(&fates[0], marks)
	l.Course.crosses(l.Name, dir, marks)
	for _, a := range l.rules {
		fates = l.strike(a, fates, &original, marks)
	}
	if l.Moments != nil {
		fates[0].upon = l.Moments.match(l, &original, marks)
	}
	for i := range fates {
		l.settle(&fates[i], i > 0)
		for _, a := range fates[i].by {
			a.flying++
		}
	}
	return fates
}

// count notes that m crosses and returns what its chance is keyed by.
func (l *Link) count(marks []mark, m *simulators.Message, dir simulators.Direction) []mark {
	way := &l.fromSUT
	if dir == simulators.ToSUT {
		way = &l.toSUT
	}
	counter := way.counter(m.Verb)
	marks = l.marks(marks, m)
	for i := range marks {
		counter[marks[i].key]++
		marks[i].attempt = counter[marks[i].key]
	}
	return marks
}

// marks appends what m is known by: its facts, or else itself.
func (l *Link) marks(marks []mark, m *simulators.Message) []mark {
	for _, e := range m.Events {
		marks = append(marks, mark{key: string(l.Ordinals.ID(e))})
	}
	if len(m.Events) == 0 {
		marks = append(marks, mark{key: keyOf(m)})
	}
	return marks
}

// keyOf names a message that states no facts: a question, a request for a
// token, something nobody understands. A question without parameters is known by
// what it asks: one that is told in a body may have an identity as its key, which
// is another one each time.
func keyOf(m *simulators.Message) string {
	switch {
	case m.Asks != nil && len(m.Params) == 0:
		return asking("get "+m.Asks.Object, m.Asks.Where)
	case m.Key == "":
		return asking(m.Verb+" "+m.Name, m.Params)
	}
	return asking(m.Key, m.Params)
}

// asking is a name with what is said behind it, in a fixed order.
func asking(name string, said map[string]string) string {
	if len(said) == 0 {
		return name
	}
	var b strings.Builder
	b.WriteString(name)
	for _, of := range slices.Sorted(maps.Keys(said)) {
		b.WriteString("&" + of + "=" + said[of])
	}
	return b.String()
}

// restate makes a message about a changed fact say what it said before.
func (l *Link) restate(f *fate, marks []mark) {
	if len(l.changed) == 0 || f.Direction != simulators.ToSUT || len(f.Message.Events) != 1 {
		return
	}
	if c := l.changed[marks[0].key]; c != nil {
		f.Message.Events = c.events
		say(&f.Message, c.media, c.body)
		f.touched = append(f.touched, c.rule)
	}
}

// strike lets a act on fates and writes down what it did.
func (l *Link) strike(a *armed, fates []fate, original *Delivery, marks []mark) []fate {
	if (a.Max > 0 && a.strikes >= a.Max) || (a.InFlight > 0 && a.flying >= a.InFlight) {
		return fates
	}
	_, perFact := a.Fault.(PerFact)
	if perFact && (original.Direction != simulators.ToSUT || len(original.Message.Events) != 1 || l.changed[marks[0].key] != nil || original.Attempt > 1) {
		return fates // also not what was announced as it is: the SUT may know that
	}
	r := a.luck(original, marks, l, a.part(original.Direction), a.times, &a.dice)
	if r == nil {
		return fates
	}
	next, did := l.apply(a, fates, r)
	if did == nil {
		return fates
	}
	a.strikes++
	if a.times != nil {
		for _, k := range marks {
			a.times[k.key]++
		}
	}
	l.Course.struck(a.ID, l.Name, original.Direction, marks)
	if perFact {
		if l.changed == nil {
			l.changed = map[string]*restated{}
		}
		l.changed[marks[0].key] = &restated{a.ID, did.Message.Events, did.Message.Header[contentType], did.Message.Body}
	}
	struck := evidence.Disturbance{
		Fault: a.ID, Kind: a.Kind, Phase: evidence.Struck, At: l.Name, Message: original.Message.ID, Facts: factIDs(original.Message.Events, l.Ordinals),
		Key: keyOf(&original.Message), Attempt: original.Attempt, What: did.What, Invalid: did.Invalid,
		Lasting: did.Wire != nil && did.Wire.Lasts(),
	}
	if did.About != nil { // other facts: what an earlier fault did to this message it did not do to them
		struck.Facts, struck.Invalid = factIDs(did.About, l.Ordinals), false
	}
	if original.Direction == simulators.ToSUT && did.About == nil {
		struck.Garbled = did.Drift != "" && !did.Drift.Additive()
		switch {
		case did.Reword && did.Invalid:
			struck.Wrong = &did.Message.Events[0]
		case did.Reword:
			struck.Told = &did.Message.Events[0]
		}
	}
	l.Journal.Append(struck)
	return next
}

// apply shows each fate that is still open to the fault of a; did is the first
// that it made something else of, nil if it left all alone.
func (l *Link) apply(a *armed, fates []fate, r *rand.Rand) (next []fate, did *Delivery) {
	next = make([]fate, 0, len(fates)+1)
	for _, f := range fates {
		if f.Stopped() {
			next = append(next, f)
			continue
		}
		out := a.Fault.Apply(f.Delivery, r)
		if len(out) == 0 {
			lost := f.Delivery
			lost.Drop = &simulators.LostError{Symptom: simulators.Reset}
			out = []Delivery{lost}
		}
		// What the SUT fetches by itself cannot fail to arrive: a fault that
		// stops messages or their replies does nothing to it.
		stopped := f.Message.Kept && slices.ContainsFunc(out, Delivery.Decided)
		if stopped || (len(out) == 1 && same(&out[0], &f.Delivery)) || !l.reworded(out, &f.Delivery) {
			next = append(next, f)
			continue
		}
		if did == nil {
			did = &out[0]
		}
		touched, by := append(slices.Clone(f.touched), a.ID), f.by
		if a.InFlight > 0 {
			by = append(slices.Clone(f.by), a)
		}
		for _, d := range out {
			made := fate{Delivery: d, touched: touched, by: by, wire: f.wire, original: f.original}
			if d.Wire != f.Wire {
				made.wire = a.ID
			}
			next = append(next, made)
		}
	}
	return next, did
}

// landed notes that f is not on its way any more.
func (l *Link) landed(f *fate) {
	if len(f.by) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range f.by {
		a.flying--
	}
}

// reworded gives those of ds that say something new their wording; false if
// the endpoint has no words for it, and then nothing is changed.
func (l *Link) reworded(ds []Delivery, was *Delivery) bool {
	for i := range ds {
		d := &ds[i]
		if d.Reword && !sameSlice(d.Message.Events, was.Message.Events) {
			if err := l.word(&d.Message); err != nil {
				if l.err == nil && !d.Perhaps {
					l.err = fmt.Errorf("word changed %s: %w", d.Message.Key, err)
				}
				return false
			}
			if d.Perhaps && bytes.Equal(d.Message.Body, was.Message.Body) && d.Message.Header[contentType] == was.Message.Header[contentType] {
				return false // the dialect does not say it in this message, so that nobody hears of it
			}
		}
		if d.Drift != was.Drift && d.Direction == simulators.ToSUT && !l.drifted(&d.Message, d.Drift) {
			return false
		}
	}
	return true
}

// drifted words an announcement or a reply otherwise than was agreed; false if
// the dialect has no way to say it so.
func (l *Link) drifted(m *simulators.Message, d Drift) bool {
	if l.Drift == nil {
		return false
	}
	out, ok := l.Drift(*m, d)
	if ok {
		*m = out
	}
	return ok
}

func (l *Link) word(m *simulators.Message) error {
	if l.Encode == nil || len(m.Events) != 1 {
		return errors.New("only a message about one fact, on a link that knows its dialect, can be worded anew")
	}
	ms, err := l.Encode(m.Events[0])
	if err != nil {
		return err
	}
	if len(ms) != 1 {
		return fmt.Errorf("the dialect has %d messages for it", len(ms))
	}
	say(m, ms[0].Header[contentType], ms[0].Body)
	return nil
}

const contentType = "Content-Type"

// say gives m another body, with its type if that is another one.
func say(m *simulators.Message, media string, body []byte) {
	m.Body = body
	if media != "" && media != m.Header[contentType] {
		m.Header = maps.Clone(m.Header)
		if m.Header == nil {
			m.Header = map[string]string{}
		}
		m.Header[contentType] = media
	}
}

// settle fixes when f happens.
func (l *Link) settle(f *fate, copied bool) {
	if copied {
		f.copied = true
		f.Message.ID = l.IDs.Add(1)
		f.Message.Release = nil // its original is what others wait for
		f.Message.Header = maps.Clone(f.Message.Header)
		f.After = max(f.After, 1)
	}
	if f.After > 0 {
		f.After = l.unique(f.Sent+f.After) - f.Sent
	}
	lost := f.Drop
	if !f.Stopped() {
		lost = f.LoseReply
	}
	if lost != nil && lost.After > 0 {
		at := f.Sent + f.After
		f.silence = l.unique(at+lost.After) - at
	}
}

// unique returns an instant at or just after at that no other delivery of this
// link is due at, so that an in-memory run repeats exactly.
func (l *Link) unique(at time.Duration) time.Duration {
	if l.taken == nil {
		l.taken = map[time.Duration]struct{}{}
	}
	for now := l.Journal.Now(); len(l.taken) >= 1024; now += time.Second {
		maps.DeleteFunc(l.taken, func(t time.Duration, _ struct{}) bool { return t < now })
	}
	for {
		if _, taken := l.taken[at]; !taken {
			l.taken[at] = struct{}{}
			return at
		}
		at++
	}
}

// same reports whether a fault left b as it was.
func same(a, b *Delivery) bool {
	return a.After == b.After && a.Overtake == b.Overtake && a.Drop == b.Drop && a.Refuse == b.Refuse && a.Instead == b.Instead &&
		a.LoseReply == b.LoseReply && a.Wire == b.Wire && a.Reword == b.Reword && a.Invalid == b.Invalid && a.Drift == b.Drift &&
		a.Message.Manner == b.Message.Manner && a.Message.Mishap == b.Message.Mishap && a.Message.Name == b.Message.Name &&
		sameSlice(a.Message.Events, b.Message.Events) && bytes.Equal(a.Message.Body, b.Message.Body) && maps.Equal(a.Message.Header, b.Message.Header)
}

// sameSlice reports whether a and b are the same elements in memory.
func sameSlice[E any](a, b []E) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func factIDs(events []plant.Event, o *Ordinals) []plant.EventID {
	if len(events) == 0 {
		return nil
	}
	ids := make([]plant.EventID, len(events))
	for i, e := range events {
		ids[i] = o.ID(e)
	}
	return ids
}
