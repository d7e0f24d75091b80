package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

var _ designer = (*messageSide)(nil)

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
	found, more, v := dataPage[releasedProduct](ctx, s, "ReleasedProductsV2", behind("ItemNumber", at), rows)
	if v.what != posted {
		return nil, at, true, v
	}
	units, v := s.conversions(ctx, found)
	if v.what != posted {
		return nil, at, true, v
	}
	for _, p := range found {
		if p.ItemNumber == "" || p.InventoryUnitSymbol == "" || p.AndonVersion > 0 && p.AndonModifiedDateTime == "" {
			return nil, at, true, notRead("list has a product without number, unit or time of change")
		}
		page, next = append(page, p.listed(units[p.ItemNumber])), p.ItemNumber
	}
	next, end = s.onward(next, more)
	return page, next, end, v
}

// onward is where to go on behind a key.
func (s *messageSide) onward(key string, more bool) (next string, end bool) {
	if !more || s.defect == M134 { // DEFECT M134: a page is a list
		return "", true
	}
	return key, false
}

// behind is a filter for what has a greater key than at; none if that is empty.
func behind(key, at string) string {
	if at == "" {
		return ""
	}
	return key + " gt " + quoted(at)
}

// dataPage reads the first of what a filter finds, rows at most. More says that
// there are more: a page may be shorter than what was asked for and not be the
// last, which its next link tells.
func dataPage[T any](ctx context.Context, s *messageSide, set, filter string, rows int) (page []T, more bool, v verdict) {
	q := url.Values{"cross-company": {"true"}, "$top": {strconv.Itoa(rows)}}
	if filter != "" {
		q.Set("$filter", filter)
	}
	r, v := s.patiently(ctx, http.MethodGet, "/data/"+set+"?"+strings.ReplaceAll(q.Encode(), "+", "%20"), nil, nil)
	if v.what != posted {
		return nil, false, v
	}
	var list struct {
		Value []T
		Next  string `json:"@odata.nextLink"`
	}
	if json.Unmarshal(r.body, &list) != nil || list.Value == nil {
		return nil, false, notRead("list is not readable: " + clip(string(r.body)))
	}
	if s.defect == M150 { // DEFECT M150: who gets less than asked for has got the rest
		list.Next = ""
	}
	return list.Value, len(list.Value) > 0 && (list.Next != "" || len(list.Value) >= rows), v
}

// dataOf reads all that a filter finds, page by page behind the last key, which
// key words as a filter does.
func dataOf[T any](ctx context.Context, s *messageSide, set, filter, by string, rows int, key func(T) string) (all []T, v verdict) {
	for where := filter; ; {
		page, more, v := dataPage[T](ctx, s, set, where, rows)
		if v.what != posted {
			return nil, v
		}
		all = append(all, page...)
		if !more || s.defect == M134 {
			return all, v
		}
		where = filter + " and " + by + " gt " + key(page[len(page)-1])
	}
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

// header is a bill of material, a route or a calendar as it is listed, without
// its lines or hours.
type header struct {
	BOMId, RouteId, CalendarId           string
	AndonTimeZone, AndonModifiedDateTime string
	AndonVersion                         int
}

func (h header) id() string { return h.BOMId + h.RouteId + h.CalendarId }

// bills reads bills of material, and routings routes, in the order of their
// keys, again and again. The lines of those of which we do not have the version
// are read by themselves.
func (s *messageSide) bills(ctx context.Context, at string, rows int) (page []listedRow, next string, end bool, v verdict) {
	return s.headed(ctx, at, rows, "BillOfMaterialsHeaders", "BOMId", kindBill, s.billLines)
}

func (s *messageSide) routings(ctx context.Context, at string, rows int) (page []listedRow, next string, end bool, v verdict) {
	return s.headed(ctx, at, rows, "RouteHeaders", "RouteId", kindRouting, s.routeLines)
}

// headed reads a page of headers, and below those that are new what belongs to
// them. That comes of several sets, so that it may be of another version by
// then: what is not the same before and after is left to the next pass.
func (s *messageSide) headed(ctx context.Context, at string, rows int, set, by, kind string, below func(context.Context, header, int) ([]listedRow, verdict)) (page []listedRow, next string, end bool, v verdict) {
	found, more, v := dataPage[header](ctx, s, set, behind(by, at), rows)
	if v.what != posted {
		return nil, at, true, v
	}
	for _, h := range found {
		next = h.id()
		if next == "" || h.AndonVersion > 0 && h.AndonModifiedDateTime == "" {
			return nil, at, true, notRead("list has a row without key or time of change")
		}
		had, v := s.store.hasVersion(ctx, kind, next, h.AndonVersion)
		if v.what != posted {
			return nil, at, true, v
		}
		if had {
			continue
		}
		documents, v := below(ctx, h, rows)
		if v.what != posted {
			return nil, at, true, v
		}
		var still []header
		if v := s.read(ctx, "/data/"+set, by+" eq "+quoted(next), &still); v.what != posted {
			return nil, at, true, v
		}
		if len(still) == 1 && still[0].AndonVersion == h.AndonVersion {
			page = append(page, documents...)
		}
	}
	next, end = s.onward(next, more)
	return page, next, end, v
}

// billLines reads what belongs to a bill of material. Its lines are for as many
// as they say, in the unit of the product.
func (s *messageSide) billLines(ctx context.Context, h header, rows int) (all []listedRow, v verdict) {
	type component struct {
		LineNumber                    int
		ItemNumber, ProductUnitSymbol string
		RouteOperationNumber          int
		Quantity, QuantityDenominator json.Number
	}
	filter := "BOMId eq " + quoted(h.BOMId)
	lines, v := dataOf(ctx, s, "BillOfMaterialsLines", filter, "LineNumber", rows, func(l component) string { return strconv.Itoa(l.LineNumber) })
	if v.what != posted {
		return nil, v
	}
	var of []struct{ ManufacturedItemNumber, IsActive string }
	if v := s.read(ctx, "/data/BillOfMaterialsVersions", filter, &of); v.what != posted {
		return nil, v
	}
	pieces, below := "1", []line(nil)
	for _, c := range lines {
		pieces = c.QuantityDenominator.String()
		below = append(below, line{"CMP", fmt.Sprintf("%04d", c.RouteOperationNumber), c.ItemNumber, c.Quantity.String(), c.ProductUnitSymbol})
	}
	for _, p := range of {
		if p.IsActive != "Yes" {
			continue
		}
		var products []releasedProduct
		if v := s.read(ctx, "/data/ReleasedProductsV2", "ItemNumber eq "+quoted(p.ManufacturedItemNumber), &products); v.what != posted {
			return nil, v
		}
		if len(products) != 1 {
			return nil, notRead("bill of material " + h.BOMId + " is of a product that is not there")
		}
		version := strconv.Itoa(h.AndonVersion)
		row, err := design(line{"BOM", kindBill + "/" + p.ManufacturedItemNumber + "/" + version, h.AndonModifiedDateTime, p.ManufacturedItemNumber, version, pieces, products[0].InventoryUnitSymbol}, below)
		if err != nil {
			return nil, notRead(err.Error())
		}
		all = append(all, row)
	}
	return all, v
}

// routeLines reads what belongs to a route: its operations, and what those
// take.
func (s *messageSide) routeLines(ctx context.Context, h header, rows int) (all []listedRow, v verdict) {
	type operation struct {
		OperationNumber               int
		OperationId, AndonDescription string
		AndonInspection               string
	}
	type taken struct {
		OperationId, CostingOperationResourceId string
		SetupTime, ProcessTime                  json.Number // hours
	}
	filter := "RouteId eq " + quoted(h.RouteId)
	operations, v := dataOf(ctx, s, "RouteOperations", filter, "OperationNumber", rows, func(o operation) string { return strconv.Itoa(o.OperationNumber) })
	if v.what != posted {
		return nil, v
	}
	properties, v := dataOf(ctx, s, "RouteOperationsProperties", filter, "OperationId", rows, func(p taken) string { return quoted(p.OperationId) })
	if v.what != posted {
		return nil, v
	}
	var of []struct{ ItemNumber, IsActive string }
	if v := s.read(ctx, "/data/RouteVersionsV2", filter, &of); v.what != posted {
		return nil, v
	}
	takes := map[string]taken{}
	for _, p := range properties {
		takes[p.OperationId] = p
	}
	var below []line
	for _, o := range operations {
		p := takes[o.OperationId]
		below = append(below, line{"OPR", fmt.Sprintf("%04d", o.OperationNumber), o.AndonDescription, p.CostingOperationResourceId, inSeconds(p.SetupTime), inSeconds(p.ProcessTime), sapFlag(o.AndonInspection == "Yes")})
	}
	for _, p := range of {
		if p.IsActive != "Yes" {
			continue
		}
		version := strconv.Itoa(h.AndonVersion)
		row, err := design(line{"RTG", kindRouting + "/" + p.ItemNumber + "/" + version, h.AndonModifiedDateTime, p.ItemNumber, version}, below)
		if err != nil {
			return nil, notRead(err.Error())
		}
		all = append(all, row)
	}
	return all, v
}
