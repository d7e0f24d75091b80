package openapi

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/contracttest"
)

func TestConformance(t *testing.T) {
	confirm := func(body string) contracts.Exchange {
		return contracts.Exchange{FromConsumer: true, Request: contracts.Part{Method: "POST", Path: "/confirmations", Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(body)},
			Reply: &contracts.Part{Status: 201, Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(`{"doc":"1"}`)}}
	}
	elsewhere := confirm(`{}`)
	elsewhere.Request.Path = "/receipts"
	contracttest.Run(t, Format{}, contracttest.Case{
		Files: []contracts.File{{Name: "1/openapi.yaml", Data: []byte(orders)}},
		Next:  []contracts.File{{Name: "2/openapi.yaml", Data: []byte(strings.Replace(orders, "  /confirmations:", "  /postings:", 1))}},
		Good:  []contracts.Exchange{confirm(`{"order":"1","yield":5}`)},
		Bad:   []contracts.Exchange{confirm(`{"order":"1"}`), confirm(`{"order":"1","yield":-1}`), confirm(``)},
		Other: []contracts.Exchange{elsewhere},
	})
}
