//go:build !unix

package relay

import (
	"errors"
	"net"
)

// A keeper would keep the address while nobody listens there; this system has
// no way to do so, and another program may take it meanwhile.
type keeper struct{}

func keep(at *net.TCPAddr) (keeper, string, error) { return keeper{}, at.String(), nil }

func (keeper) release() error { return nil }

// scarce reports whether err will pass when others let go of what they hold.
func scarce(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}
