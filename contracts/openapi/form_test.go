package openapi

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
)

const uploads = `openapi: 3.1.0
info: {title: Uploads, version: "1"}
paths:
  /uploads:
    post:
      requestBody:
        required: true
        content:
          multipart/form-data:
            schema:
              type: object
              required: [about, file]
              properties:
                about: {type: object, required: [no], properties: {no: {type: string}, state: {enum: [open, closed]}}}
                file: {type: string}
                pages: {type: integer}
                tags: {type: array, items: {type: string}}
      responses: {"201": {description: there}}
`

// upload is a request of parts, each "name: value" or "name/media: value".
func upload(parts ...string) contracts.Exchange {
	var b strings.Builder
	for _, p := range parts {
		name, value, _ := strings.Cut(p, ": ")
		name, media, said := strings.Cut(name, "/")
		b.WriteString("--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n")
		if said {
			b.WriteString("Content-Type: " + media + "\r\n")
		}
		b.WriteString("\r\n" + value + "\r\n")
	}
	return contracts.Exchange{FromConsumer: true, Request: contracts.Part{Method: "POST", Path: "/uploads",
		Headers: map[string][]string{"Content-Type": {`multipart/form-data; boundary="b"`}}, Body: []byte(b.String() + "--b--\r\n")}}
}

// TestForms: parts are held against the members of an object, each read as it is
// meant.
func TestForms(t *testing.T) {
	d := read(t, "openapi.yaml", uploads)
	about := "about/application/json: " + `{"no":"1","state":"open"}`
	for _, c := range []struct {
		name  string
		parts []string
		want  string // paths of breaches
		drift string
	}{
		{"as it should be", []string{about, "file/application/octet-stream: <a/>", "pages: 3", "tags: a", "tags: b"}, "", ""},
		{"a list of one, and a text that looks like a number", []string{about, "file: 7", "tags: a"}, "", ""},
		{"no file", []string{about}, "$.file", ""},
		{"not the number that it should be", []string{about, "file: x", "pages: three"}, "$.pages", "type > $.pages"},
		{"wrong in a part", []string{`about/application/json: {"state":"lost"}`, "file: x"}, "$.about.no $.about.state", "enum > $.about.state=lost"},
		{"a part of another kind", []string{"about: no 1", "file: x"}, "$.about", "type > $.about"},
		{"a part that is no JSON", []string{"about/application/json: {", "file: x"}, "$", ""},
		{"more than is declared", []string{about, "file: x", "by: me"}, "", "field > $.by"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := upload(c.parts...)
			found, covered := d.Check(x)
			var paths, drift []string
			for _, b := range found {
				paths = append(paths, b.Path)
			}
			for _, o := range d.Undeclared(x) {
				drift = append(drift, o.Kind+strings.TrimPrefix(o.Path, "POST /uploads"))
			}
			if got := strings.Join(paths, " "); !covered || got != c.want {
				t.Errorf("covered %v, breaches %v, want at %q", covered, found, c.want)
			}
			if got := strings.Join(drift, " "); got != c.drift {
				t.Errorf("drift %q, want %q", got, c.drift)
			}
		})
	}
	if used := strings.Join(d.Used(upload(about, "file: x")), ", "); !strings.Contains(used, "POST /uploads > $.about.state=open") || strings.Contains(used, "pages") {
		t.Errorf("used %s", used)
	}
	for _, media := range []string{"multipart/form-data", "multipart/form-data; boundary=c"} {
		x := upload(about, "file: x")
		x.Request.Headers["Content-Type"] = []string{media}
		if found, _ := d.Check(x); len(found) == 0 {
			t.Errorf("%s keeps the contract", media)
		}
	}
}
