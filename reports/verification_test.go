package reports_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/html"
	"github.com/andon-rig/andon/reports/junit"
	"github.com/andon-rig/andon/reports/text"
)

// nasty is what a provider may send to whoever reads the report.
const nasty = "<script>alert(1)</script>\x1b[2J]]>&\u202e"

func verification() reports.Verification {
	return reports.Verification{
		Schema: reports.VerificationVersion, Andon: "devel", Engine: "andon", Target: "http://127.0.0.1:1", When: time.Unix(0, 0).UTC(), Verdict: evidence.Violated, Exit: 1,
		Pairs: []reports.VerifiedPair{
			{Contract: "orders-api", Provider: "erp", ProviderVersion: "2.0", Consumer: "mes", ConsumerVersion: "3.2", Verdict: evidence.Violated, Text: nasty, Interactions: []reports.VerifiedInteraction{
				{Name: "an order", Kind: "http", Asked: "GET /orders/1", Verdict: evidence.Holds, Text: "matched", At: "a.json:3"},
				{Name: "a lot" + nasty, Kind: "http", Verdict: evidence.Violated, Text: nasty, At: "a.json:9", Breaches: []reports.VerifiedBreach{{Path: "$.no", Want: `"1"`, Got: nasty, At: "a.json:9"}}},
				{Name: "later", Verdict: evidence.Violated, Pending: true, Text: "status: want 200, got 404"},
				{Name: "dark", Verdict: evidence.Inconclusive, Environment: true, Text: "the state callback answered 504"},
			}},
			{Contract: "events", Provider: "erp", Consumer: "mes", Verdict: evidence.Vacuous, Text: "none of 3 interactions was made", Left: 3},
		},
	}
}

func TestVerificationText(t *testing.T) {
	var b bytes.Buffer
	if err := (text.Reporter{}).Verification(&b, verification()); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{"orders-api: mes 3.2 with erp 2.0\n  ✓ an order\n", "  ✗ a lot", "later (pending: counts for nothing)", "? dark\n      the state callback answered 504", "none of 3 interactions was made",
		"✗ VIOLATED: 1 of 3 interactions matched, 1 violated, 1 inconclusive, 1 pending, 3 not selected"} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
	if strings.ContainsAny(got, "\x1b\u202e") {
		t.Errorf("what the provider sent reaches the terminal: %q", got)
	}
}

func TestVerificationJUnit(t *testing.T) {
	var b bytes.Buffer
	if err := (junit.Reporter{}).Verification(&b, verification()); err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("no XML: %v\n%s", err, b.String())
		}
	}
	// A suite of which nothing was made holds a test that is skipped: readers
	// take one without tests for success.
	if want := `<testsuites name="andon verify" tests="5" failures="1" errors="1" skipped="2"`; !strings.Contains(b.String(), want) {
		t.Errorf("lacks %s:\n%s", want, b.String())
	}
}

func TestVerificationHTML(t *testing.T) {
	var b bytes.Buffer
	if err := (html.Reporter{}).Verification(&b, verification()); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	if strings.Contains(got, "<script>") || strings.ContainsAny(got, "\x1b\u202e") {
		t.Error("what the provider sent is not escaped")
	}
	if !strings.Contains(got, "script-src 'sha256-") || strings.Contains(got, `src="http`) {
		t.Error("the page is not closed to others")
	}
	for _, want := range []string{"a lot&lt;script&gt;", "none of 3 interactions was made", "<title>VIOLATED"} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q", want)
		}
	}
}
