package rewording

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators/plant"
)

// facts are what a message is known to state, whatever its words.
type facts struct {
	amounts []plant.Decimal
	ids     []string // of orders, lots, materials, …, in the order of the plant's terms
	all     []string // every text that is the plant's and not the interface's
}

// stated gathers what events state.
func stated(events []plant.Event) (f facts) {
	for _, e := range events {
		f.all = append(f.all, string(e.ID))
		f.gather(reflect.ValueOf(e.Fact))
	}
	return f
}

var quantityType = reflect.TypeFor[plant.Quantity]()

func (f *facts) gather(v reflect.Value) {
	switch {
	case !v.IsValid():
	case v.Type() == quantityType:
		q := v.Interface().(plant.Quantity)
		if q.Amount != 0 {
			f.amounts = append(f.amounts, q.Amount)
		}
		f.all = append(f.all, string(q.Unit))
	case v.Kind() == reflect.String:
		if v.String() == "" {
			return
		}
		f.all = append(f.all, v.String())
		if strings.HasSuffix(v.Type().Name(), "ID") {
			f.ids = append(f.ids, v.String())
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				f.gather(v.Field(i))
			}
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			f.gather(v.Index(i))
		}
	case v.Kind() == reflect.Pointer, v.Kind() == reflect.Interface:
		f.gather(v.Elem())
	}
}

// Names that mean the same wherever interfaces are written.
var (
	amountName = regexp.MustCompile(`(?i)(quantity|qty|amount|yield|received)`)
	listName   = regexp.MustCompile(`(?i)^(results|value|items|entries|rows)$`)
	// Of replies, what says how it went or under which number.
	tellingName = regexp.MustCompile(`(?i)^(response_?)?(code|outcome|status(code)?|unit|cursor|message|document|.*(code|status|reasoncode))$`)
	// Words from a list, what means most to a reader first.
	wordNames = []*regexp.Regexp{
		regexp.MustCompile(`(?i)(use|decision)$`),
		regexp.MustCompile(`(?i)release(id)?$`),
		regexp.MustCompile(`(?i)^(new)?(status|state)(code)?$|(status|state)(code)?$`),
		regexp.MustCompile(`(?i)(outcome|class|action|category)$`),
		regexp.MustCompile(`(?i)(type|released|closed|_?code)$`),
		regexp.MustCompile(`(?i)(version|versionid)$`),
	}
	word = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]*$|^[0-9]{1,4}(\.[0-9])?$`)
)

// amounts are the leaves that say how much: by their name and what the message is
// known to state, by that alone, by their name alone.
func amounts(leaves []*node, said facts) []*node {
	var both, known, named []*node
	for _, n := range leaves {
		d, err := plant.ParseDecimal(n.text)
		if err != nil || n.kind == attribute || n.kind == constant {
			continue
		}
		states, isCalled := slices.Contains(said.amounts, d), amountName.MatchString(n.called())
		switch {
		case states && isCalled:
			both = append(both, n)
		case states && len(said.amounts) > 0:
			known = append(known, n)
		case isCalled:
			named = append(named, n)
		}
	}
	if len(both) > 0 {
		return both
	}
	if len(said.amounts) > 0 && len(known) > 0 {
		return known
	}
	return named
}

// needed are the leaves that a reader cannot do without: of an announcement what
// it is about, an amount before all, and when; of a reply what it tells.
func (d *document) needed(how chaos.Drift, announced bool, said facts) (all []*node) {
	leaves := d.root.leaves()
	take := func(is func(*node) bool) {
		for _, n := range leaves {
			if n.named.to > n.named.from && is(n) && !slices.Contains(all, n) {
				all = append(all, n)
			}
		}
	}
	if !announced {
		return d.telling(how, leaves)
	}
	for _, n := range amounts(leaves, said) {
		if len(all) < few && n.named.to > n.named.from {
			all = append(all, n)
		}
	}
	for _, id := range said.ids {
		take(func(n *node) bool { return n.text == id && n.kind != attribute })
		if len(all) >= 3*few {
			break
		}
	}
	take(func(n *node) bool { return instant.MatchString(n.text) })
	take(func(n *node) bool { return n.text != "" && n.kind != attribute && n.kind != constant })
	return all
}

// few is how many amounts are tried before other leaves are.
const few = 4

// telling are the leaves of a reply that tell something, and the lists whose name
// has to be known.
func (d *document) telling(how chaos.Drift, leaves []*node) (all []*node) {
	if how == chaos.DriftRenamed {
		d.root.walk(func(n *node) {
			if n.kind == list && listName.MatchString(n.name) {
				all = append(all, n)
			}
		})
	}
	if how == chaos.DriftType {
		for _, n := range leaves {
			if n.kind == number && n.named.to > n.named.from {
				all = append(all, n)
			}
		}
	}
	add := func(is func(*node) bool) {
		for _, n := range leaves {
			if n.named.to > n.named.from && n.kind != attribute && is(n) && !strings.HasPrefix(n.name, "_") && !strings.HasPrefix(n.name, "@") {
				all = append(all, n)
			}
		}
	}
	add(func(n *node) bool { return n.kind != constant && n.text != "" && tellingName.MatchString(n.name) })
	add(func(n *node) bool { return instant.MatchString(n.text) && n.kind == element })
	add(func(n *node) bool { return amountName.MatchString(n.name) })
	add(func(n *node) bool { return n.text != "" && n.kind != constant })
	return all
}

// words are the leaves whose text is from a list: those of which the dialect says
// so, else those that are called as such leaves are.
func (d *document) words(announced bool, said facts) (all []*node) {
	leaves := d.root.leaves()
	for _, c := range d.typed {
		for _, n := range leaves {
			if n.name == c.Name && len(c.Values) > 1 && n.text != "" {
				all = append(all, n)
			}
		}
	}
	for _, names := range wordNames {
		for _, n := range leaves {
			if !names.MatchString(n.called()) || !word.MatchString(n.text) || n.kind == constant || slices.Contains(said.all, n.text) || slices.Contains(all, n) {
				continue
			}
			if n.kind == number && (announced || !tellingName.MatchString(n.name)) {
				continue // a number of something, and no word
			}
			if len(d.typed) > 0 && announced {
				continue // its columns say which are
			}
			all = append(all, n)
		}
	}
	return all
}

// unheardOf is a word that is on no list, written like was.
func unheardOf(was string) string {
	if strings.Trim(was, "0123456789") == "" {
		return "299"
	}
	parts := strings.Split(was, ".")
	for i, part := range slices.Backward(parts) { // of a name with dots, the last word with a capital
		if capital.MatchString(part) {
			parts[i] = "Provisional"
			return strings.Join(parts, ".")
		}
	}
	return "provisional"
}

var capital = regexp.MustCompile(`^[A-Z][A-Za-z0-9_-]*$`)
