package http1

import "bytes"

// pattern is the head of a request that was read before on a connection. The
// next one is nearly always the same but for its keys and for the length of its
// body, and then need not be taken apart again: what is equal to a head that was
// found good, byte for byte but for characters of keys where keys were and digits
// where the digits of the length were, is good as well.
type pattern struct {
	head           []byte // empty if there is none
	holes          []hole // what may differ
	method, target span
	key, auth      span  // empty if there is none
	size           span  // likewise, of the length of the body
	length         int64 // of the body, if that is not said
}

// hole is a place of so many digits, or of a key if that is 0.
type hole struct{ at, digits int }

// span is a piece of a head, from byte to byte.
type span [2]int

func (p span) of(b []byte) []byte {
	if p[0] == p[1] {
		return nil
	}
	return b[p[0]:p[1]]
}

// spanOf returns where a slice of head is in it.
func spanOf(head, of []byte) span {
	at := cap(head) - cap(of)
	return span{at, at + len(of)}
}

// KeyLen is how long the keys of a load are as text: UUIDs.
const KeyLen = 36

const (
	mostPattern = 1 << 10 // a longer head is always read
	mostHoles   = 8
)

// learn takes the head of r, unless it is of a kind that is always read.
func (p *pattern) learn(head []byte, r *Request) {
	p.head, p.holes = p.head[:0], p.holes[:0]
	if len(head) > mostPattern || r.Close || r.chunked || r.Expect || r.After != nil || r.sizes > 1 {
		return
	}
	p.size, p.length = span{}, r.length
	if r.sizes == 1 {
		p.size = spanOf(head, r.size)
	}
	p.method, p.target, p.key, p.auth = spanOf(head, r.Method), spanOf(head, r.Target), span{}, span{}
	if r.Auth != nil {
		p.auth = spanOf(head, r.Auth)
	}
	keyed := false
	for i := 2; i < len(head) && len(p.holes) < mostHoles; i++ {
		if i == p.size[0] {
			p.holes = append(p.holes, hole{i, p.size[1] - i})
			i = p.size[1] - 1
			continue
		}
		if i+KeyLen >= len(head) {
			continue
		}
		if head[i-2] == ':' && head[i-1] == ' ' && head[i+KeyLen] == '\r' && keyLike(head[i:i+KeyLen]) {
			p.holes = append(p.holes, hole{at: i})
			keyed = keyed || r.keyed && len(r.Key) == KeyLen && spanOf(head, r.Key)[0] == i
			i += KeyLen
		}
	}
	if keyed {
		p.key = spanOf(head, r.Key)
	}
	if p.size[0] > 0 && !p.sized() { // there were too many keys before it
		return
	}
	if keyed == r.keyed { // else a key of another form: no two heads are alike
		p.head = append(p.head, head...)
	}
}

// sized reports whether the length is one of the holes.
func (p *pattern) sized() bool {
	for _, h := range p.holes {
		if h.digits > 0 {
			return true
		}
	}
	return false
}

// fits reports whether b begins with such a head.
func (p *pattern) fits(b []byte) bool {
	if len(p.head) == 0 || len(b) < len(p.head) {
		return false
	}
	at := 0
	for _, h := range p.holes {
		if !bytes.Equal(b[at:h.at], p.head[at:h.at]) {
			return false
		}
		at = h.at + KeyLen
		if h.digits > 0 {
			at = h.at + h.digits
			if _, ok := Number(b[h.at:at]); !ok {
				return false
			}
		} else if !keyLike(b[h.at:at]) {
			return false
		}
	}
	return bytes.Equal(b[at:len(p.head)], p.head[at:])
}

// keyLike reports whether text, as long as a key, has the form of one.
func keyLike(text []byte) bool {
	_ = text[KeyLen-1]
	bad := (text[8] ^ '-') | (text[13] ^ '-') | (text[18] ^ '-') | (text[23] ^ '-')
	for _, c := range text[:8] {
		bad |= notHex[c]
	}
	for _, c := range text[9:13] {
		bad |= notHex[c]
	}
	for _, c := range text[14:18] {
		bad |= notHex[c]
	}
	for _, c := range text[19:23] {
		bad |= notHex[c]
	}
	for _, c := range text[24:KeyLen] {
		bad |= notHex[c]
	}
	return bad == 0
}

// again reads a request whose head fits that of the last pattern.
func (r *Request) again(b []byte) (n int, err error) {
	p := &r.likes[r.last]
	r.Head = Head{Key: p.key.of(b), Auth: p.auth.of(b), length: p.length, hosted: true}
	if size := p.size.of(b); size != nil {
		r.length, _ = Number(size) // it was looked at
	}
	r.seen, r.Method, r.Target = 0, p.method.of(b), p.target.of(b)
	return r.whole(b, len(p.head))
}

// notHex is 1 for what is no hexadecimal digit.
var notHex = func() (t [256]byte) {
	for c := range t {
		if bytes.IndexByte([]byte("0123456789abcdefABCDEF"), byte(c)) < 0 {
			t[c] = 1
		}
	}
	return t
}()
