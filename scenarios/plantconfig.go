package scenarios

import "github.com/andon-rig/andon/simulators/plant"

// PlantConfig returns base with what the scenario says about the plant. Start
// and Run are the caller's.
func (s *Scenario) PlantConfig(base plant.Config) plant.Config {
	p := s.Plant
	said(&base.Profile, p.Profile)
	said(&base.Seed, s.Seed)
	said(&base.Zone, s.Time.Zone)
	said(&base.Shift, s.Time.Shift.D)
	said(&base.Every, p.Every.D)
	said(&base.Orders, s.Given.Orders.Count)
	said(&base.DecisionDelay, p.DecisionDelay.D)
	said(&base.Speed, p.Speed)
	base.Counts = base.Counts || p.Counts
	base.Expiring = p.Expiring
	if s.Given.Orders.Released != nil {
		base.Manual = !*s.Given.Orders.Released
	}
	if p.Quantity > 0 {
		base.Quantity = plant.FixedValue(float64(p.Quantity))
	}
	if p.Undecided {
		base.DecisionDelay = -1
	}
	if p.Open != nil {
		base.Open = orNone(*p.Open)
	}
	if p.OddIDs != nil {
		if base.OddIDs = *p.OddIDs; base.OddIDs == 0 {
			base.OddIDs = -1 // the plant takes 0 for the profile's own
		}
	}
	return base
}

// orNone turns a 0 that was said into the plant's word for none.
func orNone(n int) int {
	if n == 0 {
		return -1
	}
	return n
}
