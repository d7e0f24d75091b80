package contracts

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/andon-rig/andon/internal/yamlfile"
)

// Names of the files and folders of a book.
const (
	bookFile        = "book.yaml"
	contractFile    = "contract.yaml"
	consumersFolder = "consumers"
	resultsFolder   = "results"
	keysFolder      = "keys"
	releasedFolder  = "released"
)

// maxFile bounds one file of a book, and maxFiles one version.
const (
	maxFile  = 64 << 20
	maxFiles = 2_000
)

// Load reads the book in fsys: book.yaml and below it
//
//	PROVIDER/CONTRACT/contract.yaml
//	PROVIDER/CONTRACT/VERSION/…                       the provider's document
//	PROVIDER/CONTRACT/released/VERSION/…              what was recorded of it, see [Book.Kept]
//	PROVIDER/CONTRACT/consumers/CONSUMER/VERSION/…    what a consumer relies on
//	results/….json                                    what was seen by running it, see [Results]
//	keys/….pub                                        whose attested results are trusted
//
// It returns all it could read, with all mistakes as [Problems]. name stands
// before the paths of files in messages; "" for none.
func Load(fsys fs.FS, name string, formats []Format) (*Book, error) {
	l := loader{fsys: fsys, name: name, formats: formats, book: &Book{}}
	l.parties()
	for _, provider := range l.folders(".") {
		if provider == resultsFolder || provider == keysFolder {
			continue
		}
		for _, c := range l.folders(provider) {
			l.contract(provider, c)
		}
	}
	l.unknownParties()
	return l.book, l.problems.OrNil()
}

type loader struct {
	fsys     fs.FS
	name     string
	formats  []Format
	book     *Book
	problems Problems
}

// shown is a path of the book as the user knows it.
func (l *loader) shown(p string) string { return path.Join(l.name, p) }

func (l *loader) fail(p string, format string, args ...any) {
	l.problems = append(l.problems, Problem{Place: Place{File: l.shown(p)}, Text: fmt.Sprintf(format, args...)})
}

// yaml reads one of our own files, and says whether it could.
func (l *loader) yaml(p string, into any) bool {
	b, err := fs.ReadFile(l.fsys, p)
	if err != nil {
		l.problems = append(l.problems, Problem{Place: Place{File: l.shown(p)}, Text: "is not there", Hint: "a folder of contracts has one; docs/contracts.md shows it"})
		return false
	}
	err = yamlfile.LoadBytes(l.shown(p), b, into)
	for _, e := range yamlfile.Errors(err) {
		l.problems = append(l.problems, at(e.Pos, "%s", e.Text).hint(e.Hint))
	}
	if err != nil && len(yamlfile.Errors(err)) == 0 {
		l.fail(p, "%v", err)
	}
	return err == nil
}

func (l *loader) parties() {
	if l.yaml(bookFile, &l.book.File) {
		l.problems = append(l.problems, l.book.File.check()...)
	}
}

// folders are the names of the folders below p, sorted; those that begin with
// a point are not ours.
func (l *loader) folders(p string) (names []string) {
	entries, err := fs.ReadDir(l.fsys, p)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.fail(p, "cannot be read: %v", err)
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

func (l *loader) contract(provider, name string) {
	folder := path.Join(provider, name)
	c := &Contract{Provider: provider, Name: name, Folder: l.shown(folder), File: ContractFile{Mode: Full}}
	if !l.yaml(path.Join(folder, contractFile), &c.File) {
		return
	}
	l.problems = append(l.problems, c.File.check()...)
	before := len(l.problems)
	for _, version := range l.folders(folder) {
		if version == consumersFolder || version == releasedFolder {
			continue
		}
		if h, ok := l.half(provider, version, path.Join(folder, version), c.File.Format); ok {
			c.Versions = append(c.Versions, h)
			l.contradiction(h)
		}
	}
	for _, version := range l.folders(path.Join(folder, releasedFolder)) {
		if h, ok := l.half(provider, version, path.Join(folder, releasedFolder, version), c.File.Format); ok {
			c.Released = append(c.Released, h)
		}
	}
	consumers := path.Join(folder, consumersFolder)
	for _, consumer := range l.folders(consumers) {
		for _, version := range l.folders(path.Join(consumers, consumer)) {
			if h, ok := l.half(consumer, version, path.Join(consumers, consumer, version), yamlfile.Word{}); ok {
				c.Consumers = append(c.Consumers, h)
			}
		}
	}
	if len(c.Versions)+len(c.Consumers) == 0 && len(l.problems) == before {
		l.fail(folder, "has neither a provider's document nor a consumer's")
	}
	c.sort(l.book)
	l.book.Contracts = append(l.book.Contracts, c)
}

// numbered is a version of numbers and points, with or without a v before it.
var numbered = regexp.MustCompile(`^v?([0-9]+(?:\.[0-9]+)*)$`)

// contradiction tells a document that says another version of itself than its
// folder. One of the two may say more digits: 1.4.2 is a kind of 1.4.
func (l *loader) contradiction(h Half) {
	v, ok := h.Document.(Versioned)
	if !ok {
		return
	}
	says, place := v.Version()
	inside, folder := numbered.FindStringSubmatch(says), numbered.FindStringSubmatch(h.Version)
	if inside == nil || folder == nil || strings.HasPrefix(inside[1]+".", folder[1]+".") || strings.HasPrefix(folder[1]+".", inside[1]+".") {
		return
	}
	l.problems = append(l.problems, Problem{Place: place, Text: fmt.Sprintf("says version %q of itself and stands in the folder of version %q", says, h.Version), Hint: "put it into the folder of its version, or correct what it says"})
}

// half reads the document in a folder.
func (l *loader) half(party, version, folder string, format yamlfile.Word) (Half, bool) {
	files := l.files(folder)
	if len(files) == 0 {
		l.fail(folder, "is empty")
		return Half{}, false
	}
	f, err := l.format(files, format)
	if err != nil {
		l.problems = append(l.problems, AsProblems(err, l.shown(folder))...)
		return Half{}, false
	}
	d, err := f.Read(files)
	if err != nil {
		l.problems = append(l.problems, AsProblems(err, l.shown(folder))...)
		return Half{}, false
	}
	return Half{Party: party, Version: version, Folder: l.shown(folder), Format: f, Document: d, Digest: Digest(files), Files: files}, true
}

// Digest tells documents apart: SHA-256 over the base names and texts of their
// files, in hexadecimal.
func Digest(files []File) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%s %d\n", path.Base(f.Name), len(f.Data))
		h.Write(f.Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (l *loader) format(files []File, named yamlfile.Word) (Format, error) {
	if named.S != "" {
		f, err := Find(l.formats, named.S)
		if err != nil {
			var names []string
			for _, f := range l.formats {
				names = append(names, f.Name())
			}
			return nil, at(named.Pos, "there is no format %q", named.S).hint(yamlfile.OneOf(named.S, names))
		}
		return f, nil
	}
	return GuessAll(l.formats, files)
}

func (l *loader) files(folder string) (all []File) {
	err := fs.WalkDir(l.fsys, folder, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		if len(all) == maxFiles {
			l.fail(folder, "has more than %d files", maxFiles)
			return fs.SkipAll
		}
		if info, err := d.Info(); err != nil || info.Size() > maxFile {
			l.fail(p, "is larger than %d MiB", maxFile>>20)
			return err
		}
		b, err := fs.ReadFile(l.fsys, p)
		all = append(all, File{Name: l.shown(p), Data: b})
		return err
	})
	if err != nil {
		l.fail(folder, "cannot be read: %v", err)
	}
	return all
}

// unknownParties names folders of parties and versions that the book does not
// know.
func (l *loader) unknownParties() {
	for _, c := range l.book.Contracts {
		for _, h := range slices.Concat(c.Versions, c.Consumers) {
			p := l.book.Party(h.Party)
			if p == nil {
				var names []string
				for _, one := range l.book.File.Parties {
					names = append(names, one.Name)
				}
				l.problems = append(l.problems, Problem{Place: Place{File: h.Folder}, Text: fmt.Sprintf("party %q is not in book.yaml", h.Party), Hint: yamlfile.OneOf(h.Party, names)})
				continue
			}
			if p.Find(h.Version) == nil {
				l.problems = append(l.problems, Problem{Place: Place{File: h.Folder}, Text: fmt.Sprintf("version %q of %s is not in book.yaml", h.Version, h.Party), Hint: "add it to versions, without a date if it is planned"})
			}
		}
	}
}

// sort orders the halves as the book lists their versions; those it does not
// know come last.
func (c *Contract) sort(b *Book) {
	rank := func(h Half) int {
		p := b.Party(h.Party)
		if p == nil {
			return 1 << 30
		}
		i := slices.IndexFunc(p.Versions, func(v PartyVersion) bool { return v.Version == h.Version })
		if i < 0 {
			return 1 << 30
		}
		return i
	}
	slices.SortStableFunc(c.Versions, func(a, b Half) int { return rank(a) - rank(b) })
	slices.SortStableFunc(c.Consumers, func(a, b Half) int {
		if n := strings.Compare(a.Party, b.Party); n != 0 {
			return n
		}
		return rank(a) - rank(b)
	})
}
