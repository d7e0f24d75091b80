//go:build pact

package line_test

import (
	"fmt"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/pact-foundation/pact-go/v2/consumer"
	"github.com/pact-foundation/pact-go/v2/matchers"
	message "github.com/pact-foundation/pact-go/v2/message/v4"

	"example.com/acme/line"
)

const (
	released = "an order is released"  // a state of the ERP
	news     = "an order was released" // a message of the ERP
)

// folder is where pacts are written to.
type folder string

// file is the pact between the line and the ERP.
func (f folder) file() string { return filepath.Join(string(f), "acme-line-erp.json") }

// interaction is a new one in the pact of the line with the ERP.
func (f folder) interaction() *consumer.V4UnconfiguredInteraction {
	GinkgoHelper()
	p, err := consumer.NewV4Pact(consumer.MockHTTPProviderConfig{Consumer: "acme-line", Provider: "erp", PactDir: string(f)})
	Expect(err).NotTo(HaveOccurred())
	return p.AddInteraction()
}

// lookedUp is what the line relies on when it looks up an order: the number
// comes from the state when the ERP is verified, and of the answer only what
// the line reads is asked for.
func (f folder) lookedUp() *consumer.V4InteractionWithResponse {
	return f.interaction().Given(released).
		UponReceiving("an order is looked up").
		WithRequestPathMatcher("GET", matchers.FromProviderState("/orders/${order}", "/orders/4711000001")).
		WillRespondWith(200, func(b *consumer.V4ResponseBuilder) {
			b.JSONBody(matchers.MapMatcher{
				"id": matchers.FromProviderState("${order}", "4711000001"), "item": matchers.Like("PUMP-7"), "unit": matchers.Like("EA"),
				"quantity":   matchers.Regex("200", `\d+(\.\d+)?`),
				"operations": matchers.EachLike(matchers.MapMatcher{"id": matchers.Like("0010")}, 1),
			})
		})
}

// started is what the line tells when an operation was started. Members that
// are the same every time stand as they are.
func (f folder) started() *consumer.V4InteractionWithResponse {
	order := matchers.FromProviderState("${order}", "4711000001")
	operation := matchers.FromProviderState("${operation}", "0010")
	reference := matchers.FromProviderState("operation-started/${order}/${operation}", "operation-started/4711000001/0010")
	instant := matchers.Regex("2026-03-02T06:03:00Z", `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)`)
	segment := object{
		"ID": reference, "OperationsRequestID": list{order}, "OperationsSegmentID": list{operation},
		"PostingDate": instant, "ActualStartTime": instant, "SegmentState": "Running",
	}
	return f.interaction().Given(released).
		UponReceiving("an operation was started").
		WithRequest("POST", "/operation-starts", func(b *consumer.V4RequestBuilder) {
			b.Header("Idempotency-Key", reference).JSONBody(object{"SyncOperationsPerformance": object{
				"@releaseID": "V0701",
				"ApplicationArea": object{
					"Sender":           object{"LogicalID": "lid://acme.line", "TaskID": "operation-started", "ReferenceID": reference},
					"CreationDateTime": instant,
				},
				"DataArea": object{"Sync": object{}, "OperationsPerformance": list{object{"OperationsResponse": list{object{"SegmentResponse": list{segment}}}}}},
			}})
		}).
		WillRespondWith(201)
}

type (
	object map[string]any
	list   []any
)

// heard is what the line relies on in the announcement of an order.
func (f folder) heard(by message.AsynchronousConsumer) error {
	GinkgoHelper()
	p, err := message.NewAsynchronousPact(message.Config{Consumer: "acme-line", Provider: "erp", PactDir: string(f)})
	Expect(err).NotTo(HaveOccurred())
	product := object{
		"MaterialDefinitionID": list{matchers.Like("PUMP-7")},
		"Quantity":             list{object{"QuantityString": matchers.Regex("200", `\d+(\.\d+)?`), "UnitOfMeasure": matchers.Like("EA")}},
	}
	return p.AddAsynchronousMessage().Given(released).ExpectsToReceive(news).
		WithJSONContent(object{"ProcessOperationsSchedule": object{"DataArea": object{"OperationsSchedule": list{object{"OperationsRequest": list{object{
			"ID": matchers.Like("4711000001"),
			"SegmentRequirement": list{object{
				"MaterialRequirement":     list{product},
				"SegmentRequirementChild": matchers.EachLike(object{"OperationsSegmentID": matchers.Like("0010")}, 1),
			}},
		}}}}}}}).
		ConsumedBy(by).Verify(t)
}

// erp is the line's client at the mock server of pact-go.
func erp(at consumer.MockServerConfig) line.ERP {
	return line.ERP{URL: fmt.Sprintf("http://%s:%d", at.Host, at.Port)}
}

func consumerTests(pacts *folder) {
	pump := line.Order{ID: "4711000001", Item: "PUMP-7", Unit: "EA", Quantity: "200", Operations: []string{"0010"}}

	It("looks an order up", func(ctx SpecContext) {
		Expect(pacts.lookedUp().ExecuteTest(t, func(at consumer.MockServerConfig) error {
			o, err := erp(at).Order(ctx, "4711000001")
			Expect(o).To(Equal(pump))
			return err
		})).To(Succeed())
	})

	It("is told that an order is not there", func(ctx SpecContext) {
		Expect(pacts.interaction().
			UponReceiving("an order that is not there is looked up").
			WithRequest("GET", "/orders/none").
			WillRespondWith(404).
			ExecuteTest(t, func(at consumer.MockServerConfig) error {
				_, err := erp(at).Order(ctx, "none")
				Expect(err).To(MatchError(line.ErrUnknown))
				return nil
			})).To(Succeed())
	})

	It("tells that an operation was started", func(ctx SpecContext) {
		Expect(pacts.started().ExecuteTest(t, func(at consumer.MockServerConfig) error {
			return erp(at).Start(ctx, "4711000001", "0010", time.Now())
		})).To(Succeed())
	})

	It("hears of a released order", func() {
		Expect(pacts.heard(func(m message.AsynchronousMessage) error {
			o, err := line.Released(m.Contents)
			Expect(o).To(Equal(pump))
			return err
		})).To(Succeed())
	})

	It("is not believed if it asks for something else than it says", func(ctx SpecContext) {
		nowhere := folder(GinkgoT().TempDir())
		err := nowhere.lookedUp().ExecuteTest(t, func(at consumer.MockServerConfig) error {
			Expect(erp(at).Start(ctx, "4711000001", "0010", time.Now())).NotTo(Succeed())
			return nil
		})
		Expect(err).To(MatchError(ContainSubstring("pact validation failed")))
		Expect(nowhere.file()).NotTo(BeAnExistingFile())
	})
}
