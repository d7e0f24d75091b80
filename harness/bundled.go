package harness

import _ "embed" // the bundled rig is a file, so that users can read and copy it

// BundledSource is the rig file used when the user has none.
//
//go:embed bundled.yaml
var BundledSource []byte

// Bundled is the rig around the bundled reference integration.
func Bundled() (File, error) { return ParseFile("bundled rig", BundledSource) }
