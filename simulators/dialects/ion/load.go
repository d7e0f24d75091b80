package ion

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"github.com/andon-rig/andon/simulators/plant"
)

// Load is how all records of master data are told when the system publishes them.
type Load string

// Ways to load.
const (
	LoadSync Load = "sync" // record by record, each in the Sync of its change
	LoadShow Load = "show" // all of a kind in documents Show.Noun, which are a batch
)

// show is the verb of a first load.
const show = "Show"

// mostNouns are in one document of a load unless it is said how many.
const mostNouns = 100

// loaded are the kinds of facts that a load tells.
var loaded = []plant.Kind{plant.KindItemChanged, plant.KindBillChanged, plant.KindRoutingChanged, plant.KindCenterChanged, plant.KindCalendarChanged}

// batch says which document of several one is. Only the last says how many there
// are, as the sender need not know it before; a document by itself is no batch.
type batch struct {
	id             string
	sequence, size int
}

// loader is a Dialect whose system has a first load.
type loader struct{ Dialect }

var _ simulators.Extractor = loader{}

// Extract implements [simulators.Extractor]: documents of all records of a kind that
// are in use. They come in any order, and say all only when all of them are there.
func (d loader) Extract(at time.Time, all []plant.Event) (out []simulators.Message, err error) {
	for _, l := range files.Lists(all) {
		ms, err := d.load(at, l)
		if err != nil {
			return nil, err
		}
		out = append(out, ms...)
	}
	return out, nil
}

func (d loader) load(at time.Time, l files.List) (out []simulators.Message, err error) {
	s := d.Settings
	n := s.product().noun(append(slices.Clone(l.Present), l.Absent...)[0].Fact.Kind())
	if n == nil {
		return nil, nil // the product does not tell of them at all
	}
	parts := slices.Collect(slices.Chunk(l.Present, cmp.Or(s.LoadNouns, mostNouns)))
	if len(parts) == 0 {
		parts = [][]plant.Event{nil}
	}
	id := identity{tenant: s.tenant(), entity: s.entity(), location: s.location(), document: l.Name + "/" + at.Format(time.RFC3339), revision: "1", noun: n.name, verb: show}
	document, of := show+"."+n.name, batchID(s, id.document, l)
	for i, part := range parts {
		var nouns []*xmltree.Node
		for _, e := range part {
			row, err := n.node(s, e)
			if err != nil {
				return nil, fmt.Errorf("load %s: %w", e.ID, err)
			}
			nouns = append(nouns, row)
		}
		if len(parts) > 1 {
			id.batch = batch{id: of, sequence: i + 1}
			if i == len(parts)-1 {
				id.batch.size = len(parts)
			}
		}
		body, err := written(envelope(s, bodHead{verb: show, noun: n.name, created: instant(at), id: id}, nouns...))
		if err != nil {
			return nil, fmt.Errorf("load %s: %w", l.Name, err)
		}
		p := d.about(document, id)
		p.ToLogicalID = cmp.Or(s.Partner, toDefault) // a Show names who it is for
		m := d.pack(p, body)
		m.Header["X-Tenantid"] = s.tenant()
		m.Verb, m.Key, m.Entity, m.Events = "post", fmt.Sprintf("%s/%s/%d", document, of, i+1), l.Name, slices.Clone(part)
		if i == len(parts)-1 {
			m.Events, m.Absent = append(m.Events, l.Absent...), len(l.Absent)
		}
		out = append(out, m)
	}
	return out, nil
}

// batchID names a load by its sender, by when it was made and by what is in it.
func batchID(s Settings, document string, l files.List) string {
	h := sha256.New()
	io.WriteString(h, document)
	for _, e := range l.Present {
		io.WriteString(h, " "+string(e.ID))
	}
	return strings.TrimPrefix(s.logicalID(), "lid://") + ":" + hex.EncodeToString(h.Sum(nil)[:6])
}

// shown reports whether a document is one of a first load.
func (d Dialect) shown(document string) bool {
	noun, ok := strings.CutPrefix(document, show+".")
	return ok && d.Settings.FirstLoad == LoadShow && slices.ContainsFunc(loaded, func(k plant.Kind) bool {
		n := d.Settings.product().noun(k)
		return n != nil && n.name == noun
	})
}
