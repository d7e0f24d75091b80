// Package junit tells CI systems what a gate found, in the JUnit XML that
// most of them read.
//
// The format has no specification; this follows what the common readers agree
// on. A scenario is a test case of its pack. What was not shown is skipped, not
// passed; what the rig could not do is an error, not a failure.
package junit

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/reports"
)

// mostFindings is how many findings of a scenario are told; readers show them
// on one page.
const mostFindings = 10

// A Reporter writes JUnit XML.
type Reporter struct{}

var _ reports.Reporter = Reporter{}

type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Time     string   `xml:"time,attr"`
	Suites   []*suite `xml:"testsuite"`
}

type suite struct {
	Name       string     `xml:"name,attr"`
	Tests      int        `xml:"tests,attr"`
	Failures   int        `xml:"failures,attr"`
	Errors     int        `xml:"errors,attr"`
	Skipped    int        `xml:"skipped,attr"`
	Time       string     `xml:"time,attr"`
	Properties []property `xml:"properties>property"`
	Cases      []testcase `xml:"testcase"`

	wall time.Duration
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type testcase struct {
	Name       string     `xml:"name,attr"`
	Classname  string     `xml:"classname,attr"`
	Time       string     `xml:"time,attr"`
	Properties []property `xml:"properties>property"`
	Failure    *failure   `xml:"failure"`
	Error      *failure   `xml:"error"`
	Skipped    *skipped   `xml:"skipped"`
	Out        string     `xml:"system-out,omitempty"`
}

type failure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",cdata"`
}

type skipped struct {
	Message string `xml:"message,attr"`
}

// Report implements [reports.Reporter].
func (Reporter) Report(w io.Writer, g reports.Gate) error {
	out := suites{Name: "andon gate", Time: seconds(g.Wall)}
	for _, s := range g.Scenarios {
		pack := s.Pack
		if pack == "" {
			pack = "andon"
		}
		i := slices.IndexFunc(out.Suites, func(t *suite) bool { return t.Name == clean(pack) })
		if i < 0 {
			i = len(out.Suites)
			out.Suites = append(out.Suites, &suite{Name: clean(pack), Properties: properties(
				"andon", g.Andon, "seed", strconv.FormatUint(g.Seed, 10), "rig", g.Rig, "defect", g.Defect, "bundle", g.Bundle)})
		}
		out.Suites[i].add(s)
	}
	for _, s := range out.Suites {
		s.Time = seconds(s.wall)
		out.Tests, out.Failures, out.Errors, out.Skipped = out.Tests+s.Tests, out.Failures+s.Failures, out.Errors+s.Errors, out.Skipped+s.Skipped
	}
	return write(w, out)
}

// add turns a scenario into a test case.
func (t *suite) add(s reports.Scenario) {
	open := s.Open()
	c := testcase{
		Name: clean(strings.TrimSpace(s.ID + " " + s.Title)), Classname: t.Name, Time: seconds(s.Wall),
		Properties: properties("verdict", s.Verdict.String(), "seed", strconv.FormatUint(s.Seed, 10), "replay", replay(s, open),
			"requirements", strings.Join(s.Requirements, " "), "bundle", s.Bundle),
		Out: clean(strings.Join(s.Notes, "\n")),
	}
	switch {
	case s.Error != "":
		c.Error = &failure{Type: string(evidence.CauseRig), Message: clean(s.Error), Text: "the rig could not do its work; this is no verdict on the SUT"}
		t.Errors++
	case s.Verdict == evidence.Violated:
		c.Failure = failed(open)
		t.Failures++
	case s.Verdict != evidence.Holds:
		c.Skipped = &skipped{clean(s.Verdict.String() + ": " + reasons(open))}
		t.Skipped++
	}
	t.Tests++
	t.wall += s.Wall
	t.Cases = append(t.Cases, c)
}

// failed is the failure of a violated scenario. There is only one, because
// many readers show no more: its type and message are those of the worst
// finding, its text tells all.
func failed(open []evidence.Finding) *failure {
	violated := slices.DeleteFunc(slices.Clone(open), func(f evidence.Finding) bool { return f.Verdict != evidence.Violated })
	if len(violated) == 0 {
		return &failure{Type: "unknown", Message: "violated, but no finding says why"}
	}
	f := violated[0]
	out := &failure{Type: clean(cmp.Or(string(f.Class), "unknown")), Message: clean(fmt.Sprintf("%s %s: %s", f.ID, f.Oracle, f.Got))}
	if n := len(violated) - 1; n > 0 {
		out.Message += fmt.Sprintf(" (and %d more)", n)
	}
	for i, f := range violated {
		if i == mostFindings {
			out.Text += fmt.Sprintf("\n%d more findings in the bundle\n", len(violated)-i)
			break
		}
		out.Text += clean(body(f))
	}
	return out
}

// body is a finding as text.
func body(f evidence.Finding) string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-9s %s\n", name, value)
		}
	}
	fmt.Fprintf(&b, "\n%s %s\n", f.ID, f.Oracle)
	line("keys", f.Keys.String())
	line("expected", f.Expected)
	line("got", f.Got)
	line("cause", strings.TrimSpace(string(f.Class)+" "+f.Text))
	line("clues", strings.Join(explain.DetailOf(f).Clues, ", "))
	line("serves", strings.Join(f.Requirements, " "))
	if f.Journey != "" {
		b.WriteString("\n" + f.Journey + "\n")
	}
	line("replay", f.Replay)
	return b.String()
}

func reasons(open []evidence.Finding) string {
	var rs []string
	for _, f := range open[:min(len(open), 3)] {
		rs = append(rs, strings.TrimSpace(f.Oracle+" "+f.Text))
	}
	if rs == nil {
		return "nothing was shown"
	}
	return strings.Join(rs, "; ")
}

func replay(s reports.Scenario, open []evidence.Finding) string {
	for _, f := range open {
		if f.Replay != "" {
			return f.Replay
		}
	}
	if s.Bundle == "" {
		return ""
	}
	return "andon replay " + s.Bundle
}

// properties pairs names and values and leaves out what has no value.
func properties(pairs ...string) (ps []property) {
	for i := 0; i < len(pairs); i += 2 {
		if v := clean(pairs[i+1]); v != "" {
			ps = append(ps, property{pairs[i], v})
		}
	}
	return ps
}

// clean drops what XML 1.0 cannot hold or a terminal should not see.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n', c == '\t':
			return c
		case c < 0x20, c >= 0x7f && c < 0xa0, c == 0xfffe, c == 0xffff, c == 0x2028, c == 0x2029, c >= 0x202a && c <= 0x202e, c >= 0x2066 && c <= 0x2069:
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, "\ufffd"))
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
