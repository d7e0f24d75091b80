package load

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// mostRows is how many confirmations one message may carry.
const mostRows = 256

// batcher is a dialect that can say several facts in one message.
type batcher interface {
	Batch(events ...plant.Event) (simulators.Message, error)
}

// cuts are a variant cut up for batches: the head of a request up to its
// length, what stands before the rows, a row, and what stands behind them.
// Before the rows and behind them it is about the first of them.
type cuts [4]variant

const (
	cutHead = iota
	cutBefore
	cutRow
	cutBehind
)

// cut finds the row in what a dialect makes of one event, by what it makes of
// the same event twice; nothing if that is not said in rows between commas.
func (v *variant) cut(d simulators.Dialect, e plant.Event) {
	b, ok := d.(batcher)
	if !ok {
		return
	}
	m, err := b.Batch(e, e)
	if err != nil || len(m.Body) <= len(v.text) {
		return
	}
	end := 0
	for end < len(v.text) && v.text[end] == m.Body[end] {
		end++
	}
	from := end - (len(m.Body) - len(v.text) - 1)
	if from <= 0 || !bytes.Equal(m.Body, bytes.Join([][]byte{v.text[:end], v.text[from:]}, []byte(","))) {
		return
	}
	v.rows = &cuts{{}, v.piece(0, from), v.piece(from, end), v.piece(end, len(v.text))}
}

// of cuts v up at the same places.
func (c *cuts) of(v *variant) *cuts {
	from := len(c[cutBefore].text)
	end := from + len(c[cutRow].text)
	return &cuts{{}, v.piece(0, from), v.piece(from, end), v.piece(end, len(v.text))}
}

// piece returns the bytes from one place to another, and their fields.
func (v *variant) piece(from, to int) (p variant) {
	p.text = v.text[from:to]
	for _, f := range v.fields {
		if f.at >= from && f.at < to {
			f.at -= from
			p.fields = append(p.fields, f)
		}
	}
	return p
}

// InBatches has every message carry so many confirmations, one by one in
// sequence, of which the last that fell due says when it is due.
func (w *Wording) InBatches(rows int) error {
	if rows < 1 || rows > mostRows {
		return fmt.Errorf("a batch of %d: it is 1 to %d confirmations", rows, mostRows)
	}
	if rows > 1 && w.turns != nil {
		return fmt.Errorf("a mix cannot be batched: messages that follow each other are of different flows")
	}
	if rows > 1 && w.flows[ofConfirmations].shapes[0].rows == nil {
		return fmt.Errorf("confirmations cannot be batched: what is said has no rows")
	}
	w.batch = uint64(rows)
	for _, f := range w.flows {
		if f != nil { // what was prepared for single ones has no rows
			f.sizes = make([]sizes, len(f.shapes))
		}
	}
	return nil
}

// rows is how many confirmations a message carries.
func (w *Wording) rows() uint64 { return max(w.batch, 1) }

// withRowsHead gives a wording's batches what stands before their length.
func (v *variant) withRowsHead(head variant) {
	p := *v.rows
	p[cutHead] = head
	v.rows = &p
}

// appendHead appends what stands before a batch, which is about the first of it.
func (w *Wording) appendHead(dst []byte, head *variant, seq uint64) []byte {
	first := w.part.number(seq)
	return w.appendPiece(dst, head, first, w.made(first))
}

// AppendBatch appends the message that carries n confirmations from seq on.
func (w *Wording) AppendBatch(dst []byte, seq, n uint64) []byte {
	first := w.part.number(seq)
	m := w.made(first)
	v := w.variant(m).rows
	head := &v[cutHead]
	if len(head.text) == 0 {
		return w.appendRows(dst, seq, n)
	}
	dst = w.appendPiece(dst, head, first, m)
	at := len(dst)
	dst = append(dst, usualLength+"\r\n\r\n"...) // how long it is is known once it is there
	from := len(dst)
	dst = w.appendRows(dst, seq, n)
	var room [20]byte
	length := strconv.AppendInt(room[:0], int64(len(dst)-from), 10)
	if len(length) == len(usualLength) {
		copy(dst[at:], length)
		return dst
	}
	return slices.Replace(dst, at, at+len(usualLength), length...)
}

// usualLength has as many digits as the length of most batches.
const usualLength = "00000"

// appendRows appends the body of that message.
func (w *Wording) appendRows(dst []byte, seq, n uint64) []byte {
	first := w.part.number(seq)
	m := w.made(first)
	v := w.variant(m).rows
	dst = w.appendPiece(dst, &v[cutBefore], first, m)
	for i := range n {
		x := w.part.number(seq + i)
		row := w.made(x)
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = w.appendPiece(dst, &w.variant(row).rows[cutRow], x, row)
	}
	return w.appendPiece(dst, &v[cutBehind], first, m)
}

func (w *Wording) appendPiece(dst []byte, p *variant, seq uint64, m made) []byte {
	at := len(dst)
	dst = append(dst, p.text...)
	w.put(dst[at:], p, seq, m)
	return dst
}

// size is how long the body of a batch is.
func (w *Wording) size(seq, n uint64) (size int) {
	v := w.variant(w.made(w.part.number(seq))).rows
	size = len(v[cutBefore].text) + len(v[cutBehind].text) + int(n) - 1
	for i := range n {
		size += len(w.variant(w.made(w.part.number(seq + i))).rows[cutRow].text)
	}
	return size
}

// batchOf is how many confirmations body carries if it is, byte for byte, the
// whole batch that begins with seq; 0 if it is not. Room is as for [Wording.Same].
func (w *Wording) batchOf(seq uint64, body, room []byte) (uint64, []byte) {
	if seq%w.batch != 0 {
		return 0, room
	}
	if room = w.AppendBatch(room[:0], seq, w.batch); bytes.Equal(room, body) {
		return w.batch, room
	}
	return 0, room
}

// one is the same for one confirmation.
func (w *Wording) one(seq uint64, body, room []byte) (uint64, []byte) {
	same, room := w.Same(seq, body, room)
	if same {
		return 1, room
	}
	return 0, room
}

// inBatch reports whether the batch that begins with first has seq in it.
func (w *Wording) inBatch(first, seq uint64) bool {
	return w.batch > 1 && first%w.batch == 0 && seq-first < w.batch
}
