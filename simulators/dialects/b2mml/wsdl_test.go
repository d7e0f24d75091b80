package b2mml

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
)

func TestGoldenWSDL(t *testing.T) {
	golden(t, "bods.soap11.wsdl", Settings{Envelope: SOAP11}.WSDL("http://127.0.0.1:8080"))
	golden(t, "bods.soap12.wsdl", Settings{Envelope: SOAP12}.WSDL("http://127.0.0.1:8080"))
	if (Settings{}).WSDL("http://127.0.0.1:8080") != nil {
		t.Error("BODs without an envelope have a WSDL")
	}
	for base, want := range map[string]string{"": `location="bods"`, `http://a"<&b`: `location="http://a&#34;&lt;&amp;b/bods"`} {
		if doc := (Settings{Envelope: SOAP11}).WSDL(base); !bytes.Contains(doc, []byte(want)) {
			t.Errorf("at %q it does not say %s", base, want)
		}
	}
}

// operationsOf reads what each operation of the WSDL takes and gives.
func operationsOf(t *testing.T, s Settings) (in map[string]string) {
	t.Helper()
	root, err := xmltree.Parse(s.WSDL(""))
	if err != nil {
		t.Fatal(err)
	}
	elements, in := map[string]string{}, map[string]string{}
	for _, m := range called(root, "message") {
		name, _ := m.Attr("name")
		element, _ := m.Child("part").Attr("element")
		elements["tns:"+name] = strings.TrimPrefix(element, "b2mml:")
	}
	message := func(n *xmltree.Node, name string) string {
		m, _ := n.Child(name).Attr("message")
		if elements[m] == "" {
			t.Errorf("there is no message %q", m)
		}
		return elements[m]
	}
	for _, o := range called(root.Child("portType"), "operation") {
		if message(o, "fault") != "ConfirmBOD" {
			t.Error("a fault has no ConfirmBOD in it")
		}
		in[message(o, "input")] = message(o, "output")
	}
	return in
}

// TestWSDLNamesWhatIsRead tries every verb with every noun, and some more.
func TestWSDLNamesWhatIsRead(t *testing.T) {
	described := operationsOf(t, Settings{Envelope: SOAP12})
	read := 0
	for _, verb := range append(slices.Clone(verbs), "Acknowledge", "Respond", "Show") {
		for _, noun := range append(append(slices.Clone(nouns), onlyAsked...), "PersonnelInformation", "WorkAlert") {
			bod := verb + noun
			_, err := Dialect{}.Decode(post(`<` + bod + ` xmlns="` + Namespace + `" releaseID="V0701"><ApplicationArea><CreationDateTime>2026-03-02T07:41:58+01:00</CreationDateTime></ApplicationArea></` + bod + `>`))
			r := new(simulators.Refusal)
			known := !errors.As(err, &r) || r.Code != codeBOD
			if known != (described[bod] != "") {
				t.Errorf("%s: read %v, described %v", bod, known, described[bod] != "")
			}
			if known {
				read++
			}
		}
	}
	if read != len(described) {
		t.Errorf("%d BODs are read, and %d are described", read, len(described))
	}
}

// TestGoldensAreAsDescribed holds golden messages, and replies in an envelope,
// against the schema in the WSDL.
func TestGoldensAreAsDescribed(t *testing.T) {
	described := operationsOf(t, Settings{Envelope: SOAP11})
	answers := slices.Collect(maps.Values(described))
	docs := map[string][]byte{}
	files, err := filepath.Glob(filepath.Join("testdata", "*.xml"))
	if err != nil || len(files) < 30 {
		t.Fatalf("%d golden messages, %v", len(files), err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(f)
		docs[name] = bare(t, b)
		root, err := xmltree.Parse(docs[name])
		if err != nil {
			t.Fatal(err)
		}
		switch reply := strings.HasPrefix(name, "reply-"); {
		case strings.HasPrefix(name, "reply-respond."): // who is generated does not ask for one
			delete(docs, name)
		case reply && !slices.Contains(answers, root.Name), !reply && described[root.Name] == "":
			t.Errorf("%s: %s is not described", name, root.Name)
		}
		question, err := os.ReadFile(filepath.Join("testdata", strings.TrimPrefix(name, "reply-")))
		if err != nil || !strings.HasPrefix(name, "reply-get-") {
			continue
		}
		asked, err := xmltree.Parse(question)
		if err != nil {
			t.Fatal(err)
		}
		if described[asked.Name] != root.Name {
			t.Errorf("%s answers %s, and it is described that %s does", root.Name, asked.Name, described[asked.Name])
		}
	}
	hasXMLLint(t)
	doc := string(Settings{Envelope: SOAP11}.WSDL(""))
	begin, end := strings.Index(doc, "<xs:schema"), strings.Index(doc, "</xs:schema>")
	schema := filepath.Join(t.TempDir(), "types.xsd")
	if err := os.WriteFile(schema, []byte(doc[begin:end]+"</xs:schema>"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, ok := range valid(t, schema, docs) {
		if !ok {
			t.Errorf("%s is not as the WSDL says", name)
		}
	}
	for name, doc := range docs {
		docs[name] = bytes.Replace(doc, []byte("CreationDateTime>"), []byte("CreatedAt>"), 2)
	}
	for name, ok := range valid(t, schema, docs) {
		if ok {
			t.Errorf("%s: the WSDL says anything", name)
		}
	}
}

// An answer to a question in an envelope is the one that is described, or a fault.
func TestQuestionsInAnEnvelopeHaveOneAnswer(t *testing.T) {
	for suffix, s := range envelopes {
		if suffix == ".xml" {
			continue
		}
		d := Dialect{s}
		described := operationsOf(t, s)
		for name, q := range questions() {
			body, err := os.ReadFile(filepath.Join("testdata", name+".xml"))
			if err != nil {
				t.Fatal(err)
			}
			n, err := xmltree.Parse(body)
			if err != nil {
				t.Fatal(err)
			}
			doc, err := s.document(plain(n))
			if err != nil {
				t.Fatal(err)
			}
			m := post(string(doc))
			if _, err := d.Decode(m); err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				a       simulators.Answer
				refused bool
			}{{simulators.Answer{Found: q.found}, false}, {simulators.Answer{}, name != "get-profile"}, {simulators.Answer{Refusal: refuse("order-unknown", "text")}, true}} {
				r := d.Reply(m, c.a)
				root, err := xmltree.Parse(r.Body)
				if err != nil {
					t.Fatal(err)
				}
				f, faulty := d.faultOf(root)
				got := root.Find("Body").Children[0].Name
				if faulty != c.refused || !faulty && got != described[n.Name] || faulty && (r.Result.Status < 400 || f.code != faultCodes[s.Envelope].sender) {
					t.Errorf("%s%s: %s %+v under %d", name, suffix, got, f, r.Result.Status)
				}
			}
		}
	}
}
