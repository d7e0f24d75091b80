package plant

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Config says which plant runs, and how. Seed and Run decide every identity
// and quantity; the other settings and the SUT's pace decide only when things
// happen and how many there are.
type Config struct {
	// Profile names a profile that [Profiles] lists; machine-shop by default.
	Profile string
	// Custom is a profile of the caller's own; it goes before Profile.
	Custom *Profile
	// Trace replays a recorded log instead of a profile.
	Trace *Trace

	Seed uint64
	// Run begins the number ranges of the run, so that every run has orders,
	// lots and cases of its own; "4711" by default.
	Run string
	// Zone is an IANA name; the profile's own by default.
	Zone string
	// Start is the plant time at which the run begins; by default Monday
	// 2026-03-02, 06:00 in Zone, or the first row of a trace.
	Start time.Time
	// Shift is how long the run lasts in plant time: nothing waits longer. 8 h
	// by default, or the length of a trace.
	Shift time.Duration
	// Orders are released by the plant's own calendar; with Manual they wait
	// for the action release-orders. 10 by default. Stock is planned for 64
	// more, which release-orders may ask for.
	Orders int
	Manual bool
	// Every is the mean time between releases; by default the profile's own at
	// Speed 1, else such that 20 orders, or all if there are more, are out
	// after half the shift.
	Every time.Duration
	// Open is how many orders are under way at the start; 0 means as many as
	// the profile has, negative means none.
	Open int
	// Quantity is how many pieces orders ask for, instead of the profile's.
	Quantity Value
	// OddIDs is the share of orders with identifiers that hold slashes, commas,
	// blanks and mixed case; 0 means the profile's own, negative means none.
	OddIDs float64
	// DecisionDelay is how long a quality case stays open; 0 means a sixteenth
	// of the shift, negative means that only the action decide ends a case.
	DecisionDelay time.Duration
	// Speed is how many times faster than recorded people and machines are. 0
	// means: each order as fast as it must be to end within the shift.
	Speed float64
	// Expiring has the lot of each material that is used first expire at the
	// first midnight of the run, plant-local. What is left of it by then is not
	// used: fresh stock stands in.
	Expiring bool
	// Counts adds readings of the piece counters of machines.
	Counts bool
}

// reserve is for how many orders beyond Config.Orders stock is planned.
const reserve = 64

// Validate tells everything that is wrong with c.
func (c Config) Validate() error {
	var problems []error
	note := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf("plant: "+format, args...))
		}
	}
	_, known := profileFile(c.Profile)
	note(c.Profile != "" && !known && c.Trace == nil && c.Custom == nil, "unknown profile %q; known are %s", clip(c.Profile), strings.Join(Profiles(), ", "))
	note(len(c.Run) > 12 || !plainRun(c.Run), "run %q must be up to 12 letters, digits, dashes or dots", clip(c.Run))
	note(c.Orders < 0, "orders is %d, must not be negative", c.Orders)
	note(c.Orders > 200_000, "orders is %d, more than the 200000 a number range holds", c.Orders)
	note(c.Shift < 0, "shift is %s, must not be negative", c.Shift)
	note(c.Shift > 366*24*time.Hour, "shift is %s, longer than a year", c.Shift)
	note(c.Every < 0, "every is %s, must not be negative", c.Every)
	note(c.Open > 1000, "open is %d, more than 1000 orders under way", c.Open)
	note(!(c.OddIDs <= 1), "oddIDs is %v, a share is at most 1", c.OddIDs)
	note(unsound(c.Speed), "speed is %v, must not be negative", c.Speed)
	if err := c.Quantity.Validate(); err != nil {
		problems = append(problems, fmt.Errorf("plant: quantity: %w", err))
	}
	if c.Zone != "" {
		if _, err := time.LoadLocation(c.Zone); err != nil {
			problems = append(problems, fmt.Errorf("plant: zone %q is not an IANA name such as Europe/Berlin", clip(c.Zone)))
		}
	}
	if c.Custom != nil {
		problems = append(problems, c.Custom.Validate())
	}
	return errors.Join(problems...)
}

func plainRun(run string) bool {
	if !utf8.ValidString(run) {
		return false
	}
	for _, r := range run {
		if (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '.' {
			return false
		}
	}
	return true
}

// withDefaults fills in what c leaves open, from p where p knows.
func (c Config) withDefaults(p *Profile) (Config, *time.Location, error) {
	if c.Zone == "" {
		c.Zone = p.Zone
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return c, nil, fmt.Errorf("plant: load zone %q: %w", clip(c.Zone), err)
	}
	if c.Run == "" {
		c.Run = "4711"
	}
	if c.Start.IsZero() {
		c.Start = time.Date(2026, 3, 2, 6, 0, 0, 0, zone)
	}
	c.Start = c.Start.In(zone).Truncate(time.Second)
	if c.Shift == 0 {
		c.Shift = 8 * time.Hour
	}
	if c.Orders == 0 {
		c.Orders = 10
	}
	if c.Every == 0 && c.Speed == 0 {
		c.Every = c.Shift / time.Duration(2*max(20, c.Orders))
	}
	if c.DecisionDelay == 0 {
		c.DecisionDelay = c.Shift / 16
	}
	if c.OddIDs == 0 {
		c.OddIDs = p.OddIDs
	}
	return c, zone, nil
}

// New builds the plant that c describes.
func New(c Config) (Floor, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Trace != nil {
		return newTraceFloor(c)
	}
	p := c.Custom
	if p == nil {
		var err error
		if p, err = LoadProfile(c.Profile); err != nil {
			return nil, err
		}
	}
	c, zone, err := c.withDefaults(p)
	if err != nil {
		return nil, err
	}
	return newShop(c, p, zone)
}
