package catalog_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

const beginSurfaces, endSurfaces = "<!-- surfaces: begin (go test ./harness/catalog -update) -->\n", "<!-- surfaces: end -->\n"

// TestDocsShowEverySurface keeps the tables of docs/surfaces.md equal to what
// the dialects say of themselves.
func TestDocsShowEverySurface(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "surfaces.md")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(b), beginSurfaces)
	old, tail, ok2 := strings.Cut(rest, endSurfaces)
	if !ok || !ok2 {
		t.Fatalf("%s lacks the lines %q and %q", path, beginSurfaces, endSurfaces)
	}
	want := surfaces(catalog.Standard().Dialects)
	if old == want {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the dialects say; run go test ./harness/catalog -update", path)
	}
	if err := os.WriteFile(path, []byte(head+beginSurfaces+want+endSurfaces+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestSurfacesDiffer: the table tells dialects apart by what they are, not only
// by name.
func TestSurfacesDiffer(t *testing.T) {
	dumb := catalog.Part[func() simulators.Dialect]{Name: "dumb/v1", New: func() simulators.Dialect { return dumbDialect{} }}
	for _, want := range []string{"| **idempotency** | none |", "| **in doubt a build can** | stop, K4: exactly-once is impossible |", "| `confirmation` | – (?) |", "| **the same message again after** | 1s, up to 5s, at most 3 times |"} {
		if got := surfaces([]catalog.Part[func() simulators.Dialect]{dumb}); !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
}

// dumbDialect has no words and no help.
type dumbDialect struct{ simulators.Dialect }

func (dumbDialect) Encode(plant.Event) ([]simulators.Message, error) { return nil, nil }
func (dumbDialect) Policy() simulators.Policy {
	return simulators.Policy{Dedupe: simulators.DedupeNone, Redelivery: simulators.Redelivery{Gap: time.Second, MaxGap: 5 * time.Second, Max: 3}}
}

// surfaces are the tables of what each dialect does and can say.
func surfaces(all []catalog.Part[func() simulators.Dialect]) string {
	var b strings.Builder
	head := func(title string) {
		fmt.Fprintf(&b, "\n## %s\n\n| |", title)
		for _, p := range all {
			fmt.Fprintf(&b, " `%s` |", p.Name)
		}
		b.WriteString("\n|---|" + strings.Repeat("---|", len(all)) + "\n")
	}
	head("How they behave")
	for _, m := range manners {
		fmt.Fprintf(&b, "| **%s** |", m.name)
		for _, p := range all {
			fmt.Fprintf(&b, " %s |", m.of(p.New().Policy()))
		}
		b.WriteString("\n")
	}
	head("What they have words for")
	var wordless, unasked dashes
	for _, k := range dialecttest.Kinds() {
		if nobodys[k] != "" {
			continue
		}
		fmt.Fprintf(&b, "| `%s` |", k)
		for _, p := range all {
			fmt.Fprintf(&b, " %s |", cmp.Or(told(p.New(), k), wordless.of(string(k), p.Name)))
		}
		b.WriteString("\n")
	}
	b.WriteString(wordless.list())
	for _, k := range dialecttest.Kinds() {
		if why := nobodys[k]; why != "" {
			fmt.Fprintf(&b, "\n`%s` has no row: %s.\n", k, why)
		}
	}
	head("What follows for a rig file")
	for _, c := range customs {
		fmt.Fprintf(&b, "| **%s** |", c.name)
		for _, p := range all {
			said := simulators.Customs{}
			if d, ok := p.New().(simulators.Customary); ok {
				said = d.Customs()
			}
			fmt.Fprintf(&b, " %s |", c.of(said))
		}
		b.WriteString("\n")
	}
	head("What can be asked")
	for _, q := range asked {
		fmt.Fprintf(&b, "| **%s** |", q.what)
		for _, p := range all {
			fmt.Fprintf(&b, " %s |", cmp.Or(question(p.New(), q.objects), unasked.of(q.what, p.Name)))
		}
		b.WriteString("\n")
	}
	b.WriteString(unasked.list())
	return b.String()
}

// customs are the rows of the table of what a rig file need not say.
var customs = []struct {
	name string
	of   func(simulators.Customs) string
}{
	{"`transport:`", func(c simulators.Customs) string { return "`" + cmp.Or(c.Transport, "http") + "`" }},
	{"`attribution:`", func(c simulators.Customs) string {
		if c.Attribution == "" {
			return "a place of its own"
		}
		return "`" + c.Attribution + "`"
	}},
	{"`lists:`", func(c simulators.Customs) string {
		var all []string
		for _, k := range c.Lists {
			all = append(all, "`"+string(k)+"`")
		}
		return cmp.Or(strings.Join(all, ", "), "none")
	}},
	{"`flows:`", func(simulators.Customs) string { return "what it has words for, or is in `lists:`" }},
}

// asked are the rows of the last table: the objects of the books, of which one
// will do.
var asked = []struct {
	what    string
	objects []string
}{
	{"how far an order is", []string{"order"}}, {"all orders", []string{"orders"}}, {"an item", []string{"item"}}, {"all items", []string{"items"}}, {"items that have changed", []string{simulators.ChangedItems}},
	{"bills of material", []string{"boms"}}, {"routings", []string{"routings"}}, {"work centers", []string{"work-centers"}}, {"calendars", []string{"calendars"}},
	{"whether a lot may be used", []string{"lot"}}, {"stock", []string{"stock", "on-hand"}}, {"what was posted", []string{"postings", "queue"}},
}

// question is what one of the objects is called in a dialect; "" if it cannot
// be asked for.
func question(d simulators.Dialect, objects []string) string {
	if i, ok := d.(simulators.Inquirer); ok {
		for _, o := range objects {
			if name := i.Questions()[o]; name != "" {
				return "`" + name + "`"
			}
		}
	}
	return ""
}

// TestWhoCanBeAsked: a dialect through which the books can be asked tells of orders
// and of all master data.
func TestWhoCanBeAsked(t *testing.T) {
	seen := 0
	for _, p := range catalog.Standard().Dialects {
		i, ok := p.New().(simulators.Inquirer)
		if !ok {
			continue
		}
		seen++
		if q := i.Questions(); q["order"] == "" || q["items"] == "" || q["boms"] == "" || q["calendars"] == "" {
			t.Errorf("%s: %v", p.Name, q)
		}
	}
	if seen < 4 {
		t.Errorf("%d dialects can be asked, want four", seen)
	}
	if got := question(dumbDialect{}, []string{"order"}); got != "" {
		t.Errorf("who cannot be asked has a question %s", got)
	}
}

// manners are the rows of the first table.
var manners = []struct {
	name string
	of   func(simulators.Policy) string
}{
	{"authentication", func(p simulators.Policy) string { return cmp.Or(string(p.Auth), "none") }},
	{"a good answer means", func(p simulators.Policy) string {
		if p.Accept == simulators.AcceptQueued {
			text := fmt.Sprintf("queued, posted after %s or refused then", p.Delay)
			if p.Queue.Attempts > 1 {
				text += fmt.Sprintf(", at the %d. attempt", p.Queue.Attempts)
			}
			return text
		}
		return "posted"
	}},
	{"idempotency", func(p simulators.Policy) string { return cmp.Or(string(p.Dedupe), "none") }},
	{"postings found by reference", func(p simulators.Policy) string { return yes(p.Lookup) }},
	{"in doubt a build can", func(p simulators.Policy) string { return inDoubt[p.Capability()] }},
	{"an announcement says", func(p simulators.Policy) string {
		if p.Announce == simulators.AnnounceLight {
			return "what it is about; the rest is read"
		}
		return "all of it"
	}},
	{"announcements are ordered", func(p simulators.Policy) string { return cmp.Or(string(p.Ordering), string(simulators.OrderPerEntity)) }},
	{"parallel postings to one order", func(p simulators.Policy) string {
		if p.Lock == simulators.LockOrder {
			return "the second is told that it is locked"
		}
		return "wait for each other"
	}},
	{"a bad row of a batch", func(p simulators.Policy) string {
		switch p.Batch {
		case simulators.BatchAtomic:
			return "refuses all rows"
		case simulators.BatchLead:
			return "waits for a person, unless it is the first"
		}
		return "is refused by itself"
	}},
	{"an overtaken version", func(p simulators.Policy) string {
		if p.Versions == simulators.VersionsOverwrite {
			return "overwrites the newer"
		}
		return "is refused"
	}},
	{"a change needs", func(p simulators.Policy) string {
		var all []string
		if p.Session == simulators.SessionCSRF {
			all = append(all, "a session and its token")
		}
		if p.Match == simulators.MatchETag {
			all = append(all, "the tag of what is changed")
		}
		return cmp.Or(strings.Join(all, ", "), "nothing more")
	}},
	{"questions show a change after", func(p simulators.Policy) string {
		if p.Lag == 0 {
			return "at once"
		}
		return p.Lag.String()
	}},
	{"a list comes in pages of", func(p simulators.Policy) string { return strconv.Itoa(cmp.Or(p.Page, 500)) + ", if there are lists" }},
	{"quota", func(p simulators.Policy) string {
		if p.Quota.Rate == 0 {
			return "none unless the rig file sets one"
		}
		return fmt.Sprintf("%d in %s", p.Quota.Rate, p.Quota.Window)
	}},
	{"the same message again after", func(p simulators.Policy) string {
		if p.Redelivery.Gap == 0 {
			return "never: it lies there until it is fetched"
		}
		text := fmt.Sprintf("%s, up to %s", p.Redelivery.Gap, p.Redelivery.MaxGap)
		if p.Redelivery.Max > 0 {
			text += fmt.Sprintf(", at most %d times", p.Redelivery.Max)
		}
		return text
	}},
}

var inDoubt = map[simulators.Capability]string{
	simulators.K1IdempotencyKey: "repeat with the same key (K1)",
	simulators.K2NaturalKey:     "repeat, and take the conflict for a yes (K2)",
	simulators.K3Lookup:         "ask by reference before it repeats (K3)",
	simulators.K4None:           "stop, K4: exactly-once is impossible",
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// told says how a dialect tells of a kind of fact: by a word of its own, or in
// lists alone; "" if it does not.
func told(d simulators.Dialect, k plant.Kind) string {
	if w := words(d, k); w != "" {
		return w
	}
	if q := question(d, listed[k]); q != "" {
		return "in lists: " + q
	}
	return ""
}

// words says under which name a dialect speaks of a kind of fact; "" if it has
// none.
func words(d simulators.Dialect, k plant.Kind) string {
	for seed := range 20 { // some identifiers cannot be said in every form
		e := dialecttest.Events(k).Example(seed)
		if f, ok := e.Fact.(plant.Confirmed); ok {
			f.Operation = "0010" // most routings number their operations
			e.Fact = f
		}
		if f, ok := e.Fact.(plant.Reworked); ok {
			f.Operation = "0010"
			e.Fact = f
		}
		if f, ok := e.Fact.(plant.Consumed); ok {
			f.Operation = "0010"
			e.Fact = f
		}
		if f, ok := e.Fact.(plant.Scrapped); ok {
			f.Operation, f.Lot = "0010", "L1"
			e.Fact = f
		}
		if f, ok := e.Fact.(plant.Reversed); ok {
			f.Document = "5000000001" // some know an original by that alone
			e.Fact = f
		}
		if ms, err := d.Encode(e); err == nil && len(ms) > 0 {
			if n, ok := d.(simulators.Namer); ok {
				return "`" + cmp.Or(n.Word(ms[0]), ms[0].Name) + "`"
			}
			name, _, _ := strings.Cut(ms[0].Name, "(") // of a key is no telling
			return "`" + name + "`"
		}
	}
	return ""
}
