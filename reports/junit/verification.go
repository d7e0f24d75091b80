package junit

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/reports"
)

// Verification tells what a provider kept of its contracts: a pair is a suite,
// an interaction a test case. A pending one that fails is skipped.
func (Reporter) Verification(w io.Writer, v reports.Verification) error {
	out := suites{Name: "andon verify"}
	var all time.Duration
	for _, p := range v.Pairs {
		s := verified(v, p)
		all += s.wall
		out.Tests, out.Failures, out.Errors, out.Skipped = out.Tests+s.Tests, out.Failures+s.Failures, out.Errors+s.Errors, out.Skipped+s.Skipped
		out.Suites = append(out.Suites, s)
	}
	out.Time = seconds(all)
	return write(w, out)
}

// verified is a pair as a suite. Without an interaction it holds one test that
// is skipped: a suite without tests would count as success.
func verified(v reports.Verification, p reports.VerifiedPair) *suite {
	s := &suite{Name: clean(p.ID()), Properties: properties("andon", v.Andon, "engine", v.Engine, "target", v.Target, "verdict", p.Verdict.String(),
		"provider-version", p.ProviderVersion, "consumer-version", p.ConsumerVersion)}
	for _, i := range p.Interactions {
		took := time.Duration(i.Millis) * time.Millisecond
		c := testcase{Name: clean(i.Name), Classname: s.Name, Time: seconds(took), Properties: properties("verdict", i.Verdict.String(), "contract", i.At, "asked", i.Asked, "pending", pending(i)),
			Out: clean(strings.Join(i.Notes, "\n"))}
		switch {
		case i.Pending && i.Verdict != evidence.Holds:
			c.Skipped = &skipped{clean("pending: " + i.Text)}
			s.Skipped++
		case i.Environment:
			c.Error = &failure{Type: string(evidence.CauseRig), Message: clean(i.Text), Text: "this is no verdict on the provider"}
			s.Errors++
		case i.Verdict == evidence.Violated:
			c.Failure = &failure{Type: string(evidence.CauseContract), Message: clean(i.Text), Text: clean(breaches(i))}
			s.Failures++
		case i.Verdict != evidence.Holds:
			c.Skipped = &skipped{clean(i.Verdict.String() + ": " + i.Text)}
			s.Skipped++
		}
		s.Tests++
		s.wall += took
		s.Cases = append(s.Cases, c)
	}
	if s.Tests == 0 {
		s.Tests, s.Skipped = 1, 1
		s.Cases = []testcase{{Name: "any interaction", Classname: s.Name, Time: seconds(0), Skipped: &skipped{clean(p.Text)}}}
	}
	s.Time = seconds(s.wall)
	return s
}

func pending(i reports.VerifiedInteraction) string {
	if i.Pending {
		return strconv.FormatBool(true)
	}
	return ""
}

func breaches(i reports.VerifiedInteraction) string {
	var b strings.Builder
	for n, one := range i.Breaches {
		if n == mostFindings {
			fmt.Fprintf(&b, "and %d more\n", len(i.Breaches)-n)
			break
		}
		fmt.Fprintf(&b, "%s: want %s, got %s\n", explain.Clean(one.Path, 200), explain.Clean(one.Want, 400), explain.Clean(one.Got, 400))
	}
	fmt.Fprintf(&b, "%s %s\n", i.At, i.Asked)
	return b.String()
}

func write(w io.Writer, out suites) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(out); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	return nil
}
