package bridge

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// listing answers each request by what its URL holds, and remembers the URLs.
func listing(t *testing.T, pages map[string]string) (at Endpoint, asked *[]string) {
	t.Helper()
	asked = &[]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.RawQuery)
		w.Header().Set("Content-Type", "application/json")
		for part, body := range pages {
			if strings.Contains(r.URL.String(), part) {
				_, _ = w.Write([]byte(body))
				return
			}
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(s.Close)
	return Endpoint{URL: s.URL}, asked
}

// ids lists the materials of a page.
func ids(page []listedMaterial) (all string) {
	for _, m := range page {
		all += m.ID + " "
	}
	return all
}

// A pass follows the tokens to the end; the next one begins with the second of
// the newest record seen. Who takes the first page for all of it does not.
func TestSAPListIsReadToItsEnd(t *testing.T) {
	pages := map[string]string{
		"orderby": `{"d":{"results":[{"Product":"A","BaseUnit":"EA"},{"Product":"B","BaseUnit":"EA","YY1_Version_PRD":1,"LastChangeDateTime":"/Date(1772424000000+0000)/"}],"__next":"/more?$skiptoken=B"}}`,
		"more":    `{"d":{"results":[{"Product":"C","BaseUnit":"EA","YY1_Version_PRD":1,"LastChangeDateTime":"/Date(1772424000000+0000)/"}]}}`,
	}
	for defect, want := range map[Defect]string{"": "A B C ", M134: "A B "} {
		at, asked := listing(t, pages)
		s := newSAPSide("erp", Config{ERP: at, Timeout: time.Minute, Parallel: 1, Defect: defect})
		got, cursor := "", ""
		for end := false; !end; {
			page, next, last, v := s.materials(t.Context(), cursor, 2)
			if v.what != posted {
				t.Fatalf("%s: %+v", defect, v)
			}
			got, cursor, end = got+ids(page), next, last
		}
		if p := passFrom(cursor); got != want || p.Next != "" || !strings.HasPrefix(p.Since, "2026-03-02T04:00:00") {
			t.Errorf("%s: read %s, then from %+v", defect, got, p)
		}
		if _, _, _, v := s.materials(t.Context(), cursor, 2); v.what != posted || !strings.Contains((*asked)[len(*asked)-1], "LastChangeDateTime%20ge%20datetimeoffset") {
			t.Errorf("%s: the next pass asks for %s", defect, (*asked)[len(*asked)-1])
		}
	}
}

// A page of products begins behind the last key, wherever the link leads.
func TestProductsAreReadByKey(t *testing.T) {
	at, asked := listing(t, map[string]string{
		"gt%20%27B%27":        `{"value":[{"ItemNumber":"C","InventoryUnitSymbol":"EA"}]}`,
		"ReleasedProductsV2?": `{"value":[{"ItemNumber":"A","InventoryUnitSymbol":"EA"},{"ItemNumber":"B","InventoryUnitSymbol":"EA"}],"@odata.nextLink":"ReleasedProductsV2?$skip=2"}`,
	})
	s := newMessageSide(Config{ERP: at, Timeout: time.Minute, Parallel: 1})
	_, next, end, v := s.materials(t.Context(), "", 2)
	if next != "B" || end || v.what != posted {
		t.Fatalf("first page: next %q, end %t, %+v", next, end, v)
	}
	if _, _, _, v := s.materials(t.Context(), next, 2); v.what != posted || !strings.Contains((*asked)[1], "ItemNumber%20gt%20%27B%27") || strings.Contains((*asked)[1], "skip") {
		t.Errorf("second page: %+v, asked %s", v, (*asked)[1])
	}
}

// A list that cannot be understood is read again, and nothing of it is taken.
func TestListsThatAreNoLists(t *testing.T) {
	for _, body := range []string{`<html>`, `{}`, `{"value":[{"ItemNumber":"A"}],"d":{"results":[{"Product":"A"}]}}`} {
		at, _ := listing(t, map[string]string{"/": body})
		c := Config{ERP: at, Timeout: time.Minute, Parallel: 1}
		for _, s := range []lister{newSAPSide("erp", c), newMessageSide(c)} {
			if page, _, _, v := s.materials(t.Context(), "", 2); v.what != again || len(page) > 0 {
				t.Errorf("%T, %s: %d rows, %+v", s, body, len(page), v)
			}
		}
	}
}
