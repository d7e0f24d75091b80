package kpi

// headlines names, for each row, the measures that stand for it where there is
// room for one: the first of them that the row has.
var headlines = map[string][]string{
	"K1": {"max", "released and never dispatched"}, "K2": {"at last"}, "K5": {"in the books max", "never in the books"}, "K6": {"shown within 15 min"},
	"K8": {"never resolved"}, "K12": {"per second while the plant played"}, "K16": {"OEE: truth", "quality: apart", "performance: apart"},
}

// Headline is the measure that stands for the row; false if it has none.
func (r Row) Headline() (Measure, bool) {
	for _, name := range headlines[r.ID] {
		for _, m := range r.Measures {
			if m.Name == name {
				return m, true
			}
		}
	}
	if len(r.Measures) == 0 {
		return Measure{}, false
	}
	return r.Measures[0], true
}
