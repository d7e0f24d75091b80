package load

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Wording words the n-th message of a run by putting what differs into
// prepared bytes, and recognises it again. It may be used by several
// goroutines.
type Wording struct {
	Path  string // where confirmations are posted, below the address; "" is the address itself
	keys  Keys
	flows [flowKinds]*words // nil where nothing is said of it
	story *Story            // nil if a user has worded it, and for who only sends
	part  part              // of the numbers; [Wording.Append] counts its own
	batch uint64            // confirmations in a message; 0 is 1
	turns *turns            // nil if all are confirmations
	dress dress             // of what is sent; nil for nothing
}

// dress puts something around prepared bytes; it is told under which name they are
// posted.
type dress func(path string, v variant) variant

// words are how messages of one flow are said: what is said of a fact of the story
// is prepared bytes, which it shares with all that look like it, and bytes of its
// own in between.
type words struct {
	path   string
	shapes []variant // with counters of one digit
	sizes  []sizes   // of each shape
	told   []told    // by place in the story
	own    []byte
	bare   *words // of what is dressed: the same without
	read   func(body []byte) ([]statement, error)
}

// told is how one fact is said.
type told struct {
	shape, own    uint32 // where its own bytes begin
	counter, step uint32 // in the first round, and how much it grows by with each
}

// sizes are a shape as it is sent, by how many digits the counter has besides the
// first; each is made when it is first needed.
type sizes [mostDigits]atomic.Pointer[variant]

// mostDigits is how many digits a counter may have.
const mostDigits = 12

// variant is prepared bytes and where they differ from one to the next.
type variant struct {
	text   []byte
	fields []field // in the order of the text
	rows   *cuts   // for batches; nil if the dialect has none
	id     int     // where the number of a publication stands, for brokers
}

type field struct {
	what  fieldKind
	at, n int
	own   int // of fieldOwn: where in the fact's own bytes
}

type fieldKind uint8

const (
	fieldKey fieldKind = iota
	fieldSeq
	fieldCounter
	fieldOwn // bytes of the fact's own
)

// statement is what one row of a posted body says.
type statement struct {
	seq    uint64
	ours   bool // it names a confirmation of this run
	digest uint32
	text   string // for people
}

// made is what the n-th message is about: a fact of the story, in some round.
type made struct {
	flow    int
	words   *words
	told    *told
	place   uint64 // in the story
	counter uint64
}

func (w *Wording) made(seq uint64) made {
	flow, nth := ofConfirmations, seq
	if w.turns != nil {
		flow, nth = w.turns.turn(seq)
	}
	s := w.flows[flow]
	n := uint64(len(s.told))
	round := nth / n
	t := &s.told[nth-round*n]
	return made{flow, s, t, nth - round*n, uint64(t.counter) + round*uint64(t.step)}
}

// put replaces the fields of dst, a copy of the variant's text, by those of seq.
func (w *Wording) put(dst []byte, v *variant, seq uint64, m made) {
	key := -1
	for _, f := range v.fields {
		d := dst[f.at : f.at+f.n]
		switch f.what {
		case fieldKey:
			if key < 0 {
				w.keys.Put(d, seq)
				key = f.at
			} else {
				copy(d, dst[key:key+keyLen])
			}
		case fieldOwn:
			copy(d, m.words.own[int(m.told.own)+f.own:])
		case fieldCounter:
			decPut(d, m.counter)
		case fieldSeq:
			decPut(d, seq)
		}
	}
}

// variant returns the prepared bytes that fit m.
func (w *Wording) variant(m made) *variant {
	digits := 0
	for c := m.counter; c >= 10; c /= 10 {
		digits++
	}
	size := &m.words.sizes[m.told.shape][min(digits, mostDigits-1)]
	if v := size.Load(); v != nil {
		return v
	}
	v := m.words.shapes[m.told.shape]
	if w.batch < 2 {
		v.rows = nil
	}
	v = v.widened(digits)
	if w.dress != nil {
		bare := v
		if v = w.dress(m.words.path, v); bytes.HasSuffix(v.text, bare.text) { // what comes back is compared with the same bytes
			bare.text = v.text[len(v.text)-len(bare.text):]
			m.words.bare.sizes[m.told.shape][min(digits, mostDigits-1)].Store(&bare)
		}
	}
	size.Store(&v) // whoever is first: all are the same
	return &v
}

// widened is v with so many more digits for the counter.
func (v variant) widened(digits int) variant {
	if digits == 0 {
		return v
	}
	x := variant{id: v.id}
	at := 0
	for _, f := range v.fields {
		x.text = append(x.text, v.text[at:f.at]...)
		at = f.at
		f.at = len(x.text)
		x.text = append(x.text, v.text[at:at+f.n]...)
		at += f.n
		if f.what == fieldCounter {
			x.text = append(x.text, bytes.Repeat([]byte("0"), digits)...)
			f.n += digits
		}
		x.fields = append(x.fields, f)
	}
	x.text = append(x.text, v.text[at:]...)
	if v.rows != nil {
		x.rows = &cuts{}
		for i, piece := range v.rows {
			x.rows[i] = piece.widened(digits)
		}
	}
	return x
}

// variantOf returns the prepared bytes of confirmation seq.
func (w *Wording) variantOf(seq uint64) *variant { return w.variant(w.made(w.part.number(seq))) }

// Append appends the body of confirmation seq.
func (w *Wording) Append(dst []byte, seq uint64) []byte {
	seq = w.part.number(seq)
	m := w.made(seq)
	v := w.variant(m)
	at := len(dst)
	dst = append(dst, v.text...)
	w.put(dst[at:], v, seq, m)
	return dst
}

// Same reports whether body is that of seq, byte for byte. Room is used for
// comparing and returned for the next time.
func (w *Wording) Same(seq uint64, body, room []byte) (bool, []byte) {
	if v := w.variant(w.made(seq)); len(v.text) != len(body) {
		return false, room
	}
	room = w.Append(room[:0], seq)
	return bytes.Equal(room, body), room
}

// dressed returns a wording of which all that is sent is put into something.
func (w *Wording) dressed(d dress) *Wording {
	x := *w
	x.dress = d
	for i, f := range w.flows {
		if f != nil {
			y := *f
			y.bare = f
			y.sizes = make([]sizes, len(f.shapes))
			x.flows[i] = &y
		}
	}
	return &x
}

// withHead returns a wording whose variants begin with the head of a request to
// the target of their name. Key, if it is one, stands in the headers named.
func (w *Wording) withHead(host string, target func(path string) string) *Wording {
	return w.dressed(func(path string, v variant) variant {
		var head bytes.Buffer
		fmt.Fprintf(&head, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n", target(path), host)
		var fields []field
		for _, name := range []string{"Idempotency-Key", "Andon-Event"} {
			head.WriteString(name + ": ")
			fields = append(fields, field{what: fieldKey, at: head.Len(), n: keyLen})
			fmt.Fprintf(&head, "%*s\r\n", keyLen, "")
		}
		if v.rows != nil {
			v.withRowsHead(variant{text: append(bytes.Clone(head.Bytes()), "Content-Length: "...), fields: slices.Clone(fields)})
		}
		fmt.Fprintf(&head, "Content-Length: %d\r\n\r\n", len(v.text))
		for _, f := range v.fields {
			f.at += head.Len()
			fields = append(fields, f)
		}
		return variant{text: append(head.Bytes(), v.text...), fields: fields, rows: v.rows}
	})
}

// says is the digest of what message seq states, which follows from its number.
func (w *Wording) says(seq uint64) uint32 { return uint32(mix(w.part.number(seq))) }

// Spoken returns the wording of a dialect: the story, told again and again. What
// the dialect makes of a fact is prepared as bytes into which its key and counter
// are put; a dialect of which that cannot be done is refused.
func Spoken(d simulators.Dialect, keys Keys, story *Story, now time.Time) (*Wording, error) {
	w := &Wording{keys: keys, story: story}
	f, err := w.spoken(d, ofConfirmations, now)
	if err != nil {
		return nil, err
	}
	w.flows[ofConfirmations], w.Path = f, f.path
	return w, nil
}

// reader reads what others have made of our messages and posted under a name, by
// the dialect's own strict decoder.
func (w *Wording) reader(d simulators.Dialect, path string) func([]byte) ([]statement, error) {
	return func(body []byte) ([]statement, error) {
		ask, err := d.Decode(simulators.Message{Verb: "post", Name: path, Body: body})
		if err != nil {
			return nil, err
		}
		if len(ask.Claims) == 0 {
			return nil, errors.New("it states nothing")
		}
		said := make([]statement, 0, len(ask.Claims))
		for _, c := range ask.Claims {
			s := statement{text: fmt.Sprintf("%+v", c.Fact)}
			s.seq, s.ours = w.keys.Seq([]byte(c.ID))
			if known := tellFact(c.Fact); known != "" {
				s.text = known
			}
			if s.digest = textDigest(s.text); s.ours && w.story.same(c.Fact, w.fact(s.seq)) {
				s.digest = w.says(s.seq)
			}
			said = append(said, s)
		}
		return said, nil
	}
}

// tell says what a confirmation is about.
func tell(f plant.Confirmed) string {
	s := fmt.Sprintf("order %s operation %s counter %d: yield %s", f.Order, f.Operation, f.Counter, f.Yield)
	if f.Scrap.Amount != 0 {
		s += ", scrap " + f.Scrap.String()
	}
	if f.Rework.Amount != 0 {
		s += ", rework " + f.Rework.String()
	}
	if f.Reason != "" {
		s += " (" + f.Reason + ")"
	}
	if f.Labor != 0 {
		s += ", worked " + f.Labor.String()
	}
	if f.Final {
		s += ", final"
	}
	return fmt.Sprintf("%s at %s by %s", s, f.WorkCenter, f.Operator)
}

// Tell says what confirmation seq is about.
func (w *Wording) Tell(seq uint64) string {
	if w.story == nil {
		return fmt.Sprintf("confirmation %d", seq)
	}
	return tellFact(w.fact(seq))
}

func textDigest(s string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s)) // never fails
	return h.Sum32()
}
