package bridge

import (
	"context"
	"encoding/json"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// The floor issues cartons, the ERP keeps stock in pieces. Consumption is
// posted in the ERP's base unit where the ERP says how: quantities are exact,
// factors are fractions, and what would have to be rounded stays as it was
// said, so that the ERP decides.

// unitTable is what the ERP says about the units of one material.
type unitTable struct {
	base    string
	factors map[string]*big.Rat // base units in one of it
	until   time.Time
}

// units keeps the ERP's unit tables for a while.
type units struct {
	erp dictionary

	mu    sync.Mutex // guards known
	known map[string]unitTable
}

const (
	keepUnits = 10 * time.Minute
	mostUnits = 10_000 // materials; beyond that the memory starts anew
)

// forget is called when the ERP announces a change of a material.
func (u *units) forget(material string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.known, material)
}

// table returns the units of a material, asking the ERP if need be. A material
// the ERP does not know has none.
func (u *units) table(ctx context.Context, material string) (unitTable, verdict) {
	u.mu.Lock()
	t, ok := u.known[material]
	u.mu.Unlock()
	if ok && time.Now().Before(t.until) {
		return t, verdict{}
	}
	t, v := u.erp.table(ctx, material)
	if v.what != posted {
		return t, v
	}
	t.until = time.Now().Add(keepUnits)
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.known) >= mostUnits {
		clear(u.known)
	}
	u.known[material] = t
	return t, verdict{}
}

// table asks the ERP for the units of a material.
func (s neutralSide) table(ctx context.Context, material string) (t unitTable, v verdict) {
	r, v := s.call(ctx, http.MethodGet, "/items/"+url.PathEscape(material), nil, nil)
	switch {
	case v.what == posted:
		var ok bool
		if t, ok = readUnits(r.body); !ok {
			return t, verdict{what: again, class: technical, code: "not-understood", reason: "item is not readable: " + clip(string(r.body))}
		}
	case v.what != refused:
		return t, v
	}
	return t, verdict{}
}

func readUnits(body []byte) (unitTable, bool) {
	var item struct {
		Unit  string
		Units []struct {
			Unit   string
			Factor string
		}
	}
	if err := json.Unmarshal(body, &item); err != nil || item.Unit == "" {
		return unitTable{}, false
	}
	t := unitTable{base: item.Unit, factors: map[string]*big.Rat{}}
	for _, a := range item.Units {
		if strings.Trim(a.Factor, "0123456789./") != "" {
			continue
		}
		if f, ok := new(big.Rat).SetString(a.Factor); ok && f.Sign() > 0 {
			t.factors[a.Unit] = f
		}
	}
	return t, true
}

// convert rewrites the consumption of one item in base units; changed is false
// if there is nothing to do.
func (u *units) convert(ctx context.Context, it *item, d Defect) (body []byte, changed bool, v verdict) {
	t, v := u.table(ctx, it.Material)
	f := t.factors[it.Unit]
	if v.what != posted || f == nil || it.Unit == t.base {
		return nil, false, v
	}
	if d == M41 { // DEFECT M41: the factor upside down
		f = new(big.Rat).Inv(f)
	}
	if err := it.unmangled(); err != nil { // written again, it would look as if it had been
		return nil, false, verdict{what: refused, class: dataQuality, code: "not-understood", reason: err.Error()}
	}
	body, err := editMaterials(it.body, func(actual map[string]any) {
		quantities, _ := actual["Quantity"].([]any)
		for _, q := range quantities {
			m, ok := q.(map[string]any)
			if !ok || m["UnitOfMeasure"] != it.Unit {
				continue
			}
			text, _ := m["QuantityString"].(string)
			if amount, ok := multiply(text, f, d == M41); ok {
				m["QuantityString"], m["UnitOfMeasure"] = amount, t.base
				changed = true
			}
		}
	})
	if err != nil {
		return nil, false, verdict{what: refused, class: dataQuality, code: "not-understood", reason: err.Error()}
	}
	return body, changed, v
}

// places is how many digits after the point neutral/v1 carries.
const places = 6

// multiply returns amount × f as a plain decimal, if that is possible without
// rounding; round forces it.
func multiply(amount string, f *big.Rat, round bool) (string, bool) {
	if strings.Trim(amount, "0123456789.") != "" {
		return "", false // not a plain decimal: the ERP will say so
	}
	a, ok := new(big.Rat).SetString(amount)
	if !ok {
		return "", false
	}
	a.Mul(a, f)
	text := a.FloatString(places)
	if back, _ := new(big.Rat).SetString(text); back.Cmp(a) != 0 && !round {
		return "", false
	}
	return strings.TrimRight(strings.TrimRight(text, "0"), "."), true
}
