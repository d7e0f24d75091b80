package cmd_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestVendorStory runs what docs/verify.md shows, as it stands but for the
// ports, and compares the answers.
func TestVendorStory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the page is written for a POSIX shell")
	}
	page, err := os.ReadFile("../docs/verify.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../examples/vendor")); err != nil {
		t.Fatal(err)
	}
	ports := map[string]string{"8090": freePort(t), "8091": freePort(t)}
	steps := stepsOf(t, string(page))
	if len(steps) < 12 {
		t.Fatalf("only %d commands found on the page", len(steps))
	}
	for _, s := range steps {
		for written, port := range ports {
			s.command, s.want = strings.ReplaceAll(s.command, written, port), strings.ReplaceAll(s.want, written, port)
		}
		got := s.run(t, dir)
		if !s.pattern().MatchString(got) {
			t.Fatalf("%s\nsays\n%s\nand the page says\n%s", s.command, got, s.want)
		}
	}
	for _, file := range []string{"result.html", "result.xml"} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// A step is a command of a page and what it is shown to answer.
type step struct{ command, want string }

// stepsOf are the commands of the blocks that are marked as console.
func stepsOf(t *testing.T, page string) (steps []step) {
	t.Helper()
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(page, -1) {
		for _, line := range strings.SplitAfter(block[1], "\n") {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				steps = append(steps, step{command: strings.TrimSpace(command)})
			} else if len(steps) > 0 {
				steps[len(steps)-1].want += line
			}
		}
	}
	return steps
}

// pattern is what is shown, with … for anything. A status other than 0 stands
// in a line of its own.
func (s step) pattern() *regexp.Regexp {
	return regexp.MustCompile(`(?s)^` + strings.ReplaceAll(regexp.QuoteMeta(s.want), "…", ".*") + `$`)
}

// run runs a step. One that ends with & goes on until the test has ended, and
// has said what it is shown to say when run returns.
func (s step) run(t *testing.T, dir string) string {
	t.Helper()
	if command, ok := strings.CutSuffix(s.command, " &"); ok {
		return background(t, dir, command, strings.Count(s.want, "\n"))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	out, err := shell(ctx, dir, s.command).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); ok {
		return string(out) + fmt.Sprintf("(exit %d)\n", exit.ExitCode())
	}
	if err != nil {
		t.Fatalf("%s: %v", s.command, err)
	}
	return string(out)
}

func shell(ctx context.Context, dir, command string) *exec.Cmd {
	c := exec.CommandContext(ctx, "sh", "-c", "exec "+command)
	c.Dir = dir
	c.Env = append(os.Environ(), "PATH="+programs+string(os.PathListSeparator)+os.Getenv("PATH"))
	return c
}

// background starts a command and waits for so many lines of it.
func background(t *testing.T, dir, command string, lines int) string {
	t.Helper()
	c := shell(t.Context(), dir, command)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	said := make(chan string, 1)
	go func() {
		var b bytes.Buffer
		one := make([]byte, 1)
		for strings.Count(b.String(), "\n") < lines {
			if _, err := out.Read(one); err != nil {
				break
			}
			b.Write(one)
		}
		said <- b.String()
	}()
	select {
	case text := <-said:
		return text
	case <-time.After(2 * time.Minute):
		t.Fatalf("%s says nothing", command)
		return ""
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
