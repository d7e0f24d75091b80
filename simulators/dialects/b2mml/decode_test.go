package b2mml

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"github.com/andon-rig/andon/simulators/plant"
)

func post(body string) simulators.Message {
	return simulators.Message{Verb: "post", Method: "POST", Name: Address, Body: []byte(body)}
}

func confirmationBody(t testing.TB, s Settings) string {
	t.Helper()
	ms, err := Dialect{s}.Encode(confirmation())
	if err != nil {
		t.Fatal(err)
	}
	return string(ms[0].Body)
}

// edited replaces text that must be there.
func edited(t *testing.T, body, old, with string) string {
	t.Helper()
	if !strings.Contains(body, old) {
		t.Fatalf("there is no %q in\n%s", old, body)
	}
	return strings.Replace(body, old, with, 1)
}

func TestRefusals(t *testing.T) {
	bare := confirmationBody(t, Settings{})
	deep := strings.Repeat("<UserArea>", 100) + strings.Repeat("</UserArea>", 100)
	_, err := Dialect{}.Decode(post(strings.ReplaceAll(bare, "SyncOperationsPerformance", "SyncWorkAlert")))
	refused(t, err, codeBOD, "/SyncWorkAlert: there is no such BOD here")
	_, err = Dialect{}.Decode(post(strings.ReplaceAll(strings.ReplaceAll(bare, "SyncOperationsPerformance", "ProcessOperationsPerformance"), "Sync>", "Process>")))
	refused(t, err, codeBOD, "nothing here is said with Process")
	for name, c := range map[string]struct{ old, with, code, says string }{
		"old namespace":        {`xmlns="` + Namespace, `xmlns="http://www.wbf.org/xml/B2MML-V0401`, codeNamespace, "V0401"},
		"no namespace":         {` xmlns="` + Namespace + `"`, ``, codeNamespace, `the namespace ""`},
		"other release":        {`releaseID="V0701"`, `releaseID="V0600"`, codeRelease, `"V0600"`},
		"no release":           {` releaseID="V0701"`, ``, codeRelease, "releaseID is missing"},
		"misspelled":           {`<ID>confirmation/4711000001/0010/3</ID>`, `<ID>x</ID><EndTime>2026-03-02T07:41:58+01:00</EndTime>`, codeMalformed, "it is spelled Endtime"},
		"unknown element":      {`<OperationsSegmentID>`, `<OperationID>1</OperationID><OperationsSegmentID>`, codeMalformed, "there is no element OperationID in SegmentResponse"},
		"order of elements":    {`<SegmentState>Completed</SegmentState>`, `<PostingDate>2026-03-02T07:41:58+01:00</PostingDate>`, codeMalformed, "PostingDate stands behind OperationsSegmentID"},
		"twice":                {`<SegmentState>Completed</SegmentState>`, `<SegmentState>Completed</SegmentState><SegmentState>Running</SegmentState>`, codeMalformed, "is given 2 times"},
		"nil":                  {`<SegmentState>`, `<SegmentState xmlns:xsi="` + xmltree.XSI + `" xsi:nil="true">`, codeMalformed, "is nil"},
		"foreign element":      {`<SegmentState>`, `<x:a xmlns:x="urn:x"/><SegmentState>`, codeMalformed, `the namespace "urn:x"`},
		"extension too early":  {`<SegmentState>`, `<x:a xmlns:x="` + Extensions + `"/><SegmentState>`, codeMalformed, "only extensions may follow"},
		"text beside elements": {`<SegmentState>`, `hello<SegmentState>`, codeMalformed, "text beside its elements"},
		"elements in text":     {`<SegmentState>Completed`, `<SegmentState><b/>`, codeMalformed, "there is only text"},
		"decimal comma":        {`<QuantityString>61<`, `<QuantityString>6,1<`, codeMalformed, "MaterialActual[1]/Quantity[1]/QuantityString: \"6,1\""},
		"negative":             {`<QuantityString>61<`, `<QuantityString>-61<`, codeMalformed, "negative"},
		"no offset":            {`58+01:00</PostingDate>`, `58</PostingDate>`, codeMalformed, "offset"},
		"other task":           {`<TaskID>confirmation<`, `<TaskID>lot-held<`, codeMalformed, "does not fit"},
		"no creation time":     {`<CreationDateTime>2026-03-02T07:41:58+01:00</CreationDateTime>`, ``, codeMalformed, "CreationDateTime: is missing"},
		"document type":        {`<SyncOp`, `<!DOCTYPE x [<!ENTITY a "aaaa">]><SyncOp`, codeMalformed, "document type"},
		"entity":               {`<SegmentState>Completed`, `<SegmentState>&a;`, codeMalformed, "entity"},
		"too deep":             {`<BODID>confirmation/4711000001/0010/3</BODID>`, `<UserArea>` + deep + `</UserArea>`, codeMalformed, "more than 64 deep"},
		"other encoding":       {`encoding="UTF-8"`, `encoding="ISO-8859-1"`, codeMalformed, "ISO-8859-1"},
		"attribute twice":      {`releaseID="V0701"`, `releaseID="V0701" releaseID="V0701"`, codeMalformed, "twice"},
		"an envelope":          {bare, confirmationBody(t, Settings{Envelope: SOAP11}), codeMalformed, "without an envelope"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Dialect{}.Decode(post(edited(t, bare, c.old, c.with)))
			refused(t, err, c.code, c.says)
		})
	}
}

func refused(t *testing.T, err error, code, says string) {
	t.Helper()
	var r *simulators.Refusal
	if !errors.As(err, &r) || r.Code != code || !strings.Contains(r.Text, says) || r.Class != simulators.DataQuality {
		t.Errorf("got %v, want %s: …%s…", err, code, says)
	}
}

func TestEnvelopeRefusals(t *testing.T) {
	one, two := confirmationBody(t, Settings{Envelope: SOAP11}), confirmationBody(t, Settings{Envelope: SOAP12})
	bare := confirmationBody(t, Settings{})
	header := `<soap:Header><w:Security xmlns:w="urn:w" soap:mustUnderstand="1"/></soap:Header>`
	for name, c := range map[string]struct {
		envelope         Envelope
		body, code, says string
	}{
		"none":            {SOAP11, bare, codeMalformed, "there is no SOAP envelope"},
		"other version":   {SOAP11, two, codeVersion, "soap-1.1"},
		"other way round": {SOAP12, one, codeVersion, "soap-1.2"},
		"must understand": {SOAP11, edited(t, one, "<soap:Body>", header+"<soap:Body>"), codeUnderstand, "Security"},
		"header last":     {SOAP11, edited(t, one, "</soap:Body>", "</soap:Body><soap:Header/>"), codeMalformed, "where none can be"},
		"empty":           {SOAP12, `<soap:Envelope xmlns:soap="` + soap12 + `"><soap:Body/></soap:Envelope>`, codeMalformed, "has 0 elements"},
		"no body":         {SOAP12, `<soap:Envelope xmlns:soap="` + soap12 + `"/>`, codeMalformed, "no body"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Dialect{Settings{Envelope: c.envelope}}.Decode(post(c.body))
			refused(t, err, c.code, c.says)
		})
	}
	for name, body := range map[string]string{
		"header that may be ignored": edited(t, one, "<soap:Body>", strings.Replace(header, "=\"1\"", "=\"0\"", 1)+"<soap:Body>"),
	} {
		if _, err := (Dialect{Settings{Envelope: SOAP11}}).Decode(post(body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHeadersAndMethods(t *testing.T) {
	body := confirmationBody(t, Settings{})
	for name, c := range map[string]struct {
		change     func(*simulators.Message)
		code, says string
	}{
		"JSON":    {func(m *simulators.Message) { m.Header = map[string]string{"Content-Type": "application/json"} }, codeMedia, "application/json"},
		"charset": {func(m *simulators.Message) { m.Header = map[string]string{"Content-Type": "text/xml; charset=latin1"} }, codeMedia, "latin1"},
		"name":    {func(m *simulators.Message) { m.Name = "confirmations" }, codeName, Address},
		"method":  {func(m *simulators.Message) { m.Method, m.Verb = "PUT", "put" }, codeMethod, "POST"},
	} {
		m := post(body)
		c.change(&m)
		_, err := Dialect{}.Decode(m)
		t.Run(name, func(t *testing.T) { refused(t, err, c.code, c.says) })
	}
	m := post(body)
	m.Header = map[string]string{"Content-Type": `application/xml; charset="UTF-8"`}
	if _, err := (Dialect{}).Decode(m); err != nil {
		t.Error(err)
	}
}

// TestTolerated is what is not ours to refuse.
func TestTolerated(t *testing.T) {
	body := confirmationBody(t, Settings{})
	prefixed := strings.NewReplacer("</", "</b:", "<?", "<?", "<", "<b:", ` xmlns="`, ` xmlns:b="`).Replace(body)
	prefixed = strings.ReplaceAll(prefixed, "<b:/b:", "</b:")
	prefixed = strings.Replace(prefixed, "<b:?xml", "<?xml", 1)
	for name, b := range map[string]string{
		"prefix":          prefixed,
		"byte mark":       "\ufeff" + body,
		"comments":        edited(t, body, "<SegmentState>", "<!-- final --><SegmentState>"),
		"blanks":          edited(t, body, "<PostingDate>", "<PostingDate>\n  "),
		"CDATA":           edited(t, body, ">R07<", "><![CDATA[R07]]><"),
		"extension":       edited(t, body, "</SegmentResponse>", `<x:Shift xmlns:x="`+Extensions+`">2</x:Shift></SegmentResponse>`),
		"user area":       edited(t, body, "</ApplicationArea>", `<UserArea><x:a xmlns:x="urn:x"><x:b/></x:a></UserArea></ApplicationArea>`),
		"scope":           edited(t, body, "<OperationsRequestID>", "<HierarchyScope><EquipmentID>P1</EquipmentID><EquipmentLevel>Site</EquipmentLevel></HierarchyScope><OperationsRequestID>"),
		"no task":         edited(t, body, "<TaskID>confirmation</TaskID>", ""),
		"task of its own": edited(t, body, "<TaskID>confirmation</TaskID>", "<TaskID>ZCONF</TaskID>"),
	} {
		t.Run(name, func(t *testing.T) {
			ask, err := Dialect{}.Decode(post(b))
			if err != nil {
				t.Fatalf("%v\n%s", err, b)
			}
			if len(ask.Claims) != 1 || ask.Claims[0].Fact != confirmation().Fact {
				t.Errorf("got %+v", ask.Claims)
			}
		})
	}
}

// TestConfirmationCode shows who hears what became of a BOD.
func TestConfirmationCode(t *testing.T) {
	good := simulators.Answer{Rows: []simulators.Row{{Doc: "1"}}}
	bad := simulators.Answer{Rows: []simulators.Row{{Refusal: expired}}}
	for _, c := range []struct {
		code      string
		answer    simulators.Answer
		status    int
		confirmed bool
	}{
		{always, good, 200, true}, {always, bad, 200, true}, {onError, good, 202, false}, {onError, bad, 200, true}, {never, good, 202, false}, {never, bad, 202, false},
	} {
		m := post(edited(t, confirmationBody(t, Settings{}), ">"+always+"<", ">"+c.code+"<"))
		r := Dialect{}.Reply(m, c.answer)
		if confirmed := strings.Contains(string(r.Body), "<ConfirmBOD"); r.Result.Status != c.status || confirmed != c.confirmed {
			t.Errorf("%s: %d, confirmed %v; want %d, %v", c.code, r.Result.Status, confirmed, c.status, c.confirmed)
		}
	}
}

// TestPublishedExamples holds the reader against documents that are not ours.
func TestPublishedExamples(t *testing.T) {
	root := filepath.Join("..", "..", "..", "..", "shared", "standards", "b2mml")
	old, err := filepath.Glob(filepath.Join(root, "examples-v0401", "*.xml"))
	if err != nil || len(old) == 0 {
		t.Skipf("the examples that are published with B2MML are not part of this repository: put github.com/MESAInternational/B2MML-BatchML, folder Examples, at %s", filepath.Join(root, "examples-v0401"))
	}
	for _, f := range old {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var r *simulators.Refusal
		if _, err := (Dialect{}).Decode(post(string(b))); !errors.As(err, &r) || r.Code != codeNamespace {
			t.Errorf("%s is of an old release and is not refused for its namespace: %v", filepath.Base(f), err)
		}
	}
	b, err := os.ReadFile(filepath.Join(root, "examples-own", "process-operations-schedule.xml"))
	if err != nil {
		t.Skipf("the example that we wrote beside the published ones is not there; put folder examples-own at %s: %v", root, err)
	}
	ask, err := Dialect{}.Decode(post(string(b)))
	if err != nil || len(ask.Claims) != 1 || ask.Claims[0].Fact.Keys().Order != "WO-000417" || ask.IdempotencyKey == "" {
		t.Errorf("got %+v, %v", ask, err)
	}
	if b, err = os.ReadFile(filepath.Join(root, "examples-own", "sync-operations-performance.xml")); err != nil {
		t.Fatal(err)
	}
	performed := func(hour, minute, second int) time.Time {
		return time.Date(2026, 2, 3, hour, minute, second, 0, time.UTC)
	}
	ask, err = Dialect{}.Decode(post(string(b)))
	const reference = "WO-000417/0010/000003"
	want := []plant.Event{
		{ID: reference, At: performed(11, 41, 58), Fact: plant.Confirmed{Order: "WO-000417", Operation: "0010", Counter: 3, WorkCenter: "WC-CNC-02", Operator: "OP-1137",
			Yield: plant.Of(61, "EA"), Start: performed(8, 3, 0), End: performed(11, 41, 58), Labor: 3*time.Hour + 37*time.Minute + 48*time.Second}},
		{ID: reference, At: performed(11, 41, 58), Fact: plant.Consumed{Order: "WO-000417", Operation: "0010", Counter: 3, Material: "CASTING-3", Lot: "LOT-C3-8841", Quantity: plant.Of(63, "EA")}},
	}
	if err != nil || !reflect.DeepEqual(ask.Claims, want) || ask.IdempotencyKey != "c0de0000-0000-4000-8000-000000000003" {
		t.Errorf("got %+v, %v\nwant %+v", ask, err, want)
	}
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.xml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, uint8(len(b)%3))
	}
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`), uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, which uint8) {
		d := Dialect{Settings{Envelope: []Envelope{Bare, SOAP11, SOAP12}[which%3]}}
		m := post(string(b))
		ask, err := d.Decode(m)
		if err == nil && len(ask.Claims) == 0 && ask.Query == nil {
			t.Errorf("neither claims, nor a question, nor a refusal: %q", b)
		}
		if r := new(simulators.Refusal); err != nil && (!errors.As(err, &r) || r.Text == "") {
			t.Errorf("a refusal that does not say why: %v", err)
		}
		m.Events = ask.Claims
		answers := []simulators.Answer{{Rows: []simulators.Row{{Doc: "1"}}}, {Refusal: refuse(codeMalformed, "text")}}
		if ask.Query != nil {
			answers = append(answers, shownOf(ask.Query.Where["id"]), simulators.Answer{})
		}
		for _, a := range answers {
			if reply := d.Reply(m, a); len(reply.Body) > 0 {
				if _, err := xmltree.Parse(reply.Body); err != nil {
					t.Errorf("the reply is not well-formed: %v\n%s", err, reply.Body)
				}
			}
		}
		for _, c := range ask.Claims { // what was read can be said, and is read again as the same
			if c.ID == "" {
				continue
			}
			ms, err := d.Encode(c)
			if err != nil {
				continue // a reference that cannot be said elsewhere
			}
			again, err := d.Decode(ms[0])
			if err != nil || len(again.Claims) != 1 || again.Claims[0].Fact.Keys() != c.Fact.Keys() {
				t.Errorf("%+v was read, and when it is said again: %+v, %v", c, again.Claims, err)
			}
		}
	})
}

// shownOf is an answer with what engineering has written down, of whatever was
// asked for.
func shownOf(id string) simulators.Answer {
	item := plant.ItemID(id)
	return simulators.Answer{More: true, Cursor: id, Found: []any{
		simulators.BillState{Bill: plant.Bill{Item: item, For: plant.Of(100, "EA"), Components: []plant.Component{{Material: item, Operation: "0010", Quantity: plant.Of(7, "KGM")}}}},
		simulators.RoutingState{Routing: plant.Routing{Item: item, Operations: []plant.Operation{{ID: "0010", Description: id, WorkCenter: plant.WorkCenterID(id), Setup: 1, Cycle: 2, Inspect: true}}}},
		simulators.CenterState{WorkCenter: plant.WorkCenter{ID: plant.WorkCenterID(id), Manual: true}}, simulators.CalendarState{Calendar: plant.Calendar{ID: id, Zone: id}},
	}}
}
