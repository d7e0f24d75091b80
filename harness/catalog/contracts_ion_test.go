package catalog_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/wire"
	"github.com/andon-rig/andon/simulators/dialects/ion"
)

// TestGoldenIONDocumentsKeepTheContract: every golden document of infor-ion keeps
// the schema that the code makes of its table of nouns, and a damaged one does
// not.
func TestGoldenIONDocumentsKeepTheContract(t *testing.T) {
	d := document[judge](t, own(t), "infor-ion", "bods", "v3")
	all, err := filepath.Glob("../../simulators/dialects/ion/testdata/*.xml")
	of, oerr := filepath.Glob("../../simulators/dialects/ion/testdata/products/*.xml")
	if all = append(all, of...); err != nil || oerr != nil || len(all) < 36 {
		t.Fatalf("%d golden documents, %v, %v", len(all), err, oerr)
	}
	for _, file := range all {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found, covered := d.Check(posted(b)); !covered || len(found) > 0 {
			t.Errorf("%s: covered %v, %v", filepath.Base(file), covered, found)
		}
		for _, damage := range [][2]string{{"CreationDateTime>", "CreatedAt>"}, {`releaseID="9.2"`, `releaseID="10"`}, {"<BODID>", "<Unheard/><BODID>"}} {
			bad := strings.ReplaceAll(string(b), damage[0], damage[1])
			if found, _ := d.Check(posted([]byte(bad))); len(found) == 0 {
				t.Errorf("%s: %q for %q keeps the contract", filepath.Base(file), damage[1], damage[0])
			}
		}
	}
	order, err := os.ReadFile("../../simulators/dialects/ion/testdata/order-released.xml")
	if err != nil {
		t.Fatal(err)
	}
	for _, damage := range [][2]string{{"<ProductionOrderHeader>", "<Unheard/><ProductionOrderHeader>"}, {">200<", ">200,0<"}, {"2026-03-02T22:00:00+01:00", "tomorrow"}, {"PT1500S", "1500"}, {"RequiredQuantity", "RequiredAmount"}} {
		bad := strings.ReplaceAll(string(order), damage[0], damage[1])
		if bad == string(order) {
			t.Fatalf("there is no %q", damage[0])
		}
		if found, _ := d.Check(posted([]byte(bad))); len(found) == 0 {
			t.Errorf("%q for %q keeps the contract", damage[1], damage[0])
		}
	}
}

// anySequence is a document of the floor with what its noun says the other way
// round.
func anySequence(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, noun, _ := bytes.Cut(b, []byte("</Process>\n"))
	at := len(b) - len(noun) + bytes.IndexByte(noun, '\n') + 1 // behind its first line
	found := nounChild.FindAll(b[at:], -1)
	if len(found) < 4 {
		t.Fatalf("%s: %d elements in its noun", file, len(found))
	}
	slices.Reverse(found)
	moved := bytes.Join(found, nil)
	return slices.Concat(b[:at], moved, b[at+len(moved):])
}

// nounChild is an element in a noun, as golden documents are indented.
var nounChild = regexp.MustCompile(`(?ms)^ {6}<(\w+)[^>]*>[^\n]*\n(?: {7,}[^\n]*\n)*(?: {6}</\w+>\n)?`)

// TestSequenceInIONDocuments: what a floor reports may be said in any sequence, for
// who reads it looks for none, and what a system tells stands in its own.
func TestSequenceInIONDocuments(t *testing.T) {
	d := document[judge](t, own(t), "infor-ion", "bods", "v3")
	reported := anySequence(t, "../../simulators/dialects/ion/testdata/confirmation.xml")
	if found, covered := d.Check(posted(reported)); !covered || len(found) > 0 {
		t.Errorf("a confirmation the other way round: covered %v, %v", covered, found)
	}
	told, err := os.ReadFile("../../simulators/dialects/ion/testdata/order-released.xml")
	if err != nil {
		t.Fatal(err)
	}
	moved := regexp.MustCompile(`(?s)( *<DueDateTime>[^\n]*\n)( *<Priority>[^\n]*\n)`).ReplaceAll(told, []byte("$2$1"))
	if found, _ := d.Check(posted(moved)); bytes.Equal(moved, told) || len(found) == 0 {
		t.Error("an order the other way round keeps the contract, or was not changed")
	}
}

// ionService is the contract of the service to which an exchange of infor-ion goes:
// behind the gateway, or of the application.
func ionService(t *testing.T, b *contracts.Book, version string, x contracts.Exchange) judge {
	t.Helper()
	name := "application"
	if x.FromConsumer {
		name = "service"
	}
	return document[judge](t, b, "infor-ion", name, version)
}

// ionExchange is a golden exchange as it crosses: what goes through the gateway is
// from a build.
func ionExchange(t *testing.T, file string) contracts.Exchange {
	t.Helper()
	g := exchangeIn(t, file)
	x := crossing(g)
	x.FromConsumer = strings.Contains(g.Request.Name, ion.Gateway)
	if x.Reply == nil && !x.FromConsumer {
		x.Reply = &contracts.Part{Status: 202} // of the application, which answers what it likes
	}
	return x
}

// TestGoldenIONExchangesKeepTheContract: every golden exchange keeps the contract of
// the service that it goes to, and the document in it that of documents.
func TestGoldenIONExchangesKeepTheContract(t *testing.T) {
	b := own(t)
	all, err := filepath.Glob("../../simulators/dialects/ion/testdata/*.http")
	if err != nil || len(all) < 18 {
		t.Fatalf("%d golden exchanges, %v", len(all), err)
	}
	documents := 0
	for _, file := range all {
		name, x := strings.TrimSuffix(filepath.Base(file), ".http"), ionExchange(t, file)
		for _, version := range []string{"v2", "v3"} {
			d := ionService(t, b, version, x)
			found, covered := d.Check(x)
			switch {
			case version == "v2" && strings.Contains(x.Request.Path, "/v3/") && x.Request.Method == "POST":
				if covered {
					t.Errorf("%s: the old service has it", name)
				}
			case !covered || (len(found) > 0) != (name == "malformed"): // which lacks a parameter
				t.Errorf("%s by %s: covered %v, %v", name, version, covered, found)
			case (len(d.Undeclared(x)) > 0) != (name == "malformed"):
				t.Errorf("%s by %s: undeclared %v", name, version, d.Undeclared(x))
			}
		}
		in := wire.Inside(ion.Dialect{}, x)
		if x.Request.Method == "GET" {
			if in != nil {
				t.Errorf("%s encloses %s", name, in.Path)
			}
			continue
		}
		documents++
		if in == nil {
			t.Errorf("%s encloses nothing", name)
			continue
		}
		bods := document[judge](t, b, "infor-ion", "bods", "v3")
		if found, covered := bods.Check(contracts.Exchange{Request: *in}); !covered || len(found) > 0 {
			t.Errorf("the document in %s: covered %v, %v", name, covered, found)
		}
	}
	if documents < 12 {
		t.Errorf("%d documents", documents)
	}
}

// TestDamagedIONExchanges: what is not as the service is described is found, on
// either side and in every layout.
func TestDamagedIONExchanges(t *testing.T) {
	b := own(t)
	for _, c := range []struct{ file, before, after, want string }{
		{"posted-v3", `"fromLogicalId"`, `"from"`, "$.ParameterRequest.fromLogicalId"},
		{"posted-v3", `"variationId":1`, `"variationId":"1"`, "$.ParameterRequest.variationId"},
		{"posted-v3", `lid://plantsim.bridge.bravo"`, `bridge.bravo"`, "$.ParameterRequest.fromLogicalId"},
		{"posted-v3", "name=\"MessagePayload\"", "name=\"Payload\"", "$.MessagePayload"},
		{"posted-v3-mime", "name=\"MessagePayload\"", "name=\"Payload\"", "$.MessagePayload"},
		{"posted-v2", `"messageId"`, `"id"`, "$.MessagePayload"}, // in which the parameters are
		{"posted-v2-json", `"document":{`, `"payload":{`, "$.document"},
		{"sent-v3", `"documentName":"Sync.`, `"documentName":"Sync `, "$.ParameterRequest.documentName"},
		{"sent-v2", `"documentName"`, `"name"`, "$.MessagePayload.documentName"},
		{"sent-load", `"batchSequence":2`, `"batchSequence":"two"`, "$.ParameterRequest.batchSequence"},
	} {
		x := ionExchange(t, "../../simulators/dialects/ion/testdata/"+c.file+".http")
		was := x.Request.Body
		x.Request.Body = bytes.ReplaceAll(was, []byte(c.before), []byte(c.after))
		found, covered := ionService(t, b, "v3", x).Check(x)
		if bytes.Equal(was, x.Request.Body) || !covered || !slices.ContainsFunc(found, func(b contracts.Breach) bool { return b.Path == c.want && !b.Reply }) {
			t.Errorf("%s with %s for %s: %v, want one of %s", c.file, c.after, c.before, found, c.want)
		}
	}
	for name, change := range map[string]func(x *contracts.Exchange){
		"posted-v3":      func(x *contracts.Exchange) { x.Reply.Status = 201 },
		"posted-v2":      func(x *contracts.Exchange) { x.Reply.Status = 202 },
		"posted-v3-mime": func(x *contracts.Exchange) { delete(x.Request.Query, "messageId") },
		"throttled":      func(x *contracts.Exchange) { x.Reply.Body = []byte(`{"code":429,"message":"slow down"}`) },
		"ping":           func(x *contracts.Exchange) { x.Reply.Body = []byte(`{"status":"UP"}`) },
		"versions":       func(x *contracts.Exchange) { x.Reply.Body = []byte(`["v2",3]`) },
		"accepted-documents": func(x *contracts.Exchange) {
			x.Reply.Body = bytes.ReplaceAll(x.Reply.Body, []byte(`"noun"`), []byte(`"name"`))
		},
		"protocol":     func(x *contracts.Exchange) { x.Reply.Headers["Content-Type"] = []string{"text/plain"} },
		"sent-v3":      func(x *contracts.Exchange) { delete(x.Request.Headers, "X-Tenantid") },
		"sent-v3-mime": func(x *contracts.Exchange) { x.Request.Query["batchSize"] = []string{"many"} },
		"sent-v2-json": func(x *contracts.Exchange) { x.Reply.Status = 302 },
		"sent-v2":      func(x *contracts.Exchange) { x.Request.Headers["Content-Type"] = []string{"text/xml"} },
	} {
		x := ionExchange(t, "../../simulators/dialects/ion/testdata/"+name+".http")
		change(&x)
		if found, covered := ionService(t, b, "v3", x).Check(x); !covered || len(found) == 0 {
			t.Errorf("%s, damaged, keeps the contract (covered %v)", name, covered)
		}
	}
	application := document[judge](t, b, "infor-ion", "application", "v3")
	for said, good := range map[string]bool{`{"version":"v3"}`: true, `{"version":3,"hasDiscovery":false}`: true, `{}`: true, `{"version":true}`: false, `[]`: false, `v3`: false} {
		x := contracts.Exchange{Request: contracts.Part{Method: "GET", Path: "/service/protocol", Headers: map[string][]string{"X-Tenantid": {"T"}}}, Reply: &contracts.Part{Status: 200, Headers: map[string][]string{"Content-Type": {"text/plain"}}, Body: []byte(said)}}
		if found, covered := application.Check(x); !covered || (len(found) == 0) != good {
			t.Errorf("an application that says %s: covered %v, %v", said, covered, found)
		}
	}
}
