package pact

import (
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/contracttest"
)

func TestConformance(t *testing.T) {
	contracttest.Run(t, Format{}, contracttest.Case{
		Files: []contracts.File{{Name: "3.2/mes-erp.json", Data: []byte(orders)}},
		Good:  []contracts.Exchange{get("/orders/4711", 200, `{"no":"4711","qty":1.5,"lots":[{"id":"a"}]}`), get("/orders/4712", 404, "")},
		Bad:   []contracts.Exchange{get("/orders/4711", 200, `{"no":"4711","qty":"5","lots":[{"id":"a"}]}`), get("/orders/4711", 200, `{"no":"4711","qty":1,"lots":[]}`)},
		Other: []contracts.Exchange{get("/receipts", 200, `{}`)},
	})
}
