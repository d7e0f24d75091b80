package d365

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// set is an entity set of OData.
type set struct {
	name   string
	object string   // of the books that it shows
	list   string   // the same for all; "" if there is none and the key is needed
	rows   bool     // each object of the list is one entity, so that the books cut the pages
	by     string   // the property that finds one of the books
	keys   []string // that name one entity

	from, to time.Time // days for which a calendar is asked
}

// sets are the entity sets that can be read. SysMessages is one of the
// customer's own: the product has none for the list of messages that is known
// in public.
var sets = append([]set{
	{name: "ProductionOrderHeaders", object: "order", list: "orders", rows: true, by: "ProductionOrderNumber", keys: []string{"dataAreaId", "ProductionOrderNumber"}},
	{name: "ProductionOrderRouteOperations", object: "order", by: "ProductionOrderNumber", keys: []string{"dataAreaId", "ProductionOrderNumber", "OperationNumber", "OperationPriority"}},
	{name: "ProductionOrderBillOfMaterialLines", object: "order", by: "ProductionOrderNumber", keys: []string{"dataAreaId", "ProductionOrderNumber", "LineNumber"}},
	{name: "ReleasedProductsV2", object: "item", list: "items", rows: true, by: "ItemNumber", keys: []string{"dataAreaId", "ItemNumber"}},
	{name: "ProductSpecificUnitOfMeasureConversions", object: "item", list: "items", by: "ProductNumber", keys: []string{"ProductNumber", "FromUnitSymbol", "ToUnitSymbol"}},
	{name: "ItemBatches", object: "lot", by: "BatchNumber", keys: []string{"dataAreaId", "ItemNumber", "BatchNumber"}},
	{name: "SysMessages", object: "queue", list: "queue", by: "DependencyKey", keys: []string{"dataAreaId", "MessageId"}},
}, masterSets...)

func isData(name string) bool { return name == Data || strings.HasPrefix(name, Data+"/") }

// request is a question as OData words it.
type request struct {
	set    set
	one    bool // it names one entity
	where  []condition
	cross  bool
	count  bool // the number of all is told, too
	number bool // and nothing else: /$count
	top    int  // -1 if all are wanted
	skip   int
	fields []string // nil means all
}

// condition is a comparison of a filter.
type condition struct{ property, operator, value string }

// largestPage is the most entities of one page.
const largestPage = 10_000

// parse reads a question.
func parse(m simulators.Message) (request, error) {
	path, err := url.PathUnescape(strings.TrimPrefix(m.Name, Data+"/"))
	if err != nil {
		return request{}, refuse(codeName, "the path is not readable")
	}
	path, number := strings.CutSuffix(path, "/$count")
	name, key, keyed := strings.Cut(path, "(")
	at := slices.IndexFunc(sets, func(s set) bool { return s.name == name })
	if at < 0 {
		return request{}, refuse(codeName, "no resource was found for the segment '%s'", clip(name))
	}
	r := request{set: sets[at], top: -1, number: number}
	if keyed && number {
		return r, refuse(codeName, "only of lists is there a $count")
	}
	if keyed {
		inner, closed := strings.CutSuffix(key, ")")
		if !closed {
			return request{}, refuse(codeMalformed, "the key of %s does not end", name)
		}
		if r.where, err = keyOf(r.set, inner); err != nil {
			return request{}, refuse(codeMalformed, "%s", err)
		}
		r.one = true
	}
	if err := r.options(m.Params); err != nil {
		return r, err
	}
	if err := r.days(); err != nil {
		return r, refuse(codeQuery, "%s", err)
	}
	return r, nil
}

// keyOf reads dataAreaId='x',ProductionOrderNumber='y'.
func keyOf(s set, text string) (where []condition, err error) {
	for text != "" {
		name, rest, ok := strings.Cut(text, "=")
		if !ok || !slices.Contains(s.keys, name) {
			return nil, fmt.Errorf("the key of %s is %s", s.name, strings.Join(s.keys, ", "))
		}
		value, rest, err := literal(rest)
		if err != nil {
			return nil, err
		}
		where = append(where, condition{name, "eq", value})
		text = strings.TrimPrefix(rest, ",")
		if rest != "" && text == rest {
			return nil, errors.New("parts of a key are separated by commas")
		}
	}
	return where, nil
}

// options reads the query options.
func (r *request) options(params map[string]string) error {
	for _, name := range slices.Sorted(mapKeys(params)) {
		v, err := params[name], error(nil)
		switch name {
		case "$filter":
			var more []condition
			more, err = filter(v)
			r.where = append(r.where, more...)
		case "cross-company":
			r.cross, err = strconv.ParseBool(v)
		case "$count":
			r.count, err = strconv.ParseBool(v)
		case "$top":
			r.top, err = natural(v)
		case "$skip":
			r.skip, err = natural(v)
		case "$select":
			for _, f := range strings.Split(v, ",") {
				r.fields = append(r.fields, strings.TrimSpace(f))
			}
		default:
			if strings.HasPrefix(name, "$") {
				return refuse(codeQuery, "the query option %s is not supported here", clip(name))
			}
		}
		if err != nil {
			return refuse(codeMalformed, "%s: %s", name, err)
		}
	}
	return nil
}

func mapKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func natural(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a number", clip(s))
	}
	return n, nil
}

// filter reads comparisons that are joined by and, in parentheses or not. It knows
// no in, no has, no or and no functions, as little as the real one knows the
// first two.
func filter(text string) (where []condition, err error) {
	for open := 0; ; {
		inside := strings.TrimLeft(text, " (")
		open += strings.Count(text[:len(text)-len(inside)], "(")
		name, rest, _ := strings.Cut(inside, " ")
		op, rest, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
		if name == "" || strings.ContainsAny(name, "()'") || !slices.Contains([]string{"eq", "ne", "gt", "ge", "lt", "le"}, op) {
			return nil, fmt.Errorf("%q is not a comparison such as Property eq 'value', joined by and", clip(text))
		}
		value, rest, err := literal(strings.TrimLeft(rest, " "))
		if err != nil {
			return nil, err
		}
		where = append(where, condition{name, op, value})
		after := strings.TrimLeft(rest, " )")
		open -= strings.Count(rest[:len(rest)-len(after)], ")")
		if open < 0 || open > 0 && after == "" {
			return nil, fmt.Errorf("%q: a parenthesis is missing", clip(text))
		}
		if rest = after; rest == "" {
			return where, nil
		}
		var joined bool
		if text, joined = strings.CutPrefix(rest, "and "); !joined {
			return nil, fmt.Errorf("%q: only and joins comparisons here", clip(rest))
		}
	}
}

// literal reads a text in quotes, a value of an enumeration, or what ends with
// a blank, comma or parenthesis.
func literal(s string) (value, rest string, err error) {
	if q := strings.IndexByte(s, '\''); q > 0 && strings.HasPrefix(s, "Microsoft.Dynamics.DataEntities.") && !strings.ContainsAny(s[:q], " ,") {
		s = s[q:]
	}
	if !strings.HasPrefix(s, "'") {
		end := strings.IndexAny(s, " ,)")
		if end < 0 {
			end = len(s)
		}
		if end == 0 {
			return "", "", errors.New("a value is missing")
		}
		return s[:end], s[end:], nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] != '\'':
			b.WriteByte(s[i])
		case i+1 < len(s) && s[i+1] == '\'': // a quote within
			b.WriteByte('\'')
			i++
		default:
			return b.String(), s[i+1:], nil
		}
	}
	return "", "", errors.New("a text does not end")
}

// question is what a request asks of the books.
func (d Dialect) question(m simulators.Message) (simulators.Ask, error) {
	if m.Name == Data || m.Name == Data+"/" || m.Name == Data+"/$metadata" {
		return simulators.Ask{Query: &simulators.Query{Object: "openapi"}}, nil // nothing of the books
	}
	r, err := parse(m)
	if err != nil {
		return simulators.Ask{}, err
	}
	for _, c := range r.where {
		if r.set.by != "" && c.property == r.set.by && c.operator == "eq" {
			where := map[string]string{"id": c.value}
			if r.set.object == "queue" {
				where = map[string]string{"entity": c.value}
			}
			return simulators.Ask{Query: &simulators.Query{Object: r.set.object, Where: where}}, nil
		}
	}
	if r.set.list == "" {
		return simulators.Ask{}, refuse(codeQuery, "%s are found here by %s eq '…'", r.set.name, r.set.by)
	}
	q := simulators.Query{Object: r.set.list, Where: map[string]string{}}
	if r.paged() {
		q.Fits, q.Counts = func(found any) bool { return d.Settings.sees(r.cross) && len(d.fitting(r, []any{found})) > 0 }, r.top == 0 || r.number
		if r.skip > 0 {
			q.Where["offset"] = strconv.Itoa(r.skip)
		}
		if r.top > 0 {
			q.Where["limit"] = strconv.Itoa(r.top)
		}
	} else {
		q.Where[simulators.WherePage] = strconv.Itoa(math.MaxInt32) // its pages are cut here
	}
	return simulators.Ask{Query: &q}, nil
}

// paged reports whether the books cut the pages of a list. Otherwise they find
// all of it, and the entities are counted here.
func (r request) paged() bool {
	if !r.set.rows {
		return false
	}
	for _, c := range r.where {
		if r.set.by != "" && c.property == r.set.by && c.operator == "eq" {
			return false // one object
		}
	}
	return true
}
