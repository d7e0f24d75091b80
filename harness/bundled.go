package harness

import (
	"bytes"
	_ "embed" // the bundled rigs are files, so that users can read and copy them
	"fmt"
	"slices"

	"github.com/andon-rig/andon/internal/yamlfile"
)

// BundledSource is the rig file used when the user has none.
//
//go:embed bundled.yaml
var BundledSource []byte

//go:embed bundled-files.yaml
var bundledFiles []byte

//go:embed bundled-b2mml.yaml
var bundledB2MML []byte

//go:embed bundled-staging.yaml
var bundledStaging []byte

//go:embed bundled-d365.yaml
var bundledD365 []byte

//go:embed bundled-ion.yaml
var bundledION []byte

// bundledION2 is the same by the messaging service before.
var bundledION2 = bytes.ReplaceAll(bundledION, []byte("infor-ion/v3"), []byte("infor-ion/v2"))

//go:embed bundled-sap.yaml
var bundledSAP []byte

// Bundled is the rig around the bundled reference integration.
func Bundled() (File, error) { return ParseFile("bundled rig", BundledSource) }

// RunsBundled reports whether the rig's SUT is the bundled integration, in which
// a defect can be planted.
func (f File) RunsBundled() bool {
	return f.SUT.Process != nil && slices.Equal(f.SUT.Process.Command, []string{"${andon.self}", "bridge"})
}

// bundledERPs are the rigs of the bundled build by the dialect of their ERP.
// The build has a side for each, see examples/bridge/side.go. A new dialect
// adds its rig file and a line.
var bundledERPs = []struct {
	dialect string
	source  []byte
}{
	{"neutral/v1", BundledSource},
	{"files/v1", bundledFiles},
	{"b2mml-xml/v7", bundledB2MML},
	{"infor-ion/v3", bundledION},
	{"infor-ion/v2", bundledION2},
	{"staging/v1", bundledStaging},
	{"d365/v1", bundledD365},
	{"sap-s4/v2", bundledSAP},
}

// BundledERPs lists the dialects at which the bundled build can be gated.
func BundledERPs() (names []string) {
	for _, e := range bundledERPs {
		names = append(names, e.dialect)
	}
	return names
}

// BundledWith is the rig of the bundled build around an ERP that speaks
// dialect, and its text.
func BundledWith(dialect string) (File, []byte, error) {
	for _, e := range bundledERPs {
		if e.dialect == dialect {
			f, err := ParseFile("bundled rig "+dialect, e.source)
			return f, e.source, err
		}
	}
	return File{}, nil, fmt.Errorf("the bundled build has no side for an ERP that speaks %q; %s", dialect, yamlfile.OneOf(dialect, BundledERPs()))
}
