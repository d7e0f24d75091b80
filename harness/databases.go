package harness

import (
	"errors"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/simulators/transports/tables"
)

// This file is about what is the user's own: databases and brokers at a url of
// the rig file, and the passwords that stand in it.

// checkDatabases refuses a database that is not on this machine unless its owner
// says that it is for tests: made-up production is posted there.
func (f *File) checkDatabases() error {
	var errs []error
	for _, name := range f.endpointNames() {
		e := f.Endpoints[name]
		switch {
		case e.Transport != "tables":
			if e.TestSystem {
				errs = append(errs, e.Pos.Errorf("endpoints.%s: testSystem is about the database of tables, and this endpoint has none", name))
			}
			continue
		case e.URL == "" || e.TestSystem || f.SUT.External != nil && f.SUT.External.TestSystem:
			continue
		}
		here, err := tables.OnThisMachine(e.URL)
		if err != nil {
			errs = append(errs, e.Pos.Errorf("endpoints.%s: %s", name, err))
		} else if !here {
			errs = append(errs, e.Pos.Errorf("endpoints.%s: its database is not on this machine; Andon writes made-up production data there, so it only touches systems whose owner says that they are for tests", name).
				WithHint("testSystem: true beside url, if it is one"))
		}
	}
	return errors.Join(errs...)
}

// passwords keeps what stands in the URLs of a rig file in confidence from all
// that is stored of a run.
func (f *File) passwords() (*bundle.Redactor, error) {
	r, err := bundle.NewRedactor(nil)
	for _, name := range f.endpointNames() {
		e := f.Endpoints[name]
		if aerr := r.Add(passwordOf(name), tables.Password(e.URL)); aerr != nil {
			err = errors.Join(err, e.Pos.Errorf("endpoints.%s.url: %s", name, aerr))
		}
	}
	return r, err
}

// passwordOf is what a password in the URL of an endpoint is called.
func passwordOf(endpoint string) string { return endpoint + ".url password" }

// keepPasswords has them looked for where they must not be: the SUT is told the
// URL, and may tell nobody else.
func (r *Rig) keepPasswords() error {
	for _, name := range r.setup.File.endpointNames() {
		value := tables.Password(r.setup.File.Endpoints[name].URL)
		if value == "" {
			continue
		}
		if err := r.keepSecret(evidence.Secret{Name: passwordOf(name), Kind: evidence.SecretCredential, Owner: name}, value); err != nil {
			return r.setup.File.Endpoints[name].Pos.Errorf("endpoints.%s.url: %s", name, err)
		}
	}
	return nil
}

// database reports whether the endpoint's tables are in a database that one
// connects to.
func (e EndpointSpec) database() bool {
	return e.Transport == "tables" && tables.Address(e.URL) != "" && e.URL != ""
}
