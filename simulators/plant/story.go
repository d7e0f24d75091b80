package plant

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// opPlan is how one operation will go, drawn before it is begun.
type opPlan struct {
	input   Decimal // pieces that come in
	want    Decimal // order quantity the plan was made for
	yield   Decimal // pieces that will come out
	queue   time.Duration
	mode    bookMode
	rows    []row
	uses    []use
	results []Inspected
	hold    bool
	reason  string
}

// row is one confirmation to come.
type row struct {
	yield, scrap, rework Decimal
	sentBack             Decimal // rework reported as a fact of its own
	reason               string
	operator             PersonID
	length               time.Duration
	round, midnight      bool
	hour                 bool // one hour from midnight, whatever it took
	final                bool
	lazy                 bool // booked later: ends when it is booked
	twin                 bool // one of two that look alike, or their rest
}

// use is one issue of a lot, before a row.
type use struct {
	before   int
	material ItemID
	lot      LotID
	quantity Quantity // in the unit it is booked in
	base     Decimal
	broken   bool
	reason   string
}

// bookMode is when people confirm what they did.
type bookMode int

const (
	bookAtOnce bookMode = iota
	bookAtEnd
	bookAtEndOfShift
)

// planOperation draws how operation op of sp goes if input pieces come in. The
// same input gives the same plan at any time.
func (s *shop) planOperation(sp *spec, op int, input, want Decimal) opPlan {
	o := sp.order.Operations[op]
	purpose := "as planned"
	if want != sp.order.Quantity.Amount {
		purpose = "for " + want.String()
	}
	luck := newStream(s.cfg.Seed, sp.key+"/"+string(o.ID), purpose)
	b := s.profile.Booking
	p := opPlan{input: input, want: want, queue: minutes(b.Queue.draw(luck, op)), mode: bookMode(luck.pick([]float64{1 - b.AtEnd - b.EndOfShift, b.AtEnd, b.EndOfShift}))}
	p.rows = s.planRows(sp, op, luck, input)
	for _, r := range p.rows {
		p.yield += r.yield
	}
	p.uses = s.planUses(sp, op, want, len(p.rows))
	s.planRework(sp, op, p.rows)
	if o.Inspect {
		s.planInspection(sp, op, &p)
	}
	return p
}

func minutes(f float64) time.Duration { return time.Duration(f * float64(time.Minute)) }

// planRows draws the confirmations: how many, which carry quantity, what they
// yield and scrap, who books them and how carelessly.
func (s *shop) planRows(sp *spec, op int, luck *stream, input Decimal) []row {
	center := s.profile.center(sp.order.Operations[op].WorkCenter)
	hour := center != nil && center.HourFromMidnight
	n, carrying := s.countRows(luck, hour)
	pieces := int64(input / One)
	carrying = min(carrying, markable(pieces))
	rows := make([]row, max(n, 1))
	places := choose(luck, len(rows), carrying)
	var scraps []int64
	if carrying > 0 {
		scraps = s.planScrap(sp, op, luck, divide(luck, pieces, carrying))
	}
	good := pieces
	for _, x := range scraps {
		good -= x
	}
	for i, amount := range split(luck, good, carrying) {
		rows[places[i]].yield = Whole(amount)
	}
	for i, amount := range scraps {
		if amount > 0 {
			rows[places[i]].scrap = Whole(amount)
			rows[places[i]].reason = s.profile.Reasons[luck.below(len(s.profile.Reasons))]
		}
	}
	rows[len(rows)-1].final = true
	s.planTimes(sp, op, luck, rows, hour)
	return rows
}

func (s *shop) countRows(luck *stream, hour bool) (n, carrying int) {
	b := s.profile.Booking
	switch {
	case hour && luck.chance(0.85), luck.chance(b.Single):
		return 1, 1
	}
	n, carrying = 2+int(b.More.draw(luck, 0)), 1
	for range n - 1 {
		if !luck.chance(b.Zero) {
			carrying++
		}
	}
	return n, carrying
}

// choose picks k of n places, in order.
func choose(luck *stream, n, k int) []int {
	places := make([]int, n)
	for i := range places {
		places[i] = i
	}
	for i := range k {
		j := i + luck.below(n-i)
		places[i], places[j] = places[j], places[i]
	}
	places = places[:k]
	slices.Sort(places)
	return places
}

// planScrap draws the rejects of each stretch of work. At least one piece is
// always good: an order that dies altogether is a scenario's business.
func (s *shop) planScrap(sp *spec, op int, luck *stream, gross []int64) []int64 {
	r := s.profile.Rejects
	scraps := make([]int64, len(gross))
	if r.Alpha <= 0 || r.Beta <= 0 || r.Spread <= 0 {
		return scraps
	}
	alpha := r.Alpha
	if s.excursion(sp, op) {
		alpha *= r.Factor
	}
	pieces, total := int64(0), int64(0)
	for i, n := range gross {
		pieces += n
		scraps[i] = int64(luck.betaBinomial(int(min(n, int64(r.Spread))), alpha, r.Beta))
		if scraps[i] > 0 && !distinct(positive(scraps[:i+1])) {
			scraps[i] = 0 // would make two sums of rejects look alike
		}
		total += scraps[i]
	}
	for i := range scraps {
		if total < pieces {
			break
		}
		total -= scraps[i]
		scraps[i] = 0
	}
	return scraps
}

func positive(amounts []int64) []int64 {
	return slices.DeleteFunc(slices.Clone(amounts), func(n int64) bool { return n == 0 })
}

// excursion reports whether a work center makes more rejects than usual while
// it works on this order and its neighbours. It goes by the number of the
// order, which stands for time but does not depend on the SUT's.
func (s *shop) excursion(sp *spec, op int) bool {
	r := s.profile.Rejects
	if r.Excursion <= 0 || r.Window <= 0 {
		return false
	}
	series := ""
	number, ordered := strings.CutPrefix(sp.key, "order/")
	n, err := strconv.Atoi(number)
	if !ordered || err != nil {
		series, n = "open", 0
	}
	window := fmt.Sprintf("%s%s/%d", series, sp.order.Operations[op].WorkCenter, n/r.Window)
	return newStream(s.cfg.Seed, window, "excursion").chance(r.Excursion)
}

// planTimes draws who books each row, how long it took and which habits show.
func (s *shop) planTimes(sp *spec, op int, luck *stream, rows []row, hour bool) {
	b := s.profile.Booking
	operator := 1 + luck.below(s.profile.People)
	piece := sp.serial
	for i := range rows {
		r := &rows[i]
		if i > 0 && luck.chance(b.Another) {
			operator = 1 + luck.below(s.profile.People)
		}
		r.operator = PersonID(fmt.Sprintf("%05d", operator))
		r.length = s.rowLength(sp, op, luck, r, &piece)
		r.hour = hour
		r.midnight = luck.chance(b.Midnight)
		r.round = luck.chance(b.Round)
		r.lazy = luck.chance(b.Lazy)
	}
}

func (s *shop) rowLength(sp *spec, op int, luck *stream, r *row, piece *int) time.Duration {
	if r.hour {
		return time.Hour
	}
	if !s.profile.Booking.Minutes.IsZero() {
		return max(minutes(s.profile.Booking.Minutes.draw(luck, op)), time.Minute)
	}
	cycle, total := sp.product.Operations[op].Cycle, 0.0
	for range int((r.yield + r.scrap) / One) {
		total += cycle.draw(luck, *piece)
		*piece++
	}
	return max(time.Duration(total*float64(time.Second)), time.Minute)
}

// planRework lets one operation of some orders send pieces back once: half of
// the shops say so in the confirmation, half as a report of its own. The
// pieces come back as yield of a later row.
func (s *shop) planRework(sp *spec, op int, rows []row) {
	luck := newStream(s.cfg.Seed, sp.key, "rework")
	if !luck.chance(s.profile.Rejects.Rework) || luck.below(len(sp.order.Operations)) > op || (sp.reworked > 0 && sp.reworked != op+1) {
		return
	}
	last := len(rows) - 1
	for last > 0 && rows[last].yield == 0 {
		last--
	}
	if last == 0 {
		return // no later row brings them back; the next operation may
	}
	sp.reworked = op + 1
	r := &rows[luck.below(last)]
	amount := Whole(1 + int64(luck.below(int(min(rows[last].yield/One, 3)))))
	if r.reason == "" {
		r.reason = s.profile.Reasons[luck.below(len(s.profile.Reasons))]
	}
	if luck.chance(0.5) {
		r.rework = amount
	} else {
		r.sentBack = amount
	}
}

// planInspection draws what is found, or replays what was recorded, and
// whether the lot is held for it.
func (s *shop) planInspection(sp *spec, op int, p *opPlan) {
	luck := newStream(s.cfg.Seed, sp.key+"/"+string(sp.order.Operations[op].ID), "inspection")
	rule := s.profile.Inspection
	failed := 0
	if recorded := sp.product.Inspections; len(recorded) > 0 {
		for i := range int(p.yield / One) {
			r := recorded[(sp.serial+i)%len(recorded)]
			if r.Passed+r.Failed == 0 {
				continue // this piece was never inspected
			}
			if r.Failed > 0 {
				failed++
			}
			p.results = append(p.results, Inspected{Serial: serial(sp.serial + i), Passed: r.Passed, Failed: r.Failed, Text: r.Text})
		}
	} else if rule.Features > 0 {
		result := Inspected{Passed: rule.Features}
		if luck.chance(rule.Fail) {
			result.Failed = 1 + luck.betaBinomial(min(rule.Features-1, 6), 0.5, 1.5)
			result.Passed -= result.Failed
			result.Text = fmt.Sprintf("Diameter %d=%d.%03d", 1+luck.below(9), 4+luck.below(60), luck.below(1000))
			failed = 1
		}
		p.results = append(p.results, result)
	}
	share := float64(failed) / float64(max(len(p.results), 1))
	p.hold = failed > 0 && share > rule.HoldAbove && luck.chance(rule.Hold)
	p.reason = fmt.Sprintf("%d of %d inspections out of tolerance", failed, len(p.results))
}

func serial(n int) SerialID { return SerialID(fmt.Sprint(n + 1)) }
