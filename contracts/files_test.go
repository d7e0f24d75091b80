package contracts

import (
	"errors"
	"fmt"
	"testing"
)

func TestCommonFolder(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  string
	}{
		{nil, ""},
		{[]string{"a.json"}, ""},
		{[]string{"v/a.json"}, "v/"},
		{[]string{"/v/a.json", "/v/b/c.json"}, "/v/"},
		{[]string{"/a.json", "/b/c.json"}, "/"},
		{[]string{"v/a.json", "w/b.json"}, ""},
		{[]string{"v/a.json", "vw/b.json"}, ""},
	} {
		var files []File
		for _, n := range c.names {
			files = append(files, File{Name: n})
		}
		if got := CommonFolder(files); got != c.want {
			t.Errorf("%q are in %q, want %q", c.names, got, c.want)
		}
	}
}

func TestAsProblems(t *testing.T) {
	at := Place{File: "a", Line: 3}
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("plain"), "f: plain"},
		{Problem{Text: "one"}, "f: one"},
		{Problem{Place: at, Text: "one"}, "a:3: one"},
		{fmt.Errorf("read: %w", Problems{{Place: at, Text: "one"}, {Text: "two"}}), "a:3: one\ntwo"},
	} {
		if got := AsProblems(c.err, "f").Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
