package load

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"
)

// A piece is the part of a plan that one agent sends, with all that it must know.
// It knows no dialect: the words are prepared.
type piece struct {
	Webhook string
	At, Of  uint64
	Rows    uint64 // confirmations in a message
	Shape   *Shape
	Words   *Wording
	Emit    EmitConfig
}

// part is which confirmations are the piece's.
func (p *piece) part() part { return part{p.At, p.Of, p.Rows} }

// pieces cuts a plan into so many.
func pieces(c *Config, webhook string, of int) ([]json.RawMessage, error) {
	var all []json.RawMessage
	for at := range uint64(of) {
		p := piece{Webhook: webhook, At: at, Of: uint64(of), Rows: c.Wording.rows(), Shape: c.Shape, Words: c.Wording, Emit: c.Emit}
		p.Emit.Most = p.part().count(c.Shape.Number())
		p.Emit.Connections = max(1, (c.Emit.Connections+of-1)/of)
		body, err := json.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("word piece %d of the plan: %w", at, err)
		}
		all = append(all, body)
	}
	return all, nil
}

// allowed refuses a build that is not on this machine, unless whoever started
// the agent has named it as a test system.
func (p *piece) allowed(targets []string) error {
	u, err := url.Parse(p.Webhook)
	if err != nil || u.Hostname() == "" {
		return fmt.Errorf("%q is no address of a build", p.Webhook)
	}
	ip := net.ParseIP(u.Hostname())
	if u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() || slices.Contains(targets, u.Host) || slices.Contains(targets, u.Hostname()) {
		return nil
	}
	return fmt.Errorf("the build at %s is not on this machine; an agent sends made-up production data only to systems that its owner has named as test systems: start it with --target %s", u.Host, u.Host)
}

// shapeText is a shape as agents get it.
type shapeText struct {
	Stretches [][6]float64
	Trace     []time.Duration `json:",omitempty"` // instead
	Total     uint64
	Length    int64
}

// mostSentTrace keeps what an agent gets below the megabyte that NATS takes.
const mostSentTrace = 50_000

// MarshalJSON writes a shape so that another process has the same due times.
func (s *Shape) MarshalJSON() ([]byte, error) {
	if len(s.trace) > mostSentTrace {
		return nil, fmt.Errorf("a trace of %d times is too long for agents; they take %d", len(s.trace), mostSentTrace)
	}
	t := shapeText{Total: s.total, Length: int64(s.length), Trace: s.trace}
	for _, x := range s.stretches {
		t.Stretches = append(t.Stretches, [6]float64{x.begin, x.lasts, x.from, x.to, x.before, x.within})
	}
	return json.Marshal(t)
}

// UnmarshalJSON reads what MarshalJSON has written.
func (s *Shape) UnmarshalJSON(b []byte) error {
	var t shapeText
	if err := json.Unmarshal(b, &t); err != nil {
		return fmt.Errorf("read a shape: %w", err)
	}
	*s = Shape{total: t.Total, length: time.Duration(t.Length), trace: t.Trace}
	for _, x := range t.Stretches {
		s.stretches = append(s.stretches, stretch{begin: x[0], lasts: x[1], from: x[2], to: x[3], before: x[4], within: x[5]})
	}
	if len(s.stretches)+len(s.trace) == 0 {
		return fmt.Errorf("read a shape: it has no stretches")
	}
	return nil
}

// wordsText is a wording as agents get it: enough to say confirmations, not to
// read them.
type wordsText struct {
	Path   string
	Keys   [3]uint64
	Vary   []variantText
	Orders uint64
	Seed   uint64
	Batch  uint64        `json:",omitempty"`
	Mix    Mix           `json:",omitempty"`
	Others []wordsOfFlow `json:",omitempty"`
}

type wordsOfFlow struct {
	Path string
	Vary []variantText
}

type variantText struct {
	Text   []byte
	Fields [][3]int
	Rows   []variantText `json:",omitempty"` // as in [cuts]
}

// MarshalJSON writes what it takes to say confirmations.
func (w *Wording) MarshalJSON() ([]byte, error) {
	t := wordsText{Path: w.Path, Batch: w.batch, Keys: [3]uint64{w.keys.run, w.keys.a, w.keys.b}, Orders: w.orders, Seed: w.seed}
	t.Vary, t.Mix = variantTexts(w.vary), w.Mix()
	for _, o := range w.others {
		t.Others = append(t.Others, wordsOfFlow{o.path, variantTexts(o.vary)})
	}
	return json.Marshal(t)
}

func variantTexts(vary []variant) (all []variantText) {
	for _, v := range vary {
		x := variantText{Text: v.text}
		for _, f := range v.fields {
			x.Fields = append(x.Fields, [3]int{int(f.what), f.at, f.n})
		}
		if v.rows != nil {
			x.Rows = variantTexts(v.rows[:])
		}
		all = append(all, x)
	}
	return all
}

func readVariants(all []variantText) (vary []variant, err error) {
	for _, v := range all {
		y := variant{text: v.Text}
		for _, f := range v.Fields {
			if f[1] < 0 || f[2] < 1 || f[1]+f[2] > len(v.Text) {
				return nil, fmt.Errorf("read a wording: a field of %d bytes at %d is outside of its text", f[2], f[1])
			}
			y.fields = append(y.fields, field{fieldKind(f[0]), f[1], f[2]})
		}
		if len(v.Rows) > 0 {
			rows, err := readVariants(v.Rows)
			if err != nil || len(rows) != len(cuts{}) {
				return nil, fmt.Errorf("read a wording: its rows are %d pieces, not %d (%v)", len(rows), len(cuts{}), err)
			}
			y.rows = (*cuts)(rows)
		}
		vary = append(vary, y)
	}
	return vary, nil
}

// readMix reads the flows of a mix.
func (w *Wording) readMix(t *wordsText) (err error) {
	if len(t.Mix) == 0 {
		return nil
	}
	if err := t.Mix.sane(); err != nil {
		return fmt.Errorf("read a wording: %w", err)
	}
	for _, s := range t.Mix {
		if s.Flow.number() < 0 || s.Parts < 1 {
			return fmt.Errorf("read a wording: %d of %q are no share", s.Parts, s.Flow)
		}
	}
	for _, o := range t.Others {
		x := words{path: o.Path}
		if x.vary, err = readVariants(o.Vary); err != nil {
			return err
		}
		if len(x.vary) == 0 {
			return fmt.Errorf("read a wording: %s have no text", o.Path)
		}
		w.others = append(w.others, x)
	}
	if len(w.others) != flowKinds-1 {
		return fmt.Errorf("read a wording: it is of %d flows, not %d", len(w.others)+1, flowKinds)
	}
	w.turns = t.Mix.turns()
	return nil
}

// UnmarshalJSON reads what MarshalJSON has written.
func (w *Wording) UnmarshalJSON(b []byte) error {
	var t wordsText
	if err := json.Unmarshal(b, &t); err != nil {
		return fmt.Errorf("read a wording: %w", err)
	}
	x := Wording{Path: t.Path, keys: Keys{t.Keys[0], t.Keys[1], t.Keys[2]}, orders: t.Orders, seed: t.Seed}
	var err error
	if x.vary, err = readVariants(t.Vary); err != nil {
		return err
	}
	if err := x.readMix(&t); err != nil {
		return err
	}
	if len(x.vary) == 0 || x.orders == 0 {
		return fmt.Errorf("read a wording: it has no text or no orders")
	}
	if x.batch = t.Batch; x.batch > mostRows || x.batch > 1 && x.vary[0].rows == nil {
		return fmt.Errorf("read a wording: %d confirmations in a message that has no rows for them", x.batch)
	}
	x.says = func(seq uint64) uint32 { return x.digest(x.made(seq)) }
	if x.seed == 0 {
		x.says = markedDigest
	}
	*w = x
	return nil
}
