package load

import (
	"fmt"
	"hash/crc32"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// said is the key under which something is posted.
type said struct {
	text  []byte // empty if there is none
	named uint64 // the confirmation that it names
	ours  bool   // it does name one
}

// post books what is posted.
func (p *posting) post(now int64) {
	w := p.erp.run.wording
	key := said{text: p.req.Key}
	key.named, key.ours = w.keys.Seq(key.text)
	seq, ours := key.named, key.ours
	if !ours {
		seq, ours = w.keys.Find(p.req.Body)
	}
	if ours && w.flow(seq) == p.flow {
		n := uint64(0)
		if w.batch > 1 {
			n, p.room = w.batchOf(seq, p.req.Body, p.room)
		}
		if n == 0 {
			n, p.room = w.one(seq, p.req.Body, p.room)
		}
		if n > 0 {
			p.known(key, seq, n, now)
			return
		}
	}
	p.read(key, now)
}

// known books what is byte for byte what was sent: n confirmations from first on.
func (p *posting) known(key said, first, n uint64, now int64) {
	run := p.erp.run
	run.in.Identical.Add(int64(n))
	for i := range n {
		if p.reused(key, int(i), first+i) {
			return
		}
	}
	effect := Repeated
	for i := range n {
		seq := first + i
		if got := p.book(statement{seq: seq, ours: true, digest: run.wording.says(seq)}, p.hash(key, int(i), seq), now); got != Repeated {
			effect = got
		}
	}
	if n == 1 {
		p.result(effect, first)
		return
	}
	p.results(effect, func(yield func(uint64) bool) {
		for i := range n {
			if !yield(first + i) {
				return
			}
		}
	}, int(n))
}

// hash is that of the key under which a row is applied: a row of a batch is
// repeated with its batch.
func (p *posting) hash(key said, row int, seq uint64) uint32 {
	switch {
	case len(key.text) == 0:
		return noKey
	case key.ours && row == 0 && key.named == seq:
		return ownKey
	case key.ours && p.erp.run.wording.inBatch(key.named, seq) && key.named+uint64(row) == seq:
		return batchKey
	}
	h := crc32.Checksum(key.text, castagnoli)
	if row > 0 {
		h = uint32(mix(uint64(h)<<32 | uint64(row)))
	}
	return max(h, leastKey)
}

// read books what is not byte for byte what was sent.
func (p *posting) read(key said, now int64) {
	run := p.erp.run
	rows, err := run.wording.reading(p.flow)(p.req.Body)
	if err != nil {
		run.in.Malformed.Add(1)
		p.problem(http.StatusBadRequest, "malformed", err.Error())
		return
	}
	run.in.Reworded.Add(int64(len(rows)))
	for i, s := range rows {
		if s.ours && p.reused(key, i, s.seq) {
			return
		}
	}
	effect, seqs := Repeated, make([]uint64, len(rows))
	for i, s := range rows {
		if got := p.book(s, p.hash(key, i, s.seq), now); got != Repeated {
			effect = got
		}
		if s.ours && s.digest != run.wording.says(s.seq) {
			run.alterations.Add(1)
		}
		run.examples.see(s, run.wording)
		seqs[i] = min(s.seq, NoSeq)
	}
	if len(rows) == 1 {
		p.result(effect, seqs[0])
		return
	}
	p.results(effect, slices.Values(seqs), len(rows))
}

// reused refuses a row that comes under a key under which another was posted.
func (p *posting) reused(key said, row int, seq uint64) bool {
	if !p.clashes(key, row, seq) {
		return false
	}
	p.erp.run.in.Reused.Add(1)
	p.problem(http.StatusUnprocessableEntity, "key-reused", "this key came with another confirmation before")
	return true
}

// clashes reports whether a row comes under a key under which another was posted.
func (p *posting) clashes(key said, row int, seq uint64) bool {
	run := p.erp.run
	if h := p.hash(key, row, seq); h < leastKey {
		return false
	}
	taken := key.ours && row == 0 && run.ledger.Posted(key.named)
	return taken || run.keys.claim(key.text, row, seq) != seq
}

// book marks a statement in the ledger and in the journal.
func (p *posting) book(s statement, key uint32, now int64) Effect {
	run := p.erp.run
	run.in.Postings.Add(1)
	effect, due := Invented, int64(0)
	if s.ours {
		effect, due = run.ledger.Post(s.seq, key)
	} else {
		run.in.Strange.Add(1)
		s.seq = NoSeq
	}
	p.w.add(&Record{Seq: s.seq, Code: uint8(effect), At: uint64(now), Took: key, Digest: s.digest})
	switch effect {
	case Applied:
		flow := run.wording.flow(s.seq)
		p.shard.posted(now, now-due, flow)
		run.applied.Add(1)
		if run.wording.turns != nil {
			run.flows[flow].applied.Add(1)
		}
	case Doubled:
		run.doubled.Add(1)
	}
	run.lastPost.Store(now)
	return effect
}

const documentDigits = 13

var (
	created  = answerText("201 Created", "applied")
	repeated = answerText("200 OK", "repeated")
)

func answerText(status, outcome string) []byte {
	body := `{"outcome":"` + outcome + `","documents":["` + strings.Repeat("0", documentDigits) + `"]}`
	return fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
}

// result answers a posting of one row.
func (p *posting) result(e Effect, seq uint64) {
	if e == Repeated {
		p.out = append(p.out, repeated...)
	} else {
		p.out = append(p.out, created...)
	}
	end := len(p.out) - len(`"]}`)
	decPut(p.out[end-documentDigits:end], seq)
}

// results answers a posting of so many rows.
func (p *posting) results(e Effect, seqs iter.Seq[uint64], n int) {
	status, outcome := "201 Created", "applied"
	if e == Repeated {
		status, outcome = "200 OK", "repeated"
	}
	p.out = append(p.out, "HTTP/1.1 "...)
	p.out = append(p.out, status...)
	p.out = append(p.out, "\r\nContent-Type: application/json\r\nContent-Length: "...)
	p.out = strconv.AppendInt(p.out, int64(len(`{"outcome":"","documents":[]}`)+len(outcome)+n*(documentDigits+3)-1), 10)
	p.out = append(p.out, "\r\n\r\n{\"outcome\":\""...)
	p.out = append(p.out, outcome...)
	p.out = append(p.out, `","documents":[`...)
	for seq := range seqs {
		p.out = append(p.out, '"')
		at := len(p.out)
		p.out = append(p.out, "0000000000000\","...)
		decPut(p.out[at:at+documentDigits], seq)
	}
	p.out = append(p.out[:len(p.out)-1], "]}"...)
}
