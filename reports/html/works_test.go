package html_test

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/andon-rig/andon/reports/reportstest"
)

// failing writes the page of a failing gate.
func failing(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(page(t, reportstest.Failing(t))), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// A reader opens the page of a failing run, filters, opens a finding, follows
// its journey and zooms into the timeline: with a real browser, because
// nothing else shows that a page works.
func TestWorksInChromium(t *testing.T) {
	b := open(t, failing(t), 1280, 900)

	if n := ask[int](t, b, `document.querySelectorAll("#scenarios tbody tr").length`); n != 6 {
		t.Errorf("%d scenarios, want 6", n)
	}
	visible := func() int {
		return ask[int](t, b, `Array.from(document.querySelectorAll("#scenarios tbody tr")).filter(r => r.offsetParent).length`)
	}
	b.run(t, chromedp.SendKeys(chromedp.CSS("#q"), "CNF-02 exactly-once"))
	if n := visible(); n != 1 {
		t.Errorf("filtered by text, %d scenarios are shown, want 1", n)
	}
	ask[any](t, b, `(() => { const q = document.getElementById("q"); q.value = ""; q.dispatchEvent(new Event("input", {bubbles: true})); })()`)
	ask[any](t, b, `document.querySelector("input[value=violated]").click()`)
	if n := visible(); n != 4 {
		t.Errorf("without violated ones, %d scenarios are shown, want 4", n)
	}
	if n := ask[int](t, b, `Array.from(document.querySelectorAll(".finding.v-violated")).filter(r => r.offsetParent).length`); n != 0 {
		t.Errorf("without violated ones, %d violated findings are shown", n)
	}
	ask[any](t, b, `document.querySelector("input[value=violated]").click()`)
	b.journey(t)
	b.timeline(t)
	b.quiet(t)
	if n := ask[int](t, b, `document.scripts.length`); n != 1 {
		t.Errorf("%d scripts are on the page, want one: something the SUT sent has become one", n)
	}
}

// journey opens a finding with the keyboard and looks whether its journey is
// seen, and closes it again.
func (b *tab) journey(t *testing.T) {
	t.Helper()
	const drawn = `(() => { const e = document.querySelector(".finding .journey svg"); return e.checkVisibility() && e.getBoundingClientRect().height > 100; })()`
	if ask[bool](t, b, drawn) {
		t.Error("the journey is seen before the finding is opened")
	}
	ask[any](t, b, `document.querySelector("details.finding:has(.journey) > summary").focus()`)
	b.run(t, chromedp.KeyEvent(kb.Enter))
	if !ask[bool](t, b, drawn) {
		t.Error("the finding was opened, and its journey is not seen")
	}
	ask[any](t, b, `document.querySelector(".finding .journey > summary").click()`)
	if ask[bool](t, b, drawn) {
		t.Error("the journey was closed and is still seen")
	}
}

// timeline zooms with buttons and keys, and reads facts with the arrow keys.
func (b *tab) timeline(t *testing.T) {
	t.Helper()
	view := func() string {
		return ask[string](t, b, `document.querySelector(".run[open] svg.plot").getAttribute("viewBox")`)
	}
	whole := view()
	ask[any](t, b, `document.querySelector(".run[open] .tools button").click()`)
	if view() == whole {
		t.Error("zooming in changes nothing")
	}
	ask[any](t, b, `document.querySelector(".run[open] .timeline .scroll").focus()`)
	b.run(t, chromedp.KeyEvent("0"))
	if view() != whole {
		t.Errorf("shown as a whole again, the view is %s, want %s", view(), whole)
	}
	b.run(t, chromedp.KeyEvent(kb.ArrowRight))
	if said := ask[string](t, b, `document.querySelector(".run[open] .tools output").textContent`); said == "" {
		t.Error("the arrow key tells nothing of a fact")
	}
}

// A link to a finding opens it and whatever holds it.
func TestLinksOpen(t *testing.T) {
	b := open(t, failing(t), 1280, 900)
	ask[any](t, b, `location.hash = "run-2-1"`)
	b.run(t, chromedp.WaitVisible(chromedp.CSS("#run-2-1[open] .body")))
	b.quiet(t)
}

// Without its script the page says the same: everything is there, and opens.
func TestReadsWithoutScript(t *testing.T) {
	b := open(t, failing(t), 1280, 900)
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	b.run(t, chromedp.Reload(), chromedp.WaitReady("footer"))
	b.run(t, chromedp.Click(chromedp.CSS("details.finding > summary")), chromedp.WaitVisible(chromedp.CSS("details.finding[open] .body")))
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{}); err != nil {
		t.Fatal(err)
	}
	if shown := ask[bool](t, b, `document.getElementById("filter").offsetParent !== null`); shown {
		t.Error("a filter is shown that does nothing")
	}
	b.quiet(t)
}

// Shown narrow, dark or on paper, nothing sticks out of the page.
func TestFits(t *testing.T) {
	b := open(t, failing(t), 400, 800)
	for _, c := range []struct {
		medium, scheme string
		width          int64
	}{{"screen", "light", 400}, {"screen", "dark", 1280}, {"print", "light", 720}} {
		b.media(t, c.medium, c.scheme)
		b.run(t, chromedp.EmulateViewport(c.width, 800))
		if over := ask[int](t, b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 && c.medium == "screen" {
			t.Errorf("%s, %d wide: the page sticks out by %d", c.medium, c.width, over)
		}
		dark := ask[string](t, b, `getComputedStyle(document.body).backgroundColor`) == "rgb(15, 19, 24)"
		if dark != (c.scheme == "dark") {
			t.Errorf("%s %s: dark is %v", c.medium, c.scheme, dark)
		}
		b.painted(t, c.medium+" "+c.scheme, dark)
	}
	b.quiet(t)
}

// painted takes a picture and looks whether it is one: on paper of the right
// brightness, with verdicts in colour and not blank.
func (b *tab) painted(t *testing.T, what string, dark bool) {
	t.Helper()
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	red, bright, n := 0, 0, 0
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			r, g, bl, _ := picture.At(x, y).RGBA()
			n++
			if r > 2*g && r > 2*bl && r > 0x8000 {
				red++
			}
			if r+g+bl > 3*0x8000 {
				bright++
			}
		}
	}
	if red < n/2000 {
		t.Errorf("%s: %d of %d pixels are red, and the verdict is violated", what, red, n)
	}
	if mostly := bright > n/2; mostly == dark {
		t.Errorf("%s: %d of %d pixels are bright", what, bright, n)
	}
	if inked := min(bright, n-bright); inked < n/200 {
		t.Errorf("%s: the page is blank", what)
	}
}

// The tests above rest on hearing what a page does wrong, so that is tested,
// too.
func TestHears(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.html")
	const bad = `<!DOCTYPE html><title>bad</title><img src="http://127.0.0.1:1/x.png"><footer></footer><script>console.error("no"); nothing.at.all;</script>`
	if err := os.WriteFile(path, []byte(bad), 0o644); err != nil {
		t.Fatal(err)
	}
	b := open(t, path, 400, 300)
	ask[any](t, b, `null`) // whatever the page did has been told before this answer
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.requests) == 0 || len(b.troubles) < 2 {
		t.Errorf("heard of %d requests and %d troubles: %v %v", len(b.requests), len(b.troubles), b.requests, b.troubles)
	}
}
