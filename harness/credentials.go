package harness

import (
	"fmt"
	"os"

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
	dir := ""
	if _, ok := d.(simulators.Granter); ok {
		var err error
		if dir, err = os.MkdirTemp("", "andon-credentials-*"); err != nil {
			return fmt.Errorf("make a file of credentials: %w", err)
		}
		r.closed = append(r.closed, func() error { return os.RemoveAll(dir) })
	}
	file, err := Granted(r.Vars, name, d, base, c, dir)
	if err != nil || issuer.Grant() != simulators.GrantPassword {
		return err
	}
	if file != "" {
		r.lend(file)
	}
	if r.Bundle != nil {
		if err := r.Bundle.Redact(name+".password", c.Password); err != nil {
			return err
		}
	}
	return r.keepSecret(evidence.Secret{Name: name + ".password", Kind: evidence.SecretCredential, Owner: name}, c.Password)
}
