package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/andon-rig/andon/internal/yamlfile"
)

// Load reads a scenario file and returns the scenarios it stands for: one, or
// with a matrix one for each combination. Everything that can be known to be
// wrong without playing it is an error, several joined.
func Load(path string) ([]Scenario, error) {
	return load(path, yamlfile.ReadFile, func(base, name string) string {
		return filepath.Join(filepath.Dir(base), filepath.FromSlash(name))
	})
}

// LoadFS is [Load] for a file of fsys.
func LoadFS(fsys fs.FS, file string) ([]Scenario, error) {
	read := func(name string) (yamlfile.Node, error) { return yamlfile.ReadFS(fsys, name) }
	return load(file, read, func(base, name string) string { return path.Join(path.Dir(base), name) })
}

// Parse is [Load] for a text already read, which cannot include files; name
// stands for it in errors.
func Parse(name string, b []byte) ([]Scenario, error) {
	read := func(asked string) (yamlfile.Node, error) {
		if asked == name {
			return yamlfile.Parse(name, b)
		}
		return yamlfile.Node{}, fmt.Errorf("%s: a text that is not a file cannot include %s", name, asked)
	}
	return load(name, read, func(_, name string) string { return name })
}

type reader func(path string) (yamlfile.Node, error)

func load(file string, read reader, join func(base, name string) string) ([]Scenario, error) {
	root, err := read(file)
	if err != nil {
		return nil, err
	}
	if err := header(root, KindScenario); err != nil {
		return nil, err
	}
	in := includer{read: read, join: join}
	if root, err = in.resolve(root, []string{file}); err != nil {
		return nil, err
	}
	variants, err := expand(root)
	if err != nil {
		return nil, err
	}
	var all []Scenario
	for _, v := range variants {
		var s Scenario
		if err := v.root.Decode(&s); err != nil {
			return nil, err
		}
		s.Metadata.Of = s.Metadata.ID
		if len(v.values) > 0 {
			s.Metadata.ID += "." + strings.Join(v.values, ".")
			s.Metadata.Title += " (" + strings.Join(v.said, ", ") + ")"
		}
		if err := s.check(); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// header refuses a file that is of another kind before its keys are found
// strange one by one.
func header(n yamlfile.Node, kind string) error {
	if n.Kind() != yamlfile.Map {
		return n.Errorf("a file of kind %s is a mapping, not %s", kind, n.Kind())
	}
	for _, want := range [][2]string{{"apiVersion", APIVersion}, {"kind", kind}} {
		got := n.Get(want[0])
		switch {
		case got.IsZero():
			return n.Errorf("key %q is missing", want[0]).WithHint("begin the file with %s: %s", want[0], want[1])
		case got.Text() != want[1]:
			return got.Errorf("%s is %q where %q is expected", want[0], got.Text(), want[1])
		}
	}
	return nil
}

// includer merges the files a scenario includes into it.
type includer struct {
	read  reader
	join  func(base, name string) string
	files int
}

// Bounds of includes and matrices.
const (
	maxIncludes = 32
	maxVariants = 64
)

// partKeys are what a Part may say.
var partKeys = []string{"apiVersion", "kind", "include", "plant", "time", "given", "when", "phases", "faults", "expect", "floor"}

// resolve returns n with what it includes; trail is the way to it.
func (in *includer) resolve(n yamlfile.Node, trail []string) (yamlfile.Node, error) {
	list := n.Get("include")
	if list.IsZero() {
		return n, nil
	}
	var names []yamlfile.Word
	if err := list.Decode(&names); err != nil {
		return n, err
	}
	merged := yamlfile.Node{}
	for _, name := range names {
		file := in.join(trail[len(trail)-1], name.S)
		if slices.Contains(trail, file) {
			return n, name.Pos.Errorf("%s includes itself", name.S).WithHint("%s", strings.Join(append(trail, file), " → "))
		}
		if in.files++; in.files > maxIncludes {
			return n, name.Pos.Errorf("more than %d files are included", maxIncludes)
		}
		part, err := in.read(file)
		if err != nil {
			return n, errors.Join(name.Pos.Errorf("cannot include %s", name.S), err)
		}
		if err := header(part, KindPart); err != nil {
			return n, err
		}
		for _, key := range part.Keys() {
			if !slices.Contains(partKeys, key) {
				return n, part.KeyPos(key).Errorf("a %s cannot say %q", KindPart, key).WithHint("%s", yamlfile.OneOf(key, partKeys))
			}
		}
		if part, err = in.resolve(part, append(slices.Clone(trail), file)); err != nil {
			return n, err
		}
		merged = merge(merged, part.Without("apiVersion").Without("kind"))
	}
	return merge(merged, n.Without("include")), nil
}

// merge lays over on top of under: mappings key by key, lists one after the
// other, anything else over alone.
func merge(under, over yamlfile.Node) yamlfile.Node {
	switch {
	case under.IsZero():
		return over
	case under.Kind() == yamlfile.List && over.Kind() == yamlfile.List:
		return under.Append(over.Items()...)
	case under.Kind() != yamlfile.Map || over.Kind() != yamlfile.Map:
		return over
	}
	result := over
	for key, value := range under.Entries() {
		if own := over.Get(key); own.IsZero() {
			result = result.With(key, value)
		} else {
			result = result.With(key, merge(value, own))
		}
	}
	return result
}

// variant is one combination of a matrix.
type variant struct {
	root   yamlfile.Node
	values []string // "date"
	said   []string // "retryAfter date"
}

var (
	matrixUse  = regexp.MustCompile(`\$\{matrix\.([^}]*)\}`)
	matrixName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)
	notInID    = regexp.MustCompile(`[^A-Za-z0-9_-]+`)
)

// expand makes the variants of a matrix; without one, the file itself.
func expand(root yamlfile.Node) ([]variant, error) {
	matrix := root.Get("matrix")
	variants := []variant{{root: root.Without("matrix")}}
	names := matrix.Keys()
	if !matrix.IsZero() && (matrix.Kind() != yamlfile.Map || len(names) == 0) {
		return nil, matrix.Errorf("a matrix has names, each with a list of values").WithHint("write matrix: {outage: [{plant: 1h}, {plant: 4h}]}")
	}
	if _, err := root.Without("matrix").Replace(unknownUse(names)); err != nil {
		return nil, err
	}
	for _, name := range names {
		list := matrix.Get(name)
		if !matrixName.MatchString(name) {
			return nil, matrix.KeyPos(name).Errorf("%q cannot name a parameter", name).WithHint("use letters and digits")
		}
		if list.Kind() != yamlfile.List || len(list.Items()) == 0 {
			return nil, list.Errorf("a list of values is expected here, not %s", list.Kind())
		}
		used := false
		var next []variant
		for _, v := range variants {
			for _, value := range list.Items() {
				word, err := wordFor(value)
				if err != nil {
					return nil, err
				}
				filled, err := v.root.Replace(fill(name, value, &used))
				if err != nil {
					return nil, err
				}
				next = append(next, variant{filled, append(slices.Clone(v.values), word), append(slices.Clone(v.said), name+" "+word)})
			}
		}
		if variants = next; len(variants) > maxVariants {
			return nil, matrix.Errorf("the matrix has more than %d combinations", maxVariants)
		}
		if !used {
			return nil, matrix.KeyPos(name).Errorf("parameter %s is not used", name).WithHint("use it as ${matrix.%s}", name)
		}
	}
	return variants, nil
}

// fill puts value where ${matrix.name} stands: as it is where the text is
// nothing else, as text inside a longer one.
func fill(name string, value yamlfile.Node, used *bool) func(yamlfile.Node) (yamlfile.Node, error) {
	mark := "${matrix." + name + "}"
	return func(n yamlfile.Node) (yamlfile.Node, error) {
		switch {
		case !strings.Contains(n.Text(), mark):
			return n, nil
		case n.Text() == mark:
			*used = true
			return value, nil
		case value.Kind() == yamlfile.Map || value.Kind() == yamlfile.List:
			return n, n.Errorf("%s is %s and cannot stand inside a text", mark, value.Kind())
		}
		*used = true
		return n.Reworded(strings.ReplaceAll(n.Text(), mark, value.Text())), nil
	}
}

func unknownUse(names []string) func(yamlfile.Node) (yamlfile.Node, error) {
	return func(n yamlfile.Node) (yamlfile.Node, error) {
		for _, m := range matrixUse.FindAllStringSubmatch(n.Text(), -1) {
			switch {
			case len(names) == 0:
				return n, n.Errorf("%s is used but there is no matrix", m[0])
			case !slices.Contains(names, m[1]):
				return n, n.Errorf("the matrix has no parameter %q", m[1]).WithHint("%s", yamlfile.OneOf(m[1], names))
			}
		}
		return n, nil
	}
}

// wordFor names a value of a matrix in the id of its scenario.
func wordFor(value yamlfile.Node) (string, error) {
	text := value.Text()
	if keys := value.Keys(); len(keys) == 1 {
		text = value.Get(keys[0]).Text()
	}
	word := strings.Trim(notInID.ReplaceAllString(text, "-"), "-")
	if word == "" {
		return "", value.Errorf("%s cannot be a value of a matrix", value.Kind()).WithHint("use texts, numbers, true, false or durations")
	}
	return word, nil
}
