// Command play is the SUT of the drivers' tests as a program of its own, for
// drivers that run it where the test binary cannot go: an image made FROM
// scratch has no C library, which a test binary with the race detector needs.
package main

import (
	"fmt"
	"os"

	"github.com/andon-rig/andon/harness/sut/suttest"
)

func main() {
	suttest.Play()
	fmt.Fprintln(os.Stderr, "play: started without a role")
	os.Exit(2)
}
