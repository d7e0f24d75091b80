package verify_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/pactcli/pactclitest"
	"github.com/andon-rig/andon/harness/verify"
)

// BenchmarkThousand verifies a pact of 1,000 interactions with states, by our
// engine and by the official one.
func BenchmarkThousand(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if no, ok := strings.CutPrefix(r.URL.Path, "/orders/"); ok {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"no": %q, "quantity": 3}`, no)
		}
	}))
	defer s.Close()
	var all []string
	for i := range 1000 {
		one := strings.Split(fmt.Sprintf(orderPact, released), "\n")
		all = append(all, strings.ReplaceAll(strings.ReplaceAll(strings.Join(one[1:len(one)-1], "\n"), "1000001", fmt.Sprint(1_000_000+i)), "an order is asked for", fmt.Sprintf("order %d", i)))
	}
	doc := `{"consumer": {"name": "mes"}, "provider": {"name": "erp"}, "interactions": [` + strings.Join(all, ",\n") + `], "metadata": {"pactSpecification": {"version": "4.0"}}}`
	file := filepath.Join(b.TempDir(), "orders.json")
	if err := os.WriteFile(file, []byte(doc), 0o644); err != nil {
		b.Fatal(err)
	}
	pairs, err := verify.FromFiles([]string{file}, formats, "")
	if err != nil {
		b.Fatal(err)
	}
	u, err := url.Parse(s.URL)
	if err != nil {
		b.Fatal(err)
	}
	states, err := url.Parse(s.URL + "/_states")
	if err != nil {
		b.Fatal(err)
	}
	target := verify.Target{URL: u, States: states}
	for _, e := range []struct {
		name string
		open func(b *testing.B) contracts.Replayer
	}{
		{"andon", func(*testing.B) contracts.Replayer { return verify.NewAndon(target) }},
		{"pact-cli", func(b *testing.B) contracts.Replayer { return verify.NewOfficial(pactclitest.Program(b), target) }},
	} {
		b.Run(e.name, func(b *testing.B) {
			engine := e.open(b)
			for b.Loop() {
				o, err := verify.Run(b.Context(), verify.Options{Engine: engine, Pairs: pairs, Now: time.Now})
				if err != nil || o.Verdict != evidence.Holds || len(o.Pairs[0].All) != 1000 {
					b.Fatalf("%s, %v", o.Verdict, err)
				}
			}
		})
	}
}
