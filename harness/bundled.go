package harness

import (
	_ "embed" // the bundled rig is a file, so that users can read and copy it
	"slices"
)

// BundledSource is the rig file used when the user has none.
//
//go:embed bundled.yaml
var BundledSource []byte

// Bundled is the rig around the bundled reference integration.
func Bundled() (File, error) { return ParseFile("bundled rig", BundledSource) }

// RunsBundled reports whether the rig's SUT is the bundled integration, in which
// a defect can be planted.
func (f File) RunsBundled() bool {
	return f.SUT.Process != nil && slices.Equal(f.SUT.Process.Command, []string{"${andon.self}", "bridge"})
}
