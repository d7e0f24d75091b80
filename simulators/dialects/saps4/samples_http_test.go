package saps4_test

import (
	"bufio"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// answersOf reads the answer to a batch with nothing but the standard library:
// the statuses of its parts, those of a changeset in brackets.
func answersOf(t *testing.T, h http.Header, body string) string {
	t.Helper()
	var read func(media string, in io.Reader) string
	read = func(media string, in io.Reader) string {
		kind, params, err := mime.ParseMediaType(media)
		if err != nil || kind != "multipart/mixed" {
			t.Fatalf("%q: %v", media, err)
		}
		var all []string
		for parts := multipart.NewReader(in, params["boundary"]); ; {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return strings.Join(all, " ")
			}
			if err != nil {
				t.Fatal(err)
			}
			if inner := p.Header.Get("Content-Type"); inner != "application/http" {
				all = append(all, "["+read(inner, p)+"]")
				continue
			}
			res, err := http.ReadResponse(bufio.NewReader(p), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(res.Body); err != nil {
				t.Errorf("the body of %s: %v", res.Status, err)
			}
			all = append(all, strconv.Itoa(res.StatusCode))
		}
	}
	return read(h.Get("Content-Type"), strings.NewReader(body))
}

// sample reads a document that is not ours, or was written before us.
func sample(t *testing.T, name string) []byte {
	t.Helper()
	root := filepath.Join("..", "..", "..", "..", "shared", "standards")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("the samples are not at %s, so that it is not shown that the service accepts %s; get github.com/SAP/cloud-sdk-java and put its fixtures of $batch into sap-odata-batch there to run this", root, name)
	}
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The sample of a confirmation with two goods movements is posted as it is, and
// found again by its GUID.
func TestSampleConfirmationIsPosted(t *testing.T) {
	c := serveFrom(t, plant.Master{
		Items: []plant.Item{{ID: "PUMP-7", Unit: "EA", Lots: true}, {ID: "CASTING-3", Unit: "EA", Lots: true}},
		Lots:  []plant.Lot{{ID: "C3-8841", Material: "CASTING-3", Status: plant.LotUnrestricted, Quantity: plant.Whole(200)}},
		Open: []plant.Order{{ID: "1000417", Item: "PUMP-7", Quantity: plant.Of(200, "EA"), Lot: "P7-0203-01", Operations: []plant.Operation{{ID: "0010", WorkCenter: "TURN"}},
			Components: []plant.Component{{Material: "CASTING-3", Operation: "0010", Quantity: plant.Of(200, "EA")}}}},
	}, func(p *simulators.Policy) { p.Lock = simulators.LockNone }).login()
	status, _, text := c.call("POST", confirm, string(sample(t, "sap-events-own/prodn-ord-conf2-deep-insert.json")))
	if status != 201 || !strings.Contains(text, `"ConfirmationGroup":"5000000001"`) {
		t.Fatalf("answered %d %s", status, text)
	}
	_, _, text = c.call("GET", confirm+"?$filter=ExternalSystemConfirmation%20eq%20guid'c0de0000-0000-4000-8000-000000000003'", "")
	if strings.Count(text, `"ConfirmationYieldQuantity":"61.000"`) != 1 {
		t.Errorf("found by its GUID: %s", text)
	}
	_, _, text = c.call("GET", "API_MATERIAL_DOCUMENT_SRV/A_MaterialDocumentItem?$filter=ManufacturingOrder%20eq%20'1000417'", "")
	for _, want := range []string{`"GoodsMovementType":"261"`, `"Batch":"C3-8841"`, `"QuantityInEntryUnit":"63.000"`, `"GoodsMovementType":"101"`, `"Batch":"P7-0203-01"`, `"QuantityInEntryUnit":"61.000"`} {
		if strings.Count(text, want) != 1 {
			t.Errorf("its goods movements do not say %s once: %s", want, text)
		}
	}
}

// The batches of a public client's tests are accepted as batches: 202, and an
// answer for each part in their order. What they ask for are sets that no service
// here has, and each part is told so by itself: a changeset by one answer, in no
// changeset.
func TestSampleBatchesAreAccepted(t *testing.T) {
	c := serve(t, nil).login()
	for name, want := range map[string]string{
		"V2-BatchRequest.txt": "404 404 404 404 404", "V2-BatchRequestFunctionImportWithPost.txt": "404",
		"BatchReadsAndWritesSuccessRequest.txt": "404 404", "BatchReadsAndWritesErrorRequest.txt": "404 404",
	} {
		body := sample(t, "sap-odata-batch/"+name)
		boundary, _, _ := strings.Cut(strings.TrimPrefix(string(body), "--"), "\n")
		status, h, text := c.call("POST", "API_PROD_ORDER_CONFIRMATION_2_SRV/$batch", string(body), "Content-Type", "multipart/mixed;boundary="+boundary)
		if status != 202 {
			t.Errorf("%s: answered %d %s", name, status, text)
			continue
		}
		if got := answersOf(t, h, text); got != want {
			t.Errorf("%s: answered %s, want %s\n%s", name, got, want, text)
		}
	}
}

// Over the service, a question with blanks in its address takes no other part of
// its batch down.
func TestBlanksSpoilOnePart(t *testing.T) {
	c := serve(t, nil).login()
	const part, set = "--b\r\nContent-Type: application/http\r\n\r\n", "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
	body := part + "GET ProdnOrdConf2?$filter=OrderID eq '4711' HTTP/1.1\r\n\r\n\r\n" +
		set + "--c\r\nContent-Type: application/http\r\n\r\nPOST ProdnOrdConf2 HTTP/1.1\r\nContent-Type: application/json\r\n\r\n" + yields10 + "\r\n--c--\r\n" +
		part + "GET ProdnOrdConf2?$filter=OrderID%20eq%20'4711' HTTP/1.1\r\n\r\n\r\n--b--\r\n"
	status, h, text := c.call("POST", "API_PROD_ORDER_CONFIRMATION_2_SRV/$batch", body, "Content-Type", "multipart/mixed; boundary=b")
	if status != 202 {
		t.Fatalf("answered %d %s", status, text)
	}
	if got, want := answersOf(t, h, text), "400 [201] 200"; got != want {
		t.Errorf("answered %s, want %s\n%s", got, want, text)
	}
}

// Who says nothing of what is wanted is shown all of it, page by page.
func TestAllConfirmations(t *testing.T) {
	c := serve(t, func(p *simulators.Policy) { p.Lock = simulators.LockNone }).login()
	const issue = `{"ReferenceDocument":"R-1","to_MaterialDocumentItem":[{"ManufacturingOrder":"4711","Material":"PUMP","Batch":"P-1","GoodsMovementType":"261","QuantityInEntryUnit":"1","EntryUnit":"EA"}]}`
	for i := range 3 {
		body := strings.Replace(yields10, "000000000003", "00000000000"+strconv.Itoa(i), 1)
		if status, _, text := c.call("POST", confirm, body); status != 201 {
			t.Fatalf("answered %d %s", status, text)
		}
		if status, _, text := c.call("POST", "API_MATERIAL_DOCUMENT_SRV/A_MaterialDocumentHeader", strings.Replace(issue, "R-1", "R-"+strconv.Itoa(i), 1)); status != 201 {
			t.Fatalf("answered %d %s", status, text)
		}
	}
	count := func(path, what string, want int) {
		t.Helper()
		if status, _, text := c.call("GET", path, ""); status != 200 || strings.Count(text, what) != want || !strings.Contains(text, `"__count":"3"`) {
			t.Errorf("%s: answered %d, %d times %s, want %d\n%s", path, status, strings.Count(text, what), what, want, text)
		}
	}
	count(confirm+"?$inlinecount=allpages", `"ConfirmationGroup"`, 3)
	count("API_MATERIAL_DOCUMENT_SRV/A_MaterialDocumentHeader?$inlinecount=allpages", `"MaterialDocumentYear"`, 3)
	count(confirm+"?$inlinecount=allpages&$top=2&$skip=1", `"ConfirmationGroup"`, 2)
	if status, _, text := c.call("GET", confirm+"?$filter=ConfirmationGroup%20ge%20'5000000002'", ""); status != 200 || strings.Count(text, `"ConfirmationGroup"`) != 2 {
		t.Errorf("those from the second on: answered %d %s", status, text)
	}
}
