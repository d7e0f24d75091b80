package bundle

import (
	"os"
	"sync"
)

// journalFile takes whole lines from the journal, redacts them and hands them
// to the operating system in one write.
type journalFile struct {
	out      *os.File
	redactor *Redactor
	payloads *payloadFile

	mu  sync.Mutex // guards what follows
	err error
}

// Write implements io.Writer. After a failure nothing more is written: a line
// cut by a full disk must stay the last one, so that readers see where the
// evidence ends.
func (f *journalFile) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return 0, f.err
	}
	if f.err = f.payloads.flush(); f.err != nil {
		return 0, f.err
	}
	if _, f.err = f.out.Write(f.redactor.Line(p)); f.err != nil {
		return 0, f.err
	}
	return len(p), nil
}

func (f *journalFile) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// maxLogLine is how much of a line without an end is kept in memory.
const maxLogLine = 64 << 10

// logStream cuts one output stream of the SUT into lines and redacts them.
type logStream struct {
	out      *os.File
	redactor *Redactor

	mu      sync.Mutex // guards what follows
	pending []byte
	err     error
}

// Write implements io.Writer and always succeeds.
func (s *logStream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = append(s.pending, p...)
	n := lastLine(s.pending)
	if len(s.pending)-n > maxLogLine {
		n = s.redactor.safeCut(s.pending)
	}
	s.emit(n)
	return len(p), nil
}

// emit writes the first n bytes that are pending.
func (s *logStream) emit(n int) {
	if n == 0 {
		return
	}
	if _, err := s.out.Write(s.redactor.Text(s.pending[:n])); err != nil && s.err == nil {
		s.err = err
	}
	s.pending = append(s.pending[:0], s.pending[n:]...)
}

// finish writes a last line that has no end.
func (s *logStream) finish() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emit(len(s.pending))
	return s.err
}

// lastLine returns how many bytes of b are whole lines.
func lastLine(b []byte) int {
	for i := len(b); i > 0; i-- {
		if b[i-1] == '\n' {
			return i
		}
	}
	return 0
}
