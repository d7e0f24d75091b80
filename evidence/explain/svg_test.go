package explain_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
)

// drawn is the journey of f as a file, and checks that both ways to draw it
// are well-formed and harmless.
func drawn(t *testing.T, f evidence.Finding) string {
	t.Helper()
	j := explain.DetailOf(f).Journey
	if j == nil {
		t.Fatal("no journey")
	}
	file, part := j.SVGFile(f.ID), j.SVG(f.ID)
	for _, svg := range []string{file, part} {
		elements(t, svg)
		if strings.ContainsFunc(svg, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Error("control characters in the drawing")
		}
		for _, never := range []string{"<script", "href", "url(", " id=", "@import", "onload"} {
			if strings.Contains(svg, never) {
				t.Errorf("a drawing with %q in it", never)
			}
		}
	}
	if strings.Contains(part, "<style") || !strings.Contains(file, "prefers-color-scheme") {
		t.Error("a part of a page brings no style of its own, a file does")
	}
	return file
}

// elements lists the elements of an SVG that say something, and fails if it is
// not well-formed.
func elements(t *testing.T, svg string) (texts []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	d.Strict = true
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, svg)
		}
		if c, ok := tok.(xml.CharData); ok && strings.TrimSpace(string(c)) != "" {
			texts = append(texts, string(c))
		}
	}
}

// What matters stands in the drawing as text, for eyes and for screen readers.
func TestSVGTells(t *testing.T) {
	c := cases[0]
	f := explain.New(c.play().history(), "").Finding(c.finding)
	svg := explain.DetailOf(f).Journey.SVG("confirmation #17 posted twice")
	said := strings.Join(elements(t, svg), "\n")
	for _, want := range []string{
		"confirmation #17 posted twice", "ERP sim", "✔ 4900001881", "FAULT ack-drop (1/1)", "… 30.0 s", "VIOLATION O1", "+30.0 s",
		"lost on the way to SUT: 201 applied FAULT ack-drop (1/1)",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("does not say %q:\n%s", want, said)
		}
	}
	if !strings.Contains(svg, `role="img" aria-label="confirmation #17 posted twice"`) {
		t.Error("a screen reader has nothing to call it")
	}
}

// What happens over and over is folded; where the rule was broken never is.
func TestRepetitionIsFolded(t *testing.T) {
	b := newRun("again")
	e := b.truth(yield(1, "5"), "mes", "erp")
	var named []uint64
	for n := 1; n <= 9; n++ {
		b.post(e, "erp", n, posts{heard: refused("order-locked", 423)})
		named = append(named, b.seq())
		b.wait(50 * time.Millisecond)
	}
	b.add(evidence.End{Quiet: true})
	f := explain.New(b.history(), "").Finding(evidence.Finding{ID: "O10", Verdict: evidence.Violated, Fact: e.ID, Evidence: named})
	if got := strings.Count(f.Journey, "423"); got != 4 || !strings.Contains(f.Journey, "⋮ 5 more like it") {
		t.Errorf("%d answers drawn, want the first two, the last of the repetition and the culprit:\n%s", got, f.Journey)
	}
	if !strings.Contains(f.Journey, "VIOLATION O10") {
		t.Error("the violation is folded away")
	}
}

// A journey is the same on paper, in JSON and back.
func TestJourneySurvivesJSON(t *testing.T) {
	for _, c := range cases {
		f := explain.New(c.play().history(), "").Finding(c.finding)
		if j := explain.DetailOf(f).Journey; j.Text() != f.Journey || j.Mermaid() != explain.DetailOf(f).Mermaid {
			t.Errorf("%s: the journey in the detail draws another picture", c.name)
		}
	}
}
