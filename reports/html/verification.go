package html

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/text"
)

//go:embed verification.html
var verificationText string

var verification = template.Must(template.New("verification").Funcs(template.FuncMap{"clean": explain.Clean}).Parse(verificationText))

// mostShown is how many breaches of an interaction a page shows.
const mostShown = 60

// verifiedPage is what the template of a verification shows.
type verifiedPage struct {
	V        verdict
	Sentence string
	Facts    []pair
	Notes    []string
	Tallies  []tally
	Bar      template.HTML
	Pairs    []verifiedPair
	Foot     string
}

type verifiedPair struct {
	reports.VerifiedPair
	V      verdict
	Anchor string
	Told   []verifiedInteraction
}

type verifiedInteraction struct {
	reports.VerifiedInteraction
	V     verdict
	Shown []reports.VerifiedBreach
	More  int
}

// Verification writes one self-contained page about a provider. It needs no
// script.
func (Reporter) Verification(w io.Writer, v reports.Verification) error {
	var b bytes.Buffer
	b.WriteString(head(strings.ToUpper(v.Verdict.String())+" · Andon verification", css, ""))
	if err := verification.Execute(&b, newVerifiedPage(v)); err != nil {
		return fmt.Errorf("make HTML report: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write HTML report: %w", err)
	}
	return nil
}

func newVerifiedPage(v reports.Verification) verifiedPage {
	t := v.Count()
	p := verifiedPage{V: verdictOf(v.Verdict), Sentence: text.Sentence(v), Notes: v.Notes, Foot: "Andon " + v.Andon}
	for _, one := range []struct {
		v evidence.Verdict
		n int
	}{{evidence.Violated, t.Violated}, {evidence.Inconclusive, t.Inconclusive}, {evidence.Vacuous, t.Vacuous}, {evidence.Holds, t.Held}} {
		p.Tallies = append(p.Tallies, tally{verdictOf(one.v), one.n})
	}
	p.Bar = drawBar(p.Tallies, t.Made-t.Pending)
	for _, f := range []pair{{"target", v.Target}, {"when", v.When.Format(time.DateTime) + " UTC"}, {"engine", v.Engine}, {"Andon", v.Andon}} {
		if f.Value != "" {
			p.Facts = append(p.Facts, f)
		}
	}
	for i, one := range v.Pairs {
		out := verifiedPair{VerifiedPair: one, V: verdictOf(one.Verdict), Anchor: fmt.Sprintf("pair-%d", i+1)}
		for _, in := range one.Interactions {
			n := min(len(in.Breaches), mostShown)
			out.Told = append(out.Told, verifiedInteraction{VerifiedInteraction: in, V: verdictOf(in.Verdict), Shown: in.Breaches[:n], More: len(in.Breaches) - n})
		}
		p.Pairs = append(p.Pairs, out)
	}
	return p
}
