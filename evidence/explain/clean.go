package explain

import (
	"strings"
	"unicode"
)

// Clean makes text that others wrote, such as the SUT, safe to print on a
// terminal in one line of at most width columns: control and formatting
// characters become "·", and what is too long ends with "…".
func Clean(s string, width int) string {
	var b strings.Builder
	used := 0
	for i, c := range s {
		c = printable(c)
		n := columns(c)
		if used+n > width-1 && used+rest(s[i:], width-used) > width {
			b.WriteRune('…')
			return b.String()
		}
		b.WriteRune(c)
		used += n
	}
	return b.String()
}

// rest is how many columns s takes, or more than most if it is more.
func rest(s string, most int) (n int) {
	for _, c := range s {
		if n += columns(printable(c)); n > most {
			return n
		}
	}
	return n
}

// printable replaces what would move the cursor, change the direction of
// writing, or be nothing at all.
func printable(c rune) rune {
	switch {
	case c == '\n' || c == '\t' || c == '\r':
		return ' '
	case c == unicode.ReplacementChar, !unicode.IsPrint(c), unicode.Is(unicode.M, c):
		return '·'
	}
	return c
}

// columns is how many terminal columns c takes.
func columns(c rune) int {
	if c < 0x1100 {
		return 1
	}
	for _, w := range [][2]rune{
		{0x1100, 0x115F}, {0x231A, 0x231B}, {0x23E9, 0x23F3}, {0x25FD, 0x25FE}, {0x2614, 0x2615}, {0x2648, 0x2653}, {0x267F, 0x267F}, {0x2693, 0x2693}, {0x26A1, 0x26A1},
		{0x26AA, 0x26AB}, {0x26BD, 0x26BE}, {0x26C4, 0x26C5}, {0x26CE, 0x26CE}, {0x26D4, 0x26D4}, {0x26EA, 0x26EA}, {0x26F2, 0x26F3}, {0x26F5, 0x26F5}, {0x26FA, 0x26FA},
		{0x26FD, 0x26FD}, {0x2705, 0x2705}, {0x270A, 0x270B}, {0x2728, 0x2728}, {0x274C, 0x274C}, {0x274E, 0x274E}, {0x2753, 0x2755}, {0x2757, 0x2757}, {0x2795, 0x2797},
		{0x27B0, 0x27B0}, {0x27BF, 0x27BF}, {0x2B1B, 0x2B1C}, {0x2B50, 0x2B50}, {0x2B55, 0x2B55}, {0x2E80, 0x303E}, {0x3041, 0xA4CF}, {0xA960, 0xA97F}, {0xAC00, 0xD7A3},
		{0xF900, 0xFAFF}, {0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x16FE0, 0x1B2FF}, {0x1F004, 0x1FAFF}, {0x20000, 0x3FFFD},
	} {
		if c >= w[0] && c <= w[1] {
			return 2
		}
	}
	return 1
}

// Width is how many terminal columns s takes.
func Width(s string) (n int) {
	for _, c := range s {
		n += columns(c)
	}
	return n
}
