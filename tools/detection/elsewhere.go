package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/andon-rig/andon/examples/bridge"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/scenarios"
)

// rigs names, for defects that do not show at the bundled rig, the rig file
// that they are gated with instead: only there does the build meet what the
// defect is about. The rig at another dialect follows from bridge.Defect.ERP.
var rigs = map[bridge.Defect]string{
	bridge.M35:  "examples/bridge/lists.yaml",
	bridge.M36:  "examples/bridge/lists.yaml",
	bridge.M55:  "examples/bridge/mqtt.yaml",
	bridge.M86:  "examples/bridge/nats.yaml",
	bridge.M156: busRig,
	bridge.M157: busRig,
	bridge.M87:  "examples/bridge/bounded.yaml",
	bridge.M88:  "examples/bridge/contracts.yaml",
	bridge.M89:  "examples/bridge/contracts.yaml",
	bridge.M90:  "examples/bridge/contracts.yaml",
	bridge.M91:  "examples/bridge/contracts.yaml",
	bridge.M92:  "examples/bridge/versions.yaml",
	bridge.M93:  "examples/bridge/versions.yaml",
	bridge.M95:  "examples/bridge/secured.yaml",
	bridge.M96:  "examples/bridge/secured.yaml",
	bridge.M134: "examples/bridge/lists-sap.yaml",
	bridge.M135: "examples/bridge/lists-sap.yaml",
	bridge.M174: "examples/bridge/sap-rfc.yaml",
	bridge.M175: "examples/bridge/sap-idoc.yaml",
	bridge.M150: "examples/bridge/lists-d365.yaml",
	bridge.M151: "examples/bridge/lists-d365.yaml",
	bridge.M170: "examples/bridge/files-fixed.yaml",
	bridge.M173: "examples/bridge/extracts.yaml",
	bridge.M176: "examples/bridge/ion-load.yaml",
}

// ofERP is the dialect of the ERP of rigs in which that ERP, or where the MES is,
// has other ways than in the bundled rig of that dialect.
var ofERP = map[string]string{
	busRig:                             "infor-ion/v3",
	"examples/bridge/files-fixed.yaml": "files/v1",
	"examples/bridge/extracts.yaml":    "files/v1",
	"examples/bridge/sap-idoc.yaml":    "sap-s4/v2",
	"examples/bridge/sap-rfc.yaml":     "sap-s4/v2",
	"examples/bridge/ion-load.yaml":    "infor-ion/v3",
}

// busRig has ERP and MES on one bus.
const busRig = "examples/bridge/ion-bus.yaml"

// listRigs are the rigs in which the build reads lists, by the dialect of the
// ERP.
var listRigs = map[string]string{
	"neutral/v1":   "examples/bridge/lists.yaml",
	"b2mml-xml/v7": "examples/bridge/lists-b2mml.yaml",
	"d365/v1":      "examples/bridge/lists-d365.yaml",
	"sap-s4/v2":    "examples/bridge/lists-sap.yaml",
}

// rigAt is the rig file that a defect is gated with at an ERP of a dialect; "" for
// the bundled one. Why says that there is none in which it could show.
func rigAt(d bridge.Defect, erp string) (rig, why string) {
	rig, ok := rigs[d]
	switch {
	case !ok:
		return "", ""
	case ofERP[rig] != "":
		if erp != ofERP[rig] {
			return "", "needs the rig " + rig + ", whose ERP speaks " + ofERP[rig]
		}
		return rig, ""
	case !slices.Contains(slices.Collect(maps.Values(listRigs)), rig):
		if erp != neutral {
			return "", "needs the rig " + rig + ", whose ERP speaks " + neutral
		}
		return rig, ""
	case listRigs[erp] == "":
		return "", "the build reads no lists from an ERP that speaks " + erp
	case unlisted[erp][d] != "":
		return "", unlisted[erp][d]
	}
	return listRigs[erp], ""
}

// unlisted says why a defect in reading lists is none at an ERP of a dialect.
var unlisted = map[string]map[bridge.Defect]string{
	neutral: {bridge.M134: cursorIsKept, bridge.M150: cursorIsKept},
	"d365/v1": {
		bridge.M35:  listIsFull,
		bridge.M36:  "a row that is passed over is read in the next pass, for each pass reads the whole list",
		bridge.M135: listIsFull,
	},
}

const cursorIsKept = "the list goes on by a cursor, and the next pass begins where the last one ended, so that no page is left out"

const listIsFull = "the list of materials is always the full one: there is none of what has changed"

// outOfReach names the defects that no rig of this tool can show, and what does.
// They are gated only if they are asked for.
var outOfReach = map[bridge.Defect]string{
	bridge.M140: "needs tables in a PostgreSQL server: go test ./cmd -run GateOverPostgreSQL",
}

// elsewhere names, for defects that no scenario of the pack smoke can show, or
// not to each intended oracle, the scenarios of the library that do. They come
// first of the rest of the library.
var elsewhere = map[bridge.Defect][]string{
	bridge.M08:  {"NET-10"}, // in smoke it depends on what is told again
	bridge.M09:  {"NET-06"}, // in smoke it depends on milliseconds
	bridge.M10:  {"NET-10"},
	bridge.M15:  {"NET-13"}, // in smoke it depends on how fast the machine is
	bridge.M35:  {"MDM-10"},
	bridge.M36:  {"MDM-10"},
	bridge.M54:  {"MCH-02"},
	bridge.M55:  {"BRK-01"},
	bridge.M59:  {"LOT-11"},
	bridge.M60:  {"MDM-09"}, // smoke shows it to field-fidelity, and is too fast for bounded-staleness
	bridge.M62:  {"FIL-01", "FIL-02"},
	bridge.M63:  {"FIL-01", "FIL-02"},
	bridge.M65:  {"NET-12", "NET-13"}, // where the ERP is asked before anything is sent again, NET-13 only
	bridge.M66:  {"CUT-01"},
	bridge.M68:  {"NET-05"},
	bridge.M81:  {"LAB-01"},
	bridge.M83:  {"LOT-02", "LOT-03"},
	bridge.M84:  {"LOT-02", "LOT-03"},
	bridge.M85:  {"MEC-04"},
	bridge.M86:  {"BRK-02"},
	bridge.M87:  {"NET-05"},
	bridge.M92:  {"VER-01"},
	bridge.M93:  {"VER-02"},
	bridge.M95:  {"NET-07"},
	bridge.M96:  {"NET-07"},
	bridge.M113: {"NET-10"},
	bridge.M116: {"EXC-04"},
	bridge.M117: {"API-01"},
	bridge.M124: {"ORD-09"},
	bridge.M125: {"TAB-01"},
	bridge.M127: {"TAB-02", "TAB-03"},
	bridge.M155: {"TAB-06"},
	bridge.M130: {"EXE-07"},
	bridge.M131: {"EXE-07"},
	bridge.M132: {"EXE-07"},
	bridge.M133: {"EXE-07"},
	bridge.M134: {"MDM-10", "MDM-13"}, // at d365/v1 nothing strikes in MDM-10
	bridge.M135: {"MDM-10"},
	bridge.M141: {"MDM-11"},
	bridge.M142: {"MDM-11"},
	bridge.M144: {"MDM-06", "MDM-11"}, // where lists are read, it depends on milliseconds what MDM-06 reads first
	bridge.M145: {"MDM-12"},
	bridge.M143: {"EXC-03"},
	bridge.M150: {"MDM-13", "MDM-10"}, // at b2mml-xml/v7 short pages come back in MDM-13 before it ends
	bridge.M151: {"MDM-13"},
	bridge.M152: {"EXC-05"},
	bridge.M171: {"FIL-04"},
	bridge.M172: {"TAB-07"},
	bridge.M173: {"MDM-14"},
	bridge.M174: {"MEC-04"}, // smoke shows it to no-silent-drop only
	bridge.M176: {"MDM-14"},
}

// A place is a rig and what can be played there.
type place struct {
	name string // of the rig; "" for the bundled one
	base harness.GateOptions
	pack []scenarios.Scenario // run in full with each defect
	rest []scenarios.Scenario // of the library: run with each defect until it shows there
}

// placeOf is where a defect is gated. What the pack and the library hold that
// the rig cannot play is left out.
func (m *measure) placeOf(d bridge.Defect) (place, error) {
	p := place{base: m.base, pack: m.pack, rest: m.rest}
	var err error
	if path, ok := rigs[d]; ok {
		p.name = strings.TrimSuffix(filepath.Base(path), ".yaml")
		p.base.File, p.base.Source, err = load(path)
	} else if erp := d.ERP(); erp != "" {
		p.name = erp
		p.base.File, p.base.Source, err = harness.BundledWith(erp)
	} else {
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("rig for %s: %w", d, err)
	}
	if !p.base.File.RunsBundled() {
		return p, fmt.Errorf("rig for %s: %s does not run the bundled build", d, p.name)
	}
	p.base.File.SUT.Process.Command = []string{m.base.Self} // a binary of its own, which starts faster
	p.pack, _ = p.base.File.Fit(m.pack)
	p.rest, _ = p.base.File.Fit(m.library)
	return p, nil
}

// meant returns, of the rest of the library, what is meant to show d, and the
// others.
func (p place) meant(d bridge.Defect) (meant, others []scenarios.Scenario) {
	for _, s := range p.rest {
		if slices.Contains(elsewhere[d], s.Metadata.Of) {
			meant = append(meant, s)
			continue
		}
		others = append(others, s)
	}
	return meant, others
}

// load reads a rig file and keeps its text.
func load(path string) (harness.File, []byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return harness.File{}, nil, err
	}
	f, err := harness.ParseFile(path, text)
	return f, text, err
}
