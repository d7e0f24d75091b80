package bridge

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Lists of what engineering has written down.
const (
	sapBills = sapRoot + "API_BILL_OF_MATERIAL_SRV;v=0002/MaterialBOM"
	sapWays  = sapRoot + "API_PRODUCTION_ROUTING/ProductionRoutingHeader"
)

var _ designer = (*sapSide)(nil)

// A sapList is a list that tells when its records have changed. A pass begins
// with those that changed when the newest one seen did, and goes on where the
// ERP says: its token means the same record however the list has shifted
// meanwhile.
type sapList struct {
	path    string
	expand  string
	changed string // the property that says when
	literal func(at string) string
}

var (
	listOfProducts = sapList{sapProducts, "to_Description,to_ProductUnitsOfMeasure", "LastChangeDateTime", sapSince}
	listOfBills    = sapList{sapBills, "to_BillOfMaterialItem", "LastChangeDateTime", sapSince}
	// What the list of routings is filtered by is the day of their change, so
	// that a pass begins with all that have changed on the day of the newest one.
	listOfWays = sapList{sapWays, "to_MatlAssgmt,to_Sequence/to_Operation", "LastChangeDate", sapSinceDay}
)

func sapSince(at string) string { return "datetimeoffset'" + at + "'" }

func sapSinceDay(at string) string {
	day, _, _ := strings.Cut(at, "T")
	return "datetime'" + day + "T00:00:00'"
}

// sapPage reads the page of a list at which p is.
func sapPage[T any](ctx context.Context, s *sapSide, l sapList, p pass, rows int) (page []T, next string, v verdict) {
	path := p.Next
	if path == "" {
		path = s.changed(l, p, rows)
	}
	r, v := s.call(ctx, http.MethodGet, path, http.Header{"Accept": {"application/json"}}, nil)
	if v.what != posted {
		return nil, "", v
	}
	var list struct {
		D struct {
			Results []T
			Next    string `json:"__next"`
		}
	}
	if json.Unmarshal(r.body, &list) != nil || list.D.Results == nil {
		return nil, "", notRead("list is not readable: " + clip(string(r.body)))
	}
	return list.D.Results, list.D.Next, v
}

// changed is the address of the first page of a pass.
func (s *sapSide) changed(l sapList, p pass, rows int) string {
	q := "$orderby=" + l.changed
	if l.expand != "" {
		q += "&$expand=" + l.expand
	}
	if p.Since != "" {
		op := "ge"
		if s.defect == M35 {
			op = "gt"
		}
		q += "&$filter=" + strings.ReplaceAll(url.QueryEscape(l.changed+" "+op+" "+l.literal(p.Since)), "+", "%20")
	}
	if s.defect == M36 {
		q += "&$top=" + strconv.Itoa(rows) + "&$skip=" + strconv.Itoa(p.Skip)
	}
	return l.path + "?" + q
}

// onward is where to go on after a page whose records have changed at these
// times, with the next page at next.
func (s *sapSide) onward(p pass, changes []string, next string, rows int) (cursor string, end bool) {
	switch q := p.saw(changes); {
	case s.defect == M36: // DEFECT M36: a row that leaves an earlier page pulls all others forward
		q = p.counted(changes, rows)
		return q.String(), q.Skip == 0
	case s.defect == M35 && len(changes) > 0: // DEFECT M35: others may have changed in that second
		return q.ended().String(), q.ended().Since == p.Since
	case next == "" || s.defect == M134: // DEFECT M134: a page is a list
		return q.ended().String(), true
	case s.defect == M150 && len(changes) < rows: // DEFECT M150: pages have so many rows, so that a shorter one is the last
		return q.ended().String(), true
	default:
		q.Next = next
		return q.String(), false
	}
}

// sapRows reads a page of a list: of each record the rows that it stands for,
// and when it was changed.
func sapRows[T, R any](ctx context.Context, s *sapSide, l sapList, at string, rows int, of func(T) ([]R, string, verdict)) (page []R, next string, end bool, v verdict) {
	p := passFrom(at)
	found, link, v := sapPage[T](ctx, s, l, p, rows)
	if v.what != posted {
		return nil, at, true, v
	}
	var changes []string
	for _, one := range found {
		rs, changed, v := of(one)
		if v.what != posted {
			return nil, at, true, v
		}
		page, changes = append(page, rs...), append(changes, changed)
	}
	next, end = s.onward(p, changes, link, rows)
	return page, next, end, v
}

// materials reads products as they were changed.
func (s *sapSide) materials(ctx context.Context, at string, rows int) ([]listedMaterial, string, bool, verdict) {
	return sapRows(ctx, s, listOfProducts, at, rows, func(p sapProduct) ([]listedMaterial, string, verdict) {
		if p.Product == "" || p.BaseUnit == "" || p.Version > 0 && p.LastChangeDateTime == "" {
			return nil, "", notRead("list has a product without key, unit or time of change")
		}
		m := p.listed()
		return []listedMaterial{m}, m.Changed, verdict{what: posted}
	})
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

// sapBill is a bill of material as it is read.
type sapBill struct {
	Material, BOMHeaderBaseUnit, BOMHeaderQuantityInBaseUnit, LastChangeDateTime string
	Version                                                                      int `json:"YY1_Version_BOM"`
	Items                                                                        struct {
		Results []struct {
			BillOfMaterialComponent, BillOfMaterialItemQuantity, BillOfMaterialItemUnit string
			Operation                                                                   string `json:"YY1_Operation_BOI"`
		}
	} `json:"to_BillOfMaterialItem"`
}

// bills reads bills of material as they were changed, each with its items.
func (s *sapSide) bills(ctx context.Context, at string, rows int) ([]listedRow, string, bool, verdict) {
	return sapRows(ctx, s, listOfBills, at, rows, func(b sapBill) ([]listedRow, string, verdict) {
		changed := sapDate(b.LastChangeDateTime)
		if b.Material == "" || b.BOMHeaderBaseUnit == "" || b.Version > 0 && (changed == "" || b.Items.Results == nil) {
			return nil, "", notRead("list has a bill of material without material, unit, items or time of change")
		}
		version := strconv.Itoa(b.Version)
		l, below := line{"BOM", kindBill + "/" + b.Material + "/" + version, changed, b.Material, version, plainNumber(b.BOMHeaderQuantityInBaseUnit), b.BOMHeaderBaseUnit}, []line(nil)
		for _, c := range b.Items.Results {
			below = append(below, line{"CMP", c.Operation, c.BillOfMaterialComponent, plainNumber(c.BillOfMaterialItemQuantity), c.BillOfMaterialItemUnit})
		}
		row, err := design(l, below)
		if err != nil {
			return nil, "", notRead(err.Error())
		}
		return []listedRow{row}, changed, verdict{what: posted}
	})
}

// sapWay is a routing as it is read.
type sapWay struct {
	ProductionRoutingGroup, LastChangeDate string
	Version                                int                                          `json:"YY1_Version_RTG"`
	ChangedAt                              string                                       `json:"YY1_ChangedAt_RTG"`
	Assignments                            struct{ Results []struct{ Product string } } `json:"to_MatlAssgmt"`
	Sequences                              struct {
		Results []struct {
			Operations struct {
				Results []struct {
					Operation, OperationText, WorkCenterInternalID string
					StandardWorkQuantity1, StandardWorkQuantity2   string
					Inspect                                        bool `json:"YY1_Inspect_RTO"`
				}
			} `json:"to_Operation"`
		}
	} `json:"to_Sequence"`
}

// routings reads routings as they were changed, each with its operations, once
// for every material that is made by it.
func (s *sapSide) routings(ctx context.Context, at string, rows int) ([]listedRow, string, bool, verdict) {
	return sapRows(ctx, s, listOfWays, at, rows, func(w sapWay) (made []listedRow, changed string, v verdict) {
		if w.ProductionRoutingGroup == "" || w.Version > 0 && (w.LastChangeDate == "" || w.ChangedAt == "" || len(w.Assignments.Results) == 0 || len(w.Sequences.Results) == 0) {
			return nil, "", notRead("list has a routing without group, material, sequence or time of change")
		}
		var below []line
		for _, q := range w.Sequences.Results {
			for _, o := range q.Operations.Results {
				below = append(below, line{"OPR", o.Operation, o.OperationText, o.WorkCenterInternalID, seconds(o.StandardWorkQuantity1), seconds(o.StandardWorkQuantity2), sapFlag(o.Inspect)})
			}
		}
		version := strconv.Itoa(w.Version)
		for _, of := range w.Assignments.Results {
			row, err := design(line{"RTG", kindRouting + "/" + of.Product + "/" + version, sapDate(w.ChangedAt), of.Product, version}, below)
			if err != nil {
				return nil, "", notRead(err.Error())
			}
			made = append(made, row)
		}
		return made, sapDate(w.LastChangeDate), verdict{what: posted}
	})
}
