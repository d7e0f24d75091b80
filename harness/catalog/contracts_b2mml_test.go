package catalog_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/rewording"
	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/b2mml"
)

const bods = "../../simulators/dialects/b2mml/testdata"

// posted is a BOD as it crosses a link.
func posted(body []byte) contracts.Exchange {
	return contracts.Exchange{Request: contracts.Part{Method: "POST", Path: "/bods", Body: body, Headers: map[string][]string{"Content-Type": {"application/xml"}}}}
}

func golden(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(bods, file))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func goldenBODs(t *testing.T) (bare, enveloped []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(bods, "*.xml"))
	if err != nil || len(all) < 30 {
		t.Fatalf("%d golden messages, %v", len(all), err)
	}
	for _, f := range all {
		if name := filepath.Base(f); strings.Contains(name, ".soap") {
			enveloped = append(enveloped, name)
		} else {
			bare = append(bare, name)
		}
	}
	return bare, enveloped
}

func TestGoldenBODsKeepTheContract(t *testing.T) {
	d := document[judge](t, own(t), "b2mml-xml", "bods", "v7")
	damaging := []chaos.Drift{
		chaos.DriftRenamed, chaos.DriftNull, chaos.DriftType, chaos.DriftEnum, chaos.DriftCharset,
		chaos.DriftComma, chaos.DriftExponent, chaos.DriftNoOffset, chaos.DriftCutOff,
	}
	tried := map[chaos.Drift]int{}
	bare, enveloped := goldenBODs(t)
	for _, name := range append(bare, enveloped...) {
		x := posted(golden(t, name))
		if found, covered := d.Check(x); !covered || len(found) > 0 {
			t.Errorf("%s: covered %v, %v", name, covered, found)
		}
		for _, u := range d.Undeclared(x) {
			if !strings.HasPrefix(u.Path, "Opaque/") { // what nobody looks at
				t.Errorf("%s: %s %s is not declared", name, u.Kind, u.Path)
			}
		}
		m := simulators.Message{Verb: "post", Name: "bods", Body: x.Request.Body, Header: map[string]string{"Content-Type": "application/xml"}}
		ask, err := b2mml.Dialect{}.Decode(m)
		if m.Events = ask.Claims; err != nil || len(m.Events) == 0 {
			continue // no announcement of its own
		}
		for _, drift := range damaging {
			if bad, ok := rewording.Of(b2mml.Dialect{})(m, drift); ok {
				tried[drift]++
				if found, _ := d.Check(posted(bad.Body)); len(found) == 0 {
					t.Errorf("%s under %s keeps the contract", name, drift)
				}
			}
		}
	}
	for _, drift := range damaging {
		if tried[drift] == 0 {
			t.Errorf("no BOD could drift by %s", drift)
		}
	}
}

var startTag = regexp.MustCompile(`(?m)^ *<([A-Z][A-Za-z]*)`)

// damaged are one golden BOD with one element at a time renamed, and with one
// line at a time that is an element told twice or left out.
func damaged(body []byte) (renamed, torn [][]byte) {
	for _, at := range startTag.FindAllSubmatchIndex(body, -1) {
		name := string(body[at[2]:at[3]])
		bad := append(bytes.Clone(body[:at[3]]), 'X')
		rest := string(body[at[3]:])
		if end := strings.Index(rest, "</"+name+">"); end >= 0 && !strings.HasPrefix(rest, "/>") {
			rest = rest[:end] + "</" + name + "X>" + rest[end+len(name)+3:]
		}
		renamed = append(renamed, append(bad, rest...))
	}
	lines := bytes.SplitAfter(body, []byte("\n"))
	for i, l := range lines {
		if s := string(bytes.TrimSpace(l)); strings.HasPrefix(s, "<") && strings.Contains(s, "</") {
			torn = append(torn, bytes.Join([][]byte{bytes.Join(lines[:i], nil), bytes.Join(lines[i+1:], nil)}, nil))
			torn = append(torn, bytes.Join([][]byte{bytes.Join(lines[:i+1], nil), l, bytes.Join(lines[i+1:], nil)}, nil))
		}
	}
	return renamed, torn
}

// The decoder takes nothing that the contract refuses, and of names both say
// the same: each BOD with each element renamed, left out or told twice.
func TestBODsAreReadAsTheContractSays(t *testing.T) {
	d := document[judge](t, own(t), "b2mml-xml", "bods", "v7")
	bare, _ := goldenBODs(t)
	tried, refused := 0, 0
	for _, name := range bare {
		if strings.HasPrefix(name, "reply-") {
			continue
		}
		renamed, torn := damaged(golden(t, name))
		for i, body := range append(renamed, torn...) {
			_, err := b2mml.Dialect{}.Decode(simulators.Message{Verb: "post", Name: "bods", Body: body, Header: map[string]string{"Content-Type": "application/xml"}})
			found, _ := d.Check(posted(body))
			tried++
			if len(found) > 0 {
				refused++
			}
			if err == nil && len(found) > 0 || i < len(renamed) && err != nil && len(found) == 0 {
				t.Errorf("%s, damage %d: decoder %v, contract %v", name, i, err, found)
			}
		}
	}
	t.Logf("%d BODs, %d of them refused by the contract", tried, refused)
	if tried < 500 || refused < 200 {
		t.Error("too few")
	}
}

// Any validator says the same of the schemas and of what keeps them.
func TestXMLLintTakesTheSchemas(t *testing.T) {
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("xmllint is not installed; get the Debian package libxml2-utils")
	}
	bare, enveloped := goldenBODs(t)
	check := func(schema string, want bool, names ...string) {
		args := []string{"--nonet", "--noout", "--schema", filepath.Join(folder, "b2mml-xml/bods/v7", schema)}
		for _, n := range names {
			if filepath.Dir(n) == "." {
				n = filepath.Join(bods, n)
			}
			args = append(args, n)
		}
		if out, err := exec.CommandContext(t.Context(), "xmllint", args...).CombinedOutput(); (err == nil) != want {
			t.Errorf("%s: %v\n%s", schema, err, out)
		}
	}
	check("b2mml.xsd", true, bare...)
	for _, n := range enveloped {
		version, _, _ := strings.Cut(n[strings.Index(n, ".soap")+len(".soap"):], ".")
		check("soap-1."+version[1:]+".xsd", true, n)
	}
	bad := filepath.Join(t.TempDir(), "bad.xml")
	if err := os.WriteFile(bad, bytes.ReplaceAll(golden(t, "confirmation.xml"), []byte("PostingDate"), []byte("PostedDate")), 0o600); err != nil {
		t.Fatal(err)
	}
	check("b2mml.xsd", false, bad)
}
