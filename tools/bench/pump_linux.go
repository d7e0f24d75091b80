package main

import (
	"net"

	"golang.org/x/sys/unix"
)

// pump is a build that only pumps bytes, as cheaply as that can be done: one
// thread that reads what is there and writes it to the other side.
type pump struct {
	l     net.Listener
	to    string
	ep    int
	other []int // of a descriptor; 0 is none
}

// newPump starts one, in this process: its cost is nobody's.
func newPump(to string) (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &pump{l: l, to: to, other: make([]int, 1<<16)}
	if p.ep, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	go p.accept()
	go p.run()
	return l, nil
}

func (p *pump) accept() {
	for {
		c, err := p.l.Accept()
		if err != nil {
			return
		}
		up, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = c.Close()
			continue
		}
		a, b := descriptor(c), descriptor(up)
		p.other[a], p.other[b] = b, a
		for _, fd := range []int{a, b} {
			_ = unix.EpollCtl(p.ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
		}
	}
}

// descriptor takes that of a connection away from Go's poller.
func descriptor(c net.Conn) (fd int) {
	defer c.Close()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err == nil {
		err = raw.Control(func(old uintptr) { fd, _ = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) })
	}
	if err != nil {
		return 0
	}
	return fd
}

func (p *pump) run() {
	var events [128]unix.EpollEvent
	b := make([]byte, 256<<10)
	for {
		n, err := unix.EpollWait(p.ep, events[:], -1)
		if err != nil && err != unix.EINTR {
			return
		}
		for _, ev := range events[:max(n, 0)] {
			from := int(ev.Fd)
			to := p.other[from]
			if to == 0 {
				continue
			}
			if k, err := unix.Read(from, b); err == unix.EAGAIN || err == nil && k > 0 && writeAll(to, b[:k]) {
				continue
			}
			p.other[from], p.other[to] = 0, 0
			_, _ = unix.Close(from), unix.Close(to)
		}
	}
}

// writeAll writes b, waiting for room where there is none.
func writeAll(fd int, b []byte) bool {
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		if err == unix.EAGAIN {
			_, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, -1)
			n = 0
		}
		if err != nil && err != unix.EINTR {
			return false
		}
		b = b[max(n, 0):]
	}
	return true
}
