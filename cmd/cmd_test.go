package cmd_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/andon-rig/andon/internal/yamlfile"
)

// programs is where the programs under test are built; the command line is
// tested as users run it, and it may not import what main wires into it.
var programs string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "andon-cmd-*")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		programs = dir
		for name, pkg := range map[string]string{"andon": "..", "sut": "./testdata/suts", "vendor": "../examples/vendor"} {
			if runtime.GOOS == "windows" {
				name += ".exe"
			}
			build := exec.Command("go", "build", "-o", filepath.Join(dir, name), pkg)
			build.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is released; and nothing is compiled only for here
			if out, err := build.CombinedOutput(); err != nil {
				fmt.Fprintf(os.Stderr, "build %s: %v\n%s", pkg, err, out)
				return 1
			}
		}
		if err := flag.Set("test.parallel", "4"); err != nil { // they wait for others more than they work; -parallel says otherwise
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", programs+string(os.PathListSeparator)+e.Getenv("PATH"))
			e.Setenv("TMPDIR", filepath.Join(e.WorkDir, ".tmp"))
			root, err := filepath.Abs("..")
			if err != nil {
				return err
			}
			e.Setenv("REPO", root) // for rigs of examples/
			if err := os.CopyFS(filepath.Join(e.WorkDir, "vendor-contracts"), os.DirFS("../examples/vendor/contracts")); err != nil {
				return err
			}
			return copyFiles("testdata/common", e.WorkDir)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits, "occupy": occupy, "free": free, "cut": cut, "validates": validates, "rows": rows, "await": await, "awaits": awaits, "address": address,
		},
	})
}

// copyFiles gives every script the same rig and scenario files.
func copyFiles(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, e.Name()), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// exits runs a program and demands an exact exit status: exits 2 andon check.
// What it printed can be looked at with stdout and stderr.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM [ARGUMENT ...]")
	}
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%s: %v", args[1], err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
	if all := ts.ReadFile("stdout") + ts.ReadFile("stderr"); strings.Contains(all, "goroutine ") || strings.Contains(all, "panic:") {
		ts.Fatalf("it panicked")
	}
}

// await waits until a file is there and not empty: await FILE.
func await(ts *testscript.TestScript, _ bool, args []string) {
	until(ts, func() bool {
		info, err := os.Stat(ts.MkAbs(args[0]))
		return err == nil && info.Size() > 0
	}, args[0])
}

// awaits runs a program until it prints what matches: awaits PATTERN PROGRAM
// [ARGUMENT ...].
func awaits(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile("(?m)" + args[0])
	until(ts, func() bool { return ts.Exec(args[1], args[2:]...) == nil && want.MatchString(ts.ReadFile("stdout")) }, args[0])
}

// until looks at something time and again, for two minutes at most.
func until(ts *testscript.TestScript, is func() bool, what string) {
	again, end := time.NewTicker(50*time.Millisecond), time.After(2*time.Minute)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-end:
			ts.Fatalf("waited two minutes for %s", what)
		}
	}
}

// address stores the address that the key of a control port holds: address
// FILE NAME.
func address(ts *testscript.TestScript, _ bool, args []string) {
	var key struct{ URL string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &key))
	ts.Setenv(args[1], key.URL)
}

// occupy has somebody else listen on a port, whose address it stores in a
// variable: occupy ADDRESS.
func occupy(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv(args[0], l.Addr().String())
}

// free stores the address of a port that nobody has: free ADDRESS.
func free(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		ts.Setenv(name, l.Addr().String())
		ts.Check(l.Close())
	}
}

// cut cuts a file to so many per cent of its length: cut FILE PERCENT.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	percent, err := strconv.Atoi(args[1])
	ts.Check(err)
	if len(files) != 1 {
		ts.Fatalf("%s names %d files", args[0], len(files))
	}
	info, err := os.Stat(files[0])
	ts.Check(err)
	ts.Check(os.Truncate(files[0], info.Size()*int64(percent)/100))
}

// validates holds a JSON or YAML file against a JSON Schema: validates SCHEMA
// FILE; ! validates demands that it is refused.
func validates(ts *testscript.TestScript, neg bool, args []string) {
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	c := jsonschema.NewCompiler()
	ts.Check(c.AddResource("schema.json", schema))
	s, err := c.Compile("schema.json")
	ts.Check(err)
	text := []byte(ts.ReadFile(args[1]))
	if strings.HasSuffix(args[1], ".yaml") {
		n, err := yamlfile.Parse(args[1], text)
		ts.Check(err)
		text, err = json.Marshal(n)
		ts.Check(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	ts.Check(err)
	switch err := s.Validate(doc); {
	case err != nil && !neg:
		ts.Fatalf("%s: %v", args[1], err)
	case err == nil && neg:
		ts.Fatalf("%s is valid", args[1])
	}
}

// rows writes an event log of so many rows, some of which are dirty: rows FILE
// COUNT.
func rows(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var b strings.Builder
	b.WriteString("Order,Operation,Machine,Start,End,Good,Rejected,Total\n")
	at := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	for i := range n {
		begin, end, good, total := at.Add(time.Duration(i)*time.Minute), at.Add(time.Duration(i+1)*time.Minute), 5, 5
		switch i % 100 {
		case 17:
			total = 9 // a wrong sum
		case 42:
			end = begin.Add(-time.Hour) // ends before it begins
		}
		fmt.Fprintf(&b, "%d,%04d,M%d,%s,%s,%d,0,%d\n", 100+i/20, 10+i%2*10, i%3, begin.Format("2006-01-02T15:04:05"), end.Format("2006-01-02T15:04:05"), good, total)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o644))
}

// The first interrupt ends a gate in order: it judges and reports what there
// is, and says that it was interrupted.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no such signal on Windows")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, filepath.Join(programs, "andon"), "gate", "--out", "out")
	c.Dir = t.TempDir()
	var stdout bytes.Buffer
	c.Stdout = &stdout
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "start CNF-01") {
			if err := c.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = c.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("got %v, want exit status 130", err)
	}
	if !strings.Contains(stdout.String(), "interrupted: 20 of 21 scenarios were not run") {
		t.Errorf("got %s", stdout.String())
	}
	if _, err := os.Stat(filepath.Join(c.Dir, "out", "gate.json")); err != nil {
		t.Error(err)
	}
}
