package ion

import (
	_ "embed" // which documents a product has is data
	"slices"
	"strings"

	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/plant"
)

// Which business object documents exist is a matter of the product, so nouns
// are data: products.yaml says what there is and where its names are from, and
// productfile.go reads it.

//go:embed products.yaml
var productSource []byte

var products, productNames = mustProducts()

func mustProducts() (map[string]*product, []string) {
	all, names, err := readProducts("products.yaml", productSource)
	if err != nil {
		panic(err) // a mistake in the file
	}
	return all, names
}

// product is the nouns that one has.
type product struct {
	name  string
	nouns []*noun
	also  []string // documents that it takes, and no fact is told by
}

// noun is how one kind of fact is worded.
type noun struct {
	kind               plant.Kind
	verb, name, action string
	taken              bool   // the product reads it, and does not tell it
	named              string // where its name is from
	marks              []mark // words that tell it from others of its name
	group
}

// document is what the noun is sent in.
func (n *noun) document() string { return n.verb + "." + n.name }

// mark is an element that must say a word.
type mark struct {
	path []string
	word string
}

// group is what stands in a noun, or in an element of it that is repeated.
type group struct {
	record string   // of files/v1
	path   []string // of the element; nil of a noun
	places []place
	below  []*group
}

// place is where a statement stands.
type place struct {
	column string
	cell   int // where the record has it
	form   files.Form
	path   []string
	attr   string // "" if it is the text of the element
}

// records are the kinds of facts by the type of record of files/v1, or of ours.
var records = map[plant.Kind]string{
	plant.KindOrderReleased: "ORD", plant.KindOrderChanged: "CHG", plant.KindOrderCancelled: "CAN", plant.KindLotDecided: "DEC", plant.KindItemChanged: "ITM", plant.KindBillChanged: "BOM", plant.KindRoutingChanged: "RTG",
	plant.KindCenterChanged: "WCT", plant.KindCalendarChanged: "CAL",
	plant.KindOperationStarted: "STA", plant.KindConfirmation: "CNF", plant.KindConsumption: "CON", plant.KindScrap: "SCR", plant.KindRework: "REW",
	plant.KindReceipt: "RCV", plant.KindInspection: "INS", plant.KindLotHeld: "HLD",
}

func (g *group) add(column, where string) {
	columns := columnsOf(g.record)
	cell := slices.IndexFunc(columns, func(c files.Column) bool { return c.Name == column })
	path, attr, _ := strings.Cut(where, "@")
	g.places = append(g.places, place{column, cell, columns[cell].Form, strings.Split(path, "/"), attr})
}

// noun is how a kind of fact is told; nil if it is not.
func (p *product) noun(kind plant.Kind) *noun {
	if i := slices.IndexFunc(p.nouns, func(n *noun) bool { return n.kind == kind && !n.taken }); i >= 0 {
		return p.nouns[i]
	}
	return nil
}

// with is p with the nouns of more instead of its own.
func (p *product) with(more *product) *product {
	out := &product{name: p.name, nouns: slices.Clone(more.nouns), also: p.also}
	for _, n := range p.nouns {
		if n.taken || more.noun(n.kind) == nil {
			out.nouns = append(out.nouns, n)
		}
	}
	return out
}

// documents are the names of all documents, for those who ask.
func (p *product) documents() (names []string) {
	names = slices.Clone(p.also)
	for _, n := range p.nouns {
		if name := n.document(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
