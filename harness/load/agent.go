package load

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/andon-rig/andon/harness/load/fleet"
	"github.com/andon-rig/andon/internal/cputime"
)

// Kinds of reports of agents.
const (
	reportJournal    = "journal"    // whole blocks of sent.bin; numbers are the piece's own
	reportHistograms = "histograms" // lines of a histogram log
	reportDone       = "done"       // a finalReport; nothing comes after it
)

// finalReport is the last that an agent says of a piece.
type finalReport struct {
	Sent    map[string]int64 // of [Sent]
	Pacer   string
	Sending time.Duration
	CPU     time.Duration
	Memory  int64
	Bound   time.Duration // of its clock against the hub's, from first to last
}

// A Worker sends pieces of plans for an agent.
type Worker struct {
	// Targets are builds on other machines that it may send to, by host or
	// host:port.
	Targets []string

	send func(ctx context.Context, e *emitter, res *Result) error // nil sends
}

// often is how often a worker reports what is new.
const often = 100 * time.Millisecond

// Do carries out a piece; it is what an agent does.
func (w Worker) Do(ctx context.Context, t *fleet.Task) (err error) {
	var p piece
	if err := json.Unmarshal(t.Work, &p); err != nil {
		return fmt.Errorf("read the piece: %w", err)
	}
	if err := p.allowed(w.Targets); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "andon-agent-*")
	if err != nil {
		return fmt.Errorf("make a directory for the journal: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	j, err := CreateJournal(dir)
	if err != nil {
		return err
	}
	s := &shipper{task: t, path: filepath.Join(dir, sentFile), at: int64(len(magic))}
	r := &run{start: t.Clock.Zero, wording: p.Words.of(p.part()), ledger: NewLedger(0, 1), meter: NewMeter(runtime.GOMAXPROCS(0), s, p.Words.Mix()), journal: j, keys: newKeyTable()}
	res, err := w.play(ctx, t, r, &p, s)
	if err != nil && (res == nil || !errors.Is(err, fleet.ErrOver)) {
		return err
	}
	// Who was stopped in the middle knows all the same what it has sent.
	ctx = context.WithoutCancel(ctx)
	return errors.Join(err, s.done(ctx, t, finalReport{Sent: r.out.counts(), Pacer: res.Pacer, Sending: res.Sending, CPU: cputime.Used(), Memory: peakMemory(), Bound: t.Bound(ctx)}))
}

// play waits for the start, sends, and reports meanwhile. When it returns, all
// but the final report is on its way.
func (w Worker) play(ctx context.Context, t *fleet.Task, r *run, p *piece, s *shipper) (_ *Result, err error) {
	closed := false
	end := func() error {
		if closed {
			return nil
		}
		closed = true
		return errors.Join(r.meter.Close(), r.journal.Close())
	}
	defer func() { err = errors.Join(err, end()) }()
	p.Emit.Flush = often
	sends, e, err := r.local(&Config{Shape: p.Shape.of(p.part()), Emit: p.Emit}, p.Webhook)
	if err != nil {
		return nil, err
	}
	order, err := t.Await(ctx, func() any { return r.out.counts() })
	if err != nil {
		return nil, err
	}
	e.starts = order.Start
	e.next.Store(order.From)
	send, stop := w.send, s.start(ctx)
	if send == nil {
		send = func(ctx context.Context, _ *emitter, res *Result) error { return sends.emit(ctx, res) }
	}
	res := &Result{}
	err = errors.Join(send(ctx, e, res), end(), stop())
	return res, cmp.Or(err, context.Cause(ctx))
}

// A shipper reports what is new in a journal and in histograms.
type shipper struct {
	task *fleet.Task
	path string // of the journal's file
	at   int64  // what is before has been reported

	mu    sync.Mutex // guards what follows
	lines bytes.Buffer
}

// mostReport is how many bytes a report has: NATS servers take a million.
const mostReport = 256 << 10

// Write takes lines of a histogram log.
func (s *shipper) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines.Write(b)
}

// start reports every now and then until stop is called, which reports the rest.
func (s *shipper) start(ctx context.Context) (stop func() error) {
	end, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		tick := time.NewTicker(often)
		defer tick.Stop()
		for {
			select {
			case <-end:
				ended <- s.ship(context.WithoutCancel(ctx))
				return
			case <-tick.C:
				if err := s.ship(ctx); err != nil && ctx.Err() == nil {
					ended <- err
					return
				}
			}
		}
	}()
	return func() error {
		close(end)
		return <-ended
	}
}

// ship reports what is new.
func (s *shipper) ship(ctx context.Context) error {
	for {
		blocks, err := s.blocks()
		if err != nil {
			return err
		}
		if len(blocks) == 0 {
			break
		}
		if err := s.task.Report(ctx, reportJournal, blocks); err != nil {
			return err
		}
		s.at += int64(len(blocks))
	}
	for {
		lines := s.someLines()
		if len(lines) == 0 {
			return nil
		}
		if err := s.task.Report(ctx, reportHistograms, lines); err != nil {
			return err
		}
	}
}

// someLines takes whole lines away, as many as fit into a report.
func (s *shipper) someLines() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.lines.Bytes()
	n := bytes.LastIndexByte(b[:min(len(b), mostReport)], '\n') + 1
	return bytes.Clone(s.lines.Next(n))
}

// blocks returns the whole blocks that are new, as many as fit into a report.
func (s *shipper) blocks() ([]byte, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, fmt.Errorf("report the journal: %w", err)
	}
	defer f.Close()
	b := make([]byte, mostReport)
	n, err := f.ReadAt(b, s.at)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("report the journal: %w", err)
	}
	whole := 0
	for whole+blockHead <= n {
		size := blockHead + int(binary.LittleEndian.Uint32(b[whole:]))
		if whole+size > n {
			break
		}
		whole += size
	}
	return b[:whole], nil
}

// done is the final report.
func (s *shipper) done(ctx context.Context, t *fleet.Task, f finalReport) error {
	body, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("word the final report: %w", err)
	}
	return t.Report(ctx, reportDone, body)
}
