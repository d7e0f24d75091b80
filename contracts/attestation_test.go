package contracts_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/evidence"
)

// keyOf is a key that is the same in every run.
func keyOf(seed byte) (ed25519.PrivateKey, ed25519.PublicKey) {
	k := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
	return k, k.Public().(ed25519.PublicKey)
}

func statement() contracts.Statement {
	p := contracts.Pair{Contract: "orders", Provider: contracts.Half{Party: "erp", Version: "2.0"}, Consumer: contracts.Half{Party: "mes", Version: "3.2", Digest: "d", Files: []contracts.File{{Name: "a.json", Data: []byte("{}")}}}}
	r := p.Sum([]contracts.Replayed{{Name: "an order"}}, 0)
	return contracts.NewStatement(contracts.Attestation{Provider: "erp", ProviderVersion: "2.0", When: time.Unix(0, 0).UTC(), Results: []contracts.Result{r}}, []contracts.Pair{p})
}

func signed(t *testing.T, seed byte) []byte {
	t.Helper()
	k, _ := keyOf(seed)
	b, err := contracts.Sign(statement(), k)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// changed is an envelope whose payload says something else.
func changed(t *testing.T, envelope []byte, from, to string) []byte {
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal(envelope, &e); err != nil {
		t.Fatal(err)
	}
	payload, err := base64.StdEncoding.DecodeString(e["payload"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(payload), from) {
		t.Fatalf("%s is not in %s", from, payload)
	}
	e["payload"] = base64.StdEncoding.EncodeToString([]byte(strings.Replace(string(payload), from, to, 1)))
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAttestation(t *testing.T) {
	good := signed(t, 1)
	_, public := keyOf(1)
	_, other := keyOf(2)
	s, by, err := contracts.Open(good, other, public)
	if err != nil || !by.Equal(public) || s.Predicate.Results[0].Verdict != evidence.Holds {
		t.Fatalf("got %+v, %v", s, err)
	}
	if got := s.Subject[0]; got.Name != "a.json" || got.Digest["sha256"] != "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" {
		t.Errorf("got %+v", got)
	}
	for _, c := range []struct {
		name     string
		envelope []byte
		keys     []ed25519.PublicKey
		want     error
	}{
		{"another key", good, []ed25519.PublicKey{other}, contracts.ErrOtherKey},
		{"no key", good, nil, contracts.ErrOtherKey},
		{"another verdict", changed(t, good, `"2.0"`, `"2.1"`), []ed25519.PublicKey{public}, contracts.ErrTampered},
		{"another type", bytes.Replace(good, []byte("in-toto"), []byte("in-foto"), 1), []ed25519.PublicKey{public}, contracts.ErrNoAttestation},
		{"another name for the key", bytes.Replace(good, []byte(contracts.KeyID(public)), []byte(contracts.KeyID(other)), 1), []ed25519.PublicKey{public}, contracts.ErrOtherKey},
		{"somebody's signature under our name", bytes.Replace(signed(t, 2), []byte(contracts.KeyID(other)), []byte(contracts.KeyID(public)), 1), []ed25519.PublicKey{public}, contracts.ErrTampered},
		{"no JSON", []byte("moo"), []ed25519.PublicKey{public}, contracts.ErrNoAttestation},
		{"no envelope", []byte(`{"apiVersion": "andon.results/v1"}`), []ed25519.PublicKey{public}, contracts.ErrNoAttestation},
	} {
		if _, _, err := contracts.Open(c.envelope, c.keys...); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestKeys(t *testing.T) {
	k, p := keyOf(1)
	private, public, err := contracts.WriteKeys(k)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := contracts.PrivateKey(private); err != nil || !got.Equal(k) {
		t.Errorf("private: %v", err)
	}
	if got, err := contracts.PublicKey(public); err != nil || !got.Equal(p) {
		t.Errorf("public: %v", err)
	}
	if _, err := contracts.PrivateKey(public); err == nil || !strings.Contains(err.Error(), "is a public key") {
		t.Errorf("got %v", err)
	}
	if _, err := contracts.PublicKey(private); err == nil || !strings.Contains(err.Error(), "is a private key") {
		t.Errorf("got %v", err)
	}
}

// A book takes attested results of those that it trusts, and of nobody else.
func TestResultsOfABook(t *testing.T) {
	k, _ := keyOf(1)
	_, pub, _ := contracts.WriteKeys(k)
	k2, _ := keyOf(2)
	_, pub2, _ := contracts.WriteKeys(k2)
	plain := []byte(`{"apiVersion": "andon.results/v1", "results": [{"check": "inline", "attestedBy": "nobody.pub"}]}`)
	fsys := fstest.MapFS{
		"results/a.json": {Data: signed(t, 1)}, "results/b.json": {Data: plain}, "keys/erp.pub": {Data: pub}, "keys/other.pub": {Data: pub2},
	}
	all, err := contracts.Results(fsys, "book")
	if err != nil || len(all) != 2 || all[0].AttestedBy != "erp.pub" || all[0].From != "book/results/a.json" || all[1].AttestedBy != "" {
		t.Errorf("got %+v, %v", all, err)
	}
	for name, c := range map[string]struct {
		change func(fstest.MapFS)
		want   string
	}{
		"unknown key": {func(m fstest.MapFS) { delete(m, "keys/erp.pub") }, "book/results/a.json: is signed with another key"},
		"tampered": {func(m fstest.MapFS) {
			m["results/a.json"] = &fstest.MapFile{Data: changed(t, signed(t, 1), "holds", "vacuous")}
		}, "book/results/a.json: was changed after it was signed"},
		"a key that is none": {func(m fstest.MapFS) { m["keys/erp.pub"] = &fstest.MapFile{Data: []byte("moo")} }, "book/keys/erp.pub: is no key in PEM"},
	} {
		m := fstest.MapFS{}
		for k, v := range fsys {
			m[k] = v
		}
		c.change(m)
		if _, err := contracts.Results(m, "book"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}
