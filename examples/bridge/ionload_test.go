package bridge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// shownItems is a document of a load of materials, each at its version.
func shownItems(batch, made string, items ...string) string {
	var nouns strings.Builder
	for _, it := range items {
		id, version, _ := strings.Cut(it, "/")
		fmt.Fprintf(&nouns, `<ItemMaster><ItemMasterHeader><ItemID><ID variationID="%s">%s</ID></ItemID><AlternateDocumentID><ID>item-changed/%s</ID></AlternateDocumentID>`+
			`<LastModificationDateTime>2026-03-02T05:00:00+01:00</LastModificationDateTime><Description>Pump</Description><BaseUOMCode>EA</BaseUOMCode><QuantityDecimals>0</QuantityDecimals></ItemMasterHeader></ItemMaster>`, version, id, it)
	}
	return `<ShowItemMaster xmlns="` + ionSpace + `" releaseID="9.2"><ApplicationArea><CreationDateTime>` + made + `</CreationDateTime><BODID>infor-nid:T:E:E:items%2F` + made + `:1?ItemMaster&amp;verb=Show` + batch +
		`</BODID></ApplicationArea><DataArea><Show><TenantID>T</TenantID></Show>` + nouns.String() + `</DataArea></ShowItemMaster>`
}

// A load says something when all of its documents are there, whatever their order, and once.
func TestIONLoad(t *testing.T) {
	const first, second = "2026-03-02T06:00:00+01:00", "2026-03-02T09:00:00+01:00"
	part := func(load string, n, size int) string {
		s := fmt.Sprintf("&amp;batchSequence=%d&amp;batchID=erp:%s", n, load)
		if size > 0 {
			s += fmt.Sprintf("&amp;batchSize=%d", size)
		}
		return s
	}
	a1, a2, a3 := shownItems(part("A", 1, 0), first, "P-1/1", "P-2/1"), shownItems(part("A", 2, 0), first, "P-3/2"), shownItems(part("A", 3, 3), first, "P-4/1")
	b1, b2 := shownItems(part("B", 1, 0), second, "P-1/1", "P-2/2"), shownItems(part("B", 2, 2), second, "P-4/1")
	news := func(docs ...string) []string {
		var all []string
		for _, d := range docs {
			all = append(all, strings.Fields(d)...)
		}
		return all
	}
	for name, c := range map[string]struct {
		defect Defect
		docs   []string
		after  []int // how many facts are known after each
		gone   []string
	}{
		"in any order, and again": {"", []string{a3, a1, a1, a2, a3, a1}, []int{0, 0, 0, 4, 4, 4}, nil},
		"the next lacks one":      {"", []string{a1, a2, a3, b2, b1}, []int{0, 0, 4, 4, 6}, news("P-3/3")},
		"the next is there first": {"", []string{a1, b2, b1, a2, a3}, []int{0, 0, 0, 0, 6}, news("P-3/3")},
		"comes behind the next":   {"", []string{b2, b1, a1, a2, a3}, []int{0, 3, 3, 3, 5}, nil},
		"by itself":               {"", []string{a1, a2, a3, shownItems("", second, "P-1/1")}, []int{0, 0, 4, 7}, news("P-2/2 P-3/3 P-4/2")},
		"of nothing":              {"", []string{shownItems("", first, "P-1/1"), shownItems("", second)}, []int{1, 2}, news("P-1/2")},
		"M176":                    {M176, []string{a1, a2}, []int{2, 5}, news("P-1/2 P-2/2")},
	} {
		t.Run(name, func(t *testing.T) {
			st, err := openStore(t.Context(), t.TempDir(), "off")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { st.close() })
			in, s := &inbox{store: st, defect: c.defect}, &ionSide{system: &system{defect: c.defect}}
			var got []string
			for i, doc := range c.docs {
				bod, err := readXML([]byte(doc))
				if err != nil {
					t.Fatal(err)
				}
				part, err := loadPartOf(bod)
				if err != nil {
					t.Fatal(err)
				}
				items, extra, err := s.load(t.Context(), in, "Show.ItemMaster", part, []byte(doc))
				if err == nil && extra != nil {
					err = st.commit(extra)
				}
				if err != nil {
					t.Fatalf("document %d: %v", i+1, err)
				}
				for _, it := range items {
					if !slices.Contains(got, it.Event) {
						got = append(got, it.Event)
					}
				}
				if len(got) != c.after[i] {
					t.Fatalf("after document %d it knows %q, want %d", i+1, got, c.after[i])
				}
			}
			for _, id := range c.gone {
				if !slices.Contains(got, "item-changed/"+id) {
					t.Errorf("it has heard %q, and not that %s is gone", got, id)
				}
			}
		})
	}
}

// What does not say which document of its batch it is is refused.
func TestIONLoadParts(t *testing.T) {
	for pairs, want := range map[string]loadPart{
		"":                                       {"infor-nid:T:E:E:items%2Fnow:1?ItemMaster&verb=Show", 1, 1},
		"&batchSequence=2&batchID=erp:A":         {"erp:A", 2, 0},
		"&batchID=a%26b&batchSequence=1":         {"a&b", 1, 0},
		"&BATCHID=x&batchsequence=1":             {"x", 1, 0},
		"&batchID=x":                             {},
		"&batchID=x&batchSequence=0":             {},
		"&batchID=&batchSequence=1":              {},
		"&batchID=x&batchSequence=3&batchSize=2": {},
	} {
		bod, err := readXML([]byte(shownItems(strings.ReplaceAll(pairs, "&", "&amp;"), "now")))
		if err != nil {
			t.Fatal(err)
		}
		got, err := loadPartOf(bod)
		if bad := want == (loadPart{}); bad != (err != nil) || !bad && got != want {
			t.Errorf("%q: %+v, %v, want %+v", pairs, got, err, want)
		}
	}
}
