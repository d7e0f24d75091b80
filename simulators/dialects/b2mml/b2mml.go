// Package b2mml words plant events as B2MML XML (release V0701), bare or in a
// SOAP envelope: the dialect b2mml-xml/v7.
//
// It is a pure codec: it knows no network, no clock and no books. It is about
// the form: names, their order and namespace, envelopes, ConfirmBOD and faults.
// What a message means it leaves to package neutral, whose B2MML-JSON is
// another form of the same schemas. README.md beside it has the fidelity sheet.
package b2mml

import (
	"errors"
	"fmt"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/plant"
)

// Dialect is b2mml-xml/v7. The zero value is ready for use: without an envelope.
type Dialect struct{ Settings Settings }

var (
	_ simulators.Dialect      = Dialect{}
	_ simulators.Configurable = Dialect{}
)

// Address is the name of every message: there is one address, and the element
// at the root says which business object document (BOD) came.
const Address = "bods"

// Namespace and Release are those of B2MML V0701. The namespace does not say
// the release; the attribute releaseID of a BOD does.
const (
	Namespace = "http://www.mesa.org/xml/B2MML"
	Release   = "V0701"
	// Extensions is the namespace of elements that users add, at the end of an
	// element.
	Extensions = "http://www.mesa.org/xml/B2MML-AllExtensions"
)

// Policy is how a b2mml-xml/v7 interface behaves unless the rig file says
// otherwise. Nothing on the wire is made to recognise a repetition; this
// receiver takes the identity of a BOD for it, if the sender gives one.
func (Dialect) Policy() simulators.Policy {
	return simulators.Policy{
		Auth:       simulators.AuthOAuth2, // of the gateway in front; B2MML has no word for it
		TokenTTL:   15 * time.Second,
		Accept:     simulators.AcceptDone,
		Dedupe:     simulators.DedupeKey,
		Lookup:     true,
		Ordering:   simulators.OrderPerEntity,
		Lock:       simulators.LockNone,
		Batch:      simulators.BatchPerRow,
		Redelivery: simulators.Redelivery{Gap: 200 * time.Millisecond, MaxGap: 2 * time.Second},
	}
}

// Encode implements [simulators.Dialect]. Shipments have no word in this
// dialect, and texts with characters that XML 1.0 has not are an error.
func (d Dialect) Encode(e plant.Event) ([]simulators.Message, error) {
	ms, err := neutral.Dialect{}.Encode(e)
	if err != nil || len(ms) == 0 {
		return nil, err
	}
	m, err := d.reworded(ms[0])
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", e.ID, err)
	}
	return []simulators.Message{m}, nil
}

// Batch words several events of one kind as one BOD of several rows.
func (d Dialect) Batch(events ...plant.Event) (simulators.Message, error) {
	m, err := neutral.Dialect{}.Batch(events...)
	if err != nil {
		return simulators.Message{}, err
	}
	if m, err = d.reworded(m); err != nil {
		return simulators.Message{}, fmt.Errorf("encode event %s: %w", events[0].ID, err)
	}
	return m, nil
}

// reworded is a message of neutral/v1 in the form of this dialect.
func (d Dialect) reworded(m simulators.Message) (simulators.Message, error) {
	bod, err := fromJSON(m.Body)
	if err != nil {
		return m, err
	}
	if bod.Find("ApplicationArea", "BODID") == nil {
		return m, errors.New("it has no reference to be identified by")
	}
	complete(bod)
	if m.Body, err = d.Settings.document(bod); err != nil {
		return m, err
	}
	header := d.Settings.header(bod.Name)
	for _, k := range []string{"Andon-Event", "Andon-Message-Id"} {
		if v := m.Header[k]; v != "" && printable(v) {
			header[k] = v
		}
	}
	m.Name, m.Header = Address, header
	return m, nil
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
