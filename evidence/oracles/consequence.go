package oracles

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

// Following is implemented by judges that look at where the books and lists
// end up, not at how they got there. What they find wrong is told as a
// consequence of what other judges found about the same order or lot.
type Following interface {
	evidence.Judge
	// Follows is true for such a judge.
	Follows() bool
}

func follows(j evidence.Judge) bool {
	f, ok := j.(Following)
	return ok && f.Follows()
}

// consequence puts f, which a following judge found violated, under the
// finding among causes that is most likely behind it: it takes over its class,
// its fact and its evidence, and stays violated. Without one f is returned as
// it is.
func consequence(h *evidence.History, f evidence.Finding, causes []evidence.Finding) evidence.Finding {
	if f.Verdict != evidence.Violated {
		return f
	}
	var about []evidence.Finding
	for _, c := range causes {
		if c.Verdict == evidence.Violated && changesBooks(c) && sameEntity(f.Keys, c.Keys) {
			about = append(about, c)
		}
	}
	if len(about) == 0 {
		return f
	}
	slices.SortStableFunc(about, func(a, b evidence.Finding) int {
		return cmp.Or(cmp.Compare(closeness(f, b), closeness(f, a)), cmp.Compare(weight(h, b), weight(h, a)))
	})
	c := about[0]
	text := fmt.Sprintf("a consequence of what %s (%s) found about %s", c.Oracle, c.ID, c.Keys)
	if n := len(about) - 1; n > 0 {
		text += fmt.Sprintf(", or of %s about the same", times(n, "other finding", "other findings"))
	}
	if f.Text != "" {
		text += ";\n" + f.Text
	}
	f.Text, f.Class, f.Confidence = text, c.Class, "medium"
	f.Evidence, f.Fact, f.Follows = c.Evidence, c.Fact, c.ID
	return f
}

// changesBooks reports whether what c names shows in books or lists. How often
// and how fast the SUT asks does not.
func changesBooks(c evidence.Finding) bool {
	switch c.Oracle {
	case throttleInfo.Name, retryInfo.Name, tokenInfo.Name, exerciseInfo.Name:
		return false
	}
	return true
}

// sameEntity reports whether a cause is about the order or lot of a finding,
// or about its material, work center or calendar if it is about neither.
func sameEntity(f, cause plant.Keys) bool {
	if f.Order == "" && f.Lot == "" {
		return f.Material != "" && f.Material == cause.Material || f.WorkCenter != "" && f.WorkCenter == cause.WorkCenter || f.Calendar != "" && f.Calendar == cause.Calendar
	}
	return f.Order != "" && f.Order == cause.Order || f.Lot != "" && f.Lot == cause.Lot
}

// closeness prefers causes about the very fact of a finding.
func closeness(f, cause evidence.Finding) int {
	if f.Fact != "" && f.Fact == cause.Fact {
		return 1
	}
	return 0
}

// weight says how much the fact of a cause can have changed: one that moved a
// quantity more than one that moved none, such as a confirmation of time only.
func weight(h *evidence.History, c evidence.Finding) int {
	f := h.Fact(c.Fact)
	if f == nil {
		return 1
	}
	if b, ok := f.Event.Fact.(plant.Confirmed); ok && (b.Scrap.Amount != 0 || b.Rework.Amount != 0) {
		return 2
	}
	switch q, ok := evidence.Amount(f.Event.Fact); {
	case !ok:
		return 1
	case q.Amount != 0:
		return 2
	}
	return 0
}
