package relay

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// most connections that a listener takes in advance; the kernel has a limit of
// its own.
const backlog = 4096

// silence has a listener that nobody accepts from leave SYNs unanswered: its
// queue is made as short as can be and filled with callers of our own. Linux
// drops the SYNs of those for whom there is no room. What it returns ends that.
func silence(l *net.TCPListener) (*fillers, error) {
	if err := onSocket(l, func(fd int) error { return unix.Listen(fd, 0) }); err != nil {
		return nil, err
	}
	f := &fillers{}
	for range 2 { // a queue of length n holds n+1
		c, err := net.DialTimeout("tcp", l.Addr().String(), fillTime)
		if err != nil {
			break // full already: somebody else is in it
		}
		f.conns = append(f.conns, c.(*net.TCPConn))
	}
	return f, nil
}

// fillTime is long enough for a connection to oneself.
const fillTime = 20 * time.Millisecond

// speak gives a listener its queue back. The fillers end; they are still in
// the queue, and known by their addresses.
func (f *fillers) speak(l *net.TCPListener) error {
	for _, c := range f.conns {
		_ = c.Close()
	}
	return onSocket(l, func(fd int) error { return unix.Listen(fd, backlog) })
}

// peerGone reports whether the other end has closed or reset c, also if nobody
// has read so far.
func peerGone(c *net.TCPConn) bool {
	gone := false
	err := onSocket(c, func(fd int) error {
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		gone = err == nil && info.State != unix.BPF_TCP_ESTABLISHED && info.State != unix.BPF_TCP_FIN_WAIT1 && info.State != unix.BPF_TCP_FIN_WAIT2
		return err
	})
	return err != nil || gone
}

// knocking reports whether somebody on this machine is trying to connect to a
// port and has had no answer so far. The kernel knows sockets whose SYN is out,
// and finds them among many; where it cannot be asked there is a list of all.
func knocking(port int) bool {
	for family, list := range map[uint8]string{unix.AF_INET: "/proc/net/tcp", unix.AF_INET6: "/proc/net/tcp6"} {
		out, err := synIsOut(family, uint16(port))
		if err != nil {
			out = synIsListed(list, port)
		}
		if out {
			return true
		}
	}
	return false
}

// synSent is a state of a socket.
const synSent = 2

// synIsOut asks the kernel for sockets whose SYN to a port is out: sock_diag(7).
func synIsOut(family uint8, port uint16) (bool, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return false, err
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1}); err != nil {
		return false, err
	}
	const inetDiagRequest = 56 // family, protocol, two octets, states, and an address of 48 octets: from port, to port, …
	ask := make([]byte, unix.NLMSG_HDRLEN+inetDiagRequest)
	binary.NativeEndian.PutUint32(ask, uint32(len(ask)))
	binary.NativeEndian.PutUint16(ask[4:], unix.SOCK_DIAG_BY_FAMILY)
	binary.NativeEndian.PutUint16(ask[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	body := ask[unix.NLMSG_HDRLEN:]
	body[0], body[1] = family, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(body[4:], 1<<synSent)
	binary.BigEndian.PutUint16(body[10:], port)
	if err := unix.Sendto(fd, ask, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return false, err
	}
	reply := make([]byte, os.Getpagesize())
	n, _, err := unix.Recvfrom(fd, reply, 0)
	if err != nil {
		return false, err
	}
	if n < unix.NLMSG_HDRLEN {
		return false, unix.EBADMSG
	}
	switch binary.NativeEndian.Uint16(reply[4:]) {
	case unix.SOCK_DIAG_BY_FAMILY:
		return true, nil
	case unix.NLMSG_DONE:
		return false, nil
	}
	return false, unix.ENOTSUP
}

// synIsListed looks for such a socket in a list of all.
func synIsListed(list string, port int) bool {
	b, err := os.ReadFile(list)
	if err != nil {
		return false // no such protocol here
	}
	at, state := fmt.Appendf(nil, ":%04X", port), fmt.Appendf(nil, "%02X", synSent)
	for line := range bytes.Lines(b) {
		// sl local_address rem_address st ...
		if f := bytes.Fields(line); len(f) > 3 && bytes.HasSuffix(f[2], at) && bytes.Equal(f[3], state) {
			return true
		}
	}
	return false
}

func onSocket(s syscall.Conn, do func(fd int) error) error {
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = do(int(fd)) }); err != nil {
		return err
	}
	if inner != nil {
		return fmt.Errorf("set socket option: %w", inner)
	}
	return nil
}
