package bridge

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// releasedProduct is a released product as it is listed. The last four are columns of
// the customer's.
type releasedProduct struct {
	ItemNumber, ProductSearchName, InventoryUnitSymbol, TrackingDimensionGroupName, ProductLifecycleStateId string

	AndonRevision, AndonModifiedDateTime string
	AndonDecimals, AndonVersion          int
}

// materials reads products in the order of their keys, again and again from the
// first, since nothing there says what has changed. A page begins behind the
// last key of the one before, and not at the next link: that is a number of
// rows, which means other ones once the list has shifted.
func (s *messageSide) materials(ctx context.Context, at string, rows int) (page []listedMaterial, next string, end bool, v verdict) {
	q := url.Values{"cross-company": {"true"}, "$top": {strconv.Itoa(rows)}}
	if at != "" {
		q.Set("$filter", "ItemNumber gt "+quoted(at))
	}
	path := "/data/ReleasedProductsV2?" + q.Encode()
	r, v := s.patiently(ctx, http.MethodGet, strings.ReplaceAll(path, "+", "%20"), nil, nil)
	if v.what != posted {
		return nil, at, true, v
	}
	var list struct{ Value []releasedProduct }
	if json.Unmarshal(r.body, &list) != nil || list.Value == nil {
		return nil, at, true, notRead("list is not readable: " + clip(string(r.body)))
	}
	units, v := s.conversions(ctx, list.Value)
	if v.what != posted {
		return nil, at, true, v
	}
	for _, p := range list.Value {
		if p.ItemNumber == "" || p.InventoryUnitSymbol == "" || p.AndonVersion > 0 && p.AndonModifiedDateTime == "" {
			return nil, at, true, notRead("list has a product without number, unit or time of change")
		}
		page, next = append(page, p.listed(units[p.ItemNumber])), p.ItemNumber
	}
	switch {
	case s.defect == M134: // DEFECT M134: a page is a list
		return page, "", true, v
	case len(list.Value) < rows:
		return page, "", true, v
	}
	return page, next, false, v
}

// conversions are the units of those products of a page that were changed.
func (s *messageSide) conversions(ctx context.Context, page []releasedProduct) (map[string][]struct{ Unit, Factor string }, verdict) {
	found := map[string][]struct{ Unit, Factor string }{}
	changed := false
	for _, p := range page {
		changed = changed || p.AndonVersion > 0
	}
	if !changed {
		return found, verdict{}
	}
	var all []struct {
		ProductNumber, FromUnitSymbol string
		Numerator, Denominator        json.Number
	}
	filter := "ProductNumber ge " + quoted(page[0].ItemNumber) + " and ProductNumber le " + quoted(page[len(page)-1].ItemNumber)
	v := s.read(ctx, "/data/ProductSpecificUnitOfMeasureConversions", filter, &all)
	for _, c := range all {
		found[c.ProductNumber] = append(found[c.ProductNumber], struct{ Unit, Factor string }{c.FromUnitSymbol, c.Numerator.String() + "/" + c.Denominator.String()})
	}
	return found, v
}

// listed is the product as a row of a list.
func (p releasedProduct) listed(units []struct{ Unit, Factor string }) listedMaterial {
	tracked := p.TrackingDimensionGroupName
	return listedMaterial{ID: p.ItemNumber, Description: p.ProductSearchName, Revision: p.AndonRevision, Unit: p.InventoryUnitSymbol, Decimals: p.AndonDecimals, Lots: strings.HasPrefix(tracked, "Batch"),
		Serials: strings.HasSuffix(tracked, "Serial"), Retired: p.ProductLifecycleStateId == "Obsolete", Units: units, Version: p.AndonVersion, Changed: p.AndonModifiedDateTime}
}
