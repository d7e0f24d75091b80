package bundle_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

func redactor(t testing.TB, fields []string, secrets ...bundle.Secret) *bundle.Redactor {
	t.Helper()
	r, err := bundle.NewRedactor(fields, secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRedactByName(t *testing.T) {
	r := redactor(t, []string{"operator-name"})
	for _, c := range []struct{ in, want string }{
		{`{"client_secret":"s3cr3t"}`, `{"client_secret":"[redacted]"}`},
		{`{"access_token" : "abc", "expires_in":5}`, `{"access_token" : "[redacted]", "expires_in":5}`},
		{`{"password":1234,"n":1}`, `{"password":"[redacted]","n":1}`},
		{`{"password":null}`, `{"password":null}`},
		{`{"password":"a\"b","n":1}`, `{"password":"[redacted]","n":1}`},
		{`{"password":"a\\","n":1}`, `{"password":"[redacted]","n":1}`},
		{`{"passwords":["a","b"]}`, `{"passwords":["a","b"]}`},
		{`{"apiKey":["a","b"]}`, `{"apiKey":["[redacted]"]}`},
		{`{"credentials":{"user":"u","password":"p"}}`, `{"credentials":{"user":"u","password":"[redacted]"}}`},
		{`{"Operator_Name":"Jane Doe"}`, `{"Operator_Name":"[redacted]"}`},
		{`{"operator":"Jane Doe"}`, `{"operator":"Jane Doe"}`},
		{`{"text":"{\"password\":\"p\\\"q\",\"n\":1}"}`, `{"text":"{\"password\":\"[redacted]\",\"n\":1}"}`},
		{"{\"secret\":\n  \"x y\"}", "{\"secret\":\n  \"[redacted]\"}"},
		{`grant_type=client_credentials&client_secret=a%20b&scope=x`, `grant_type=client_credentials&client_secret=[redacted]&scope=x`},
		{"Authorization: Bearer abc.def-1\nAccept: */*", "Authorization: Bearer [redacted]\nAccept: */*"},
		{"Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [redacted]"},
		{"authorization=Bearer abcdefgh1", "authorization=Bearer [redacted]"},
		{"Set-Cookie: sid=1234; Path=/", "Set-Cookie: [redacted]; Path=/"},
		{"level=info token=abc msg=\"got it\"", "level=info token=[redacted] msg=\"got it\""},
		{"password: 'two words', user: x", "password: '[redacted]', user: x"},
		{"using bearer 0123456789abcdef0123 now", "using bearer [redacted] now"},
		{"the bearer of good news", "the bearer of good news"},
		{"Basic understanding", "Basic understanding"},
		{"sent eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl away", "sent [redacted] away"},
		{"<wsse:Password Type=\"text\">p4ss</wsse:Password>", "<wsse:Password Type=\"text\">[redacted]</wsse:Password>"},
		{"<Password/><Quantity>5</Quantity>", "<Password/><Quantity>5</Quantity>"},
		{"<login password=\"p\" user=\"u\"/>", "<login password=\"[redacted]\" user=\"u\"/>"},
		{"postgres://app:p4ss@db:5432/erp", "postgres://app:[redacted]@db:5432/erp"},
		{"http://127.0.0.1:8080/x:y@z", "http://127.0.0.1:8080/x:y@z"},
		{"client_secret: ${erp.secret}", "client_secret: ${erp.secret}"},
		{"ERP_TOKEN=http://127.0.0.1:4000/oauth/token", "ERP_TOKEN=http://127.0.0.1:4000/oauth/token"},
		{`{"idempotencyKey":"k-1","key":"confirmation/1"}`, `{"idempotencyKey":"k-1","key":"confirmation/1"}`},
		{"password=", "password="},
		{"token", "token"},
	} {
		if got := string(r.Text([]byte(c.in))); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
		if again := string(r.Text([]byte(c.want))); again != c.want {
			t.Errorf("redacting twice: %s became %s", c.want, again)
		}
	}
}

// canary is a secret no part of which is harmless in any encoding.
const canary = `Kanari/en"vogel<&>+7 ü\9`

// spellings are the ways in which messages and logs carry the canary.
func spellings() map[string]string {
	inJSON, _ := json.Marshal(canary)
	twice, _ := json.Marshal(string(inJSON))
	return map[string]string{
		"plain": canary, "json": string(inJSON), "json in json": string(twice), "query": url.QueryEscape(canary), "path": url.PathEscape(canary),
		"hex":    hex.EncodeToString([]byte(canary)),
		"base64": base64.StdEncoding.EncodeToString([]byte(canary)), "base64url": base64.RawURLEncoding.EncodeToString([]byte(canary)),
		"basic 1": base64.StdEncoding.EncodeToString([]byte("x:" + canary)), "basic 2": base64.StdEncoding.EncodeToString([]byte("xy:" + canary)),
		"basic 3": base64.StdEncoding.EncodeToString([]byte("xyz:" + canary)), "xml": strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(canary),
	}
}

// leaks returns the spellings of the canary that are found in text.
func leaks(text []byte) (found []string) {
	core := func(s string) string { // what does not depend on neighbours
		if len(s) > 16 {
			return s[6 : len(s)-6]
		}
		return s
	}
	for name, s := range spellings() {
		if bytes.Contains(text, []byte(core(s))) {
			found = append(found, name)
		}
	}
	return found
}

// The canary test: a secret the rig knows is planted wherever something can
// be planted, and no file of the bundle has it.
func TestCanaryNeverAppears(t *testing.T) {
	r := redactor(t, nil, bundle.Secret{Name: "erp.secret", Value: canary})
	p := plan
	p.Title = "with " + canary
	p.Attribution = map[string]string{"erp": canary}
	w := create(t, bundle.Inputs{
		Plan: p, Redactor: r, Command: []string{"gate", "--x=" + canary},
		Rig: []byte("env: {S: '" + canary + "'}\n"), Scenario: []byte("# " + canary + "\n"),
	})
	j := evidence.NewJournal(w.Journal())
	j.Append(evidence.Begin{Plan: p})
	log := w.Log()
	for name, s := range spellings() {
		body := fmt.Appendf(nil, `<a b="%s">{"x":"%s"}&y=%s`, s, s, s)
		a := attempt(1, w.Store(body))
		a.IdemKey, a.Key, a.Heard.Text, a.Name = s, s, s, s
		a.Heard.Items = []simulators.Result{{Text: s, Code: s}}
		a.Claims = []plant.Event{{ID: plant.EventID(s), Fact: plant.Scrapped{Reason: s, Lot: plant.LotID(s)}}}
		j.Append(a)
		j.Append(evidence.Surface{Reason: s, Reference: s, Kind: plant.Kind(s), Class: simulators.Class(s)})
		j.Append(evidence.Step{Name: s, Text: s, Args: map[string]string{"secret": s, "x": s}})
		j.Append(evidence.Disturbance{What: s, Phase: evidence.Struck})
		j.Append(evidence.Finding{Oracle: s, Journey: s, Extra: json.RawMessage(`{"x":` + string(spellingJSON(s)) + `}`)})
		for _, part := range []string{name, " ", s[:len(s)/2], s[len(s)/2:], "\n"} {
			fmt.Fprint(log, part)
		}
		fmt.Fprint(w.Log(), s) // a last line without an end
	}
	j.Append(evidence.End{Reason: canary})
	if err := j.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteFindings([]evidence.Finding{{Got: canary, Text: canary}}); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteVerdict(bundle.Verdict{Text: canary}); err != nil {
		t.Fatal(err)
	}
	// A line that never ends is written before it fills the memory.
	long := w.Log()
	fmt.Fprint(long, strings.Repeat("-", 64<<10-5))
	for i := range len(canary) {
		fmt.Fprint(long, canary[i:i+1])
	}
	fmt.Fprint(long, strings.Repeat("-", 64<<10))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	files := 0
	err := filepath.WalkDir(w.Path(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if found := leaks(text); len(found) > 0 {
			t.Errorf("%s has the canary as %q", filepath.Base(path), found)
		}
		if !bytes.Contains(text, []byte("[redacted erp.secret]")) {
			t.Errorf("%s: nothing was redacted: is this test still planting?", filepath.Base(path))
		}
		return err
	})
	if err != nil || files != 8 {
		t.Fatalf("looked at %d files, want 8: %v", files, err)
	}
	b := open(t, w.Path())
	if ps := b.Problems(); len(ps) > 0 {
		t.Errorf("redaction damaged the bundle: %q", ps)
	}
	if len(leaks([]byte("x"+canary+"x"))) == 0 {
		t.Error("the test cannot see a leak")
	}
}

func spellingJSON(s string) []byte { b, _ := json.Marshal(s); return b }

func TestShortSecretsAndStructureAreRefused(t *testing.T) {
	if _, err := bundle.NewRedactor(nil, bundle.Secret{Name: "mes.secret", Value: "abc"}); err == nil || !strings.Contains(err.Error(), "mes.secret") {
		t.Errorf("a short secret: got %v", err)
	}
	for _, f := range []string{"seq", "Kind", "_", "amount"} {
		if _, err := bundle.NewRedactor([]string{f}); err == nil {
			t.Errorf("field %q was accepted", f)
		}
	}
	if err := new(bundle.Redactor).Add("unset", ""); err != nil {
		t.Errorf("an empty secret: got %v", err)
	}
}

// A secret that is also a word of the journal must not make it unreadable.
func TestSecretsThatAreWordsOfTheJournal(t *testing.T) {
	r := redactor(t, nil, bundle.Secret{Value: "attempt"}, bundle.Secret{Value: "4711"}, bundle.Secret{Value: `":{"`}, bundle.Secret{Value: "confirmation"})
	lines := []byte(strings.Join(journal(t, 5), ""))
	j, err := bundle.ReadJournal(bytes.NewReader(r.Line(lines)))
	if err != nil || len(j.Records) != 5 || j.Cut != nil || len(j.Damage) > 0 {
		t.Fatalf("got %d records, cut %v, damage %q, %v", len(j.Records), j.Cut, j.Damage, err)
	}
	if text := r.Line(lines); bytes.Contains(text, []byte("00004711")) {
		t.Errorf("the secret is still there: %s", text)
	}
}

func TestTokensAddedLater(t *testing.T) {
	w := create(t, bundle.Inputs{Plan: plan})
	if err := w.Redact("token 1", "tok-0123456789"); err != nil {
		t.Fatal(err)
	}
	ref := w.Store([]byte("look: tok-0123456789"))
	w.Close()
	if p, err := open(t, w.Path()).Payload(ref); err != nil || p.Text != "look: [redacted token1]" {
		t.Errorf("got %+v, %v", p, err)
	}
}

func FuzzRedactText(f *testing.F) {
	for _, s := range spellings() {
		f.Add("password=" + s + "&x={\"token\":\"" + s + "\"}")
	}
	f.Add(`{"password":"\`)
	f.Add(`secret:\\\\"`)
	r := redactor(f, []string{"operator"}, bundle.Secret{Name: "c", Value: canary})
	f.Fuzz(func(t *testing.T, text string) {
		before := strings.Clone(text)
		out := r.Text([]byte(text + canary + text))
		if bytes.Contains(out, []byte(canary)) {
			t.Errorf("the secret stays in %q", out)
		}
		if text != before {
			t.Error("the input was changed")
		}
	})
}

// Whatever strings a record holds, redaction leaves JSON of the same shape.
func FuzzRedactLine(f *testing.F) {
	f.Add("password", "=", `"`, `\`)
	f.Add("token='", "x'", "Authorization: Bearer ", "abcdefgh1234")
	f.Add("token'=", "", "", "") // found by fuzzing: took a quote of the line for one of the text
	f.Add(`{\"secret\":\"`, `a\\\"b`, "secret", "https://u:p@h")
	r := redactor(f, []string{"operator"}, bundle.Secret{Name: "c", Value: canary}, bundle.Secret{Value: `":{"`}, bundle.Secret{Value: `\\\\`})
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		line, err := json.Marshal(map[string]any{"a": b, "password": c, "list": []string{a, d, b}, "n": 1, "d": map[string]string{"token": b, "x": c}})
		if err != nil {
			return // not a line that a journal can hold
		}
		out := r.Line(line)
		var before, after any
		if err := json.Unmarshal(line, &before); err != nil {
			t.Fatalf("json.Marshal wrote what cannot be read: %v", err)
		}
		if err := json.Unmarshal(out, &after); err != nil {
			t.Fatalf("no longer JSON: %v\n in %s\nout %s", err, line, out)
		}
		if !sameShape(before, after) {
			t.Fatalf("another shape:\n in %s\nout %s", line, out)
		}
	})
}

func sameShape(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k := range a {
			if !sameShape(a[k], b[k]) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !sameShape(a[i], b[i]) {
				return false
			}
		}
		return true
	}
	return reflect.TypeOf(a) == reflect.TypeOf(b)
}

func BenchmarkRedactLine(b *testing.B) {
	r := redactor(b, nil, bundle.Secret{Name: "erp", Value: "erp-secret-0123456789"}, bundle.Secret{Name: "mes", Value: "mes-secret-0123456789"})
	line := []byte(journal(b, 3)[1])
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		r.Line(line)
	}
}
