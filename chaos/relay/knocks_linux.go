package relay

import (
	"encoding/binary"
	"io"
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// overhear calls tell for each attempt to connect to an address, whatever
// becomes of it, until what it returns is closed. The kernel shows them to who
// may open raw sockets (CAP_NET_RAW), and for IPv4.
func overhear(at netip.AddrPort, tell func()) (io.Closer, error) {
	if !at.Addr().Is4() {
		return nil, unix.EAFNOSUPPORT
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_TCP)
	if err != nil {
		return nil, err
	}
	only := knocksAt(at)
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(only)), Filter: unsafe.SliceData(only)}); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "knocks")
	go func() { // ends when f is closed
		for b := make([]byte, headers); ; {
			n, err := f.Read(b)
			if err != nil {
				return
			}
			if isKnock(b[:n], at) {
				tell()
			}
		}
	}()
	return f, nil
}

// Flags of a TCP header.
const syn, ack = 0x02, 0x10

// headers is how long those of IPv4 and TCP are at most, without what TCP adds.
const headers = 60 + 20

// isKnock reports whether a packet is what [knocksAt] lets through: that keeps the
// machine's other packets from us, and is attached too late for the first of them.
func isKnock(packet []byte, at netip.AddrPort) bool {
	if len(packet) < 20 {
		return false
	}
	to, segment := netip.AddrFrom4([4]byte(packet[16:20])), packet[min(len(packet), 4*int(packet[0]&0x0f)):]
	return len(segment) >= 14 && binary.BigEndian.Uint16(segment[2:]) == at.Port() && segment[13]&(syn|ack) == syn &&
		(at.Addr().IsUnspecified() || to == at.Addr())
}

// knocksAt is a filter that lets through IPv4 packets whose TCP header has SYN
// and no ACK and that go to an address; to any of the machine's, if it is none.
func knocksAt(at netip.AddrPort) (code []unix.SockFilter) {
	const (
		word, half, octet = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_LD | unix.BPF_H | unix.BPF_IND, unix.BPF_LD | unix.BPF_B | unix.BPF_IND
		equal             = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	)
	pass := []unix.SockFilter{
		{Code: unix.BPF_LDX | unix.BPF_B | unix.BPF_MSH}, // where the TCP header begins
		{Code: half, K: 2}, // port
		{Code: equal, K: uint32(at.Port()), Jf: 4},
		{Code: octet, K: 13}, // flags
		{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: syn | ack},
		{Code: equal, K: syn, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: headers},
		{Code: unix.BPF_RET | unix.BPF_K},
	}
	if at.Addr().IsUnspecified() {
		return pass
	}
	ip := at.Addr().As4()
	to := uint32(ip[0])<<24 | uint32(ip[1])<<16 | uint32(ip[2])<<8 | uint32(ip[3])
	return append([]unix.SockFilter{{Code: word, K: 16}, {Code: equal, K: to, Jf: 7}}, pass...)
}
