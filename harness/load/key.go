package load

import (
	"encoding/binary"
	"hash/fnv"

	"github.com/andon-rig/andon/harness/load/http1"
)

// keyLen is the length of a key as text.
const keyLen = http1.KeyLen

// Bits of what is inside a key. A UUID of version 8 leaves 122 to its maker.
const (
	seqBits   = 40
	runBits   = 20
	checkBits = 62
	// maxSeq is how many confirmations a run can tell apart.
	maxSeq = 1 << seqBits
)

// Keys makes the idempotency keys of one run: UUIDs of version 8 that look
// random and carry a number. Whoever knows the run reads the number back, so
// that "seen before?" is an array access and not a look into a map of texts.
// 62 bits of check tell a key of this run from any other text.
type Keys struct{ run, a, b uint64 }

// NewKeys returns the keys of the run with this name.
func NewKeys(run string) Keys {
	h := fnv.New64a()
	_, _ = h.Write([]byte(run)) // never fails
	s := h.Sum64()
	return Keys{run: mix(s) & (1<<runBits - 1), a: mix(s + 1), b: mix(s + 2)}
}

// Put writes the key of seq, which is below 2⁴⁰, into the 36 bytes at dst.
func (k Keys) Put(dst []byte, seq uint64) {
	lo := mix(seq^k.a) & (1<<checkBits - 1)
	hi := (k.run<<seqBits | seq) ^ mix(lo^k.b)&(1<<(runBits+seqBits)-1)
	hi = hi>>12<<16 | 8<<12 | hi&0xfff // RFC 9562: version 8
	lo |= 2 << 62                      // and its variant
	_ = dst[keyLen-1]
	digits := hex8(uint32(hi >> 32))
	binary.BigEndian.PutUint64(dst[0:], digits)
	digits = hex8(uint32(hi))
	dst[8], dst[13], dst[18], dst[23] = '-', '-', '-', '-'
	binary.BigEndian.PutUint32(dst[9:], uint32(digits>>32))
	binary.BigEndian.PutUint32(dst[14:], uint32(digits))
	digits = hex8(uint32(lo >> 32))
	binary.BigEndian.PutUint32(dst[19:], uint32(digits>>32))
	binary.BigEndian.PutUint32(dst[24:], uint32(digits))
	binary.BigEndian.PutUint64(dst[28:], hex8(uint32(lo)))
}

// Seq reads the number out of a key of this run; false if text is none.
// Capitals are read, too: some systems write UUIDs so.
func (k Keys) Seq(text []byte) (seq uint64, ok bool) {
	if len(text) != keyLen || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' || text[14] != '8' {
		return 0, false
	}
	var hi, lo uint64
	bad := hexRead(&hi, text[0:8]) | hexRead(&hi, text[9:13]) | hexRead(&hi, text[14:18]) | hexRead(&lo, text[19:23]) | hexRead(&lo, text[24:36])
	if bad > 15 || lo>>62 != 2 {
		return 0, false
	}
	lo &= 1<<checkBits - 1
	hi = (hi>>16<<12 | hi&0xfff) ^ mix(lo^k.b)&(1<<(runBits+seqBits)-1)
	seq = hi & (maxSeq - 1)
	return seq, hi>>seqBits == k.run && mix(seq^k.a)&(1<<checkBits-1) == lo
}

// Find looks for a key of this run anywhere in text; false if there is none.
// It is how a confirmation is recognised whose sender gave it a key of its own:
// the reference in its body is the key that we gave it.
func (k Keys) Find(text []byte) (seq uint64, ok bool) {
	for i := 8; i+keyLen-8 <= len(text); i++ {
		if text[i] != '-' || text[i+5] != '-' {
			continue
		}
		if seq, ok = k.Seq(text[i-8 : i-8+keyLen]); ok {
			return seq, true
		}
	}
	return 0, false
}

// mix is the finisher of SplitMix64: each bit of x changes half of the result.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hex8 are the eight digits of v, the first in the highest byte: all at once, as
// a loop over them costs more than all else in a key.
func hex8(v uint32) uint64 {
	const each = 0x0101010101010101
	x := uint64(v)
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
	letters := (x + 6*each) >> 4 & each // 1 where a digit is above 9
	return x + '0'*each + letters*('a'-'0'-10)
}

// hexRead appends digits to v; the result is above 15 if one is none.
func hexRead(v *uint64, text []byte) (bad byte) {
	for _, c := range text {
		d := hexValue[c]
		bad |= d
		*v = *v<<4 | uint64(d&15)
	}
	return bad
}

const hexDigits = "0123456789abcdef"

// hexValue has 255 for what is no digit.
var hexValue = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i := range 16 {
		t[hexDigits[i]] = byte(i)
	}
	for i := 10; i < 16; i++ {
		t[hexDigits[i]-'a'+'A'] = byte(i)
	}
	return t
}()

// decPut writes v with leading zeros.
func decPut(dst []byte, v uint64) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = byte('0' + v%10)
		v /= 10
	}
}
