package scenarios

import (
	"slices"
	"strings"

	"github.com/andon-rig/andon/internal/glob"
	"github.com/andon-rig/andon/simulators/plant"
)

// IsZero reports whether o leaves nothing out.
func (o Only) IsZero() bool { return len(o.Orders)+len(o.Facts) == 0 }

// check refuses lists that would let nothing happen, or, read as "none given",
// everything.
func (o Only) check(p *problems) {
	for _, list := range []struct {
		name     string
		patterns []string
	}{{"orders", o.Orders}, {"facts", o.Facts}} {
		if list.patterns != nil && len(list.patterns) == 0 {
			p.add(o.Pos.Errorf("only.%s is an empty list: nothing would happen", list.name).WithHint("name at least one, or leave %s out to let all happen", list.name))
		}
		if slices.Contains(list.patterns, "") {
			p.add(o.Pos.Errorf("only.%s has an empty entry, which no %s matches", list.name, strings.TrimSuffix(list.name, "s")))
		}
	}
}

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
