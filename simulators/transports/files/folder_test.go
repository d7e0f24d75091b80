package files_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/transports/files"
)

// share is a served folder as its other side sees it.
type share struct {
	*files.Transport
	t    *testing.T
	stop func()

	mu   sync.Mutex
	seen []simulators.Message
}

func serve(t *testing.T, c files.Config, answer func(m simulators.Message) (simulators.Message, error)) *share {
	t.Helper()
	if c.Root == "" {
		c.Root = t.TempDir()
	}
	c.Poll = time.Millisecond
	f, err := files.New(c)
	if err != nil {
		t.Fatal(err)
	}
	s := &share{Transport: f, t: t}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- f.Serve(ctx, func(_ context.Context, m simulators.Message) (simulators.Message, error) {
			s.mu.Lock()
			s.seen = append(s.seen, m)
			s.mu.Unlock()
			return answer(m)
		})
	}()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(s.stop)
	return s
}

func fine(simulators.Message) (simulators.Message, error) {
	return simulators.Message{Body: []byte("result"), Result: simulators.Result{Outcome: simulators.Applied, Status: 201}}, nil
}

// until waits for a state.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("in vain: %s", what)
		}
	}
}

func (s *share) has(folder, file string) bool {
	_, err := os.Lstat(filepath.Join(s.Root(), folder, file))
	return err == nil
}

func (s *share) list(folder string) (names []string) {
	entries, err := os.ReadDir(filepath.Join(s.Root(), folder))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

func (s *share) put(folder, file, body string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.Root(), folder, file), []byte(body), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s *share) move(from, to string) {
	s.t.Helper()
	if err := os.Rename(filepath.Join(s.Root(), from), filepath.Join(s.Root(), to)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *share) read(path string) string {
	b, err := os.ReadFile(filepath.Join(s.Root(), path))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

func (s *share) taken() []simulators.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

func TestWhatTheSUTLeavesIsImported(t *testing.T) {
	bad := func(simulators.Message) (simulators.Message, error) {
		return simulators.Message{Body: []byte("why not"), Result: simulators.Result{Outcome: simulators.Refused, Status: 422}}, nil
	}
	for _, c := range []struct {
		name   string
		answer func(simulators.Message) (simulators.Message, error)
		folder string
	}{{"imported", fine, files.Archive}, {"refused", bad, files.Error}} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, files.Config{}, c.answer)
			s.put(files.In, "confirmations.000007.csv.tmp", "not yet")
			s.put(files.In, ".hidden.csv", "not yet")
			s.put(files.In, "scrap_20260302_000001.TXT.part", "not yet")
			s.put("", "whole", "a,b\r\n")
			s.move("whole", "in/confirmations.000001.csv")
			until(t, "the file is filed away", func() bool { return s.has(c.folder, "confirmations.000001.csv") })
			if !s.has(files.Result, "confirmations.000001.result.csv") {
				t.Error("it was filed away, and there is no result yet")
			}
			got := s.taken()
			if len(got) != 1 || got[0].Name != "confirmations" || got[0].Header["File-Name"] != "confirmations.000001.csv" || string(got[0].Body) != "a,b\r\n" {
				t.Errorf("got %+v", got)
			}
			if left := s.list(files.In); len(left) != 2 {
				t.Errorf("left in in/: %v, want the two that are not complete", left)
			}
		})
	}
}

func TestImportsGoByNumber(t *testing.T) {
	root := t.TempDir()
	in := filepath.Join(root, files.In)
	if err := os.MkdirAll(in, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"b.000003.csv", "a.000010.csv", "z.000001.csv", "c-2.csv"} { // all there before anybody looks
		for _, file := range []string{n, n + ".ctl"} {
			if err := os.WriteFile(filepath.Join(in, file), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	s := serve(t, files.Config{Root: root, Ready: files.ReadyMarker}, fine)
	until(t, "all are imported", func() bool { return len(s.list(files.In)) == 0 })
	var order string
	for _, m := range s.taken() {
		order += m.Name
	}
	if order != "zcba" {
		t.Errorf("imported in the order %s, want zcba", order)
	}
}

func TestAFileThatIsLost(t *testing.T) {
	s := serve(t, files.Config{}, func(simulators.Message) (simulators.Message, error) {
		return simulators.Message{}, &simulators.LostError{Symptom: simulators.Reset}
	})
	s.put("", "whole", "x")
	s.move("whole", "in/confirmations.000001.csv")
	until(t, "the file is gone", func() bool { return !s.has(files.In, "confirmations.000001.csv") })
	for _, folder := range []string{files.Result, files.Archive, files.Error} {
		if left := s.list(folder); len(left) != 0 {
			t.Errorf("%s/ has %v; nothing should tell what became of it", folder, left)
		}
	}
}

func TestATooLargeFileIsNotRead(t *testing.T) {
	s := serve(t, files.Config{MaxBody: 10}, fine)
	s.put("", "whole", strings.Repeat("x", 100))
	s.move("whole", "in/confirmations.000001.csv")
	until(t, "it is filed away", func() bool { return len(s.list(files.In)) == 0 })
	if m := s.taken()[0]; m.Unread == nil || m.Unread.Bytes != 100 || len(m.Body) != 0 {
		t.Errorf("got %+v", m)
	}
}

// news gathers what is told of files that are kept.
type news struct {
	mu  sync.Mutex
	all []simulators.Outcome
}

func (n *news) told(r simulators.Result) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, r.Outcome)
}

func (n *news) last() simulators.Outcome {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.all) == 0 {
		return ""
	}
	return n.all[len(n.all)-1]
}

func (s *share) keep(m *simulators.Mishap, body string) *news {
	s.t.Helper()
	n := &news{}
	if err := s.Keep(context.Background(), simulators.Message{Name: "orders", Entity: body, Body: []byte(body), Mishap: m}, n.told); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestWhatTheSystemExports(t *testing.T) {
	s := serve(t, files.Config{}, fine)
	first, second := s.keep(nil, "one"), s.keep(nil, "two")
	if first.last() != simulators.Unknown || s.read("out/orders.000001.csv") != "one" || s.read("out/orders.000002.csv") != "two" {
		t.Fatalf("out/ has %v", s.list(files.Out))
	}
	if err := os.Remove(filepath.Join(s.Root(), "out/orders.000001.csv")); err != nil {
		t.Fatal(err)
	}
	s.move("out/orders.000002.csv", "rejected/orders.000002.csv")
	until(t, "the first was taken", func() bool { return first.last() == simulators.Accepted })
	until(t, "the second was refused", func() bool { return second.last() == simulators.Refused })
}

func TestMishapsInAFolder(t *testing.T) {
	const long = 20 * time.Millisecond
	t.Run("partial", func(t *testing.T) {
		s := serve(t, files.Config{}, fine)
		n := s.keep(&simulators.Mishap{Kind: simulators.FilePartial, For: long}, "abcdef")
		until(t, "half of it is seen", func() bool { return s.has(files.Out, "orders.000001.csv") && s.read("out/orders.000001.csv") == "abc" })
		until(t, "the rest is written", func() bool { return s.read("out/orders.000001.csv") == "abcdef" })
		if n.last() != simulators.Unknown {
			t.Errorf("told %s", n.last())
		}
	})
	t.Run("partial and taken", func(t *testing.T) {
		s := serve(t, files.Config{}, fine)
		n := s.keep(&simulators.Mishap{Kind: simulators.FilePartial, For: time.Minute}, "abcdef")
		until(t, "half of it is seen", func() bool { return s.has(files.Out, "orders.000001.csv") && s.read("out/orders.000001.csv") == "abc" })
		s.move("out/orders.000001.csv", "mine")
		until(t, "it counts as taken", func() bool { return n.last() == simulators.Accepted })
		s.stop() // does not wait for a minute
		if s.has(files.Out, "orders.000001.csv") || s.read("mine") != "abcdef" {
			t.Error("what is written to a file that was moved does not follow it")
		}
	})
	t.Run("late", func(t *testing.T) {
		s := serve(t, files.Config{}, fine)
		s.keep(&simulators.Mishap{Kind: simulators.FileLate, For: long}, "first")
		s.keep(nil, "second")
		if got := s.list(files.Out); !slices.Equal(got, []string{"orders.000002.csv"}) {
			t.Fatalf("out/ has %v", got)
		}
		until(t, "the first comes", func() bool { return s.has(files.Out, "orders.000001.csv") })
	})
	t.Run("again", func(t *testing.T) {
		s := serve(t, files.Config{}, fine)
		s.keep(&simulators.Mishap{Kind: simulators.FileNamed, Key: "k"}, "first")
		s.keep(&simulators.Mishap{Kind: simulators.FileAgain, Key: "k", For: long}, "first")
		s.move("out/orders.000001.csv", "mine")
		until(t, "the name comes again", func() bool { return s.has(files.Out, "orders.000001.csv") })
		if got := s.keep(nil, "x"); got.last() != simulators.Unknown || !s.has(files.Out, "orders.000002.csv") {
			t.Errorf("out/ has %v: the repetition took a number", s.list(files.Out))
		}
	})
	t.Run("again, and on its way before the first", func(t *testing.T) {
		s := serve(t, files.Config{}, fine)
		s.keep(&simulators.Mishap{Kind: simulators.FileAgain, Key: "k"}, "first")
		s.keep(&simulators.Mishap{Kind: simulators.FileNamed, Key: "k"}, "first")
		if got := s.list(files.Out); !slices.Equal(got, []string{"orders.000001.csv"}) {
			t.Fatalf("out/ has %v", got)
		}
		s.move("out/orders.000001.csv", "mine")
		until(t, "the name comes again", func() bool { return s.has(files.Out, "orders.000001.csv") })
	})
	t.Run("again, and there is no first", func(t *testing.T) {
		s := serve(t, files.Config{}, fine)
		s.keep(&simulators.Mishap{Kind: simulators.FileAgain, Key: "k"}, "first")
		until(t, "it comes under a name of its own", func() bool { return s.has(files.Out, "orders.000001.csv") })
	})
	t.Run("beside", func(t *testing.T) {
		s := serve(t, files.Config{}, fine)
		s.keep(nil, "first")
		s.keep(&simulators.Mishap{Kind: simulators.FileBeside}, "second")
		if got := s.list(files.Out); !slices.Equal(got, []string{"ORDERS.000001.CSV", "orders.000001.csv"}) {
			t.Errorf("out/ has %v", got)
		}
	})
	t.Run("empty", func(t *testing.T) {
		s := serve(t, files.Config{}, fine)
		s.keep(&simulators.Mishap{Kind: simulators.FileEmpty, Times: 1}, "real")
		if s.read("out/orders.000001.csv") != "" || s.read("out/orders.000002.csv") != "real" {
			t.Errorf("out/ has %v", s.list(files.Out))
		}
	})
}
