package xmltree

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// documents are what both readers are held against each other with: what the
// quick one reads, and what it leaves to the other.
func documents(tb testing.TB) (all []string) {
	tb.Helper()
	all = []string{
		`<a/>`, `<a></a >`, `<a b="1"c='2' />`, "<a\n b = \"x\ty\r\nz\"\n>\r\n <b/>\r</a>\n", `<?xml version='1.0' encoding="utf-8"?><a/>`, `<?xml version="1.1"?><a/>`,
		`<?xml version="1.0" encoding="latin1"?><a/>`, ` <?xml version="1.0"?><a/>`, `<?xml version="1.0"?><?xml version="1.0"?><a/>`, `<?xml-stylesheet?><a/>`,
		`<a xmlns="urn:a" xmlns:b="urn:b" b:c="d" e="f"><b:a xmlns="" xmlns:b="urn:c"><a/><b:b/></b:a><b:c/><c:d/></a>`, `<a xmlns:x="u" xmlns:y="u" x:b="1" y:b="2"/>`,
		`<a xml:lang="en" xmlns:xml="urn:x"/>`, `<xml:a xmlns:a="http://www.w3.org/XML/1998/namespace"><a:b/></xml:a>`, `<xmlns/>`, `<xmlns:a/>`, `<:a/>`, `<a:/>`, `<a:b:c/>`, `<-a/>`, `<é/>`, `<a é="1"/>`, `<a b/>`, `<a b=c/>`, `<a b="<"/>`, `<a b="]]>'"/>`,
		`<a>&lt;&gt;&amp;&apos;&quot;&#65;&#x41;&#x1F3ED;</a>`, `<a>&#0;</a>`, `<a>&#xD800;</a>`, `<a>&#X41;</a>`, `<a>&#;</a>`, `<a>&#99999999999999999999;</a>`, `<a>&lt</a>`, `<a>&nbsp;</a>`, `<a>&#xFFFE;</a>`, `<a>&#13;&#10;</a>`, `<a>&`,
		`<a>]]></a>`, `<a>]]&gt;</a>`, `<a><![CDATA[<b>]]></a>`, `<a> <!-- c --> <b/> x <b/></a>`, `<a>x<b/>y</a>`, "<a>\u00a0<b/>\u0085</a>", "<a/>\u00a0", "<a>\ufffe</a>", "<a>\uffff\ufeff</a>", "<a>\x01</a>", "\ufeff<a/>",
		`<a><b></a></b>`, `<a></ab>`, `<a>`, `<a`, `</a>`, `<a/><a/>`, `<a/>x`, `x<a/>`, `<a/ >`, `<!DOCTYPE a><a/>`, strings.Repeat("<a>", 64) + strings.Repeat("</a>", 64), strings.Repeat("<a>", 65) + strings.Repeat("</a>", 65),
	}
	for _, of := range []string{"../b2mml/testdata/*.xml", "../ion/testdata/*.xml"} {
		files, err := filepath.Glob(of)
		if err != nil || len(files) == 0 {
			tb.Fatalf("%s: %d files, %v", of, len(files), err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				tb.Fatal(err)
			}
			all = append(all, string(b), strings.ReplaceAll(string(b), "\n", "\r\n"))
		}
	}
	return all
}

// same holds what is read quickly against what the decoder of the standard
// library reads, and reports whether it was read quickly.
func same(t *testing.T, doc string) bool {
	t.Helper()
	got := quick(doc)
	if got == nil {
		return false
	}
	want, err := slow([]byte(doc))
	if err != nil {
		t.Errorf("%q was read quickly, and it is none: %v", doc, err)
	} else if got, want := plainly(got), plainly(want); !reflect.DeepEqual(got, want) {
		t.Errorf("%q was read as\n%+v, not\n%+v", doc, got, want)
	}
	return true
}

// plainly is n with one word for "no attributes".
func plainly(n *Node) Node {
	out := *n
	if len(out.Attrs) == 0 {
		out.Attrs = nil
	}
	out.Children = nil
	for _, c := range n.Children {
		c := plainly(c)
		out.Children = append(out.Children, &c)
	}
	return out
}

// TestQuickIsSlow: both readers read the same, and documents of the dialects are
// read quickly.
func TestQuickIsSlow(t *testing.T) {
	for _, doc := range documents(t) {
		quickly := same(t, doc)
		if _, err := slow([]byte(doc)); err == nil && !quickly && strings.Contains(doc, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>") {
			t.Errorf("%.200q is read slowly", doc)
		}
	}
}

// BenchmarkRead has both readers read the same document.
func BenchmarkRead(b *testing.B) {
	doc, err := os.ReadFile("../b2mml/testdata/confirmation.xml")
	if err != nil {
		b.Fatal(err)
	}
	for name, read := range map[string]func(){
		"quick": func() { _ = quick(string(doc)) },
		"slow":  func() { _, _ = slow(doc) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				read()
			}
		})
	}
}

func FuzzQuick(f *testing.F) {
	for _, doc := range documents(f) {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		if !utf8.ValidString(doc) { // [Parse] has refused it
			return
		}
		same(t, doc)
	})
}
