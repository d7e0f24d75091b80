package yamlfile

import (
	"fmt"
	"slices"
	"strings"
)

// Nearest returns the allowed word that got was probably meant to be; "" if
// none is near enough to be worth a guess.
func Nearest(got string, allowed []string) string {
	best, distance := "", max(1, min(3, len([]rune(got))/3))+1
	for _, a := range allowed {
		if d := editDistance(strings.ToLower(got), strings.ToLower(a)); d < distance && d < len([]rune(got)) {
			best, distance = a, d
		}
	}
	return best
}

// OneOf words the remedy for a word that is not one of allowed.
func OneOf(got string, allowed []string) string {
	if len(allowed) == 0 {
		return "there is none to choose from"
	}
	s := "allowed here: " + strings.Join(allowed, ", ")
	if best := Nearest(got, allowed); best != "" {
		s = fmt.Sprintf("did you mean %q? %s", best, s)
	}
	return s
}

// Choice checks that got, found at p, is one of allowed; what names it in the
// error: "fault", "action".
func Choice(p Pos, what, got string, allowed []string) error {
	if slices.Contains(allowed, got) {
		return nil
	}
	return p.Errorf("unknown %s %q", what, clip(got)).WithHint("%s", OneOf(got, allowed))
}

// editDistance counts the insertions, deletions, substitutions and swaps of
// neighbours that lead from a to b.
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 || len(y) > 64 {
		return max(len(x), len(y))
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

// clip keeps hostile input out of error messages.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
