package jsonschema

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/contracttest"
)

func TestConformance(t *testing.T) {
	reply := exchange("confirmations", `{"order":"000123","yield":1}`)
	reply.Reply = &contracts.Part{Status: 201, Body: []byte(`{}`)}
	contracttest.Run(t, Format{}, contracttest.Case{
		Files: []contracts.File{{Name: "1/confirmations.json", Data: []byte(confirmation)}},
		Next:  []contracts.File{{Name: "2/confirmations.json", Data: []byte(strings.ReplaceAll(confirmation, `"yield"`, `"quantity"`))}},
		Good:  []contracts.Exchange{exchange("confirmations", `{"order":"000123","yield":1.5,"state":"final","lots":[{"id":"a"}]}`), reply},
		Bad:   []contracts.Exchange{exchange("confirmations", `{"order":"123","yield":1}`), exchange("confirmations", `{"order":"000123"}`), exchange("confirmations", `{`)},
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(confirmation))
	f.Add([]byte(`{"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[{"$ref":"#/$defs/b"},{"type":"null"}]},"b":{"properties":{"x":{"$ref":"#/$defs/a"}}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := Format{}.Read([]contracts.File{{Name: "v/f.json", Data: text}})
		if err != nil {
			return
		}
		d := doc.(*Document)
		d.Parts()
		d.Check(exchange("f", `{"order":"000123"}`))
		changes, err := Format{}.Changes(d, d, contracts.Full)
		if err != nil || contracts.Worst(changes) == contracts.Breaking {
			t.Errorf("a schema breaks itself: %v, %v", changes, err)
		}
	})
}
