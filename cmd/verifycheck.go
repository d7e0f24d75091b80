package cmd

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/verify"
	"github.com/andon-rig/andon/reports/text"
)

type checkResultFlags struct {
	bookFlags
	keys []string
}

// checked is what is known of an attested result.
type checked struct {
	File     string                `json:"file"`
	Problem  string                `json:"problem,omitempty"` // unreadable, other-key, tampered, other-contracts
	Text     string                `json:"text,omitempty"`
	Key      string                `json:"key,omitempty"` // file of the key that signed it
	KeyID    string                `json:"keyId,omitempty"`
	Verdict  evidence.Verdict      `json:"verdict"`
	Notes    []string              `json:"notes,omitempty"`
	Attested contracts.Attestation `json:"attested,omitzero"`
	exit     int
}

func newVerifyCheck(w World) *cobra.Command {
	var f checkResultFlags
	c := &cobra.Command{
		Use: "check <result> --key <file.pub>", Short: "check an attested result: who signed it, whether it was changed, and of which contracts it speaks",
		Long: "Needs no network and no provider. With --book, every version of every consumer in force there must be among what was\n" +
			"verified, as the very same document.\n\n" +
			"Exit status: 3 it was changed after it was signed, 2 it is signed with another key or no attested result at all, 4 it\n" +
			"speaks of other contracts than the book's; otherwise what was attested: 0 all matched, 1 violated, 4 not all was shown.",
		Example: "  andon verify check result.json --key erp-vendor.pub --book contracts",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("name one attested result: andon verify check result.json --key erp-vendor.pub")
			}
			k, err := f.check(w, args[0], c.Flags().Changed("book"))
			if err != nil {
				return &harness.PlanError{Err: err}
			}
			if err := k.tell(w, f.json); err != nil {
				return &rigError{err}
			}
			if k.exit != 0 {
				return exit(k.exit)
			}
			return nil
		},
	}
	f.add(c)
	c.Flags().StringArrayVar(&f.keys, "key", nil, "`file` with a public key that is trusted; may be given several times")
	return c
}

func (f *checkResultFlags) check(w World, file string, withBook bool) (checked, error) {
	k := checked{File: file, Verdict: evidence.Inconclusive}
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return k, fmt.Errorf("%s: no such file", file)
	}
	if err != nil {
		return k, err
	}
	public, err := f.trusted()
	if err != nil {
		return k, err
	}
	s, by, err := contracts.Open(b, public...)
	switch {
	case errors.Is(err, contracts.ErrTampered):
		k.Problem, k.Text, k.exit = "tampered", err.Error(), harness.ExitRig
		return k, nil
	case errors.Is(err, contracts.ErrOtherKey):
		k.Problem, k.Text, k.exit = "other-key", err.Error()+"; trusted is "+strings.Join(f.keys, ", "), harness.ExitUsage
		return k, nil
	case err != nil:
		k.Problem, k.Text, k.exit = "unreadable", err.Error(), harness.ExitUsage
		return k, nil
	}
	k.Attested, k.KeyID, k.Verdict = s.Predicate, contracts.KeyID(by), s.Predicate.Verdict
	for i, one := range public {
		if one.Equal(by) {
			k.Key = f.keys[i]
		}
	}
	for _, r := range s.Predicate.Results {
		k.Verdict = max(k.Verdict, r.Verdict) // of what was left out, too
	}
	if len(s.Predicate.Results) == 0 {
		k.Verdict = max(k.Verdict, evidence.Vacuous)
	}
	k.exit = harness.ExitOf(k.Verdict, f.unknown)
	if withBook {
		err = f.compare(w, &k)
	} else {
		k.Notes = append(k.Notes, "whether it speaks of your contracts was not looked at; --book does")
	}
	return k, err
}

func (f *checkResultFlags) trusted() (all []ed25519.PublicKey, err error) {
	if len(f.keys) == 0 {
		return nil, errors.New("say whom you trust with --key erp-vendor.pub")
	}
	for _, name := range f.keys {
		b, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("--key %s: no such file", name)
		}
		if err != nil {
			return nil, err
		}
		k, err := contracts.PublicKey(b)
		if err != nil {
			return nil, fmt.Errorf("--key %s %w", name, err)
		}
		all = append(all, k)
	}
	return all, nil
}

// compare holds what was attested against the contracts in force.
func (f *checkResultFlags) compare(w World, k *checked) error {
	today, err := f.today()
	if err != nil {
		return err
	}
	b, err := contractsOnly(w, f.book)
	if err != nil {
		return err
	}
	pairs, err := verify.FromBook(b, verify.Choice{Provider: k.Attested.Provider, Version: k.Attested.ProviderVersion, Today: today})
	if err != nil {
		return fmt.Errorf("%s speaks of %s %s: %w", k.File, k.Attested.Provider, k.Attested.ProviderVersion, err)
	}
	for _, p := range pairs {
		digest, there := "", false
		for _, r := range k.Attested.Results {
			if r.Contract == p.Contract && r.Consumer == p.Consumer.Party && r.ConsumerVersion == p.Consumer.Version {
				digest, there = r.Digest, true
			}
		}
		switch {
		case !there:
			k.other("%s is in force and was not verified", p.ID())
		case digest != p.Consumer.Digest:
			k.other("%s was verified by another document than the one in %s", p.ID(), p.Consumer.Folder)
		}
	}
	return nil
}

// other notes that something else was verified than what is asked about.
func (k *checked) other(format string, args ...any) {
	k.Problem, k.exit = "other-contracts", harness.ExitOf(evidence.Inconclusive, false)
	k.Verdict = max(k.Verdict, evidence.Inconclusive)
	k.Notes = append(k.Notes, fmt.Sprintf(format, args...))
	k.Text = "it speaks of other contracts than those in force"
}

// contractsOnly reads a book without its results.
func contractsOnly(w World, folder string) (*contracts.Book, error) {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, usage("--book %s: no such folder; a book is a folder with book.yaml, docs/contracts.md shows one", folder)
	}
	return contracts.Load(os.DirFS(folder), folder, w.Catalog.Contracts)
}

func (k *checked) tell(w World, asJSON bool) error {
	if asJSON {
		return encodeJSON(w.Stdout, k)
	}
	if k.Problem != "" && k.Problem != "other-contracts" {
		_, err := fmt.Fprintf(w.Stdout, "%s %s\n", k.File, printable(k.Text))
		return err
	}
	a := k.Attested
	fmt.Fprintf(w.Stdout, "%s is signed with %s\n%s %s at %s, %s, by Andon %s (engine %s)\n", k.File, k.Key, printable(a.Provider), printable(a.ProviderVersion), printable(a.Target), a.When.Format(time.DateTime)+" UTC", printable(a.Andon), printable(a.Engine))
	for _, r := range a.Results {
		fmt.Fprintf(w.Stdout, "  %s %s: %s %s: %s\n", text.Sign(r.Verdict), printable(r.Contract), printable(r.Consumer), printable(r.ConsumerVersion), printable(r.Text))
	}
	for _, n := range k.Notes {
		fmt.Fprintf(w.Stdout, "note: %s\n", printable(n))
	}
	if k.Problem != "" {
		_, err := fmt.Fprintf(w.Stdout, "%s %s\n", text.Sign(k.Verdict), k.Text)
		return err
	}
	_, err := fmt.Fprintf(w.Stdout, "%s %s\n", text.Sign(k.Verdict), strings.ToUpper(k.Verdict.String()))
	return err
}
