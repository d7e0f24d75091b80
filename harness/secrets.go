package harness

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/simulators"
)

// vault knows what the rig has handed out in confidence, and looks for it
// where it must not be. It is safe for concurrent use.
type vault struct {
	journal *evidence.Journal
	finder  *bundle.Redactor // of all values, in every spelling a log may give them

	mu     sync.Mutex // guards what follows
	known  map[string]evidence.Secret
	tokens map[string]string // owner by value
	gates  map[string]string // by endpoint: the one whose gateway lets the SUT in there; itself if it is not named
	n      int               // of tokens so far
	people []person
}

// person is somebody whose id is confidential. It may be as short as 00002.
type person struct {
	secret evidence.Secret
	id     []byte
}

func newVault(j *evidence.Journal) (*vault, error) {
	finder, err := bundle.NewRedactor(nil)
	return &vault{journal: j, finder: finder, known: map[string]evidence.Secret{}, tokens: map[string]string{}, gates: map[string]string{}}, err
}

// add makes v know one more secret. Ids of people are looked for as whole
// words and as they are: part of a number may be anything.
func (v *vault) add(s evidence.Secret, value string) error {
	v.mu.Lock()
	if s.Kind == evidence.SecretCanary {
		defer v.mu.Unlock()
		if value != "" {
			v.people = append(v.people, person{s, []byte(value)})
		}
		return nil
	}
	v.known[s.Name] = s
	v.mu.Unlock()
	return v.finder.Add(s.Name, value)
}

// token makes v know an access token that owner has issued, before the SUT
// gets it.
func (v *vault) token(owner, value string) error {
	v.mu.Lock()
	v.n++
	name := fmt.Sprintf("%s.token-%d", owner, v.n)
	v.tokens[value] = owner
	v.mu.Unlock()
	return v.add(evidence.Secret{Name: name, Kind: evidence.SecretToken, Owner: owner}, value)
}

// found names the secrets in b.
func (v *vault) found(b []byte) (all []evidence.Secret) {
	names := v.finder.Names(b)
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, n := range names {
		all = append(all, v.known[n])
	}
	for _, p := range v.people {
		if hasWord(b, p.id) {
			all = append(all, p.secret)
		}
	}
	return all
}

// hasWord reports whether word stands in b by itself, not as a part of a longer
// name or number.
func hasWord(b, word []byte) bool {
	for from := 0; ; {
		i := bytes.Index(b[from:], word)
		if i < 0 {
			return false
		}
		at, end := from+i, from+i+len(word)
		if !goesOn(b[:at], true) && !goesOn(b[end:], false) {
			return true
		}
		from = at + 1
	}
}

// goesOn reports whether a word goes on in b, at its end or at its beginning. A
// point or comma between two digits is part of a number.
func goesOn(b []byte, back bool) bool {
	at := func(n int) byte {
		if back {
			n = len(b) - 1 - n
		}
		if n < 0 || n >= len(b) {
			return ' '
		}
		return b[n]
	}
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	c := at(0)
	return digit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80 || c == '-' || c == '_' || (c == '.' || c == ',') && digit(at(1))
}

// look searches a message that the SUT sent to endpoint.
func (v *vault) look(endpoint string, m simulators.Message) {
	issuer := v.issuer(endpoint)
	see := func(b []byte, place evidence.SecretPlace, where string, unless func(evidence.Secret) bool) {
		for _, s := range v.found(b) {
			if unless == nil || !unless(s) {
				v.report(s, place, endpoint, m.ID, where)
			}
		}
	}
	see([]byte(m.Name), evidence.InURL, "the path", nil)
	for _, name := range slices.Sorted(maps.Keys(m.Params)) {
		see([]byte(m.Params[name]), evidence.InURL, "parameter "+name, nil)
	}
	v.credential(endpoint, m)
	// What a system has issued itself, and people it is to know, are no secret
	// from it; a worklist is read by people.
	own := func(s evidence.Secret) bool { return s.Owner == issuer || s.Kind == evidence.SecretCanary }
	place := evidence.InMessage
	if endpoint == exceptionsLink {
		own, place = nil, evidence.InException
	}
	for _, name := range slices.Sorted(maps.Keys(m.Header)) {
		if name != "Authorization" {
			see([]byte(m.Header[name]), place, "header "+name, own)
		}
	}
	see(m.Body, place, "the body", own)
}

// issuer is the endpoint that issues credentials for endpoint.
func (v *vault) issuer(endpoint string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return cmp.Or(v.gates[endpoint], endpoint)
}

// credential finds a credential of one system that is shown to another.
func (v *vault) credential(endpoint string, m simulators.Message) {
	shown := m.Header["Authorization"]
	if enc, ok := strings.CutPrefix(shown, "Basic "); ok {
		if b, err := base64.StdEncoding.DecodeString(enc); err == nil {
			shown = string(b)
		}
	}
	for _, s := range v.found([]byte(shown)) {
		if s.Owner != v.issuer(endpoint) {
			v.report(s, evidence.AsCredential, endpoint, m.ID, "header Authorization")
		}
	}
}

func (v *vault) report(s evidence.Secret, place evidence.SecretPlace, endpoint string, message uint64, where string) {
	v.journal.Append(evidence.Sighting{What: s.Name, Kind: s.Kind, Owner: s.Owner, Place: place, Endpoint: endpoint, Message: message, Where: where})
}

// log returns a stream into which the SUT's log goes, to be searched line by
// line.
func (v *vault) log() *logSearch { return &logSearch{vault: v} }

// logSearch looks at lines.
type logSearch struct {
	vault *vault
	lines int
	rest  []byte
	told  int
}

// What is kept of a line that does not end, and how many sightings of a log
// are written down.
const (
	longestLine  = 64 << 10
	mostInOneLog = 200
)

// Write implements io.Writer; it never fails.
func (s *logSearch) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		s.rest, b = append(s.rest, line...), rest
		if whole || len(s.rest) > longestLine {
			s.line(whole)
		}
	}
	return n, nil
}

func (s *logSearch) line(whole bool) {
	for _, found := range s.vault.found(s.rest) {
		if s.told++; s.told <= mostInOneLog {
			s.vault.report(found, evidence.InLog, "", 0, fmt.Sprintf("line %d", s.lines+1))
		}
	}
	s.rest = s.rest[:0]
	if whole {
		s.lines++
	}
}

// confidential makes the vault, and tells the plan what is in it and where it
// is looked for.
func (r *Rig) confidential() (err error) {
	if r.vault, err = newVault(r.Plan.Journal); err != nil {
		return err
	}
	r.Plan.Evidence.Looked = []evidence.SecretPlace{evidence.InException, evidence.InMessage, evidence.InURL, evidence.AsCredential}
	if r.setup.File.SUT.ours() && r.setup.World == nil {
		r.Plan.Evidence.Looked = append(r.Plan.Evidence.Looked, evidence.InLog)
	}
	if err := r.keepPasswords(); err != nil {
		return err
	}
	if r.setup.File.SUT.Confidential != ConfidentialPersonnel {
		return nil
	}
	for i, p := range r.master.People {
		s := evidence.Secret{Name: fmt.Sprintf("person-%d", i+1), Kind: evidence.SecretCanary}
		if err := r.keepSecret(s, string(p.ID)); err != nil {
			return fmt.Errorf("sut.confidential: %w", err)
		}
	}
	return nil
}

// keepSecret puts a value into the vault and names it in the plan.
func (r *Rig) keepSecret(s evidence.Secret, value string) error {
	r.Plan.Evidence.Secrets = append(r.Plan.Evidence.Secrets, s)
	return r.vault.add(s, value)
}

// watchLinks has every message of the SUT searched.
func (r *Rig) watchLinks() error {
	for _, l := range r.Plan.Links {
		before := l.Observe
		l.Observe = func(m simulators.Message, dir simulators.Direction, heard simulators.Result) {
			if before != nil {
				before(m, dir, heard)
			}
			if dir == simulators.FromSUT {
				r.vault.look(l.Name, m)
			}
		}
	}
	return nil
}

// searched is the stream of the SUT's log with a search before what may keep it.
func (r *Rig) searched(keep io.Writer) io.Writer {
	if keep == nil {
		return r.vault.log()
	}
	return io.MultiWriter(r.vault.log(), keep)
}

// secretOf is what an endpoint hands out.
func (r *Rig) secretOf(endpoint, value string) error {
	return r.keepSecret(evidence.Secret{Name: endpoint + ".secret", Kind: evidence.SecretCredential, Owner: endpoint}, value)
}

// issued notes an access token before the SUT gets it: the bundle must not
// keep it, and it must not turn up where it does not belong.
func (r *Rig) issued(endpoint, token string) {
	// Neither can fail: a token is longer than the shortest secret.
	_ = r.vault.token(endpoint, token)
	if r.Bundle != nil {
		_ = r.Bundle.Redact(endpoint+".token", token)
	}
}
