package faults

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// Pagination lets something happen between two pages of a list that the SUT
// reads.
//
// Layer A: lists that change while they are read, and interfaces that page
// carelessly. Observed as offsets that no longer mean the same row, a record
// that comes twice at the edge of a page, 410 for a cursor, a next page that is
// this one, many records that changed at one and the same time, or a page that
// is shorter than was asked for and not the last. A SUT that goes on from a
// cursor as long as there is one, expects repetitions and begins anew when told
// to has every record; one that counts rows or asks for what is later than the
// last record it has seen has not. Whole objects and feeds are left alone.
type Pagination struct {
	Trap       PageTrap `yaml:"trap" jsonschema:"enum=removed,enum=inserted,enum=repeated,enum=expired,enum=loop,enum=ties,enum=short" doc:"removed: a row of an earlier page has moved to the end; inserted: one has come before an offset; repeated: a page begins with the last row of the one before; expired: 410 for a cursor; loop: the next page is this one; ties: times of change are rounded down; short: a page has one row, however many were asked for, and says that there are more"`
	Resolution Plant    `yaml:"resolution" doc:"of times of change, for ties"`
	Attempts   int      `yaml:"attempts" doc:"only the first so many times a page is asked for; 0 means every time"`
}

// PageTrap is what is wrong with a page.
type PageTrap string

// Traps of pages.
const (
	PageRemoved  PageTrap = "removed"
	PageInserted PageTrap = "inserted"
	PageRepeated PageTrap = "repeated"
	PageExpired  PageTrap = "expired"
	PageLoop     PageTrap = "loop"
	PageTies     PageTrap = "ties"
	PageShort    PageTrap = "short"
)

// Apply implements [chaos.Fault].
func (f *Pagination) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	q := d.Message.Asks
	if d.Direction != simulators.FromSUT || q == nil || q.Object == "feed" || d.Decided() || late(d, f.Attempts) || d.Message.Manner != nil {
		return []chaos.Delivery{d}
	}
	counted := q.Where["offset"] != "" && q.Where["offset"] != "0"
	went := q.Where["after"] != ""
	m := &simulators.Manner{}
	switch f.Trap {
	case PageInserted:
		m.Page.Shift, d.What = -1, "a row has come before the offset"
	case PageRepeated:
		m.Page.Repeat, d.What = true, "the page begins with the last row of the one before"
	case PageLoop:
		m.Page.Loop, d.What = true, "the next page is this one"
	case PageTies:
		m.Page.Resolution, d.What = f.Resolution.d(), "times of change are whole multiples of "+f.Resolution.d().String()
	case PageShort:
		m.Page.Most, d.What = 1, "the page has one row, however many were asked for"
	case PageExpired:
		d.What = "the cursor has expired"
	default:
		m.Page.Shift, d.What = 1, "a row of an earlier page has moved to the end"
	}
	switch {
	case m.Page.Shift > 0 && !counted && !went, m.Page.Shift < 0 && !counted, m.Page.Repeat && !counted && !went, (m.Page.Loop || f.Trap == PageExpired) && !went,
		f.Trap == PageTies && q.Where["by"] != "changed", f.Trap == PageShort && (q.Where["id"] != "" || q.Where["limit"] == "1"):
		d.What = "" // this page has nothing that could be wrong so
	case f.Trap == PageExpired:
		d.Refuse = &simulators.Refusal{Class: simulators.Technical, Code: "cursor-expired", Text: "the list was made anew: begin at its start"}
	default:
		d.Message.Manner = m
	}
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *Pagination) Validate() error {
	if f.Trap == PageTies && f.Resolution.d() < time.Second {
		return errors.New("resolution: ties need times of change that are rounded to a second or more")
	}
	return errors.Join(oneOf("trap", f.Trap, PageRemoved, PageInserted, PageRepeated, PageExpired, PageLoop, PageTies, PageShort), notNegativeCount("attempts", f.Attempts))
}

// Leaves implements [chaos.Choosy]. What crosses on its own account is a
// question, which states nothing.
func (*Pagination) Leaves(at chaos.Crossing) string {
	if at.Direction == simulators.ToSUT || at.Kind != "" {
		return "only pages of lists that the SUT asks for"
	}
	return ""
}
