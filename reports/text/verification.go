package text

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/reports"
)

// mostBreaches is how many breaches of an interaction are told.
const mostBreaches = 12

// Verification tells people what a provider kept of its contracts.
func (r Reporter) Verification(w io.Writer, v reports.Verification) error {
	p := &printer{Reporter: r, w: bufio.NewWriter(w)}
	for _, pair := range v.Pairs {
		p.printf("%s\n", tidy(pair.ID()))
		for _, i := range pair.Interactions {
			p.interaction(i)
		}
		if len(pair.Interactions) == 0 || pair.Left > 0 {
			p.printf("  %s\n", tidy(pair.Text))
		}
	}
	for _, n := range v.Notes {
		p.printf("%s\n", tidy(n))
	}
	p.printf("%s: %s\n", p.sign(v.Verdict)+" "+strings.ToUpper(v.Verdict.String()), Sentence(v))
	return p.w.Flush()
}

func (p *printer) interaction(i reports.VerifiedInteraction) {
	name := tidy(i.Name)
	if i.Pending {
		name += " (pending: counts for nothing)"
	}
	p.printf("  %s %s\n", p.sign(i.Verdict), name)
	if i.Verdict != evidence.Holds {
		for n, b := range i.Breaches {
			if n == mostBreaches {
				p.printf("      and %d more\n", len(i.Breaches)-n)
				break
			}
			p.printf("      %s: want %s, got %s\n", tidy(b.Path), tidy(b.Want), tidy(b.Got))
			if b.At != "" && b.At != i.At {
				p.printf("        by %s\n", tidy(b.At))
			}
		}
		if len(i.Breaches) == 0 {
			p.printf("      %s\n", tidy(i.Text))
		}
		if i.At != "" {
			p.printf("      %s\n", strings.TrimSpace(tidy(i.At)+"  "+tidy(i.Asked)))
		}
	}
	for _, n := range i.Notes {
		p.printf("      note: %s\n", tidy(n))
	}
}

// Sentence sums a verification up.
func Sentence(v reports.Verification) string {
	t := v.Count()
	if t.Made == 0 {
		return "no interaction was made, so that nothing was shown"
	}
	parts := []string{fmt.Sprintf("%d of %d interactions matched", t.Held, t.Made-t.Pending)}
	for _, one := range []struct {
		n    int
		what string
	}{{t.Violated, "violated"}, {t.Inconclusive, "inconclusive"}, {t.Vacuous, "not made"}, {t.Pending, "pending"}, {t.Left, "not selected"}} {
		if one.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", one.n, one.what))
		}
	}
	return strings.Join(parts, ", ")
}

// tidy makes what others wrote fit for a line of a terminal.
func tidy(s string) string { return explain.Clean(s, mostReason) }
