package b2mml

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestSaidElsewhere is what a row leaves to other elements.
func TestSaidElsewhere(t *testing.T) {
	body := confirmationBody(t, Settings{})
	const named, counted = "<OperationsSegmentID>0010</OperationsSegmentID>", "<ValueString>3</ValueString>"
	for name, c := range map[string]struct {
		edits []string // pairs of old and new
		says  string   // of a refusal; "" means it is read as it was
	}{
		"the requirement, with its order":   {[]string{named, "<SegmentRequirementID>4711000001/0010</SegmentRequirementID>"}, ""},
		"the requirement alone":             {[]string{named, "<SegmentRequirementID>0010</SegmentRequirementID>"}, ""},
		"the process segment":               {[]string{"<OperationsRequestID>4711000001</OperationsRequestID>", "<ProcessSegmentID>0010</ProcessSegmentID><OperationsRequestID>4711000001</OperationsRequestID>", named, ""}, ""},
		"the requirement is the better one": {[]string{"<OperationsRequestID>4711000001</OperationsRequestID>", "<ProcessSegmentID>MILL</ProcessSegmentID><OperationsRequestID>4711000001</OperationsRequestID>", named, "<SegmentRequirementID>0010</SegmentRequirementID>"}, ""},
		"what is named is the best":         {[]string{named, "<SegmentRequirementID>0020</SegmentRequirementID>" + named}, ""},
		"the response above it":             {[]string{"<SegmentResponse>", "<OperationsSegmentID>0010</OperationsSegmentID><SegmentResponse>", named, ""}, ""},
		"nothing names it":                  {[]string{named, ""}, "OperationsSegmentID: is missing"},
		"the number, by the ID":             {[]string{"<SegmentResponse>\n          <ID>confirmation/4711000001/0010/3<", "<SegmentResponse>\n          <ID>4711000001/0010/0003<", "<ID>Counter<", "<ID>Shift<", counted, "<ValueString>late</ValueString>"}, ""},
		"an ID of another operation":        {[]string{"<SegmentResponse>\n          <ID>confirmation/4711000001/0010/3<", "<SegmentResponse>\n          <ID>4711000001/0020/3<", "<ID>Counter<", "<ID>Shift<"}, "Counter is missing or 0"},
		"an ID without a number":            {[]string{"<SegmentResponse>\n          <ID>confirmation/4711000001/0010/3<", "<SegmentResponse>\n          <ID>4711000001/0010/-3<", "<ID>Counter<", "<ID>Shift<"}, "Counter is missing or 0"},
		"the yield, as what is produced":    {[]string{"<MaterialUse>Yield Produced<", "<MaterialUse>Produced<"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			doc := body
			for i := 0; i < len(c.edits); i += 2 {
				doc = edited(t, doc, c.edits[i], c.edits[i+1])
			}
			ask, err := Dialect{}.Decode(post(doc))
			if c.says != "" {
				refused(t, err, codeMalformed, c.says)
				return
			}
			if err != nil || len(ask.Claims) != 1 || ask.Claims[0].Fact != confirmation().Fact {
				t.Errorf("got %+v, %v", ask.Claims, err)
			}
		})
	}
}

// TestComponentsOfAConfirmation has an operation reported with what went into it:
// each component is a fact of its own, and is answered for.
func TestComponentsOfAConfirmation(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "confirmation-components.xml"))
	if err != nil {
		t.Fatal(err)
	}
	body := string(b)
	m := post(body)
	ask, err := Dialect{}.Decode(m)
	if err != nil {
		t.Fatal(err)
	}
	e := confirmation()
	e.ID = "4711000001/0010/000003"
	part := func(item plant.ItemID, lot plant.LotID, amount string) plant.Event {
		return plant.Event{ID: e.ID, At: e.At, Fact: plant.Consumed{Order: "4711000001", Operation: "0010", Counter: 3, Material: item, Lot: lot, Quantity: ea(amount)}}
	}
	if want := []plant.Event{e, part("CASTING-3", "L-C3-8841", "64"), part("SEAL-12", "L-S12-07", "128")}; !reflect.DeepEqual(ask.Claims, want) || !ask.Batch {
		t.Errorf("got %+v, want %+v", ask.Claims, want)
	}
	m.Events = ask.Claims
	reply := string(Dialect{}.Reply(m, simulators.Answer{Rows: []simulators.Row{{Doc: "1"}, {Doc: "2"}, {Refusal: expired}}}).Body)
	for _, says := range []string{`"Accepted">(//SegmentResponse)[1]<`, `"Accepted">(//MaterialActual[MaterialUse='Consumed'])[1]<`, `"Rejected">(//MaterialActual[MaterialUse='Consumed'])[2]<`} {
		if !strings.Contains(reply, says) {
			t.Errorf("the answer does not say %s:\n%s", says, reply)
		}
	}
	for name, c := range map[string]struct{ old, with, says string }{
		"no quantity": {"<QuantityString>64</QuantityString>", "<QuantityString>x</QuantityString>", "SegmentResponse[1]/MaterialActual[4]/Quantity[1]/QuantityString"},
		"no material": {"<MaterialDefinitionID>CASTING-3</MaterialDefinitionID>", "", "SegmentResponse[1]/MaterialActual[4]/MaterialDefinitionID: is missing"},
	} {
		_, err := Dialect{}.Decode(post(edited(t, body, c.old, c.with)))
		t.Run(name, func(t *testing.T) { refused(t, err, codeMalformed, c.says) })
	}
}
