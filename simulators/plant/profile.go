package plant

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"
)

//go:embed profiles/*.json
var profileFiles embed.FS

// Profile is a kind of plant in figures: what it makes, where, from what, and
// how its people and machines behave. Times are at recorded speed.
type Profile struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	// Acknowledgement names the sources of the figures, as they ask for it.
	Acknowledgement []string `json:"acknowledgement"`

	Site   string  `json:"site"`
	Zone   string  `json:"zone"`
	Shifts []Shift `json:"shifts,omitempty"`

	// Every is the time between releases, in minutes.
	Every Value `json:"every"`
	// Quantity is how many pieces an order asks for.
	Quantity Value   `json:"quantity"`
	OddIDs   float64 `json:"oddIDs,omitempty"`
	// Open is how many orders are under way when a run begins.
	Open int `json:"open,omitempty"`
	// Receipts is in how many parts finished goods are received.
	Receipts Value `json:"receipts"`

	People      int               `json:"people"`
	Reasons     []string          `json:"reasons"`
	WorkCenters []ProfileCenter   `json:"workCenters"`
	Materials   []ProfileMaterial `json:"materials"`
	// Products are made by fixed routings. Without them, Parts products are
	// made up, and each order takes a route of its own.
	Products []Product `json:"products,omitempty"`
	Parts    int       `json:"parts,omitempty"`
	Routes   Routes    `json:"routes,omitzero"`

	Booking    Booking    `json:"booking"`
	Rejects    Rejects    `json:"rejects"`
	Inspection Inspection `json:"inspection"`
}

// ProfileCenter is a work center and the habits of those who work there.
type ProfileCenter struct {
	ID          WorkCenterID `json:"id"`
	Description string       `json:"description"`
	Machines    []MachineID  `json:"machines,omitempty"`
	Manual      bool         `json:"manual,omitempty"`
	Inspect     bool         `json:"inspect,omitempty"` // its operations inspect
	Last        bool         `json:"last,omitempty"`    // routes end here, in the order of declaration
	// HourFromMidnight: people here accept what the form suggests, one hour
	// from midnight, in one row.
	HourFromMidnight bool    `json:"hourFromMidnight,omitempty"`
	Weight           float64 `json:"weight,omitempty"` // how often routes pass here
}

// ProfileMaterial is a bought material kept by lot.
type ProfileMaterial struct {
	ID          ItemID    `json:"id"`
	Description string    `json:"description"`
	Unit        Unit      `json:"unit"`
	Units       []AltUnit `json:"units,omitempty"`
	Decimals    int       `json:"decimals"`
	LotSize     Decimal   `json:"lotSize"`          // about how much one lot holds
	Per         Decimal   `json:"per,omitempty"`    // about how much a made-up product needs of it per piece
	Weight      float64   `json:"weight,omitempty"` // how often made-up products need it
}

// Product is an item with its routing and bill of material.
type Product struct {
	Item        ItemID `json:"item"`
	Description string `json:"description"`
	Revision    string `json:"revision"`
	Serials     bool   `json:"serials,omitempty"`
	// Unit is what the product is measured in; "EA" if left out. Decimals is how
	// finely it is measured where it is used; orders ask for whole units.
	Unit     Unit `json:"unit,omitempty"`
	Decimals int  `json:"decimals,omitempty"`
	// Quantity is how much of it an order asks for, instead of the profile's.
	Quantity   Value              `json:"quantity,omitzero"`
	Operations []ProductOperation `json:"operations"`
	Components []ProductComponent `json:"components"`
	// Inspections are recorded results, one per piece, replayed in order.
	Inspections []Inspect `json:"inspections,omitempty"`
}

// ProductOperation is one step of a fixed routing. Cycle is the time of one
// piece, in seconds; a trace holds the recorded time of each piece.
type ProductOperation struct {
	ID          OperationID  `json:"id"`
	Description string       `json:"description"`
	WorkCenter  WorkCenterID `json:"workCenter"`
	Cycle       Value        `json:"cycle"`
	Inspect     bool         `json:"inspect,omitempty"`
}

// ProductComponent is what one piece needs of a material at an operation. The
// material is bought, or a product that stands before this one: then orders use
// the lots that earlier orders made.
type ProductComponent struct {
	Material  ItemID      `json:"material"`
	Operation OperationID `json:"operation"`
	Per       Decimal     `json:"per"`
}

// Inspect is one recorded inspection.
type Inspect struct {
	Passed int    `json:"passed"`
	Failed int    `json:"failed,omitempty"`
	Text   string `json:"text,omitempty"`
}

// Routes says what routes made-up products take.
type Routes struct {
	Length Value   `json:"length"` // operations before the last ones
	Return float64 `json:"return"` // chance that a route comes back to an earlier work center
}

// Booking says how people confirm.
type Booking struct {
	Single float64 `json:"single"` // share of operations confirmed in one row
	More   Value   `json:"more"`   // rows beyond two of the others
	Zero   float64 `json:"zero"`   // chance that a row beyond the first carries no quantity
	// Minutes is the time one row books. Without it a row books the cycles of
	// its pieces.
	Minutes Value `json:"minutes,omitzero"`
	// Queue is the time an order lies before each operation, in minutes.
	Queue      Value   `json:"queue"`
	AtEnd      float64 `json:"atEnd"`      // share of operations whose rows are all booked at their end
	EndOfShift float64 `json:"endOfShift"` // … at the end of the shift
	Round      float64 `json:"round"`      // share of rows with times on five minutes
	Midnight   float64 `json:"midnight"`   // share of rows that begin at midnight, as the form suggests
	Lazy       float64 `json:"lazy"`       // share of rows booked later that end when they are booked
	Another    float64 `json:"another"`    // chance that a row is another worker's than the one before
}

// Rejects says how pieces are lost. Each row draws from a beta-binomial with
// Alpha and Beta over at most Spread pieces, because somebody notices; in an excursion, which lasts for a window of neighbouring
// orders at one work center, Alpha is Factor times as large.
type Rejects struct {
	Alpha     float64 `json:"alpha"`
	Beta      float64 `json:"beta"`
	Spread    int     `json:"spread"`
	Excursion float64 `json:"excursion"` // share of windows
	Factor    float64 `json:"factor"`
	Window    int     `json:"window"`   // orders
	Rework    float64 `json:"rework"`   // share of orders with rework
	Breakage  float64 `json:"breakage"` // share of orders that break components
}

// Inspection says what inspections find where no results are recorded, and
// what becomes of a lot.
type Inspection struct {
	Features  int        `json:"features"`  // inspected per lot
	Fail      float64    `json:"fail"`      // share of lots with a feature out of tolerance
	HoldAbove float64    `json:"holdAbove"` // a lot is held if a larger share of its inspections fails
	Hold      float64    `json:"hold"`      // … and then with this chance
	Decisions []Decision `json:"decisions"` // equally likely; repeat for weight
}

func profileFile(name string) ([]byte, bool) {
	if name == "" {
		name = "machine-shop"
	}
	if strings.ContainsAny(name, `/\`) {
		return nil, false
	}
	b, err := profileFiles.ReadFile("profiles/" + name + ".json")
	return b, err == nil
}

// Profiles lists the names of the profiles that come with the plant.
func Profiles() []string {
	entries, _ := profileFiles.ReadDir("profiles") // cannot fail: embedded
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	sort.Strings(names)
	return names
}

// LoadProfile returns a profile that comes with the plant.
func LoadProfile(name string) (*Profile, error) {
	b, ok := profileFile(name)
	if !ok {
		return nil, fmt.Errorf("unknown plant profile %q; known are %s", clip(name), strings.Join(Profiles(), ", "))
	}
	return ReadProfile(bytes.NewReader(b))
}

// ReadProfile reads a profile as JSON; a key it does not know is an error.
func ReadProfile(r io.Reader) (*Profile, error) {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	p := &Profile{}
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("read plant profile: %w", err)
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return p, nil
}

// Validate tells everything that is wrong with p.
func (p *Profile) Validate() error {
	v := profileCheck{p: p}
	v.values()
	v.centers()
	v.products()
	v.want(len(p.Materials) > 0, "materials: none")
	for _, m := range p.Materials {
		v.want(m.ID != "" && m.Unit != "" && m.LotSize > 0 && m.Decimals >= 0 && m.Decimals <= decimals,
			"material %q: needs an id, a unit, a positive lotSize and 0 to %d decimals", m.ID, decimals)
		for _, u := range m.Units {
			v.want(u.Factor.Num > 0 && u.Factor.Den > 0, "material %q: unit %s needs a positive factor", m.ID, u.Unit)
		}
	}
	v.want(p.People > 0 && p.People <= 10_000, "people: %d, must be 1 to 10000", p.People)
	v.want(len(p.Reasons) > 0, "reasons: none")
	for _, d := range p.Inspection.Decisions {
		v.want(d == DecideRelease || d == DecideUseAsIs || d == DecideScrap || d == DecideToRework, "inspection: unknown decision %q", d)
	}
	return errors.Join(v.problems...)
}

type profileCheck struct {
	p        *Profile
	problems []error
}

func (v *profileCheck) want(ok bool, format string, args ...any) {
	if !ok {
		v.problems = append(v.problems, fmt.Errorf("plant profile %s: "+format, append([]any{v.p.Name}, args...)...))
	}
}

func (v *profileCheck) values() {
	p := v.p
	for _, x := range []struct {
		name     string
		value    Value
		required bool
	}{
		{"every", p.Every, true}, {"quantity", p.Quantity, true}, {"receipts", p.Receipts, true},
		{"routes.length", p.Routes.Length, len(p.Products) == 0}, {"booking.more", p.Booking.More, true},
		{"booking.minutes", p.Booking.Minutes, len(p.Products) == 0}, {"booking.queue", p.Booking.Queue, true},
	} {
		err := x.value.Validate()
		v.want(err == nil, "%s: %w", x.name, err)
		v.want(!x.required || !x.value.IsZero(), "%s: missing", x.name)
	}
	if _, err := time.LoadLocation(p.Zone); err != nil {
		v.want(false, "zone: %q is not an IANA name", p.Zone)
	}
}

func (v *profileCheck) centers() {
	working := 0
	for _, c := range v.p.WorkCenters {
		v.want(c.ID != "", "workCenters: one without id")
		if !c.Last && c.Weight > 0 {
			working++
		}
	}
	v.want(len(v.p.WorkCenters) > 0, "workCenters: none")
	v.want(len(v.p.Products) > 0 || (working > 0 && v.p.Parts > 0), "needs products, or parts and work centers with a weight")
}

func (v *profileCheck) products() {
	made := map[ItemID]bool{}
	for _, r := range v.p.Products {
		err := r.Quantity.Validate()
		v.want(err == nil, "product %q: quantity: %v", r.Item, err)
		v.want(r.Decimals >= 0 && r.Decimals <= decimals, "product %q: %d decimals, must be 0 to %d", r.Item, r.Decimals, decimals)
		v.want(r.Item != "" && len(r.Operations) > 0, "product %q: needs an item and operations", r.Item)
		for _, o := range r.Operations {
			err := o.Cycle.Validate()
			v.want(err == nil && !o.Cycle.IsZero(), "product %q operation %s: cycle: missing or wrong: %v", r.Item, o.ID, err)
			v.want(v.p.center(o.WorkCenter) != nil, "product %q operation %s: unknown work center %q", r.Item, o.ID, o.WorkCenter)
		}
		for _, c := range r.Components {
			v.want(v.p.material(c.Material) != nil || made[c.Material], "product %q: unknown material %q; a product that is used stands before those that use it", r.Item, c.Material)
			v.want(c.Per > 0, "product %q material %q: per must be positive", r.Item, c.Material)
		}
		made[r.Item] = true
	}
}

func (p *Profile) center(id WorkCenterID) *ProfileCenter {
	for i := range p.WorkCenters {
		if p.WorkCenters[i].ID == id {
			return &p.WorkCenters[i]
		}
	}
	return nil
}

func (p *Profile) material(id ItemID) *ProfileMaterial {
	for i := range p.Materials {
		if p.Materials[i].ID == id {
			return &p.Materials[i]
		}
	}
	return nil
}
