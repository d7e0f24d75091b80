package markdown

import (
	"fmt"
	"io"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/reports"
)

// MostAnnotations is how many a step of a GitHub job may show.
const MostAnnotations = 10

// Annotate writes workflow commands that GitHub shows on the job and the
// commit: an error for each kind of violation, a warning for what could not be
// decided, and the last one counts the rest.
func Annotate(w io.Writer, g reports.Gate) error {
	var lines []string
	for _, s := range g.Scenarios {
		if s.Error != "" {
			lines = append(lines, command("warning", s.ID+" has no verdict", s.Error))
		}
	}
	for _, t := range ranked(g) {
		f := t.Findings[0]
		level := "error"
		if f.Verdict != evidence.Violated {
			level = "warning"
		}
		title := fmt.Sprintf("%s %s (%s) %s", t.scenario.ID, f.Oracle, f.ID, f.Verdict)
		lines = append(lines, command(level, title, strings.Join(saying("expected ", f.Expected, "got ", f.Got, "", f.Text, "replay: ", f.Replay), "\n")))
	}
	if len(lines) > MostAnnotations {
		left := len(lines) - MostAnnotations + 1
		lines = append(lines[:MostAnnotations-1], command("error", "Andon", fmt.Sprintf("%d more kinds of findings stand in the summary and the report", left)))
	}
	for _, l := range lines {
		if _, err := fmt.Fprintln(w, l); err != nil {
			return fmt.Errorf("write annotations: %w", err)
		}
	}
	return nil
}

// saying joins each name with its value, where there is one.
func saying(pairs ...string) (said []string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			said = append(said, pairs[i]+explain.Clean(pairs[i+1], 300))
		}
	}
	return said
}

// command writes a workflow command; what would end it or begin another is
// encoded.
func command(level, title, text string) string {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	return fmt.Sprintf("::%s title=%s::%s", level, property.Replace(explain.Clean(title, 120)), data.Replace(cleanLines(text)))
}

func cleanLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = explain.Clean(l, 600)
	}
	return strings.Join(lines, "\n")
}
