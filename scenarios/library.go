package scenarios

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/andon-rig/andon/internal/yamlfile"
)

//go:embed library/*.yaml
var library embed.FS

// packs are the names of packs. A file of the library is in the packs that its
// labels name: smoke is what every gate plays and stays under a minute, machines
// needs machines that count, and nightly is all that is too slow or too special
// for smoke.
var packs = []string{"smoke", "machines", "nightly"}

// Library is the ready-made scenarios, one file each.
func Library() fs.FS {
	sub, err := fs.Sub(library, "library")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return sub
}

// All loads the whole library, in the order of its file names.
func All() ([]Scenario, error) {
	files, err := fs.Glob(Library(), "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list library: %w", err)
	}
	var all []Scenario
	for _, file := range files {
		s, err := LoadFS(Library(), file)
		if err != nil {
			return nil, fmt.Errorf("library: %w", err)
		}
		all = append(all, s...)
	}
	return all, nil
}

// Packs lists the packs of the library.
func Packs() []string { return slices.Clone(packs) }

// Pack returns the scenarios that carry the pack's name as a label.
func Pack(name string) ([]Scenario, error) {
	if !slices.Contains(packs, name) {
		return nil, fmt.Errorf("unknown pack %q; %s", name, yamlfile.OneOf(name, packs))
	}
	all, err := All()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(s Scenario) bool { return !slices.Contains(s.Metadata.Labels, name) }), nil
}

// Find returns the scenario of the library with this id, or, for the id of a
// file with a matrix, all of its variants. Case does not matter.
func Find(id string) ([]Scenario, error) {
	all, err := All()
	if err != nil {
		return nil, err
	}
	var found []Scenario
	var ids []string
	for _, s := range all {
		if strings.EqualFold(s.Metadata.ID, id) || strings.EqualFold(s.Metadata.Of, id) {
			found = append(found, s)
		}
		if !slices.Contains(ids, s.Metadata.Of) {
			ids = append(ids, s.Metadata.Of)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("unknown scenario %q; %s", id, yamlfile.OneOf(strings.ToUpper(id), ids))
	}
	return found, nil
}
