package contracts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
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

// Results reads the results that a book keeps. name stands before the paths of
// files in messages.
func Results(fsys fs.FS, name string) (all []Result, err error) {
	entries, err := fs.ReadDir(fsys, resultsFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path.Join(name, resultsFolder), err)
	}
	var problems Problems
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		file := path.Join(resultsFolder, e.Name())
		b, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path.Join(name, file), err)
		}
		some, p := readResults(path.Join(name, file), b)
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
		f.Results[i].From = name
	}
	return f.Results, nil
}

// lineOf is where reading ended; 0 if that is not known.
func lineOf(b []byte, err error) int {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return bytes.Count(b[:min(int(syntax.Offset), len(b))], []byte("\n")) + 1
	}
	return 0
}
