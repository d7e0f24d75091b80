package cmd

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/harness/verify"
)

// signWith reads the key that results are to be signed with; nil if they are
// not.
func (f *verifyFlags) signWith() (ed25519.PrivateKey, error) {
	if f.attest == "" {
		return nil, nil
	}
	if f.result == "" {
		return nil, errors.New("--attest signs what --result writes: name a file with --result")
	}
	b, err := os.ReadFile(f.attest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--attest %s: no such file; andon verify keygen makes a pair of keys", f.attest)
	}
	if err != nil {
		return nil, err
	}
	k, err := contracts.PrivateKey(b)
	if err != nil {
		return nil, fmt.Errorf("--attest %s %w", f.attest, err)
	}
	return k, nil
}

// writeResult writes what was seen for the matrix, signed if there is a key.
func (f *verifyFlags) writeResult(o verify.Outcome, engine string, when time.Time, key ed25519.PrivateKey) error {
	if f.result == "" {
		return nil
	}
	var b strings.Builder
	if key == nil {
		if err := encodeJSON(&b, contracts.ResultsFile{APIVersion: contracts.ResultsVersion, Results: o.Results()}); err != nil {
			return err
		}
		return os.WriteFile(f.result, []byte(b.String()), 0o644)
	}
	a := contracts.Attestation{Target: f.talkedTo(), When: when.UTC().Truncate(time.Second), Andon: version(), Engine: engine, Verdict: o.Verdict, Results: o.Results(), Interactions: []contracts.Attested{}}
	var pairs []contracts.Pair
	for _, s := range o.Pairs {
		pairs = append(pairs, s.Pair)
		a.Provider, a.ProviderVersion = s.Provider.Party, s.Provider.Version
		for _, one := range s.All {
			a.Interactions = append(a.Interactions, contracts.Attested{
				Contract: s.Contract, Consumer: s.Consumer.Party, ConsumerVersion: s.Consumer.Version, Name: one.Name, Verdict: one.Verdict, Pending: one.Pending, Text: one.Text,
			})
		}
	}
	statement := contracts.NewStatement(a, pairs)
	for i := range statement.Subject {
		statement.Subject[i].Name = strings.TrimPrefix(statement.Subject[i].Name, filepath.ToSlash(filepath.Clean(f.book))+"/")
	}
	envelope, err := contracts.Sign(statement, key)
	if err != nil {
		return err
	}
	return os.WriteFile(f.result, envelope, 0o644)
}

func newVerifyKeygen(w World) *cobra.Command {
	return &cobra.Command{
		Use: "keygen <name>", Short: "make a pair of keys to sign results with",
		Long: "Writes name.key, which only you can read and should keep to yourself, and name.pub for those who are to trust your\n" +
			"results. They are Ed25519 keys in PEM, as openssl makes and reads them. Existing files are left alone.",
		Example: "  andon verify keygen erp-vendor",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("name the pair of keys: andon verify keygen erp-vendor")
			}
			public, key, err := ed25519.GenerateKey(rand.Reader)
			if err != nil {
				return &rigError{err}
			}
			private, pub, err := contracts.WriteKeys(key)
			if err != nil {
				return &rigError{err}
			}
			for _, file := range []struct {
				name string
				text []byte
				mode fs.FileMode
			}{{args[0] + ".key", private, 0o600}, {args[0] + ".pub", pub, 0o644}} {
				if err := create(file.name, file.text, file.mode); err != nil {
					return err
				}
			}
			_, err = fmt.Fprintf(w.Stdout, "%s.key and %s.pub: key %s\n", args[0], args[0], contracts.KeyID(public))
			return err
		},
	}
}

// create writes a file that must not be there yet.
func create(name string, text []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return usage("%s is there already, and a key that is overwritten is gone; choose another name", name)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
