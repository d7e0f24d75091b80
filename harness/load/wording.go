package load

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A Wording words the n-th confirmation of a run by putting what differs into
// prepared bytes, and recognises it again. It may be used by several
// goroutines.
type Wording struct {
	Path string // where it is posted, below the address; "" is the address itself
	keys Keys
	// vary are by how many digits the counter has, first with scrap and then
	// without; a wording without counter has one.
	vary []variant
	// orders is over how many orders confirmations go round.
	orders uint64
	seed   uint64
	part   part   // of the numbers; [Wording.Append] counts its own
	batch  uint64 // confirmations in a message; 0 is 1
	read   func(body []byte) ([]statement, error)
	turns  *turns  // nil if all are confirmations
	others []words // of the flows behind confirmations, by number from 1; none if all are confirmations
	// says is the digest of what confirmation n states.
	says func(seq uint64) uint32
}

// words are how messages of one flow are said.
type words struct {
	path string
	vary []variant // by how many digits the counter has; one if there is none
	read func(body []byte) ([]statement, error)
}

// variant is prepared bytes and where they differ from one to the next.
type variant struct {
	text   []byte
	fields []field
	rows   *cuts // for batches; nil if the dialect has none
	id     int   // where the number of a publication stands, for brokers
}

type field struct {
	what  fieldKind
	at, n int
}

type fieldKind uint8

const (
	fieldKey fieldKind = iota
	fieldSeq
	fieldOrder
	fieldOperation
	fieldWorkCenter
	fieldOperator
	fieldCounter
	fieldYield
	fieldScrap
	fieldLot
	fieldCase
)

// statement is what one row of a posted body says.
type statement struct {
	seq    uint64
	ours   bool // it names a confirmation of this run
	digest uint32
	text   string // for people
}

// made is what the n-th message is about. One confirmation in eight has scrap.
// Of other flows yield is how much is consumed or scrapped.
type made struct {
	order, counter, yield, scrap uint64
	lot                          uint64 // that is consumed, scrapped or held: a number within its order
	flow                         int
}

func (w *Wording) made(seq uint64) made {
	if w.turns != nil {
		return w.mixed(seq)
	}
	return w.confirms(seq, seq)
}

// confirms is what message seq is about, the nth confirmation.
func (w *Wording) confirms(seq, nth uint64) made {
	r := mix(seq ^ w.seed)
	m := made{order: nth % w.orders, counter: nth/w.orders + 1, yield: 100 + r%900}
	if r>>61 == 0 {
		m.scrap = 1 + (r>>32)%9
	}
	return m
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
		case fieldSeq:
			decPut(d, seq)
		case fieldOrder, fieldWorkCenter, fieldOperator:
			decPut(d, m.order+1)
		case fieldOperation:
			d[len(d)-2] = byte('1' + m.order%3)
		case fieldCounter:
			decPut(d, m.counter)
		case fieldYield:
			decPut(d, m.yield)
		case fieldScrap:
			decPut(d, m.scrap)
		case fieldLot:
			decPut(d, m.lot)
		case fieldCase:
			decPut(d, m.counter)
		}
	}
}

// variant returns the prepared bytes that fit m.
func (w *Wording) variant(m made) *variant {
	vary := w.vary
	if m.flow != ofConfirmations {
		vary = w.others[m.flow-1].vary
	}
	if len(vary) == 1 {
		return &vary[0]
	}
	digits := 0
	for c := m.counter; c >= 10; c /= 10 {
		digits++
	}
	if m.flow != ofConfirmations {
		return &vary[min(digits, len(vary)-1)]
	}
	n := len(vary) / 2
	digits = min(digits, n-1)
	if m.scrap == 0 {
		digits += n
	}
	return &vary[digits]
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

// dressed returns a wording whose variants are what dress makes of w's; it is told
// under which name they are posted.
func (w *Wording) dressed(dress func(path string, v variant) variant) *Wording {
	x := *w
	all := func(path string, from []variant) []variant {
		to := make([]variant, len(from))
		for i, v := range from {
			to[i] = dress(path, v)
		}
		return to
	}
	x.vary = all(w.Path, w.vary)
	x.others = slices.Clone(w.others)
	for i, o := range w.others {
		x.others[i].vary = all(o.path, o.vary)
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
			fields = append(fields, field{fieldKey, head.Len(), keyLen})
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

// most is how many digits a counter may have.
const mostDigits = 8

// Spoken returns the wording of a dialect: confirmations of so many orders,
// going round, each order with an operation, a work center and an operator of
// its own, and its counters without gaps. What the dialect makes of a specimen
// is searched for the values put into it; a dialect of which that cannot be
// done is refused.
func Spoken(d simulators.Dialect, keys Keys, orders int, seed uint64, now time.Time) (*Wording, error) {
	if orders < 1 || orders > 999 {
		return nil, fmt.Errorf("%d orders: a load is about 1 to 999 of them", orders)
	}
	w := &Wording{keys: keys, orders: uint64(orders), seed: mix(seed)}
	for _, scrap := range []int64{specimenScrap, 0} {
		for digits := 1; digits <= mostDigits; digits++ {
			path, v, err := confirmed(digits, scrap).word(d, now)
			if err != nil {
				return nil, err
			}
			w.Path = path
			w.vary = append(w.vary, v)
		}
	}
	w.says = func(seq uint64) uint32 { return w.digest(w.made(seq)) }
	w.read = w.reader(d, w.Path)
	return w, nil
}

// Values of the specimen, none of which a dialect puts anywhere by itself.
const (
	specimenKey   = "deadbeef-dead-8eef-adbe-efdeadbeefde"
	specimenOrder = "4799000987"
	specimenOp    = "0090"
	specimenWC    = "WC-987"
	specimenWho   = "P-987"
	specimenYield = 654
	specimenScrap = 7
)

// specimen is a message with known values in it, and where these are to be found.
type specimen struct {
	fact plant.Fact
	find []sought
}

// sought is a value of a specimen: n bytes of the text, from so many on, are put
// anew for each message. It stands there as often as least, or more often.
type sought struct {
	what             fieldKind
	text             string
	before, n, least int
}

// counterOf is a counter of so many digits that no other value of a specimen has
// in it.
func counterOf(digits int) int {
	counter := 8
	for range digits - 1 {
		counter = counter*10 + 8
	}
	return counter
}

// confirmed is the specimen of a confirmation.
func confirmed(digits int, scrap int64) specimen {
	counter := counterOf(digits)
	f := plant.Confirmed{Order: specimenOrder, Operation: specimenOp, Counter: counter, WorkCenter: specimenWC, Operator: specimenWho,
		Yield: plant.Of(specimenYield, "EA")}
	if scrap > 0 {
		f.Scrap = plant.Of(scrap, "EA")
	}
	return specimen{f, []sought{
		{fieldKey, specimenKey, 0, keyLen, 1},
		{fieldOrder, specimenOrder, 7, 3, 1},
		{fieldOperation, `"` + specimenOp + `"`, 1, 4, 1},
		{fieldWorkCenter, specimenWC, 3, 3, 1},
		{fieldOperator, specimenWho, 2, 3, 1},
		{fieldCounter, `"` + strconv.Itoa(counter) + `"`, 1, digits, 1},
		{fieldYield, `"` + strconv.Itoa(specimenYield) + `"`, 1, 3, 1},
		{fieldScrap, `"` + strconv.Itoa(specimenScrap) + `"`, 1, 1, int(min(scrap, 1))},
	}}
}

// word has a dialect word s and finds its values.
func (s specimen) word(d simulators.Dialect, now time.Time) (path string, v variant, err error) {
	e := plant.Event{ID: specimenKey, At: now.Truncate(time.Second), Fact: s.fact}
	ms, err := d.Encode(e)
	if err != nil {
		return "", v, fmt.Errorf("word a %s: %w", s.fact.Kind(), err)
	}
	if len(ms) != 1 {
		return "", v, fmt.Errorf("this dialect words a %s as %d messages; the fast path sends one", s.fact.Kind(), len(ms))
	}
	v.text = ms[0].Body
	for _, s := range s.find {
		found := v.find(s.what, s.text, s.before, s.n)
		if found == 0 && s.text[0] == '"' { // documents of XML have it between tags
			found = v.find(s.what, ">"+s.text[1:len(s.text)-1]+"<", s.before, s.n)
		}
		if found < s.least {
			return "", v, fmt.Errorf("the fast path does not find %s in what the dialect makes of a %s", s.text, e.Fact.Kind())
		}
	}
	v.cut(d, e)
	return ms[0].Name, v, nil
}

// find notes every place of text as a field of n bytes, that begins so many
// bytes into it.
func (v *variant) find(what fieldKind, text string, before, n int) (found int) {
	for at := 0; ; found++ {
		i := bytes.Index(v.text[at:], []byte(text))
		if i < 0 {
			return found
		}
		v.fields = append(v.fields, field{what, at + i + before, n})
		at += i + len(text)
	}
}

// digest is of all that a confirmation states.
func (w *Wording) digest(m made) uint32 {
	return uint32(mix(mix(m.order<<32|m.counter) ^ (uint64(m.flow)<<32 | m.yield<<8 | m.scrap)))
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
			if s.digest = textDigest(s.text); s.ours && sameFact(c.Fact, w.fact(s.seq)) {
				s.digest = w.says(s.seq)
			}
			said = append(said, s)
		}
		return said, nil
	}
}

// confirmed is confirmation seq as the plant has it.
func (w *Wording) confirmed(seq uint64) plant.Confirmed { return confirmation(w.made(seq)) }

func confirmation(m made) plant.Confirmed {
	f := plant.Confirmed{
		Order: plant.OrderID(fmt.Sprintf("4799000%03d", m.order+1)), Operation: plant.OperationID(fmt.Sprintf("00%d0", m.order%3+1)), Counter: int(m.counter),
		WorkCenter: plant.WorkCenterID(fmt.Sprintf("WC-%03d", m.order+1)), Operator: plant.PersonID(fmt.Sprintf("P-%03d", m.order+1)),
		Yield: plant.Of(int64(m.yield), "EA"),
	}
	if m.scrap > 0 {
		f.Scrap = plant.Of(int64(m.scrap), "EA")
	}
	return f
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
	return fmt.Sprintf("%s at %s by %s", s, f.WorkCenter, f.Operator)
}

// Tell says what confirmation seq is about.
func (w *Wording) Tell(seq uint64) string {
	if w.seed == 0 {
		return fmt.Sprintf("confirmation %d", seq)
	}
	return tellFact(w.fact(seq))
}

func textDigest(s string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s)) // never fails
	return h.Sum32()
}
