package files

import (
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// arrived lists what lies complete in in/, by number and then by name.
func (t *Transport) arrived() (names []string) {
	entries, err := os.ReadDir(t.path(In, ""))
	if err != nil {
		t.config.Log.Error("look into in/", "error", err)
		return nil
	}
	type file struct {
		name   string
		number int
	}
	var files []file
	for _, e := range entries {
		_, number, ok := parseName(e.Name())
		if !ok || e.IsDir() {
			continue
		}
		if t.config.Ready == ReadyMarker {
			if _, err := os.Stat(t.path(In, e.Name()+markerEnd)); err != nil {
				continue
			}
		}
		files = append(files, file{e.Name(), number})
	}
	slices.SortStableFunc(files, func(a, b file) int { return a.number - b.number })
	for _, f := range files {
		names = append(names, f.name)
	}
	return names
}

// take imports a file and files it away. What it returns is what its sender
// must feel, if there is a way to feel it: a [*simulators.LostError].
func (t *Transport) take(file string) error {
	defer func() {
		t.mu.Lock()
		delete(t.taking, file)
		t.mu.Unlock()
	}()
	receive := t.receive.Load()
	if receive == nil {
		return errors.New("nobody imports files yet")
	}
	m, err := t.message(file)
	if err != nil {
		return err
	}
	reply, err := (*receive)(m)
	if err != nil {
		var lost *simulators.LostError
		if errors.As(err, &lost) && lost.After > 0 {
			t.silence(lost.After)
		}
		t.lose(file)
		return err
	}
	return t.fileAway(file, m, reply)
}

// message reads a file.
func (t *Transport) message(file string) (simulators.Message, error) {
	name, _, _ := parseName(file)
	m := simulators.Message{Verb: "post", Name: name, Header: map[string]string{}}
	if t.config.Ready == ReadyMarker {
		m.Header = readMarker(t.path(In, file+markerEnd))
	}
	m.Header["File-Name"] = file
	f, err := os.Open(t.path(In, file))
	if err != nil {
		return m, err
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, t.config.MaxBody+1))
	switch {
	case err != nil:
		m.Unread = simulators.BrokenOff(int64(len(body)), err)
	case int64(len(body)) > t.config.MaxBody:
		size := int64(len(body))
		if info, err := f.Stat(); err == nil {
			size = info.Size()
		}
		m.Unread = simulators.TooLarge(size, t.config.MaxBody)
	default:
		m.Body = body
	}
	return m, nil
}

// fileAway writes the result and moves the file to where it belongs; the
// result first, so that a file that is gone has one.
func (t *Transport) fileAway(file string, m, reply simulators.Message) error {
	result := resultName(file)
	header := map[string]string{}
	for k, v := range reply.Header {
		header[k] = v
	}
	if header["Retry-After"] == string(simulators.RetryDate) {
		header["Retry-After"] = time.Now().Add(reply.Result.RetryAfter + time.Second).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
	}
	if err := t.write(Result, result, reply.Body, withStatus(header, reply.Result.Status)); err != nil {
		return err
	}
	to := Archive
	if !took(reply.Result) {
		to = Error
	}
	if t.config.Ready == ReadyMarker {
		_ = os.Remove(t.path(In, file+markerEnd))
	}
	return os.Rename(t.path(In, file), t.path(to, file))
}

// took reports whether a result means that something was imported.
func took(r simulators.Result) bool {
	if r.Outcome == "" {
		return r.Status >= 200 && r.Status < 300
	}
	return r.Outcome.Took()
}

// lose makes a file vanish without a result, as an import job does that dies
// with it.
func (t *Transport) lose(file string) {
	_ = os.Remove(t.path(In, file)) // if it cannot be, it is imported again
	if t.config.Ready == ReadyMarker {
		_ = os.Remove(t.path(In, file+markerEnd))
	}
}

// silence lasts for d or until serving ends.
func (t *Transport) silence(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.stopping:
	}
}

// write puts a whole file into a folder in one step: readers see nothing of it
// or all.
func (t *Transport) write(folder, file string, body []byte, header map[string]string) error {
	hidden := t.path(folder, "."+file+".tmp")
	if err := os.WriteFile(hidden, body, 0o644); err != nil {
		return err
	}
	if err := os.Rename(hidden, t.path(folder, file)); err != nil {
		return err
	}
	if t.config.Ready != ReadyMarker {
		return nil
	}
	return writeMarker(t.path(folder, file+markerEnd), header)
}
