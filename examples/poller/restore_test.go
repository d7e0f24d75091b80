package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestABackupPostsNothingTwice: the database is put back to one that knows of
// nothing, and the feed tells all of it again. What was posted one by one would
// make one batch now, under another key.
func TestABackupPostsNothingTwice(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	backup, path := filepath.Join(dir, "backup.db"), filepath.Join(dir, "poller.db")
	first := start(t, w, backup)
	w.mes.await(t, "asked", func() bool { return w.mes.polls > 1 })
	if err := first.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	copyFile(t, backup, path)

	second := start(t, w, path)
	refs := []string{"consumption/1/A/1", "consumption/1/B/2", "consumption/1/C/3"}
	for i, lot := range []string{"A", "B"} {
		w.mes.announce(consumption("1", lot, i+1))
		w.erp.await(t, "posted", func() bool { return w.erp.books[refs[i]] == 1 })
	}
	if err := second.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = second.Wait() // it was killed
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	copyFile(t, backup, path)

	w.mes.announce(consumption("1", "C", 3))
	start(t, w, path)
	w.erp.await(t, "posted what is new", func() bool { return w.erp.books[refs[2]] > 0 })
	w.erp.mu.Lock()
	defer w.erp.mu.Unlock()
	if got := w.erp.times(refs...); got != "1 1 1" {
		t.Errorf("posted %s times, want each once; posts %+v", got, w.erp.posts)
	}
}

// TestASecondPollerWaits while the first works with the database, and goes on
// when it is gone.
func TestASecondPollerWaits(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "poller.db")
	first := start(t, w, path)
	w.mes.await(t, "asked", func() bool { return w.mes.polls > 1 })
	second := start(t, w, path)
	const facts = 30
	for n := range facts {
		w.mes.announce(confirmation("1", "0010", n+1))
		w.erp.await(t, "posted", func() bool { return len(w.erp.books) == n+1 })
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait() // it was killed
	w.mes.announce(confirmation("2", "0010", 1))
	w.erp.await(t, "posted by the second", func() bool { return w.erp.books["confirmation/2/0010/1"] == 1 })
	w.erp.mu.Lock()
	defer w.erp.mu.Unlock()
	for ref, n := range w.erp.books {
		if n != 1 {
			t.Errorf("%s is posted %d times", ref, n)
		}
	}
	if w.erp.tokens > 4 { // two side by side take many from each other, as only the last is valid
		t.Errorf("%d tokens for two lives", w.erp.tokens)
	}
	if err := second.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := second.Wait(); err != nil {
		t.Errorf("asked to stop, it ended with %v", err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
