package relay

import (
	"bytes"
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
// port and has had no answer so far. The kernel lists sockets whose SYN is out.
func knocking(port int) bool {
	at := fmt.Appendf(nil, ":%04X", port)
	for _, list := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, err := os.ReadFile(list)
		if err != nil {
			continue // no such protocol here
		}
		for line := range bytes.Lines(b) {
			// sl local_address rem_address st ...
			if f := bytes.Fields(line); len(f) > 3 && bytes.HasSuffix(f[2], at) && string(f[3]) == synSent {
				return true
			}
		}
	}
	return false
}

// synSent is a state of a socket, as the kernel's list has it.
const synSent = "02"

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
