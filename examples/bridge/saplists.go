package bridge

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// materials reads products as they were changed. A pass begins with those that
// changed in the second of the newest one seen, and goes on where the ERP says:
// its token means the same record however the list has shifted meanwhile.
func (s *sapSide) materials(ctx context.Context, at string, rows int) (page []listedMaterial, next string, end bool, v verdict) {
	p := passFrom(at)
	path := p.Next
	if path == "" {
		path = s.changed(p, rows)
	}
	r, v := s.call(ctx, http.MethodGet, path, http.Header{"Accept": {"application/json"}}, nil)
	if v.what != posted {
		return nil, at, true, v
	}
	var list struct {
		D struct {
			Results []sapProduct
			Next    string `json:"__next"`
		}
	}
	if json.Unmarshal(r.body, &list) != nil || list.D.Results == nil {
		return nil, at, true, notRead("list is not readable: " + clip(string(r.body)))
	}
	for _, m := range list.D.Results {
		if m.Product == "" || m.BaseUnit == "" || m.Version > 0 && m.LastChangeDateTime == "" {
			return nil, at, true, notRead("list has a product without key, unit or time of change")
		}
		page = append(page, m.listed())
	}
	switch q := p.saw(page); {
	case s.defect == M36: // DEFECT M36: a row that leaves an earlier page pulls all others forward
		q = p.counted(page, rows)
		return page, q.String(), q.Skip == 0, v
	case s.defect == M35 && len(page) > 0: // DEFECT M35: others may have changed in that second
		return page, q.ended().String(), q.ended().Since == p.Since, v
	case list.D.Next == "" || s.defect == M134: // DEFECT M134: a page is a list
		return page, q.ended().String(), true, v
	default:
		q.Next = list.D.Next
		return page, q.String(), false, v
	}
}

// changed is the address of the first page of a pass.
func (s *sapSide) changed(p pass, rows int) string {
	q := "$expand=to_Description,to_ProductUnitsOfMeasure&$orderby=LastChangeDateTime"
	if p.Since != "" {
		op := "ge"
		if s.defect == M35 {
			op = "gt"
		}
		q += "&$filter=" + strings.ReplaceAll(url.QueryEscape("LastChangeDateTime "+op+" datetimeoffset'"+p.Since+"'"), "+", "%20")
	}
	if s.defect == M36 {
		q += "&$top=" + strconv.Itoa(rows) + "&$skip=" + strconv.Itoa(p.Skip)
	}
	return sapProducts + "?" + q
}

// listed is the product as a row of a list.
func (p sapProduct) listed() listedMaterial {
	m := listedMaterial{ID: p.Product, Revision: p.Revision, Unit: p.BaseUnit, Decimals: p.Decimals, Lots: p.IsBatchManagementRequired, Serials: p.SerialNumberProfile != "",
		Retired: p.IsMarkedForDeletion, Version: p.Version, Changed: sapDate(p.LastChangeDateTime)}
	if len(p.Description.Results) > 0 {
		m.Description = p.Description.Results[0].ProductDescription
	}
	for _, u := range p.Units.Results {
		m.Units = append(m.Units, struct{ Unit, Factor string }{u.AlternativeUnit, plainNumber(u.QuantityNumerator) + "/" + plainNumber(u.QuantityDenominator)})
	}
	return m
}
