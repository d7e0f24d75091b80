package neutral

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
)

func TestCheckReply(t *testing.T) {
	problem := map[string]string{"Content-Type": "application/problem+json; charset=utf-8"}
	for _, c := range []struct {
		name   string
		status int
		header map[string]string
		body   string
		says   string // "" means that nothing is wrong
	}{
		{"taken", 202, nil, "", ""},
		{"taken, with words of its own", 200, map[string]string{"Content-Type": "text/html"}, "<p>thanks", ""},
		{"refused in plain text", 422, nil, "no such lot", ""},
		{"a problem with members of its own", 409, problem, `{"type":"about:blank","class":"business","status":409,"trace":{"id":7}}`, ""},
		{"put off", 503, map[string]string{"Retry-After": "3"}, "", ""},
		{"put off until a date", 429, map[string]string{"Retry-After": "Mon, 02 Mar 2026 08:00:00 GMT"}, "", ""},
		{"a redirect", 302, nil, "", "status: 302"},
		{"no status of HTTP", 999, nil, "", "status: 999"},
		{"success with a problem", 200, problem, `{"status":500}`, "header Content-Type"},
		{"put off vaguely", 503, map[string]string{"Retry-After": "soon"}, "", `header Retry-After: "soon"`},
		{"a problem that is none", 400, problem, "oops", "body: is not"},
		{"a problem that is nothing", 400, problem, "null", "body: is not"},
		{"a class of its own", 400, problem, `{"class":"fatal"}`, `body.class: "fatal"`},
		{"a number for a text", 400, problem, `{"code":17}`, "body.code: 17"},
		{"two statuses", 400, problem, `{"status":422}`, "body.status: 422"},
	} {
		got := Dialect{}.CheckReply(simulators.Message{}, simulators.Message{Header: c.header, Body: []byte(c.body), Result: simulators.Result{Status: c.status}})
		if (c.says == "") != (got == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.says)
		}
	}
}
