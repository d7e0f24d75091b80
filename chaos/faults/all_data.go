package faults

import (
	"time"

	"github.com/andon-rig/andon/chaos"
)

// badData are faults of what people and machines enter, besides those that
// pilots are told to rehearse.
func badData() []Info {
	return []Info{
		{
			Name: "unknown-reference", Layer: Data, Reproducible: true, Requirements: []string{"FLT-15", "FLT-16", "CTL-02", "CTL-10", "CTL-11", "EXC-03"},
			Doc:       "an announcement names an order, operation, material or machine that nobody knows",
			Observed:  "404 (order-unknown) or 422 however often it is sent; data quality",
			Tolerates: "never posted, surfaced once as data quality, other facts flow",
			New:       func() chaos.Fault { return &UnknownReference{Names: AnyReference} },
		}, {
			Name: "wrong-unit", Layer: Data, Reproducible: true, Requirements: []string{"FLT-14", "DN-13", "CTL-10", "CTL-11"},
			Doc:       "a quantity is stated in a unit that is unknown or that the material is never measured in",
			Observed:  "422 however often it is sent; data quality",
			Needs:     "for inconvertible: a plant whose materials are measured in several units",
			Tolerates: "never posted, neither as it is nor converted by guess; surfaced once as data quality",
			New:       func() chaos.Fault { return &WrongUnit{Variant: AnyUnit} },
		}, {
			Name: "odd-quantity", Layer: Data, Reproducible: true, Requirements: []string{"CTL-10", "CTL-11", "FLT-14", "FLT-23"},
			Doc:       "a quantity is 0, negative or a bar code, or is written with an exponent or too many decimals",
			Observed:  "422 (quantity-zero), 400 (negative), 409 (over-delivery, stock-short: business), or a number that no schema allows",
			Tolerates: "never posted as it is, surfaced once with the class of the refusal; of an odd notation, posted as it happened or reported",
			New:       func() chaos.Fault { return &OddQuantity{Variant: AnyQuantity} },
		}, {
			Name: "odd-text", Layer: Data, Reproducible: true, Requirements: []string{"CTL-10", "FLT-13"},
			Doc:       "a reason, remark or description with umlauts, composed letters, emoji, markup, blanks at its ends, or very long",
			Observed:  "valid text that looks like nothing in the test data",
			Needs:     "facts with a text: scrap, rework, holds, inspections, materials, confirmations of scrap",
			Tolerates: "arrives as it is, character by character",
			New:       func() chaos.Fault { return &OddText{Variant: AnyText} },
		}, {
			Name: "malformed", Layer: Data, Reproducible: true, Requirements: []string{"CTL-10", "CTL-02", "FLT-23"},
			Doc:       "a body that ends in the middle, is empty, or is not in the encoding it says",
			Observed:  "a body that cannot be parsed, of the right length, on a healthy connection",
			Needs:     "announcements that are pushed, not fetched from a feed",
			Tolerates: "refused at intake or reported once; others flow",
			New:       func() chaos.Fault { return &Malformed{Variant: AnyMalformed} },
		}, {
			Name: "contradiction", Layer: Data, Reproducible: true, Attempts: 1, Requirements: []string{"CTL-01", "FLT-02", "CTL-10"},
			Doc:       "what was taken is announced again under the same number with another quantity",
			Observed:  "an id that is known, and a body that is not",
			Needs:     "announcements that are pushed, not fetched from a feed",
			Tolerates: "the first stands, posted once; the second is refused, ignored or reported",
			New:       func() chaos.Fault { return &Contradiction{Later: Wall(200 * time.Millisecond)} },
		}, {
			Name: "serial-repeated", Layer: Data, Reproducible: true, Requirements: []string{"CTL-10", "CTL-11", "FLT-03"},
			Doc:       "a receipt names one serial number for two pieces",
			Observed:  "422 however often it is sent; data quality",
			Needs:     "receipts of several pieces with serial numbers",
			Tolerates: "never posted, surfaced once as data quality, other facts flow",
			New:       func() chaos.Fault { return &SerialRepeated{} },
		}, {
			Name: "bad-quality", Layer: Data, Reproducible: true, Requirements: []string{"MC-01", "MC-03", "CTL-10"},
			Doc:       "a machine tells a value and, beside it, that it is no good",
			Observed:  "a reading with status bad or uncertain, as of OPC UA, and a count of 0",
			Needs:     "an endpoint {system: machine} and plant.counts",
			Tolerates: "never posted; refused at intake or surfaced once; pieces are counted from the last good reading to the next",
			New:       func() chaos.Fault { return &BadQuality{Status: AnyStatus} },
		}, {
			Name: "late-master-data", Layer: Data, Reproducible: true, Attempts: 1, Requirements: []string{"FLT-09", "FLT-10", "CTL-23", "EXC-03"},
			Doc:       "a material or an order is announced late, and what needs it passes",
			Observed:  "a change of an order, or an order, about what was not announced yet",
			Needs:     "orders or materials announced to the SUT during the run",
			Tolerates: "final state is that of the right order; what was refused meanwhile is reported",
			New:       func() chaos.Fault { return &LateMasterData{Of: LateBoth, For: Wall(3 * time.Second)} },
		}, {
			Name: "order-closed", Layer: Data, Reproducible: true, Requirements: []string{"CTL-11", "EXC-01", "EXC-02", "FLT-23"},
			Doc:       "a posting is refused for good because its order is closed, deleted or not released",
			Observed:  "409 (order-closed, order-not-released: business) or 404 (order-unknown: data quality), however often it is sent",
			Tolerates: "surfaced once with the class of the refusal, not repeated; other orders flow",
			New:       func() chaos.Fault { return &OrderClosed{State: StateClosed} },
		},
	}
}

// clocks are faults of the clocks of systems. That of the SUT is moved by a
// fault of its process.
func clocks() []Info {
	return []Info{
		{
			Name: "clock-offset", Layer: Clock, Reproducible: true, Requirements: []string{"MC-01", "CTL-23", "FLT-09", "FLT-25"},
			Doc:       "a system's clock is ahead or behind",
			Observed:  "facts of the future, or older than what caused them",
			Tolerates: "passed on as stated; nothing dropped for its date, nothing dated anew in silence",
			New:       func() chaos.Fault { return &ClockOffset{Offset: Plant(5 * time.Minute)} },
		}, {
			Name: "clock-drift", Layer: Clock, Reproducible: true, Requirements: []string{"MC-01", "CTL-23"},
			Doc:       "a system's clock runs too fast or too slow, and is set at midnight",
			Observed:  "facts that are the more of the future, or of the past, the later in the day",
			Tolerates: "as clock-offset",
			New:       func() chaos.Fault { return &ClockDrift{PerHour: Plant(20 * time.Second)} },
		}, {
			Name: "clock-reset", Layer: Clock, Reproducible: true, Requirements: []string{"MC-01", "FLT-25", "CTL-11"},
			Doc:       "a system's clock began anew in 1970, or in another year",
			Observed:  "facts of 1970 or 2002; where periods are kept 409 (period-closed: business)",
			Tolerates: "passed on as stated, or surfaced once when refused; nothing dated anew in silence",
			New:       func() chaos.Fault { return &ClockReset{Year: 1970} },
		}, {
			Name: "clock-coarse", Layer: Clock, Reproducible: true, Requirements: []string{"CTL-23", "MC-01"},
			Doc:       "a system states instants no finer than its clock ticks",
			Observed:  "many facts of one instant; only their numbers tell their order",
			Tolerates: "none taken for a repetition, none skipped, the order of each entity kept",
			New:       func() chaos.Fault { return &ClockCoarse{Tick: Plant(15 * time.Minute)} },
		}, {
			Name: "local-time", Layer: Clock, Reproducible: true, Requirements: []string{"CTL-10", "FLT-18"},
			Doc:       "a system leaves out the offset of its instants",
			Observed:  "2026-11-16T08:00:00, of which nobody can say when it was",
			Tolerates: "posted as it happened, refused at intake, or reported once",
			New:       func() chaos.Fault { return &LocalTime{} },
		},
	}
}
