package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
)

// Places of a body file that differ from one confirmation to the next: marked
// by people, or told by their names.
var (
	marks = []struct {
		text string
		what fieldKind
		n    int
	}{
		{"${key}", fieldKey, keyLen},
		{"${seq}", fieldSeq, 16},
	}
	namedKey = regexp.MustCompile(`"(?:idempotencyKey|idempotency_key|IdempotencyKey)"\s*:\s*"([0-9A-Za-z-]{36})"`)
	namedID  = regexp.MustCompile(`"confirmationId"\s*:\s*"[^"0-9]*([0-9]{16})"`)
)

// FromBody returns the wording of a body that somebody else made: ${key} stands
// for the idempotency key (36 characters) and ${seq} for the number (16 digits).
// Without marks the members idempotencyKey and confirmationId are those.
func FromBody(text []byte, keys Keys) (*Wording, error) {
	w := &Wording{keys: keys}
	v, err := marked(text)
	if err != nil {
		return nil, err
	}
	v.order()
	w.flows[ofConfirmations] = &words{shapes: []variant{v}, sizes: make([]sizes, 1), told: make([]told, 1), read: w.readBody}
	if !json.Valid(w.Append(nil, 0)) {
		return nil, errors.New("the body is not JSON once its marks are filled in")
	}
	return w, nil
}

// marked finds the places of text that differ.
func marked(text []byte) (variant, error) {
	v := variant{text: bytes.TrimRight(text, "\r\n")}
	for _, m := range marks {
		for {
			i := bytes.Index(v.text, []byte(m.text))
			if i < 0 {
				break
			}
			for j, f := range v.fields { // what stands behind moves
				if f.at > i {
					v.fields[j].at += m.n - len(m.text)
				}
			}
			v.text = bytes.Join([][]byte{v.text[:i], bytes.Repeat([]byte("0"), m.n), v.text[i+len(m.text):]}, nil)
			v.fields = append(v.fields, field{what: m.what, at: i, n: m.n})
		}
	}
	if len(v.fields) == 0 {
		v.text = bytes.Clone(v.text)
		if at := namedKey.FindSubmatchIndex(v.text); at != nil {
			v.fields = append(v.fields, field{what: fieldKey, at: at[2], n: keyLen})
		}
		if at := namedID.FindSubmatchIndex(v.text); at != nil {
			v.fields = append(v.fields, field{what: fieldSeq, at: at[2], n: 16})
		}
	}
	for _, f := range v.fields {
		if f.what == fieldKey {
			return v, nil
		}
	}
	return v, errors.New(`nothing in the body tells one confirmation from the next; write "${key}" where its key belongs`)
}

// readBody reads a body that differs in bytes: other spelling of the same
// values is no alteration.
func (w *Wording) readBody(body []byte) ([]statement, error) {
	var got any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&got); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	s := statement{text: clip(string(body)), digest: textDigest(string(body))}
	if s.seq, s.ours = w.keys.Find(body); s.ours {
		var want any
		d := json.NewDecoder(bytes.NewReader(w.Append(nil, s.seq)))
		d.UseNumber()
		if err := d.Decode(&want); err != nil {
			return nil, err
		}
		if reflect.DeepEqual(got, want) {
			s.digest = w.says(s.seq)
		}
	}
	return []statement{s}, nil
}

// clip shortens foreign text.
func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}
