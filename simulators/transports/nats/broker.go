// Package nats moves messages over NATS JetStream: announcements are events on
// a stream that the SUT consumes, requests of the SUT are answered on their
// reply subject.
//
// It knows subjects and streams; what the messages say is the dialect's.
package nats

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/andon-rig/andon/simulators"
)

// Stream holds everything that the simulated systems announce, on subjects
// andon.<endpoint>.<name>.
const Stream = "ANDON"

// Broker is an embedded NATS server with JetStream, on the loopback interface.
type Broker struct {
	server *server.Server
}

// StartBroker starts a server at listen ("" means a free port of the loopback
// interface) that keeps its streams below dir.
func StartBroker(listen Address, dir string) (*Broker, error) {
	s, err := server.NewServer(&server.Options{
		ServerName: "andon", Host: listen.host(), Port: listen.port(), JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true,
		DontListen: false,
	})
	if err != nil {
		return nil, fmt.Errorf("start event broker: %w", err)
	}
	go s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		s.Shutdown()
		return nil, errors.New("start event broker: it was not ready within 10 s; is its port in use?")
	}
	return &Broker{s}, nil
}

// URL is where clients connect.
func (b *Broker) URL() string { return b.server.ClientURL() }

// Close ends the server and waits until it has ended.
func (b *Broker) Close() error {
	b.server.Shutdown()
	b.server.WaitForShutdown()
	return nil
}

// Address is a host and port to listen on; the zero value is a free port of
// the loopback interface.
type Address struct {
	Host string
	Port int
}

func (a Address) host() string {
	if a.Host == "" {
		return "127.0.0.1"
	}
	return a.Host
}

func (a Address) port() int {
	if a.Port == 0 {
		return server.RANDOM_PORT
	}
	return a.Port
}

// Mishaps lists what can befall a message at this broker.
func Mishaps() []simulators.MishapKind { return nil }

// dial connects to a broker and makes sure that the stream is there.
func dial(url, name string) (*nats.Conn, jetstream.JetStream, error) {
	c, err := nats.Connect(url, nats.Name("andon "+name), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		return nil, nil, fmt.Errorf("connect to event broker %s: %w", url, err)
	}
	js, err := jetstream.New(c)
	if err != nil {
		c.Close()
		return nil, nil, fmt.Errorf("use JetStream of %s: %w", url, err)
	}
	return c, js, nil
}
