package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/andon-rig/andon/harness/sut"
)

// Breakable is a [Build] that can be broken while it is loaded, as a scenario
// breaks it.
type Breakable interface {
	Build
	// Breaks says why a fault cannot be done to it; nil if it can, as far as that
	// is known.
	Breaks(kind string) error
	// Break does it, and Mend makes up for it: the build is there again and ready
	// when Mend returns.
	Break(ctx context.Context, kind string) error
	Mend(ctx context.Context, kind string) error
}

var _ Breakable = (*Rigged)(nil)

// What can be done to a build.
const (
	breakKill    = "kill"    // it ends as in a power cut, and is started again with the state that it left
	breakRestart = "restart" // it is asked to end, and started again
	breakPause   = "pause"   // it is frozen, and goes on
)

// ability is what a driver must have for a fault.
func ability(kind string) sut.Ability {
	if kind == breakPause {
		return sut.Pausing
	}
	return sut.Killing
}

// Breaks implements [Breakable].
func (b *Rigged) Breaks(kind string) error {
	switch {
	case b.file.SUT.External != nil:
		return sut.ErrNotOurs
	case b.driver == nil: // it is asked again when it has been started
		return nil
	}
	return sut.Can(b.driver, ability(kind))
}

// Break implements [Breakable].
func (b *Rigged) Break(ctx context.Context, kind string) error {
	switch kind {
	case breakPause:
		return b.driver.(sut.Pauser).Pause(ctx)
	case breakRestart:
		if e, ok := b.driver.(sut.Ender); ok {
			return e.End(ctx)
		}
	}
	return b.driver.(sut.Breaker).Kill(ctx)
}

// Mend implements [Breakable].
func (b *Rigged) Mend(ctx context.Context, kind string) error {
	if kind == breakPause {
		return b.driver.(sut.Pauser).Resume(ctx)
	}
	return b.driver.(sut.Breaker).Restart(ctx, kind == breakRestart)
}

// breakable says why the build cannot be broken as the faults of a load will; nil
// if it can.
func (t *troubles) breakable(b Build) error {
	if t == nil {
		return nil
	}
	for _, f := range t.faults {
		if err := f.Breaks(b); err != nil {
			return err
		}
	}
	return nil
}

// Breaks says why f cannot be done to a build; nil if it can, or is not done to it.
func (f *Fault) Breaks(b Build) error {
	if f.Place != placeSUT {
		return nil
	}
	x, ok := b.(Breakable)
	if !ok {
		return fmt.Errorf("fault %q is done to a build that Andon has started, not to one at --url", f.Text)
	}
	if err := x.Breaks(f.Kind); err != nil {
		return fmt.Errorf("fault %q: %w", f.Text, err)
	}
	return nil
}

// mending is how long a build may take to come back, besides what its rig file
// says of being ready.
const mending = 30 * time.Second

// breaks does a fault to the build, or makes up for it.
func (t *troubles) breaks(b *Band, f *Fault, do func(context.Context, string) error) {
	ctx, cancel := context.WithTimeout(context.Background(), mending) // a load that is interrupted mends, too
	defer cancel()
	err := do(ctx, f.Kind)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.broken = errors.Join(t.broken, fmt.Errorf("%s: %w", f.Text, err))
		return
	}
	b.Struck = 1
}

// trouble says what could not be done to the build, or made up for; "" if all
// was.
func (t *troubles) trouble() string {
	if t == nil {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.broken == nil {
		return ""
	}
	return t.broken.Error()
}

// down reports whether a fault keeps the build from taking what it is sent: by the
// way to it, or by itself.
func (t *troubles) down() bool { return t.needsRoad("mes") || t.breaksBuild() }

// absences are the times in which the build was away, in their order.
func (t *troubles) absences() (away []absence) {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range t.bands {
		if b.Place == placeSUT && b.Kind != breakPause {
			away = append(away, absence{b.From, cmp.Or(b.To, math.Inf(1))})
		}
	}
	slices.SortFunc(away, func(a, b absence) int { return cmp.Compare(a.from, b.from) })
	return away
}

// breaksBuild reports whether a fault is done to the build itself.
func (t *troubles) breaksBuild() bool {
	for i := 0; t != nil && i < len(t.faults); i++ {
		if t.faults[i].Place == placeSUT {
			return true
		}
	}
	return false
}
