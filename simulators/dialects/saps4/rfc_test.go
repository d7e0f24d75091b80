package saps4

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"github.com/andon-rig/andon/simulators/plant"
)

// called is a call of the function that says what e is, as a client of d words it.
func called(d Dialect, e plant.Event, enveloped bool) simulators.Message {
	said := map[string]string{"CONF_ID": "MES-" + sixteen(e.ID), "EX_IDENT": guid(e.ID), "ZZ_MESREF": string(e.ID), "ZZ_MESTIME": e.At.Format(time.RFC3339Nano), "POSTG_DATE": e.At.Format("2006-01-02"), "SEQUENCE": "000000"}
	k := e.Fact.Keys()
	said["ORDERID"], said["OPERATION"] = d.Settings.shown(k.Order), string(k.Operation)
	if k.Counter > 0 {
		said["ZZ_MESCOUNTER"] = fmt.Sprint(k.Counter)
	}
	split := func(name string, at time.Time) {
		if at.IsZero() {
			return
		}
		said[name+"_DATE"], said[name+"_TIME"] = at.UTC().Format("2006-01-02"), at.UTC().Format("15:04:05")
	}
	var again *xmltree.Node
	switch f := e.Fact.(type) {
	case plant.OperationStarted:
		said["WORK_CNTR"], said["PERS_NO"] = string(f.WorkCenter), string(f.Operator)
		split("EXEC_START", e.At)
	case plant.Reworked:
		said["YIELD"], said["CONF_QUAN_UNIT"], said["DEV_REASON"] = f.Quantity.Amount.String(), string(f.Quantity.Unit), f.Reason
		again = xmltree.Leaf("IV_2ND_TIME_CONFIRMATION", "X")
	case plant.Confirmed:
		said["WORK_CNTR"], said["PERS_NO"], said["DEV_REASON"] = string(f.WorkCenter), string(f.Operator), f.Reason
		said["YIELD"], said["CONF_QUAN_UNIT"] = f.Yield.Amount.String(), string(f.Yield.Unit)
		for name, q := range map[string]plant.Quantity{"SCRAP": f.Scrap, "REWORK": f.Rework} {
			if q != (plant.Quantity{}) {
				said[name] = q.Amount.String()
			}
		}
		if f.Labor > 0 {
			said["CONF_ACTIVITY1"], said["CONF_ACTI_UNIT1"] = plant.Decimal(f.Labor/time.Microsecond).String(), "SEC"
		}
		if f.Final {
			said["FIN_CONF"] = "X"
		}
		split("EXEC_START", f.Start)
		split("EXEC_FIN", f.End)
	}
	structure := xmltree.Branch("IS_TIMETICKETS")
	for _, f := range strings.Fields(ticketList + customFields) {
		if name, _, _ := strings.Cut(f, "="); said[name] != "" {
			structure.Add(xmltree.Leaf(name, said[name]))
		}
	}
	return calling(enveloped, structure, again)
}

// calling is a call of the function with parameters.
func calling(enveloped bool, parameters ...*xmltree.Node) simulators.Message {
	m := Dialect{}.spoken(0, enveloped, xmltree.Branch("rfc:"+confirmFunction, parameters...))
	m.Verb, m.Method, m.Name = "post", "POST", RFC
	return m
}

// goods is a row of goods movements.
func goods(pairs ...string) *xmltree.Node {
	n := xmltree.Branch("item")
	for i := 0; i < len(pairs); i += 2 {
		n.Add(xmltree.Leaf(pairs[i], pairs[i+1]))
	}
	return n
}

// padded is the dialect as it speaks with clients that fill up orders.
var padded = Dialect{Settings{Orders: Padded}}

// functionExchanges are those by function.
func functionExchanges(t testing.TB) map[string]dialecttest.Exchange {
	t.Helper()
	d, all := padded, map[string]dialecttest.Exchange{}
	made := simulators.Answer{Rows: []simulators.Row{{Doc: "5000000001"}}}
	add := func(name string, d Dialect, m simulators.Message, a simulators.Answer) {
		all[name] = dialecttest.Exchange{By: d, Request: m, Reply: d.answered(m, a)}
	}
	for _, name := range []string{"confirmation", "operation-started", "rework"} {
		add("function "+name, d, called(padded, facts()[name], false), made)
	}
	enveloped := called(padded, facts()["confirmation"], true)
	add("function in SOAP", d, enveloped, made)
	add("function refused", d, called(padded, facts()["confirmation"], false), simulators.Answer{Rows: []simulators.Row{{Refusal: &simulators.Refusal{Class: simulators.Business, Code: "over-delivery", Text: "order 4711000001: 261 of 200 pieces"}}}})
	add("function locked in German", Dialect{Settings{Language: German, Orders: Padded}}, enveloped, simulators.Answer{Refusal: &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Locked, Code: "order-locked", Text: "4711000001 is being processed by another posting"}})
	withGoods := called(padded, facts()["confirmation"], false)
	moved := Dialect{}.spoken(0, false, xmltree.Branch("IT_GOODSMOVEMENTS",
		goods("MATERIAL", "CASTING-3", "BATCH", "C3-8841", "MOVE_TYPE", "261", "ENTRY_QNT", "61.500", "ENTRY_UOM", "KGM", "ORDERID", "004711000001", "ACTIVITY", "0010"),
		goods("MATERIAL", "PUMP-7", "BATCH", "P7-0302-01", "MOVE_TYPE", "101", "MVT_IND", "F", "ENTRY_QNT", "1.000", "ENTRY_UOM", "EA", "ORDERID", "004711000001")))
	serial := Dialect{}.spoken(0, false, xmltree.Branch("IT_GOODSMVT_SERIALNUMBER", goods("MATDOC_ITM", "2", "SERIALNO", "S-1", "UII", "")))
	inside := strings.TrimPrefix(string(moved.Body)+strings.TrimPrefix(string(serial.Body), xmltree.Declaration), xmltree.Declaration)
	inside = strings.ReplaceAll(inside, ` xmlns:rfc="`+functionSpace+`"`, "")
	withGoods.Body = []byte(strings.Replace(string(withGoods.Body), "</rfc:"+confirmFunction+">", inside+"</rfc:"+confirmFunction+">", 1))
	add("function with goods", d, withGoods, simulators.Answer{Rows: []simulators.Row{{Doc: "5000000001"}, {Doc: "5000000002"}, {Doc: "5000000003"}}})
	broken := enveloped
	broken.Body = []byte(strings.Replace(string(broken.Body), "</YIELD>", "</YIELDS>", 1))
	var why *simulators.Refusal
	if _, err := d.Decode(broken); !errors.As(err, &why) {
		t.Fatalf("what cannot be read is not refused: %v", err)
	}
	add("function unreadable", d, broken, simulators.Answer{Refusal: why})
	return all
}

// byFunction is the dialect as a client speaks it that confirms by the function.
type byFunction struct{ Dialect }

func (d byFunction) Encode(e plant.Event) ([]simulators.Message, error) {
	switch e.Fact.(type) {
	case plant.OperationStarted, plant.Confirmed, plant.Reworked:
		m := called(d.Dialect, e, d.Settings.Language == German)
		if n, _, err := opened(m.Body); err != nil || slices.ContainsFunc(n.Children[0].Children, func(f *xmltree.Node) bool { return !sayable(f.Text) }) || strings.ContainsFunc(fmt.Sprint(e), unsayable) {
			return nil, errors.New("no XML")
		}
		m.Key, m.Entity, m.Events = plant.Natural(e.Fact), e.Fact.Keys().Entity(), []plant.Event{e}
		return []simulators.Message{m}, nil
	}
	return nil, nil
}

func unsayable(r rune) bool { return !xmltree.Sayable(r) || r == utf8.RuneError }

// sayable are texts that XML has, without blanks around them: one of nothing else
// is not said.
func sayable(text string) bool {
	return strings.TrimSpace(text) == text && utf8.ValidString(text) && !strings.ContainsFunc(text, unsayable)
}

func TestConformanceOfTheFunction(t *testing.T) {
	back := map[string]int{} // the function has come back, whatever it says
	for _, answer := range []string{"applied", "accepted", "partly", "all rows bad", "one row bad", "malformed", "order unknown", "data quality", "business", "key reused", "already posted", "locked"} {
		back[answer] = 200
	}
	statuses := dialecttest.Statuses(back)
	says := dialecttest.Says(sayable)
	for name, s := range map[string]Settings{"preset": {}, "German, in SOAP": {Language: German}} {
		t.Run(name, func(t *testing.T) {
			dialecttest.Run(t, byFunction{Dialect{s}}, dialecttest.Within(kept), says, statuses)
		})
	}
}

// By the function is said what is said by OData, but for the day of an instant
// that has no other: the same facts, under the same references.
func TestFunctionSaysWhatODataSays(t *testing.T) {
	for name := range map[string]bool{"confirmation": true, "operation-started": true, "rework": true} {
		e := facts()[name]
		ms, err := padded.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		want, err := padded.Decode(ms[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, enveloped := range []bool{false, true} {
			got, err := padded.Decode(called(padded, e, enveloped))
			if err != nil || len(got.Claims) != 1 {
				t.Fatalf("%s: %d claims, %v", name, len(got.Claims), err)
			}
			if !got.Claims[0].At.Equal(want.Claims[0].At) {
				t.Errorf("%s was at %s, want %s", name, got.Claims[0].At, want.Claims[0].At)
			}
			got.Claims[0].At = want.Claims[0].At
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v,\nwant %+v", name, got, want)
			}
		}
	}
}

func TestGoodsOfATicket(t *testing.T) {
	ask, err := padded.Decode(functionExchanges(t)["function with goods"].Request)
	if err != nil || len(ask.Claims) != 3 || !ask.Batch {
		t.Fatalf("%+v, %v", ask, err)
	}
	if f, ok := ask.Claims[1].Fact.(plant.Consumed); !ok || f.Order != "4711000001" || f.Operation != "0010" || f.Lot != "C3-8841" || f.Quantity.Amount != plant.MustDecimal("61.5") {
		t.Errorf("%+v", ask.Claims[1])
	}
	if f, ok := ask.Claims[2].Fact.(plant.Received); !ok || !slices.Equal(f.Serials, []plant.SerialID{"S-1"}) {
		t.Errorf("%+v", ask.Claims[2])
	}
}

// Whatever is wrong with what is said is told with its place and line, with the
// status of a function that has come back; what is no call, by a fault.
func TestFunctionRefuses(t *testing.T) {
	good := string(called(padded, facts()["confirmation"], false).Body)
	if !strings.Contains(good, "<YIELD>61</YIELD>") {
		t.Fatal(good)
	}
	item := func(inner string) func(string) string {
		return func(s string) string {
			return strings.Replace(s, "</rfc:"+confirmFunction, "<IT_GOODSMOVEMENTS><item>"+inner+"</item></IT_GOODSMOVEMENTS></rfc:"+confirmFunction, 1)
		}
	}
	replace := func(old, is string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, is, 1) }
	}
	for name, c := range map[string]struct {
		change func(string) string
		status int
		says   string
	}{
		"not XML":                  {func(string) string { return "hello" }, 500, ""},
		"cut off":                  {func(s string) string { return s[:200] }, 500, "line "},
		"another function":         {func(s string) string { return strings.ReplaceAll(s, confirmFunction, "RFC_PING") }, 500, "line 2: RFC_PING"},
		"no namespace":             {replace(functionSpace, "urn:other"), 500, "urn:other"},
		"no ticket":                {func(s string) string { return strings.ReplaceAll(s, "IS_TIMETICKETS", "IT_GOODSMVT_SERIALNUMBER") }, 200, "IS_TIMETICKETS: is missing"},
		"unknown parameter":        {func(s string) string { return strings.ReplaceAll(s, "IS_TIMETICKETS", "IT_TIMETICKETS") }, 200, "IT_TIMETICKETS: in line 3"},
		"unknown field":            {replace("<YIELD>61</YIELD>", "<YIELDS>61</YIELDS>"), 200, "IS_TIMETICKETS/YIELDS: in line "},
		"a field of elements":      {replace("<YIELD>61</YIELD>", "<YIELD><V>61</V></YIELD>"), 200, "elements in a field"},
		"twice":                    {replace("<YIELD>61</YIELD>", "<YIELD>61</YIELD><YIELD>61</YIELD>"), 200, "second time"},
		"decimal comma":            {replace("<YIELD>61<", "<YIELD>61,5<"), 200, "IS_TIMETICKETS/YIELD: in line "},
		"date as OData":            {replace("<POSTG_DATE>2026-03-02<", "<POSTG_DATE>/Date(1772409600000)/<"), 200, "no date such as"},
		"time of day":              {replace("<EXEC_FIN_TIME>06:30:00<", "<EXEC_FIN_TIME>25:00:00<"), 200, "no time of day"},
		"no order":                 {replace("<ORDERID>004711000001</ORDERID>", "<ORDERID/>"), 200, "ORDERID and OPERATION"},
		"no GUID":                  {replace("<EX_IDENT>", "<EX_IDENT>x"), 200, "no GUID"},
		"final":                    {replace("<YIELD>", "<FIN_CONF>Y</FIN_CONF><YIELD>"), 200, "FIN_CONF"},
		"unit of work":             {replace(">SEC<", ">DAY<"), 200, "CONF_ACTI_UNIT1"},
		"queue":                    {replace("<IS_TIMETICKETS>", "<IV_CALL_ON_INBOUND_QUEUE>X</IV_CALL_ON_INBOUND_QUEUE><IS_TIMETICKETS>"), 200, "not played"},
		"no flag":                  {replace("<IS_TIMETICKETS>", "<IV_PROPOSE_BACKFLUSH>yes</IV_PROPOSE_BACKFLUSH><IS_TIMETICKETS>"), 200, "neither X nor empty"},
		"movement type":            {item("<MATERIAL>M</MATERIAL><ENTRY_QNT>1</ENTRY_QNT><ENTRY_UOM>EA</ENTRY_UOM><MOVE_TYPE>309</MOVE_TYPE>"), 200, "309"},
		"movement of nothing":      {item("<MATERIAL>M</MATERIAL><MOVE_TYPE>101</MOVE_TYPE>"), 200, "ENTRY_QNT"},
		"movement of another":      {item("<CONF_ID>x</CONF_ID><MATERIAL>M</MATERIAL><ENTRY_QNT>1</ENTRY_QNT><ENTRY_UOM>EA</ENTRY_UOM><MOVE_TYPE>101</MOVE_TYPE>"), 200, "not the CONF_ID of the ticket"},
		"rework and scrap at once": {replace("<IS_TIMETICKETS>", "<IV_2ND_TIME_CONFIRMATION>X</IV_2ND_TIME_CONFIRMATION><IS_TIMETICKETS>"), 200, "SCRAP"},
		"field of another space":   {replace("<YIELD>", `<YIELD xmlns="urn:other">`), 200, "no such field"},
	} {
		t.Run(name, func(t *testing.T) {
			m := calling(false)
			if m.Body = []byte(c.change(good)); string(m.Body) == good {
				t.Fatal("nothing was changed")
			}
			_, err := padded.Decode(m)
			r := new(simulators.Refusal)
			if !errors.As(err, &r) || !strings.Contains(r.Text, c.says) {
				t.Fatalf("%v, want something about %s", err, c.says)
			}
			reply := padded.Reply(m, simulators.Answer{Refusal: r})
			n, err := xmltree.Parse(reply.Body)
			if err != nil || reply.Result.Status != c.status {
				t.Fatalf("status %d, want %d (%v)", reply.Result.Status, c.status, err)
			}
			if fault := n.Find("Body", "Fault"); (fault != nil) != (c.status == 500) || fault != nil && fault.Said("detail", "Error", "message") != r.Text {
				t.Errorf("answered %s", reply.Body)
			}
			if c.status == 200 && (n.Said("ES_RETURN", "TYPE") != "E" || n.Said("ES_RETURN", "MESSAGE") != r.Text) {
				t.Errorf("answered %s", reply.Body)
			}
		})
	}
	for method, header := range map[string]string{"GET": "text/xml", "POST": "application/json"} {
		m := called(padded, facts()["confirmation"], false)
		m.Method, m.Header = method, map[string]string{"Content-Type": header}
		_, err := padded.Decode(m)
		r := new(simulators.Refusal)
		if !errors.As(err, &r) {
			t.Fatalf("%s %s was taken", method, header)
		}
		if got, want := padded.Reply(m, simulators.Answer{Refusal: r}).Result.Status, map[string]int{"GET": 405, "POST": 415}[method]; got != want {
			t.Errorf("%s %s: status %d, want %d", method, header, got, want)
		}
	}
}

// Dates and times of day come as one or the other client writes them, GUIDs with
// their dashes or without, and zeros in front of an order mean nothing.
func TestEncodingsOfTheFunction(t *testing.T) {
	good := called(padded, facts()["confirmation"], false)
	want, err := padded.Decode(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"<EXEC_FIN_DATE>2026-03-02<", "<EXEC_FIN_DATE>20260302<"}, {"<EXEC_FIN_TIME>06:30:00<", "<EXEC_FIN_TIME>063000<"}, {"<ORDERID>004711000001<", "<ORDERID>4711000001<"},
		{guid(facts()["confirmation"].ID), strings.ToUpper(strings.ReplaceAll(guid(facts()["confirmation"].ID), "-", ""))},
		{"EXEC_FIN_", "PROC_FIN_"}, {"CONF_QUAN_UNIT>", "CONF_QUAN_UNIT_ISO>"}, {"</IS_TIMETICKETS>", "<PERS_NO>00000000</PERS_NO><CLEAR_RES>X</CLEAR_RES></IS_TIMETICKETS>"},
		{"</IS_TIMETICKETS>", "<SETUP_FIN_DATE>0000-00-00</SETUP_FIN_DATE></IS_TIMETICKETS><IT_GOODSMOVEMENTS><item><MATERIAL/><MOVE_REAS>0000</MOVE_REAS></item></IT_GOODSMOVEMENTS>"},
	} {
		m := good
		if m.Body = []byte(strings.ReplaceAll(string(good.Body), change[0], change[1])); slices.Equal(m.Body, good.Body) {
			t.Fatalf("%s is not there", change[0])
		}
		if strings.Contains(change[1], "PERS_NO") {
			m.Body = []byte(strings.Replace(string(m.Body), "<PERS_NO>P-17</PERS_NO>", "", 1))
		}
		got, err := padded.Decode(m)
		if err != nil {
			t.Errorf("%s: %v", change[1], err)
			continue
		}
		if f, ok := got.Claims[0].Fact.(plant.Confirmed); ok && f.Operator == "" {
			f.Operator = "P-17"
			got.Claims[0].Fact = f
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v,\nwant %+v", change[1], got, want)
		}
	}
}

// Rows tell which part of a call was refused, and what waits for a person.
func TestRowsOfTheFunction(t *testing.T) {
	m := functionExchanges(t)["function with goods"].Request
	expired := &simulators.Refusal{Class: simulators.DataQuality, Code: "lot-expired", Text: "expired"}
	rolled := &simulators.Refusal{Class: simulators.DataQuality, Code: "batch-rolled-back", Text: "nothing was posted"}
	for want, a := range map[string]simulators.Answer{
		"E ZAN 031  1, E ZAN 014 IT_GOODSMOVEMENTS 1, E ZAN 031 IT_GOODSMOVEMENTS 2": {Rows: []simulators.Row{{Refusal: rolled}, {Refusal: expired}, {Refusal: rolled}}},
		"I RU 100  1, W ZAN 014 IT_GOODSMOVEMENTS 1, S CO_MES_INT 037  0":            {Rows: []simulators.Row{{Doc: "7"}, {Refusal: expired, Pooled: true}, {Doc: "8"}}},
		"W ZAN 090  1": {Later: true, Operation: "OP-1"},
		"E ZAN 014  1": {Refusal: expired},
	} {
		reply := padded.Reply(m, a)
		n, err := xmltree.Parse(reply.Body)
		if err != nil || reply.Result.Status != 200 {
			t.Fatalf("%d, %v", reply.Result.Status, err)
		}
		var rows []string
		for _, r := range n.Child("ET_DETAIL_RETURN").Children {
			rows = append(rows, r.Said("TYPE")+" "+r.Said("ID")+" "+r.Said("NUMBER")+" "+r.Said("PARAMETER")+" "+r.Said("ROW"))
		}
		if got := strings.Join(rows, ", "); got != want || n.Said("ES_RETURN", "TYPE") != "" {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for status, r := range map[int]*simulators.Refusal{
		429: {Outcome: simulators.Throttled, Code: "quota-exceeded", After: time.Second}, 503: {Outcome: simulators.Unavailable, Code: "out-of-service"}, 401: {Outcome: simulators.Unauthorized, Code: "invalid_token"},
	} {
		if reply := padded.Reply(m, simulators.Answer{Refusal: r}); reply.Result.Status != status || !strings.Contains(string(reply.Body), "Fault") || status == 429 && reply.Header["Retry-After"] != "1" {
			t.Errorf("%s: %d %v %s", r.Code, reply.Result.Status, reply.Header, reply.Body)
		}
	}
}

const publishedAnswer = "sap-idoc/PRODORDCONF_CREATE_TT_RESPONSE.xml"

// elements are the paths of all elements below n.
func elements(n *xmltree.Node, above string) (all []string) {
	for _, c := range n.Children {
		all = append(append(all, above+"/"+c.Name), elements(c, above+"/"+c.Name)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// lacking are the paths of want that got has not, and the other way round.
func lacking(got, want []string) (all []string) {
	for _, p := range want {
		if !slices.Contains(got, p) {
			all = append(all, "-"+p)
		}
	}
	for _, p := range got {
		if !slices.Contains(want, p) {
			all = append(all, "+"+p)
		}
	}
	return all
}

// The answer has the elements of the published one, in their order.
func TestAnswerHasTheFormOfTheSample(t *testing.T) {
	theirs, err := xmltree.Parse(sample(t, publishedAnswer))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := xmltree.Parse(functionExchanges(t)["function with goods"].Reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	if ours.Name != theirs.Name || ours.Space != theirs.Space {
		t.Errorf("%s of %s, want %s of %s", ours.Name, ours.Space, theirs.Name, theirs.Space)
	}
	for _, path := range [][]string{nil, {"ES_RETURN"}, {"ET_DETAIL_RETURN", "item"}, {"IT_GOODSMOVEMENTS", "item"}} {
		var got, want []string
		for _, c := range ours.Find(path...).Children {
			got = append(got, c.Name)
		}
		for _, c := range theirs.Find(path...).Children {
			want = append(want, c.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q,\nwant %q", path, got, want)
		}
	}
	ignored := func(p string) bool { // what our call does not say
		return strings.HasPrefix(p, "/IT_CHARACTERISTICS_BATCH/") || strings.HasPrefix(p, "/IT_LINK_GM_CHAR_BATCH/") || strings.HasPrefix(p, "/IT_GOODSMVT_SERIALNUMBER/")
	}
	got, want := slices.DeleteFunc(elements(ours, ""), ignored), slices.DeleteFunc(elements(theirs, ""), ignored)
	if wrong := lacking(got, want); len(wrong) > 0 || len(want) < 170 {
		t.Errorf("of %d elements: %q", len(want), wrong)
	}
	for name, lie := range map[string]string{"another name": strings.ReplaceAll(string(functionExchanges(t)["function with goods"].Reply.Body), "CONF_CNT", "CONF_COUNT")} {
		n, err := xmltree.Parse([]byte(lie))
		if err != nil {
			t.Fatal(err)
		}
		if wrong := lacking(slices.DeleteFunc(elements(n, ""), ignored), want); !slices.Equal(wrong, []string{"-/ET_DETAIL_RETURN/item/CONF_CNT", "+/ET_DETAIL_RETURN/item/CONF_COUNT"}) {
			t.Errorf("%s: %q", name, wrong)
		}
	}
	// What stands in a field, where both say the same.
	row := func(n *xmltree.Node, i int) map[string]string {
		said := map[string]string{}
		for _, f := range n.Child("ET_DETAIL_RETURN").Children[i].Children {
			said[f.Name] = f.Text
		}
		return said
	}
	for i := range 2 {
		a, b := row(ours, i), row(theirs, i)
		for name := range b {
			switch name {
			case "MESSAGE", "MESSAGE_V1", "SYSTEM", "CONF_NO":
				if (a[name] == "") != (b[name] == "") {
					t.Errorf("row %d: %s is %q, and theirs %q", i+1, name, a[name], b[name])
				}
			default:
				if a[name] != b[name] {
					t.Errorf("row %d: %s is %q, and theirs %q", i+1, name, a[name], b[name])
				}
			}
		}
	}
}

// The tables that the published answer echoes are read in a call: the goods
// movement in them is a receipt.
func TestTablesOfTheSampleAreRead(t *testing.T) {
	theirs, err := xmltree.Parse(sample(t, publishedAnswer))
	if err != nil {
		t.Fatal(err)
	}
	structure := goods("ORDERID", "000001001528", "OPERATION", "0020", "YIELD", "3.000", "CONF_QUAN_UNIT", "CS", "CONF_ID", theirs.Child("ET_DETAIL_RETURN").Children[1].Said("MESSAGE_V1"))
	structure.Name = "IS_TIMETICKETS"
	m := calling(false, structure, theirs.Child("ET_DETAIL_RETURN"), theirs.Child("IT_CHARACTERISTICS_BATCH"), theirs.Child("IT_GOODSMOVEMENTS"), theirs.Child("IT_GOODSMVT_SERIALNUMBER"), theirs.Child("IT_LINK_GM_CHAR_BATCH"))
	ask, err := padded.Decode(m)
	if err != nil || len(ask.Claims) != 2 {
		t.Fatalf("%+v, %v", ask, err)
	}
	if f, ok := ask.Claims[1].Fact.(plant.Received); !ok || f.Order != "1001528" || f.Material != "000000000009990007" || f.Lot != "1001003071" || f.Quantity != plant.Of(3, "CS") {
		t.Errorf("%+v", ask.Claims[1])
	}
	reply, err := xmltree.Parse(padded.Reply(m, simulators.Answer{Rows: []simulators.Row{{Doc: "1114"}, {Doc: "1115"}}}).Body)
	if err != nil {
		t.Fatal(err)
	}
	// What is echoed is what was said.
	for _, f := range theirs.Find("IT_GOODSMOVEMENTS", "item").Children {
		if got := reply.Said("IT_GOODSMOVEMENTS", "item", f.Name); got != f.Text {
			t.Errorf("%s: %q, want %q", f.Name, got, f.Text)
		}
	}
	if n := reply.Child("ET_DETAIL_RETURN").Children[0].Said("CONF_NO"); n != "0000001114" {
		t.Errorf("CONF_NO %s", n)
	}
}
