// Package files words plant events as flat files with a header, records and a
// trailer: the dialect files/v1, as delimited text or in fixed columns.
//
// It is a pure codec: it knows no folder, no clock and no books. README.md
// beside it has every record and the fidelity sheet.
package files

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Dialect is files/v1. The zero value is ready for use: UTF-8, separated by
// semicolons, with a decimal point.
type Dialect struct{ Settings Settings }

var _ simulators.Customary = Dialect{}

// Version is what the header record of a file says.
const Version = "files/v1"

// Policy is how a files/v1 interface behaves unless the rig file says
// otherwise: the import job knows a business key that was posted before, and
// that is all the help a sender gets.
func (Dialect) Policy() simulators.Policy {
	return simulators.Policy{
		Auth:     simulators.AuthNone, // the share knows its users; a file carries no token
		Accept:   simulators.AcceptDone,
		Dedupe:   simulators.DedupeNatural,
		Ordering: simulators.OrderPerEntity,
		Lock:     simulators.LockNone,
		Batch:    simulators.BatchPerRow,
	}
}

// Customs implements [simulators.Customary].
func (Dialect) Customs() simulators.Customs { return simulators.Customs{Transport: "sftp"} }

// Encode implements [simulators.Dialect]. Shipments and what machines say have
// no word in this dialect.
func (d Dialect) Encode(e plant.Event) ([]simulators.Message, error) {
	if e.Fact == nil {
		return nil, fmt.Errorf("encode event %s: it has no fact", e.ID)
	}
	if _, ok := wordOf(e.Fact.Kind()); !ok {
		return nil, nil
	}
	m, err := d.Batch(e)
	if err != nil {
		return nil, err
	}
	return []simulators.Message{m}, nil
}

// Batch words several events of one name as one file.
func (d Dialect) Batch(events ...plant.Event) (simulators.Message, error) {
	if len(events) == 0 {
		return simulators.Message{}, errors.New("encode file: there is no event")
	}
	words, ok := wordOf(events[0].Fact.Kind())
	if !ok {
		return simulators.Message{}, fmt.Errorf("encode file: no word for %s", events[0].Fact.Kind())
	}
	w := writer{settings: d.Settings}
	keys := make([]string, len(events))
	for i, e := range events {
		own, ok := wordOf(e.Fact.Kind())
		if !ok || own.name != words.name {
			return simulators.Message{}, fmt.Errorf("encode file: %s among %s", e.Fact.Kind(), words.name)
		}
		w.event(own.record, e)
		keys[i] = plant.Natural(e.Fact)
	}
	body, err := w.file(words.name, words.from, events[0].At)
	if err != nil {
		return simulators.Message{}, fmt.Errorf("encode event %s: %w", events[0].ID, err)
	}
	return simulators.Message{
		Verb: "post", Name: words.name, Body: body, Events: events,
		Key: strings.Join(keys, " + "), Entity: events[0].Fact.Keys().Entity(),
		Header: map[string]string{"Content-Type": d.Settings.contentType(), "Andon-Event": string(events[0].ID)},
	}, nil
}

// fileID names a file by what it says: equal for all deliveries of one wording.
func fileID(name string, records []record) string {
	h := sha256.New()
	h.Write([]byte(name))
	for _, r := range records {
		h.Write([]byte("\x00\x00" + r.kind))
		for _, c := range r.cells {
			h.Write([]byte("\x00" + c))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// wording is what an event of one kind is called.
type wording struct {
	name   string // of the file
	record string // that begins it
	from   string // who says it
}

// wordOf tells how kind is worded; false if this dialect has no word for it.
func wordOf(kind plant.Kind) (wording, bool) {
	switch kind {
	case plant.KindOrderReleased:
		return wording{Orders, "ORD", "ERP"}, true
	case plant.KindOrderChanged:
		return wording{Orders, "CHG", "ERP"}, true
	case plant.KindOrderCancelled:
		return wording{Orders, "CAN", "ERP"}, true
	case plant.KindLotDecided:
		return wording{Decisions, "DEC", "ERP"}, true
	case plant.KindItemChanged:
		return wording{Items, "ITM", "ERP"}, true
	case plant.KindBillChanged:
		return wording{Boms, "BOM", "ERP"}, true
	case plant.KindRoutingChanged:
		return wording{Routings, "RTG", "ERP"}, true
	case plant.KindCenterChanged:
		return wording{WorkCenters, "WCT", "ERP"}, true
	case plant.KindCalendarChanged:
		return wording{Calendars, "CAL", "ERP"}, true
	case plant.KindOperationStarted:
		return wording{OperationStarts, "STA", "MES"}, true
	case plant.KindConfirmation:
		return wording{Confirmations, "CNF", "MES"}, true
	case plant.KindConsumption:
		return wording{Consumptions, "CON", "MES"}, true
	case plant.KindScrap:
		return wording{Scrap, "SCR", "MES"}, true
	case plant.KindRework:
		return wording{Rework, "REW", "MES"}, true
	case plant.KindReceipt:
		return wording{Receipts, "RCV", "MES"}, true
	case plant.KindInspection:
		return wording{Inspections, "INS", "MES"}, true
	case plant.KindLotHeld:
		return wording{Holds, "HLD", "MES"}, true
	}
	return wording{}, false
}

// Names of files: what stands before the number in a file's name, and in its
// header.
const (
	Orders          = "orders"
	OperationStarts = "operation-starts"
	Confirmations   = "confirmations"
	Consumptions    = "consumptions"
	Scrap           = "scrap"
	Rework          = "rework"
	Receipts        = "receipts"
	Holds           = "holds"
	Decisions       = "decisions"
	Inspections     = "inspections"
	Items           = "items"
	Boms            = "boms"
	Routings        = "routings"
	WorkCenters     = "work-centers"
	Calendars       = "calendars"

	// Result is the name in the header of a result file.
	Result = "result"
)

// FullName is what an extract of all records of a list is called: "all-items".
func FullName(list string) string { return full + list }

const full = "all-"

// listed is the list of which a file with this name is an extract, or changes.
func listed(name string) string { return strings.TrimPrefix(name, full) }

// Names returns the names of all files, in the order of the README.
func Names() []string {
	return []string{Orders, OperationStarts, Confirmations, Consumptions, Scrap, Rework, Receipts, Holds, Decisions, Inspections, Items, Boms, Routings, WorkCenters, Calendars,
		FullName(Items), FullName(Boms), FullName(Routings), FullName(WorkCenters), FullName(Calendars)}
}

// instantForm is how a point in time is written: with its offset, because what
// the clock on the wall showed says too little once a year.
const instantForm = time.RFC3339Nano
