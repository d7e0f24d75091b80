package xsd

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
)

// xmllint is what libxml2 says of documents: whether each is valid.
func xmllint(t *testing.T, schema string, docs map[string]string) map[string]bool {
	t.Helper()
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("xmllint is not installed; get the Debian package libxml2-utils")
	}
	dir := t.TempDir()
	var files []string
	named := map[string]string{}
	for n, text := range docs {
		f := filepath.Join(dir, fmt.Sprintf("%d.xml", len(files)))
		named[n] = f
		if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	out, err := exec.CommandContext(t.Context(), "xmllint", append([]string{"--noout", "--nonet", "--schema", schema}, files...)...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || bytes.Contains(out, []byte("failed to compile")) {
		t.Fatalf("xmllint: %v\n%s", err, out)
	}
	verdicts := map[string]bool{}
	for n := range docs {
		verdicts[n] = bytes.Contains(out, []byte(named[n]+" validates\n"))
	}
	return verdicts
}

// agree holds this format's verdicts against those of xmllint and returns how
// many documents are valid.
func agree(t *testing.T, d *Document, schema string, docs map[string]string) (valid int) {
	t.Helper()
	for n, want := range xmllint(t, schema, docs) {
		found, covered := d.Check(contracts.Exchange{Request: contracts.Part{Body: []byte(docs[n])}})
		if want {
			valid++
		}
		if got := covered && len(found) == 0; got == want && accepted[n] != "" {
			t.Errorf("%s is not judged otherwise any more", n)
		} else if got != want && accepted[n] == "" {
			t.Errorf("%s: got %v (%v), xmllint says %v\n%s", n, got, found, want, docs[n])
		}
	}
	return valid
}

// accepted are the documents on which the two differ, with the reason: the
// standard's words.
var accepted = map[string]string{
	"never 1":             "what may stand 0 times is no part of the content (part 1, 3.3.2); libxml2 lets it through",
	"elements only 2":     "white space is white space however it is written; libxml2 refuses a CDATA section whatever is in it",
	"attributes 3":        "the white space of whole numbers and days is collapsed (part 2, 4.3.6); libxml2 does so in elements only",
	"default and fixed 1": "a fixed value is compared as a value (part 1, 3.3.4, clause 5.2.2.2.2); libxml2 compares texts",
	"words 1":             "a list of words has at least one (part 2, 3.3.5); libxml2 takes none",
	"well-formed 5":       "an attribute stands once in an element by its full name (Namespaces in XML, 6.3); libxml2 complains and goes on",
	"float 8":             "an exponent has digits (part 2, 3.2.4.1); libxml2 needs none",
}

func b2mml(t testing.TB) string {
	t.Helper()
	root := filepath.Join("..", "..", "..", "shared", "standards", "b2mml")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("B2MML V0701 is not at %s; get its schemas from github.com/MESAInternational/B2MML-BatchML to run this", root)
	}
	return root
}

func readFolder(t testing.TB, pattern string) (files []contracts.File) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, contracts.File{Name: filepath.ToSlash(n), Data: b})
	}
	return files
}

// TestB2MML holds the verdicts on B2MML documents, valid and broken in one
// place each, against those of xmllint. Neither schemas nor documents are part
// of this repository.
func TestB2MML(t *testing.T) {
	root := b2mml(t)
	doc, err := Format{}.Read(readFolder(t, filepath.Join(root, "schema", "*.xsd")))
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string]string{}
	for _, f := range append(readFolder(t, filepath.Join(root, "examples-own", "*.xml")), readFolder(t, filepath.Join(root, "examples-v0401", "[LMPI]*.xml"))...) {
		n := strings.TrimSuffix(filepath.Base(f.Name), ".xml")
		docs[n] = string(f.Data)
		if strings.Contains(f.Name, "examples-own") {
			for what, text := range broken(t, f.Data) {
				docs[n+" "+what] = text
			}
		}
	}
	valid := agree(t, doc.(*Document), filepath.Join(root, "schema", "AllSchemas.xsd"), docs)
	t.Logf("%d documents, %d of them valid", len(docs), valid)
	if valid < 20 || len(docs)-valid < 20 {
		t.Errorf("%d valid and %d broken documents are too few", valid, len(docs)-valid)
	}
}

// A tree is an element with its text and children, for changing it.
type tree struct {
	name xml.Name
	attr []xml.Attr
	text string
	kids []*tree
}

func treeOf(t testing.TB, text []byte) *tree {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(text))
	open := []*tree{{}}
	for {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return open[0].kids[0]
		}
		if err != nil {
			t.Fatal(err)
		}
		top := open[len(open)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			k := &tree{name: tok.Name, attr: slices.Clone(tok.Attr)}
			top.kids = append(top.kids, k)
			open = append(open, k)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += strings.TrimSpace(string(tok))
		}
	}
}

func (n *tree) write(b *strings.Builder) {
	fmt.Fprintf(b, "<%s", full(n.name))
	for _, a := range n.attr {
		fmt.Fprintf(b, ` %s="`, full(a.Name))
		_ = xml.EscapeText(b, []byte(a.Value))
		b.WriteByte('"')
	}
	b.WriteByte('>')
	_ = xml.EscapeText(b, []byte(n.text))
	for _, k := range n.kids {
		k.write(b)
	}
	fmt.Fprintf(b, "</%s>\n", full(n.name))
}

func full(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

func (n *tree) each(see func(*tree)) {
	see(n)
	for _, k := range n.kids {
		k.each(see)
	}
}

// broken are documents made of one by a change in one place.
func broken(t testing.TB, text []byte) map[string]string {
	all := map[string]string{}
	count := 0
	treeOf(t, text).each(func(*tree) { count++ })
	xsi := xml.Attr{Name: xml.Name{Space: "xmlns", Local: "xsi"}, Value: nsXSI}
	for what, change := range map[string]func(n *tree){
		"child gone":    func(n *tree) { n.kids = n.kids[min(1, len(n.kids)):] },
		"last gone":     func(n *tree) { n.kids = n.kids[:max(0, len(n.kids)-1)] },
		"child twice":   func(n *tree) { n.kids = append(n.kids[:min(1, len(n.kids)):len(n.kids)], n.kids...) },
		"reversed":      func(n *tree) { slices.Reverse(n.kids) },
		"renamed":       func(n *tree) { n.name.Local += "X" },
		"text":          func(n *tree) { n.text += "x y" },
		"no text":       func(n *tree) { n.text = "" },
		"number":        func(n *tree) { n.text = "-12.50" },
		"unknown child": func(n *tree) { n.kids = append(n.kids, &tree{name: xml.Name{Local: "Unknown"}}) },
		"other space":   func(n *tree) { n.attr = append(n.attr, xml.Attr{Name: xml.Name{Local: "xmlns"}, Value: "urn:other"}) },
		"attribute":     func(n *tree) { n.attr = append(n.attr, xml.Attr{Name: xml.Name{Local: "unknown"}, Value: "1"}) },
		"no attribute":  func(n *tree) { n.attr = n.attr[:max(0, len(n.attr)-1)] },
		"language":      func(n *tree) { n.attr = append(n.attr, xml.Attr{Name: xml.Name{Local: "languageID"}, Value: "en us"}) },
		"nil": func(n *tree) {
			n.attr = append(n.attr, xsi, xml.Attr{Name: xml.Name{Space: "xsi", Local: "nil"}, Value: "true"})
		},
		"nil and empty": func(n *tree) {
			n.text, n.kids = "", nil
			n.attr = append(n.attr, xsi, xml.Attr{Name: xml.Name{Space: "xsi", Local: "nil"}, Value: "1"})
		},
		"type": func(n *tree) {
			n.attr = append(n.attr, xsi, xml.Attr{Name: xml.Name{Space: "xsi", Local: "type"}, Value: "IdentifierType"})
		},
		"type of nobody": func(n *tree) {
			n.attr = append(n.attr, xsi, xml.Attr{Name: xml.Name{Space: "xsi", Local: "type"}, Value: "NoType"})
		},
	} {
		for i := len(what) % 4; i < count; i += 4 { // a quarter of them takes xmllint two seconds
			root := treeOf(t, text)
			at := 0
			root.each(func(n *tree) {
				if at++; at-1 == i {
					change(n)
				}
			})
			var b strings.Builder
			root.write(&b)
			all[fmt.Sprintf("%d %s", i, what)] = b.String()
		}
	}
	return all
}
