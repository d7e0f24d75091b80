package faults

import (
	"fmt"
	"math/rand/v2"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators/plant"
)

// OddText has people write what people write: umlauts, a letter made of two
// characters, a sign from a telephone, quotes and brackets, blanks at both
// ends, or more than fits on a line.
//
// Layer D. Observed as a reason, a remark or a description that is valid text
// and looks like nothing in the test data. It means what it says, so it has to
// arrive as it is, character by character.
type OddText struct {
	Variant TextVariant `yaml:"variant" jsonschema:"enum=any,enum=umlauts,enum=composed,enum=emoji,enum=markup,enum=blanks,enum=long" doc:"what is written; any draws one"`
}

// TextVariant is what is odd about a text.
type TextVariant string

// Variants of odd texts.
const (
	AnyText  TextVariant = "any"
	Umlauts  TextVariant = "umlauts"
	Composed TextVariant = "composed" // letters made of a letter and a sign, as some keyboards write them
	Emoji    TextVariant = "emoji"    // beyond the 65,536 characters of old databases
	Markup   TextVariant = "markup"   // what SQL, XML, JSON and CSV treat in a special way
	Blanks   TextVariant = "blanks"   // at both ends, and two in the middle
	Long     TextVariant = "long"
)

// texts that people wrote.
var texts = map[TextVariant]string{
	Umlauts:  "Maß zu groß, Übermaß Ø 5 µm, ±0,02 €",
	Composed: "Gro\u0308ße nachgemessen, Gefu\u0308ge pru\u0308fen",
	Emoji:    "Fräser gebrochen 🔧😡",
	Markup:   `O'Brien said: "<5 & >3"; 100%, a\b {x}`,
	Blanks:   "  see  drawing ",
	Long:     "the spindle began to vibrate after the second piece, was stopped, warmed up again and ran without any vibration until the end of the shift, so the two pieces before were measured again by the night shift, which found the bore of one of them too wide by a hair, while the other one is good and can be used as it is",
}

// PerFact implements [chaos.PerFact].
func (*OddText) PerFact() {}

// Apply implements [chaos.Fault].
func (f *OddText) Apply(d chaos.Delivery, r *rand.Rand) []chaos.Delivery {
	e, ok := announcement(d)
	if !ok {
		return []chaos.Delivery{d}
	}
	v := f.Variant
	if v == "" || v == AnyText {
		v = []TextVariant{Umlauts, Composed, Emoji, Markup, Blanks, Long}[r.IntN(6)]
	}
	fact, was := rewritten(e.Fact, texts[v])
	if was == "" {
		return []chaos.Delivery{d}
	}
	return saying(d, with(e, fact), fmt.Sprintf("%q written as %q", was, texts[v]))
}

// rewritten is f with another text, and what it was; "" if f has none.
func rewritten(f plant.Fact, text string) (_ plant.Fact, was string) {
	swap := func(at *string) {
		if was = *at; was != "" {
			*at = text
		}
	}
	switch f := f.(type) {
	case plant.Confirmed:
		swap(&f.Reason)
		return f, was
	case plant.Scrapped:
		swap(&f.Reason)
		return f, was
	case plant.Reworked:
		swap(&f.Reason)
		return f, was
	case plant.LotHeld:
		swap(&f.Reason)
		return f, was
	case plant.Inspected:
		swap(&f.Text)
		return f, was
	case plant.ItemChanged:
		swap(&f.Item.Description)
		return f, was
	}
	return f, ""
}

// Validate says what is wrong with the settings.
func (f *OddText) Validate() error {
	return oneOf("variant", f.Variant, AnyText, Umlauts, Composed, Emoji, Markup, Blanks, Long)
}

// Leaves implements [chaos.Choosy].
func (*OddText) Leaves(at chaos.Crossing) string {
	return among(at, "nobody writes anything into it", plant.KindConfirmation, plant.KindScrap, plant.KindRework, plant.KindLotHeld, plant.KindInspection, plant.KindItemChanged)
}
