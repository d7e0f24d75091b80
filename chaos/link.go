package chaos

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
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
	// Address says by which method and where a message goes; nil is what the
	// message itself says.
	Address func(m simulators.Message, dir simulators.Direction) (method, path string)
	// Held, if set, says what contracts make of a message as its sender sent it,
	// which goes by method to path, and of the answer to it; reply is nil if
	// there was none that counts.
	Held func(m simulators.Message, dir simulators.Direction, method, path string, reply *simulators.Message) *evidence.Held
	// Encode words an event the way the endpoint's dialect does, for faults
	// that change what a message says.
	Encode func(plant.Event) ([]simulators.Message, error)
	// Refuse words a refusal the way the endpoint's dialect does, for faults
	// that answer in its place.
	Refuse func(m simulators.Message, r simulators.Refusal) simulators.Message
	// Drift words an announcement or a reply otherwise than was agreed, for
	// faults that have a partner change its interface; false if it cannot. nil
	// never can.
	Drift func(m simulators.Message, d Drift) (simulators.Message, bool)
	// Moments, if set, are told when a message passes; process faults wait
	// there. Shared by all links of a run.
	Moments *Moments
	// Course, if set, knows what other faults did. Shared by all links of a run.
	Course *Course
	// Riders, if set, is told which message crosses on which connection.
	Riders *Riders
	// Conns, if set, has faults strike the connection a message came by.
	Conns Conns
	// Observe, if set, is told when a message has crossed and before its
	// sender hears.
	Observe func(m simulators.Message, dir simulators.Direction, heard simulators.Result)

	mu      sync.Mutex // guards what follows, and makes faults' calls serial
	rules   []*armed   // in the order they act
	toSUT   attempts
	fromSUT attempts
	changed map[string]*restated // facts that were changed, by identity
	shelf   map[uint64]*kept     // what waits for the SUT to fetch it, by ID
	taken   map[time.Duration]struct{}
	leave   map[uint64]context.CancelFunc // ends deliveries that outlive their Carry
	apartID uint64                        // names the last of them
	err     error

	under flight // messages on the link
}

// Busy is the number of messages that are on the link now.
func (l *Link) Busy() int { return l.under.count() }

// Wait returns when no delivery is under way.
func (l *Link) Wait() { l.under.wait() }

// Close abandons what is still held on the way for a sender that no longer
// waits for it, and returns when no delivery is under way.
func (l *Link) Close() {
	l.mu.Lock()
	for _, cancel := range l.leave {
		cancel()
	}
	l.mu.Unlock()
	l.Wait()
}

// Err returns the first thing a fault wanted and could not be given, such as
// the wording of a changed event. It is the rig's mistake, never the SUT's.
func (l *Link) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Carry takes m across the link and returns what its sender hears. The first
// delivery answers the sender; later ones happen on their own, and so does the
// arrival of a message that was held until its sender gave up.
func (l *Link) Carry(ctx context.Context, m simulators.Message, dir simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	l.under.begin()
	defer l.under.end()
	var one [1]fate
	conn := ""
	if l.Riders != nil && dir == simulators.FromSUT {
		conn = simulators.ConnOf(ctx)
	}
	fates := l.fates(one[:0], m, dir, conn)
	kept := m.Kept
	if conn != "" {
		l.Riders.Enter(conn, fates[0].rider(l.Ordinals))
	}
	for i := range fates[1:] {
		f := fates[i+1]
		if f.Behind {
			continue // until the first has been taken
		}
		l.apart(ctx, func(own context.Context) {
			if kept {
				_ = l.keep(own, &f, far) // what is wrong with the file is told by the next reply
				return
			}
			_, _ = l.deliver(own, own, &f, far)
		})
	}
	first := &fates[0]
	if kept {
		return l.keepFirst(ctx, first, far)
	}
	if first.After <= 0 || dir == simulators.ToSUT {
		heard, err := l.deliver(ctx, ctx, first, far)
		l.behind(ctx, fates[1:], heard, err, far)
		return heard, err
	}
	return l.hold(ctx, *first, far)
}

// behind delivers the copies that only arrive if their original was taken. That
// they did not is written down, too.
func (l *Link) behind(ctx context.Context, copies []fate, original simulators.Message, err error, far simulators.Receiver) {
	for _, f := range copies {
		if !f.Behind {
			continue
		}
		if err != nil || !original.Result.Outcome.Took() {
			f.Drop = &simulators.LostError{Symptom: simulators.Reset}
		}
		l.apart(ctx, func(own context.Context) { _, _ = l.deliver(own, own, &f, far) })
	}
}

// hold delivers what the SUT sent and the network keeps back: it arrives even
// if the SUT has stopped waiting.
func (l *Link) hold(ctx context.Context, f fate, far simulators.Receiver) (simulators.Message, error) {
	type reply struct {
		m   simulators.Message
		err error
	}
	heard := make(chan reply, 1)
	l.apart(ctx, func(own context.Context) {
		m, err := l.deliver(own, ctx, &f, far)
		heard <- reply{m, err}
	})
	select {
	case r := <-heard:
		return r.m, r.err
	case <-ctx.Done():
		return unheard(ctx.Err()), ctx.Err()
	}
}

// apart runs do on its own, until it ends or the link is closed.
func (l *Link) apart(ctx context.Context, do func(own context.Context)) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.mu.Lock()
	if l.leave == nil {
		l.leave = map[uint64]context.CancelFunc{}
	}
	l.apartID++
	id := l.apartID
	l.leave[id] = cancel
	l.mu.Unlock()
	l.under.begin()
	go func() {
		defer l.under.end()
		defer func() {
			cancel()
			l.mu.Lock()
			delete(l.leave, id)
			l.mu.Unlock()
		}()
		do(own)
	}()
}

// deliver carries one delivery to its end and writes down what happened before
// the sender hears of it. The message travels as long as way lasts; its sender
// waits as long as sender does.
func (l *Link) deliver(way, sender context.Context, f *fate, far simulators.Receiver) (heard simulators.Message, err error) {
	defer l.landed(f)
	acted := simulators.Message{Result: simulators.Result{Outcome: simulators.Undelivered}}
	if f.After > 0 && f.Overtake && f.Message.Release != nil {
		f.Message.Release()
	}
	start := f.Sent
	if err = sleep(way, f.After); err == nil {
		if f.Direction == simulators.ToSUT {
			start = l.Journal.Now() // before that the SUT had no part in it
		}
		heard, acted, err = l.arrive(way, sender, f, far)
	}
	if err == nil && sender != way {
		err = sender.Err() // nobody was left to hear it
	}
	if err != nil {
		heard = unheard(err)
	}
	told := heard
	if f.Wire != nil && !f.copied && err == nil && l.Conns != nil && l.Conns.Touch(f.wire, f.Conn) && f.Wire.Cuts() {
		told = unheard(errCut)
	}
	l.write(f, start, acted, told)
	if ferr := l.Journal.Flush(); ferr != nil && err == nil {
		err = ferr
	}
	switch {
	case acted.Result.Outcome != simulators.Undelivered:
		f.pass(l, AfterApply)
		f.pass(l, AfterReply)
	case err == nil && f.Stopped() && f.Drop == nil: // it was answered on the way
		f.pass(l, AfterReply)
	}
	if l.Observe != nil {
		l.Observe(f.Message, f.Direction, heard.Result)
	}
	return heard, err
}

// errCut is why a sender hears nothing of a reply that has left.
var errCut = errors.New("the connection breaks before the reply is through")

// arrive is the end of a delivery's way: what its sender hears, and what the
// far side really did.
func (l *Link) arrive(way, sender context.Context, f *fate, far simulators.Receiver) (heard, acted simulators.Message, err error) {
	acted.Result.Outcome = simulators.Undelivered
	if f.Stopped() {
		heard, err = l.turnAway(sender, f)
		return heard, acted, err
	}
	f.pass(l, BeforeApply)
	var silence *time.Timer
	if f.LoseReply != nil && f.silence > 0 {
		silence = time.NewTimer(f.silence) // runs while the far side acts: both twins are silent for equally long
		defer silence.Stop()
	}
	if f.Direction == simulators.FromSUT {
		way = context.WithoutCancel(way) // what has arrived is acted upon, whether or not its sender waits
	}
	acted, err = far(way, f.Message)
	if err != nil {
		acted.Result.Outcome = simulators.Unknown
		return acted, acted, err
	}
	if f.LoseReply == nil {
		heard = acted
		if f.Drift != "" && f.Direction == simulators.FromSUT && l.drifted(&heard, f.Drift) && !f.Drift.Additive() {
			heard.Tells, f.garbled = nil, true // who cannot read it was told nothing
		}
		return heard, acted, nil
	}
	if silence != nil {
		select {
		case <-silence.C:
		case <-sender.Done():
			return heard, acted, sender.Err()
		}
	}
	return heard, acted, felt(f.LoseReply)
}

// turnAway is what a sender meets whose message does not arrive.
func (l *Link) turnAway(sender context.Context, f *fate) (simulators.Message, error) {
	switch {
	case f.Drop != nil:
		if err := sleep(sender, f.silence); err != nil {
			return simulators.Message{}, err
		}
		return simulators.Message{}, felt(f.Drop)
	case f.Refuse != nil:
		return l.refuse(f.Message, *f.Refuse), nil
	}
	return *f.Instead, nil
}

// refuse words r as the endpoint would.
func (l *Link) refuse(m simulators.Message, r simulators.Refusal) simulators.Message {
	var reply simulators.Message
	if l.Refuse != nil {
		reply = l.Refuse(m, r)
	}
	if reply.Result.Outcome == "" {
		status := reply.Result.Status
		reply.Result = simulators.Result{Outcome: r.Outcome, Class: r.Class, Code: r.Code, Text: r.Text, RetryAfter: r.After, Status: status}
		if r.Outcome == "" {
			reply.Result.Outcome = simulators.Refused
		}
	}
	if r.Soft {
		reply.Result.Status = 200 // the books say no all the same, and so does Outcome
	}
	return reply
}

// felt is the symptom a transport is to show; the silence before it is over.
func felt(e *simulators.LostError) *simulators.LostError {
	return &simulators.LostError{Symptom: e.Symptom}
}

func unheard(err error) simulators.Message {
	return simulators.Message{Result: simulators.Result{Outcome: simulators.Unknown, Text: err.Error()}}
}

func (l *Link) write(f *fate, start time.Duration, acted, heard simulators.Message) {
	m := &f.Message
	payload := l.store(m.Body)
	wire, held := l.wire(f, acted, payload)
	if f.Direction == simulators.ToSUT {
		result := heard.Result
		if result.Outcome == simulators.Unknown && acted.Result.Outcome == simulators.Undelivered {
			result.Outcome = simulators.Undelivered // the sender cannot know, the rig does
		}
		if f.Stopped() && result.Outcome.Took() { // its sender is told that it was taken over, and is wrong
			result = simulators.Result{Outcome: simulators.Undelivered, Text: result.Text}
		}
		l.Journal.Append(evidence.Offer{
			ID: m.ID, Endpoint: l.Name, Name: m.Name, Key: m.Key, Facts: f.facts(l.Ordinals), Absent: f.absent(l.Ordinals), Attempt: f.Attempt, Copy: f.copied,
			Start: start, End: l.Journal.Now(), Result: result, Payload: payload, Faults: f.touched, Breach: acted.Breach,
			Wire: wire, Held: held,
		})
		return
	}
	hears, told := heard.Result, heard.Tells
	if f.copied || hears.Outcome == simulators.Undelivered { // the SUT did not send it, or broke off: no reply reaches it
		hears, told = simulators.Result{Outcome: simulators.Unknown}, nil
	}
	rounded := time.Duration(0)
	if m.Manner != nil && len(told) > 0 {
		rounded = m.Manner.Page.Resolution
	}
	size := len(m.Body)
	if m.Unread != nil {
		size = int(m.Unread.Bytes)
	}
	l.Journal.Append(evidence.Attempt{
		ID: m.ID, Endpoint: l.Name, Verb: m.Verb, Name: m.Name, Key: m.Key, IdemKey: held.IdemKey(cmp.Or(m.Idem, m.Header["Idempotency-Key"])), Claims: m.Events,
		Attempt: f.Attempt, Copy: f.copied, Start: start, End: l.Journal.Now(), Acted: acted.Result, Heard: hears,
		Payload: payload, Digest: digest(m.Body), Bytes: size, Faults: f.touched, Garbled: f.garbled, Asks: object(m.Asks), Told: told, Rounded: rounded, Breach: m.Breach, Route: m.Route,
		Wire: wire, Held: held,
	})
}

func (l *Link) store(body []byte) string {
	if l.Store == nil {
		return ""
	}
	return l.Store(body)
}

// object is what a question is about; "" of none.
func object(q *simulators.Query) string {
	if q == nil {
		return ""
	}
	return q.Object
}

func digest(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	h := sha256.Sum256(b)
	var text [16]byte
	hex.Encode(text[:], h[:8])
	return string(text[:])
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

// flight counts what is under way. Unlike a WaitGroup it may begin anew while
// somebody waits.
type flight struct {
	mu   sync.Mutex // guards what follows
	n    int
	rest chan struct{} // closed when n is 0 again; nil if nobody waits
}

func (f *flight) begin() {
	f.mu.Lock()
	f.n++
	f.mu.Unlock()
}

func (f *flight) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n--; f.n == 0 && f.rest != nil {
		close(f.rest)
		f.rest = nil
	}
}

func (f *flight) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

func (f *flight) wait() {
	f.mu.Lock()
	if f.n == 0 {
		f.mu.Unlock()
		return
	}
	if f.rest == nil {
		f.rest = make(chan struct{})
	}
	rest := f.rest
	f.mu.Unlock()
	<-rest
}
