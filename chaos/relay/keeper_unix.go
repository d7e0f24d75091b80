//go:build unix

package relay

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// A keeper is a socket that is bound and does not listen: the kernel answers
// whoever connects with a reset, and gives the port to nobody else, not even
// for outgoing connections.
type keeper struct {
	fd   int
	once *sync.Once
}

// keep takes at and says which address that is: of port 0, a free one.
func keep(at *net.TCPAddr) (keeper, string, error) {
	family, to := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: at.Port, Addr: [16]byte(at.IP.To16())})
	if ip := at.IP.To4(); ip != nil {
		family, to = unix.AF_INET, &unix.SockaddrInet4{Port: at.Port, Addr: [4]byte(ip)}
	}
	syscall.ForkLock.RLock() // so that no child inherits it
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return keeper{}, "", err
	}
	k := keeper{fd, new(sync.Once)}
	bound := func() (unix.Sockaddr, error) {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
			return nil, err
		}
		if err := unix.Bind(fd, to); err != nil {
			return nil, err
		}
		return unix.Getsockname(fd)
	}
	switch name, err := bound(); name := name.(type) {
	case *unix.SockaddrInet4:
		return k, netip.AddrPortFrom(netip.AddrFrom4(name.Addr), uint16(name.Port)).String(), nil
	case *unix.SockaddrInet6:
		return k, netip.AddrPortFrom(netip.AddrFrom16(name.Addr), uint16(name.Port)).String(), nil
	default:
		return keeper{}, "", errors.Join(err, k.release())
	}
}

func (k keeper) release() (err error) {
	if k.once != nil {
		k.once.Do(func() { err = unix.Close(k.fd) })
	}
	return err
}

// scarce reports whether err will pass when others let go of what they hold.
func scarce(err error) bool {
	for _, e := range []error{unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM, unix.ECONNABORTED} {
		if errors.Is(err, e) {
			return true
		}
	}
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}
