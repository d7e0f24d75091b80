package catalog_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGoldenIONDocumentsKeepTheContract: every golden document of infor-ion keeps
// the schema that the code makes of its table of nouns, and a damaged one does
// not.
func TestGoldenIONDocumentsKeepTheContract(t *testing.T) {
	d := document[judge](t, own(t), "infor-ion", "bods", "v3")
	all, err := filepath.Glob("../../simulators/dialects/ion/testdata/*.xml")
	if err != nil || len(all) < 18 {
		t.Fatalf("%d golden documents, %v", len(all), err)
	}
	for _, file := range all {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(file, "sync-") { // of the product csi
			b = []byte(strings.ReplaceAll(string(b), "verb=Sync", "verb=Process"))
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
	for _, damage := range [][2]string{{">200<", ">200,0<"}, {"2026-03-02T22:00:00+01:00", "tomorrow"}, {"PT1500S", "1500"}, {"RequiredQuantity", "RequiredAmount"}} {
		bad := strings.ReplaceAll(string(order), damage[0], damage[1])
		if bad == string(order) {
			t.Fatalf("there is no %q", damage[0])
		}
		if found, _ := d.Check(posted([]byte(bad))); len(found) == 0 {
			t.Errorf("%q for %q keeps the contract", damage[1], damage[0])
		}
	}
}
