package saps4

import (
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestCancel: a document is taken back by its number, and by nothing less.
func TestCancel(t *testing.T) {
	ask := func(name string, params map[string]string) (plant.Reversed, error) {
		a, err := Dialect{}.Decode(simulators.Message{Verb: "post", Method: "POST", Name: Root + "/" + name, Params: params})
		if err != nil {
			return plant.Reversed{}, err
		}
		if len(a.Claims) != 1 {
			t.Fatalf("%s: %+v", name, a)
		}
		return a.Claims[0].Fact.(plant.Reversed), nil
	}
	for name, params := range map[string]map[string]string{
		confService + "/CancelProdnOrdConf": {"ConfirmationGroup": "'4900000001'", "ConfirmationCount": "'00000001'"},
		documentService + "/Cancel":         {"MaterialDocumentYear": "'2026'", "MaterialDocument": "'4900000001'", "PostingDate": "datetime'2026-03-02T00:00:00'"},
		documentService + "/CancelItem":     {"MaterialDocumentYear": "'2026'", "MaterialDocument": "'4900000001'", "MaterialDocumentItem": "'1'"},
	} {
		f, err := ask(name, params)
		if err != nil || f.Document != "4900000001" {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
		for p := range params {
			if p == "PostingDate" {
				continue
			}
			less := map[string]string{}
			for k, v := range params {
				if k != p {
					less[k] = v
				}
			}
			if _, err := ask(name, less); err == nil || !strings.Contains(err.Error(), p) {
				t.Errorf("%s without %s: %v", name, p, err)
			}
		}
	}
	if _, err := ask(documentService+"/Cancel", map[string]string{"MaterialDocumentYear": "'2026'", "MaterialDocument": "'1'", "PostingDate": "yesterday"}); err == nil {
		t.Error("a day that is none was taken")
	}
}

// TestCancelledDocumentsAreShown: the first says that it was taken back, and the
// second which it takes back.
func TestCancelledDocumentsAreShown(t *testing.T) {
	c, m := facts()["confirmation"], facts()["consumption"]
	shown := func(name string, p simulators.Posting) string {
		msg := simulators.Message{Verb: "get", Method: "GET", Name: Root + "/" + name}
		msg.Name, msg.Params = nameOf(msg.Name)
		if _, err := (Dialect{}).Decode(msg); err != nil {
			t.Fatal(err)
		}
		return string(Dialect{}.Reply(msg, simulators.Answer{Found: []any{p}}).Body)
	}
	for _, x := range []struct {
		name, says string
		p          simulators.Posting
	}{
		{confService + "/ProdnOrdConf2(ConfirmationGroup='5',ConfirmationCount='00000001')", `"IsReversed":false,"IsReversal":false`, simulators.Posting{Doc: "5", Claim: c}},
		{confService + "/ProdnOrdConf2(ConfirmationGroup='5',ConfirmationCount='00000001')", `"IsReversed":true,"IsReversal":false`, simulators.Posting{Doc: "5", Claim: c, Reversed: "6"}},
		{confService + "/ProdnOrdConf2(ConfirmationGroup='6',ConfirmationCount='00000001')", `"IsReversed":false,"IsReversal":true`,
			simulators.Posting{Doc: "6", Claim: plant.Event{Fact: plant.Reversed{Original: c, Document: "5"}}, At: dialecttest.At(8, 0, 0)}},
		{documentService + "/A_MaterialDocumentHeader(MaterialDocumentYear='2026',MaterialDocument='5')?$expand=to_MaterialDocumentItem", `"GoodsMovementIsCancelled":true`, simulators.Posting{Doc: "5", Claim: m, Reversed: "6"}},
		{documentService + "/A_MaterialDocumentHeader(MaterialDocumentYear='2026',MaterialDocument='6')?$expand=to_MaterialDocumentItem", `"GoodsMovementType":"262"`,
			simulators.Posting{Doc: "6", Claim: plant.Event{Fact: plant.Reversed{Original: m, Document: "5"}}, At: dialecttest.At(8, 0, 0)}},
	} {
		if got := shown(x.name, x.p); !strings.Contains(got, x.says) {
			t.Errorf("%s does not say %s:\n%s", x.name, x.says, got)
		}
	}
}
