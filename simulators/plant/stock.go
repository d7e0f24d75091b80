package plant

import (
	"fmt"
	"strings"
	"time"
)

// shelf holds the lots of one bought material. Lots are made as orders need
// them, each from a stream of its own, so that one more order can only add
// lots behind those that exist.
type shelf struct {
	material ProfileMaterial
	lots     []Lot // usable ones, first in first out
	left     []Decimal
	first    int // first lot with something left
	dead     []Lot
	safety   int // index of the lot kept for what nobody planned; -1 until it exists
}

// portion is an amount of one lot, in base units.
type portion struct {
	lot    LotID
	amount Decimal
}

func (s *shop) newShelf(m ProfileMaterial) *shelf {
	luck := newStream(s.cfg.Seed, string(m.ID), "dead stock")
	sh := &shelf{material: m, safety: -1}
	part := sh.grains(Decimal(float64(m.LotSize) * (0.1 + 0.3*luck.unit())))
	expired := s.cfg.Start.AddDate(0, 0, -5-luck.below(60))
	sh.dead = []Lot{
		{s.lotID(m.ID, 8, 1), m.ID, LotUnrestricted, part, midnight(expired)},
		{s.lotID(m.ID, 8, 2), m.ID, LotBlocked, part, midnight(s.cfg.Start.AddDate(1, 0, 0))},
	}
	return sh
}

// lotID numbers the lots of a run: the run's own prefix, a digit for the
// material's place in the profile and one for the range, padded with zeros as
// the systems around do.
func (s *shop) lotID(material ItemID, digit, n int) LotID {
	place := 0
	for i := range s.profile.Materials {
		if s.profile.Materials[i].ID == material {
			place = i + 1
		}
	}
	for i := range s.semis {
		if s.semis[i].ID == material {
			place = len(s.profile.Materials) + i + 1
		}
	}
	return LotID(padded(fmt.Sprintf("%s%02d%d%04d", s.cfg.Run, place, digit, n), 14))
}

func padded(id string, width int) string {
	return strings.Repeat("0", max(0, width-len(id))) + id
}

func midnight(t time.Time) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, t.Location())
}

// grain is the smallest amount an item is measured in.
func grain(decimalPlaces int) Decimal {
	g := One
	for range decimalPlaces {
		g /= 10
	}
	return g
}

func (sh *shelf) grains(d Decimal) Decimal {
	g := grain(sh.material.Decimals)
	return max(d/g, 1) * g
}

// take sets amount aside from the oldest lots, and makes new lots when they
// are used up. It is for planning before the run only.
func (s *shop) take(sh *shelf, amount Decimal) []portion {
	var portions []portion
	for amount > 0 {
		if sh.first == len(sh.lots) {
			s.grow(sh)
		}
		n := min(amount, sh.left[sh.first])
		portions = append(portions, portion{sh.lots[sh.first].ID, n})
		sh.left[sh.first] -= n
		amount -= n
		if sh.left[sh.first] == 0 {
			sh.first++
		}
	}
	return portions
}

func (s *shop) grow(sh *shelf) {
	luck := newStream(s.cfg.Seed, string(sh.material.ID), fmt.Sprintf("lot %d", len(sh.lots)))
	size := sh.grains(Decimal(float64(sh.material.LotSize) * (0.7 + 0.6*luck.unit())))
	lot := Lot{ID: s.lotID(sh.material.ID, 1, len(sh.lots)+1), Material: sh.material.ID, Status: LotUnrestricted, Quantity: size}
	if luck.chance(0.7) {
		lot.Expires = midnight(s.cfg.Start.AddDate(0, 0, 120+luck.below(300)))
	}
	if s.cfg.Expiring && len(sh.lots) == 0 {
		lot.Expires = midnight(s.cfg.Start.AddDate(0, 0, 1))
		s.expiring[lot.ID] = lot.Expires
	}
	sh.lots = append(sh.lots, lot)
	sh.left = append(sh.left, size)
}

// expired reports whether a lot has expired in the run: nobody uses it any
// more, unless by mistake.
func (s *shop) expired(lot LotID) bool {
	at, expires := s.expiring[lot]
	return expires && !s.Now().Before(at)
}

// keepSafety adds the lot for what nobody planned: a larger order, or a lot
// that quality has scrapped or that has expired.
func (s *shop) keepSafety(sh *shelf) {
	size := sh.material.LotSize.Times(20)
	sh.safety = len(sh.lots)
	sh.lots = append(sh.lots, Lot{ID: s.lotID(sh.material.ID, 9, 1), Material: sh.material.ID, Status: LotUnrestricted, Quantity: size})
	sh.left = append(sh.left, size)
}

// spare sets amount aside from the safety lot; false when it is used up.
func (sh *shelf) spare(amount Decimal) (portion, bool) {
	if sh.safety < 0 || sh.left[sh.safety] < amount {
		return portion{}, false
	}
	sh.left[sh.safety] -= amount
	return portion{sh.lots[sh.safety].ID, amount}, true
}
