// Package compat tells what changes from one OpenAPI description to the next.
//
// The rules are oasdiff's; this package feeds it documents from memory and
// puts its answers into our words. It is the only one that knows oasdiff.
package compat

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/source"
)

// Changes compares two descriptions: the first file of each is the
// description, the others are what it may refer to.
func Changes(before, after []contracts.File) ([]contracts.Change, error) {
	a, err := read(before)
	if err != nil {
		return nil, err
	}
	b, err := read(after)
	if err != nil {
		return nil, err
	}
	d, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), a, b)
	if err != nil {
		return nil, fmt.Errorf("compare %s with %s: %w", before[0].Name, after[0].Name, err)
	}
	var all []contracts.Change
	words := checker.NewDefaultLocalizer()
	found := checker.CheckBackwardCompatibilityUntilLevel(checker.NewConfig(checker.GetAllChecks()), d, sources, checker.INFO)
	for _, c := range found {
		all = append(all, contracts.Change{
			Type: c.GetId(), Path: pathOf(c), Severity: severities[c.GetLevel()], Message: sentence(c.GetUncolorizedText(words)),
			Before: place(c.GetBaseSource(), before), After: place(c.GetRevisionSource(), after),
		})
	}
	contracts.SortChanges(all)
	return all, nil
}

var severities = map[checker.Level]contracts.Severity{checker.ERR: contracts.Breaking, checker.WARN: contracts.Dangerous, checker.INFO: contracts.Safe}

// pathOf is the operation that a change is of, and what it names in it.
func pathOf(c checker.Change) string {
	p := strings.TrimSpace(c.GetOperation() + " " + c.GetPath())
	for _, a := range c.GetArgs() {
		if s, ok := a.(string); ok && s != "" {
			return p + " " + s
		}
	}
	return p
}

func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

func place(s *checker.Source, files []contracts.File) contracts.Place {
	if s == nil {
		return contracts.Place{}
	}
	p := contracts.Place{File: s.File, Line: s.Line, Column: s.Column}
	for _, f := range files {
		if s.File == key(f.Name).String() || path.Base(s.File) == path.Base(f.Name) {
			p.File = f.Name
		}
	}
	return p
}

// key is where a file lives for references between files; nothing is there.
func key(name string) *url.URL {
	return &url.URL{Scheme: "andon-contract", Path: "/" + strings.TrimPrefix(name, "/")}
}

// read loads a description; what it refers to must be among its files.
func read(files []contracts.File) (*load.SpecInfo, error) {
	l := openapi3.NewLoader()
	l.IncludeOrigin = true
	l.IsExternalRefsAllowed = true
	l.ReadFromURIFunc = func(_ *openapi3.Loader, u *url.URL) ([]byte, error) {
		for _, f := range files {
			if key(f.Name).Path == u.Path {
				return f.Data, nil
			}
			if t, err := source.Read(f); err == nil && t.ID() == u.String() {
				return f.Data, nil
			}
		}
		return nil, fmt.Errorf("refers to %q, which is not among the files of this version", u)
	}
	spec, err := l.LoadFromDataWithPath(files[0].Data, key(files[0].Name))
	if err != nil {
		return nil, contracts.Problems{{Place: contracts.Place{File: files[0].Name}, Text: err.Error()}}
	}
	return &load.SpecInfo{Url: files[0].Name, Spec: spec}, nil
}
