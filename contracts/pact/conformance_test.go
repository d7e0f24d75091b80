package pact

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/contracttest"
)

func TestConformance(t *testing.T) {
	contracttest.Run(t, Format{}, contracttest.Case{
		Files: []contracts.File{{Name: "3.2/mes-erp.json", Data: []byte(orders)}},
		Next:  []contracts.File{{Name: "3.3/mes-erp.json", Data: []byte(strings.Replace(orders, `"no": "4711", "qty"`, `"no": "4711", "quantity"`, 1))}},
		Good:  []contracts.Exchange{get("/orders/4711", 200, `{"no":"4711","qty":1.5,"lots":[{"id":"a"}]}`), get("/orders/4712", 404, "")},
		Bad:   []contracts.Exchange{get("/orders/4711", 200, `{"no":"4711","qty":"5","lots":[{"id":"a"}]}`), get("/orders/4711", 200, `{"no":"4711","qty":1,"lots":[]}`)},
		Other: []contracts.Exchange{get("/receipts", 200, `{}`)},
	})
}
