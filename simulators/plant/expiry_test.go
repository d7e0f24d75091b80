package plant

import (
	"testing"
	"time"
)

// TestLotsExpireAtMidnight: of each material the lot in use expires at the
// plant's midnight. It is used before and never after, and everything else of
// the run is as it would have been.
func TestLotsExpireAtMidnight(t *testing.T) {
	for _, profile := range Profiles() {
		before, after := 0, 0
		for seed := range uint64(8) {
			zone, err := time.LoadLocation("America/Chicago")
			if err != nil {
				t.Fatal(err)
			}
			cfg := Config{Profile: profile, Seed: seed, Orders: 12, Zone: "America/Chicago", Start: time.Date(2026, 3, 2, 20, 30, 0, 0, zone), Shift: 12 * time.Hour}
			plain := mustNew(t, cfg)
			cfg.Expiring = true
			f := mustNew(t, cfg)
			edge := time.Date(2026, 3, 3, 0, 0, 0, 0, zone)
			fresh := map[LotID]Lot{}
			for _, l := range plain.Master().Lots {
				fresh[l.ID] = l
			}
			expiring := map[LotID]bool{}
			for _, l := range f.Master().Lots {
				if l.Expires.Equal(edge) {
					expiring[l.ID] = true
					if was := fresh[l.ID]; was.Quantity != l.Quantity || was.Material != l.Material {
						t.Errorf("%s, seed %d: lot %v was %v", profile, seed, l, was)
					}
				}
			}
			c := newChecker(f.Master())
			for _, e := range drain(f) {
				c.see(t, e) // also that no lot is used that has expired
				if used, ok := e.Fact.(Consumed); ok {
					switch {
					case expiring[used.Lot]:
						before++
					case !e.At.Before(edge):
						after++
					}
				}
			}
			c.close(t)
			if w := f.Waiting(); len(w) > 0 {
				t.Errorf("%s, seed %d: %v", profile, seed, w)
			}
		}
		if before < 40 || after < 40 {
			t.Errorf("%s: lots used %d times before they expire, others %d times afterwards", profile, before, after)
		}
	}
}
