package mqtt

import (
	"net"
	"sync"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// A door is where clients come in. It ends their connections itself: the server
// locks its clients twice to list those of a listener, and stands still for ever if
// one of them leaves in between, as it does when a connection is not known to it yet.
type door struct {
	*listeners.Net
	server *mochi.Server
	from   *connections
}

func newDoor(server *mochi.Server, l net.Listener) *door {
	c := &connections{Listener: l, open: map[*connection]bool{}}
	return &door{Net: listeners.NewNet("tcp", c), server: server, from: c}
}

// Close implements [listeners.Listener]. Clients are told why.
func (d *door) Close(listeners.CloseFn) {
	d.Net.Close(func(id string) {
		for _, c := range d.server.Clients.GetAll() {
			if c.Net.Listener == id && !c.Closed() {
				_ = d.server.DisconnectClient(c, packets.ErrServerShuttingDown)
			}
		}
	})
	d.from.end()
}

// connections are those that a listener has let in and that are open.
type connections struct {
	net.Listener

	mu    sync.Mutex // guards what follows
	open  map[*connection]bool
	ended bool
}

type connection struct {
	net.Conn
	of *connections
}

// Accept implements [net.Listener].
func (c *connections) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	one := &connection{conn, c}
	c.open[one] = true
	return one, nil
}

// Close implements [net.Conn].
func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// end closes what is open.
func (c *connections) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for one := range c.open {
		_ = one.Conn.Close()
	}
}
