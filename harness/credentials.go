package harness

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

// granted tells the SUT how to come by a token where a gateway issues it in a
// way of its own, and hands out the file that its administrator would. The
// file is deleted with the rig.
func (r *Rig) granted(name string, d simulators.Dialect, base string, c simulators.Credentials) error {
	issuer, ok := d.(simulators.TokenIssuer)
	if !ok {
		return nil
	}
	r.Vars[name+".token"] = base + "/" + issuer.TokenPath()
	if issuer.Grant() != simulators.GrantPassword {
		return nil
	}
	r.Vars[name+".account"], r.Vars[name+".password"] = c.Account, c.Password
	if r.Bundle != nil {
		if err := r.Bundle.Redact(name+".password", c.Password); err != nil {
			return err
		}
	}
	if err := r.keepSecret(evidence.Secret{Name: name + ".password", Kind: evidence.SecretCredential, Owner: name}, c.Password); err != nil {
		return err
	}
	g, ok := d.(simulators.Granter)
	if !ok {
		return nil
	}
	dir, err := os.MkdirTemp("", "andon-credentials-*")
	if err != nil {
		return fmt.Errorf("make a file of credentials: %w", err)
	}
	r.closed = append(r.closed, func() error { return os.RemoveAll(dir) })
	ending, body := g.Credentials(base, c)
	file := filepath.Join(dir, name+"."+ending)
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return fmt.Errorf("write a file of credentials: %w", err)
	}
	r.Vars[name+"."+ending] = file
	return nil
}
