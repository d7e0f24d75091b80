package load

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/harness/sut/process"
)

func init() { roles[asBuild] = beBuild }

// asBuild has this test program be a build that does so much of its own with each
// confirmation.
const asBuild = "build-with-"

// systemsOfBuild is the variable by which it is told where they listen.
const systemsOfBuild = "ANDON_TEST_SYSTEMS"

// toil is what a build does with each confirmation before it posts it.
type toil struct {
	hashes int           // of the body, one after the other
	wait   time.Duration // then
}

func (w toil) String() string { return fmt.Sprintf("%s%d-%d", asBuild, w.hashes, w.wait) }

// beBuild passes confirmations on until its standard input ends. It says where it
// listens as the first line of its standard output.
func beBuild(role string) error {
	var w toil
	if _, err := fmt.Sscanf(role, "%d-%d", &w.hashes, &w.wait); err != nil {
		return err
	}
	p := &passing{serve: func(p *passing, rw http.ResponseWriter, r *http.Request, body []byte) {
		h, sum := sha256.New(), [sha256.Size]byte{}
		for range w.hashes {
			h.Write(body)
			h.Sum(sum[:0])
		}
		if err := rest(w.wait); err != nil {
			rw.WriteHeader(http.StatusInternalServerError)
			return
		}
		p.forward(rw, r.Header.Get("Idempotency-Key"), body)
	}}
	webhook, err := p.Start(context.Background(), os.Getenv(systemsOfBuild))
	if err != nil {
		return err
	}
	fmt.Println(webhook)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// rest waits as exactly as the kernel can; timers of the runtime are rounded to
// milliseconds, which is as much as a build is made slower by.
func rest(d time.Duration) error {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return err
	}
	timer := os.NewFile(uintptr(fd), "timer")
	defer timer.Close()
	if err := unix.TimerfdSettime(fd, 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(d.Nanoseconds())}, nil); err != nil {
		return err
	}
	_, err = timer.Read(make([]byte, 8))
	return err
}

// toiling is a build of a process of its own.
type toiling struct {
	toil
	cmd   *exec.Cmd
	stdin io.Closer
}

func (b *toiling) Start(_ context.Context, systems string) (string, error) {
	b.cmd = exec.Command(os.Args[0], b.String())
	b.cmd.Env = append(os.Environ(), systemsOfBuild+"="+systems)
	in, err := b.cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	b.stdin, b.cmd.Stderr = in, os.Stderr
	if err := b.cmd.Start(); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	return strings.TrimSpace(line), err
}

func (b *toiling) Stop(context.Context) error {
	if b.stdin == nil {
		return nil
	}
	_ = b.stdin.Close()
	b.stdin = nil
	return b.cmd.Wait()
}

func (b *toiling) Alive() (bool, string) { return true, "" }

func (b *toiling) Usage() (sut.Usage, bool) {
	u, err := process.Usage(b.cmd.Process.Pid)
	return u, err == nil
}

// pairs has two builds compared as andon load compare does it, with shorter runs.
func pairs(b *testing.B, a, other toil) *Compared {
	c := &Comparison{Rounds: 24, Margin: 0.05, Run: func(ctx context.Context, build string, _ int) (*Result, error) {
		w := a
		if build == "B" {
			w = other
		}
		return toiled(b, w)
	}}
	got, err := c.Compare(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return got
}

// toiled is one run of a build.
func toiled(b *testing.B, w toil) (*Result, error) {
	return Run(b.Context(), small(b, &toiling{toil: w}, func(c *Config) {
		c.Shape, _ = ParseShape("constant", 300, 250*time.Millisecond)
		c.Emit.Connections = 32
		c.Emit.Most, c.Quiet = c.Shape.Number(), 20*time.Millisecond
	}))
}

// BenchmarkComparePairs compares real builds, of processes of their own: the same
// under two names; one with another that keeps each confirmation 10 % longer; and
// one with another that works 5 % more. How much that is, is measured before. It
// shows how often a comparison is wrong, and how often it finds what is there.
// Three comparisons take a minute and a half, so -benchtime 40x is an hour.
func BenchmarkComparePairs(b *testing.B) {
	sound := toil{hashes: 1000, wait: 8 * time.Millisecond}
	const quarter = 4
	longer := toil{hashes: sound.hashes + sound.hashes/quarter, wait: sound.wait}
	var once, more, e2e []float64
	for range 60 {
		for _, w := range []toil{sound, longer} {
			r, err := toiled(b, w)
			if err != nil || r.Verdict != Held || r.Build == nil {
				b.Fatal(err, r)
			}
			if w == longer {
				more = append(more, r.Build.CPUPerMillion)
				continue
			}
			once, e2e = append(once, r.Build.CPUPerMillion), append(e2e, r.Latency["e2e"].P50)
		}
	}
	p50, share := medianOf(e2e), medianOf(more)/medianOf(once)-1
	slow, busy := sound, sound
	slow.wait += time.Duration(0.10 * p50 * float64(time.Millisecond))
	busy.hashes += int(0.05 / share / quarter * float64(sound.hashes))
	b.Logf("a confirmation takes %.0f µs of a processor and %.2f ms; 10 %% slower is %s more, 5 %% busier %d hashes more than %d",
		medianOf(once), p50, slow.wait-sound.wait, busy.hashes-sound.hashes, sound.hashes)
	n, wrong, slower, busier := 0, 0, 0, 0
	for b.Loop() {
		n++
		told := func(what string, c *Compared, name string, wanted ...Difference) int {
			for _, f := range c.Figures {
				if name != "" && f.Name != name {
					continue
				}
				if !slices.Contains(wanted, f.Verdict) {
					b.Logf("pair %d, %s, after %d rounds: %s, %s", n, what, c.Rounds, f.Verdict, f.told())
					return 0
				}
			}
			return 1
		}
		wrong += 1 - told("the same", pairs(b, sound, sound), "", Same, Undecided)
		slower += told("slower", pairs(b, sound, slow), "e2e.p50", Worse)
		busier += told("busier", pairs(b, sound, busy), "cpu", Worse)
		b.Logf("%d pairs: %d wrong, %d slower and %d busier found", n, wrong, slower, busier)
	}
	b.ReportMetric(100*float64(wrong)/float64(n), "%wrong")
	b.ReportMetric(100*float64(slower)/float64(n), "%slower-found")
	b.ReportMetric(100*float64(busier)/float64(n), "%busier-found")
}
