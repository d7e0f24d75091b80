package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/internal/yamlfile"
)

// maxContractFile bounds one file of a contract; more is no document somebody
// wrote.
const maxContractFile = 64 << 20

func newContractsDiff(w World) *cobra.Command {
	var asJSON, all bool
	var format, mode string
	c := &cobra.Command{
		Use:   "diff <old> <new>",
		Short: "what changes from one version of a document to the next, and whom it breaks",
		Long: "Compares two versions of one document: two files, or two folders whose files belong together. The format is told\n" +
			"from the files. A change is breaking, dangerous (nothing fails by the letter, but behaviour may change) or safe.\n\n" +
			"--mode says which way documents must stay compatible: readers of the new version take what writers of the old one\n" +
			"write (backward), the other way round (forward), or both (full). Formats that say who reads and who writes ignore it.\n\n" +
			"Exit status: 0 nothing breaks, 1 something breaks, 2 a file or flag is wrong.",
		Example: "  andon contracts diff orders-1.4.graphql orders-2.0.graphql\n  andon contracts diff --mode backward 1.4/ 2.0/ --json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("name two versions of a document, the old one first")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			m := contracts.Mode(mode)
			if err := m.UnmarshalText([]byte(mode)); err != nil {
				return usage("--mode %q: %s", mode, yamlfile.OneOf(mode, contracts.Modes))
			}
			changes, err := diff(w.Catalog.Contracts, args[0], args[1], format, m)
			if err != nil {
				return err
			}
			if err := tellChanges(w.Stdout, changes, asJSON, all); err != nil {
				return &rigError{err}
			}
			if contracts.Worst(changes) == contracts.Breaking {
				return exit(harness.ExitViolated)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object instead of text")
	c.Flags().BoolVar(&all, "all", false, "also tell safe changes (--json always does)")
	c.Flags().StringVar(&format, "format", "", "`name` of the format: "+strings.Join(formatNames(w.Catalog.Contracts), ", ")+" (default: told from the files)")
	c.Flags().StringVar(&mode, "mode", string(contracts.Full), "which way must stay compatible: "+strings.Join(contracts.Modes, ", "))
	return c
}

// ownKind is how book.yaml and contract.yaml say what they are.
var ownKind = regexp.MustCompile(`(?m)^kind: *(Book|Contract)\b`)

// diff compares the documents at two paths.
func diff(formats []contracts.Format, before, after, format string, mode contracts.Mode) ([]contracts.Change, error) {
	old, err := readContract(before)
	if err != nil {
		return nil, err
	}
	next, err := readContract(after)
	if err != nil {
		return nil, err
	}
	for _, f := range append(slices.Clone(old), next...) {
		if kind := ownKind.FindSubmatch(f.Data); kind != nil && format == "" && (len(old) == 1 || len(next) == 1) {
			return nil, usage("%s: is a %s of a folder of contracts, and no document of an interface; andon contracts lint reads it, with what it speaks of", f.Name, kind[1])
		}
	}
	f, err := formatOf(formats, format, old)
	if err != nil {
		return nil, err
	}
	if g, err := formatOf(formats, format, next); err != nil {
		return nil, err
	} else if g.Name() != f.Name() {
		return nil, usage("%s is written in %s and %s in %s; compare two versions of one document", before, f.Name(), after, g.Name())
	}
	d, ok := f.(contracts.Differ)
	if !ok {
		return nil, usage("versions in format %s cannot be compared", f.Name())
	}
	a, err := f.Read(old)
	if err != nil {
		return nil, err
	}
	b, err := f.Read(next)
	if err != nil {
		return nil, err
	}
	return d.Changes(a, b, mode)
}

func formatOf(formats []contracts.Format, name string, files []contracts.File) (contracts.Format, error) {
	if name == "" {
		return contracts.GuessAll(formats, files)
	}
	found, err := contracts.Find(formats, name)
	if err != nil {
		return nil, usage("--format %q: %s", name, yamlfile.OneOf(name, formatNames(formats)))
	}
	return found, nil
}

// readContract reads a file, or the files of a folder in the order of their
// names.
func readContract(path string) ([]contracts.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, usage("%s: no such file or folder", path)
	}
	paths := []string{path}
	if info.IsDir() {
		paths = nil
		err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && !strings.HasPrefix(d.Name(), ".") {
				paths = append(paths, p)
			}
			return err
		})
		if err != nil {
			return nil, &rigError{fmt.Errorf("read %s: %w", path, err)}
		}
		if len(paths) == 0 {
			return nil, usage("%s: the folder is empty", path)
		}
	}
	var files []contracts.File
	for _, p := range paths {
		b, err := readBounded(p)
		if err != nil {
			return nil, err
		}
		files = append(files, contracts.File{Name: p, Data: b})
	}
	return files, nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usage("%s: cannot be read: %v", path, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxContractFile+1))
	if err != nil {
		return nil, &rigError{fmt.Errorf("read %s: %w", path, err)}
	}
	if len(b) > maxContractFile {
		return nil, usage("%s: is larger than %d MiB; is this the file you meant?", path, maxContractFile>>20)
	}
	return b, nil
}

// tellChanges prints changes as a compiler would, or as one JSON object.
func tellChanges(out io.Writer, changes []contracts.Change, asJSON, all bool) error {
	if asJSON {
		if changes == nil {
			changes = []contracts.Change{}
		}
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(map[string]any{"changes": changes})
	}
	count := map[contracts.Severity]int{}
	for _, c := range changes {
		count[c.Severity]++
		if c.Severity == contracts.Safe && !all {
			continue
		}
		tellChange(out, "", c)
	}
	_, err := fmt.Fprintf(out, "%d breaking, %d dangerous, %d safe\n", count[contracts.Breaking], count[contracts.Dangerous], count[contracts.Safe])
	return err
}

// tellChange prints a change with its places on both sides.
func tellChange(out io.Writer, indent string, c contracts.Change) {
	fmt.Fprintf(out, "%s%s: %s: %s\n", indent, changeAt(c), c.Severity, printable(c.Message))
	if was := c.Before.String(); was != "" && was != changeAt(c) {
		fmt.Fprintf(out, "%s    it was at %s\n", indent, was)
	}
}

// changeAt is where a reader should look: at what is there now, or at what is gone.
func changeAt(c contracts.Change) string {
	if now := c.After.String(); now != "" {
		return now
	}
	if was := c.Before.String(); was != "" {
		return was
	}
	return c.Path
}
