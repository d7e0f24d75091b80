package nats

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
)

// door is where the SUT connects: it hands everything on to the server, and
// back, and reads along. NATS is lines of text, with a payload after those that
// say how long it is, so that a delivery or an acknowledgement can be left out
// without either side's noticing anything but that.
type door struct {
	broker   *Broker
	listener net.Listener
	under    sync.WaitGroup

	mu     sync.Mutex // guards what follows
	closed bool       // whoever connects is turned away
	guests map[*guest]bool
}

// guest is one connection of the SUT.
type guest struct {
	outer, inner net.Conn // to the SUT, to the server

	mu    sync.Mutex        // guards what follows
	asked map[string]string // where the latest request for messages wants them, by consumer
}

func openDoor(at Address, b *Broker) (*door, error) {
	l, err := net.Listen("tcp", at.String())
	if err != nil {
		return nil, fmt.Errorf("start event broker: %w", err)
	}
	d := &door{broker: b, listener: l, guests: map[*guest]bool{}}
	d.under.Go(d.admit)
	return d, nil
}

// admit lets in whoever comes, until the door is closed for good.
func (d *door) admit() {
	for {
		outer, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.under.Go(func() { d.serve(outer) })
	}
}

func (d *door) serve(outer net.Conn) {
	inner, err := net.Dial("tcp", net.JoinHostPort(d.broker.options.Host, strconv.Itoa(d.broker.options.Port)))
	if err != nil {
		_ = outer.Close()
		return
	}
	g := &guest{outer: outer, inner: inner, asked: map[string]string{}}
	if !d.enter(g) {
		g.cut()
		return
	}
	defer d.leave(g)
	var up sync.WaitGroup
	up.Go(func() {
		defer g.cut()
		_ = relay(inner, outer, func(m message) passage { return d.sent(g, m) })
	})
	_ = relay(outer, inner, func(m message) passage { return d.given(g, m) })
	g.cut()
	up.Wait()
}

func (d *door) enter(g *guest) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.guests[g] = true
	}
	return !d.closed
}

func (d *door) leave(g *guest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.guests, g)
}

// shut turns away whoever is there or comes, until it is called with false.
func (d *door) shut(closed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = closed
	if closed {
		for g := range d.guests {
			g.cut()
		}
	}
}

func (d *door) close() error {
	err := d.listener.Close()
	d.shut(true)
	d.under.Wait()
	return err
}

// cut ends both connections, without a word.
func (g *guest) cut() {
	_ = g.outer.Close()
	_ = g.inner.Close()
}

// sent decides about what the SUT sends.
func (d *door) sent(g *guest, m message) passage {
	if consumer, ok := pulls(m.subject); ok {
		g.ask(consumer, m.reply)
		return pass
	}
	seq, ok := acknowledges(m.subject)
	if ok && (len(m.payload) == 0 || bytes.HasPrefix(m.payload, []byte("+ACK"))) {
		return d.broker.acknowledged(seq, m.subject)
	}
	return pass
}

// given decides about what the SUT is given.
func (d *door) given(g *guest, m message) passage {
	seq, ok := acknowledges(m.reply)
	if !ok {
		return pass
	}
	p := d.broker.delivered(seq)
	if p.told != "" { // a push consumer asks for nothing, and is told nothing
		p.told = g.void(consumerOf(m.reply), m.sid)
	}
	return p
}

// ask notes where a request of the SUT wants the consumer's messages.
func (g *guest) ask(consumer, inbox string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked[consumer] = inbox
}

// void is what tells the SUT that its request for the consumer's messages is
// void; "" if it has made none.
func (g *guest) void(consumer, sid string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.asked[consumer] == "" {
		return ""
	}
	return leadershipChange(g.asked[consumer], sid)
}

// passage says what becomes of a message at the door.
type passage struct {
	drop bool   // it is left out
	told string // what its receiver is told right behind it
	cut  bool   // and then the connection ends
}

// What becomes of most messages.
var (
	pass       = passage{}
	drop       = passage{drop: true}
	passAndCut = passage{cut: true}
	// leaderLeaves has the SUT told, if it has asked for messages.
	leaderLeaves = passage{told: "409"}
)

// errCut ends a connection after a message.
var errCut = errors.New("cut off")

// relay hands on what comes from one side to the other, but for the messages
// that decide lets not pass.
func relay(to io.Writer, from io.Reader, decide func(message) passage) error {
	r, w := bufio.NewReaderSize(from, mostHead), bufio.NewWriterSize(to, mostHead)
	var head []byte
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		head = append(head[:0], line...)
		m, err := readHead(string(head))
		if err != nil {
			return err
		}
		what := pass
		if m.size >= 0 {
			if err := m.peek(r); err != nil {
				return err
			}
			what = decide(m)
		}
		if err := handOn(w, r, head, m, what); err != nil {
			return err
		}
	}
}

// mostHead is more than the server takes in a line.
const mostHead = 64 << 10

// peek reads the payload of an acknowledgement, and leaves it there.
func (m *message) peek(r *bufio.Reader) error {
	if _, ok := acknowledges(m.subject); !ok || m.size >= mostHead {
		return nil
	}
	body, err := r.Peek(m.size)
	m.payload = body[min(m.header, len(body)):]
	return err
}

// handOn writes a line and what follows it in r, as was decided.
func handOn(w *bufio.Writer, r *bufio.Reader, head []byte, m message, what passage) error {
	var dst io.Writer = w
	if what.drop {
		dst = io.Discard
	}
	_, err := dst.Write(head)
	if err == nil && m.size >= 0 {
		_, err = io.CopyN(dst, r, int64(m.size)+2)
	}
	if err == nil && what.told != "" {
		_, err = w.WriteString(what.told)
	}
	if err == nil && (r.Buffered() == 0 || what.cut || what.told != "") {
		err = w.Flush()
	}
	if err == nil && what.cut {
		err = errCut
	}
	return err
}
