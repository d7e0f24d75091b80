package scenarios

import (
	"slices"

	"github.com/andon-rig/andon/internal/glob"
	"github.com/andon-rig/andon/simulators/plant"
)

// IsZero reports whether o leaves nothing out.
func (o Only) IsZero() bool { return len(o.Orders)+len(o.Facts) == 0 }

// Has reports whether the event happens in a run that is narrowed to o. What
// is about no order passes Orders; Facts must name it.
func (o Only) Has(e plant.Event) bool {
	if order := string(e.Fact.Keys().Order); order != "" && !matches(o.Orders, order) {
		return false
	}
	return matches(o.Facts, string(e.ID))
}

// matches reports whether one of patterns is s; none means any.
func matches(patterns []string, s string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool { return p != "" && glob.Match(p, s) })
}
