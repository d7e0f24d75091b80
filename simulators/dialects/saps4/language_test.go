package saps4

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
)

// refusals are the codes with which anything can be refused here: those of the
// books, of package endpoint, of transports and of faults, and our own. They are
// read from where they are written.
func refusals(t *testing.T) []string {
	t.Helper()
	named := regexp.MustCompile(`Refusal\{[^{}]*?Code:\s*"([a-z_-]+)"|\brefuse\("([a-z_-]+)"`)
	listed := regexp.MustCompile(`(?m)^\t(?:const )?[a-zA-Z]+\s*= "([a-z]+(?:-[a-z]+)*)"$`)
	all := map[string]bool{}
	take := func(re *regexp.Regexp, patterns ...string) {
		before := len(all)
		for _, pattern := range patterns {
			files, err := filepath.Glob(filepath.FromSlash(pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				if strings.HasSuffix(f, "_test.go") {
					continue
				}
				b, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range re.FindAllStringSubmatch(string(b), -1) {
					all[m[1]+strings.Join(m[2:], "")] = true
				}
			}
		}
		if len(all) == before {
			t.Errorf("no code is written in %q: is it said otherwise now?", patterns)
		}
	}
	take(listed, "../../systems/books/refusals.go")
	take(named, "../../endpoint/*.go", "../../*.go", "../../../chaos/faults/*.go")
	take(named, "*.go")
	for _, own := range []string{codeMalformed, codeName, codeMethod, codeMedia, codeXML, notFound} {
		all[own] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// Whatever is refused is told in the logon language: there is a text for every
// code, and none for a code that nobody uses.
func TestEveryRefusalHasATextInEveryLanguage(t *testing.T) {
	codes := refusals(t)
	if len(codes) < 60 {
		t.Errorf("%d codes, want more: %q", len(codes), codes)
	}
	m := exchanges(t)["confirmation"].Request
	for _, code := range codes {
		r := &simulators.Refusal{Class: simulators.DataQuality, Code: code, Text: "the quantity is one thing: and the text another"}
		for language, want := range map[Language]string{English: r.Text, German: german[code]} {
			reply := Dialect{Settings{Language: language}}.Reply(m, simulators.Answer{Refusal: r})
			var said struct {
				Error struct {
					Message struct{ Lang, Value string }
					Inner   struct {
						Details []struct{ Message string } `json:"errordetails"`
					} `json:"innererror"`
				}
			}
			if code == "csrf-token" { // which the gateway tells in plain text
				said.Error.Message.Lang, said.Error.Message.Value = string(language), string(reply.Body)
			} else if err := json.Unmarshal(reply.Body, &said); err != nil || len(said.Error.Inner.Details) != 2 || said.Error.Inner.Details[0].Message != want {
				t.Errorf("%s in %s: %v, %s", code, language, err, reply.Body)
			}
			if got := said.Error.Message; want == "" || got.Lang != string(language) || got.Value != want {
				t.Errorf("%s in %s: %q in %s, want %q", code, language, got.Value, got.Lang, want)
			}
		}
	}
	for code := range german {
		if !slices.Contains(codes, code) {
			t.Errorf("nothing is refused with %s", code)
		}
	}
}

// What is malformed is told with its place; and what has no text of its own, in
// the right language all the same.
func TestGermanTexts(t *testing.T) {
	d := Dialect{Settings{Language: German}}
	for _, c := range []struct {
		r    simulators.Refusal
		want string
	}{
		{*refuse(codeMalformed, "ProdnOrdConf2/PostingDate: is no date"), "Anfrage ist fehlerhaft aufgebaut (ProdnOrdConf2/PostingDate)"},
		{*refuse(codeMalformed, "the body is not JSON: x"), "Anfrage ist fehlerhaft aufgebaut"},
		{simulators.Refusal{Code: "new", Text: "a new reason", Outcome: simulators.Throttled}, "Zu viele Anfragen"},
		{simulators.Refusal{Code: "new", Text: "a new reason", Outcome: simulators.Unavailable}, "System ist derzeit nicht verfügbar"},
		{simulators.Refusal{Code: "new", Text: "a new reason"}, "Anfrage wurde abgelehnt"},
	} {
		if got := d.text(&c.r); got != c.want {
			t.Errorf("%s: %q, want %q", c.r.Text, got, c.want)
		}
		if got := (Dialect{}).text(&c.r); got != c.r.Text {
			t.Errorf("in English: %q, want %q", got, c.r.Text)
		}
	}
	pooled := d.Reply(exchanges(t)["confirmation"].Request, simulators.Answer{Later: true, Operation: "OP-1"})
	if got := pooled.Header["Sap-Message"]; !strings.Contains(got, "zur Nachbearbeitung") {
		t.Errorf("what waits is told by %s", got)
	}
}
