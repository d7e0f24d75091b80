// Package html writes one self-contained page that tells a whole gate: the
// verdict, each scenario, each finding with its journey, what happened when,
// the figures, and what was not looked at.
//
// It knows nothing of how a run is made. The page asks nobody for anything, is
// readable without its script, and escapes whatever the SUT sent; as a second
// lock its policy lets nothing run but our own script.
package html

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/reports"
)

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	css string
	//go:embed page.js
	script string
)

// A Reporter writes the page.
type Reporter struct {
	// Faults are the kinds of faults there are, so that the page can say which
	// of them never struck; those the runs know of if nil.
	Faults []string
}

var _ reports.Reporter = Reporter{}

// Report implements [reports.Reporter].
func (r Reporter) Report(w io.Writer, g reports.Gate) error {
	var b bytes.Buffer
	b.WriteString(head(strings.ToUpper(g.Verdict.String())+" · Andon report", css+explain.SVGStyle, script))
	if err := body.Execute(&b, newPage(g, r.Faults)); err != nil {
		return fmt.Errorf("make HTML report: %w", err)
	}
	fmt.Fprintf(&b, "<script>%s</script>\n</body>\n</html>\n", script)
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write HTML report: %w", err)
	}
	return nil
}

// head opens the page. Style and script are named by their digests, so that
// nothing else could run even if something slipped through.
func head(title, style, script string) string {
	policy := fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'", digest(style), digest(script))
	return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="` + policy + `">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>` + template.HTMLEscapeString(title) + `</title>
<link rel="icon" href="data:,">
<style>` + style + `</style>
</head>
`
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

var body = template.Must(template.New("page").Funcs(template.FuncMap{
	"clean": explain.Clean,
	"add":   func(a, b int) int { return a + b },
}).Parse(pageText))
