package mqtt

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// ends closes a broker, which must not take longer than a moment.
func ends(t *testing.T, b *Broker) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- b.Close() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the broker does not end")
	}
}

// TestABrokerEndsWhileClientsLeave: whoever leaves wants to write in the list of
// clients that the broker reads meanwhile.
func TestABrokerEndsWhileClientsLeave(t *testing.T) {
	for range 50 {
		b, err := StartBroker("")
		if err != nil {
			t.Fatal(err)
		}
		over := make(chan struct{})
		for range 4 {
			go func() {
				for {
					select {
					case <-over:
						return
					default:
						b.server.Clients.Delete("nobody")
					}
				}
			}()
		}
		ends(t, b)
		close(over)
	}
}

// TestABrokerEndsBeforeAClientSaysAnything: somebody has connected and is still
// silent, and somebody else, who came later, has been let in.
func TestABrokerEndsBeforeAClientSaysAnything(t *testing.T) {
	b, err := StartBroker("")
	if err != nil {
		t.Fatal(err)
	}
	var both [2]net.Conn
	for i := range both {
		if both[i], err = net.Dial("tcp", strings.TrimPrefix(b.URL(), "mqtt://")); err != nil {
			t.Fatal(err)
		}
		defer both[i].Close()
		_ = both[i].SetDeadline(time.Now().Add(20 * time.Second))
	}
	connect := []byte("\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01a")
	if _, err := both[1].Write(connect); err != nil {
		t.Fatal(err)
	}
	if n, err := io.ReadFull(both[1], make([]byte, 4)); err != nil {
		t.Fatalf("%d bytes of CONNACK: %v", n, err)
	}
	ends(t, b)
	for i, c := range both {
		if said, err := io.ReadAll(c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("connection %d is open, and %q came", i, said)
		}
	}
}
