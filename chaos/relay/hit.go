package relay

import (
	"fmt"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

// A hit is one rule that strikes one connection, and how far it has come.
type hit struct {
	a       *armed
	c       *conn
	message bool // the link asked for it, and has written it down
	told    bool // it is in the journal; guarded by the relay's mu
	spent   bool // it may strike no more; guarded by the relay's mu
	lost    bool // it is in the journal that the SUT did not hear; guarded by the relay's mu

	ways [2]way // from the caller, and to it; each belongs to one pump
}

// way is how far a hit has come in one direction.
type way struct {
	left int64  // bytes let through before it cuts
	turn uint64 // whose first byte was late, plus one
	done bool   // it has held what it is to hold
	tail []byte // the last bytes, in which what it waits for may have begun
	seen int    // how often that has come
}

// strike writes down that h strikes, at the first time; false if its rule has
// struck as often as it may.
func (h *hit) strike(text string, args ...any) bool {
	return h.write(evidence.Disturbance{What: fmt.Sprintf(text, args...)})
}

// strikeReply is strike for what happens to bytes on their way to the SUT:
// they belong to a message.
func (h *hit) strikeReply(p *pump, unheard bool, text string, args ...any) bool {
	d := evidence.Disturbance{What: fmt.Sprintf(text, args...)}
	if p.dir == simulators.ToSUT {
		if rider, ok := h.c.rider(); ok {
			d.Message, d.Facts, d.Attempt, d.Unheard = rider.Message, rider.Facts, rider.Attempt, unheard
		}
	}
	return h.write(d)
}

func (h *hit) write(d evidence.Disturbance) bool {
	r, a := h.c.r, h.a
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case h.message || h.told:
		return true
	case h.spent, a.over():
		return false
	case a.Max > 0 && a.strikes >= a.Max:
		h.spent = true
		return false
	}
	a.strikes++
	h.told, h.lost = true, d.Unheard
	d.Fault, d.Kind, d.Phase, d.At, d.Key = a.ID, a.Kind, evidence.Struck, r.config.Name, chaos.ConnKey(h.c.n)
	r.config.Journal.Append(d)
	_ = r.config.Journal.Flush() // what is wrong with the file is told by the next reply
	return true
}

// unheard writes down that what h held back for the SUT came too late: the
// sender of the message had gone.
func (h *hit) unheard() {
	rider, ok := h.c.rider()
	r := h.c.r
	r.mu.Lock()
	defer r.mu.Unlock()
	if !ok || h.lost {
		return
	}
	h.lost = true
	r.config.Journal.Append(evidence.Disturbance{
		Fault: h.a.ID, Kind: h.a.Kind, Phase: evidence.Struck, At: r.config.Name, Key: chaos.ConnKey(h.c.n), Message: rider.Message, Facts: rider.Facts,
		Attempt: rider.Attempt, Unheard: true, What: "the SUT had gone before it could hear",
	})
}

// strikes reports whether h does anything to bytes in the direction of p.
func (h *hit) strikes(p *pump) bool {
	toward := h.a.toward()
	switch {
	case h.a.t.Door == chaos.DoorSilence, h.a.t.Door == chaos.DoorFlap && !h.a.t.Abrupt:
	case h.a.t.Stream == chaos.StreamFree, h.a.t.Stream == chaos.StreamForget, h.a.t.Stream == chaos.StreamFirst && p.near:
		return false
	}
	return toward == "" || toward == p.dir
}

// hold keeps bytes back as long as h wants it; it reports whether it did, for
// then the world may be another.
func (h *hit) hold(p *pump) bool {
	w, t := &h.ways[p.index()], h.a.t
	switch {
	case t.Door == chaos.DoorSilence:
		return h.strikeReply(p, false, "nothing gets through %s", p.words()) && p.hold(h, 0, never)
	case t.Door == chaos.DoorFlap:
		return h.a.down.Load() && h.strikeReply(p, false, "the road is gone") && p.hold(h, 0, func() bool { return !h.a.down.Load() })
	case t.Stream == chaos.StreamHold && !w.done:
		if !h.strikeReply(p, false, "nothing moves %s%s", p.words(), forLong(t.Hold)) {
			return false
		}
		held := p.hold(h, t.Hold, never)
		w.done = true
		return held
	case t.Stream == chaos.StreamFirst && w.turn != h.c.turn.Load()+1:
		if !h.strikeReply(p, false, "the first byte %s comes late%s", p.words(), forLong(t.Hold)) {
			return false
		}
		w.turn = h.c.turn.Load() + 1
		return p.hold(h, t.Hold, never)
	}
	return false
}

// most is how many of n bytes may move at once.
func (h *hit) most(p *pump, n int) int {
	switch t := h.a.t; t.Stream {
	case chaos.StreamReset, chaos.StreamClose:
		if h.ways[p.index()].done || t.Upon != chaos.ReplyAny && h.ways[p.index()].left < 0 {
			return n
		}
		return int(min(int64(n), max(h.ways[p.index()].left, 1)))
	case chaos.StreamSlow:
		if h.strikeReply(p, false, "no more than %d bytes a second %s", t.Rate, p.words()) {
			return int(min(int64(n), max(t.Rate/50, 1)))
		}
	case chaos.StreamTrickle:
		if h.strikeReply(p, false, "%d bytes every %s %s", t.Chunk, t.Gap, p.words()) {
			return min(n, t.Chunk)
		}
	}
	return n
}

// cuts reports whether the connection ends here, before or after n bytes.
func (h *hit) cuts(p *pump, n int) bool {
	if !h.a.t.Cuts() {
		return false
	}
	w := &h.ways[p.index()]
	if h.a.t.Upon != chaos.ReplyAny {
		return h.cutsUpon(p, w, n)
	}
	w.left -= int64(n)
	if w.left > 0 || w.done {
		return false
	}
	w.done = true
	text := "reset after %d bytes %s"
	if h.a.t.Stream == chaos.StreamClose {
		text = "closed after %d bytes %s"
	}
	return h.strikeReply(p, true, text, h.a.t.After, p.words())
}

// rest is how long to wait after n bytes.
func (h *hit) rest(n int) time.Duration {
	switch t := h.a.t; t.Stream {
	case chaos.StreamSlow:
		return time.Duration(float64(n) / float64(t.Rate) * float64(time.Second))
	case chaos.StreamTrickle:
		return t.Gap
	}
	return 0
}

func never() bool { return false }

func forLong(d time.Duration) string {
	if d <= 0 {
		return " until it is healed"
	}
	return " for " + d.String()
}
