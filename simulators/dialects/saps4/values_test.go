package saps4

import (
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestTimesAreReadByTheirForm: what is read, and what is not, is what a pattern
// says, and the parts are its.
func TestTimesAreReadByTheirForm(t *testing.T) {
	datePattern := regexp.MustCompile(`^/Date\((-?\d{1,15})([+-]\d{1,4})?\)/$`)
	timePattern := regexp.MustCompile(`^PT(?:(\d{1,2})H)?(?:(\d{1,2})M)?(?:(\d{1,2})S)?$`)
	r, dates, times := rand.New(rand.NewPCG(1, 2)), 0, 0
	whole := []string{"/Date(1770076800000)/", "/Date(-1770076800000+0060)/", "/Date(0-0330)/", "/Date(123456789012345+1)/", "PT20H32M29S", "PT5M", "PT1H2S", "PT24H00M00S", "PT"}
	const letters = "/Date()0123456789+-PTHMS "
	for range 200_000 {
		b := []byte(whole[r.IntN(len(whole))])
		for range r.IntN(4) {
			switch i := r.IntN(len(b) + 1); {
			case i == len(b) || r.IntN(3) == 0:
				b = append(b[:i], append([]byte{letters[r.IntN(len(letters))]}, b[i:]...)...)
			case len(b) > 1 && r.IntN(2) == 0:
				b = append(b[:i], b[i+1:]...)
			default:
				b[i] = letters[r.IntN(len(letters))]
			}
		}
		text := string(b)
		if m := datePattern.FindStringSubmatch(text); m == nil {
			if at, err := date(text); err == nil {
				t.Fatalf("%q is no date, and is read as %s", text, at)
			}
		} else if at, err := date(text); err == nil {
			dates++
			ms, _ := strconv.ParseInt(m[1], 10, 64)
			minutes, _ := strconv.Atoi(m[2])
			if _, offset := at.Zone(); at.UnixMilli() != ms || offset != minutes*60 {
				t.Fatalf("%q is read as %s", text, at)
			}
		} else if strings.Contains(err.Error(), "is no date") {
			t.Fatalf("%q is a date: %v", text, err)
		}
		if m := timePattern.FindStringSubmatch(text); m == nil || text == "PT" {
			if d, err := timeOfDay(text); err == nil {
				t.Fatalf("%q is no time of day, and is read as %s", text, d)
			}
		} else if d, err := timeOfDay(text); err == nil {
			times++
			h, _ := strconv.Atoi(m[1])
			min, _ := strconv.Atoi(m[2])
			s, _ := strconv.Atoi(m[3])
			if want := time.Duration(h)*time.Hour + time.Duration(min)*time.Minute + time.Duration(s)*time.Second; d != want {
				t.Fatalf("%q is read as %s, want %s", text, d, want)
			}
		} else if strings.Contains(err.Error(), "is no time") {
			t.Fatalf("%q is a time of day: %v", text, err)
		}
	}
	if dates < 10_000 || times < 10_000 {
		t.Errorf("only %d dates and %d times were read", dates, times)
	}
}

// What is not said of a flag sorts as one that is not set, as it does of a text.
func TestWhatIsNotSaidSortsFirst(t *testing.T) {
	for name, set := range map[string]any{"IsFinalConfirmation": true, "ConfirmationText": "b"} {
		by := options{order: []ordering{{name: name}}}
		var got string
		for _, e := range by.sorted([]entity{{"k": "set", name: set}, {"k": "unsaid"}, {"k": "empty", name: zeroOf(set)}}) {
			got += e.text("k") + " "
		}
		if got != "unsaid empty set " {
			t.Errorf("%s: %s", name, got)
		}
	}
}
