package contracts_test

import (
	"bytes"
	"testing"

	"github.com/andon-rig/andon/contracts"
)

// FuzzOpen holds that nothing but what was signed is believed.
func FuzzOpen(f *testing.F) {
	k, public := keyOf(1)
	good, err := contracts.Sign(statement(), k)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(bytes.Replace(good, []byte("A"), []byte("B"), 1))
	f.Add([]byte(`{"payloadType": "application/vnd.in-toto+json", "signatures": [{}]}`))
	want, _, err := contracts.Open(good, public)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, _, err := contracts.Open(b, public)
		if err == nil && got.Predicate.ProviderVersion != want.Predicate.ProviderVersion {
			t.Errorf("believed %+v", got)
		}
	})
}
