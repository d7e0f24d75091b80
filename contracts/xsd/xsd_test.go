package xsd

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/internal/cputime"
)

func body(text string) contracts.Exchange {
	return contracts.Exchange{Request: contracts.Part{Body: []byte(text)}}
}

const performance = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:p" targetNamespace="urn:p" elementFormDefault="qualified">
  <xs:element name="Performance">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="ID" type="xs:normalizedString"/>
        <xs:element name="Response" type="ResponseType" maxOccurs="unbounded"/>
        <xs:any namespace="##other" processContents="lax" minOccurs="0"/>
      </xs:sequence>
      <xs:attribute name="releaseID" type="xs:token" use="required"/>
    </xs:complexType>
  </xs:element>
  <xs:complexType name="ResponseType">
    <xs:sequence>
      <xs:element name="State" type="StateType"/>
      <xs:element name="Yield" type="xs:decimal"/>
      <xs:element name="Action" type="ActionType" minOccurs="0"/>
    </xs:sequence>
  </xs:complexType>
  <xs:simpleType name="StateType"><xs:restriction base="xs:token"><xs:enumeration value="Running"/><xs:enumeration value="Held"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="ActionsType"><xs:restriction base="xs:token"><xs:enumeration value="Add"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="ActionType"><xs:union memberTypes="ActionsType xs:token"/></xs:simpleType>
</xs:schema>`

func TestBreachesSayWhere(t *testing.T) {
	d := read(t, performance)
	for _, c := range []struct{ name, text, want string }{
		{"fits", `<Performance xmlns="urn:p" releaseID="1"><ID>a</ID><Response><State>Held</State><Yield>1.5</Yield></Response></Performance>`, ""},
		{"value", "<Performance xmlns=\"urn:p\" releaseID=\"1\">\n<ID>a</ID>\n<Response><State>Held</State><Yield>1</Yield></Response>\n<Response>\n <State>Held</State><Yield>1,5</Yield></Response></Performance>",
			`/Performance/Response[2]/Yield: want a decimal number, got "1,5" at 5:21 (t.xsd:15:7)`},
		{"listed", `<Performance xmlns="urn:p" releaseID="1"><ID>a</ID><Response><State>Done</State><Yield>1</Yield></Response></Performance>`,
			`/Performance/Response/State: want one of "Running", "Held", got "Done" at 1:62 (t.xsd:19:67)`},
		{"order", `<Performance xmlns="urn:p" releaseID="1"><ID>a</ID><Response><Yield>1</Yield><State>Held</State></Response></Performance>`,
			`/Performance/Response/Yield: want State, got element Yield at 1:62 (t.xsd:12:3)`},
		{"missing", `<Performance xmlns="urn:p" releaseID="1"><ID>a</ID><Response><State>Held</State></Response></Performance>`,
			`/Performance/Response: want Yield, got the end of Response at 1:81 (t.xsd:12:3)`},
		{"attribute", `<Performance xmlns="urn:p"><ID>a</ID><Response><State>Held</State><Yield>1</Yield></Response></Performance>`,
			`/Performance/@releaseID: want an attribute releaseID, got none at 1:1 (t.xsd:9:7)`},
		{"unknown root", `<Other xmlns="urn:p"/>`, `/Other: want a root element that the schema declares, got element {urn:p}Other at 1:1 (t.xsd)`},
		{"namespace", `<Performance xmlns="urn:p" releaseID="1"><ID xmlns="urn:q">a</ID></Performance>`,
			`/Performance/ID: want {urn:p}ID, got element {urn:q}ID at 1:42 (t.xsd:3:5)`},
		{"cut", `<Performance xmlns="urn:p" releaseID="1"><ID>a</ID>`, `/Performance: want a well-formed document, got ends inside of element Performance at 1:52`},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, covered := d.Check(body(c.text))
			got := ""
			if len(found) > 0 {
				got = found[0].String()
			}
			if !covered || got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestCovered(t *testing.T) {
	d := read(t, performance)
	ok := `<Performance xmlns="urn:p" releaseID="1"><ID>a</ID><Response><State>Held</State><Yield>1</Yield></Response></Performance>`
	for text, want := range map[string]bool{
		ok: true, "\xef\xbb\xbf<?xml version='1.0'?>" + ok: true, `<Performance/>`: false, `<Performance xmlns="urn:old"/>`: false,
		`{"a":1}`: false, "": false, "plain": false, "<": true,
	} {
		if _, covered := d.Check(body(text)); covered != want {
			t.Errorf("%q: covered %v, want %v", text, covered, want)
		}
	}
	x := contracts.Exchange{Request: contracts.Part{Body: []byte(`{}`)}, Reply: &contracts.Part{Body: []byte(`<Performance xmlns="urn:p"/>`)}}
	if found, covered := d.Check(x); !covered || len(found) == 0 || !found[0].Reply {
		t.Errorf("reply: %v, covered %v", found, covered)
	}
}

func TestPartsUsedAndUndeclared(t *testing.T) {
	d := read(t, performance)
	want := []string{"ActionsType=Add", "Performance", "Performance/@releaseID", "Performance/ID", "Performance/Response", "ResponseType/Action", "ResponseType/State", "ResponseType/Yield", "StateType=Held", "StateType=Running"}
	if got := d.Parts(); !slices.Equal(got, want) {
		t.Errorf("parts %q, want %q", got, want)
	}
	x := body(`<Performance xmlns="urn:p" releaseID="1" shift="A"><ID>a</ID><Response><State>Held</State><Yield>1</Yield><Action>Merge</Action></Response>
<Response><State>Lost</State><Yield>1</Yield><Scrap>1</Scrap></Response><x:More xmlns:x="urn:x"/></Performance>`)
	if got, want := d.Used(x), []string{"Performance", "Performance/@releaseID", "Performance/ID", "Performance/Response", "ResponseType/Action", "ResponseType/State", "ResponseType/Yield", "StateType=Held"}; !slices.Equal(got, want) {
		t.Errorf("used %q, want %q", got, want)
	}
	var drift []string
	for _, f := range d.Undeclared(x) {
		drift = append(drift, strings.TrimSpace(f.Kind+" "+f.Path+" "+f.Seen))
	}
	slices.Sort(drift)
	if want := []string{"enum ActionType=Merge Merge", "enum StateType=Lost Lost", "field Performance/@shift A", "field Performance/More", "field ResponseType/Scrap"}; !slices.Equal(drift, want) {
		t.Errorf("drift %q, want %q", drift, want)
	}
}

// TestMistakesInSchemas holds that what is wrong or not supported is refused
// with its place.
func TestMistakesInSchemas(t *testing.T) {
	laughs := `<xs:group name="g0"><xs:sequence><xs:element name="a"/></xs:sequence></xs:group>`
	for i := range 40 {
		laughs += fmt.Sprintf(`<xs:group name="g%d"><xs:sequence><xs:group ref="t:g%d"/><xs:group ref="t:g%d"/></xs:sequence></xs:group>`, i+1, i, i)
	}
	unions := `<xs:simpleType name="u0"><xs:union memberTypes="xs:int xs:date"/></xs:simpleType>`
	for i := range 40 {
		unions += fmt.Sprintf(`<xs:simpleType name="u%d"><xs:union memberTypes="t:u%d t:u%d"/></xs:simpleType>`, i+1, i, i)
	}
	for _, c := range []struct{ name, text, want string }{
		{"no XML", "<xs:schema", "t.xsd:1:"},
		{"another root", `<root xmlns:xs="http://www.w3.org/2001/XMLSchema"/>`, "t.xsd:1:1: is no XML Schema"},
		{"document type", `<!DOCTYPE s [<!ENTITY a "b">]>` + schema(""), "t.xsd:1:1: has a document type"},
		{"substitution", schema(`<xs:element name="a" substitutionGroup="t:b"/>`), "t.xsd:2:1: attribute substitutionGroup of xs:element is not supported (list the elements in a choice)"},
		{"key", schema(`<xs:element name="a"><xs:key name="k"/></xs:element>`), "xs:key is not supported"},
		{"redefine", schema(`<xs:redefine schemaLocation="x.xsd"/>`), "xs:redefine is not supported"},
		{"assert", schema(`<xs:complexType name="a"><xs:assert test="1"/></xs:complexType>`), "XSD 1.0 is read"},
		{"misplaced", schema(`<xs:sequence/>`), "t.xsd:2:1: xs:sequence cannot stand in xs:schema"},
		{"unknown attribute", schema(`<xs:element name="a" minOccur="0"/>`), "attribute minOccur of xs:element is not supported"},
		{"ID", schema(`<xs:element name="a" type="xs:ID"/>`), "type {http://www.w3.org/2001/XMLSchema}ID is not defined"},
		{"unknown type", schema(`<xs:element name="a" type="t:b"/>`), "t.xsd:2:1: type {urn:t}b is not defined"},
		{"unknown prefix", schema(`<xs:element name="a" type="q:b"/>`), `prefix "q" is not declared`},
		{"unknown element", in(`<xs:sequence><xs:element ref="t:none"/></xs:sequence>`), "element {urn:t}none is not defined"},
		{"twice", schema(`<xs:element name="a"/><xs:element name="a"/>`), "is defined a second time; the first is at t.xsd:2:1"},
		{"itself as base", schema(`<xs:complexType name="a"><xs:complexContent><xs:extension base="t:a"/></xs:complexContent></xs:complexType>`), "type a comes from itself"},
		{"each other as base", schema(`<xs:simpleType name="a"><xs:restriction base="t:b"/></xs:simpleType><xs:simpleType name="b"><xs:restriction base="t:a"/></xs:simpleType>`), "comes from itself"},
		{"group in itself", schema(`<xs:group name="a"><xs:sequence><xs:group ref="t:a"/></xs:sequence></xs:group>`), "group {urn:t}a contains itself"},
		{"attributes in themselves", schema(`<xs:attributeGroup name="a"><xs:attributeGroup ref="t:a"/></xs:attributeGroup>`), "attributeGroup {urn:t}a contains itself"},
		{"remote include", schema(`<xs:include schemaLocation="https://example.com/x.xsd"/>`), `t.xsd:2:1: refers to "https://example.com/x.xsd"; references out of the contract are not followed (keep a copy beside this file)`},
		{"missing include", schema(`<xs:include schemaLocation="x.xsd"/>`), `refers to "x.xsd", which is not among the files of this version`},
		{"out of the folder", schema(`<xs:include schemaLocation="../../etc/x.xsd"/>`), `which is not among the files`},
		{"laughing groups", schema(laughs + `<xs:element name="r"><xs:complexType><xs:group ref="t:g40"/></xs:complexType></xs:element>`), "larger than 20000 steps"},
		{"laughing unions", schema(unions), "more than 1000 members"},
		{"pattern", of("xs:string", facet("pattern", "[a-")), `pattern "[a-" a [ is not closed`},
		{"pattern that counts", of("xs:string", facet("pattern", "[a-z]{1,4000}")), "repeats too often"},
		{"pattern of counts", of("xs:string", facet("pattern", "((a{1,100}){1,100}){1,100}")), "repeats too often"},
		{"escape", of("xs:string", facet("pattern", `\b`)), `\b is no escape of XML Schema`},
		{"block", of("xs:string", facet("pattern", `\p{IsGreek}`)), `category "IsGreek" is not known`},
		{"value of another type", of("xs:int", facet("enumeration", "x")), `value "x" is not a whole number`},
		{"wider bound", of("xs:byte", facet("maxInclusive", "1000")), "looser than the base"},
		{"wider length", schema(`<xs:simpleType name="a"><xs:restriction base="xs:string"><xs:maxLength value="3"/></xs:restriction></xs:simpleType><xs:simpleType name="b"><xs:restriction base="t:a"><xs:maxLength value="4"/></xs:restriction></xs:simpleType>`), "maxLength 4 is looser"},
		{"length of numbers", of("xs:int", facet("maxLength", "3")), "maxLength means nothing"},
		{"bounds crossed", of("xs:int", facet("minInclusive", "5")+facet("maxInclusive", "3")), "lower bound 5 is above"},
		{"occurs", in(`<xs:sequence>` + child("a", `minOccurs="3" maxOccurs="2"`) + `</xs:sequence>`), "minOccurs 3 is more than maxOccurs 2"},
		{"default", in(`<xs:sequence>` + child("a", `default="x"`) + `</xs:sequence>`), `its value "x" is not a whole number`},
		{"all in a sequence", in(`<xs:sequence><xs:group ref="t:a"/></xs:sequence>`), "group {urn:t}a is not defined"},
		{"attribute twice", in(`<xs:attribute name="x"/><xs:attribute name="x"/>`), "attribute x stands here a second time"},
		{"deep", schema(strings.Repeat(`<xs:annotation>`, 300)), "is nested deeper than 256"},
	} {
		t.Run(c.name, func(t *testing.T) {
			begun := time.Now()
			_, err := Format{}.Read([]contracts.File{{Name: "t.xsd", Data: []byte(c.text)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
			if d := time.Since(begun); d > 5*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
	if _, err := (Format{}).Read(nil); err == nil {
		t.Error("nothing was read as a schema")
	}
}

// TestFilesOfOneVersion reads includes of files without a namespace, circles
// of includes and imports of another namespace.
func TestFilesOfOneVersion(t *testing.T) {
	const xs = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" `
	files := []contracts.File{
		{Name: "v/main.xsd", Data: []byte(xs + `targetNamespace="urn:m" xmlns="urn:m" xmlns:x="urn:x" elementFormDefault="qualified"><xs:include schemaLocation="core/core.xsd"/><xs:include schemaLocation="back.xsd"/><xs:import namespace="urn:x" schemaLocation="ext.xsd"/>
<xs:element name="r"><xs:complexType><xs:sequence><xs:element name="a" type="Code"/><xs:element ref="x:more" minOccurs="0"/></xs:sequence></xs:complexType></xs:element></xs:schema>`)},
		{Name: "v/back.xsd", Data: []byte(xs + `targetNamespace="urn:m"><xs:include schemaLocation="main.xsd"/></xs:schema>`)},
		{Name: "v/core/core.xsd", Data: []byte(xs + `><xs:simpleType name="Code"><xs:restriction base="Text"><xs:maxLength value="3"/></xs:restriction></xs:simpleType><xs:simpleType name="Text"><xs:restriction base="xs:token"/></xs:simpleType></xs:schema>`)},
		{Name: "v/ext.xsd", Data: []byte(xs + `targetNamespace="urn:x" xmlns:m="urn:m"><xs:import namespace="urn:m" schemaLocation="main.xsd"/><xs:element name="more" type="m:Code"/></xs:schema>`)},
		{Name: "v/README.md", Data: []byte("notes")},
	}
	d, err := Format{}.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{
		`<r xmlns="urn:m"><a>abc</a></r>`: 0, `<r xmlns="urn:m"><a>abcd</a></r>`: 1,
		`<r xmlns="urn:m"><a/><more xmlns="urn:x">abc</more></r>`: 0, `<r xmlns="urn:m"><a/><more xmlns="urn:x">abcd</more></r>`: 1,
	} {
		found, covered := d.(*Document).Check(body(text))
		if !covered || len(found) != want {
			t.Errorf("%s: %v, covered %v", text, found, covered)
		}
		if want == 1 && found[0].Place.File != "v/core/core.xsd" {
			t.Errorf("the rule stands at %v", found[0].Place)
		}
	}
}

// TestNotWellFormed holds what XML forbids and Go's reader lets through.
func TestNotWellFormed(t *testing.T) {
	docs := map[string]string{}
	for i, text := range []string{
		`<r/>`, ` <r/> `, `<r></r><r/>`, `<r/>text`, `<r a="1" a="2"/>`, `<r xmlns:a="urn:a" xmlns:b="urn:a" a:x="1" b:x="2"/>`, `<r><a></r></a>`, `<r`, ``, `<r>&nbsp;</r>`, `<r>&#0;</r>`, `<r>]]></r>`,
		`<r/><?xml version="1.0"?>`, `<?xml version="1.0"?><r/>`, ` <?xml version="1.0"?><r/>`, `<?xml version="1.0" encoding="ISO-8859-1"?><r>` + "\xe4" + `</r>`, "<r>\xe4</r>", `<r>&lt;&amp;&#xe4;</r>`, `<!-- a --><r/><!-- b -->`, `<r><?pi x?></r>`,
		"<r><!-- gepr\xfcft --></r>", "<r><!-- \x01 --></r>", "<r><?pi gepr\xfcft?></r>", "<r><!-- geprüft --></r>", `<?xml version="1.0" encoding="ISO-8859-1"?><r><!-- gepr` + "\xfcft --></r>",
	} {
		docs[fmt.Sprintf("well-formed %d", i)] = text
	}
	docs["utf-16"] = "\xff\xfe<\x00r\x00/\x00>\x00"
	text := `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="r"/></xs:schema>`
	agree(t, read(t, text), writeSchema(t, text), docs)

	d := read(t, text)
	for name, text := range map[string]string{
		"prefix":        `<a:r/>`, // which libxml2 reads as a name with a colon
		"document type": `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><r>&b;</r>`,
		"deep":          strings.Repeat("<r>", 10_000),
	} {
		if found, covered := d.Check(body(text)); !covered || len(found) != 1 {
			t.Errorf("%s: %v, covered %v", name, found, covered)
		}
	}
}

// TestLargeAndSlow judges documents that are made to take long.
func TestLargeAndSlow(t *testing.T) {
	begun := cputime.Used()
	d := read(t, of("xs:string", facet("pattern", "(([a-z])+.)+[A-Z]")))
	if found, _ := d.Check(body(doc("", strings.Repeat("a", 1<<20)))); len(found) != 1 {
		t.Errorf("a long text: %v", found)
	}
	d = read(t, seq(child("a", `minOccurs="0" maxOccurs="9999999999"`)))
	if found, _ := d.Check(body(doc("", strings.Repeat("<a>1</a>", 50_000)))); len(found) != 0 {
		t.Errorf("a long list: %v", found)
	}
	if found, _ := d.Check(body(doc("", strings.Repeat("<b/>", 1<<17)))); len(found) != 1 {
		t.Errorf("mistakes without end: %d", len(found))
	}
	if found, covered := d.Check(body(doc("", strings.Repeat(" ", maxSize)))); !covered || len(found) != 1 {
		t.Errorf("a huge document: %v", found)
	}
	_, err := Format{}.Read([]contracts.File{{Name: "t.xsd", Data: []byte(schema(strings.Repeat("<xs:element name='a'/>", 50<<20/22)))}})
	if err == nil || !strings.Contains(err.Error(), "more than 500000 declarations") {
		t.Errorf("a schema of 50 MB: %.200v", err)
	}
	if took := cputime.Used() - begun; took > 30*time.Second { // what others take on this machine is not counted
		t.Errorf("took %v of processor time", took)
	}
}

// TestChangesAreSound holds the changes told between random schemas against
// random documents: what readers refuse must have been told.
func TestChangesAreSound(t *testing.T) {
	refused := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 5))
		old := read(t, seq(randomParticles(r, 2)...))
		next := read(t, seq(randomParticles(r, 2)...))
		changes, err := Format{}.Changes(old, next, contracts.Backward)
		if err != nil {
			t.Fatal(err)
		}
		told := slices.ContainsFunc(changes, func(c contracts.Change) bool {
			return c.Severity == contracts.Breaking || c.Type == contracts.CannotTell
		})
		for range 40 {
			text := doc("", randomBody(r))
			if wrong, _ := old.Check(body(text)); len(wrong) > 0 {
				continue
			}
			if wrong, _ := next.Check(body(text)); len(wrong) > 0 {
				refused++
				if !told {
					t.Errorf("seed %d: %s is refused (%v), and the changes are %v", seed, text, wrong, changes)
					break
				}
			}
		}
	}
	if refused < 100 {
		t.Errorf("only %d documents were refused", refused)
	}
}

// randomParticles are particles whose elements a to d stand in one place each,
// so that models are not ambiguous.
func randomParticles(r *rand.Rand, depth int) (all []string) {
	for _, n := range r.Perm(4)[:1+r.IntN(3)] {
		occurs := []string{"", `minOccurs="0"`, `maxOccurs="2"`, `maxOccurs="unbounded"`, `minOccurs="0" maxOccurs="3"`}[r.IntN(5)]
		kind := []string{"xs:int", "xs:byte", "xs:decimal", "xs:token", "xs:boolean"}[r.IntN(5)]
		all = append(all, fmt.Sprintf(`<xs:element name="%c" type="%s" %s/>`, 'a'+n, kind, occurs))
	}
	if depth > 0 && r.IntN(3) == 0 {
		all = []string{`<xs:choice minOccurs="` + fmt.Sprint(r.IntN(2)) + `">` + strings.Join(all, "") + `</xs:choice>`}
	}
	return all
}

func randomBody(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(4) {
		n := 'a' + rune(r.IntN(4))
		fmt.Fprintf(&b, "<%c>%s</%c>", n, []string{"1", "1000", "1.5", "x", "true"}[r.IntN(5)], n)
	}
	return b.String()
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(performance))
	f.Add([]byte(schema(derived + code)))
	for _, c := range constructs {
		f.Add([]byte(c.schema))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Format{}.Read([]contracts.File{{Name: "f.xsd", Data: text}})
		if err != nil {
			return
		}
		one := d.(*Document)
		one.Parts()
		one.Check(body(doc("", "<a>1</a>")))
		if changes, err := (Format{}).Changes(d, d, contracts.Full); err != nil || len(changes) > 0 {
			t.Errorf("a schema differs from itself: %v, %v", changes, err)
		}
	})
}

func FuzzCheck(f *testing.F) {
	d := read(f, performance)
	f.Add([]byte(`<Performance xmlns="urn:p" releaseID="1"><ID>a</ID><Response><State>Held</State><Yield>1</Yield></Response></Performance>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		x := contracts.Exchange{Request: contracts.Part{Body: text}}
		if found, covered := d.Check(x); !covered && len(found) > 0 {
			t.Errorf("not covered, and %v", found)
		}
		d.Used(x)
		d.Undeclared(x)
	})
}

func FuzzPattern(f *testing.F) {
	for p := range patterns {
		f.Add(p, "a")
	}
	f.Fuzz(func(_ *testing.T, expr, text string) {
		if p, err := newPattern(expr); err == nil {
			p.re.MatchString(text)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	d := read(b, performance)
	x := body(`<Performance xmlns="urn:p" releaseID="1"><ID>a</ID><Response><State>Held</State><Yield>1</Yield></Response></Performance>`)
	for b.Loop() {
		if found, _ := d.Check(x); len(found) > 0 {
			b.Fatal(found)
		}
	}
}
