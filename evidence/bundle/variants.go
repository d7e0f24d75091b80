package bundle

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// A variant is one way a secret may be spelled.
type variant struct {
	text string
	mark string // what is written instead
}

// shortestVariant keeps encoded fragments from hitting by chance.
const shortestVariant = 4

// variantsOf returns the spellings of s in which messages and logs carry it.
func variantsOf(s Secret) []variant {
	mark := "[redacted]"
	if name := markName(s.Name); name != "" {
		mark = "[redacted " + name + "]"
	}
	var vs []variant
	add := func(text string) {
		v := variant{text, mark}
		if len(text) >= shortestVariant && !slices.Contains(vs, v) {
			vs = append(vs, v)
		}
	}
	values := []string{s.Value}
	// A log shows a key of several lines line by line.
	if lines := strings.Split(s.Value, "\n"); len(lines) > 1 {
		for _, l := range lines {
			if l = strings.TrimSpace(l); len(l) >= 16 && !strings.HasPrefix(l, "-----") {
				values = append(values, l)
			}
		}
	}
	for _, v := range values {
		add(v)
		once := inJSON(v, true)
		add(once)
		add(inJSON(once, true))
		plain := inJSON(v, false)
		add(plain)
		add(inJSON(plain, false))
		add(url.QueryEscape(v))
		add(url.PathEscape(v))
		add(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;").Replace(v))
		add(hex.EncodeToString([]byte(v)))
		for shift := range 3 {
			add(inBase64(base64.StdEncoding, v, shift))
			add(inBase64(base64.URLEncoding, v, shift))
		}
	}
	return vs
}

// markName keeps a mark harmless in JSON, XML and terminals.
func markName(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
			return c
		}
		return -1
	}, name)
}

// inJSON spells s as the inside of a JSON string.
func inJSON(s string, escapeHTML bool) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(escapeHTML)
	if err := e.Encode(s); err != nil {
		return s
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(b.String(), "\n"), `"`), `"`)
}

// inBase64 returns the characters that s always has when it stands shift bytes
// into what is encoded, as a client secret does in a Basic header.
func inBase64(e *base64.Encoding, s string, shift int) string {
	text := e.WithPadding(base64.NoPadding).EncodeToString(append(make([]byte, shift), s...))
	from, to := (shift*8+5)/6, (shift+len(s))*8/6
	if to-from <= shortestVariant {
		return ""
	}
	return text[from:to]
}

// A matcher finds variants in one pass: two bytes decide whether a position is
// worth a second look.
type matcher struct {
	starts  [1 << 10]uint64      // bit set over the first two bytes
	by      map[uint16][]variant // by the first two bytes, longest first
	longest int
}

func newMatcher(vs []variant) *matcher {
	m := &matcher{by: map[uint16][]variant{}}
	sorted := slices.SortedFunc(slices.Values(vs), func(a, b variant) int {
		return cmp.Or(cmp.Compare(len(b.text), len(a.text)), cmp.Compare(a.text, b.text))
	})
	for _, v := range sorted {
		k := uint16(v.text[0])<<8 | uint16(v.text[1])
		m.starts[k>>6] |= 1 << (k & 63)
		m.by[k] = append(m.by[k], v)
		m.longest = max(m.longest, len(v.text))
	}
	return m
}

// at returns the length of the variant that stands at b[i:], 0 if none does,
// and what to write instead.
func (m *matcher) at(b []byte, i int) (int, string) {
	if i+1 >= len(b) {
		return 0, ""
	}
	k := uint16(b[i])<<8 | uint16(b[i+1])
	if m.starts[k>>6]&(1<<(k&63)) == 0 {
		return 0, ""
	}
	return m.look(b, i, k)
}

// look compares b[i:] with the variants that begin with these two bytes. It is
// apart from at so that at, which nearly always says no, costs no call.
func (m *matcher) look(b []byte, i int, k uint16) (int, string) {
	for _, v := range m.by[k] {
		if len(v.text) <= len(b)-i && string(b[i:i+len(v.text)]) == v.text {
			return len(v.text), v.mark
		}
	}
	return 0, ""
}

func (m *matcher) hits(b []byte) bool {
	for i := range b {
		if n, _ := m.at(b, i); n > 0 {
			return true
		}
	}
	return false
}

// replace returns b with every variant replaced by its mark, or b itself.
func (m *matcher) replace(b []byte) []byte {
	var out []byte
	done := 0
	for i := 0; i < len(b); {
		n, mark := m.at(b, i)
		if n == 0 {
			i++
			continue
		}
		out = append(append(out, b[done:i]...), mark...)
		i += n
		done = i
	}
	if done == 0 {
		return b
	}
	return append(out, b[done:]...)
}
