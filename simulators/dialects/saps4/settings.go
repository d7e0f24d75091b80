package saps4

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// Settings are what differs from one such system to another. The zero value of
// each means its first word.
type Settings struct {
	// Language is the logon language: that of texts in errors.
	Language Language `yaml:"language" jsonschema:"enum=en,enum=de"`
	// Orders is how numbers of orders are written that consist of digits: as they
	// are, or padded with zeros to twelve.
	Orders Numbers `yaml:"orders" jsonschema:"enum=as-is,enum=padded"`
	// Announce is how orders and materials are announced: by events that only name
	// them, or by IDocs that say what they are. Those tell of work centers, too.
	Announce Announcements `yaml:"announce" jsonschema:"enum=events,enum=idocs"`
	// Zone is the IANA name of the system's zone, in which IDocs tell dates and
	// times without an offset; UTC if it is empty.
	Zone string `yaml:"zone"`
}

// Words of the settings.
type (
	Language      string
	Numbers       string
	Announcements string
)

// Words of the settings.
const (
	English Language = "en"
	German  Language = "de"

	AsIs   Numbers = "as-is"
	Padded Numbers = "padded"

	ByEvents Announcements = "events"
	ByIDocs  Announcements = "idocs"
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
	if s.Language != "" && !slices.Contains([]Language{English, German}, s.Language) {
		return fmt.Errorf("language: %q is not one of %q", s.Language, []Language{English, German})
	}
	if s.Orders != "" && !slices.Contains([]Numbers{AsIs, Padded}, s.Orders) {
		return fmt.Errorf("orders: %q is not one of %q", s.Orders, []Numbers{AsIs, Padded})
	}
	if s.Announce != "" && !slices.Contains([]Announcements{ByEvents, ByIDocs}, s.Announce) {
		return fmt.Errorf("announce: %q is not one of %q", s.Announce, []Announcements{ByEvents, ByIDocs})
	}
	if _, err := time.LoadLocation(s.Zone); err != nil {
		return fmt.Errorf("zone: %q is no IANA name of a zone such as \"Europe/Berlin\"", s.Zone)
	}
	if s.Zone != "" && s.Announce != ByIDocs {
		return fmt.Errorf("zone: %q is for IDocs: everything else tells instants; set announce: idocs, or leave it out", s.Zone)
	}
	return nil
}

// zone is that of the system.
func (s Settings) zone() *time.Location {
	l, err := time.LoadLocation(s.Zone)
	if err != nil {
		return time.UTC
	}
	return l
}

// width of a number of an order within the system.
const width = 12

// shown is an order's number as it is told.
func (s Settings) shown(o plant.OrderID) string {
	n := string(o)
	if s.Orders != Padded || n == "" || strings.Trim(n, "0123456789") != "" {
		return n
	}
	return zeros(n, width)
}

// zeros fills a number up on its left.
func zeros(n string, width int) string { return strings.Repeat("0", max(0, width-len(n))) + n }

// order reads an order's number: where numbers are padded, zeros in front of
// digits mean nothing.
func (s Settings) order(n string) plant.OrderID {
	if s.Orders == Padded && strings.Trim(n, "0123456789") == "" {
		if short := strings.TrimLeft(n, "0"); short != "" {
			return plant.OrderID(short)
		}
	}
	return plant.OrderID(n)
}
