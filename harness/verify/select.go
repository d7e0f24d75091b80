package verify

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/graphql"
	"github.com/andon-rig/andon/contracts/openapi"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/internal/yamlfile"
)

// A Choice says whom of a book is verified against whom.
type Choice struct {
	Provider  string   // may be "" if the book has only one
	Version   string   // of the provider; may be "" if only one is in force
	Contracts []string // names; all if empty
	Consumers []string // names; all if empty
	Today     time.Time
}

// FromBook are the pairs of a book: every version of every consumer that is in
// force, with one version of one provider.
func FromBook(b *contracts.Book, c Choice) ([]contracts.Pair, error) {
	provider, err := c.provider(b)
	if err != nil {
		return nil, err
	}
	version, err := c.version(b, provider)
	if err != nil {
		return nil, err
	}
	var pairs []contracts.Pair
	var names, consumers []string
	for _, one := range b.Contracts {
		if one.Provider != provider {
			continue
		}
		names = append(names, one.Name)
		for _, h := range one.Consumers {
			consumers = append(consumers, h.Party)
			if len(c.Contracts) > 0 && !slices.Contains(c.Contracts, one.Name) || len(c.Consumers) > 0 && !slices.Contains(c.Consumers, h.Party) {
				continue
			}
			if b.Party(h.Party).Find(h.Version).On(c.Today) == contracts.Retired {
				continue
			}
			half := contracts.Half{Party: provider, Version: version}
			if known := one.Half(version); known != nil {
				half = *known
			}
			pairs = append(pairs, contracts.Pair{Contract: one.Name, File: one.File, Provider: half, Consumer: h, Known: *b.Party(provider).Find(version), Today: c.Today})
		}
	}
	return pairs, errors.Join(unknown("contract", c.Contracts, names), unknown("consumer", c.Consumers, consumers))
}

// unknown refuses names that select nothing because nothing is called so.
func unknown(what string, asked, known []string) error {
	for _, one := range asked {
		if !slices.Contains(known, one) {
			return fmt.Errorf("--%s %q: %s", what, one, yamlfile.OneOf(one, known))
		}
	}
	return nil
}

func (c Choice) provider(b *contracts.Book) (string, error) {
	var names []string
	for _, one := range b.Contracts {
		if !slices.Contains(names, one.Provider) {
			names = append(names, one.Provider)
		}
	}
	switch {
	case slices.Contains(names, c.Provider):
		return c.Provider, nil
	case c.Provider == "" && len(names) == 1:
		return names[0], nil
	case len(names) == 0:
		return "", errors.New("the book has no contract yet, so that there is nothing to verify")
	case c.Provider == "":
		return "", fmt.Errorf("say which provider is verified with --provider: %s", strings.Join(names, ", "))
	}
	return "", fmt.Errorf("--provider %q: no contract of the book is theirs; %s", c.Provider, yamlfile.OneOf(c.Provider, names))
}

// version is the one that runs: a result that does not say of what is none.
func (c Choice) version(b *contracts.Book, provider string) (string, error) {
	var all, current []string
	for _, v := range b.Party(provider).Versions {
		all = append(all, v.Version)
		if v.On(c.Today) != contracts.Retired {
			current = append(current, v.Version)
		}
	}
	switch {
	case slices.Contains(all, c.Version):
		return c.Version, nil
	case c.Version == "" && len(current) == 1:
		return current[0], nil
	case c.Version == "":
		return "", fmt.Errorf("say which version of %s runs there with --provider-version: %s", provider, strings.Join(all, ", "))
	}
	return "", fmt.Errorf("--provider-version %q: %s has no such version in book.yaml; %s", c.Version, provider, yamlfile.OneOf(c.Version, all))
}

// mostFiles bounds a folder of contracts that is no book.
const mostFiles = 2_000

// FromFiles are the pairs of files that belong to no book: each pact is a
// consumer's half of its own, operation documents are held against the schema
// that stands beside them, and of a description alone the examples are replayed.
func FromFiles(paths []string, formats []contracts.Format, version string) ([]contracts.Pair, error) {
	consumers, providers, err := halves(paths, formats, version)
	if err != nil {
		return nil, err
	}
	return join(consumers, providers, version)
}

// Documents are those of files, of either half.
func Documents(paths []string, formats []contracts.Format) (all []contracts.Document, err error) {
	consumers, providers, err := halves(paths, formats, "")
	for _, h := range append(consumers, providers...) {
		all = append(all, h.Document)
	}
	return all, err
}

// halves reads files and says whose they are.
func halves(paths []string, formats []contracts.Format, version string) (consumers, providers []contracts.Half, err error) {
	files, err := read(paths)
	if err != nil {
		return nil, nil, err
	}
	byFormat := map[string][]contracts.File{}
	var order []string
	var problems contracts.Problems
	for _, f := range files {
		format, err := contracts.Guess(formats, f)
		if err != nil {
			problems = append(problems, asProblems(err)...)
			continue
		}
		key := format.Name()
		if key == pact.Name {
			key += " " + f.Name // each is one
		}
		if byFormat[key] == nil {
			order = append(order, key)
		}
		byFormat[key] = append(byFormat[key], f)
	}
	for _, key := range order {
		name, _, _ := strings.Cut(key, " ")
		format, err := contracts.Find(formats, name)
		if err != nil {
			return nil, nil, err
		}
		of, providing, err := halvesOf(format, byFormat[key], version)
		problems = append(problems, asProblems(err)...)
		consumers, providers = append(consumers, of...), append(providers, providing...)
	}
	return consumers, providers, problems.OrNil()
}

// halvesOf reads files of one format and says whose they are.
func halvesOf(format contracts.Format, files []contracts.File, version string) (consumers, providers []contracts.Half, err error) {
	groups := [][]contracts.File{files}
	if format.Name() == graphql.Name {
		groups = schemasApart(files)
	}
	for _, g := range groups {
		d, err := format.Read(g)
		if err != nil {
			return nil, nil, err
		}
		h := contracts.Half{Party: "consumer", Folder: filepath.Dir(g[0].Name), Format: format, Document: d, Digest: contracts.Digest(g), Files: g}
		switch d := d.(type) {
		case *pact.Document:
			h.Party = d.Consumer
			consumers = append(consumers, h)
		case *graphql.Operations:
			consumers = append(consumers, h)
		default:
			h.Party, h.Version = "provider", version
			providers = append(providers, h)
		}
	}
	return consumers, providers, nil
}

// schemasApart separates schemas from operations.
func schemasApart(files []contracts.File) (groups [][]contracts.File) {
	var schemas, operations []contracts.File
	for _, f := range files {
		if graphql.IsOperations(f) {
			operations = append(operations, f)
		} else {
			schemas = append(schemas, f)
		}
	}
	for _, g := range [][]contracts.File{schemas, operations} {
		if len(g) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

// join gives each consumer the provider's document that can judge it.
func join(consumers, providers []contracts.Half, version string) (pairs []contracts.Pair, err error) {
	for _, c := range consumers {
		p := contracts.Pair{Provider: contracts.Half{Party: "provider", Version: version}, Consumer: c}
		for _, h := range providers {
			if sameFamily(c.Document, h.Document) {
				p.Provider = h
			}
		}
		if d, ok := c.Document.(*pact.Document); ok {
			p.Provider.Party = d.Provider
		}
		pairs = append(pairs, p)
	}
	if len(consumers) > 0 {
		return pairs, nil
	}
	for _, h := range providers {
		if _, ok := h.Document.(*openapi.Document); ok {
			shown := h
			shown.Party, shown.Version = "examples", ""
			pairs = append(pairs, contracts.Pair{Provider: contracts.Half{Party: "provider", Version: version}, Consumer: shown})
		}
	}
	if len(pairs) == 0 {
		return nil, errors.New("none of the files says what a consumer relies on: name pacts, operation documents with their schema, or an OpenAPI description with examples")
	}
	return pairs, nil
}

func sameFamily(consumer, provider contracts.Document) bool {
	_, calls := consumer.(*graphql.Operations)
	_, schema := provider.(*graphql.Schema)
	return calls == schema
}

// read reads files, and those in folders.
func read(paths []string) (files []contracts.File, err error) {
	for _, p := range paths {
		err := filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") && name != p {
				return err
			}
			if len(files) == mostFiles {
				return fmt.Errorf("%s holds more than %d files", p, mostFiles)
			}
			b, err := os.ReadFile(name)
			files = append(files, contracts.File{Name: filepath.ToSlash(name), Data: b})
			return err
		})
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: no such file or folder", p)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no file", strings.Join(paths, ", "))
	}
	return files, nil
}

func asProblems(err error) contracts.Problems {
	var ps contracts.Problems
	var p contracts.Problem
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ps):
		return ps
	case errors.As(err, &p):
		return contracts.Problems{p}
	}
	return contracts.Problems{{Text: err.Error()}}
}
