//go:build !unix

package relay

// read takes a buffer and waits for bytes.
func (p *pump) read() (err error) {
	if p.buf == nil {
		p.buf = buffers.Get().(*[size]byte)
	}
	p.n, err = p.from.Read(p.buf[:])
	if p.n > 0 {
		return nil // an error comes again
	}
	p.release()
	return err
}

func (p *pump) taker() func(fd uintptr) bool { return nil }

// release gives the buffer back.
func (p *pump) release() {
	if p.buf != nil {
		buffers.Put(p.buf)
		p.buf = nil
	}
}
