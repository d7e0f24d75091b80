// Package race tells tests whether the race detector watches them. It slows
// them down tenfold and finds what it finds in a few rounds, so tests whose
// rounds differ only in their seeds run a part of them under it, and all of
// them without it: that is `make rounds`, which CI runs as well.
//
// It knows nothing of what is tested.
package race

// Rounds is how many rounds a test makes: full ones without the race detector,
// raced ones with it. The test has to stand in ROUNDS of the Makefile, or
// nobody would run the rest.
func Rounds(full, raced int) int {
	if Enabled {
		return raced
	}
	return full
}
