package harness_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/scenarios"
)

const twoSystems = `apiVersion: andon/v1
kind: Rig
sut:
  process: {command: ["./my-bridge"]}
endpoints:
  erp: {system: erp}
  mes: {system: mes}
`

func TestAPackLeavesOutWhatTheRigCannotPlay(t *testing.T) {
	pack, err := scenarios.Pack("smoke")
	if err != nil {
		t.Fatal(err)
	}
	bundled, err := harness.Bundled()
	if err != nil {
		t.Fatal(err)
	}
	if fit, left := bundled.Fit(pack); len(fit) != len(pack) || len(left) != 0 {
		t.Errorf("the bundled rig plays %d of %d: %v", len(fit), len(pack), left)
	}
	f, err := harness.ParseFile("andon.yaml", []byte(twoSystems))
	if err != nil {
		t.Fatal(err)
	}
	fit, left := f.Fit(pack)
	if len(left) == 0 || len(fit)+len(left) != len(pack) || len(fit) < 15 {
		t.Fatalf("a rig of two systems plays %d of %d, without %v", len(fit), len(pack), left)
	}
	if all := strings.Join(left, "\n"); !strings.Contains(all, "CNF-07 was not run: it reads machines") {
		t.Errorf("not said why: %s", all)
	}
}

// What waits in a feed cannot meet what happens to what is sent.
func TestAPackLeavesOutWhatHappensToWhatIsSent(t *testing.T) {
	pack, err := scenarios.Pack("nightly")
	if err != nil {
		t.Fatal(err)
	}
	for rig, want := range map[string]bool{
		twoSystems: true,
		strings.Replace(twoSystems, "endpoints:", "  receives: {mes: \"http://127.0.0.1:1/mes\"}\nendpoints:", 1): false,
		strings.Replace(twoSystems, "endpoints:", "  receives: {erp: \"http://127.0.0.1:1/erp\"}\nendpoints:", 1): true,
	} {
		f, err := harness.ParseFile("andon.yaml", []byte(rig))
		if err != nil {
			t.Fatal(err)
		}
		_, left := f.Fit(pack)
		all := strings.Join(left, "\n")
		if got := strings.Contains(all, "DQ-04 was not run: its fault broken (malformed) can strike nothing here; it needs announcements that are pushed"); got != want {
			t.Errorf("left out: %s\nof\n%s", all, rig)
		}
	}
}

// Where nothing can be taken back, what the floor takes back is left out.
func TestAPackLeavesOutReversalsThatNobodyCanSay(t *testing.T) {
	found, err := scenarios.Find("EXE-07")
	if err != nil {
		t.Fatal(err)
	}
	for dialect, want := range map[string]string{"neutral/v1": "", "d365/v1": "EXE-07 was not run: it takes back what was reported, and d365/v1, which erp speaks, has no word for that"} {
		f, err := harness.ParseFile("andon.yaml", []byte(strings.Replace(twoSystems, "{system: erp}", "{system: erp, dialect: "+dialect+"}", 1)))
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Lacks(found[0]); got != want {
			t.Errorf("%s: %q, want %q", dialect, got, want)
		}
	}
}

// In an event log every material is made by an order.
func TestAnEventLogRetiresNothing(t *testing.T) {
	f, err := harness.ParseFile("andon.yaml", []byte(twoSystems+"plant: {trace: {csv: log.csv, columns: {order: A, operation: B, start: C, end: D, good: E}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	pack, err := scenarios.Pack("smoke")
	if err != nil {
		t.Fatal(err)
	}
	_, left := f.Fit(pack)
	if all := strings.Join(left, "\n"); !strings.Contains(all, "ORD-01 was not run: it retires a material") || strings.Contains(all, "MDM-01") {
		t.Errorf("left out: %s", all)
	}
}

// A SUT that runs already is not ours to kill; the rest of a pack is played.
func TestAPackLeavesAForeignSUTAlive(t *testing.T) {
	foreign := strings.Replace(twoSystems, "process: {command: [\"./my-bridge\"]}", "external: {testSystem: true}", 1)
	f, err := harness.ParseFile("andon.yaml", []byte(foreign))
	if err != nil || f.SUT.External == nil {
		t.Fatalf("%v of\n%s", err, foreign)
	}
	pack, err := scenarios.Pack("smoke")
	if err != nil {
		t.Fatal(err)
	}
	fit, left := f.Fit(pack)
	if all := strings.Join(left, "\n"); !strings.Contains(all, "NET-03 was not run: it kills or restarts the SUT") || len(left) != 2 {
		t.Errorf("left out: %s", all)
	}
	for _, s := range fit {
		if s.StopsSUT() {
			t.Errorf("%s is played", s.Metadata.ID)
		}
	}
}

// An event log has no lots that expire while it is replayed.
func TestAnEventLogExpiresNothing(t *testing.T) {
	edge, err := scenarios.Find("LOT-11")
	if err != nil {
		t.Fatal(err)
	}
	const trace = "plant: {trace: {csv: log.csv, columns: {order: A, operation: B, start: C, end: D, good: E}}}\n"
	for more, left := range map[string]bool{"": false, "plant: {profile: nist-box, zone: Asia/Tokyo}\n": false, trace: true} {
		f, err := harness.ParseFile("andon.yaml", []byte(twoSystems+more))
		if err != nil {
			t.Fatal(err)
		}
		if why := f.Lacks(edge[0]); (why != "") != left || left && !strings.Contains(why, "LOT-11 was not run: it is about lots that expire") {
			t.Errorf("%q: %q", more, why)
		}
	}
}

// Who does not say how the SUT is told cannot cut over.
func TestAPackLeavesOutTheCutover(t *testing.T) {
	cut, err := scenarios.Find("CUT-01")
	if err != nil {
		t.Fatal(err)
	}
	f, err := harness.ParseFile("andon.yaml", []byte(twoSystems))
	if err != nil {
		t.Fatal(err)
	}
	if _, left := f.Fit(cut); len(left) != 1 || !strings.Contains(left[0], "CUT-01 was not run: it cuts over") {
		t.Errorf("left out: %q", left)
	}
	told := strings.Replace(twoSystems, "endpoints:", "  cutover: {http: \"http://127.0.0.1:1/cutover\"}\nendpoints:", 1)
	if f, err = harness.ParseFile("andon.yaml", []byte(told)); err != nil {
		t.Fatal(err)
	}
	if fit, left := f.Fit(cut); len(fit) != 1 {
		t.Errorf("left out: %q", left)
	}
}

// A scenario about lists is played where there is something to be read in one.
func TestAPackLeavesOutListsThatHoldNothingNew(t *testing.T) {
	lists, err := scenarios.Find("MDM-10")
	if err != nil {
		t.Fatal(err)
	}
	f, err := harness.ParseFile("andon.yaml", []byte(twoSystems))
	if err != nil {
		t.Fatal(err)
	}
	if _, left := f.Fit(lists); len(left) != 1 || !strings.Contains(left[0], "MDM-10 was not run: its fault pagination happens to lists") {
		t.Errorf("left out: %q", left)
	}
	if f, err = harness.LoadFile("../examples/bridge/lists.yaml"); err != nil {
		t.Fatal(err)
	}
	if fit, left := f.Fit(lists); len(fit) != 1 {
		t.Errorf("left out: %q", left)
	}
}

// What happens in the night of a clock change happens in no zone without one.
func TestWithoutAClockChangeThereIsNoNightOfIt(t *testing.T) {
	pack, err := scenarios.Find("MDM-08")
	if err != nil {
		t.Fatal(err)
	}
	for zone, left := range map[string]bool{"Europe/Berlin": false, "UTC": true, "Asia/Tokyo": true, "America/New_York": true} {
		f, err := harness.ParseFile("andon.yaml", []byte(twoSystems+"plant: {zone: "+zone+"}\n"))
		if err != nil {
			t.Fatal(err)
		}
		why := f.Lacks(pack[0])
		if (why != "") != left || left && !strings.Contains(why, "in "+zone+" they are not") {
			t.Errorf("%s: %q", zone, why)
		}
	}
}

// A rig that does not carry some facts, or whose dialect has no field for them,
// leaves out what is about these.
func TestAPackLeavesOutWhatNobodyCanSay(t *testing.T) {
	pack, err := scenarios.Pack("smoke")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := harness.Bundled()
	if err != nil {
		t.Fatal(err)
	}
	d365, _, err := harness.BundledWith("d365/v1")
	if err != nil {
		t.Fatal(err)
	}
	_, left := d365.Fit(pack)
	all := strings.Join(left, "\n")
	for _, want := range []string{"QUA-01 was not run: it is about facts of kind lot-", "EXE-01 was not run: it asks the books of erp for started, which nobody can tell them in d365/v1"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not among\n%s", want, all)
		}
	}
	if strings.Contains(all, "CNF-01") || len(left) > 6 {
		t.Errorf("left out:\n%s", all)
	}
	if _, left := whole.Fit(pack); len(left) > 0 {
		t.Errorf("of a rig that carries everything: %v", left)
	}
}

// A scenario that is asked for by name is refused with what is lacking, and where
// the bundled build has it.
func TestAskedForByName(t *testing.T) {
	for id, want := range map[string][]string{
		"CNF-01": nil,
		"EXC-02": {"EXC-02 cannot be played at this rig: it takes failed messages out of a queue", "the bundled build has it with --erp d365/v1"},
		"EXC-03": {"EXC-03 cannot be played at this rig: it puts failed messages back", "the bundled build has it with --erp d365/v1"},
		"FIL-01": {"FIL-01 cannot be played at this rig: its fault ", "the bundled build has it with --erp files/v1"},
		"BRK-01": {"BRK-01 cannot be played at this rig: its fault ack-lost", "the bundled build has it with --rig examples/bridge/mqtt.yaml"},
		"TAB-04": {"TAB-04 cannot be played at this rig: ", "a rig file of your own must say it"},
		"MDM-10": {"MDM-10 cannot be played at this rig: ", "the bundled build has it with --erp d365/v1, --erp sap-s4/v2 or --rig examples/bridge/lists.yaml"},
	} {
		asked, err := scenarios.Find(id)
		if err != nil {
			t.Fatal(err)
		}
		f, err := harness.Bundled()
		if err != nil {
			t.Fatal(err)
		}
		err = f.Refuse(asked)
		if (err == nil) != (want == nil) {
			t.Errorf("%s: %v", id, err)
		}
		for _, w := range want {
			if err != nil && !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v does not say %q", id, err, w)
			}
		}
	}
}

// Over the end of a month postings need dates that are booked.
func TestLatePostingsHaveDates(t *testing.T) {
	for id, late := range map[string]bool{"MEC-01": true, "MEC-04": true, "CNF-01": false} {
		asked, err := scenarios.Find(id)
		if err != nil {
			t.Fatal(err)
		}
		for erp, undated := range map[string]bool{"d365/v1": true, "neutral/v1": false, "sap-s4/v2": false} {
			f, _, err := harness.BundledWith(erp)
			if err != nil {
				t.Fatal(err)
			}
			if why := f.Lacks(asked[0]); strings.Contains(why, "not every posting is booked with its date") != (late && undated) {
				t.Errorf("%s at %s: %q", id, erp, why)
			}
		}
	}
}

// Postings that are only accepted need a way to find out what became of them.
func TestAcceptedPostingsHaveAnOutcome(t *testing.T) {
	asked, err := scenarios.Find("TAB-05")
	if err != nil {
		t.Fatal(err)
	}
	for erp, left := range map[string]bool{"sap-s4/v2": true, "files/v1": true, "staging/v1": false, "b2mml-xml/v7": false, "infor-ion/v3": false} {
		f, _, err := harness.BundledWith(erp)
		if err != nil {
			t.Fatal(err)
		}
		if why := f.Lacks(asked[0]); strings.Contains(why, "nothing tells the SUT what became of them") != left {
			t.Errorf("%s: %q", erp, why)
		}
	}
}

// Where only a rig of the examples has what a scenario needs, who asks for it is
// told which, and it is true.
func TestRigsThatAreNamedHaveIt(t *testing.T) {
	all, err := scenarios.All()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../examples/bridge/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rigs := map[string]harness.File{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if f, err := harness.ParseFile(path, text); err == nil && f.RunsBundled() { // others are scenarios
			rigs["examples/bridge/"+filepath.Base(path)] = f
		}
	}
	bundled, err := harness.Bundled()
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`--rig (\S+)`)
	told := 0
	for _, s := range all {
		err := bundled.Refuse([]scenarios.Scenario{s})
		if err == nil {
			continue
		}
		if m := named.FindStringSubmatch(err.Error()); m != nil {
			told++
			if rig, ok := rigs[m[1]]; !ok || rig.Lacks(s) != "" {
				t.Errorf("%s: %s has it not: %s", s.Metadata.ID, m[1], rig.Lacks(s))
			}
			continue
		}
		for path, rig := range rigs {
			if rig.Lacks(s) == "" && !strings.Contains(err.Error(), "--erp") {
				t.Errorf("%s can be played at %s, and %v", s.Metadata.ID, path, err)
			}
		}
	}
	if told < 6 || len(rigs) < 15 {
		t.Errorf("%d scenarios have a rig of %d, want six or more", told, len(rigs))
	}
}
