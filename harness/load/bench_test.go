package load

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strconv"
	"testing"
	"time"
)

// BenchmarkEmit sends over 32 connections to a server that does next to
// nothing, in this process.
func BenchmarkEmit(b *testing.B) {
	for range b.N {
		c := small(b, &rude{serve: func(_ int64, c net.Conn, r *bufio.Reader) { swallow(c, r) }}, closed(time.Second))
		c.Listen, c.Emit.Connections = "", 32
		res, err := Run(b.Context(), c)
		if err != nil || res.Verdict != Held {
			b.Fatal(err, res)
		}
		b.ReportMetric(res.SentRate, "req/s")
		b.ReportMetric(res.RigCPUPer1M, "CPU-s/1M")
	}
}

// swallow answers 201 to whatever says its length.
func swallow(c net.Conn, r *bufio.Reader) {
	for length := 0; ; {
		l, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		if v, ok := bytes.CutPrefix(l, []byte("Content-Length: ")); ok {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(v)))
		}
		if len(l) > 2 {
			continue
		}
		if _, err := r.Discard(length); err != nil {
			return
		}
		if _, err := io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"); err != nil {
			return
		}
	}
}
