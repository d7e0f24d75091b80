// Package ion words plant events as business object documents (BODs) of the
// Infor OAGIS family that travel through Infor ION: the dialects infor-ion/v3
// and infor-ion/v2, called after the versions of the ION Messaging Service (IMS).
//
// It is a pure codec: it knows no network, no clock and no books. Which nouns a
// product has, and where in them a fact stands, is data: see products.go.
// README.md beside it has the fidelity sheet.
package ion

import (
	"fmt"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"github.com/andon-rig/andon/simulators/plant"
)

// Version is one of the messaging service.
type Version string

// Versions that are spoken here.
const (
	V3 Version = "v3" // since March 2020
	V2 Version = "v2"
)

// Dialect is infor-ion, of V3 unless told otherwise. The zero value is ready
// for use.
type Dialect struct {
	Version  Version
	Settings Settings
}

var (
	_ simulators.Dialect      = Dialect{}
	_ simulators.Configurable = Dialect{}
	_ simulators.Granter      = Dialect{}
	_ simulators.Responder    = Dialect{}
)

// MostBytes is how large a message may be: larger documents have to be split.
const MostBytes = 5 << 20

// Policy is how such an interface behaves unless the rig file says otherwise.
// What is answered has been taken over by ION, not by the system behind it;
// messages come at least once, in no sequence, and nothing but the business key
// in a document makes a repetition recognisable.
func (Dialect) Policy() simulators.Policy {
	return simulators.Policy{
		Auth:       simulators.AuthOAuth2,
		TokenTTL:   15 * time.Second, // two hours at Infor
		Accept:     simulators.AcceptQueued,
		Delay:      20 * time.Millisecond,
		Dedupe:     simulators.DedupeNatural,
		Ordering:   simulators.OrderNone,
		Lock:       simulators.LockNone,
		Batch:      simulators.BatchPerRow,
		Quota:      simulators.Quota{RetryAfter: simulators.RetryMissing},
		MaxBody:    MostBytes,
		Redelivery: simulators.Redelivery{Gap: 200 * time.Millisecond, MaxGap: 2 * time.Second},
	}
}

func (d Dialect) version() Version {
	if d.Version == "" {
		return V3
	}
	return d.Version
}

// Encode implements [simulators.Dialect]. What the product has no noun for is
// not said.
func (d Dialect) Encode(e plant.Event) ([]simulators.Message, error) {
	if e.Fact == nil {
		return nil, nil
	}
	n := d.Settings.product().noun(e.Fact.Kind())
	if n == nil {
		return nil, nil
	}
	m, err := d.Batch(e)
	if err != nil {
		return nil, err
	}
	return []simulators.Message{m}, nil
}

// Batch words several events of one kind as one BOD of several nouns.
func (d Dialect) Batch(events ...plant.Event) (simulators.Message, error) {
	s, first := d.Settings, events[0]
	n := s.product().noun(first.Fact.Kind())
	if n == nil {
		return simulators.Message{}, fmt.Errorf("product %s has no noun for %s", s.product().name, first.Fact.Kind())
	}
	id := identityOf(s, n, first)
	var rows []*xmltree.Node
	for _, e := range events {
		row, err := n.node(s, e)
		if err != nil {
			return simulators.Message{}, fmt.Errorf("encode event %s: %w", e.ID, err)
		}
		rows = append(rows, row)
	}
	bod := envelope(s, bodHead{verb: n.verb, noun: n.name, action: n.action, created: instant(first.At), id: id}, rows...)
	m, err := d.message(n.verb+"."+n.name, id, bod)
	if err != nil {
		return simulators.Message{}, fmt.Errorf("encode event %s: %w", first.ID, err)
	}
	if ref := string(first.ID); printable(ref) {
		m.Header["Andon-Event"] = ref
	}
	m.Verb, m.Key, m.Entity, m.Events = "post", plant.Natural(first.Fact), first.Fact.Keys().Entity(), events
	return m, nil
}

// message puts a BOD into what it travels in.
func (d Dialect) message(document string, id identity, bod *xmltree.Node) (simulators.Message, error) {
	body, err := written(bod)
	if err != nil {
		return simulators.Message{}, err
	}
	m := d.pack(d.about(document, id), body)
	m.Header["X-Tenantid"] = d.Settings.tenant()
	return m, nil
}

// about are the parameters of a document.
func (d Dialect) about(document string, id identity) parameters {
	return parameters{
		DocumentName: document, MessageID: d.Settings.logicalID() + ":" + id.message(), FromLogicalID: d.Settings.logicalID(), ToLogicalID: toDefault,
		AccountingEntity: d.Settings.entity(), Location: d.Settings.location(), DocumentID: id.document, VariationID: number(id.variation), RevisionID: id.revision,
		BatchID: id.batch.id, BatchSequence: number(id.batch.sequence), BatchSize: number(id.batch.size), Encoding: "NONE", CharacterSet: "UTF-8",
	}
}

// printable reports whether a text can be the value of a header.
func printable(s string) bool {
	for _, r := range s {
		if r < ' ' || r == 0x7f {
			return false
		}
	}
	return true
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}
