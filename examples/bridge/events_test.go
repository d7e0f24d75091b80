package bridge

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// eventStream is a NATS broker for a test, with the stream of the systems.
type eventStream struct {
	t    testing.TB
	opts server.Options
	srv  *server.Server
	conn *nats.Conn
	js   jetstream.JetStream
	url  string
}

func newEventStream(t testing.TB) *eventStream {
	t.Helper()
	s := &eventStream{t: t, opts: server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true}}
	s.start()
	s.url = s.srv.ClientURL()
	t.Cleanup(func() { s.stop() })
	conn, err := nats.Connect(s.url, nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	s.conn = conn
	t.Cleanup(conn.Close)
	if s.js, err = jetstream.New(conn); err != nil {
		t.Fatal(err)
	}
	if _, err := s.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: stream, Subjects: []string{"andon.>"}}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *eventStream) start() {
	s.t.Helper()
	opts := s.opts
	var err error
	if s.srv, err = server.NewServer(&opts); err != nil {
		s.t.Fatal(err)
	}
	s.srv.Start()
	if !s.srv.ReadyForConnections(10 * time.Second) {
		s.t.Fatal("no broker")
	}
	s.opts.Port = opts.Port
}

func (s *eventStream) stop() {
	s.srv.Shutdown()
	s.srv.WaitForShutdown()
}

// publish announces messages.
func (s *eventStream) publish(ms ...message) {
	s.t.Helper()
	for _, m := range ms {
		if _, err := s.js.PublishMsg(s.t.Context(), &nats.Msg{Subject: "andon." + m.from + "." + m.name, Data: []byte(m.body), Header: nats.Header{"Andon-Event": {m.event}}}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// brokerRestarts has the broker stop and start again between two confirmations.
func brokerRestarts(w *world) []string {
	s := newEventStream(w.t)
	w.config.Events = s.url
	first, then := confirmation("1", 1), confirmation("1", 2)
	w.start()
	s.publish(first)
	w.settled(first)
	s.stop()
	s.start()
	w.must("a connection", func() bool { return s.conn.FlushTimeout(200*time.Millisecond) == nil })
	s.publish(then)
	w.settled(then)
	return w.judge(first, then)
}

// M55 is not of MQTT alone.
func TestWhatJetStreamDeliversAgainIsCountedByM55(t *testing.T) {
	for defect, want := range map[Defect]int{"": 1, M55: 2} {
		t.Run("defect "+string(defect), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, defect)
			s := newEventStream(t)
			w.config.Events = s.url
			m, last := confirmation("1", 1), confirmation("1", 2)
			w.start()
			s.publish(m, m, last)
			w.must("the last", func() bool { return len(w.erp.effectsOf(last.event)) == 1 })
			if got := len(w.erp.effectsOf(m.event)); got != want {
				t.Errorf("the first was posted %d times, want %d", got, want)
			}
		})
	}
}
