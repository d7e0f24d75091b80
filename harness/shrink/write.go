package shrink

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
)

// File is the smallest schedule as a scenario file for people: what it shows
// stands above it in comments. Run says how to run it.
func (r Result) File(run string) ([]byte, error) {
	s := r.Scenario
	s.Metadata.ID = fileID(s.Metadata.ID)
	s.Metadata.Title = "Smallest schedule for: " + r.Signature.String()
	s.Metadata.Labels, s.Metadata.Requirements = nil, s.Metadata.Requirements[:len(s.Metadata.Requirements):len(s.Metadata.Requirements)]
	if !slices.ContainsFunc(s.Expect.Always, func(w yamlfile.Word) bool { return w.S == r.Finding.Oracle }) && r.Finding.Oracle != "expectations" {
		s.Expect.Always = append(slices.Clone(s.Expect.Always), yamlfile.Word{S: r.Finding.Oracle})
	}
	n, err := yamlfile.Of(yamlfile.Pos{}, s)
	if err != nil {
		return nil, fmt.Errorf("write the smallest schedule: %w", err)
	}
	var b bytes.Buffer
	for _, line := range r.comments(run) {
		b.WriteString(strings.TrimRight("# "+line, " ") + "\n")
	}
	b.Write(yamlfile.Pretty(n))
	if _, err := scenarios.Parse("the smallest schedule", b.Bytes()); err != nil {
		return nil, fmt.Errorf("write the smallest schedule: %w", err)
	}
	return b.Bytes(), nil
}

// fileID names the smallest schedule of a scenario.
func fileID(id string) string { return id[:min(len(id), 60)] + ".min" }

// comments say what was found and how sure that is.
func (r Result) comments(run string) (lines []string) {
	f := r.Shown
	if f.Oracle == "" {
		f = r.Finding
	}
	say := func(format string, args ...any) {
		for i, line := range wrapped(fmt.Sprintf(format, args...), 110) {
			if i > 0 {
				line = "    " + line
			}
			lines = append(lines, line)
		}
	}
	say("%s (%s) violated: %s", f.Oracle, f.ID, f.Keys)
	say("  expected  %s", plain(f.Expected))
	say("  got       %s", plain(f.Got))
	if f.Text != "" {
		say("  cause     %s", plain(f.Text))
	}
	say("")
	low, high := r.Certificate.Rate.Wilson()
	if c := r.Certificate.Rate; c.Runs > 0 {
		say("It fails in %d of %d runs (95 %%: %.2f to %.2f); the schedule it was shrunk from, in %d of %d.", c.Hits, c.Runs, low, high, r.Reproduces.Hits, r.Reproduces.Runs)
	}
	for _, l := range r.Certificate.Each {
		say("Without %s: %d of %d.", l.Without, l.Rate.Hits, l.Rate.Runs)
	}
	for _, s := range r.Steps {
		if s.State != Done {
			say("Not all was tried: %s is %s.", s.Name, s.State)
		}
	}
	say("Run it: %s", run)
	return lines
}

// plain keeps what a SUT wrote from ending a comment.
func plain(text string) string { return strings.Join(strings.Fields(explain.Clean(text, 400)), " ") }

// wrapped breaks text into lines of at most width characters, at blanks.
func wrapped(text string, width int) (lines []string) {
	line := ""
	for i, word := range strings.Split(text, " ") {
		if i > 0 && len(line)+1+len(word) > width {
			lines, line = append(lines, line), word
			continue
		}
		if i > 0 {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
