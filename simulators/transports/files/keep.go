package files

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// Keep implements [simulators.Keeper]: it puts m into out/ under the next
// number.
func (t *Transport) Keep(_ context.Context, m simulators.Message, told func(simulators.Result)) error {
	t.mu.Lock()
	if t.shut {
		t.mu.Unlock()
		return nil // nobody is left to take it
	}
	mishap := simulators.Mishap{}
	if m.Mishap != nil {
		mishap = *m.Mishap
	}
	k := &kept{m: m, told: told}
	if mishap.Kind == simulators.FileUndelete {
		k.left = mishap.Times
	}
	var empty []string
	for range mishap.Times {
		if mishap.Kind == simulators.FileEmpty {
			t.number++
			empty = append(empty, t.fileName(m.Name, t.number))
		}
	}
	file := ""
	if mishap.Kind != simulators.FileAgain { // which gets its name when the first has one, and its place when that is gone
		file = t.name(m, mishap)
		t.kept[file] = k
	}
	later := mishap.Kind == simulators.FileLate || mishap.Kind == simulators.FilePartial || mishap.Kind == simulators.FileAgain
	if later {
		t.mishaps.Add(1)
	}
	t.mu.Unlock()
	for _, e := range empty {
		if err := t.write(Out, e, nil, m.Header); err != nil {
			return fmt.Errorf("write %s: %w", e, err)
		}
	}
	if !later {
		return t.show(file, k)
	}
	go func() {
		defer t.mishaps.Done()
		if err := t.mishap(file, k, mishap); err != nil {
			t.config.Log.Error("write file", "file", file, "error", err)
		}
	}()
	return nil
}

// name gives a file its name; t.mu is held.
func (t *Transport) name(m simulators.Message, mishap simulators.Mishap) string {
	switch {
	case mishap.Kind == simulators.FileBeside && t.lastOf.Name == m.Name && t.lastOf.Entity != m.Entity: // of one entity, the number says which was first
		if other := otherCase(t.last); t.kept[other] == nil {
			return other
		}
	}
	t.number++
	file := t.fileName(m.Name, t.number)
	t.last, t.lastOf = file, simulators.Message{Name: m.Name, Entity: m.Entity}
	if mishap.Kind == simulators.FileNamed {
		t.named[mishap.Key] = file
	}
	return file
}

// show puts a file before the SUT.
func (t *Transport) show(file string, k *kept) error {
	t.shown(file, k) // before it can be taken
	if err := t.write(Out, file, k.m.Body, k.m.Header); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	t.mu.Lock()
	k.shown = true
	t.mu.Unlock()
	return nil
}

func (t *Transport) shown(file string, k *kept) {
	t.mu.Lock()
	t.kept[file] = k
	k.since = time.Now()
	t.mu.Unlock()
	k.told(simulators.Result{Outcome: simulators.Unknown, Text: "lies in out/ as " + file})
}

// mishap lets a file appear in a way that takes time.
func (t *Transport) mishap(file string, k *kept, m simulators.Mishap) error {
	switch m.Kind {
	case simulators.FileLate:
		t.silence(m.For)
	case simulators.FileAgain:
		if file = t.again(k.m, m); file == "" {
			return nil // serving ends
		}
		for t.lies(file) && t.napping() {
		}
		t.silence(m.For)
	case simulators.FilePartial:
		return t.partly(file, k, m.For)
	}
	return t.show(file, k)
}

// again is the name that the first file had of which m is the second: the two
// are on their way side by side, so that it may have none yet. A first that does
// not come within a second never will, and then the second is like any other.
func (t *Transport) again(m simulators.Message, mishap simulators.Mishap) string {
	for over := time.Now().Add(time.Second); ; {
		t.mu.Lock()
		file := t.named[mishap.Key]
		if file == "" && time.Now().After(over) {
			file = t.name(m, mishap)
		}
		t.mu.Unlock()
		if file != "" || !t.napping() {
			return file
		}
	}
}

// partly writes a file under its name from the start, as a copy over a slow
// line or onto a share that renames nothing.
func (t *Transport) partly(file string, k *kept, d time.Duration) error {
	t.shown(file, k)
	f, err := os.Create(t.path(Out, file))
	if err != nil {
		return err
	}
	half := len(k.m.Body) / 2
	_, err = f.Write(k.m.Body[:half])
	t.mu.Lock()
	k.shown = true
	t.mu.Unlock()
	t.silence(d)
	if err == nil {
		_, err = f.Write(k.m.Body[half:]) // into nothing, if the file has been taken meanwhile
	}
	err = errors.Join(err, f.Close())
	if t.config.Ready == ReadyMarker && err == nil {
		return writeMarker(t.path(Out, file+markerEnd), k.m.Header)
	}
	return err
}

// lies reports whether a file of that name is still before the SUT.
func (t *Transport) lies(file string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kept[file] != nil
}

// napping waits a moment; false if serving ends.
func (t *Transport) napping() bool {
	t.silence(t.config.Poll)
	select {
	case <-t.stopping:
		return false
	default:
		return true
	}
}

// taken looks which files have left out/, and tells.
func (t *Transport) taken() {
	t.mu.Lock()
	var names []string
	for name, k := range t.kept {
		if k.shown {
			names = append(names, name)
		}
	}
	t.mu.Unlock()
	for _, name := range names {
		if _, err := os.Lstat(t.path(Out, name)); errors.Is(err, os.ErrNotExist) {
			t.gone(name)
		}
	}
}

// gone tells that a file was taken away.
func (t *Transport) gone(file string) {
	t.mu.Lock()
	k := t.kept[file]
	delete(t.kept, file)
	t.mu.Unlock()
	if k == nil {
		return
	}
	if t.config.Ready == ReadyMarker {
		_ = os.Remove(t.path(Out, file+markerEnd)) // who took the file may have left it
	}
	if _, err := os.Lstat(t.path(Rejected, file)); err == nil {
		k.told(simulators.Result{Outcome: simulators.Refused, Class: simulators.DataQuality, Code: "rejected", Text: "the SUT moved " + file + " to rejected/"})
		return
	}
	k.told(simulators.Result{Outcome: simulators.Accepted, Text: "the SUT took " + file + " away"})
}
