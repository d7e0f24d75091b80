package scenarios

import (
	"bytes"
	"encoding/json"
	"path/filepath"

	"github.com/andon-rig/andon/internal/yamlfile"
)

// Flatten returns a scenario file with everything it includes merged into it,
// so that the text alone is enough to run it again. A file that includes
// nothing is returned as nil: its own text is enough.
func Flatten(path string) ([]byte, error) {
	root, err := yamlfile.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if root.Get("include").IsZero() {
		return nil, nil
	}
	in := includer{read: yamlfile.ReadFile, join: func(base, name string) string {
		return filepath.Join(filepath.Dir(base), filepath.FromSlash(name))
	}}
	if root, err = in.resolve(root, []string{path}); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	flow(&b, root)
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// flow writes n in YAML's flow style, in the order of the file: the order of a
// matrix is part of the ids it makes.
func flow(b *bytes.Buffer, n yamlfile.Node) {
	switch n.Kind() {
	case yamlfile.Map:
		sep := "{"
		for key, value := range n.Entries() {
			b.WriteString(sep)
			b.WriteString(quote(key))
			b.WriteString(": ")
			flow(b, value)
			sep = ",\n "
		}
		if sep == "{" {
			b.WriteString(sep)
		}
		b.WriteString("}")
	case yamlfile.List:
		b.WriteString("[")
		for i, item := range n.Items() {
			if i > 0 {
				b.WriteString(", ")
			}
			flow(b, item)
		}
		b.WriteString("]")
	case yamlfile.Number, yamlfile.Bool:
		b.WriteString(n.Text())
	case yamlfile.Null:
		b.WriteString("null")
	default:
		b.WriteString(quote(n.Text()))
	}
}

func quote(s string) string {
	text, _ := json.Marshal(s) // a string cannot fail
	return string(text)
}
