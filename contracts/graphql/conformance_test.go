package graphql

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/contracttest"
)

func TestConformance(t *testing.T) {
	good := post(`query($n: ID!) { order(no: $n) { no status } }`, `{"n":"1"}`, `{"data":{"order":{"no":"1","status":"DONE"}}}`)
	contracttest.Run(t, Format{}, contracttest.Case{
		Files: []contracts.File{{Name: "1/plant.graphql", Data: []byte(plant)}},
		Next:  []contracts.File{{Name: "2/plant.graphql", Data: []byte(strings.Replace(plant, "qty: Float!", "quantity: Float!", 1))}},
		Good:  []contracts.Exchange{good},
		Bad:   []contracts.Exchange{post(`{ order(no: "1") { weight } }`, "", ""), post(`{ orders { no } }`, "", `{"data":{"orders":[{"no":null}]}}`)},
	})
}
