package harness

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

// strongbox knows a secret of the ERP, a token of the MES and a person.
func strongbox(t *testing.T) (*vault, *evidence.Journal) {
	t.Helper()
	j := evidence.NewJournal(nil)
	v, err := newVault(j)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		v.add(evidence.Secret{Name: "erp.secret", Kind: evidence.SecretCredential, Owner: "erp"}, "hunter2-hunter2"),
		v.token("mes", "TOKENTOKENTOKENTOKEN"),
		v.add(evidence.Secret{Name: "person-1", Kind: evidence.SecretCanary}, "EMP-0815-77"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return v, j
}

func sightings(j *evidence.Journal) (all []string) {
	for _, r := range j.Records() {
		s := r.Body.(evidence.Sighting)
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s (%s)", s.What, s.Place, s.Endpoint, s.Where)))
	}
	return all
}

func TestSecretsInMessages(t *testing.T) {
	for _, c := range []struct {
		name, endpoint string
		m              simulators.Message
		want           string // "" for nothing
	}{
		{"its own token as a credential", "mes", simulators.Message{Header: map[string]string{"Authorization": "Bearer TOKENTOKENTOKENTOKEN"}}, ""},
		{"another's token as a credential", "erp", simulators.Message{Header: map[string]string{"Authorization": "Bearer TOKENTOKENTOKENTOKEN"}},
			"mes.token-1 credential erp (header Authorization)"},
		{"its own secret for a token", "erp", simulators.Message{Name: "oauth/token", Body: []byte("client_id=x&client_secret=hunter2-hunter2")}, ""},
		{"its own secret as Basic", "erp", simulators.Message{Header: map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("andon-erp:hunter2-hunter2"))}}, ""},
		{"another's secret as Basic", "mes", simulators.Message{Header: map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("andon-erp:hunter2-hunter2"))}},
			"erp.secret credential mes (header Authorization)"},
		{"another's secret for a token", "mes", simulators.Message{Name: "oauth/token", Body: []byte("client_secret=hunter2-hunter2")}, "erp.secret message mes (the body)"},
		{"in a query", "erp", simulators.Message{Params: map[string]string{"key": "hunter2-hunter2"}}, "erp.secret url erp (parameter key)"},
		{"in a path", "mes", simulators.Message{Name: "orders/EMP-0815-77"}, "person-1 url mes (the path)"},
		{"in a header for another", "mes", simulators.Message{Header: map[string]string{"X-Debug": "hunter2-hunter2"}}, "erp.secret message mes (header X-Debug)"},
		{"a number that a person's is part of", "mes", simulators.Message{Name: "items/00EMP-0815-77", Params: map[string]string{"after": "EMP-0815-770", "of": "EMP-0815-77.5"}}, ""},
		{"a person behind such a number", "mes", simulators.Message{Name: "items/EMP-0815-771/EMP-0815-77"}, "person-1 url mes (the path)"},
		{"a person at the end of a sentence", "exceptions", simulators.Message{Body: []byte(`{"reason":"ask EMP-0815-77."}`)}, "person-1 exception exceptions (the body)"},
		{"a person in a posting", "erp", simulators.Message{Body: []byte(`{"operator":"EMP-0815-77"}`)}, ""},
		{"a person in a report", "exceptions", simulators.Message{Body: []byte(`{"reason":"EMP-0815-77 again"}`)}, "person-1 exception exceptions (the body)"},
		{"a token in a report, encoded", "exceptions", simulators.Message{Body: []byte(base64.StdEncoding.EncodeToString([]byte("TOKENTOKENTOKENTOKEN")))},
			"mes.token-1 exception exceptions (the body)"},
		{"nothing of the kind", "erp", simulators.Message{Name: "confirmations", Body: []byte(`{"hunter":2}`)}, ""},
	} {
		v, j := strongbox(t)
		v.look(c.endpoint, c.m)
		if got := strings.Join(sightings(j), ", "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSecretsInTheLog(t *testing.T) {
	v, j := strongbox(t)
	log := v.log()
	for _, part := range []string{"started\nusing hunter2-", "hunter2 and more\nfine\n", "EMP-08", "15-77\nEMP-0815-78\n", strings.Repeat("x", 3*longestLine), "hunter2-hunter2"} {
		if n, err := log.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("wrote %d of %d: %v", n, len(part), err)
		}
	}
	if n, err := log.Write([]byte("\n")); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	got := strings.Join(sightings(j), ", ")
	if want := "erp.secret log  (line 2), person-1 log  (line 4), erp.secret log  (line 6)"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestNoSecretIsWrittenDown: a sighting says what was seen and where, and
// nothing that would let a reader see it, too.
func TestNoSecretIsWrittenDown(t *testing.T) {
	v, j := strongbox(t)
	v.look("mes", simulators.Message{Name: "x/hunter2-hunter2", Params: map[string]string{"a": "TOKENTOKENTOKENTOKEN"}, Body: []byte("hunter2-hunter2")})
	for _, r := range j.Records() {
		b, err := r.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "hunter2") || strings.Contains(string(b), "TOKENTOKEN") {
			t.Errorf("written down: %s", b)
		}
	}
}

func TestALogThatTellsAllIsWrittenDownInBounds(t *testing.T) {
	v, j := strongbox(t)
	log := v.log()
	for range 3 * mostInOneLog {
		_, _ = log.Write([]byte("hunter2-hunter2\n"))
	}
	if n := len(j.Records()); n != mostInOneLog {
		t.Errorf("%d sightings, want %d", n, mostInOneLog)
	}
}
