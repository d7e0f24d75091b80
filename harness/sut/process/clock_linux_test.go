package process_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/harness/sut/process"
)

// watch is a SUT that asks the C library for the time, which it tells whoever
// asks: at once, or half a second later.
const watch = `#!/usr/bin/perl
use IO::Socket::INET;
my $door = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$ARGV[0]", Listen => 8, ReuseAddr => 1) or die $!;
$SIG{TERM} = sub { exit 0 };
while (my $c = $door->accept) {
	my $line = <$c>;
	while (<$c>) { last if /^\r?$/ }
	select(undef, undef, undef, 0.5) if $line =~ /later/;
	my $now = time;
	print $c "HTTP/1.1 200 OK\r\nContent-Length: " . length($now) . "\r\nConnection: close\r\n\r\n$now";
	close $c;
}
`

// TestClockOfAProgramThatAsksTheCLibrary moves the wall clock of a program
// there and back while it runs, and leaves its timers alone.
func TestClockOfAProgramThatAsksTheCLibrary(t *testing.T) {
	if _, err := exec.LookPath("perl"); err != nil {
		t.Skip(err)
	}
	program := filepath.Join(t.TempDir(), "watch")
	if err := os.WriteFile(program, []byte(watch), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := process.Asked([]string{program}, "").Able(sut.SettingClock); err != nil {
		if strings.Contains(err.Error(), "libfaketime is not installed") {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	url := "http://" + free(t)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	d, err := process.New(process.Config{Command: []string{program, port}, Ready: sut.Ready{HTTP: url}, Clock: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
	off := func(path string) time.Duration {
		t.Helper()
		resp, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		now, err := strconv.ParseInt(string(b), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return time.Until(time.Unix(now, 0))
	}
	for _, seconds := range []int{0, 3600, -86400, 40 * 365 * 86400, 0} {
		if err := d.SetClock(t.Context(), seconds); err != nil {
			t.Fatal(err)
		}
		want := time.Duration(seconds) * time.Second
		if got := off("/now"); got < want-5*time.Second || got > want+5*time.Second {
			t.Errorf("moved by %s, it is off by %s", want, got)
		}
	}
	if err := d.SetClock(t.Context(), 7200); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if got := off("/later"); got < 7195*time.Second || got > 7205*time.Second {
		t.Errorf("off by %s", got)
	}
	if took := time.Since(began); took < 490*time.Millisecond || took > 5*time.Second {
		t.Errorf("half a second took %s", took)
	}
}

// free is an address that nobody listens at.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestClocksThatCannotBeMoved: a program that asks the kernel is told from one
// that asks the C library before the run, with what can be done instead.
func TestClocksThatCannotBeMoved(t *testing.T) {
	dir := t.TempDir()
	script := func(name, first string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, fmt.Appendf(nil, "#!%s\n", first), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("no program"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ program, says string }{
		{self, "is a Go program"},
		{script("of-go", self), "is a Go program"},
		{script("by-env", "/usr/bin/env "+self), "is a Go program"},
		{text, "is not known"},
		{filepath.Join(dir, "missing"), "look at"},
	} {
		err := process.Asked([]string{c.program}, "").Able(sut.SettingClock)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %q", filepath.Base(c.program), err, c.says)
		}
		if c.says == "is a Go program" && !strings.Contains(err.Error(), "have the simulators' clocks differ instead") {
			t.Errorf("%v names no remedy", err)
		}
	}
	d, err := process.New(process.Config{Command: []string{self}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.SetClock(t.Context(), 60); err == nil {
		t.Error("the clock of a SUT was moved that was not started for it")
	}
}
