//go:build pact

package line_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/pact-foundation/pact-go/v2/message"
	"github.com/pact-foundation/pact-go/v2/models"
	"github.com/pact-foundation/pact-go/v2/provider"
)

// bridge hands over messages that the ERP has really announced. It keeps a
// verdict of its own: pact-go takes the error page of a handler that has none
// for the message, and a pact that is content with any text would hold.
type bridge struct {
	rig    *rig
	within time.Duration

	mu     sync.Mutex // guards failed
	failed error
}

func (b *bridge) hand([]models.ProviderState) (message.Body, message.Metadata, error) {
	body, err := b.rig.announcement(b.within)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = errors.Join(b.failed, err)
	return body, message.Metadata{"contentType": "application/json"}, err
}

// verify has pact-go verify the running ERP by a pact. States come from the
// simulated plant: an order is released when the plant releases one.
func verify(ctx SpecContext, b *bridge, pact string) error {
	GinkgoHelper()
	token, err := b.rig.token(ctx)
	Expect(err).NotTo(HaveOccurred())
	err = provider.NewVerifier().VerifyProvider(t, provider.VerifyRequest{
		Provider: "erp", ProviderBaseURL: b.rig.env["ERP_URL"], PactFiles: []string{pact},
		// With SoftFail the verifier's verdict is ours to assert; whatever keeps
		// it from having one still fails the suite.
		SoftFail: true,
		RequestFilter: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Set("Authorization", "Bearer "+token)
				next.ServeHTTP(w, r)
			})
		},
		StateHandlers: models.StateHandlers{released: func(setup bool, _ models.ProviderState) (models.ProviderStateResponse, error) {
			if !setup {
				return nil, nil
			}
			o, err := b.rig.order()
			if err != nil {
				return nil, err
			}
			return models.ProviderStateResponse{"order": o.ID, "operation": o.Operations[0]}, nil
		}},
		MessageHandlers: message.Handlers{news: b.hand},
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	return errors.Join(err, b.failed)
}

// changed is the pact with one thing in it changed.
func changed(pact, from, to string) string {
	GinkgoHelper()
	text, err := os.ReadFile(pact)
	Expect(err).NotTo(HaveOccurred())
	Expect(string(text)).To(ContainSubstring(from))
	file := filepath.Join(GinkgoT().TempDir(), "pact.json")
	Expect(os.WriteFile(file, []byte(strings.ReplaceAll(string(text), from, to)), 0o600)).To(Succeed())
	return file
}

func providerTests(pacts *folder) {
	var erp *rig
	BeforeAll(func() { erp = startRig() })

	It("keeps what the line relies on", func(ctx SpecContext) {
		Expect(verify(ctx, &bridge{rig: erp, within: 20 * time.Second}, pacts.file())).To(Succeed())
	})

	DescribeTable("does not keep", func(ctx SpecContext, from, to string) {
		err := verify(ctx, &bridge{rig: erp, within: 20 * time.Second}, changed(pacts.file(), from, to))
		Expect(err).To(MatchError(provider.ErrVerificationFailed))
	},
		Entry("a field that it does not have", `"item":`, `"material":`),
		Entry("another status", `"status": 201`, `"status": 204`),
		Entry("another member in its announcements", `"MaterialDefinitionID"`, `"MaterialID"`),
	)

	It("has not kept a message that never came, whatever the pact is content with", func(ctx SpecContext) {
		silent := &bridge{rig: &rig{env: erp.env, heard: make(chan []byte)}, within: 100 * time.Millisecond}
		content := filepath.Join(GinkgoT().TempDir(), "content.json")
		Expect(os.WriteFile(content, []byte(`{
  "consumer": {"name": "acme-line"}, "provider": {"name": "erp"},
  "interactions": [{"type": "Asynchronous/Messages", "description": "an order was released"}],
  "metadata": {"pactSpecification": {"version": "4.0"}}
}`), 0o600)).To(Succeed())
		err := verify(ctx, silent, content)
		Expect(err).To(MatchError(errSilence))
		Expect(err).NotTo(MatchError(provider.ErrVerificationFailed), "pact-go has learnt to notice by itself: the bridge's own verdict may go")
	})
}
