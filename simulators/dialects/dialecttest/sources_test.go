package dialecttest_test

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A golden is worth what can be said of where its form comes from. Each
// dialect's README has a section Goldens for that: a table of files below
// testdata, what they show and the public sources, which are links defined
// below it. What has none begins with "ours:" and says why.
//
//	| files | show | source |
//	|---|---|---|
//	| `order-released.xml`, `reply-*.xml` | an order is released | [schedule] |
//
//	[schedule]: https://example.org/schedule.xsd

var (
	quotedName = regexp.MustCompile("`([^`]+)`")
	linkUse    = regexp.MustCompile(`\[([^\]]+)\]`)
	linkIs     = regexp.MustCompile(`^\[([^\]]+)\]: (\S+)$`)
)

// untraced says what is wrong with the section Goldens of a README, of which
// files are those below testdata.
func untraced(readme string, files []string) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	_, section, found := strings.Cut("\n"+readme, "\n## Goldens\n")
	if !found {
		return []string{"there is no section Goldens"}
	}
	section, _, _ = strings.Cut(section, "\n## ")
	lines := strings.Split(section, "\n")
	links, used, covered := map[string]string{}, map[string]bool{}, map[string]int{}
	for _, line := range lines {
		if m := linkIs.FindStringSubmatch(line); m != nil {
			links[m[1]] = m[2]
			if u, err := url.Parse(m[2]); err != nil || u.Scheme != "https" || !strings.Contains(u.Host, ".") {
				say("[%s]: %s is not an address", m[1], m[2])
			}
		}
	}
	for _, line := range lines {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		if len(cells) != 3 || strings.TrimSpace(cells[1]) == "" {
			say("%s: a row has files, what they show, and a source", line)
			continue
		}
		for _, name := range quotedName.FindAllStringSubmatch(cells[0], -1) {
			some := false
			for _, f := range files {
				if ok, err := path.Match(name[1], f); err != nil {
					say("`%s`: %v", name[1], err)
				} else if ok {
					some = true
					covered[f]++
				}
			}
			if !some {
				say("`%s` is no file below testdata", name[1])
			}
		}
		source := strings.TrimSpace(cells[2])
		_, why, ours := strings.Cut(source, "ours:")
		uses := linkUse.FindAllStringSubmatch(source, -1)
		for _, use := range uses {
			used[use[1]] = true
			if links[use[1]] == "" {
				say("%s: [%s] is defined nowhere", strings.TrimSpace(cells[0]), use[1])
			}
		}
		if len(uses) == 0 && (!ours || len(strings.Fields(why)) < 3) {
			say("%s: no source, and no reason after ours:", strings.TrimSpace(cells[0]))
		}
	}
	for _, f := range files {
		if covered[f] != 1 {
			say("testdata/%s stands in %d rows", f, covered[f])
		}
	}
	for name := range links {
		if !used[name] {
			say("[%s] is a source of nothing", name)
		}
	}
	slices.Sort(wrong)
	return wrong
}

// An answer is worth what can be said of what was asked: its question lies beside
// it, as x.request.xml beside x.xml, as get-x.xml beside reply-get-x.xml or in one
// transcript with it, or its row in the section Goldens names another golden that
// it answers.
var answerName = regexp.MustCompile(`^(reply|response|result)-(.*?)[0-9]*(\.soap1[12])?(\.[a-z]+)$`)

// unasked are the answers among files to which there is no question.
func unasked(readme string, files []string) (wrong []string) {
	_, section, _ := strings.Cut("\n"+readme, "\n## Goldens\n")
	section, _, _ = strings.Cut(section, "\n## ")
	names := func(f string) bool { // by its row
		for _, line := range strings.Split(section, "\n") {
			cells := strings.Split(strings.Trim(line, "|"), "|")
			if !strings.HasPrefix(line, "| `") || len(cells) != 3 {
				continue
			}
			of := slices.ContainsFunc(quotedName.FindAllStringSubmatch(cells[0], -1), func(m []string) bool { ok, _ := path.Match(m[1], f); return ok })
			if of && slices.ContainsFunc(quotedName.FindAllStringSubmatch(cells[1], -1), func(m []string) bool {
				return slices.Contains(files, m[1]) && (!answerName.MatchString(m[1]) || strings.Contains(m[1], ".request."))
			}) {
				return true
			}
		}
		return false
	}
	for _, f := range files {
		m := answerName.FindStringSubmatch(f)
		if m == nil || strings.Contains(f, ".request.") || strings.HasSuffix(f, ".http") {
			continue
		}
		if !slices.Contains(files, m[1]+"-"+m[2]+".request"+m[4]) && !slices.Contains(files, m[2]+m[4]) && !names(f) {
			wrong = append(wrong, fmt.Sprintf("testdata/%s answers what is not there", f))
		}
	}
	return wrong
}

// testdataOf are the goldens of a dialect's folder: all that lies below
// testdata but what fuzzing has found, and the scripts of clients.
func testdataOf(t *testing.T, folder string) (files []string) {
	t.Helper()
	root := filepath.Join(folder, "testdata")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == "fuzz" {
				return fs.SkipDir
			}
			return nil
		}
		if slices.Contains([]string{".cjs", ".pl", ".py"}, filepath.Ext(p)) {
			return nil
		}
		rel, err := filepath.Rel(root, p)
		files = append(files, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestEveryGoldenNamesItsSource walks the folders of all dialects.
func TestEveryGoldenNamesItsSource(t *testing.T) {
	all, err := filepath.Glob(filepath.Join("..", "*", "testdata"))
	if err != nil || len(all) < 7 {
		t.Fatalf("%d dialects with goldens, %v", len(all), err)
	}
	for _, testdata := range all {
		folder := filepath.Dir(testdata)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			readme, err := os.ReadFile(filepath.Join(folder, "README.md"))
			if err != nil {
				t.Fatal(err)
			}
			files := testdataOf(t, folder)
			if len(files) == 0 {
				t.Fatal("no goldens")
			}
			for _, wrong := range append(untraced(string(readme), files), unasked(string(readme), files)...) {
				t.Errorf("README.md, Goldens: %s", wrong)
			}
		})
	}
}

// What the walk looks for it finds.
func TestUntracedGoldensAreFound(t *testing.T) {
	good := "# a/v1\n\n## Goldens\n\n| files | show | source |\n|---|---|---|\n| `a.xml`, `reply-*.xml` | an order | [schedule] |\n| `sub/b.json` | a row | ours: a layout of no vendor |\n\n[schedule]: https://example.org/s.xsd\n\n## Fidelity\n\n| `c.xml` | x | y |\n"
	files := []string{"a.xml", "reply-1.xml", "reply-2.xml", "sub/b.json"}
	for _, c := range []struct {
		name, old, new, want string
	}{
		{"as it should be", "", "", ""},
		{"no section", "## Goldens", "## Files", "there is no section"},
		{"a file in no row", "`a.xml`, ", "", "testdata/a.xml stands in 0 rows"},
		{"a file in two rows", "| `sub/", "| `a.xml` | again | [schedule] |\n| `sub/", "testdata/a.xml stands in 2 rows"},
		{"a row of no file", "`a.xml`", "`a.xml`, `gone.xml`", "`gone.xml` is no file"},
		{"a pattern of no file", "reply-*.xml", "answer-*.xml", "`answer-*.xml` is no file"},
		{"a star does not go into folders", "`sub/b.json`", "`*.json`", "`*.json` is no file"},
		{"no source", "| [schedule] |", "| |", "no source"},
		{"a source without an address", "| [schedule] |", "| the schema |", "no source"},
		{"a source that is not defined", "| [schedule] |", "| [schema] |", "[schema] is defined nowhere"},
		{"ours without a reason", "ours: a layout of no vendor", "ours:", "no source"},
		{"an address that is none", "https://example.org/s.xsd", "schema.xsd", "is not an address"},
		{"a source of nothing", "\n## Fidelity", "[other]: https://example.org/o\n\n## Fidelity", "[other] is a source of nothing"},
		{"a row that shows nothing", "| an order |", "| |", "a row has files"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := untraced(strings.Replace(good, c.old, c.new, 1), files)
			if c.want == "" && len(got) > 0 || c.want != "" && !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, c.want) }) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// An answer without its question is found, by whichever way it may have one.
func TestUnaskedGoldensAreFound(t *testing.T) {
	const readme = "\n## Goldens\n\n| files | show | source |\n|---|---|---|\n| `reply-late.json` | to `issues.json` | ours: x |\n| `reply-both1.xml` | to `reply-one.request.xml` | ours: x |\n| `reply-odd.xml` | like `reply-late.json` | ours: x |\n"
	for file, more := range map[string][]string{
		"result-partly.csv": {"result-partly.request.csv"}, "reply-one1.xml": {"reply-one.request.xml"}, "reply-get-order.xml": {"get-order.xml"},
		"reply-late.json": {"issues.json"}, "reply-both1.xml": {"reply-one.request.xml"},
	} {
		if got := unasked(readme, append(more, file)); len(got) > 0 {
			t.Errorf("%s with %q: %q", file, more, got)
		}
		if got := unasked(readme, []string{file, "other.xml"}); len(got) != 1 {
			t.Errorf("%s alone: %q", file, got)
		}
	}
	if got := unasked(readme, []string{"reply-odd.xml", "reply-late.json", "issues.json"}); len(got) != 1 {
		t.Errorf("an answer is no question: %q", got)
	}
	if got := unasked(readme, []string{"reply-x.http", "order.xml"}); len(got) != 0 {
		t.Errorf("a transcript has both: %q", got)
	}
}
