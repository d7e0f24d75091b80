package html_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestScreens takes pictures of a page for people to look at, after what
// ANDON_OPEN does in it:
//
//	ANDON_SCREENS=folder ANDON_PAGE=report.html go test -run TestScreens ./reports/html
func TestScreens(t *testing.T) {
	dir, path := os.Getenv("ANDON_SCREENS"), os.Getenv("ANDON_PAGE")
	if dir == "" || path == "" {
		return // pictures are for people; nothing is tested
	}
	for _, c := range []struct {
		name, scheme string
		width        int64
	}{{"light", "light", 1280}, {"dark", "dark", 1280}, {"narrow", "light", 400}} {
		b := open(t, path, int(c.width), 1000)
		b.media(t, "screen", c.scheme)
		b.run(t, chromedp.EmulateViewport(c.width, 1000))
		if do := os.Getenv("ANDON_OPEN"); do != "" {
			ask[any](t, b, do)
		}
		png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		keep(t, filepath.Join(dir, c.name+".png"), png, err)
	}
	b := open(t, path, 1280, 1000)
	pdf, err := chromedp.Run(b.ctx, chromedp.PrintToPDF(chromedp.PDFPrintBackground(), chromedp.PDFPreferCSSPageSize()))
	keep(t, filepath.Join(dir, "print.pdf"), pdf, err)
}

func keep(t *testing.T, path string, content []byte, err error) {
	t.Helper()
	if err == nil {
		err = os.WriteFile(path, content, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// media has the page shown as on a screen or paper of this colour scheme.
func (b *tab) media(t *testing.T, medium, scheme string) {
	t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: medium, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	if err != nil {
		t.Fatal(err)
	}
}
