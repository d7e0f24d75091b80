// Package nats moves messages over NATS JetStream: announcements are events on
// a stream that the SUT consumes, requests of the SUT are answered on their
// reply subject.
//
// It knows subjects and streams; what the messages say is the dialect's.
package nats

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Stream holds everything that the simulated systems announce, on subjects
// andon.<endpoint>.<name>.
const Stream = "ANDON"

// Broker is an embedded NATS server with JetStream, on the loopback interface.
// The SUT comes in by a door of its own, where what befalls a message at a
// broker is carried out; the rig does not.
type Broker struct {
	options server.Options
	door    *door
	hands   *nats.Conn // the rig's own way in, for what the broker does by itself

	life   sync.RWMutex // held for writing while there is no server
	server *server.Server

	mu      sync.Mutex         // guards what follows, and that nothing is delivered before it is known
	parcels map[uint64]*parcel // that something befalls, by their place on the stream
	idle    map[string]*parcel // of them, those that nobody waits for now, by what they are
	ours    []*nats.Conn       // connections of the rig
}

// StartBroker starts a server that keeps its streams below dir, with a door at
// listen (the zero value means a free port of the loopback interface).
func StartBroker(listen Address, dir string) (*Broker, error) {
	b := &Broker{parcels: map[uint64]*parcel{}, idle: map[string]*parcel{}, options: server.Options{
		ServerName: "andon", Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true,
	}}
	var err error
	if b.server, err = b.start(); err != nil {
		return nil, err
	}
	b.options.Port = b.server.Addr().(*net.TCPAddr).Port // the same after a restart
	if b.hands, err = connect(b.Inside(), "broker"); err == nil {
		b.ours = append(b.ours, b.hands)
		b.door, err = openDoor(listen, b)
	}
	if err != nil {
		b.stop()
		return nil, err
	}
	return b, nil
}

// start starts the server on what it has on its disk.
func (b *Broker) start() (*server.Server, error) {
	options := b.options
	s, err := server.NewServer(&options)
	if err != nil {
		return nil, fmt.Errorf("start event broker: %w", err)
	}
	go s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		s.Shutdown()
		return nil, errors.New("start event broker: it was not ready within 10 s; is its port in use?")
	}
	return s, nil
}

// stop ends the server and waits until it has ended.
func (b *Broker) stop() {
	b.server.Shutdown()
	b.server.WaitForShutdown()
}

// restart ends the server, keeps it away for a time and starts it again from
// its disk. Whoever is connected loses the connection.
func (b *Broker) restart(ctx context.Context, away time.Duration) error {
	b.life.Lock() // what is being published is on the stream first
	defer b.life.Unlock()
	b.door.shut(true)
	defer b.door.shut(false)
	b.stop()
	over := time.NewTimer(away)
	defer over.Stop()
	select {
	case <-over.C:
	case <-ctx.Done(): // it comes back all the same
	}
	s, err := b.start()
	if err != nil {
		return err
	}
	b.server = s
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.ours {
		b.reconnected(c)
	}
	return nil
}

// reconnected waits until c has noticed that its server is another, so that
// nothing is said to the one that is gone.
func (*Broker) reconnected(c *nats.Conn) {
	for until := time.Now().Add(5 * time.Second); !c.IsClosed() && time.Now().Before(until); {
		if c.FlushTimeout(200*time.Millisecond) == nil {
			return
		}
		time.Sleep(5 * time.Millisecond) // a connection that is not there says so at once
	}
}

// Lag is how many messages wait on the stream for consumers to acknowledge
// them; -1 if the broker does not say.
func (b *Broker) Lag(ctx context.Context) int {
	n := 0
	err := b.consumers(ctx, func(i *jetstream.ConsumerInfo) { n += int(i.NumPending) + i.NumAckPending })
	if err != nil {
		return -1
	}
	return n
}

// consumers asks the broker for the consumers of the stream.
func (b *Broker) consumers(ctx context.Context, do func(*jetstream.ConsumerInfo)) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	js, err := jetstream.New(b.hands)
	if err != nil {
		return err
	}
	s, err := js.Stream(ctx, Stream)
	if err != nil {
		return err
	}
	list := s.ListConsumers(ctx)
	for i := range list.Info() {
		do(i)
	}
	return list.Err()
}

// URL is where clients connect.
func (b *Broker) URL() string { return "nats://" + b.door.listener.Addr().String() }

// Inside is where the rig itself connects.
func (b *Broker) Inside() string {
	return "nats://" + net.JoinHostPort(b.options.Host, strconv.Itoa(b.options.Port))
}

// Close ends the server and waits until it has ended.
func (b *Broker) Close() error {
	err := b.door.close()
	b.hands.Close()
	b.life.Lock()
	defer b.life.Unlock()
	b.stop()
	return err
}

// Address is a host and port to listen on; the zero value is a free port of
// the loopback interface.
type Address struct {
	Host string
	Port int
}

func (a Address) String() string {
	if a.Host == "" {
		a.Host = "127.0.0.1"
	}
	return net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
}

// connect opens a connection that stays.
func connect(url, name string) (*nats.Conn, error) {
	c, err := nats.Connect(url, nats.Name("andon "+name), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.ReconnectJitter(0, 0))
	if err != nil {
		return nil, fmt.Errorf("connect to event broker %s: %w", url, err)
	}
	return c, nil
}

// dial connects to a broker and opens its streams.
func dial(url, name string) (*nats.Conn, jetstream.JetStream, error) {
	c, err := connect(url, name)
	if err != nil {
		return nil, nil, err
	}
	js, err := jetstream.New(c)
	if err != nil {
		c.Close()
		return nil, nil, fmt.Errorf("use JetStream of %s: %w", url, err)
	}
	return c, js, nil
}
