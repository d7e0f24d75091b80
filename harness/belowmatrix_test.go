package harness_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/internal/race"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/files"
)

var (
	rewrite    = flag.Bool("update", false, "rewrite the matrix of faults below dialects in docs/surfaces.md")
	everything = flag.Bool("everything", false, "play the faults of the build's process that each take a run of their own, too: make surface-faults")
)

// byCommand marks a cell that only make surface-faults plays.
const byCommand = "command"

// below gathers what was seen of faults that act below every dialect.
type below struct {
	mu   sync.Mutex                   // guards cells
	seen map[string]map[string]string // "" or byCommand, by fault and dialect
}

// saw notes that a fault struck at a dialect and its effect was seen.
func (m *below) saw(fault, dialect, by string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen[fault] == nil {
		m.seen[fault] = map[string]string{}
	}
	m.seen[fault][dialect] = by
}

// family says which faults act below every dialect, and where.
func family(f chaos.Fault) string {
	_, conn := f.(chaos.ConnFault)
	_, process := f.(chaos.Process)
	_, brokered := f.(chaos.Brokered)
	p, particular := f.(chaos.Particular)
	switch {
	case process:
		return "build"
	case conn:
		return "connection"
	case brokered:
		return "broker"
	case particular && p.Suits(simulators.Policy{Share: simulators.ShareSFTP}) && !p.Suits(simulators.Policy{}):
		return "folder"
	case particular && p.Suits(simulators.Policy{Share: simulators.ShareServer}) && !p.Suits(simulators.Policy{}):
		return "table"
	}
	return ""
}

// excusedBelow says why a fault cannot strike at an ERP of a dialect; "" if it
// should.
func excusedBelow(i faults.Info, d simulators.Dialect) string {
	f := i.New()
	_, rows := d.(simulators.Tabular)
	_, kept := d.(files.Dialect)
	switch family(f) {
	case "connection":
		return excusedWire(d, f.(chaos.ConnFault).Trouble())
	case "build":
		return excusedBreak(f.(chaos.Process).Process())
	case "folder":
		if !kept {
			return "no files lie anywhere"
		}
	case "table":
		if !rows {
			return "no rows lie anywhere"
		}
	case "broker":
		return excusedBroker(d)
	}
	return ""
}

// TestFaultsBelowSurfaces plays the faults that act below every dialect at an ERP
// of every dialect at which they can, on real connections, folders, databases,
// brokers and processes. Each struck by the journal, and somebody met what he does not meet
// without it. The whole matrix stands in docs/surfaces.md.
func TestFaultsBelowSurfaces(t *testing.T) {
	m := &below{seen: map[string]map[string]string{}}
	t.Run("connections", func(t *testing.T) { visitWires(t, m) })
	t.Run("folders", func(t *testing.T) {
		for name, c := range fileCases() {
			if t.Run(name, func(t *testing.T) { seeFile(t, name, c) }) {
				m.saw(name, "files/v1", "")
			}
		}
	})
	t.Run("tables", func(t *testing.T) {
		for name, c := range tableCases() {
			if t.Run(name, func(t *testing.T) { seeTable(t, name, c) }) {
				m.saw(name, "staging/v1", "")
			}
		}
	})
	t.Run("brokers", func(t *testing.T) { visitBrokers(t, m) })
	if race.Enabled {
		return // the build's own process is not watched
	}
	t.Run("builds", func(t *testing.T) { breakBuilds(t, m) })
	if !strings.Contains(flag.Lookup("test.run").Value.String(), "/") { // all of it was played
		m.documented(t)
	}
}

const beginBelow, endBelow = "<!-- faults below surfaces: begin (make surface-faults) -->\n", "<!-- faults below surfaces: end -->\n"

var surfacesPage = filepath.Join("..", "docs", "surfaces.md")

// documented holds what was seen against the matrix in docs/surfaces.md. What only
// the command plays is there as it was when that was last run.
func (m *below) documented(t *testing.T) {
	t.Helper()
	b, err := os.ReadFile(surfacesPage)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(b), beginBelow)
	old, tail, ok2 := strings.Cut(rest, endBelow)
	if !ok || !ok2 {
		t.Fatalf("%s lacks the lines %q and %q", surfacesPage, beginBelow, endBelow)
	}
	want := m.drawn(t, old)
	switch {
	case old == want || t.Failed():
	case !*rewrite:
		t.Errorf("%s is not what was found; make surface-faults writes it anew", surfacesPage)
	default:
		if err := os.WriteFile(surfacesPage, []byte(head+beginBelow+want+endBelow+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// drawn is the matrix as the page shows it. old is what it showed.
func (m *below) drawn(t *testing.T, old string) string {
	t.Helper()
	all := catalog.Standard().Dialects
	var b strings.Builder
	b.WriteString("\n| fault |")
	for _, p := range all {
		fmt.Fprintf(&b, " `%s` |", p.Name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(all)) + "\n")
	var notes, missing []string
	for _, i := range faults.All() {
		if family(i.New()) == "" {
			continue
		}
		fmt.Fprintf(&b, "| `%s` |", i.Name)
		before := regexp.MustCompile("(?m)^\\| `" + i.Name + "` \\|(.*)\\|$").FindStringSubmatch(old)
		for n, p := range all {
			by, seen := m.seen[i.Name][p.Name]
			why := excusedBelow(i, p.New())
			switch {
			case why != "" && seen:
				t.Errorf("%s is said to leave %s alone (%s), and was seen there", i.Name, p.Name, why)
			case why != "":
				k := slices.Index(notes, why)
				if k < 0 {
					k, notes = len(notes), append(notes, why)
				}
				fmt.Fprintf(&b, " – (%d) |", k+1)
			case seen && by == "":
				b.WriteString(" ✓ |")
			case seen:
				b.WriteString(" ✓✓ |")
			case slices.Contains(otherBreaks, i.Name) && before != nil && strings.TrimSpace(strings.Split(before[1], "|")[n]) == "✓✓":
				b.WriteString(" ✓✓ |") // as the command found
			default:
				missing = append(missing, i.Name+" at "+p.Name)
			}
		}
		b.WriteString("\n")
	}
	if len(missing) > 0 {
		t.Errorf("%d were not seen: %s, …", len(missing), strings.Join(missing[:min(4, len(missing))], ", "))
	}
	b.WriteString("\n")
	for n, why := range notes {
		fmt.Fprintf(&b, "%d. %s\n", n+1, why)
	}
	return b.String()
}

// TestEveryFaultHasARow: what acts on what is said and what acts below it are all
// the faults there are, each with a row in one of both tables.
func TestEveryFaultHasARow(t *testing.T) {
	b, err := os.ReadFile(surfacesPage)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range faults.All() {
		row := regexp.MustCompile("(?m)^\\| `" + i.Name + "` \\|( (✓|✓✓|– \\(\\d+\\)) \\|){8}$")
		if n := len(row.FindAllString(string(b), -1)); n != 1 {
			t.Errorf("%s has %d rows of eight cells in %s", i.Name, n, surfacesPage)
		}
	}
}
