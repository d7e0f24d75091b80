package b2mml

import (
	"fmt"
	"slices"

	"github.com/andon-rig/andon/simulators"
)

// Settings are what differs from one B2MML interface to another. The zero
// value of each means its first word.
type Settings struct {
	// Envelope is what a BOD travels in.
	Envelope Envelope `yaml:"envelope" jsonschema:"enum=none,enum=soap-1.1,enum=soap-1.2"`
}

// Envelope is what a BOD travels in.
type Envelope string

// Envelopes.
const (
	Bare   Envelope = "none"
	SOAP11 Envelope = "soap-1.1"
	SOAP12 Envelope = "soap-1.2"
)

// Configure implements [simulators.Configurable]: a rig file gives the
// settings under format.
func (d Dialect) Configure(decode func(any) error) (simulators.Dialect, error) {
	if err := decode(&d.Settings); err != nil {
		return nil, err
	}
	return d, d.Settings.Validate()
}

// Validate names words that are not in the table.
func (s Settings) Validate() error {
	allowed := []Envelope{Bare, SOAP11, SOAP12}
	if s.Envelope != "" && !slices.Contains(allowed, s.Envelope) {
		return fmt.Errorf("envelope: %q is not one of %q", s.Envelope, allowed)
	}
	return nil
}

// header is that of a message of which the BOD is called bod.
func (s Settings) header(bod string) map[string]string {
	switch s.Envelope {
	case SOAP11:
		return map[string]string{"Content-Type": "text/xml; charset=utf-8", "Soapaction": `"` + action(bod) + `"`}
	case SOAP12:
		return map[string]string{"Content-Type": `application/soap+xml; charset=utf-8; action="` + action(bod) + `"`}
	}
	return map[string]string{"Content-Type": "application/xml; charset=utf-8"}
}

// action names what a SOAP message is for.
func action(bod string) string { return Namespace + "/" + bod }
