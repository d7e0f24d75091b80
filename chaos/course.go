package chaos

import (
	"sync"
	"sync/atomic"

	"github.com/andon-rig/andon/simulators"
)

// A Course is what the faults of a run have done so far, for rules that depend
// on what others did: after F1 struck, while F2 is armed, only at what F3
// struck. It is shared by the links of a run. A nil Course knows nothing, and
// rules that depend on others then never strike.
type Course struct {
	any atomic.Bool // rules are followed

	mu       sync.Mutex      // guards what follows
	followed map[string]bool // rules that others depend on; what others do is not remembered
	armed    map[string]int
	did      map[string]*deeds
}

// deeds is what one rule has done.
type deeds struct {
	strikes  int
	repeated int                // messages that were struck and crossed again
	keys     map[string]crossed // what was struck, by identity
}

// crossed says where a struck message crosses, and whether it did again.
type crossed struct {
	link     string
	dir      simulators.Direction
	repeated bool
}

// NewCourse returns the course of a run in which others depend on the rules
// with these ids.
func NewCourse(followed ...string) *Course {
	c := &Course{followed: map[string]bool{}, armed: map[string]int{}, did: map[string]*deeds{}}
	c.Follow(followed...)
	return c
}

// Follow has c remember from now on what the rules with these ids do.
func (c *Course) Follow(rules ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range rules {
		c.followed[r] = true
		c.any.Store(true)
	}
}

// idle reports whether nobody depends on anything.
func (c *Course) idle() bool { return c == nil || !c.any.Load() }

// arm and heal note where the rule with this id is in force.
func (c *Course) arm(rule string)  { c.inForce(rule, 1) }
func (c *Course) heal(rule string) { c.inForce(rule, -1) }

func (c *Course) inForce(rule string, by int) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed[rule] += by // also of those that nobody depends on yet
}

// struck notes a strike of the rule with this id.
func (c *Course) struck(rule, link string, dir simulators.Direction, marks []mark) {
	if c.idle() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.followed[rule] {
		return
	}
	d := c.did[rule]
	if d == nil {
		d = &deeds{keys: map[string]crossed{}}
		c.did[rule] = d
	}
	d.strikes++
	for _, k := range marks {
		if _, known := d.keys[k.key]; !known {
			d.keys[k.key] = crossed{link: link, dir: dir}
		}
	}
}

// crosses notes that a message crosses, before anything strikes it.
func (c *Course) crosses(link string, dir simulators.Direction, marks []mark) {
	if c.idle() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.did {
		for _, k := range marks {
			if was, known := d.keys[k.key]; known && !was.repeated && was.link == link && was.dir == dir {
				was.repeated = true
				d.keys[k.key] = was
				d.repeated++
			}
		}
	}
}

// Seen is what a rule can wait for another to have caused.
type Seen string

// What can be seen of another fault.
const (
	SeenStrike Seen = "strike" // it has struck; the default
	SeenRetry  Seen = "retry"  // a message that it struck has crossed again
)

// An After has a rule wait for another: it strikes nothing before that, and
// the repetition it waits for is the first it can strike.
type After struct {
	Rule string // id of the other
	Seen Seen   // "" means SeenStrike
	Nth  int    // how often; 0 means once
}

// met reports whether what a waits for has happened.
func (c *Course) met(a *After) bool {
	if a == nil {
		return true
	}
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.did[a.Rule]
	if d == nil {
		return false
	}
	n := d.strikes
	if a.Seen == SeenRetry {
		n = d.repeated
	}
	return n >= max(a.Nth, 1)
}

// isArmed reports whether the rule with this id is in force anywhere; "" always
// is.
func (c *Course) isArmed(rule string) bool {
	if rule == "" {
		return true
	}
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.armed[rule] > 0
}

// touched reports whether the rule with this id has struck what key names; ""
// means that it need not have.
func (c *Course) touched(rule, key string) bool {
	if rule == "" {
		return true
	}
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.did[rule]
	if d == nil {
		return false
	}
	_, known := d.keys[key]
	return known
}
