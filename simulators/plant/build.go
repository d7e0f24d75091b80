package plant

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/brianvoe/gofakeit/v7"
)

// faker returns a supplier of names that depends on the seed only. Nothing
// but descriptions may come from it: its word lists change between versions.
func faker(seed uint64, purpose string) *gofakeit.Faker {
	h := mix(seed)
	for i := range len(purpose) {
		h = mix(h ^ uint64(purpose[i]))
	}
	return gofakeit.NewFaker(rand.NewPCG(h, seed), false)
}

// newShop builds the plant of a profile, warm: with stock, orders under way
// and everything planned that must not depend on timing.
func newShop(c Config, p *Profile, zone *time.Location) (*shop, error) {
	s := &shop{
		cfg: c, profile: p, zone: zone,
		hours:   ShiftCalendar{zone, p.Shifts},
		now:     c.Start.UnixNano(),
		end:     c.Start.Add(c.Shift).UnixNano(),
		shelves: map[ItemID]*shelf{}, pieces: map[ItemID]int{},
		jobs: map[OrderID]*job{}, holds: map[LotID]*hold{}, expiring: map[LotID]time.Time{}, goods: map[LotID]*goods{}, makers: map[LotID]OrderID{}, readings: map[MachineID]*reading{},
	}
	if err := s.hours.Validate(); err != nil {
		return nil, fmt.Errorf("plant profile %s: %w", p.Name, err)
	}
	for _, m := range p.Materials {
		s.shelves[m.ID] = s.newShelf(m)
	}
	s.products = slices.Clone(p.Products)
	if len(s.products) == 0 {
		s.makeUp()
	}
	for i := range s.products {
		if m, used := s.semiFinished(&s.products[i]); used {
			s.semis = append(s.semis, m)
			s.shelves[m.ID] = s.newShelf(m)
		}
	}
	open := c.Open
	if open == 0 {
		open = p.Open
	}
	s.patience = s.end
	s.furnish()
	for n := range open {
		s.warm(s.specify("open", n), n)
	}
	for n := range c.Orders + reserve {
		s.specs = append(s.specs, s.specify("order", n))
	}
	s.engineer()
	s.stock()
	if !c.Manual {
		s.planRelease()
	}
	return s, nil
}

// furnish writes the master data that needs no orders.
func (s *shop) furnish() {
	m := &s.master
	m.Site, m.Zone, m.Reasons = s.profile.Site, s.cfg.Zone, slices.Clone(s.profile.Reasons)
	m.Shifts = slices.Clone(s.profile.Shifts)
	// A row booked for yesterday's midnight must still fall into the period.
	year, month, _ := s.cfg.Start.AddDate(0, 0, -1).Date()
	m.PeriodOpens = time.Date(year, month, 1, 0, 0, 0, 0, s.zone)
	for _, c := range s.profile.WorkCenters {
		m.WorkCenters = append(m.WorkCenters, WorkCenter{c.ID, c.Description, slices.Clone(c.Machines), c.Manual, 0})
	}
	names := faker(s.cfg.Seed, "people")
	for i := range s.profile.People {
		m.People = append(m.People, Person{PersonID(fmt.Sprintf("%05d", i+1)), names.Name()})
	}
	for _, p := range s.products {
		item := Item{ID: p.Item, Description: p.Description, Revision: p.Revision, Unit: p.unit(), Decimals: p.Decimals, Lots: true, Serials: p.Serials}
		if item.Unit == "EA" {
			item.Units = []AltUnit{{"CT", Factor{12, 1}}}
		}
		m.Items = append(m.Items, item)
	}
	for _, b := range s.profile.Materials {
		m.Items = append(m.Items, Item{
			ID: b.ID, Description: b.Description, Revision: "A", Unit: b.Unit,
			Units: slices.Clone(b.Units), Decimals: b.Decimals, Lots: true,
		})
	}
}

// stock writes the opening stock: what all planned orders need, and of every
// material one lot that has expired and one that is blocked.
func (s *shop) stock() {
	used := map[LotID]Decimal{}
	for _, p := range s.master.Opening {
		for _, c := range p.Consumed {
			used[c.Lot] += s.base(c.Material, c.Quantity)
		}
	}
	for _, m := range slices.Concat(s.profile.Materials, s.semis) {
		sh := s.shelves[m.ID]
		s.keepSafety(sh)
		for _, l := range slices.Concat(sh.dead, sh.lots) {
			if _, toCome := s.makers[l.ID]; toCome {
				continue
			}
			l.Quantity -= used[l.ID]
			s.master.Lots = append(s.master.Lots, l)
		}
	}
}

// base converts a quantity of a material to its base unit.
func (s *shop) base(material ItemID, q Quantity) Decimal {
	item, _ := s.master.Item(material)
	f, ok := item.Factor(q.Unit)
	if !ok {
		panic(fmt.Sprintf("plant: item %s has no unit %s", material, q.Unit))
	}
	d, _, err := f.Apply(q.Amount)
	if err != nil {
		panic("plant: " + err.Error())
	}
	return d
}

// warm puts an order under way: it is known to both systems, and the first of
// its operations are already confirmed, the current one in part.
func (s *shop) warm(sp *spec, n int) {
	luck := newStream(s.cfg.Seed, sp.key, "progress")
	sp.order.Start = s.cfg.Start.Add(-time.Duration(1+luck.below(96)) * time.Hour)
	sp.order.Due = s.due(s.now)
	j := s.newJob(sp)
	j.plan()
	s.master.Open = append(s.master.Open, cloneOrder(sp.order))
	done := luck.below(len(sp.order.Operations))
	for op := range done {
		p := j.pretend(op, len(j.plans[op].rows))
		s.master.Opening = append(s.master.Opening, p)
		j.yielded = p.Yield.Amount
	}
	j.op = done
	if rows := len(j.plans[done].rows); rows > 1 && luck.chance(0.7) {
		begun := 1 + luck.below(rows-1)
		s.master.Opening = append(s.master.Opening, j.pretend(done, begun))
		j.resume(begun)
	} else {
		j.queue = append(j.queue, step{do: stepStart, after: j.plans[done].queue})
	}
	j.fit()
	j.schedule(s.now + int64(n+1)*int64(time.Minute))
}
