//go:build unix

package bundle_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
)

// bundleDir tells the test binary to be the child that is killed.
const bundleDir = "ANDON_TEST_BUNDLE_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(bundleDir); dir != "" {
		keepWriting(dir)
	}
	os.Exit(m.Run())
}

// keepWriting is a rig that tells on stdout which record is flushed, as it
// would tell the SUT with a reply.
func keepWriting(dir string) {
	w, err := bundle.Create(dir, bundle.Inputs{Plan: plan})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	j := evidence.NewJournal(w.Journal())
	j.Append(evidence.Begin{Plan: plan})
	for i := uint64(1); ; i++ {
		ref := w.Store(fmt.Appendf(nil, "body %d with client_secret=x%d", i, i))
		r := j.Append(attempt(i, ref))
		if i%3 == 0 {
			continue // several records in one flush
		}
		if err := j.Flush(); err != nil {
			os.Exit(1)
		}
		fmt.Println(r.Seq)
	}
}

// A rig that is killed has lost nothing that anybody was told of.
func TestKilledWhileWriting(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	chance := rand.New(rand.NewPCG(4711, 2))
	for round := range 20 {
		dir := t.TempDir()
		told := killAfter(t, exe, dir, 1+chance.IntN(400))
		b, err := bundle.Open(filepath.Join(dir, plan.Run))
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Damage) > 0 || b.Cut == nil {
			t.Fatalf("round %d: damage %q, cut %v", round, b.Damage, b.Cut)
		}
		if n := uint64(len(b.Records)); n < told {
			t.Fatalf("round %d: told of record %d, but only %d can be read", round, told, n)
		}
		for _, r := range b.Records[1:] {
			if _, err := b.Payload(r.Body.(evidence.Attempt).Payload); err != nil {
				t.Fatalf("round %d: record %d: %v", round, r.Seq, err)
			}
		}
		t.Logf("round %2d: told of %d, read %d; %s", round, told, len(b.Records), b.Cut.Reason)
	}
}

// killAfter starts the child, kills it once it has told of n flushes and
// returns the last record it told of.
func killAfter(t *testing.T, exe, dir string, n int) (told uint64) {
	t.Helper()
	c := exec.Command(exe)
	c.Env = append(os.Environ(), bundleDir+"="+dir)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for i := 0; lines.Scan(); i++ { // what it told before it died counts, too
		seq, err := strconv.ParseUint(lines.Text(), 10, 64)
		if err != nil {
			break // a number cut by the kill
		}
		told = max(told, seq)
		if i == n {
			if err := c.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := c.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	if told == 0 {
		t.Fatal("the child told nothing")
	}
	return told
}
