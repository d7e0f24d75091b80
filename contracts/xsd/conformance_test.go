package xsd

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/contracttest"
)

func TestConformance(t *testing.T) {
	good := `<Performance xmlns="urn:p" releaseID="1"><ID>a</ID><Response><State>Held</State><Yield>1.5</Yield></Response></Performance>`
	contracttest.Run(t, Format{}, contracttest.Case{
		Files: []contracts.File{{Name: "1.0/performance.xsd", Data: []byte(performance)}},
		Next:  []contracts.File{{Name: "2.0/performance.xsd", Data: []byte(strings.Replace(performance, `name="Yield"`, `name="Quantity"`, 1))}},
		Good:  []contracts.Exchange{body(good), {Reply: &contracts.Part{Status: 200, Body: []byte(good)}}},
		Bad:   []contracts.Exchange{body(strings.Replace(good, "1.5", "1,5", 1)), body(strings.Replace(good, "Yield", "Quantity", 2)), body(strings.Replace(good, `releaseID="1"`, "", 1)), body(good[:100])},
		Other: []contracts.Exchange{body(`{"ID": "a"}`), body(`<Performance xmlns="urn:other"/>`)},
	})
}
