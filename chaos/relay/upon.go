package relay

import (
	"bytes"

	"github.com/andon-rig/andon/chaos"
)

// spelled is how a server says what a trouble waits for.
var spelled = map[chaos.Reply][]byte{
	chaos.ReplyCommit: []byte("C\x00\x00\x00\x0bCOMMIT\x00"), // CommandComplete of PostgreSQL's protocol 3
}

// seek finds in b, which is to be passed on, what h waits for: so many bytes may
// go before it, or all if that is below 0. It may have begun in what went before;
// then none may.
func (h *hit) seek(p *pump, b []byte) {
	w, what := &h.ways[p.index()], spelled[h.a.t.Upon]
	w.left = -1
	if what == nil || w.done {
		return
	}
	all := append(append([]byte(nil), w.tail...), b...)
	for from, seen := 0, w.seen; ; seen++ {
		i := bytes.Index(all[from:], what)
		if i < 0 {
			return
		}
		if seen >= h.a.t.Spare {
			w.left = int64(max(0, from+i-len(w.tail)))
			return
		}
		from += i + len(what)
	}
}

// went notes that b was passed on.
func (h *hit) went(p *pump, b []byte) {
	w, what := &h.ways[p.index()], spelled[h.a.t.Upon]
	if what == nil {
		return
	}
	all := append(w.tail, b...)
	w.seen += bytes.Count(all, what)
	if i := bytes.LastIndex(all, what); i >= 0 {
		all = all[i+len(what):] // it is counted once
	}
	w.tail = append([]byte(nil), all[max(0, len(all)-len(what)+1):]...)
}

// cutsUpon reports whether the connection ends here: after n more bytes what h
// waits for would come.
func (h *hit) cutsUpon(p *pump, w *way, n int) bool {
	if w.done || w.left < 0 || w.left > int64(n) {
		return false
	}
	w.done = true
	return h.strikeReply(p, true, "reset when %s was done, before that was said", h.a.t.Upon)
}
