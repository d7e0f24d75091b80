package contracts

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/internal/yamlfile"
)

// A Book is what is in force between the parties of an enterprise: which
// versions of each party exist and where they run, and the contracts between
// them at each version. It is a folder; [Load] reads it.
type Book struct {
	File      BookFile
	Contracts []*Contract // by provider, then by name
}

// BookFile is the file book.yaml, which names the parties.
type BookFile struct {
	// APIVersion is andon/v1.
	APIVersion string `yaml:"apiVersion" jsonschema:"required,enum=andon/v1"`
	// Kind is Book.
	Kind string `yaml:"kind" jsonschema:"required,enum=Book"`
	// Closed says that an exchange which no contract covers is a violation. Otherwise it is drift.
	Closed bool `yaml:"closed"`
	// Frozen says that what a released version promises stays: its documents are held against those that were recorded of it.
	Frozen bool `yaml:"frozen"`
	// Environments are the places where versions run, such as plants.
	Environments []string `yaml:"environments"`
	// Parties are the systems that provide or consume interfaces.
	Parties []Party `yaml:"parties" jsonschema:"required"`

	Pos yamlfile.Pos
}

// Party is a system that provides or consumes interfaces.
type Party struct {
	// Name is the folder's name of a provider, or of a consumer below consumers.
	Name string `yaml:"name" jsonschema:"required"`
	// Versions are those that exist or are planned, in any order.
	Versions []PartyVersion `yaml:"versions"`

	Pos yamlfile.Pos
}

// PartyVersion is one version of a party, with its dates and where it runs.
type PartyVersion struct {
	// Version is told as on the wire, quoted: "1.4".
	Version string `yaml:"version" jsonschema:"required"`
	// Released is the first day of the version; one without is planned.
	Released Date `yaml:"released"`
	// Deprecated is the day from which nobody should begin to use it.
	Deprecated Date `yaml:"deprecated"`
	// Sunset is the day from which it is not answered any more.
	Sunset Date `yaml:"sunset"`
	// RunsIn are the environments in which this version is in use.
	RunsIn []string `yaml:"runs-in"`

	Pos yamlfile.Pos
}

// State of a version on a day.
type State string

// States of versions.
const (
	Planned    State = "planned"
	Supported  State = "supported"
	Deprecated State = "deprecated"
	Retired    State = "retired"
)

// On is the state of v on a day.
func (v PartyVersion) On(today time.Time) State {
	reached := func(d Date) bool { return !d.IsZero() && !today.Before(d.Time) }
	switch {
	case reached(v.Sunset):
		return Retired
	case reached(v.Deprecated):
		return Deprecated
	case reached(v.Released):
		return Supported
	}
	return Planned
}

// Date is a day, in UTC.
type Date struct {
	time.Time
	Pos yamlfile.Pos `yaml:"-" json:"-"`
}

// UnmarshalNode reads a day as 2026-11-30.
func (d *Date) UnmarshalNode(n yamlfile.Node) error {
	t, err := time.Parse(time.DateOnly, n.Text())
	if err != nil {
		return n.Errorf("%q is no day", n.Text()).WithHint("write it as 2026-11-30")
	}
	d.Time, d.Pos = t, n.Pos()
	return nil
}

// String writes the day, "" if there is none.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Format(time.DateOnly)
}

// Place is where the day stands in its file; nowhere if there is none.
func (d Date) Place() Place { return placeAt(d.Pos) }

// Party returns the party called name, or nil.
func (b *Book) Party(name string) *Party {
	for i := range b.File.Parties {
		if b.File.Parties[i].Name == name {
			return &b.File.Parties[i]
		}
	}
	return nil
}

// Find returns the version told as version, or nil.
func (p *Party) Find(version string) *PartyVersion {
	for i := range p.Versions {
		if p.Versions[i].Version == version {
			return &p.Versions[i]
		}
	}
	return nil
}

// In are the versions of p that run in an environment, in the order of the
// file.
func (p *Party) In(environment string) (all []PartyVersion) {
	for _, v := range p.Versions {
		if slices.Contains(v.RunsIn, environment) {
			all = append(all, v)
		}
	}
	return all
}

// Contract returns the contract of provider called name, or nil.
func (b *Book) Contract(provider, name string) *Contract {
	for _, c := range b.Contracts {
		if c.Provider == provider && c.Name == name {
			return c
		}
	}
	return nil
}

// check holds the book's file against itself.
func (f BookFile) check() (ps Problems) {
	seen := map[string]bool{}
	for _, p := range f.Parties {
		if seen[p.Name] {
			ps = append(ps, at(p.Pos, "party %q is there twice", p.Name).hint("put its versions into one list"))
		}
		seen[p.Name] = true
		ps = append(ps, p.check(f.Environments)...)
	}
	return ps
}

func (p Party) check(environments []string) (ps Problems) {
	seen := map[string]yamlfile.Pos{}
	for _, v := range p.Versions {
		if before, twice := seen[v.Version]; twice {
			ps = append(ps, at(v.Pos, "version %q of %s is there twice; it is at %s too", v.Version, p.Name, before).hint("keep one of them"))
		}
		seen[v.Version] = v.Pos
		ps = append(ps, v.check(p.Name)...)
		for _, e := range v.RunsIn {
			if !slices.Contains(environments, e) {
				ps = append(ps, at(v.Pos, "%s %s runs in %q, which is no environment of the book", p.Name, v.Version, e).hint(yamlfile.OneOf(e, environments)))
			}
		}
	}
	return ps
}

// check says which dates cannot all be true.
func (v PartyVersion) check(party string) (ps Problems) {
	for _, d := range []struct {
		first, then   Date
		before, after string
	}{
		{v.Released, v.Deprecated, "released", "deprecated"},
		{v.Deprecated, v.Sunset, "deprecated", "sunset"},
		{v.Released, v.Sunset, "released", "sunset"},
	} {
		if !d.first.IsZero() && !d.then.IsZero() && d.then.Before(d.first.Time) {
			ps = append(ps, at(d.then.Pos, "%s %s: its %s day %s is before its %s day %s", party, v.Version, d.after, d.then, d.before, d.first))
		}
	}
	if v.Released.IsZero() && (!v.Deprecated.IsZero() || !v.Sunset.IsZero()) {
		ps = append(ps, at(v.Pos, "%s %s ends and was never released", party, v.Version).hint("add released"))
	}
	return ps
}

// at makes a problem of a place in a YAML file.
func at(p yamlfile.Pos, format string, args ...any) Problem {
	return Problem{Place: placeAt(p), Text: fmt.Sprintf(format, args...)}
}

func placeAt(p yamlfile.Pos) Place { return Place{File: p.File, Line: p.Line, Column: p.Column} }

func (p Problem) hint(text string) Problem {
	p.Hint = cmp.Or(p.Hint, text)
	return p
}
