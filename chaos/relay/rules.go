package relay

import (
	"io"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

// armed is a rule in force.
type armed struct {
	*chaos.Rule
	t       chaos.Trouble
	passive bool          // strikes by message: what the link asks for with Touch
	ended   chan struct{} // closed when it is healed
	down    atomic.Bool   // [chaos.DoorFlap]: the road is gone now
	strikes int           // guarded by the relay's mu, as is what follows
	knocked bool
	began   int       // TLS handshakes meanwhile
	ear     io.Closer // hears who is refused; nil if nobody can
}

// heal ends a; the relay's mu is held.
func (a *armed) heal() {
	select {
	case <-a.ended:
	default:
		close(a.ended)
	}
}

func (a *armed) over() bool {
	select {
	case <-a.ended:
		return true
	default:
		return false
	}
}

// Arm puts rule in force, whose fault is a [chaos.ConnFault]. It acts on
// connections that there are and on new ones. Rules act in the order they were
// armed.
func (r *Relay) Arm(rule *chaos.Rule) error {
	a := &armed{Rule: rule, t: rule.Fault.(chaos.ConnFault).Trouble(), passive: rule.ByMessage(), ended: make(chan struct{})}
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.rules = append(r.rules, a)
	if !a.passive { // of those the link says it
		r.config.Journal.Append(evidence.Disturbance{Fault: rule.ID, Kind: rule.Kind, Phase: evidence.Armed, At: r.config.Name})
	}
	switch {
	case a.t.Door == chaos.DoorFlap:
		r.serving.Add(1)
		go func() {
			defer r.serving.Done()
			r.flap(a)
		}()
	case a.t.Stream == chaos.StreamForget:
		r.serving.Add(1)
		go func() {
			defer r.serving.Done()
			r.watch(a)
		}()
	}
	if a.t.Door == chaos.DoorHang || a.t.Door == chaos.DoorFlap || a.t.Door == chaos.DoorSilence {
		r.serving.Add(1)
		go func() {
			defer r.serving.Done()
			r.listenIn(a)
		}()
	}
	r.mu.Unlock()
	if err := r.turn(); err != nil {
		return err
	}
	switch {
	case a.t.Sweep:
		r.clear(a)
	case a.t.Door == chaos.DoorRefuse:
		r.sweep(a)
		r.listenAtDoor(a)
	}
	return nil
}

// Heal takes the rule with this id out of force; it reports whether there was
// one. What was held goes on; what was cut or forgotten stays so.
func (r *Relay) Heal(id string) bool {
	r.mu.Lock()
	i := slices.IndexFunc(r.rules, func(a *armed) bool { return a.ID == id })
	if i < 0 {
		r.mu.Unlock()
		return false
	}
	a := r.rules[i]
	r.rules = slices.Delete(r.rules, i, i+1)
	a.heal()
	idle := a.idle()
	if a.ear != nil {
		_ = a.ear.Close() // before the door is opened again
	}
	r.mu.Unlock()
	_ = r.turn() // an address that cannot be opened again shows as callers refused
	if !a.passive {
		r.config.Journal.Append(evidence.Disturbance{Fault: id, Kind: a.Kind, Phase: evidence.Healed, At: r.config.Name, What: idle})
	}
	return true
}

// HealAll takes every rule out of force.
func (r *Relay) HealAll() {
	for _, id := range r.Armed() {
		r.Heal(id)
	}
}

// Armed lists the ids of the rules in force.
func (r *Relay) Armed() (ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.rules {
		ids = append(ids, a.ID)
	}
	return ids
}

// turn makes everybody see what is in force now: the door, connections under
// way and those who wait.
func (r *Relay) turn() error {
	r.mu.Lock()
	var barred, silent, minds bool
	for _, a := range r.rules {
		barred = barred || a.t.Door == chaos.DoorRefuse || a.t.Door == chaos.DoorFlap && a.t.Abrupt && a.down.Load()
		silent = silent || a.silences()
		minds = minds || a.t.Stream == chaos.StreamForget
	}
	r.minds.Store(minds)
	r.rev.Add(1)
	close(r.changed)
	r.changed = make(chan struct{})
	conns := r.list()
	r.mu.Unlock()
	err := r.door.set(barred, silent)
	for _, c := range conns {
		c.kick()
	}
	return err
}

// listenIn writes down that somebody tried to connect and was not answered,
// which only the kernel has seen.
func (r *Relay) listenIn(a *armed) {
	for pause(a.ended, glance) {
		if a.silences() && r.door.knocks() {
			r.knocked(a, "whoever connects is not answered")
		}
	}
}

// glance is how often the kernel is asked what it has dropped.
const glance = 20 * time.Millisecond

// listenAtDoor writes down that somebody was refused, where that can be heard:
// it is the kernel that refuses.
func (r *Relay) listenAtDoor(a *armed) {
	at, err := netip.ParseAddrPort(r.door.addr)
	if err != nil {
		return
	}
	ear, err := overhear(at, func() { r.knocked(a, "whoever connects is refused") })
	if err != nil {
		return // then [armed.idle] says so
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.over() {
		_ = ear.Close()
		return
	}
	a.ear = ear
}

// knocked writes down that somebody tried to connect in vain; once.
func (r *Relay) knocked(a *armed, what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.knocked || a.over() {
		return
	}
	a.knocked = true
	a.strikes++
	r.config.Journal.Append(evidence.Disturbance{
		Fault: a.ID, Kind: a.Kind, Phase: evidence.Struck, At: r.config.Name, Key: chaos.ConnKey(r.opened + 1), What: what})
}

// silences reports whether nobody who connects is to be answered.
func (a *armed) silences() bool {
	switch a.t.Door {
	case chaos.DoorHang:
		return true
	case chaos.DoorFlap:
		return !a.t.Abrupt && a.down.Load()
	case chaos.DoorSilence:
		return a.Everybody()
	}
	return false
}

// rank is how many connections that are older than c are still there.
func (r *Relay) rank(c *conn) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for other := range r.conns {
		if other.n < c.n {
			n++
		}
	}
	return n
}

// sweep resets every connection for a.
func (r *Relay) sweep(a *armed) {
	for _, c := range r.inOrder() {
		if h := c.hit(a, true); h != nil && h.write(c.broken("reset, as whatever was connected")) {
			c.end(true)
		}
	}
}

// clear resets every connection so that its caller comes anew, to meet what a
// does to newcomers. By itself that is no strike.
func (r *Relay) clear(a *armed) {
	for _, c := range r.inOrder() {
		d := c.broken("reset, so that who was connected comes anew")
		d.Fault, d.Kind, d.Phase, d.At, d.Key = a.ID, a.Kind, evidence.Swept, r.config.Name, chaos.ConnKey(c.n)
		r.config.Journal.Append(d)
		c.end(true)
	}
}

// inOrder lists the connections in the order in which they came.
func (r *Relay) inOrder() []*conn {
	r.mu.Lock()
	conns := r.list()
	r.mu.Unlock()
	slices.SortFunc(conns, func(x, y *conn) int { return int(x.n) - int(y.n) })
	return conns
}

// flap lets the road go and come back until a is healed.
func (r *Relay) flap(a *armed) {
	for !a.over() {
		if !pause(a.ended, a.t.Up) {
			return
		}
		a.down.Store(true)
		_ = r.turn()
		if a.t.Abrupt {
			r.sweep(a)
		}
		back := pause(a.ended, a.t.Down)
		a.down.Store(false)
		_ = r.turn()
		if !back {
			return
		}
	}
}

// watch forgets connections on which nothing has moved for long.
func (r *Relay) watch(a *armed) {
	began := time.Now()
	for wait := a.t.Idle; pause(a.ended, wait); {
		r.mu.Lock()
		conns := r.list()
		r.mu.Unlock()
		wait = a.t.Idle
		for _, c := range conns {
			used := time.Unix(0, c.used.Load())
			if used.Before(began) {
				used = began // nobody looked before
			}
			left := a.t.Idle - time.Since(used)
			if left > 0 {
				wait = min(wait, left)
				continue
			}
			if h := c.hit(a, true); h != nil && h.strike("idle for %s: the road has forgotten it", a.t.Idle) {
				c.forget()
			}
		}
		wait = max(wait, time.Millisecond)
	}
}

// pause waits for long; false if ended comes first.
func pause(ended <-chan struct{}, long time.Duration) bool {
	t := time.NewTimer(long)
	defer t.Stop()
	select {
	case <-ended:
		return false
	case <-t.C:
		return true
	}
}

// Touch implements [chaos.Conns].
func (r *Relay) Touch(id, name string) bool {
	r.mu.Lock()
	c := r.byName[name]
	i := slices.IndexFunc(r.rules, func(a *armed) bool { return a.ID == id })
	if c == nil || i < 0 {
		r.mu.Unlock()
		return false
	}
	a := r.rules[i]
	r.mu.Unlock()
	c.touch(a)
	return true
}

// due reports whether a strikes the n-th connection.
func (r *Relay) due(a *armed, n uint64) bool {
	return !a.passive && a.Due(r.config.Seed, r.config.Name+"\x00"+string(r.config.Opened), n, chaos.ConnKey(n))
}

// toward is the direction in which a strikes bytes; "" is both.
func (a *armed) toward() simulators.Direction {
	if a.passive {
		return simulators.ToSUT
	}
	return a.t.Way
}

// await waits until something has changed since rev, for long if that is not
// 0, or until c has ended.
func (r *Relay) await(c *conn, rev uint64, long time.Duration) {
	r.mu.Lock()
	changed := r.changed
	r.mu.Unlock()
	if r.rev.Load() != rev || long < 0 {
		return
	}
	var timer <-chan time.Time
	if long > 0 {
		t := time.NewTimer(long)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-changed:
	case <-timer:
	case <-c.gone:
	}
}
