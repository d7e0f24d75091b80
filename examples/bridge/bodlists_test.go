package bridge

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// A bodDesk answers each question about lists by what its expressions hold, and
// remembers those, with the instant that was asked for.
type bodDesk struct {
	t        *testing.T
	envelope string
	pages    map[string]string // what stands in DataArea, by an expression; "" for the first page
	asked    []string
}

// at is a side that asks the desk.
func (d *bodDesk) at(defect Defect) bodSide {
	s := httptest.NewServer(http.HandlerFunc(d.serve))
	d.t.Cleanup(s.Close)
	c := Config{ERP: Endpoint{URL: s.URL}, Timeout: time.Minute, Parallel: 1, Envelope: d.envelope, Defect: defect}
	return bodSide{newSystem("erp", c.ERP, c), c.Envelope, &calm{}}
}

func (d *bodDesk) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	root, err := readXML(body)
	if err != nil {
		d.t.Errorf("%v: %s", err, body)
		return
	}
	bod, err := unwrap(root, d.envelope)
	if err != nil {
		d.t.Errorf("%v: %s", err, body)
		return
	}
	noun, where := strings.TrimPrefix(bod.name, "Get"), ""
	asked := bod.said("DataArea", noun, "PublishedDate")
	for _, e := range bod.all("Expression") {
		asked += " " + e.text
		if !strings.HasPrefix(e.text, "limit=") {
			where = e.text
		}
	}
	if d.asked = append(d.asked, asked); bod.said("DataArea", noun, "ID") != "*" {
		d.t.Errorf("asked for %s", body)
	}
	data, name := d.pages[where], "Show"+noun
	if strings.HasPrefix(data, "<Confirm>") {
		b := bodWorld{world: &world{t: d.t}, envelope: d.envelope}
		if envelopes[d.envelope] != "" {
			b.fault(w, data)
			return
		}
		name = "ConfirmBOD"
	}
	doc, _ := wrap(name, fmt.Appendf(nil, `<%s xmlns="%s" releaseID="V0701"><ApplicationArea/><DataArea>%s</DataArea></%s>`, name, bodSpace, data, name), d.envelope)
	_, _ = w.Write(doc)
}

// rejected is a ConfirmBOD that rejects the whole.
func rejected(code, class string) string {
	return `<Confirm><ResponseCriteria><ResponseExpression actionCode="Rejected">/</ResponseExpression><ChangeStatus><Code>` + code + `</Code><ReasonCode>` + class + `</ReasonCode></ChangeStatus></ResponseCriteria></Confirm><BOD/>`
}

// more says that a list goes on behind a record.
func more(after string) string {
	return `<Show><ResponseCriteria><ResponseExpression actionCode="Accepted">/</ResponseExpression><ChangeStatus><Code>incomplete</Code><Reason name="after">` + after + `</Reason></ChangeStatus></ResponseCriteria></Show>`
}

// defined is a material that changed at a time of a day.
func defined(id, version, clock string, properties ...string) string {
	s := `<MaterialDefinition><ID>` + id + `</ID>`
	if version != "" {
		s += `<Version>` + version + `</Version>`
	}
	if clock != "" {
		s += `<PublishedDate>2026-03-02T` + clock + `+01:00</PublishedDate>`
	}
	for _, p := range append(properties, "Unit=EA") {
		name, value, _ := strings.Cut(p, "=")
		s += `<MaterialDefinitionProperty><ID>` + name + `</ID><Value><ValueString>` + value + `</ValueString></Value></MaterialDefinitionProperty>`
	}
	return s + `</MaterialDefinition>`
}

// A pass goes on behind the record that Show names, however short a page is, to
// where Show names none; the next one begins a second before the newest record,
// since others may have changed in its second.
func TestBODListIsReadToItsEnd(t *testing.T) {
	const end = "2026-03-02T04:00:02Z"
	all := map[Defect]struct{ want, next string }{
		"":   {"A B C ", "2026-03-02T04:00:01Z limit=10"},
		M35:  {"A B A B ", end + " limit=10"}, // until it asks for what is later than B
		M36:  {"A B D ", "2026-03-02T04:00:00Z limit=10"},
		M134: {"A B ", "2026-03-02T04:00:01Z limit=10"},
		M150: {"A B ", "2026-03-02T04:00:01Z limit=10"},
	}
	for _, envelope := range []string{"none", "soap-1.1", "soap-1.2"} {
		for defect, want := range all {
			d := &bodDesk{t: t, envelope: envelope, pages: map[string]string{
				"":          more("x~B") + defined("A", "", "") + defined("B", "2", "05:00:02"),
				"after=x~B": `<Show/>` + defined("C", "1", "05:00:02"),
				"offset=2":  `<Show/>` + defined("D", "1", "05:00:02"),
			}}
			s := d.at(defect)
			got, cursor := "", ""
			for end := false; !end; {
				page, next, last, v := s.materials(t.Context(), cursor, 10)
				if v.what != posted || len(d.asked) > 9 {
					t.Fatalf("%s %s: %+v, asked %q", envelope, defect, v, d.asked)
				}
				got, cursor, end = got+ids(page), next, last
			}
			if got != want.want || d.asked[0] != "1970-01-01T00:00:00Z limit=10" {
				t.Errorf("%s %s: read %s, want %s, asked %q", envelope, defect, got, want.want, d.asked)
			}
			if p := passFrom(cursor); p.Next != "" || p.Skip != 0 {
				t.Errorf("%s %s: the next pass begins with %+v", envelope, defect, p)
			}
			if _, _, _, v := s.materials(t.Context(), cursor, 10); v.what != posted || d.asked[len(d.asked)-1] != want.next {
				t.Errorf("%s %s: the next pass asks for %q, want %q: %+v", envelope, defect, d.asked[len(d.asked)-1], want.next, v)
			}
		}
	}
}

// What finds nothing is an empty list, and keeps the place. A cursor that the ERP
// does not know any more is refused, for the list to be begun anew, whoever it
// says has to act; anything else that it rejects is asked again.
func TestBODListsThatAreRefused(t *testing.T) {
	at := pass{Since: "2026-03-02T04:00:02Z", Newest: "2026-03-02T04:00:02Z", Next: "x~B"}.String()
	for _, envelope := range []string{"none", "soap-1.1", "soap-1.2"} {
		for answer, want := range map[string]outcome{
			rejected("nothing-found", dataQuality): posted,
			rejected("cursor-expired", technical):  refused,
			rejected("query-unknown", dataQuality): refused,
			rejected("deadlock", technical):        again,
		} {
			d := &bodDesk{t: t, envelope: envelope, pages: map[string]string{"after=x~B": answer}}
			page, next, end, v := d.at("").bills(t.Context(), at, 2)
			if v.what != want || len(page) > 0 || !end {
				t.Errorf("%s, %s: %d rows, %t, %+v", envelope, answer, len(page), end, v)
			}
			if p := passFrom(next); want == posted && (p.Since != "2026-03-02T04:00:02Z" || p.Next != "") {
				t.Errorf("%s: after nothing was found, the next pass begins with %+v", envelope, p)
			}
		}
	}
}

// A page that leads to itself is the last of its pass: what it keeps back is in
// the next one.
func TestBODListThatLeadsNowhere(t *testing.T) {
	d := &bodDesk{t: t, pages: map[string]string{"after=x~B": more("x~B") + defined("C", "1", "05:00:02")}}
	page, next, end, v := d.at("").materials(t.Context(), pass{Next: "x~B"}.String(), 2)
	if p := passFrom(next); v.what != posted || !end || ids(page) != "C " || p.Next != "" || p.Since != "2026-03-02T04:00:02Z" {
		t.Errorf("%s %t %+v, %+v", ids(page), end, p, v)
	}
}

// A list that cannot be understood is read again, and nothing of it is taken.
func TestBODListsThatAreNoLists(t *testing.T) {
	good := `<Show/>` + defined("A", "1", "05:00:00")
	for what, data := range map[string]string{
		"no rows":               `<Show/>`,
		"another noun":          `<Show/><MaterialLot><ID>A</ID></MaterialLot>`,
		"no way on":             strings.Replace(more("x"), ">x<", "><", 1) + defined("A", "1", "05:00:00"),
		"no ID":                 good + defined("", "1", "05:00:00"),
		"a version in words":    good + defined("B", "C", "05:00:00"),
		"a version below 0":     good + defined("B", "-1", "05:00:00"),
		"no time of change":     good + defined("B", "1", ""),
		"no such instant":       good + strings.Replace(defined("B", "1", "05:00:00"), "T05", "T25", 1),
		"no unit":               good + strings.Replace(defined("B", "1", "05:00:00"), "<ID>Unit<", "<ID>Colour<", 1),
		"two units":             good + defined("B", "1", "05:00:00", "Unit=KGM"),
		"decimals in words":     good + defined("B", "1", "05:00:00", "Decimals=two"),
		"decimals below 0":      good + defined("B", "1", "05:00:00", "Decimals=-2"),
		"lots or not":           good + defined("B", "1", "05:00:00", "Lots=perhaps"),
		"a unit without factor": good + defined("B", "1", "05:00:00", "AlternativeUnits=many"),
		"not XML":               good + `<`,
	} {
		d := &bodDesk{t: t, pages: map[string]string{"": data}}
		if page, next, _, v := d.at("").materials(t.Context(), "", 2); v.what != again || v.code != "not-understood" || len(page) > 0 || next != "" {
			t.Errorf("%s: %d rows, next %q, %+v", what, len(page), next, v)
		}
	}
	d := &bodDesk{t: t, pages: map[string]string{"": good}}
	if page, _, _, v := d.at("").materials(t.Context(), "", 2); v.what != posted || len(page) != 1 {
		t.Errorf("the good one: %+v", v)
	}
}

// What a material says is told as it was said.
func TestBODMaterials(t *testing.T) {
	units := `<MaterialDefinitionProperty><ID>AlternativeUnits</ID><Value><ValueString>144/1</ValueString><UnitOfMeasure>CT</UnitOfMeasure></Value></MaterialDefinitionProperty></MaterialDefinition>`
	row := defined("A &amp; B", "3", "05:00:00", "Revision=C", "Decimals=2", "Lots=true", "Retired=false")
	d := &bodDesk{t: t, pages: map[string]string{"": `<Show/>` + strings.Replace(row, "</MaterialDefinition>", units, 1)}}
	page, _, _, v := d.at("").materials(t.Context(), "", 2)
	if v.what != posted || len(page) != 1 {
		t.Fatalf("%+v", v)
	}
	m := page[0]
	if m.ID != "A & B" || m.Version != 3 || m.Revision != "C" || m.Unit != "EA" || m.Decimals != 2 || !m.Lots || m.Serials || m.Retired || m.Changed != "2026-03-02T05:00:00+01:00" ||
		len(m.Units) != 1 || m.Units[0].Unit != "CT" || m.Units[0].Factor != "144/1" {
		t.Errorf("%+v", m)
	}
}

// Rows of the other four lists, as the ERP shows them.
const (
	shownBill = `<OperationsMaterialBill><ID>A</ID><Description>for 100 EA</Description><Description>revision C</Description><Version>2</Version><PublishedDate>2026-03-02T05:00:00+01:00</PublishedDate>
<OperationsMaterialBillItem><ID>A</ID>
<AssemblyBillOfMaterialItem><ID>1</ID><Description>operation 0010</Description><MaterialSpecificationID>S</MaterialSpecificationID><Quantity><QuantityString>205.50</QuantityString><DataType>decimal</DataType><UnitOfMeasure>KGM</UnitOfMeasure></Quantity></AssemblyBillOfMaterialItem>
<Quantity><QuantityString>100</QuantityString><DataType>decimal</DataType><UnitOfMeasure>EA</UnitOfMeasure></Quantity></OperationsMaterialBillItem></OperationsMaterialBill>`
	shownRouting = `<OperationsDefinition><ID>A</ID><Description>revision C</Description><Version>1</Version><PublishedDate>2026-03-02T05:00:00+01:00</PublishedDate><OperationsType>Production</OperationsType><DefinitionType>Pattern</DefinitionType>
<OperationsSegment><ID>0010</ID><Description>turn</Description><Duration>PT61.5S</Duration><ParameterSpecification><ID>Setup</ID><Value><ValueString>PT1500S</ValueString><DataType>duration</DataType></Value></ParameterSpecification>
<EquipmentSpecification><ID>1</ID><EquipmentID>TURN</EquipmentID></EquipmentSpecification></OperationsSegment><OperationsMaterialBillID>A</OperationsMaterialBillID></OperationsDefinition>`
	shownCenter = `<Equipment><ID>TURN</ID><Version>2</Version><Description>lathe</Description><PublishedDate>2026-03-02T05:00:00+01:00</PublishedDate><EquipmentLevel>WorkCenter</EquipmentLevel>
<EquipmentProperty><ID>Efficiency</ID><Value><ValueString>85</ValueString><DataType>positiveInteger</DataType></Value></EquipmentProperty><EquipmentChild><ID>L-1</ID><EquipmentLevel>WorkUnit</EquipmentLevel></EquipmentChild></Equipment>`
	shownCalendar = `<WorkCalendarDefinition><ID>BRNO</ID><Version>1</Version><PublishedDate>2026-03-02T05:00:00+01:00</PublishedDate><WorkCalendarDefinitionEntry><ID>night</ID><RecurrenceTime>FREQ=WEEKLY;BYDAY=SU,MO;BYHOUR=22;BYMINUTE=0</RecurrenceTime>
<DurationRule>PT30600S</DurationRule><EntryType>Work</EntryType></WorkCalendarDefinitionEntry><WorkCalendarDefinitionProperty><ID>Zone</ID><Value><ValueString>Europe/Prague</ValueString></Value></WorkCalendarDefinitionProperty></WorkCalendarDefinition>`
)

// What Show says of master data is what an announcement says of it, at a version
// of its own; what was never changed is not told.
func TestBODMasterDataIsToldAsAnnounced(t *testing.T) {
	for _, c := range []struct {
		row, event  string
		read        func(bodSide) ([]listedRow, string, bool, verdict)
		want, never []string
	}{
		{shownBill, "bom-changed/A/2 ", func(s bodSide) ([]listedRow, string, bool, verdict) { return s.bills(t.Context(), "", 2) },
			[]string{`"ID":"0010/1"`, `"QuantityString":"205.50"`, `"QuantityString":"100"`, `"MaterialSpecificationID":["S"]`}, []string{"operation", "revision"}},
		{shownRouting, "routing-changed/A/1 ", func(s bodSide) ([]listedRow, string, bool, verdict) { return s.routings(t.Context(), "", 2) },
			[]string{`"ID":"Cycle"`, `"PT61.5S"`, `"ID":"Setup"`, `"PT1500S"`, `"EquipmentID":["TURN"]`, `"turn"`}, []string{`"Duration"`, "revision"}},
		{shownCenter, "work-center-changed/TURN/2 ", func(s bodSide) ([]listedRow, string, bool, verdict) { return s.centers(t.Context(), "", 2) },
			[]string{`"85"`, `"L-1"`, `"lathe"`}, nil},
		{shownCalendar, "calendar-changed/BRNO/1 ", func(s bodSide) ([]listedRow, string, bool, verdict) { return s.calendars(t.Context(), "", 2) },
			[]string{"FREQ=WEEKLY;BYDAY=SU,MO;BYHOUR=22;BYMINUTE=0", `"PT8H30M"`, "Europe/Prague"}, []string{"PT30600S"}},
	} {
		d := &bodDesk{t: t, pages: map[string]string{"": "<Show/>" + c.row}}
		page, next, end, v := c.read(d.at(""))
		if got := saying(t, page); v.what != posted || !end || got != c.event || passFrom(next).Since != "2026-03-02T04:00:00Z" {
			t.Fatalf("%q, want %q, %t %+v, next %s", got, c.event, end, v, next)
		}
		body := string(page[0].fact.body)
		if i := slices.IndexFunc(c.want, func(part string) bool { return !strings.Contains(body, part) }); i >= 0 {
			t.Errorf("%s is not in %s", c.want[i], body)
		}
		if i := slices.IndexFunc(c.never, func(part string) bool { return strings.Contains(body, part) }); i >= 0 {
			t.Errorf("%s is in %s", c.never[i], body)
		}
		before, after, _ := strings.Cut(c.row, "<Version>")
		d.pages[""] = "<Show/>" + before + after[strings.Index(after, ">")+1:]
		if page, _, _, v := c.read(d.at("")); v.what != posted || len(page) != 1 || page[0].Version != 0 {
			t.Errorf("%s of no version: %+v, %+v", c.event, page, v)
		}
	}
}

// Of a row that does not say what it must, nothing is told.
func TestBODMasterDataThatLacksSomething(t *testing.T) {
	side := func(row string) bodSide {
		return (&bodDesk{t: t, pages: map[string]string{"": "<Show/>" + row}}).at("")
	}
	refuses := func(what string, page []listedRow, v verdict) {
		t.Helper()
		if v.what != again || v.code != "not-understood" || len(page) > 0 {
			t.Errorf("without %s: %d rows, %+v", what, len(page), v)
		}
	}
	for old, as := range map[string]string{"operation 0010": "step 10", "<MaterialSpecificationID>S</MaterialSpecificationID>": "", "<UnitOfMeasure>EA</UnitOfMeasure>": "", "<QuantityString>205.50</QuantityString>": "",
		"<Version>2</Version>": "<Version>2</Version><Version>3</Version>"} {
		page, _, _, v := side(strings.Replace(shownBill, old, as, 1)).bills(t.Context(), "", 2)
		refuses(old, page, v)
	}
	for old, as := range map[string]string{"<EquipmentID>TURN</EquipmentID>": "", "PT61.5S": "a minute", "<ID>0010</ID>": "", "OperationsSegment>": "Segment>"} {
		page, _, _, v := side(strings.ReplaceAll(shownRouting, old, as)).routings(t.Context(), "", 2)
		refuses(old, page, v)
	}
	page, _, _, v := side(strings.Replace(shownCenter, ">WorkCenter<", ">WorkUnit<", 1)).centers(t.Context(), "", 2)
	refuses("its level", page, v)
	for old, as := range map[string]string{"PT30600S": "PT30601S", "<DurationRule>PT30600S</DurationRule>": "", "PT306": "P1DT306", "FREQ=WEEKLY;BYDAY=SU,MO;BYHOUR=22;BYMINUTE=0": "", "<ID>Zone</ID>": "<ID>Place</ID>"} {
		page, _, _, v := side(strings.Replace(shownCalendar, old, as, 1)).calendars(t.Context(), "", 2)
		refuses(old, page, v)
	}
}

// Lists are read at ERPs that have them.
func TestListsNeedAnERPThatHasThem(t *testing.T) {
	for dialect, want := range map[string]bool{dialectNeutral: true, dialectB2MML: true, dialectSAP: true, dialectD365: true, dialectION3: false} {
		c := Config{Dialect: dialect, Master: "lists", Batch: 1}
		err := c.Validate()
		if got := err != nil && strings.Contains(err.Error(), "MASTER=lists needs"); got == want {
			t.Errorf("%s: %v", dialect, err)
		}
	}
}
