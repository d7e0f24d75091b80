package ion

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"github.com/andon-rig/andon/simulators/plant"
)

// node words e as a noun.
func (n *noun) node(s Settings, e plant.Event) (*xmltree.Node, error) {
	all := recordsOf(e)
	if len(all) == 0 || all[0].Type != n.record {
		return nil, fmt.Errorf("there is no record of %s", n.kind)
	}
	out := xmltree.Branch(n.name)
	for _, m := range n.marks {
		reach(out, m.path).Text = m.word
	}
	n.fill(out, all[0].Cells)
	for _, g := range n.below {
		for _, r := range all[1:] {
			if r.Type == g.record {
				row := &xmltree.Node{Name: g.path[len(g.path)-1]}
				g.fill(row, r.Cells)
				reach(out, g.path[:len(g.path)-1]).Add(row)
			}
		}
	}
	if id := out.Find(n.name+"Header").Find("DocumentID", "ID"); id != nil {
		of := identityOf(s, n, e)
		for _, a := range [][2]string{{"accountingEntity", s.entity()}, {"location", s.location()}, {"lid", s.logicalID()}, {"variationID", strconv.Itoa(of.variation)}} {
			if _, said := id.Attr(a[0]); !said {
				id.Attrs = append(id.Attrs, attribute(a[0], a[1]))
			}
		}
	}
	return out, nil
}

// fill puts cells where they stand.
func (g *group) fill(n *xmltree.Node, cells []string) {
	for _, p := range g.places {
		value := worded(p.form, cells[p.cell])
		if value == "" {
			continue
		}
		at := reach(n, p.path)
		if p.attr == "" {
			at.Text = value
		} else {
			at.Attrs = append(at.Attrs, attribute(p.attr, value))
		}
	}
}

func attribute(name, value string) xml.Attr {
	return xml.Attr{Name: xml.Name{Local: name}, Value: value}
}

// reach finds the element at a path, or makes it.
func reach(n *xmltree.Node, path []string) *xmltree.Node {
	for _, name := range path {
		next := n.Find(name)
		if next == nil {
			next = &xmltree.Node{Name: name}
			n.Add(next)
		}
		n = next
	}
	return n
}

// worded is a cell as these documents write it.
func worded(f files.Form, cell string) string {
	switch {
	case cell == "":
		return ""
	case f == files.Seconds:
		return "PT" + cell + "S"
	case f == files.Flag:
		return "true"
	}
	return cell
}

// cell is a value as a record has it. What cannot be read stays as it is, for
// who reads the record to say so.
func cell(f files.Form, value string) string {
	switch {
	case f == files.Seconds && strings.HasPrefix(value, "PT") && strings.HasSuffix(value, "S"):
		return strings.TrimSuffix(strings.TrimPrefix(value, "PT"), "S")
	case f == files.Flag && value == "true":
		return "X"
	case f == files.Flag && value == "false":
		return ""
	}
	return value
}

// claim reads a noun of a document that was made at created.
func (n *noun) claim(bod, created string, at *xmltree.Node, nth string) (plant.Event, error) {
	prefix := "/" + bod + "/DataArea/" + n.name + nth
	first, err := n.recordOf(at, prefix)
	if err != nil {
		return plant.Event{}, err
	}
	if n.record == changeRecord {
		return changeClaim(first, created)
	}
	var below []files.Record
	for _, g := range n.below {
		up := at.Find(g.path[:len(g.path)-1]...)
		if up == nil {
			continue
		}
		count := 0
		for _, c := range up.Children {
			if c.Name != g.path[len(g.path)-1] {
				continue
			}
			count++
			r, err := g.recordOf(c, fmt.Sprintf("%s/%s[%d]", prefix, strings.Join(g.path, "/"), count))
			if err != nil {
				return plant.Event{}, err
			}
			below = append(below, r)
		}
	}
	return claimOf(first, below...)
}

// recordOf reads what stands in n into a record, whose cells know where they
// stood.
func (g *group) recordOf(n *xmltree.Node, prefix string) (files.Record, error) {
	r := files.Record{Type: g.record, Cells: make([]string, len(columnsOf(g.record)))}
	for _, p := range g.places {
		found := n.Find(p.path...)
		if found == nil {
			continue
		}
		if len(found.Children) > 0 {
			return r, fmt.Errorf("line %d, %s/%s: has elements in it, and there is only text", found.Line, prefix, strings.Join(p.path, "/"))
		}
		value := found.Text
		if p.attr != "" {
			value, _ = found.Attr(p.attr)
		}
		r.Cells[p.cell] = cell(p.form, value)
	}
	r.Place = func(column string) string {
		for _, p := range g.places {
			if p.column != column {
				continue
			}
			line, where := n.Line, strings.Join(p.path, "/")
			if found := n.Find(p.path...); found != nil {
				line = found.Line
			}
			if p.attr != "" {
				where += "/@" + p.attr
			}
			return fmt.Sprintf("line %d, %s/%s", line, prefix, where)
		}
		return fmt.Sprintf("line %d, %s", n.Line, prefix)
	}
	return r, nil
}

// fits reports whether an element is such a noun.
func (n *noun) fits(verb, action string, at *xmltree.Node) bool {
	if n.verb != verb || n.name != at.Name || action != "" && !strings.EqualFold(n.action, action) {
		return false
	}
	for _, m := range n.marks {
		if at.Said(m.path...) != m.word {
			return false
		}
	}
	return true
}
