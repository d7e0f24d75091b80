package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain is the poller itself when the kill test starts it.
func TestMain(m *testing.M) {
	if os.Getenv("POLLER") == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// A process is killed again and again while an ERP that recognises no keys
// loses replies. Asking before repeating must be enough: whatever was taken is
// posted once, in sequence.
func TestKilledAgainAndAgain(t *testing.T) {
	w := newWorld(t)
	luck := rand.New(rand.NewPCG(3, 14))
	w.erp.script = func(p posted) answer {
		if p.nth%7 == 3 {
			return answer{post: p.nth%2 == 0, cut: true}
		}
		return answer{}
	}
	path := filepath.Join(t.TempDir(), "poller.db")
	const orders, each = 6, 10
	for round := range each {
		for o := range orders {
			w.mes.announce(confirmation(fmt.Sprint(o), "0010", round+1))
		}
		p := start(t, w, path)
		posts := 0
		w.erp.change(func() { posts = len(w.erp.posts) })
		target := posts + 1 + luck.IntN(orders)
		w.erp.await(t, "at work", func() bool { return len(w.erp.posts) >= target || len(w.erp.books) == orders*(round+1) })
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.Wait() // it was killed
	}
	p := start(t, w, path)
	w.erp.await(t, "complete", func() bool { return len(w.erp.books) == orders*each })
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("asked to stop, it ended with %v", err)
	}
	w.erp.mu.Lock()
	defer w.erp.mu.Unlock()
	for ref, n := range w.erp.books {
		if n != 1 {
			t.Errorf("%s is posted %d times", ref, n)
		}
	}
	inSequence(t, w.erp.posts)
}

// inSequence complains about a confirmation that was posted for the first
// time after a later one of its order.
func inSequence(t *testing.T, posts []posted) {
	seen := map[string][]int{}
	for _, p := range posts {
		parts := strings.Split(p.refs[0], "/")
		var n int
		if _, err := fmt.Sscan(parts[3], &n); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(seen[parts[1]], n) {
			seen[parts[1]] = append(seen[parts[1]], n)
		}
	}
	for o, ns := range seen {
		if !slices.IsSorted(ns) {
			t.Errorf("order %s was posted as %v", o, ns)
		}
	}
}

func start(t *testing.T, w *world, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := exec.Command(self, "-db="+path, "-erp="+w.erp.server.URL, "-erp-token="+w.erp.server.URL+"/oauth/token",
		"-mes="+w.mes.server.URL, "-mes-token="+w.mes.server.URL+"/oauth/token")
	p.Env = append(os.Environ(), "POLLER=1")
	p.WaitDelay = time.Second
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() }) // most have ended by then
	return p
}
