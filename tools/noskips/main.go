// Command noskips runs `go test` and fails if a test was skipped: on a user's
// machine a missing program is a reason to skip, in CI it is a hole in the
// gate.
//
// It prints what `go test` would print, without -v: the line of each package,
// and everything a failing test has said.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

func main() {
	cmd := exec.Command("go", append([]string{"test", "-json"}, os.Args[1:]...)...)
	cmd.Stderr = os.Stderr
	code, err := run(cmd, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "noskips:", err)
		code = 2
	}
	os.Exit(code)
}

// run starts cmd, tells w of its tests and returns the exit status: the
// command's own, or 1 if it succeeded and something was skipped.
func run(cmd *exec.Cmd, w io.Writer) (int, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	skips, readErr := tell(out, w)
	if readErr != nil {
		_, _ = io.Copy(io.Discard, out) // so that the command can end
	}
	var exit *exec.ExitError
	switch err := cmd.Wait(); {
	case errors.As(err, &exit):
		return max(exit.ExitCode(), 1), readErr
	case err != nil || readErr != nil:
		return 0, errors.Join(err, readErr)
	}
	if len(skips) == 0 {
		return 0, nil
	}
	fmt.Fprintf(w, "\n%d tests were skipped, which is not allowed here; install what they miss:\n", len(skips))
	for _, s := range skips {
		fmt.Fprintln(w, "  "+s)
	}
	return 1, nil
}

// event is a line of `go test -json`; see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// tell copies to w what people should see and returns the tests that were
// skipped, with their reasons. Lines that are no events are copied as they
// are: the build writes some.
func tell(r io.Reader, w io.Writer) (skips []string, err error) {
	said := map[string][]string{} // by package and test, until it is over
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Action == "" {
			fmt.Fprintln(w, lines.Text())
			continue
		}
		name := e.Package + " " + e.Test
		switch {
		case e.Action == "output":
			said[name] = append(said[name], e.Output)
		case e.Action == "build-output":
			fmt.Fprint(w, e.Output)
		case e.Action == "fail":
			fmt.Fprint(w, strings.Join(said[name], ""))
			delete(said, name)
		case e.Test == "" && (e.Action == "pass" || e.Action == "skip"):
			if lines := said[name]; len(lines) > 0 {
				fmt.Fprint(w, lines[len(lines)-1]) // ok, or that there are no tests
			}
			delete(said, name)
		case e.Test != "" && e.Action == "skip":
			skips = append(skips, name+": "+reason(said[name]))
			delete(said, name)
		case e.Test != "" && e.Action == "pass":
			delete(said, name)
		}
	}
	for _, rest := range said { // of tests that never ended: a panic, a time-out
		fmt.Fprint(w, strings.Join(rest, ""))
	}
	return skips, lines.Err()
}

// reason is what a skipped test said, without the lines of the runner.
func reason(said []string) string {
	var words []string
	for _, line := range said {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			words = append(words, line)
		}
	}
	if len(words) == 0 {
		return "no reason given"
	}
	return strings.Join(words, " ")
}
