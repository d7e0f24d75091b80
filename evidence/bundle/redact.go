package bundle

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A Redactor removes secrets from everything that enters a bundle: exact
// values the rig knows, wherever and however encoded they occur, and values
// whose field, header or element is named like a secret. The zero value knows
// names only. It is safe for concurrent use.
type Redactor struct {
	fields map[string]bool // configured names, normalised; never changed after New

	mu       sync.Mutex // guards what follows
	secrets  []Secret
	variants []variant
	matcher  atomic.Pointer[matcher] // of variants; replaced as a whole
}

// A Secret is an exact value that must not be kept. Name is what is written in
// its place, so that a reader still sees which secret went where.
type Secret struct {
	Name  string
	Value string
}

// shortest is the length below which a secret is refused: replacing every "pw"
// of a journal would destroy the evidence and protect nothing.
const shortest = 4

// structural are fields a judge cannot do without.
var structural = []string{"seq", "at", "plant", "kind", "body", "phase", "verdict", "outcome", "id", "facts", "told", "amount", "unit", "start", "end", "key"}

// NewRedactor returns a Redactor for these secrets that also blanks the values
// of fields with these names, whatever their case and hyphens.
func NewRedactor(fields []string, secrets ...Secret) (*Redactor, error) {
	r := &Redactor{fields: map[string]bool{}}
	for _, f := range fields {
		n := string(normalise(nil, []byte(f)))
		if n == "" || slices.Contains(structural, n) {
			return nil, fmt.Errorf("redact field %q: the journal cannot be read without it", f)
		}
		r.fields[n] = true
	}
	for _, s := range secrets {
		if err := r.Add(s.Name, s.Value); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Add makes r know one more secret. An empty value is ignored.
func (r *Redactor) Add(name, value string) error {
	if value == "" {
		return nil
	}
	if len(value) < shortest {
		return fmt.Errorf("redact secret %q: shorter than %d characters; use a longer one for test systems", name, shortest)
	}
	s := Secret{name, value}
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Contains(r.secrets, s) {
		return nil
	}
	r.secrets = append(r.secrets, s)
	r.variants = append(r.variants, variantsOf(s)...)
	r.matcher.Store(newMatcher(r.variants))
	return nil
}

// Text returns b without secrets. b itself is not changed; it is returned as
// it is if there was nothing to do.
func (r *Redactor) Text(b []byte) []byte {
	if m := r.matcher.Load(); m != nil {
		b = m.replace(b)
	}
	return r.named(b, false)
}

// Line is Text for JSON the rig itself wrote: it remains JSON of the same
// shape, because only what stands inside strings is replaced, and no word of
// the journal's own vocabulary is.
func (r *Redactor) Line(b []byte) []byte {
	if m := r.matcher.Load(); m != nil && m.hits(b) {
		b = replaceStrings(b, m)
	}
	return r.named(b, true)
}

// Names lists the secrets that occur in b in any spelling, each once, by the
// names they were added under, less what is no letter, digit, dot, hyphen or
// underscore.
func (r *Redactor) Names(b []byte) (names []string) {
	m := r.matcher.Load()
	if m == nil {
		return nil
	}
	for i := 0; i < len(b); {
		n, mark := m.at(b, i)
		if n == 0 {
			i++
			continue
		}
		i += n
		if name := strings.TrimSuffix(strings.TrimPrefix(mark, "[redacted "), "]"); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// safeCut returns how many bytes of b can be redacted now without cutting a
// secret that goes on in what follows.
func (r *Redactor) safeCut(b []byte) int {
	m := r.matcher.Load()
	if m == nil {
		return len(b)
	}
	cut := len(b) - m.longest + 1
	for i := 0; i < cut; i++ {
		if n, _ := m.at(b, i); n > 0 && i+n > cut {
			cut = i + n
		}
	}
	return max(cut, 0)
}

// replaceStrings replaces secrets inside the string values of b, which is JSON.
func replaceStrings(b []byte, m *matcher) []byte {
	out := make([]byte, 0, len(b)+64)
	for {
		i := bytes.IndexByte(b, '"')
		if i < 0 {
			return append(out, b...)
		}
		end := i + 1 + stringEnd(b[i+1:])
		out = append(out, b[:i]...)
		literal := b[i:end]
		if isKey(b[end:]) || vocabulary[string(literal)] {
			out = append(out, literal...)
		} else {
			out = append(out, m.replace(literal)...)
		}
		b = b[end:]
	}
}

// stringEnd returns the length of a JSON string after its opening quote, with
// the closing one.
func stringEnd(b []byte) int {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

func isKey(rest []byte) bool {
	rest = bytes.TrimLeft(rest, " \t")
	return len(rest) > 0 && rest[0] == ':'
}

// vocabulary holds the words that say what a record is. They are public, so a
// secret that reads like one is none.
var vocabulary = quoted(`begin truth offer attempt effect surface fault step probe snapshot sample sighting finding end
	armed struck healed holds vacuous inconclusive violated
	order-released order-changed order-cancelled operation-started confirmation consumption scrap rework receipt
	lot-held lot-decided inspection item-changed bom-changed routing-changed work-center-changed calendar-changed shipment machine-count machine-state`)

func quoted(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[`"`+w+`"`] = true
	}
	return set
}
