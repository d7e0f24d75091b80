package files

import (
	"errors"
	"path"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// An Operation is what somebody does to a file through a server.
type Operation string

// Operations.
const (
	OpRead   Operation = "read"   // opens it to read
	OpRemove Operation = "remove" // removes it, or moves it away
	OpWrite  Operation = "write"  // has written it to its end, or given it its name
)

// Errors that a server is to answer with.
var (
	ErrLocked = errors.New("the file is in use by another process")
	ErrDenied = errors.New("permission denied")
)

// May asks whether an operation on a file of the share ("out/orders.000001.csv")
// is allowed now.
func (t *Transport) May(op Operation, name string) error {
	file, ok := strings.CutPrefix(clean(name), Out+"/")
	if !ok || op == OpWrite {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.kept[file]
	if k == nil {
		return nil
	}
	if m := k.m.Mishap; m != nil && m.Kind == simulators.FileLocked && time.Since(k.since) < m.For {
		return ErrLocked
	}
	if op == OpRemove && k.left > 0 {
		k.left--
		return ErrDenied
	}
	return nil
}

// Did reports an operation that has succeeded. A file that is complete in in/
// is imported before Did returns; the error is what its sender must feel, a
// [*simulators.LostError].
func (t *Transport) Did(op Operation, name string) error {
	folder, file, ok := strings.Cut(clean(name), "/")
	switch {
	case !ok:
	case folder == Out && op == OpRemove:
		t.gone(file)
	case folder == In && op == OpWrite:
		if _, _, is := parseName(file); is && t.begin(file) {
			defer t.imports.Done()
			return t.take(file)
		}
	}
	return nil
}

// Stopping is closed when Serve is told to end.
func (t *Transport) Stopping() <-chan struct{} { return t.stopping }

func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }
