package cmd

import (
	_ "embed" // the rig file that is written
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// rigTemplate is the rig file that init writes, with COMMAND and FOUND to be
// filled in.
//
//go:embed init.yaml
var rigTemplate string

func newInit(w World) *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "init",
		Short: "write a rig file for a build of your own",
		Long: "Writes " + defaultRig + ", a rig file with comments, and fills in what can be found out by looking around: how the\n" +
			"build is started. An " + defaultRig + " that is there already is left alone.",
		Example: "  andon init\n  andon init --dir integration",
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return runInit(w, dir) },
	}
	c.Flags().StringVar(&dir, "dir", ".", "folder to write it into, where the build is")
	return c
}

func runInit(w World, dir string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return usage("--dir %s is not a folder; make it first", dir)
	}
	path := filepath.Join(dir, defaultRig)
	b := findBuild(dir)
	text := strings.NewReplacer("COMMAND", b.flow(), "FOUND", b.how).Replace(rigTemplate)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usage("%s is there already; it is left as it is. Move it away to get a new one", path)
	}
	if err != nil {
		return &rigError{fmt.Errorf("write rig file: %w", err)}
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return &rigError{fmt.Errorf("write rig file: %w", err)}
	}
	fmt.Fprintf(w.Stdout, "wrote %s (%s)\n", path, b.how)
	next := "andon doctor"
	if filepath.Clean(dir) != "." {
		next = "cd " + dir + " && " + next
	}
	_, err = fmt.Fprintf(w.Stdout, "next: look at sut.env in it, then run\n\n  %s\n", next)
	return err
}

// A build is how the user's integration seems to be started.
type build struct {
	command []string
	how     string // how that was found out
}

// flow writes the command as YAML.
func (b build) flow() string {
	var words []string
	for _, word := range b.command {
		quoted, _ := json.Marshal(word) // a string cannot fail
		words = append(words, string(quoted))
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// findBuild looks around for what starts the build; the bundled one if nothing
// is found, so that the file works from the first minute.
func findBuild(dir string) build {
	for _, look := range []func(string) (build, bool){programs, sources, archives} {
		if b, ok := look(dir); ok {
			return b
		}
	}
	return build{[]string{"${andon.self}", "bridge"}, "no build was found here, so it starts the bundled one: put your own command in its place"}
}

// programs looks for something to execute.
func programs(dir string) (build, bool) {
	var found []string
	for _, below := range []string{".", "bin", "build", "dist", "target/release"} {
		entries, err := os.ReadDir(filepath.Join(dir, below))
		if err != nil {
			continue
		}
		for _, e := range entries {
			info, err := e.Info()
			if err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && !strings.HasPrefix(e.Name(), ".") {
				found = append(found, "./"+filepath.ToSlash(filepath.Join(below, e.Name())))
			}
		}
	}
	if len(found) > 1 { // tools stand beside the build: only a telling name decides
		found = slices.DeleteFunc(found, func(path string) bool { return !telling(filepath.Base(path), dir) })
	}
	if len(found) != 1 {
		return build{}, false
	}
	return build{found[:1], "found the program " + found[0]}, true
}

// telling reports whether a name is that of a build rather than of a tool.
func telling(name, dir string) bool {
	name = strings.ToLower(name)
	if abs, err := filepath.Abs(dir); err == nil && strings.HasPrefix(name, strings.ToLower(filepath.Base(abs))) {
		return true
	}
	for _, word := range []string{"bridge", "integration", "connector", "middleware", "server", "start", "run"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// sources looks for a project that its own tool can start.
func sources(dir string) (build, bool) {
	for _, s := range []struct {
		file    string
		command []string
	}{
		{"main.go", []string{"go", "run", "."}},
		{"package.json", []string{"npm", "start"}},
		{"main.py", []string{"python3", "main.py"}},
		{"app.py", []string{"python3", "app.py"}},
		{"server.py", []string{"python3", "server.py"}},
	} {
		if _, err := os.Stat(filepath.Join(dir, s.file)); err != nil {
			continue
		}
		if _, err := exec.LookPath(s.command[0]); err == nil {
			return build{s.command, "found " + s.file}, true
		}
	}
	return build{}, false
}

// archives looks for a Java build.
func archives(dir string) (build, bool) {
	if _, err := exec.LookPath("java"); err != nil {
		return build{}, false
	}
	for _, pattern := range []string{"*.jar", "target/*.jar", "build/libs/*.jar"} {
		if found, _ := filepath.Glob(filepath.Join(dir, pattern)); len(found) == 1 {
			rel, err := filepath.Rel(dir, found[0])
			if err != nil {
				continue
			}
			return build{[]string{"java", "-jar", filepath.ToSlash(rel)}, "found " + filepath.ToSlash(rel)}, true
		}
	}
	return build{}, false
}
