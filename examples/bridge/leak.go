package bridge

import (
	"context"
	"net"
	"sync/atomic"
)

// pooled is how many connections to one endpoint defect M68 has room for.
const pooled = 6

// leaky is defect M68: a pool of connections with a place for each. The place
// of a connection that is closed while a reply is owed on it is never given
// back, and neither is the connection.
type leaky struct{ places chan struct{} }

func newLeaky() *leaky { return &leaky{make(chan struct{}, pooled)} }

func (l *leaky) dial(ctx context.Context, network, address string) (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		<-l.places
		return nil, err
	}
	return &leakyConn{Conn: c, pool: l}, nil
}

// leakyConn is a connection of such a pool.
type leakyConn struct {
	net.Conn
	pool   *leaky
	owed   atomic.Bool // a request was sent, and nothing has come back
	closed atomic.Bool
}

func (c *leakyConn) Write(b []byte) (int, error) {
	c.owed.Store(true)
	return c.Conn.Write(b)
}

func (c *leakyConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.owed.Store(false)
	}
	return n, err
}

func (c *leakyConn) Close() error {
	if c.owed.Load() || c.closed.Swap(true) {
		return nil // DEFECT M68: whoever waits for a reply closes later
	}
	<-c.pool.places
	return c.Conn.Close()
}
