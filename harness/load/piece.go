package load

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
		var inside *json.MarshalerError
		if errors.As(err, &inside) {
			return nil, inside.Err
		}
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

// wordsText is a wording as agents get it: enough to say messages, not to read
// them.
type wordsText struct {
	Path  string
	Keys  [3]uint64
	Batch uint64 `json:",omitempty"`
	Mix   Mix    `json:",omitempty"`
	Flows []byte // flowText of each flow that there is, as JSON, deflated
}

type flowText struct {
	Flow   int
	Path   string
	Shapes []variantText
	Told   [][4]uint32
	Own    []byte
}

type variantText struct {
	Text   []byte
	Fields [][4]int
	Rows   []variantText `json:",omitempty"` // as in [cuts]
}

// mostSentWords keeps what an agent gets below the megabyte that NATS takes.
const mostSentWords = 640 << 10

// MarshalJSON writes what it takes to say confirmations.
func (w *Wording) MarshalJSON() ([]byte, error) {
	var flows []flowText
	for i, f := range w.flows {
		if f == nil {
			continue
		}
		t := flowText{Flow: i, Path: f.path, Shapes: variantTexts(f.shapes), Own: f.own}
		for _, x := range f.told {
			t.Told = append(t.Told, [4]uint32{x.shape, x.own, x.counter, x.step})
		}
		flows = append(flows, t)
	}
	var packed bytes.Buffer
	z, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(json.NewEncoder(z).Encode(flows), z.Close()); err != nil {
		return nil, err
	}
	if packed.Len() > mostSentWords {
		return nil, fmt.Errorf("what %d facts of the plant are worded as takes %d KiB, and agents take %d; have fewer --orders played", len(w.flows[ofConfirmations].told), packed.Len()>>10, mostSentWords>>10)
	}
	return json.Marshal(wordsText{Path: w.Path, Batch: w.batch, Keys: [3]uint64{w.keys.run, w.keys.a, w.keys.b}, Mix: w.Mix(), Flows: packed.Bytes()})
}

func variantTexts(vary []variant) (all []variantText) {
	for _, v := range vary {
		x := variantText{Text: v.text}
		for _, f := range v.fields {
			x.Fields = append(x.Fields, [4]int{int(f.what), f.at, f.n, f.own})
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
			if f[1] < 0 || f[2] < 1 || f[1]+f[2] > len(v.Text) || f[3] < 0 {
				return nil, fmt.Errorf("read a wording: a field of %d bytes at %d is outside of its text", f[2], f[1])
			}
			y.fields = append(y.fields, field{fieldKind(f[0]), f[1], f[2], f[3]})
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

// mostReadWords is more than the words of any story take.
const mostReadWords = 256 << 20

// readFlows reads how messages are said.
func (w *Wording) readFlows(packed []byte) error {
	if len(packed) == 0 {
		return errors.New("it has no text")
	}
	var flows []flowText
	if err := json.NewDecoder(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), mostReadWords)).Decode(&flows); err != nil {
		return err
	}
	for _, t := range flows {
		if t.Flow < 0 || t.Flow >= flowKinds {
			return fmt.Errorf("there is no flow %d", t.Flow)
		}
		f := &words{path: t.Path, own: t.Own, sizes: make([]sizes, len(t.Shapes))}
		var err error
		if f.shapes, err = readVariants(t.Shapes); err != nil {
			return err
		}
		for _, x := range t.Told {
			f.told = append(f.told, told{x[0], x[1], x[2], x[3]})
		}
		if err := f.whole(); err != nil {
			return err
		}
		w.flows[t.Flow] = f
	}
	if w.flows[ofConfirmations] == nil {
		return errors.New("it has no text")
	}
	return nil
}

// whole refuses words that lack something.
func (f *words) whole() error {
	if len(f.shapes) == 0 || len(f.told) == 0 {
		return errors.New("it has no text")
	}
	for _, t := range f.told {
		if int(t.shape) >= len(f.shapes) {
			return fmt.Errorf("there is no shape %d", t.shape)
		}
		for _, x := range f.shapes[t.shape].fields {
			if x.what == fieldOwn && int(t.own)+x.own+x.n > len(f.own) {
				return errors.New("bytes of a fact are missing")
			}
		}
	}
	return nil
}

// readMix reads the flows of a mix.
func (w *Wording) readMix(m Mix) error {
	if len(m) == 0 {
		return nil
	}
	if err := m.sane(); err != nil {
		return err
	}
	for _, s := range m {
		if s.Flow.number() < 0 || s.Parts < 1 || w.flows[max(s.Flow.number(), 0)] == nil {
			return fmt.Errorf("%d of %q are no share", s.Parts, s.Flow)
		}
	}
	w.turns = m.turns()
	return nil
}

// UnmarshalJSON reads what MarshalJSON has written.
func (w *Wording) UnmarshalJSON(b []byte) error {
	var t wordsText
	if err := json.Unmarshal(b, &t); err != nil {
		return fmt.Errorf("read a wording: %w", err)
	}
	x := Wording{Path: t.Path, keys: Keys{t.Keys[0], t.Keys[1], t.Keys[2]}}
	if err := x.readFlows(t.Flows); err != nil {
		return fmt.Errorf("read a wording: %w", err)
	}
	if err := x.readMix(t.Mix); err != nil {
		return fmt.Errorf("read a wording: %w", err)
	}
	if x.batch = t.Batch; x.batch > mostRows || x.batch > 1 && x.flows[ofConfirmations].shapes[0].rows == nil {
		return fmt.Errorf("read a wording: %d confirmations in a message that has no rows for them", x.batch)
	}
	*w = x
	return nil
}
