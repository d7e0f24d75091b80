//go:build unix

package relay

import (
	"io"
	"syscall"
)

// read waits for bytes without a buffer, and takes one when they are there: an
// idle connection holds none.
func (p *pump) read() error {
	p.n, p.err = 0, nil
	if err := p.raw.Read(p.take); err != nil {
		p.release()
		return err
	}
	if p.err != nil || p.n == 0 {
		p.release()
		if p.err == nil {
			p.err = io.EOF
		}
	}
	return p.err
}

// taker makes what raw.Read calls whenever there may be something to read.
func (p *pump) taker() func(fd uintptr) bool {
	return func(fd uintptr) bool {
		if p.buf == nil {
			p.buf = buffers.Get().(*[size]byte)
		}
		for {
			p.n, p.err = syscall.Read(int(fd), p.buf[:])
			switch p.err {
			case syscall.EINTR:
				continue
			case syscall.EAGAIN:
				p.release()
				return false
			}
			return true
		}
	}
}

// release gives the buffer back.
func (p *pump) release() {
	if p.buf != nil {
		buffers.Put(p.buf)
		p.buf = nil
	}
}
