package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"unicode/utf8"
)

// MaxPayload is how much of a payload is kept.
const MaxPayload = 64 << 10

// A Payload is the body of a message as the bundle keeps it.
type Payload struct {
	ID    string `json:"id"`              // first 16 hex digits of the SHA-256 of the redacted body
	Bytes int    `json:"bytes"`           // length as it was on the wire
	Note  string `json:"note,omitempty"`  // what is not as it was: cut, redacted
	Text  string `json:"text,omitempty"`  // the body, if it is UTF-8
	Bin   string `json:"bin64,omitempty"` // the body in base64, if it is not
}

// Body returns what is kept of the payload.
func (p Payload) Body() ([]byte, error) {
	if p.Bin == "" {
		return []byte(p.Text), nil
	}
	return base64.StdEncoding.DecodeString(p.Bin)
}

// shards is how many locks share the payloads known.
const shards = 64

// payloadFile keeps each payload once. Which are known is asked far more
// often than a new one is written.
type payloadFile struct {
	out      *os.File
	redactor *Redactor

	known [shards]struct {
		sync.Mutex
		ids map[[16]byte]payloadID // by the digest of the body as it was
	}

	mu  sync.Mutex // guards what follows
	buf bytes.Buffer
	ids map[payloadID]bool // those whose text redaction changed
	err error
}

type payloadID [8]byte

func newPayloadFile(out *os.File, r *Redactor) *payloadFile {
	f := &payloadFile{out: out, redactor: r, ids: map[payloadID]bool{}}
	for i := range f.known {
		f.known[i].ids = map[[16]byte]payloadID{}
	}
	return f
}

func (f *payloadFile) store(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	sum := sha256.Sum256(body)
	raw := [16]byte(sum[:16])
	shard := &f.known[raw[0]%shards]
	shard.Lock()
	defer shard.Unlock() // the second of two equal payloads waits until the first is in the buffer
	id, known := shard.ids[raw]
	if !known {
		id = f.add(body, sum)
		shard.ids[raw] = id
	}
	return hex.EncodeToString(id[:])
}

// add appends a payload that was not seen before.
func (f *payloadFile) add(body []byte, sum [sha256.Size]byte) payloadID {
	p := Payload{Bytes: len(body)}
	kept := f.redactor.Text(head(body))
	if len(body) > MaxPayload {
		p.Note = fmt.Sprintf("cut at %d of %d bytes", MaxPayload, len(body))
		// What was cut makes two payloads differ, too.
		sum = sha256.Sum256(append(bytes.Clone(kept), sum[:]...))
	}
	redacted := !bytes.Equal(kept, head(body))
	if redacted {
		if p.Note != "" {
			p.Note += "; "
		}
		p.Note += "redacted"
		if len(body) <= MaxPayload {
			// A digest of the original would let anybody try out secrets.
			sum = sha256.Sum256(kept)
		}
	}
	kept = kept[:min(len(kept), cutAt(kept, MaxPayload))]
	id := payloadID(sum[:8])
	p.ID = hex.EncodeToString(id[:])
	if utf8.Valid(kept) {
		p.Text = string(kept)
	} else {
		p.Bin = base64.StdEncoding.EncodeToString(kept)
	}
	line, err := json.Marshal(p)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.fail(err)
		return id
	}
	if redacted {
		if f.ids[id] {
			return id
		}
		f.ids[id] = true
	}
	f.buf.Write(line)
	f.buf.WriteByte('\n')
	return id
}

// head returns what of body is looked at: more than is kept, so that a secret
// across the cut is recognised.
func head(body []byte) []byte {
	const beyond = 8 << 10
	if len(body) <= MaxPayload {
		return body
	}
	return body[:min(len(body), MaxPayload+beyond)]
}

// cutAt returns where to cut b so that at most n bytes remain and no character
// is split.
func cutAt(b []byte, n int) int {
	if len(b) <= n {
		return len(b)
	}
	for i := n; i > n-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			return i
		}
	}
	return n
}

// flush hands what was added so far to the operating system. After a failure
// nothing more is written, as with the journal.
func (f *payloadFile) flush() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil || f.buf.Len() == 0 {
		return f.err
	}
	if _, err := f.out.Write(f.buf.Bytes()); err != nil {
		f.fail(err)
		return f.err
	}
	f.buf.Reset()
	return nil
}

func (f *payloadFile) fail(err error) {
	if f.err == nil {
		f.err = fmt.Errorf("write %s: %w", PayloadsFile, err)
	}
}
