package xmltree_test

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators/dialects/xmltree"
)

func write(t *testing.T, n *xmltree.Node) []byte {
	t.Helper()
	w := xmltree.Writer{}
	w.B = append(w.B, xmltree.Declaration...)
	w.Element(n, "", 0)
	if w.Err != nil {
		t.Fatal(w.Err)
	}
	return w.B
}

// TestWrittenIsRead: what readers of XML would change is written so that they
// do not.
func TestWrittenIsRead(t *testing.T) {
	for _, text := range []string{"plain", `<&'">`, "a\tb\r\nc", "漢字 🏭", " blanks "} {
		n := xmltree.Branch("Order", xmltree.Leaf("ID", text, "kind", text), xmltree.Optional("Lot", ""))
		got, err := xmltree.Parse(write(t, n))
		if err != nil {
			t.Fatal(err)
		}
		if kind, _ := got.Find("ID").Attr("kind"); got.Said("ID") != text || kind != text {
			t.Errorf("%q was read as %q and %q", text, got.Said("ID"), kind)
		}
		if got.Find("Lot") != nil || got.Find("ID", "none") != nil || got.Said("none", "of", "these") != "" {
			t.Error("something was found that is not there")
		}
	}
}

// TestUnsayable: a character that XML has not is an error, not another one.
func TestUnsayable(t *testing.T) {
	for _, text := range []string{"\x00", "bell\a", "\ufffe", "\xff"} {
		w := xmltree.Writer{}
		if w.Element(xmltree.Leaf("ID", text), "", 0); w.Err == nil {
			t.Errorf("%q was written as %s", text, w.B)
		}
	}
}

// TestRefused holds what is no document, or a dangerous one, against its error.
func TestRefused(t *testing.T) {
	for doc, want := range map[string]string{
		"":                                "empty",
		" ":                               "empty",
		"text":                            "outside",
		"<a/><b/>":                        "second element b",
		"<a>\n<b></a>":                    "line 2",
		`<a x="1" x="2"/>`:                "given twice",
		`<!DOCTYPE a><a/>`:                "document type",
		"<a/><?xml version=\"1.0\"?>":     "declaration in the middle",
		"<a>\xff</a>":                     "UTF-8",
		strings.Repeat("<a>", 65):         "64 deep",
		"<a>&fetched;</a>":                "line 1",
		"<?xml version=\"1.0\"?><!--x-->": "no element",
	} {
		if n, err := xmltree.Parse([]byte(doc)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, %v; want an error with %q", doc, n, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`<a xmlns="urn:x"><b c="d">e</b></a>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := xmltree.Parse(b); err == nil && n == nil {
			t.Error("neither a document nor an error")
		}
	})
}
