package b2mml

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"slices"
	"strings"
)

// fromJSON turns a document of B2MML-JSON into a BOD: members beginning with @
// are attributes, $ is text, an array is an element repeated. Elements come in
// the order that is published, whatever that of the members.
func fromJSON(body []byte) (*xmltree.Node, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	above := &xmltree.Node{}
	if err := members(d, above); err != nil {
		return nil, fmt.Errorf("read B2MML-JSON: %w", err)
	}
	if len(above.Children) != 1 {
		return nil, fmt.Errorf("read B2MML-JSON: it has %d transactions", len(above.Children))
	}
	bod := above.Children[0]
	return bod, sorted(bod, bod.Name)
}

// members reads the object that d stands before into n.
func members(d *json.Decoder, n *xmltree.Node) error {
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		if err := member(d, n, name.(string)); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func member(d *json.Decoder, n *xmltree.Node, name string) error {
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return err
	}
	return value(n, name, raw)
}

func value(n *xmltree.Node, name string, raw json.RawMessage) error {
	switch raw[0] {
	case '[':
		var all []json.RawMessage
		if err := json.Unmarshal(raw, &all); err != nil {
			return err
		}
		for _, one := range all {
			if err := value(n, name, one); err != nil {
				return err
			}
		}
		return nil
	case '{':
		c := &xmltree.Node{Name: name}
		n.Add(c)
		d := json.NewDecoder(bytes.NewReader(raw))
		return members(d, c)
	}
	text := string(raw) // a number or a boolean
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
	}
	switch attr, is := strings.CutPrefix(name, "@"); {
	case is:
		n.Attrs = append(n.Attrs, xml.Attr{Name: xml.Name{Local: attr}, Value: text})
	case name == "$":
		n.Text = text
	case text != "":
		n.Add(xmltree.Leaf(name, text))
	}
	return nil
}

// sorted puts the elements of a BOD into the published order.
func sorted(n *xmltree.Node, bod string) error {
	s := shapeOf(bod, n.Name)
	if s == nil {
		return nil
	}
	for _, c := range n.Children {
		if _, known := s.place[c.Name]; !known {
			return fmt.Errorf("there is no element %s in %s", c.Name, n.Name)
		}
		if err := sorted(c, bod); err != nil {
			return err
		}
	}
	slices.SortStableFunc(n.Children, func(a, b *xmltree.Node) int { return s.place[a.Name] - s.place[b.Name] })
	return nil
}

// complete adds to a BOD what its JSON form is sent without: that an answer is
// wanted, and what is to be done with the noun.
func complete(n *xmltree.Node) {
	if sender := n.Find("ApplicationArea", "Sender"); sender != nil {
		sender.Add(xmltree.Leaf("ConfirmationCode", always))
	}
	verb, noun, ok := transaction(n.Name)
	at := n.Find("DataArea", verb)
	if !ok || at == nil {
		return
	}
	code := map[string]string{"Process": "Add", "Sync": "Add", "Change": "Change", "Cancel": "Delete"}[verb]
	if noun == definition || askedFor[noun] != "" {
		code = "Replaced" // it is sent whole, whether it is new or not
	}
	if verb == "Process" {
		at.Attrs = append(at.Attrs, xml.Attr{Name: xml.Name{Local: "acknowledgeCode"}, Value: always})
	}
	at.Add(xmltree.Branch("ActionCriteria", xmltree.Leaf("ActionExpression", "/"+noun, "actionCode", code)))
}

// Words of a ConfirmationCode: when a ConfirmBOD is wanted.
const (
	always  = "Always"
	onError = "OnError"
	never   = "Never"
)

// toJSON writes a BOD as B2MML-JSON, after holding it against what is
// published: names, their order, and what may be repeated.
func toJSON(n *xmltree.Node) ([]byte, error) {
	f := former{bod: n.Name, b: make([]byte, 0, 1024)}
	f.b = append(f.b, '{')
	f.name(n.Name)
	f.b = append(f.b, `{"@releaseID":"`+Release+`",`...)
	f.inside(n, bodShape, "/"+n.Name)
	f.b = append(f.b, "}}"...)
	return f.b, f.err
}

type former struct {
	bod string
	b   []byte
	err error
}

func (f *former) fail(n *xmltree.Node, path, format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf("line %d, %s: %s", n.Line, path, fmt.Sprintf(format, args...))
	}
}

func (f *former) name(s string) { f.b = append(appendText(f.b, s), ':') }

// inside writes the elements of n as members, without the braces.
func (f *former) inside(n *xmltree.Node, s *shape, path string) {
	if strings.TrimSpace(n.Text) != "" {
		f.fail(n, path, "has text beside its elements: %q", xmltree.Clip(strings.TrimSpace(n.Text)))
	}
	last, first := -1, true
	for i := 0; i < len(n.Children) && f.err == nil; {
		c := n.Children[i]
		if c.Space == Extensions && c.Space != Namespace {
			last = len(s.parts) // nothing of the published ones may follow
			i++
			continue
		}
		at := f.placed(n, c, s, last, path)
		if at < 0 {
			return
		}
		run := 1
		for i+run < len(n.Children) && n.Children[i+run].Name == c.Name && n.Children[i+run].Space == c.Space {
			run++
		}
		f.run(n.Children[i:i+run], s.parts[at], path, &first)
		last = at
		i += run
	}
}

// placed is where c stands in the published order of n; below 0 if it must not
// stand there.
func (f *former) placed(n, c *xmltree.Node, s *shape, last int, path string) int {
	at, known := s.place[c.Name]
	switch {
	case c.Space != Namespace:
		f.fail(c, path, "element %s is of the namespace %q, and there is only %q here", xmltree.Clip(c.Name), xmltree.Clip(c.Space), Namespace)
	case !known:
		f.fail(c, path, "there is no element %s in %s%s", xmltree.Clip(c.Name), n.Name, s.meant(c.Name))
	case at < last && last < len(s.parts):
		f.fail(c, path, "%s stands behind %s, and its place is before it", c.Name, s.parts[last].name)
	case at <= last:
		f.fail(c, path, "%s stands where only extensions may follow", c.Name)
	default:
		return at
	}
	return -1
}

// meant says how a name is spelled that was meant.
func (s *shape) meant(name string) string {
	for _, p := range s.parts {
		if strings.EqualFold(p.name, name) {
			return "; it is spelled " + p.name
		}
	}
	return ""
}

// run writes an element and its repetitions as one member.
func (f *former) run(same []*xmltree.Node, p part, path string, first *bool) {
	path += "/" + p.name
	if len(same) > 1 && !p.repeated {
		f.fail(same[1], path, "is given %d times", len(same))
	}
	if p.opaque || p.name == "TaskID" || f.err != nil { // which kind of fact it is has been found out
		return
	}
	if !*first {
		f.b = append(f.b, ',')
	}
	*first = false
	f.name(p.name)
	if !p.repeated {
		f.one(same[0], path)
		return
	}
	f.b = append(f.b, '[')
	for i, c := range same {
		if i > 0 {
			f.b = append(f.b, ',')
		}
		at := path
		if len(same) > 1 {
			at = fmt.Sprintf("%s[%d]", path, i+1)
		}
		f.one(c, at)
	}
	f.b = append(f.b, ']')
}

func (f *former) one(n *xmltree.Node, path string) {
	for _, a := range n.Attrs {
		if a.Name.Space == xmltree.XSI && a.Name.Local == "nil" && strings.TrimSpace(a.Value) != "false" {
			f.fail(n, path, "is nil, and nothing here may be")
		}
	}
	if s := shapeOf(f.bod, n.Name); s != nil {
		f.b = append(f.b, '{')
		f.inside(n, s, path)
		f.b = append(f.b, '}')
		return
	}
	if len(n.Children) > 0 {
		f.fail(n, path, "has an element %s in it, and there is only text", xmltree.Clip(n.Children[0].Name))
		return
	}
	text := n.Text
	if collapses(n.Name) {
		text = strings.TrimSpace(text)
	}
	if other, said := n.Attr("OtherValue"); said && n.Name == "MaterialUse" {
		f.b = append(f.b, `{"$":`...)
		f.b = append(appendText(f.b, text), `,"@OtherValue":`...)
		f.b = append(appendText(f.b, other), '}')
		return
	}
	f.b = appendText(f.b, text)
}

// collapses reports whether blanks around the text of an element mean nothing
// by its type. Of identifiers they are part.
func collapses(name string) bool {
	for _, end := range []string{"Time", "Date", "State", "Use", "Priority"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// appendText writes a JSON string. What was read as XML is UTF-8.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
