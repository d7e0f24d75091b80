package load

import (
	"regexp"
	"strings"
	"testing"
)

func TestKeysCarryTheirNumber(t *testing.T) {
	k, other := NewKeys("run 1"), NewKeys("run 2")
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	var b [keyLen]byte
	for _, seq := range []uint64{0, 1, 2, 999, 1 << 20, 1<<39 + 7, maxSeq - 1} {
		k.Put(b[:], seq)
		if !form.Match(b[:]) {
			t.Errorf("%s is no UUID of version 8", b)
		}
		if got, ok := k.Seq(b[:]); !ok || got != seq {
			t.Errorf("%s carries %d, %v; want %d", b, got, ok, seq)
		}
		if got, ok := k.Seq([]byte(strings.ToUpper(string(b[:])))); !ok || got != seq {
			t.Errorf("in capitals it carries %d, %v", got, ok)
		}
		if got, ok := k.Find([]byte(`{"a-b":"-- ` + string(b[:]) + `"}`)); !ok || got != seq {
			t.Errorf("in a text %d, %v is found; want %d", got, ok, seq)
		}
		if _, ok := other.Seq(b[:]); ok {
			t.Errorf("another run takes %s for its own", b)
		}
		for i := range b { // any other character makes it another text
			c := b
			if c[i] = '0'; b[i] == '0' {
				c[i] = '1'
			}
			if got, ok := k.Seq(c[:]); ok {
				t.Errorf("%s with another character %d is still a key, of %d", b, i, got)
			}
		}
	}
	for _, text := range []string{"", "f47ac10b-58cc-8372-a567-0e02b2c3d479", "f47ac10b-58cc-8372-a567-0e02b2c3d47", strings.Repeat("-", 36), strings.Repeat("g", 36)} {
		if _, ok := k.Seq([]byte(text)); ok {
			t.Errorf("%q is taken for a key", text)
		}
	}
}

func BenchmarkKey(b *testing.B) {
	k := NewKeys("run")
	var buf [keyLen]byte
	for i := range b.N {
		k.Put(buf[:], uint64(i))
		if _, ok := k.Seq(buf[:]); !ok {
			b.Fatal("lost")
		}
	}
}
