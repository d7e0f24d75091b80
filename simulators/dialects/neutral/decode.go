package neutral

import (
	"cmp"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Codes of refusals that this dialect makes itself.
const (
	codeMalformed = "malformed"
	codeName      = "resource-unknown"
	codeMethod    = "method-not-allowed"
)

// Codes of others for which HTTP has a status of its own.
const (
	codeStopped   = "not-processed"     // a row behind one that failed
	codeChanged   = "etag-mismatch"     // the object is not what the sender has read
	codeConflict  = "concurrent-change" // somebody else changes it at the moment
	codeForbidden = "forbidden"         // not with these rights
	codeExpired   = "cursor-expired"    // the list has been made anew
)

// Decode implements [simulators.Dialect]: what is posted are claims, what is
// got is a question. It is strict; README.md says about what. The error is a
// [*simulators.Refusal].
func (Dialect) Decode(m simulators.Message) (simulators.Ask, error) {
	if m.Verb == "get" {
		return decodeQuery(m)
	}
	if len(kindsOf(m.Name)) == 0 {
		return simulators.Ask{}, notHere(m)
	}
	if m.Verb != "post" && m.Verb != "" {
		return simulators.Ask{}, &simulators.Refusal{Class: simulators.DataQuality, Code: codeMethod, Text: fmt.Sprintf("%s takes POST, not %s", m.Name, clip(m.Verb))}
	}
	d := decoders.Get().(*decoder)
	defer d.free()
	d.name, d.b, d.way, d.names = m.Name, m.Body, d.steps[:0], d.members[:0]
	if err := d.message(); err != nil {
		return simulators.Ask{}, err
	}
	return simulators.Ask{Claims: d.claims, Batch: len(d.claims) > 1, IdempotencyKey: m.Header["Idempotency-Key"]}, nil
}

// decoders are lent to one call of Decode each: most of one is room for names
// on the way, and an interface under load would make garbage of little else.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

// free gives d back, without what it knows of the message.
func (d *decoder) free() {
	*d = decoder{}
	decoders.Put(d)
}

// notHere refuses a name or a method.
func notHere(m simulators.Message) error {
	r := &simulators.Refusal{Class: simulators.DataQuality, Code: codeName, Text: fmt.Sprintf("there is no %q here; POST to one of %s", clip(m.Name), strings.Join(Names(), ", "))}
	if _, err := decodeQuery(m); err == nil {
		r.Code, r.Text = codeMethod, fmt.Sprintf("%q can only be asked for (GET)", clip(m.Name))
	}
	return r
}

// kindsOf returns the kinds of facts that are posted to name.
func kindsOf(name string) []plant.Kind { return kinds[name] }

var kinds = map[string][]plant.Kind{
	Orders:          {plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled},
	OperationStarts: {plant.KindOperationStarted},
	Confirmations:   {plant.KindConfirmation},
	Consumptions:    {plant.KindConsumption},
	Scrap:           {plant.KindScrap},
	Rework:          {plant.KindRework},
	Receipts:        {plant.KindReceipt},
	Reversals:       {plant.KindReversal},
	Inspections:     {plant.KindInspection},
	Holds:           {plant.KindLotHeld},
	Decisions:       {plant.KindLotDecided},
	Items:           {plant.KindItemChanged},
	Bills:           {plant.KindBillChanged},
	Routings:        {plant.KindRoutingChanged},
	WorkCenters:     {plant.KindCenterChanged},
	Calendars:       {plant.KindCalendarChanged},
	MachineCounts:   {plant.KindMachineCount},
	MachineStates:   {plant.KindMachineState},
}

// decoder reads one message.
type decoder struct {
	reader
	name  string
	kind  plant.Kind
	words wording

	reference string // of the message
	created   time.Time
	claims    []plant.Event

	// Room for what nearly every message needs, so that it is not allocated.
	steps     [24]step
	members   [48][]byte
	materials [4]material
}

func (d *decoder) message() error {
	if !validText(d.b) {
		d.fail("the body is not UTF-8")
	}
	if d.err == nil && d.peek() == 0 && d.i >= len(d.b) {
		d.fail("the body is empty")
	}
	n := 0
	d.object(func(noun []byte) {
		if n++; n > 1 {
			d.fail("a message has one transaction")
			return
		}
		if d.transaction(string(noun)); d.err == nil {
			d.envelope()
		}
	})
	d.end()
	if d.err == nil && n == 0 {
		d.fail("there is no transaction; %s takes %s", d.name, d.allowed())
	}
	if d.err == nil {
		d.complete()
	}
	return d.err
}

// transaction finds out which kind of fact is stated.
func (d *decoder) transaction(noun string) {
	for _, k := range kindsOf(d.name) {
		if w, _ := wordingOf(k); len(noun) == len(w.verb)+len(w.noun) && strings.HasPrefix(noun, w.verb) && strings.HasSuffix(noun, w.noun) {
			d.kind, d.words = k, w
			return
		}
	}
	d.way = d.way[:len(d.way)-1]
	d.fail("unknown transaction %q; %s takes %s", clip(noun), d.name, d.allowed())
	d.way = append(d.way, step{name: []byte(noun)})
}

func (d *decoder) allowed() string {
	var all []string
	for _, k := range kindsOf(d.name) {
		w, _ := wordingOf(k)
		all = append(all, w.verb+w.noun)
	}
	return strings.Join(all, ", ")
}

func (d *decoder) envelope() {
	said, area, data := false, false, false
	d.object(func(name []byte) {
		switch string(name) {
		case "@releaseID":
			version := d.chars()
			if said = len(version) > 0; string(version) != release {
				d.fail("%q is not spoken here, only %s", clip(string(version)), release)
			}
		case "ApplicationArea":
			area = true
			d.applicationArea()
		case "DataArea":
			data = true
			d.dataArea()
		default:
			d.skip()
		}
	})
	d.need("@releaseID", said)
	d.need("ApplicationArea", area)
	d.need("DataArea", data)
}

func (d *decoder) applicationArea() {
	d.object(func(name []byte) {
		switch string(name) {
		case "Sender":
			d.object(func(name []byte) {
				switch string(name) {
				case "TaskID":
					if task := d.chars(); d.err == nil && string(task) != string(d.kind) {
						d.fail("%q does not fit; here it is %q or missing", clip(string(task)), d.kind)
					}
				case "ReferenceID":
					d.reference = d.text()
				default:
					d.skip()
				}
			})
		case "CreationDateTime":
			d.created = d.instant()
		default:
			d.skip()
		}
	})
	d.need("CreationDateTime", d.created != time.Time{})
}

func (d *decoder) dataArea() {
	verb, rows := false, 0
	d.object(func(name []byte) {
		switch string(name) {
		case d.words.verb:
			verb = true
			d.object(func([]byte) { d.skip() })
		case d.words.noun:
			if sole(d.words.noun) {
				d.only(func() { rows++; d.row() })
				return
			}
			rows = d.array(func(int) { d.row() })
			if rows == 0 {
				d.fail("must have an element")
			}
		default:
			d.skip()
		}
	})
	d.need(d.words.verb, verb)
	d.need(d.words.noun, rows > 0)
}

func (d *decoder) row() {
	switch d.words.noun {
	case performance:
		d.performance()
	case schedule:
		d.schedule()
	case lot:
		d.lot()
	case definition:
		d.definition()
	case bill:
		d.bill()
	case routing:
		d.routing()
	case equipment:
		d.center()
	case workCalendar:
		d.workCalendar()
	}
}

// claim adds what a row states.
func (d *decoder) claim(reference string, at time.Time, f plant.Fact) {
	if d.err == nil {
		d.claims = append(d.claims, plant.Event{ID: plant.EventID(reference), At: at, Fact: f})
	}
}

// complete fills what rows left to the message.
func (d *decoder) complete() {
	for i := range d.claims {
		c := &d.claims[i]
		if c.At.IsZero() {
			c.At = d.created
		}
		if len(d.claims) == 1 {
			c.ID = cmp.Or(c.ID, plant.EventID(d.reference))
		}
	}
}
