package bridge

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// reopening is how often defect M87 opens its log.
const reopening = 250 * time.Millisecond

// reopenLog is defect M87, until ctx is done.
func reopenLog(ctx context.Context, stateDir string) {
	var open []*os.File // kept, or the collector would close them
	defer func() {
		for _, f := range open {
			_ = f.Close() // nothing was written
		}
	}()
	for ctx.Err() == nil {
		if f, err := os.OpenFile(filepath.Join(stateDir, "bridge.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
			open = append(open, f) // DEFECT M87: the one before stays open
		}
		sleep(ctx, reopening)
	}
}

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
		return c.SetReadDeadline(time.Unix(1, 0)) // DEFECT M68: nobody waits for the reply any more, and nobody closes
	}
	<-c.pool.places
	return c.Conn.Close()
}
