package bridge

import (
	"cmp"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// listing answers each request by what its URL holds, and remembers the URLs.
func listing(t *testing.T, pages map[string]string) (at Endpoint, asked *[]string) {
	t.Helper()
	asked = &[]string{}
	parts := slices.SortedFunc(maps.Keys(pages), func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // the most particular first
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.RawQuery)
		w.Header().Set("Content-Type", "application/json")
		for _, part := range parts {
			if strings.Contains(r.URL.String(), part) {
				_, _ = w.Write([]byte(pages[part]))
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
// the newest record seen. Who takes the first page for all of it, or a short one for
// the last, does not.
func TestSAPListIsReadToItsEnd(t *testing.T) {
	pages := map[string]string{
		"orderby": `{"d":{"results":[{"Product":"A","BaseUnit":"EA"},{"Product":"B","BaseUnit":"EA","YY1_Version_PRD":1,"LastChangeDateTime":"/Date(1772424000000+0000)/"}],"__next":"/more?$skiptoken=B"}}`,
		"more":    `{"d":{"results":[{"Product":"C","BaseUnit":"EA","YY1_Version_PRD":1,"LastChangeDateTime":"/Date(1772424000000+0000)/"}]}}`,
	}
	for defect, want := range map[Defect]string{"": "A B C ", M134: "A B ", M150: "A B "} {
		at, asked := listing(t, pages)
		s := newSAPSide("erp", Config{ERP: at, Timeout: time.Minute, Parallel: 1, Defect: defect})
		got, cursor := "", ""
		for end := false; !end; {
			page, next, last, v := s.materials(t.Context(), cursor, 3) // pages have two
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

// emptyStore is a store in which nothing was taken over.
func emptyStore(t *testing.T) *store {
	t.Helper()
	s, err := openStore(t.Context(), t.TempDir(), "normal")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	return s
}

// saying lists what rows say, in the words of the MES.
func saying(t *testing.T, page []listedRow) (all string) {
	t.Helper()
	for _, r := range page {
		parts, err := read(r.fact.name, r.fact.event, r.fact.body)
		if err != nil || len(parts) != 1 || parts[0].facts.entity() != r.ID {
			t.Fatalf("%s: %v, %+v", r.fact.body, err, parts)
		}
		all += r.fact.event + " "
	}
	return all
}

// Bills and routings come whole from SAP. Of a routing only the day of its
// change is told, so that the next pass asks for all of that day.
func TestSAPBillsAndRoutings(t *testing.T) {
	at, asked := listing(t, map[string]string{
		"MaterialBOM": `{"d":{"results":[{"Material":"A","BOMHeaderBaseUnit":"EA","BOMHeaderQuantityInBaseUnit":"100.000","YY1_Version_BOM":2,"LastChangeDateTime":"/Date(1772424000000+0000)/","to_BillOfMaterialItem":{"results":[
			{"BillOfMaterialComponent":"S","BillOfMaterialItemQuantity":"205.500","BillOfMaterialItemUnit":"KGM","YY1_Operation_BOI":"0010"}]}}]}}`,
		"ProductionRoutingHeader": `{"d":{"results":[{"ProductionRoutingGroup":"G","YY1_Version_RTG":1,"YY1_ChangedAt_RTG":"/Date(1772424000000+0000)/","LastChangeDate":"/Date(1772409600000)/","to_MatlAssgmt":{"results":[{"Product":"A"},{"Product":"B"}]},
			"to_Sequence":{"results":[{"to_Operation":{"results":[{"Operation":"0010","OperationText":"turn","WorkCenterInternalID":"TURN","StandardWorkQuantity2":"90.000000","YY1_Inspect_RTO":true}]}}]}}]}}`,
	})
	s := newSAPSide("erp", Config{ERP: at, Timeout: time.Minute, Parallel: 1})
	page, cursor, end, v := s.bills(t.Context(), "", 2)
	if got := saying(t, page); v.what != posted || !end || got != "bom-changed/A/2 " || !strings.Contains(string(page[0].fact.body), `"QuantityString":"205.5"`) || !strings.Contains(string(page[0].fact.body), `"QuantityString":"100"`) {
		t.Errorf("%s %t %+v", got, end, v)
	}
	if p := passFrom(cursor); !strings.HasPrefix(p.Since, "2026-03-02T04:00:00") {
		t.Errorf("the next pass begins with %+v", p)
	}
	page, cursor, _, v = s.routings(t.Context(), "", 2)
	if got := saying(t, page); v.what != posted || got != "routing-changed/A/1 routing-changed/B/1 " || !strings.Contains(string(page[0].fact.body), `"PT90S"`) {
		t.Errorf("%s %+v", got, v)
	}
	if _, _, _, v = s.routings(t.Context(), cursor, 2); v.what != posted || !strings.Contains((*asked)[len(*asked)-1], "LastChangeDate%20ge%20datetime%272026-03-02T00%3A00%3A00%27") {
		t.Errorf("the next pass asks for %s, %+v", (*asked)[len(*asked)-1], v)
	}
}

// The lines of a bill are read by themselves, page by page, however short the
// pages are; a bill that has changed meanwhile is left to the next pass.
func TestMessageBillsAreReadWithTheirLines(t *testing.T) {
	for again, want := range map[string]string{"3": "bom-changed/A/3 ", "4": ""} {
		at, _ := listing(t, map[string]string{
			"BillOfMaterialsHeaders?%24top":                    `{"value":[{"BOMId":"A","AndonVersion":3,"AndonModifiedDateTime":"2026-03-02T04:00:00Z"}]}`,
			"BillOfMaterialsHeaders?%24filter":                 `{"value":[{"BOMId":"A","AndonVersion":` + again + `,"AndonModifiedDateTime":"2026-03-02T04:00:00Z"}]}`,
			"BOMId%20eq%20%27A%27%20and%20LineNumber%20gt%201": `{"value":[{"LineNumber":2,"ItemNumber":"T","Quantity":7,"QuantityDenominator":100,"ProductUnitSymbol":"EA","RouteOperationNumber":20}]}`,
			"BillOfMaterialsLines?%24filter=BOMId%20eq":        `{"value":[{"LineNumber":1,"ItemNumber":"S","Quantity":205.5,"QuantityDenominator":100,"ProductUnitSymbol":"KGM","RouteOperationNumber":10}],"@odata.nextLink":"more"}`,
			"BillOfMaterialsVersions":                          `{"value":[{"ManufacturedItemNumber":"A","IsActive":"Yes"},{"ManufacturedItemNumber":"OLD","IsActive":"No"}]}`,
			"ReleasedProductsV2":                               `{"value":[{"ItemNumber":"A","InventoryUnitSymbol":"EA"}]}`,
		})
		s := newMessageSide(Config{ERP: at, Timeout: time.Minute, Parallel: 1})
		s.store = emptyStore(t)
		page, _, end, v := s.bills(t.Context(), "", 2)
		if got := saying(t, page); v.what != posted || !end || got != want {
			t.Errorf("version %s afterwards: %q, want %q, %+v", again, got, want, v)
		}
		if len(page) > 0 && (!strings.Contains(string(page[0].fact.body), `"0020/2"`) || !strings.Contains(string(page[0].fact.body), `"205.5"`)) {
			t.Errorf("%s", page[0].fact.body)
		}
	}
}

// What a work center says and that its capacity was changed is in two lists of
// SAP, and counts if both are of one version.
func TestSAPWorkCenters(t *testing.T) {
	for version, want := range map[string]string{"2": "work-center-changed/TURN/2 ", "3": ""} {
		at, _ := listing(t, map[string]string{
			"A_WorkCenterCapacity?":   `{"d":{"results":[{"CapacityInternalID":"PACK"},{"CapacityInternalID":"TURN","CapacityPlanUtilizationPercent":"90","CapacityLastChangeDateTime":"/Date(1772424000000+0000)/","YY1_Version_CAP":2}]}}`,
			"A_WorkCenterAllCapacity": `{"d":{"results":[{"WorkCenter":"TURN","WorkCenterDesc":"lathe","WorkCenterCategoryCode":"0003","YY1_Machines_WCT":"L-1,L 2","YY1_Version_WCT":` + version + `}]}}`,
		})
		s := newSAPSide("erp", Config{ERP: at, Timeout: time.Minute, Parallel: 1})
		s.store = emptyStore(t)
		page, cursor, end, v := s.centers(t.Context(), "", 2)
		if got := saying(t, page); v.what != posted || !end || got != want || !strings.HasPrefix(passFrom(cursor).Since, "2026-03-02T04:00:00") {
			t.Errorf("version %s: %q, want %q, %t %+v %s", version, got, want, end, v, cursor)
		}
		for _, part := range []string{`"90"`, `"L 2"`, `"lathe"`, `"Manual"`} {
			if len(page) > 0 && !strings.Contains(string(page[0].fact.body), part) {
				t.Errorf("%s is not in %s", part, page[0].fact.body)
			}
		}
	}
}

// A page of shifts has a part of a calendar: all of it is read, and counts if it
// is of one version.
func TestSAPCalendars(t *testing.T) {
	shift := func(day, number, name, begins, ends, version string) string {
		return `{"CapacityInternalID":"BRNO","WeekDay":"` + day + `","AvailableCapacityShift":"` + number + `","ShiftDefinition":"` + name + `","ShiftStartTime":"` + begins + `","ShiftEndTime":"` + ends +
			`","YY1_TimeZone_CAP":"Europe/Prague","CapacityLastChangeDateTime":"/Date(1772424000000+0000)/","YY1_Version_CAP":` + version + `}`
	}
	early, night := shift("1", "1", "early", "PT06H00M00S", "PT14H00M00S", "1"), shift("7", "2", "night", "PT22H00M00S", "PT06H30M00S", "1")
	for last, want := range map[string]string{shift("7", "1", "early", "PT06H00M00S", "PT14H00M00S", "1"): "calendar-changed/BRNO/1 ", shift("7", "1", "early", "PT06H00M00S", "PT14H00M00S", "2"): ""} {
		at, _ := listing(t, map[string]string{
			"orderby":              `{"d":{"results":[` + night + `]}}`,
			"filter=CapacityInter": `{"d":{"results":[` + night + `,` + early + `],"__next":"/more?$skiptoken=2"}}`,
			"more":                 `{"d":{"results":[` + last + `]}}`,
		})
		s := newSAPSide("erp", Config{ERP: at, Timeout: time.Minute, Parallel: 1})
		s.store = emptyStore(t)
		page, _, end, v := s.calendars(t.Context(), "", 1)
		if got := saying(t, page); v.what != posted || !end || got != want {
			t.Errorf("%q, want %q, %t %+v", got, want, end, v)
		}
		for _, part := range []string{"FREQ=WEEKLY;BYDAY=SU,MO;BYHOUR=6;BYMINUTE=0", "FREQ=WEEKLY;BYDAY=SU;BYHOUR=22;BYMINUTE=0", "PT8H30M", "Europe/Prague"} {
			if len(page) > 0 && !strings.Contains(string(page[0].fact.body), part) {
				t.Errorf("%s is not in %s", part, page[0].fact.body)
			}
		}
	}
	for _, wrong := range []string{shift("0", "1", "early", "PT06H00M00S", "PT14H00M00S", "1"), shift("1", "1", "early", "06:00", "PT14H00M00S", "1")} {
		at, _ := listing(t, map[string]string{"/": `{"d":{"results":[` + wrong + `]}}`})
		s := newSAPSide("erp", Config{ERP: at, Timeout: time.Minute, Parallel: 1})
		s.store = emptyStore(t)
		if page, _, _, v := s.calendars(t.Context(), "", 1); v.what != again || len(page) > 0 {
			t.Errorf("%s was read: %d rows, %+v", wrong, len(page), v)
		}
	}
}

// Resources are whole rows, in the order of their keys.
func TestMessageWorkCenters(t *testing.T) {
	at, _ := listing(t, map[string]string{"OperationsResources": `{"value":[{"ResourceId":"PACK"},{"ResourceId":"QC/FINAL","ResourceName":"inspection","OperationsResourceType":"HumanResource","EfficiencyPercentage":75,
		"AndonMachines":"QC-C,QC-D","AndonVersion":3,"AndonModifiedDateTime":"2026-03-02T04:00:00Z"}]}`})
	s := newMessageSide(Config{ERP: at, Timeout: time.Minute, Parallel: 1})
	page, _, end, v := s.centers(t.Context(), "", 3)
	if got := saying(t, page); v.what != posted || !end || got != "work-center-changed/QC/FINAL/3 " || !strings.Contains(string(page[0].fact.body), `"75"`) || !strings.Contains(string(page[0].fact.body), `"QC-D"`) {
		t.Errorf("%q %t %+v", got, end, v)
	}
}

// Hours are told day by day, in pieces: shifts are made of those again, also
// where one goes on after midnight, or ends there.
func TestWeeksAreMadeOfDays(t *testing.T) {
	const hour = 60 * 60
	var days [9][]workInterval
	for i := range days {
		day := time.Weekday(i % 7) // the first is the one before a Monday
		if day != time.Saturday && day != time.Sunday {
			days[i] = append(days[i], workInterval{6 * hour, 14 * hour, "early"}, workInterval{16 * hour, 24 * hour, "late"})
		}
		if day == time.Saturday {
			days[i] = append(days[i], workInterval{0, 6 * hour, "early watch"})
		}
		if day == time.Sunday || day == time.Monday {
			days[i] = append(days[i], workInterval{22 * hour, 24 * hour, "night"})
		}
		if day == time.Monday || day == time.Tuesday {
			days[i] = append(days[i], workInterval{0, 5 * hour, "night"})
		}
	}
	var got []string
	for _, s := range weekOf(time.Monday, days) {
		row, err := calendarDocument("BRNO", 1, "2026-03-02T04:00:00Z", "Europe/Prague", []workedShift{s})
		if err != nil {
			t.Fatal(err)
		}
		body := string(row.fact.body)
		at := strings.Index(body, "BYDAY=")
		got = append(got, s.name+" "+clockOf(s.ends)+" "+body[at:at+strings.IndexByte(body[at:], '"')])
	}
	slices.Sort(got)
	want := []string{"early 14:00:00 BYDAY=MO,TU,WE,TH,FR;BYHOUR=6;BYMINUTE=0", "early watch 06:00:00 BYDAY=SA;BYHOUR=0;BYMINUTE=0", "late 00:00:00 BYDAY=MO,TU,WE,TH,FR;BYHOUR=16;BYMINUTE=0",
		"night 05:00:00 BYDAY=SU,MO;BYHOUR=22;BYMINUTE=0"}
	if !slices.Equal(got, want) {
		t.Errorf("a week has %q, want %q", got, want)
	}
	for i := range days {
		days[i] = []workInterval{{0, wholeDay, ""}}
	}
	if all := weekOf(time.Monday, days); len(all) > 0 {
		t.Errorf("a site that works always has %+v", all)
	}
}
