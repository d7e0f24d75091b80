// Package yamlfile reads the YAML files users write (rigs, scenarios,
// runbooks) strictly: every mistake is named with file, line, column and
// remedy, and nothing that a YAML reader might take for something else gets
// through.
//
// It knows YAML and Go values, not what any file is about.
//
// What is refused although YAML has it: keys and values of the wrong type
// (an identifier written as a number above all), unknown, repeated and
// boolean-like keys, several documents in a file, tags, keys that are not
// plain words, keys without a value. Anchors, aliases and merge keys work;
// what they expand to is bounded.
package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"unicode/utf8"
)

// Bounds of what is read. A scenario or rig file is a few kilobytes; anything
// near these numbers is not a file somebody wrote.
const (
	maxBytes  = 1 << 20
	maxLines  = 20_000
	maxTokens = 60_000
	maxDepth  = 64
	maxNodes  = 100_000 // with aliases expanded
	maxErrors = 10
)

// Load reads the file at path into the value into points to.
func Load(path string, into any) error {
	n, err := ReadFile(path)
	if err != nil {
		return err
	}
	return n.Decode(into)
}

// LoadBytes is [Load] for a text already read; name stands for it in errors.
func LoadBytes(name string, b []byte, into any) error {
	n, err := Parse(name, b)
	if err != nil {
		return err
	}
	return n.Decode(into)
}

// LoadFS is [Load] for a file of fsys.
func LoadFS(fsys fs.FS, path string, into any) error {
	n, err := ReadFS(fsys, path)
	if err != nil {
		return err
	}
	return n.Decode(into)
}

// ReadFile parses the file at path without saying what it should contain.
func ReadFile(path string) (Node, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Node{}, missing(path)
	case err != nil:
		return Node{}, fmt.Errorf("read %s: %w", path, cause(err))
	case !info.IsDir() && !info.Mode().IsRegular():
		return Node{}, &Error{Pos: Pos{File: path}, Text: "is not a regular file"}
	}
	f, err := os.Open(path)
	if err != nil {
		return Node{}, fmt.Errorf("read %s: %w", path, cause(err))
	}
	defer f.Close()
	return read(path, f)
}

// ReadFS is [ReadFile] for a file of fsys.
func ReadFS(fsys fs.FS, path string) (Node, error) {
	f, err := fsys.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Node{}, missing(path)
	case err != nil:
		return Node{}, fmt.Errorf("read %s: %w", path, cause(err))
	}
	defer f.Close()
	return read(path, f)
}

func missing(path string) error {
	return (&Error{Pos: Pos{File: path}, Text: "no such file"}).WithHint("check the name and the folder it is looked up from")
}

// cause drops the path that errors of the operating system repeat.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func read(path string, f fs.File) (Node, error) {
	info, err := f.Stat()
	if err != nil {
		return Node{}, fmt.Errorf("read %s: %w", path, cause(err))
	}
	if info.IsDir() {
		return Node{}, (&Error{Pos: Pos{File: path}, Text: "is a directory"}).WithHint("name a file in it")
	}
	b, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return Node{}, fmt.Errorf("read %s: %w", path, cause(err))
	}
	return Parse(path, b)
}

// Parse reads a text without saying what it should contain.
func Parse(name string, b []byte) (Node, error) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if len(b) > maxBytes {
		return Node{}, (&Error{Pos: Pos{File: name}, Text: "is larger than 1 MiB"}).WithHint("is this the file you meant?")
	}
	if bytes.Count(b, []byte("\n")) > maxLines {
		return Node{}, &Error{Pos: Pos{File: name}, Text: fmt.Sprintf("has more than %d lines", maxLines), Hint: "is this the file you meant?"}
	}
	if err := textual(name, b); err != nil {
		return Node{}, err
	}
	return parse(newSource(name, b), string(b))
}

// textual refuses what is not text, showing where it stops being so but not
// what is there.
func textual(name string, b []byte) error {
	for i, line := 0, 1; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError && n <= 1:
			return &Error{Pos: Pos{File: name, Line: line, Column: 1}, Text: "is not text in UTF-8", Hint: "save the file as UTF-8"}
		case r < ' ' && r != '\n' && r != '\r' && r != '\t', r == 0x7f, r == 0xfeff:
			return &Error{Pos: Pos{File: name, Line: line, Column: 1}, Text: fmt.Sprintf("has a control character (%U)", r), Hint: "is this a text file?"}
		case r == '\n':
			line++
		}
		i += n
	}
	return nil
}
