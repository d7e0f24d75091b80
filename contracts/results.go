package contracts

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// ResultsVersion is the format of files that say what was seen by running one
// version against another.
const ResultsVersion = "andon.results/v1"

// ResultsFile is such a file.
type ResultsFile struct {
	APIVersion string   `json:"apiVersion"` // andon.results/v1
	Results    []Result `json:"results"`
}

// Results reads the results that a book keeps: plain ones, and attested ones
// that are signed with one of the keys in the book's folder keys. name stands
// before the paths of files in messages.
func Results(fsys fs.FS, name string) (all []Result, err error) {
	entries, err := fs.ReadDir(fsys, resultsFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path.Join(name, resultsFolder), err)
	}
	trusted, problems := trust(fsys, name)
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		file := path.Join(resultsFolder, e.Name())
		b, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path.Join(name, file), err)
		}
		read := readResults
		if isEnvelope(b) {
			read = trusted.read
		}
		some, p := read(path.Join(name, file), b)
		if p != nil {
			problems = append(problems, *p)
		}
		all = append(all, some...)
	}
	return all, problems.OrNil()
}

// readResults reads one file.
func readResults(name string, b []byte) ([]Result, *Problem) {
	var f ResultsFile
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, &Problem{Place: Place{File: name, Line: lineOf(b, err)}, Text: "is no file of results: " + err.Error(), Hint: "andon verify and andon gate write them"}
	}
	if f.APIVersion != ResultsVersion {
		return nil, &Problem{Place: Place{File: name, Line: 1}, Text: fmt.Sprintf("is in format %q, not %s", f.APIVersion, ResultsVersion)}
	}
	for i := range f.Results {
		f.Results[i].From, f.Results[i].AttestedBy = name, ""
	}
	return f.Results, nil
}

// keys are those that a book trusts, with the names of their files.
type keys struct {
	all   []ed25519.PublicKey
	names []string
}

// trust reads the keys that a book trusts.
func trust(fsys fs.FS, name string) (k keys, problems Problems) {
	files, err := fs.Glob(fsys, path.Join(keysFolder, "*.pub"))
	if err != nil {
		return k, Problems{{Place: Place{File: path.Join(name, keysFolder)}, Text: err.Error()}}
	}
	for _, f := range files {
		b, err := fs.ReadFile(fsys, f)
		if err == nil {
			var key ed25519.PublicKey
			if key, err = PublicKey(b); err == nil {
				k.all, k.names = append(k.all, key), append(k.names, path.Base(f))
				continue
			}
		}
		problems = append(problems, Problem{Place: Place{File: path.Join(name, f)}, Text: err.Error()})
	}
	return k, problems
}

// read reads an attested file.
func (k keys) read(name string, b []byte) ([]Result, *Problem) {
	s, key, err := Open(b, k.all...)
	if err != nil {
		return nil, &Problem{Place: Place{File: name}, Text: err.Error(), Hint: "andon verify check tells more; the public keys of those you trust belong into the book's folder keys"}
	}
	all := s.Predicate.Results
	for i := range all {
		all[i].From, all[i].AttestedBy = name, k.names[slices.IndexFunc(k.all, func(one ed25519.PublicKey) bool { return one.Equal(key) })]
	}
	return all, nil
}

// lineOf is where reading ended; 0 if that is not known.
func lineOf(b []byte, err error) int {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return bytes.Count(b[:min(int(syntax.Offset), len(b))], []byte("\n")) + 1
	}
	return 0
}
