package svg_test

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/andon-rig/andon/reports/html/svg"
)

// Whatever is drawn, the result is well-formed and says what it was given.
func TestDrawing(t *testing.T) {
	const nasty = "</svg><script>\x00\"'&\x1b[2J\u202e"
	d := svg.New("c", nasty, 100, 50)
	d.Open("g", "class", "x", "data-none", "")
	d.Rect(1, 2, 3, 4.25, "r", nasty, "fill-opacity", "0.5")
	d.Line(0, 0, 1, math.NaN(), "l")
	d.Text(1, 1, "t", "start", nasty)
	d.Path((&svg.Path{}).Move(0, 0).Line(1.26, -0.04).Shut(), "p", "")
	got := d.String()

	dec := xml.NewDecoder(strings.NewReader(got))
	var seen []string
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in %s", err, got)
		}
		if e, ok := token.(xml.StartElement); ok {
			seen = append(seen, e.Name.Local)
		}
	}
	if want := "svg g rect title line text path"; strings.Join(seen, " ") != want {
		t.Errorf("elements are %v, want %s", seen, want)
	}
	for _, want := range []string{`d="M0 0L1.3 0Z"`, `y2="0"`, `height="4.2"`, `fill-opacity="0.5"`} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %s in %s", want, got)
		}
	}
	if strings.Contains(got, "data-none") {
		t.Error("an attribute without a value was written")
	}
}

func TestNumber(t *testing.T) {
	for f, want := range map[float64]string{0: "0", -0.01: "0", 1: "1", 1.25: "1.2", -3.96: "-4", 1e6: "1000000", math.Inf(1): "0"} {
		if got := svg.Number(f); got != want {
			t.Errorf("%v is %s, want %s", f, got, want)
		}
	}
}
