// Package files moves messages as files in a folder: what the system exports
// lies in out/ until the SUT takes it away, what the SUT leaves in in/ is
// imported, and a result says what became of it.
//
// It knows neither dialects nor faults. What a fault wants done to a file is a
// [simulators.Mishap] of the message. Package sftp beside it puts a server in
// front of the folder.
package files

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// Folders of a share, seen from the system that is played.
const (
	In       = "in"       // what the SUT leaves for the system
	Result   = "result"   // what became of it, a file for each
	Archive  = "archive"  // files of the SUT that were imported, in whole or in part
	Error    = "error"    // files of the SUT of which nothing was imported
	Out      = "out"      // what the system leaves for the SUT; to take it is to remove it or to move it away
	Rejected = "rejected" // where the SUT moves what it will not take
	answers  = "answers"  // what the other side says to files of out/, where it answers at all
)

// Folders lists what a share has.
func Folders() []string { return []string{In, Result, Archive, Error, Out, Rejected} }

// Ready says how one knows that a file is complete.
type Ready string

// Ways to know that a file is complete.
const (
	ReadyRename Ready = "rename" // it gets its name when it is; names that begin with a dot or end with .tmp, .part or .filepart are no names yet
	ReadyMarker Ready = "marker" // a second file of the same name with .ctl at its end says so, and carries its headers
)

// Config is what a transport is made of. The zero value of all but Root is
// ready for use.
type Config struct {
	Root      string // the share; its folders are made if they are missing
	Extension string // of files that are written; "" means csv
	Ready     Ready  // "" means rename
	// Answered is true if the other side answers each file with a result, as
	// two transports that send to each other do.
	Answered bool
	// Attended is true if a server reports what the SUT does with files, see
	// [Transport.Did]: then in/ is not looked through.
	Attended bool
	Poll     time.Duration // between looks into the folders; 0 means 10 ms
	MaxBody  int64         // bytes taken of a file; 0 means 8 MiB
	Log      *slog.Logger  // nil discards
}

const (
	defaultPoll = 10 * time.Millisecond
	defaultMax  = 8 << 20
	grace       = 2 * time.Second        // for what is under way when Serve is told to end
	patience    = 250 * time.Millisecond // with one import before the next begins
)

// Transport is a simulators.Transport over a folder.
type Transport struct {
	config   Config
	serving  atomic.Bool
	stopping chan struct{} // closed when Serve is told to end
	receive  atomic.Pointer[func(simulators.Message) (simulators.Message, error)]
	imports  sync.WaitGroup // files of the SUT that are being imported
	mishaps  sync.WaitGroup // files that are still being written

	mu     sync.Mutex         // guards what follows
	number int                // of the last file
	last   string             // its name
	lastOf simulators.Message // what it is about
	named  map[string]string
	kept   map[string]*kept // what lies in out/, or will, by name
	taking map[string]bool  // what is being imported, by name
	shut   bool
}

// kept is a file in out/.
type kept struct {
	m     simulators.Message
	told  func(simulators.Result)
	shown bool      // it lies there
	since time.Time // it was shown
	left  int       // how often its removal will still be refused
}

var _ simulators.Keeper = (*Transport)(nil)

// New makes the folders of the share.
func New(c Config) (*Transport, error) {
	if c.Root == "" {
		return nil, errors.New("files: there is no folder for the share")
	}
	if c.Extension == "" {
		c.Extension = "csv"
	}
	if c.Poll <= 0 {
		c.Poll = defaultPoll
	}
	if c.MaxBody <= 0 {
		c.MaxBody = defaultMax
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	root, err := filepath.Abs(c.Root)
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	c.Root = root
	for _, f := range Folders() {
		if err := os.MkdirAll(filepath.Join(root, f), 0o755); err != nil {
			return nil, fmt.Errorf("make the share: %w", err)
		}
	}
	return &Transport{config: c, stopping: make(chan struct{}), named: map[string]string{}, kept: map[string]*kept{}, taking: map[string]bool{}}, nil
}

// URL is where the SUT finds the share.
func (t *Transport) URL() string { return "file://" + filepath.ToSlash(t.config.Root) }

// Root is the share's folder.
func (t *Transport) Root() string { return t.config.Root }

// Serve implements [simulators.Transport]. It can be called once. When ctx is
// done it takes nothing new, gives what is under way two seconds, writes what
// was only half written, and returns when everything it started has ended.
func (t *Transport) Serve(ctx context.Context, receive simulators.Receiver) error {
	if t.serving.Swap(true) {
		return errors.New("serve files: this transport has been served before")
	}
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	within := func(m simulators.Message) (simulators.Message, error) { return receive(base, m) }
	t.receive.Store(&within)
	tick := time.NewTicker(t.config.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		t.look(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	t.stop(cancel)
	return nil
}

// stop ends what is under way.
func (t *Transport) stop(cancel context.CancelFunc) {
	t.mu.Lock()
	t.shut = true
	t.mu.Unlock()
	close(t.stopping)
	ended := make(chan struct{})
	go func() {
		t.imports.Wait()
		t.mishaps.Wait()
		close(ended)
	}()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-ended:
		t.taken()
		return
	case <-timer.C:
		cancel()
	}
	<-ended
	t.taken()
}

// look goes through the folders once.
func (t *Transport) look(ctx context.Context) {
	t.taken()
	if t.config.Attended {
		return
	}
	for _, name := range t.arrived() {
		if ctx.Err() != nil {
			return
		}
		t.next(ctx, name)
	}
}

// next imports one file and waits for it, though not for ever: an import that
// hangs holds up nobody else's.
func (t *Transport) next(ctx context.Context, name string) {
	done := make(chan struct{})
	if !t.begin(name) {
		return
	}
	go func() {
		defer close(done)
		defer t.imports.Done()
		_ = t.take(name) // what the SUT would feel of it, a folder cannot show
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// begin notes that a file is being imported; false if it is already, or if
// nothing is taken any more.
func (t *Transport) begin(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.shut || t.taking[name] {
		return false
	}
	t.taking[name] = true
	t.imports.Add(1)
	return true
}

func (t *Transport) path(folder, name string) string {
	return filepath.Join(t.config.Root, folder, name)
}
