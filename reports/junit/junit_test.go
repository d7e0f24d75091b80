package junit_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/junit"
	"github.com/andon-rig/andon/reports/reportstest"
)

// parsed is what a CI system reads.
type parsed struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Skipped  int `xml:"skipped,attr"`
	Suites   []struct {
		Name  string `xml:"name,attr"`
		Cases []struct {
			Name       string `xml:"name,attr"`
			Classname  string `xml:"classname,attr"`
			Properties []struct {
				Name  string `xml:"name,attr"`
				Value string `xml:"value,attr"`
			} `xml:"properties>property"`
			Failure []struct {
				Type string `xml:"type,attr"`
				Text string `xml:",chardata"`
			} `xml:"failure"`
			Error   *struct{} `xml:"error"`
			Skipped *struct {
				Message string `xml:"message,attr"`
			} `xml:"skipped"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

func TestGolden(t *testing.T) {
	reportstest.Golden(t, junit.Reporter{}, reportstest.Sound(t), "sound.xml")
	text := reportstest.Golden(t, junit.Reporter{}, reportstest.Failing(t), "failing.xml")
	var p parsed
	if err := xml.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	if p.Tests != 6 || p.Failures != 2 || p.Errors != 1 || p.Skipped != 2 {
		t.Errorf("got %d tests, %d failures, %d errors, %d skipped", p.Tests, p.Failures, p.Errors, p.Skipped)
	}
	c := p.Suites[0].Cases[1]
	if c.Classname != "smoke" || len(c.Failure) != 1 || c.Failure[0].Type != "technical" || !strings.Contains(c.Failure[0].Text, "◀── VIOLATION O1") {
		t.Errorf("got %+v", c)
	}
	properties := map[string]string{}
	for _, q := range c.Properties {
		properties[q.Name] = q.Value
	}
	if properties["seed"] != "4711" || properties["replay"] != "andon replay out/CNF-02-lost-reply" || properties["requirements"] == "" {
		t.Errorf("got %v", properties)
	}
	if s := p.Suites[0].Cases[2].Skipped; s == nil || !strings.Contains(s.Message, "never struck") {
		t.Errorf("a vacuous scenario: got %v", s)
	}
	reportstest.Fails(t, junit.Reporter{})
}

// A violated scenario never looks passed, whatever its findings say.
func TestViolatedWithoutFindings(t *testing.T) {
	var b bytes.Buffer
	g := reports.Gate{Scenarios: []reports.Scenario{{ID: "X", Verdict: evidence.Violated}}}
	if err := (junit.Reporter{}).Report(&b, g); err != nil || !strings.Contains(b.String(), "<failure") {
		t.Errorf("got %s, %v", b.String(), err)
	}
}

func FuzzXML(f *testing.F) {
	f.Add("title", "got")
	f.Add("\x00\x1b[31m]]>", "\xff\ufffe\u202e")
	f.Fuzz(func(t *testing.T, title, got string) {
		var b bytes.Buffer
		g := reports.Gate{Scenarios: []reports.Scenario{{ID: "X", Title: title, Pack: got, Verdict: evidence.Violated, Findings: []evidence.Finding{
			{Oracle: title, ID: "O1", Verdict: evidence.Violated, Got: got, Journey: got, Class: evidence.CauseClass(title)},
		}}}}
		if err := (junit.Reporter{}).Report(&b, g); err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(&b); ; {
			if _, err := d.Token(); err == io.EOF {
				return
			} else if err != nil {
				t.Fatal(err)
			}
		}
	})
}
