package books

import (
	"slices"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Rules are what one system does with a claim. The desk calls them only while
// it holds what the claim reaches.
type Rules interface {
	// Reach names the orders and lots that Apply looks at or changes.
	Reach(plant.Event) (orders, lots Set)
	// Apply changes the books, or leaves them as they are and says why: with
	// a refusal, or with Known set. It returns the quantity in base units.
	Apply(c plant.Event, now time.Time) (plant.Quantity, simulators.Row)
	// Save returns what puts the books back to where they are now, as far as
	// the claims reach.
	Save([]plant.Event) (restore func())
}

// A Desk is where claims are handed in: it holds what they reach, has the
// rules applied and posts what they did, in that order.
type Desk struct {
	Orders Locks
	Lots   Locks // taken after those of orders
	Ledger *Ledger
}

// How says how claims are handled.
type How struct {
	Atomic     bool // all or nothing
	NaturalKey bool // of two claims of one natural key in one atomic batch, the second is a repetition
	Quiet      bool // a repetition is no mistake: it has the document of the first
}

// Handle has the claims of a applied by r and returns what became of each.
// Post is called for each change while its objects are held; it must not ask
// the system anything.
func Handle[R Rules](d *Desk, r R, a simulators.Ask, how How, post func(simulators.Posting)) []simulators.Row {
	rows := make([]simulators.Row, len(a.Claims))
	if how.Atomic && len(rows) > 1 {
		allOrNothing(d, r, a, how, rows, post)
		return rows
	}
	for i, c := range a.Claims {
		rows[i] = one(d, r, c, aliasOf(a, i), a.Now, post)
	}
	return rows
}

// aliasOf is the second reference of the i-th claim.
func aliasOf(a simulators.Ask, i int) plant.EventID {
	if i < len(a.Aliases) {
		return a.Aliases[i]
	}
	return ""
}

func one[R Rules](d *Desk, r R, c plant.Event, alias plant.EventID, now time.Time, post func(simulators.Posting)) simulators.Row {
	if row := d.welcome(c); row.Refusal != nil {
		return row
	}
	orders, lots := r.Reach(c)
	d.Orders.Lock(orders)
	defer d.Orders.Unlock(orders)
	d.Lots.Lock(lots)
	defer d.Lots.Unlock(lots)
	base, row := r.Apply(c, now)
	if row.Refusal == nil && !row.Known {
		row.Doc = d.enter(c, alias, base, now, post)
	}
	return row
}

func (d *Desk) enter(c plant.Event, alias plant.EventID, base plant.Quantity, now time.Time, post func(simulators.Posting)) string {
	p := d.Ledger.Enter(c, alias, base, now)
	post(p)
	return p.Doc
}

// welcome refuses what this desk has no books for.
func (d *Desk) welcome(c plant.Event) simulators.Row {
	switch {
	case c.Fact == nil:
		return simulators.Row{Refusal: Refuse(NothingSaid, "the claim %q states no fact", c.ID)}
	case !d.Ledger.Takes(c.Fact.Kind()):
		return simulators.Row{Refusal: Refuse(KindNotTaken, "this system does not post facts of kind %s", c.Fact.Kind())}
	}
	return simulators.Row{}
}

// allOrNothing applies every row, so that each bad one is told its own
// reason, and posts only if all are good.
func allOrNothing[R Rules](d *Desk, r R, a simulators.Ask, how How, rows []simulators.Row, post func(simulators.Posting)) {
	var orders, lots Set
	for i, c := range a.Claims {
		if rows[i] = d.welcome(c); rows[i].Refusal == nil {
			o, l := r.Reach(c)
			orders, lots = orders|o, lots|l
		}
	}
	d.Orders.Lock(orders)
	defer d.Orders.Unlock(orders)
	d.Lots.Lock(lots)
	defer d.Lots.Unlock(lots)

	restore := r.Save(a.Claims)
	bases := make([]plant.Quantity, len(rows))
	for i, c := range a.Claims {
		switch twin := twinOf(a.Claims[:i], c); {
		case rows[i].Refusal != nil:
		case how.NaturalKey && twin >= 0 && how.Quiet:
			rows[i].Known = true
		case how.NaturalKey && twin >= 0:
			rows[i].Refusal = Refuse(AlreadyPosted, "row %d of this batch already states %s", twin+1, plant.Natural(c.Fact))
		default:
			bases[i], rows[i] = r.Apply(c, a.Now)
		}
	}
	if bad := slices.IndexFunc(rows, func(r simulators.Row) bool { return r.Refusal != nil }); bad >= 0 {
		restore()
		rollBack(rows, bad)
		return
	}
	for i, c := range a.Claims {
		switch {
		case !rows[i].Known:
			rows[i].Doc = d.enter(c, aliasOf(a, i), bases[i], a.Now, post)
		case rows[i].Doc == "":
			rows[i].Doc = rows[twinOf(a.Claims, c)].Doc
		}
	}
}

// twinOf returns which of the claims has the natural key of c; -1 if none.
func twinOf(claims []plant.Event, c plant.Event) int {
	if c.Fact == nil {
		return -1
	}
	return slices.IndexFunc(claims, func(e plant.Event) bool { return e.Fact != nil && Same(e.Fact, c.Fact) })
}

// rollBack tells the good rows why they were not posted. They are refused in
// the way the first bad one was: what helps it helps them.
func rollBack(rows []simulators.Row, bad int) {
	cause := rows[bad].Refusal
	for i := range rows {
		if rows[i].Refusal != nil {
			continue
		}
		r := Refuse(BatchRolledBack, "nothing of this batch was posted: row %d was refused (%s)", bad+1, cause.Code)
		r.Class, r.Outcome, r.After, r.RetryForm = cause.Class, cause.Outcome, cause.After, cause.RetryForm
		rows[i] = simulators.Row{Refusal: r}
	}
}
