package cmd

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/evidence"
)

func newContractsFreeze(w World) *cobra.Command {
	var f bookFlags
	c := &cobra.Command{
		Use: "freeze", Short: "record what each released version promises, so that lint sees when it is broken", Args: noArgs,
		Long: "Copies the document of every version that has been released and is not retired into the folder released of its\n" +
			"contract. A document that breaks what was recorded before is not copied: that needs a version of its own. Commit the\n" +
			"copies; from then on lint holds documents against them, and with frozen: true in book.yaml it demands them.\n\n" +
			"Exit status: 0 all is recorded, 1 a document breaks what was recorded, 2 a file is wrong, 4 it cannot be told\n" +
			"(--allow-unknown records it all the same).",
		Example: "  andon contracts freeze --book contracts",
		RunE: func(*cobra.Command, []string) error {
			today, err := f.today()
			if err != nil {
				return err
			}
			b, _, err := f.load(w)
			if err != nil {
				return err
			}
			steps, _ := b.Kept(today)
			verdict := evidence.Holds
			for _, s := range steps {
				verdict = max(verdict, verdictOf(s))
			}
			if err := exitOf(verdict, f.unknown); err != nil {
				if err := tellLint(w.Stdout, b, steps, f.json); err != nil {
					return &rigError{err}
				}
				return err
			}
			return freeze(w, b.Unrecorded(today), f.json)
		},
	}
	f.add(c)
	return c
}

// freeze copies the documents of versions into the folders of their records.
func freeze(w World, all []contracts.Unrecorded, asJSON bool) error {
	names := []string{}
	for _, u := range all {
		if err := replaceFolder(filepath.FromSlash(u.Folder), filepath.FromSlash(u.Half.Folder)); err != nil {
			return &rigError{fmt.Errorf("record %s: %w", u.Half.ID(), err)}
		}
		names = append(names, u.Contract.Provider+"/"+u.Contract.Name+" "+u.Half.Version)
	}
	if asJSON {
		return encodeJSON(w.Stdout, map[string]any{"recorded": names})
	}
	for _, n := range names {
		fmt.Fprintln(w.Stdout, "recorded", n)
	}
	if len(names) == 0 {
		fmt.Fprintln(w.Stdout, "nothing new to record")
	}
	return nil
}

// replaceFolder makes the folder at to a copy of the one at from. A half-made
// copy never stands there.
func replaceFolder(to, from string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	made, err := os.MkdirTemp(filepath.Dir(to), ".freeze-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(made)
	if err := os.Chmod(made, 0o755); err != nil {
		return err
	}
	if err := os.CopyFS(made, os.DirFS(from)); err != nil {
		return err
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return os.Rename(made, to)
}
