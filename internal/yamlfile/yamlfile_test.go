package yamlfile

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

var update = flag.Bool("update", false, "rewrite golden files")

// lotID stands for the named ids of the plant.
type lotID string

// line is read by the tests.
type line struct {
	Name    string            `yaml:"name" jsonschema:"required"`
	Lot     lotID             `yaml:"lot"`
	Mode    string            `yaml:"mode" jsonschema:"enum=fast,enum=slow"`
	Count   int               `yaml:"count"`
	Size    uint8             `yaml:"size"`
	Share   float64           `yaml:"share"`
	Live    bool              `yaml:"live"`
	Maybe   *bool             `yaml:"maybe"`
	Within  Duration          `yaml:"within"`
	Parts   []part            `yaml:"parts"`
	Modes   []string          `yaml:"modes" jsonschema:"enum=fast,enum=slow"`
	Env     map[string]string `yaml:"env"`
	With    Node              `yaml:"with"`
	Word    Word              `yaml:"word"`
	Instant time.Time         `yaml:"instant"`
	ignored int

	Pos Pos `yaml:"-"`
}

type part struct {
	ID  string `yaml:"id" jsonschema:"required"`
	Pos Pos    `yaml:"-"`
}

// Check has the tests see that values are checked after they were read.
func (p *part) Check() error {
	if p.ID == "bad" {
		return errors.New("a part cannot be bad")
	}
	return nil
}

const good = `# a comment
name: line 1
lot: "000123"
mode: fast
count: -3
size: 200
share: 0.25
live: true
maybe: false
within: {plant: 15m}
parts:
  - {id: a}
  - id: "1"
modes: [fast, slow]
env: {A: b, "on": c}
with: {anything: [1, "01", yes, null]}
word: hello
instant: 2026-03-02T06:00:00Z
`

func TestLoadReadsEverything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "line.yaml")
	if err := os.WriteFile(path, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	l := line{ignored: 7}
	if err := Load(path, &l); err != nil {
		t.Fatal(err)
	}
	if l.Name != "line 1" || l.Lot != "000123" || l.Count != -3 || l.Size != 200 || l.Share != 0.25 || !l.Live || l.Maybe == nil || *l.Maybe {
		t.Errorf("got %+v", l)
	}
	if l.Within.Domain != PlantTime || l.Within.D != 15*time.Minute || l.Within.Pos.Line != 10 {
		t.Errorf("within: %+v", l.Within)
	}
	if len(l.Parts) != 2 || l.Parts[1].ID != "1" || l.Parts[1].Pos.Line != 13 || l.Pos.Line != 2 || l.ignored != 7 {
		t.Errorf("parts: %+v", l.Parts)
	}
	if l.Env["A"] != "b" || l.Env["on"] != "c" || len(l.Modes) != 2 || l.Word.S != "hello" || l.Word.Pos.Line != 17 {
		t.Errorf("got %+v", l)
	}
	if b, err := l.With.MarshalJSON(); err != nil || string(b) != `{"anything":[1,"01","yes",null]}` {
		t.Errorf("with: %s, %v", b, err)
	}
	if l.Instant.Hour() != 6 {
		t.Errorf("instant: %v", l.Instant)
	}
}

func TestDefaultsStay(t *testing.T) {
	l := line{Name: "was", Mode: "slow", Count: 5}
	if err := LoadBytes("x", []byte("name: is\n"), &l); err != nil {
		t.Fatal(err)
	}
	if l.Name != "is" || l.Mode != "slow" || l.Count != 5 {
		t.Errorf("got %+v", l)
	}
}

func TestAnchorsAndMerge(t *testing.T) {
	const text = "name: x\nenv: &base {A: a, B: b}\nwith:\n  first: *base\n  second:\n    <<: *base\n    B: own\n"
	var l line
	if err := LoadBytes("x", []byte(text), &l); err != nil {
		t.Fatal(err)
	}
	if got := l.With.Get("first").Get("A").Text(); got != "a" {
		t.Errorf("alias: %q", got)
	}
	second := l.With.Get("second")
	if second.Get("A").Text() != "a" || second.Get("B").Text() != "own" {
		t.Errorf("merge: %v", second.Any())
	}
}

// mistakes are files with what must be said about them; the golden file has
// the whole of it.
var mistakes = []struct{ name, text, want string }{
	{"unknown key", "name: x\ncuont: 3\n", `did you mean "count"?`},
	{"unknown key in a list", "name: x\nparts:\n  - {id: a}\n  - {id: b, idd: c}\n", `x.yaml:4:13: unknown key "idd"`},
	{"missing key", "count: 3\n", `key "name" is missing`},
	{"identifier as number", "name: x\nlot: 000123\n", `quote it: "000123"`},
	{"identifier as float", "name: x\nlot: 1e3\n", `quote it: "1e3"`},
	{"identifier as time of day", "name: x\nlot: 12:30\n", `quote it: "12:30"`},
	{"identifier with underscore", "name: x\nlot: 4711_1\n", `quote it: "4711_1"`},
	{"country code", "name: x\nlot: NO\n", `quote it: "NO"`},
	{"identifier as bool", "name: x\nlot: true\n", `quote it: "true"`},
	{"boolean-like key", "name: x\nenv: {on: a}\n", "read as true or false"},
	{"boolean-like key of old", "No: x\n", "read as true or false"},
	{"number key", "name: x\nenv: {007: a}\n", `quote it: "007"`},
	{"key twice", "name: x\ncount: 1\nname: y\n", `key "name" is given twice`},
	{"two documents", "name: x\n---\nname: y\n", "a second document begins here"},
	{"no value", "name: x\nmode:\n", "a value is missing here"},
	{"wrong word", "name: x\nmode: fsat\n", `did you mean "fast"?`},
	{"wrong word in a list", "name: x\nmodes: [slow, quick]\n", "allowed here: fast, slow"},
	{"text for a number", "name: x\ncount: many\n", "a whole number is expected here, not a text"},
	{"octal", "name: x\ncount: 017\n", "without leading zeros"},
	{"hexadecimal", "name: x\ncount: 0x1f\n", "digits only"},
	{"too large", "name: x\nsize: 256\n", "256 is too large"},
	{"negative", "name: x\nsize: -1\n", "cannot be negative"},
	{"fraction", "name: x\ncount: 1.5\n", "not a plain whole number"},
	{"not a number", "name: x\nshare: .nan\n", "not a plain number"},
	{"yes for true", "name: x\nlive: yes\n", "write true or false"},
	{"list for mapping", "- a\n- b\n", "a mapping is expected here, not a list"},
	{"mapping for list", "name: x\nparts: {id: a}\n", "a list is expected here, not a mapping"},
	{"bare duration", "name: x\nwithin: 15m\n", "write {plant: 15m}"},
	{"bare number for duration", "name: x\nwithin: 90\n", "write {plant: 1m30s}"},
	{"duration of two domains", "name: x\nwithin: {plant: 1h, wall: 2s}\n", "one key, plant or wall"},
	{"duration without unit", "name: x\nwithin: {plant: 15}\n", "15 has no unit"},
	{"negative duration", "name: x\nwithin: {wall: -5s}\n", "cannot be negative"},
	{"check of a part", "name: x\nparts: [{id: bad}]\n", "x.yaml:2:10: a part cannot be bad"},
	{"text of a reader", "name: x\ninstant: yesterday\n", "x.yaml:2:10"},
	{"tag", "name: !!str 5\n", "tags such as !!str are not used here"},
	{"alias without anchor", "name: *nobody\n", "alias *nobody has no anchor before it"},
	{"alias of itself", "name: x\nwith: &a [*a]\n", "alias *a has no anchor before it"},
	{"merge of a list", "name: x\nwith:\n  <<: [1]\n", "<< needs a mapping to merge"},
	{"unclosed", "name: [a, b\n", "x.yaml:1"},
	{"unclosed quote", "name: \"abc\n", "x.yaml:1:7"},
	{"indented by tab", "name: x\nwith:\n\ta: 1\n", "x.yaml:3"},
	{"empty", "", "x.yaml: is empty"},
	{"only comments", "# nothing\n---\n# else\n", "x.yaml: is empty"},
	{"binary", "\x00\x01\x02ELF", "control character"},
	{"latin 1", "name: x\nlot: \"M\xfcller\"\n", "x.yaml:2:1: is not text in UTF-8"},
	{"question mark key", "? name\n: x\n", "a key must be a plain word"},
	{"several at once", "nmae: x\ncount: a\nmode: b\n", "4 mistakes"},
}

func TestMistakesAreExplained(t *testing.T) {
	var golden strings.Builder
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			var l line
			err := LoadBytes("x.yaml", []byte(m.text), &l)
			if err == nil {
				t.Fatalf("read without complaint: %+v", l)
			}
			golden.WriteString("== " + m.name + "\n" + err.Error() + "\n")
			if m.want == "4 mistakes" {
				if got := len(Errors(err)); got != 4 {
					t.Errorf("%d mistakes: %v", got, err)
				}
			} else if !strings.Contains(err.Error(), m.want) {
				t.Errorf("got  %s\nwant …%s…", err, m.want)
			}
			if len(Errors(err)) == 0 {
				t.Errorf("the error names no place: %v", err)
			}
		})
	}
	path := filepath.Join("testdata", "mistakes.golden")
	if *update {
		if err := os.WriteFile(path, []byte(golden.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := golden.String(); got != string(want) {
		t.Errorf("messages changed; run with -update and look at the difference\n%s", got)
	}
}

// What is far too large or deep is refused at once.
func TestBombsAreRefused(t *testing.T) {
	laughs := "name: x\nwith:\n  - &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'k'; c++ {
		laughs += "  - &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+", ", 10), ", ") + "]\n"
	}
	for name, text := range map[string]string{
		"aliases":        laughs,
		"brackets":       "with: " + strings.Repeat("[", 100_000),
		"braces":         "with: " + strings.Repeat("{a: ", 10_000),
		"dashes":         strings.Repeat("- ", 100_000) + "a",
		"questions":      strings.Repeat("? ", 100_000) + "a",
		"anchors":        "with: " + strings.Repeat("&a ", 10_000) + "x",
		"tags":           "with: " + strings.Repeat("!a ", 10_000) + "x",
		"lines":          strings.Repeat("a: b\n", 100_000),
		"keys":           strings.Repeat("{a: b, c: d, e: f}, ", 10_000),
		"steps":          stairs(200),
		"a hundred MiB":  "name: " + strings.Repeat("x", 100<<20),
		"merged aliases": "a: &a {k: [" + strings.Repeat("x, ", 9000) + "x]}\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n",
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			var l line
			err := LoadBytes("x.yaml", []byte(text), &l)
			if err == nil {
				t.Fatal("read without complaint")
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("took %s", took)
			}
			if len(err.Error()) > 2000 {
				t.Errorf("the error itself has %d characters", len(err.Error()))
			}
		})
	}
}

// stairs nests mappings one step deeper a line.
func stairs(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.yaml")
	f, err := os.Create(big)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(100 << 20); err != nil {
		t.Fatal(err)
	}
	f.Close()
	for name, c := range map[string]struct{ path, want string }{
		"missing":   {filepath.Join(dir, "none.yaml"), "none.yaml: no such file"},
		"directory": {dir, "is a directory"},
		"too large": {big, "is larger than 1 MiB"},
		"a device":  {os.DevNull, "is not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			var l line
			if err := Load(c.path, &l); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
		})
	}
	var l line
	if err := LoadFS(fstest.MapFS{}, "none.yaml", &l); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v", err)
	}
}

func TestWindowsLineEndsAndByteOrderMark(t *testing.T) {
	var l line
	err := LoadBytes("x.yaml", []byte("\xef\xbb\xbfname: x\r\ncuont: 3\r\n"), &l)
	if err == nil || !strings.Contains(err.Error(), "x.yaml:2:1") || strings.Contains(err.Error(), "\r") {
		t.Errorf("got %q", err)
	}
}

func TestNearest(t *testing.T) {
	words := []string{"exactly-once", "conservation", "lose", "delay"}
	for got, want := range map[string]string{
		"exactly-onec": "exactly-once", "exacty-once": "exactly-once", "Conservation": "conservation", "loose": "lose", "dealy": "delay",
		"b": "", "zzzz": "", "": "", "somethingelse": "",
	} {
		if n := Nearest(got, words); n != want {
			t.Errorf("Nearest(%q) = %q, want %q", got, n, want)
		}
	}
}

func TestErrorOnALongLine(t *testing.T) {
	e := newSource("x", []byte(strings.Repeat("ä", 500))).at(1, 300).Errorf("here")
	lines := strings.Split(e.Error(), "\n")
	if len(lines) != 3 || len([]rune(lines[1])) > 120 {
		t.Errorf("got %q", e.Error())
	}
	if caret := strings.Index(lines[2], "^"); []rune(lines[1])[caret] != 'ä' {
		t.Errorf("the caret points nowhere: %q", e.Error())
	}
}

func TestNodesAreCopiedNotChanged(t *testing.T) {
	n, err := Parse("x", []byte("a: 1\nb: [x, y]\n"))
	if err != nil {
		t.Fatal(err)
	}
	more := n.With("c", n.Get("a")).With("a", n.Get("b"))
	if got := strings.Join(more.Keys(), " "); got != "a b c" || more.Get("a").Kind() != List {
		t.Errorf("With: %v", more.Any())
	}
	if got := strings.Join(more.Without("b").Keys(), " "); got != "a c" {
		t.Errorf("Without: %s", got)
	}
	if got := len(n.Get("b").Append(n.Get("a")).Items()); got != 3 {
		t.Errorf("Append: %d", got)
	}
	if got := strings.Join(n.Keys(), " "); got != "a b" || len(n.Get("b").Items()) != 2 || n.Get("a").Kind() != Number {
		t.Errorf("the original changed: %v", n.Any())
	}
}

// FuzzLoad holds that no input panics or hangs the reader, that what it
// accepts it accepts again, and that each error names the file.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(good))
	for _, m := range mistakes {
		f.Add([]byte(m.text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var l, again line
		err := LoadBytes("fuzz.yaml", b, &l)
		if (LoadBytes("fuzz.yaml", b, &again) == nil) != (err == nil) {
			t.Fatal("two readings differ")
		}
		if err != nil && !strings.Contains(err.Error(), "fuzz.yaml") {
			t.Fatalf("the error does not name the file: %v", err)
		}
	})
}

// FuzzNode holds that whatever parses can be written as JSON and walked.
func FuzzNode(f *testing.F) {
	f.Add([]byte(good))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := Parse("fuzz.yaml", b)
		if err != nil {
			return
		}
		if _, err := n.MarshalJSON(); err != nil {
			t.Fatal(err)
		}
		if _, err := n.Replace(func(n Node) (Node, error) { return n.Reworded("x"), nil }); err != nil {
			t.Fatal(err)
		}
		_ = n.Pos().Errorf("here").Error()
	})
}

// The line that is shown with a mistake holds no password of a URL, and is as
// long as it was.
func TestNoPasswordIsShown(t *testing.T) {
	const shown = `url: "postgres://andon:s3cret@h/x", at: "08:00", user@host: y`
	if got, want := discreet(shown), `url: "postgres://andon:xxxxxx@h/x", at: "08:00", user@host: y`; got != want {
		t.Errorf("shown as %s", got)
	}
	if got := discreet(`at: "http://127.0.0.1:80/x@y"`); got != `at: "http://127.0.0.1:80/x@y"` {
		t.Errorf("shown as %s", got)
	}
}
