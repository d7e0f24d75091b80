package bridge

// Absent is a mistake of the catalogue that cannot be planted here, because
// nothing around the bridge could bring it to light.
type Absent struct {
	DefectInfo
	Why string // what is missing
}

// NotPlanted lists them, so that nobody takes what was never tried for
// something that is detected.
func NotPlanted() []Absent {
	return []Absent{
		{DefectInfo{"M54", "bad quality ignored", "uses values of an OPC UA server whose status is bad or uncertain", "a bad status", []string{"field-fidelity"}},
			"there is no OPC UA endpoint yet"},
	}
}
