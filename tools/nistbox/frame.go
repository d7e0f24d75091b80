package main

import (
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// frame is the part of the profile that was not recorded.
func frame() *plant.Profile {
	kg := plant.AltUnit{Unit: "BAG", Factor: plant.Factor{Num: 25, Den: 1}}
	carton := plant.AltUnit{Unit: "CT", Factor: plant.Factor{Num: 12, Den: 1}}
	return &plant.Profile{
		Name: "nist-box",
		Description: "The recorded run of 20 boxes, covers and plates on two machining centers: real cycle times by piece and real first-article inspections, " +
			"among them 19 of 20 plates that fail a cone angle.",
		Acknowledgement: []string{
			"Cycle times, serials and inspection results are derived from data of the Smart Manufacturing Systems (SMS) Test Bed of the National Institute of " +
				"Standards and Technology (NIST), U.S. Department of Commerce: usnistgov/smstestbed, tdp/mtc/Split and tdp/mtc/FAIR, commit 968279f.",
			"This is a modified work. NIST has not endorsed it, and provides the data as a public service without warranty.",
			"People, materials, bills of material, queues, bookings and decisions are made up.",
		},
		Site: "Box Line", Zone: "America/New_York",
		Shifts: []plant.Shift{{
			Name: "day", Start: 6 * 60, End: 18 * 60,
			Days: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday},
		}},
		Every:    plant.Value{Dist: "exponential", Params: []float64{240}},
		Quantity: plant.FixedValue(20),
		Open:     2,
		Receipts: plant.Value{Dist: "uniform", Params: []float64{1, 4}},
		People:   12,
		Reasons:  []string{"DIM-OVER", "DIM-UNDER", "CONE-ANGLE", "SURFACE", "HANDLING"},
		Materials: []plant.ProfileMaterial{
			{ID: "000000000000601", Description: "Blank, aluminium 6061", Unit: "EA", Units: []plant.AltUnit{carton}, LotSize: plant.Whole(150)},
			{ID: "000000000000702", Description: "Blasting media", Unit: "KG", Units: []plant.AltUnit{kg}, Decimals: 3, LotSize: plant.Whole(60)},
			{ID: "000000000000810", Description: "Threaded insert", Unit: "EA", Units: []plant.AltUnit{carton}, LotSize: plant.Whole(300)},
		},
		Booking: plant.Booking{
			Single: 0.2, More: plant.Value{Dist: "uniform", Params: []float64{0, 3}}, Zero: 0.1,
			Queue: plant.Value{Dist: "lognormal", Params: []float64{0.8, 25}}, Another: 0.1,
		},
		Rejects: plant.Rejects{Rework: 0.1, Breakage: 0.1},
		Inspection: plant.Inspection{
			HoldAbove: 0.1, Hold: 1, Decisions: []plant.Decision{plant.DecideUseAsIs, plant.DecideUseAsIs, plant.DecideUseAsIs, plant.DecideRelease},
		},
	}
}
