package rewording

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// A document is what a body says, in JSON or XML: the body itself, or what it
// carries.
type document struct {
	body  []byte
	root  *node
	typed []simulators.Column // of a row, whose columns have types
	// outer puts a changed document back into the body that carries it; nil if it
	// is the body.
	outer func(edits []edit) []edit
}

// documentOf finds the document in a body; false if there is none. An
// announcement may be a letter around another document, which is what it says.
func documentOf(body []byte, announced bool) (*document, bool) {
	at := blanks(body, 0)
	if bytes.HasPrefix(body[at:], []byte("--")) {
		if at = partOf(body); at < 0 {
			return nil, false
		}
	}
	d := &document{body: body}
	ok := false
	switch {
	case at >= len(body):
		return nil, false
	case body[at] == '<':
		d.root, ok = xmlAt(body, at)
	case body[at] == '{', body[at] == '[':
		d.root, ok = jsonAt(body, at)
	}
	if !ok {
		return nil, false
	}
	d.measured(at)
	if announced {
		if inner := d.carried(); inner != nil {
			return inner, true
		}
	}
	return d, true
}

var (
	xmlPart  = regexp.MustCompile(`\r?\n\r?\n\s*<`)
	jsonPart = regexp.MustCompile(`\r?\n\r?\n\s*\{`)
	length   = regexp.MustCompile(`(?i)content-length: *(\d+)(?:\r?\n[^\r\n]+)*\r?\n\r?\n\s*$`)
)

// partOf is where the document of a body of several parts begins; -1 if there is
// none.
func partOf(body []byte) int {
	for _, begin := range []*regexp.Regexp{xmlPart, jsonPart} {
		if at := begin.FindIndex(body); at != nil {
			return at[1] - 1
		}
	}
	return -1
}

// measured keeps the length right that the header of a part says of it, if the
// document that begins at at is one.
func (d *document) measured(at int) {
	place := length.FindSubmatchIndex(d.body[:at])
	if at == 0 || place == nil {
		return
	}
	d.outer = func(edits []edit) []edit {
		said, _ := strconv.Atoi(string(d.body[place[2]:place[3]]))
		for _, e := range edits {
			said += len(e.say) - (e.to - e.from)
		}
		return append(edits, edit{span{place[2], place[3]}, strconv.Itoa(said)})
	}
}

// carried is the document in a text of d that is most of it: as it is, or in
// base64; nil if there is none.
func (d *document) carried() (inner *document) {
	for _, n := range d.root.leaves() {
		if n.kind != text && n.kind != element || 2*(n.value.to-n.value.from) < len(d.body) {
			continue
		}
		said, sealed := n.text, func(b []byte) string { return string(b) }
		if plain, err := base64.StdEncoding.DecodeString(said); err == nil {
			said, sealed = string(plain), base64.StdEncoding.EncodeToString
		}
		if !strings.HasPrefix(said, "{") && !strings.HasPrefix(said, "<") {
			continue
		}
		if found, ok := documentOf([]byte(said), false); ok {
			outer, inner := d.outer, found
			inner.outer = func(edits []edit) []edit {
				out := []edit{{n.value, d.written(n, sealed(applied(inner.body, edits)))}}
				if outer != nil {
					out = outer(out)
				}
				return out
			}
			return inner
		}
	}
	return nil
}

// ways are the places at which d can be changed so.
func (d *document) ways(how chaos.Drift, announced bool, said facts) (all [][]edit) {
	for _, way := range d.places(how, announced, said) {
		if d.outer != nil {
			way = d.outer(way)
		}
		all = append(all, way)
	}
	return all
}

func (d *document) places(how chaos.Drift, announced bool, said facts) (all [][]edit) {
	switch how {
	case chaos.DriftExtraField:
		return d.added("futureUse", `{"since":"2031","of":[1,null,true]}`, `<FutureUse xmlns="urn:example:vendor:2" since="2031"><Of>1</Of></FutureUse>`)
	case chaos.DriftNamespace:
		return d.vendored()
	case chaos.DriftCharset: // as Latin-1 writes it
		return d.added("remark", "\"gepr\xfcft\"", "<!-- gepr\xfcft -->")
	case chaos.DriftRenamed:
		for _, n := range d.needed(how, announced, said) {
			all = append(all, d.renamed(n))
		}
	case chaos.DriftNull:
		for _, n := range d.needed(how, announced, said) {
			all = append(all, d.null(n))
		}
	case chaos.DriftType:
		for _, n := range d.needed(how, announced, said) {
			if way := d.retyped(n); way != nil {
				all = append(all, way)
			}
		}
	case chaos.DriftEnum:
		for _, n := range d.words(announced, said) {
			all = append(all, []edit{{n.value, d.written(n, unheardOf(n.text))}})
		}
	default:
		for _, n := range amounts(d.root.leaves(), said) {
			if way := d.noted(n, how); way != nil {
				all = append(all, way)
			}
		}
	}
	return all
}

// isXML reports whether d is XML.
func (d *document) isXML() bool { return d.root.kind == element }

// written is text as the value of n.
func (d *document) written(n *node, text string) string {
	if d.isXML() {
		return escaped.Replace(text)
	}
	return quoted(text)
}

// quoted is a text of JSON, byte for byte, even where it is not UTF-8.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ':
			b.WriteString(`\u00` + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]))
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// extension is the element in which the members of a standard's element keep what
// is a vendor's own.
var extension = map[string]string{"ApplicationArea": "UserArea"} // of OAGIS, and of B2MML after it

// added puts a member into d: where the standard has room for one, or into each
// object from the outside in, but not beside the only member of an envelope.
func (d *document) added(name, value, xml string) (all [][]edit) {
	if d.isXML() {
		var vendors, others [][]edit
		d.root.walk(func(n *node) {
			if n.kind != element || n.into == 0 || n.leaf() {
				return
			}
			at := span{n.into, n.into}
			if area := extension[n.name]; area != "" {
				vendors = append(vendors, []edit{{at, "<" + area + ">" + xml + "</" + area + ">"}})
			}
			others = append(others, []edit{{at, xml}})
		})
		return append(vendors, others...)
	}
	if len(d.typed) > 0 { // a column
		name, value = snake(name), `"2031"`
	}
	for _, n := range d.objects() {
		say := `"` + name + `":` + value
		if len(n.members) > 0 {
			say += ","
		}
		all = append(all, []edit{{span{n.into, n.into}, say}})
	}
	return all
}

// vendored puts members of a vendor's own namespace into d.
func (d *document) vendored() (all [][]edit) {
	switch {
	case d.isXML():
		d.root.walk(func(n *node) {
			if n.kind == element {
				at := span{n.named.to, n.named.to}
				all = append(all, []edit{{at, ` xmlns:vnd="urn:example:vendor:2" vnd:hop="7"`}})
			}
		})
		return all
	case len(d.typed) > 0:
		return d.added("vndHop", "", "")
	}
	return d.added("vnd:hop", `"7","@xmlns:vnd":"urn:example:vendor:2"`, "")
}

// objects are those of JSON: the one in which a standard has vendors put what is
// theirs, then the one that says something, before what it is wrapped in.
func (d *document) objects() (all []*node) {
	d.root.walk(func(n *node) {
		if n.kind == object && extension[n.name] != "" {
			all = append(all, n)
		}
	})
	var wrapping []*node
	n := d.root
	for n.kind == list && len(n.members) > 0 || n.kind == object && len(n.members) == 1 && n.members[0].kind == object {
		wrapping = append(wrapping, n)
		n = n.members[0]
	}
	for level := []*node{n}; len(level) > 0; {
		var next []*node
		for _, n := range level {
			if n.kind == object {
				all = append(all, n)
			}
			for _, m := range n.members {
				if m.kind == object || m.kind == list {
					next = append(next, m)
				}
			}
		}
		level = next
	}
	for _, n := range slices.Backward(wrapping) {
		if n.kind == object {
			all = append(all, n)
		}
	}
	return all
}

// renamed gives n another name.
func (d *document) renamed(n *node) []edit {
	ways := []edit{{span{n.named.to, n.named.to}, "_2"}}
	if n.ends.to > 0 {
		ways = append(ways, edit{span{n.ends.to, n.ends.to}, "_2"})
	}
	return ways
}

// null has n say nothing.
func (d *document) null(n *node) []edit {
	switch n.kind {
	case attribute:
		return []edit{{n.value, ""}}
	case element:
		return []edit{{n.whole, "<" + n.name + ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>`}}
	}
	return []edit{{n.value, "null"}}
}

// retyped has n be a number that was a text, or the other way round; nil if it
// cannot. In XML only an instant can be told to be none.
func (d *document) retyped(n *node) []edit {
	switch {
	case d.isXML() && !instant.MatchString(n.text):
		return nil
	case n.kind == number:
		return []edit{{n.value, quoted(n.text)}}
	case instant.MatchString(n.text):
		return []edit{{n.value, "1767225600"}} // in seconds since 1970
	case n.kind != text:
		return nil
	case plain.MatchString(n.text):
		return []edit{{n.value, n.text}}
	}
	return []edit{{n.value, "0"}}
}

var (
	instant = regexp.MustCompile(`^\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)?$`)
	plain   = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?$`) // a number of JSON
)

// noted writes the number in n in another notation; nil if that is none there.
func (d *document) noted(n *node, how chaos.Drift) []edit {
	say := notation(n.text, how)
	switch {
	case say == "":
		return nil
	case n.kind == number && !plain.MatchString(strings.TrimSuffix(say, exponentOf(say))):
		say = quoted(say) // JSON has no such number
	case n.kind != number:
		say = d.written(n, say)
	}
	return []edit{{n.value, say}}
}

// exponentOf is what a number ends with that has an exponent.
func exponentOf(s string) string {
	if i := strings.IndexByte(s, 'E'); i >= 0 {
		return s[i:]
	}
	return ""
}

// snake is a name of a column.
func snake(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
