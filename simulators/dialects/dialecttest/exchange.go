package dialecttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
)

// An Exchange is a message and what is answered to it, as a golden file shows
// them: the line of the request, its headers, its body; and the same of the
// answer.
//
//	POST /confirmations?company=1
//	Content-Type: application/json
//
//	{"yield":61}
//
//	HTTP/1.1 201
//	Content-Type: application/json
//
//	{"document":"5000000001"}
type Exchange struct {
	By      simulators.Dialect // whose manners these are
	Request simulators.Message
	Reply   simulators.Message // without a status, the answer is not the dialect's to word
	// Told is of what the system announces and nobody sends it.
	Told bool
}

// Exchanges holds each exchange against the golden file of its name, which it
// becomes first if it is to be rewritten, and reads the file again: the request
// in it is understood as the one that it was made of, and all of the answer is
// there.
func Exchanges(t *testing.T, all map[string]Exchange, rewrite bool) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			x, file := all[name], strings.NewReplacer(" ", "-", "/", "-").Replace(name)+".http"
			Golden(t, file, x.Transcript(), rewrite)
			text, err := os.ReadFile(filepath.Join("testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			again, err := ReadExchange(text)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			for _, wrong := range x.unlike(again) {
				t.Errorf("%s, read again: %s", file, wrong)
			}
		})
	}
}

// Transcript writes x as a golden file has it.
func (x Exchange) Transcript() []byte {
	var b bytes.Buffer
	side := func(head string, m simulators.Message) {
		b.WriteString(head + "\n")
		for _, k := range slices.Sorted(maps.Keys(m.Header)) {
			fmt.Fprintf(&b, "%s: %s\n", k, m.Header[k])
		}
		b.WriteString("\n" + string(m.Body) + "\n")
	}
	side(methodOf(x.Request)+" /"+x.Request.Name+queryOf(x.Request.Params), x.Request)
	if x.Reply.Result.Status != 0 {
		side(fmt.Sprintf("\nHTTP/1.1 %d", x.Reply.Result.Status), x.Reply)
	}
	return b.Bytes()
}

// LaidOut is x with bodies of JSON that people can read; what they say is the
// same.
func (x Exchange) LaidOut() Exchange {
	for _, m := range []*simulators.Message{&x.Request, &x.Reply} {
		var shown bytes.Buffer
		if json.Indent(&shown, m.Body, "", "  ") == nil {
			m.Body = shown.Bytes()
		}
	}
	return x
}

func methodOf(m simulators.Message) string {
	switch {
	case m.Method != "":
		return m.Method
	case m.Verb == "get":
		return "GET"
	}
	return "POST"
}

// inQuery escapes what a value of a query cannot have in it, and leaves the rest
// to be read by people.
var inQuery = strings.NewReplacer(" ", "%20", "%", "%25", "&", "%26", "+", "%2B", "#", "%23", `"`, "%22", "<", "%3C", ">", "%3E", ";", "%3B")

func queryOf(params map[string]string) string {
	var pairs []string
	for _, k := range slices.Sorted(maps.Keys(params)) {
		pairs = append(pairs, k+"="+inQuery.Replace(params[k]))
	}
	if pairs == nil {
		return ""
	}
	return "?" + strings.Join(pairs, "&")
}

// behind separates the two sides of a transcript.
const behind = "\n\nHTTP/1.1 "

// ReadExchange reads what [Exchange.Transcript] wrote.
func ReadExchange(text []byte) (x Exchange, err error) {
	asked, answered, both := strings.Cut(string(text), behind)
	if !both {
		asked = strings.TrimSuffix(asked, "\n")
	}
	line, err := side(asked, &x.Request)
	if err != nil {
		return x, fmt.Errorf("request: %w", err)
	}
	method, target, ok := strings.Cut(line, " /")
	if !ok || method == "" || strings.ContainsAny(target, " \t") {
		return x, fmt.Errorf("line 1: %q is no line of a request such as GET /orders", line)
	}
	x.Request.Method, x.Request.Verb = method, "post"
	if method == "GET" || method == "HEAD" {
		x.Request.Verb = "get"
	}
	name, query, has := strings.Cut(target, "?")
	x.Request.Name = name
	if has {
		values, err := url.ParseQuery(query)
		if err != nil {
			return x, fmt.Errorf("line 1: query: %w", err)
		}
		x.Request.Params = map[string]string{}
		for k, v := range values {
			x.Request.Params[k] = v[0]
		}
	}
	if !both {
		return x, nil
	}
	status, err := side(strings.TrimSuffix(answered, "\n"), &x.Reply)
	if err == nil {
		x.Reply.Result.Status, err = strconv.Atoi(status)
	}
	if err != nil {
		return x, fmt.Errorf("answer: %w", err)
	}
	return x, nil
}

// side reads headers and body of one side and returns its first line.
func side(text string, m *simulators.Message) (line string, err error) {
	head, body, whole := strings.Cut(text, "\n\n")
	if !whole {
		return "", errors.New("no empty line ends the headers")
	}
	lines := strings.Split(head, "\n")
	for i, l := range lines[1:] {
		name, value, ok := strings.Cut(l, ": ")
		if !ok {
			return "", fmt.Errorf("line %d: %q is no header such as Content-Type: text/plain", i+2, l)
		}
		if m.Header == nil {
			m.Header = map[string]string{}
		}
		m.Header[name] = value
	}
	m.Body = []byte(body)
	return lines[0], nil
}

// unlike says in what an exchange that was read is another than x.
func (x Exchange) unlike(again Exchange) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if !bytes.Equal(x.Transcript(), again.Transcript()) {
		say("written once more it is\n%s", again.Transcript())
	}
	for what, pair := range map[string][2]simulators.Message{"request": {x.Request, again.Request}, "answer": {x.Reply, again.Reply}} {
		was, is := pair[0], pair[1]
		if was.Name != is.Name || !maps.Equal(was.Params, is.Params) || !maps.Equal(was.Header, is.Header) || !bytes.Equal(was.Body, is.Body) || was.Result.Status != is.Result.Status {
			say("the %s is %+v", what, is)
		}
	}
	if x.Told {
		return wrong
	}
	want, wantRefused := understood(x.By, x.Request)
	got, refused := understood(x.By, again.Request)
	switch status := x.Reply.Result.Status; {
	case !slices.Equal(refused, wantRefused):
		say("it is refused with %q, and what it was made of with %q", refused, wantRefused)
	case len(got) == 0 && status < 400:
		say("it is refused with %q, and answered %d", refused, status)
	case !reflect.DeepEqual(got, want):
		say("it is understood as %+v,\nand what it was made of as %+v", got, want)
	}
	for _, ask := range got {
		if !says(ask) {
			say("it says nothing: %+v", ask)
		}
	}
	return wrong
}

// understood is what d makes of m, or of each message that m holds, as far as it
// can be compared.
func understood(d simulators.Dialect, m simulators.Message) (asks []simulators.Ask, refused []string) {
	held := []simulators.Message{m}
	if b, ok := d.(simulators.Bundler); ok {
		in, err := b.Unbundle(m)
		switch {
		case err != nil:
			return nil, []string{err.Error()}
		case len(in) > 0:
			held = in
		}
	}
	for _, one := range held {
		ask, err := d.Decode(one)
		if err != nil {
			refused = append(refused, err.Error())
			continue
		}
		if ask.Query != nil {
			q := *ask.Query
			q.Fits = nil // no two functions are the same
			ask.Query = &q
		}
		asks = append(asks, ask)
	}
	return asks, refused
}

func says(a simulators.Ask) bool {
	return len(a.Claims) > 0 || a.Query != nil || a.Ends != "" || a.Late != nil
}
