// Package race tells tests whether the race detector watches them. It slows
// them down tenfold and finds what it finds in a few rounds, so tests whose
// rounds differ only in their seeds run a part of them under it, and all of
// them without it: that is `make rounds`, which CI runs as well.
//
// It knows nothing of what is tested.
package race

// Some are all without the race detector, and the first few with it: of what
// differs only in what is said, and not in who says it at once. The test has to
// stand in ROUNDS, too.
func Some[T any](all []T, raced int) []T {
	if Enabled {
		return all[:min(raced, len(all))]
	}
	return all
}

// Rounds is how many rounds a test makes: full ones without the race detector,
// raced ones with it. The test has to stand in ROUNDS of the Makefile, or
// nobody would run the rest.
func Rounds(full, raced int) int {
	if Enabled {
		return raced
	}
	return full
}
