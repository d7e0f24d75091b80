package pactbroker_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andon-rig/andon/harness/pactbroker"
)

func TestBadBrokers(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another host is asked") }))
	defer elsewhere.Close()
	const index = `{"_links":{"pb:provider-pacts-for-verification":{"href":"/pacts"}}}`
	for _, c := range []struct {
		name  string
		pacts http.HandlerFunc // answers /pacts; nil if the index is what is bad
		root  http.HandlerFunc
		want  string
	}{
		{"fails", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/hal+json")
			w.WriteHeader(500)
			io.WriteString(w, `{"error":{"message":"no database"}}`)
		}, nil, `it answers 500 Internal Server Error: {"message":"no database"}`},
		{"is no broker", nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			io.WriteString(w, "<html>welcome</html>")
		}, `it answers "text/html", as no Pact Broker does`},
		{"is another service", nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"status":"ok"}`)
		}, "has no pb:provider-pacts-for-verification: it is no Pact Broker"},
		{"wants credentials", nil, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, "401 Unauthorized; set PACT_BROKER_TOKEN"},
		{"sends elsewhere", nil, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) }, "points to another host"},
		{"links elsewhere", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"_embedded":{"pacts":[{"_links":{"self":{"href":"`+elsewhere.URL+`/pact"}}}]}}`)
		}, nil, "points to another host"},
		{"sends around", nil, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) }, "from one address to the next"},
		{"is huge", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			chunk := []byte(strings.Repeat(" ", 1<<20))
			for range 70 {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, nil, "larger than 64 MiB"},
		{"is cut", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"_embedded":`)
		}, nil, "answers no JSON"},
		{"names no address", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"_embedded":{"pacts":[{"_links":{}}]}}`)
		}, nil, "not where it is"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/pacts":
					c.pacts(w, r)
				case c.root != nil:
					c.root(w, r)
				default:
					w.Header().Set("Content-Type", "application/hal+json")
					io.WriteString(w, index)
				}
			}))
			defer s.Close()
			_, err := client(t, s.URL).ForVerification(t.Context(), pactbroker.Choice{Provider: "erp"})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"PACT_BROKER_TOKEN": "t0ken", "PACT_BROKER_USERNAME": "u"}, "Bearer t0ken"},
		{map[string]string{"PACT_BROKER_USERNAME": "u", "PACT_BROKER_PASSWORD": "p"}, "Basic dTpw"},
		{nil, ""},
	} {
		got := "nobody asked"
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") }))
		b, err := pactbroker.New(s.URL, func(name string) string { return c.env[name] })
		if err != nil {
			t.Fatal(err)
		}
		b.ForVerification(t.Context(), pactbroker.Choice{Provider: "erp"})
		s.Close()
		if got != c.want {
			t.Errorf("%v: got %q, want %q", c.env, got, c.want)
		}
	}
	for _, bad := range []string{"http://u:p@127.0.0.1:1", "127.0.0.1:9292", "ftp://x"} {
		if _, err := pactbroker.New(bad, nil); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
