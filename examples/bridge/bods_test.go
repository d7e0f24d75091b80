package bridge

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// bodWorld is a world whose ERP takes B2MML: a desk in front of its books
// reads BODs, hands on what they say, and words the answer.
type bodWorld struct {
	*world
	envelope  string
	questions int              // that were asked
	queues    bool             // batches are accepted, and what comes of them is told when asked
	ended     map[string]entry // what came of those, by operation; guarded by mu
}

func newBODWorld(w *world, envelope string) *bodWorld {
	b := &bodWorld{world: w, envelope: envelope, ended: map[string]entry{}}
	desk := httptest.NewServer(http.HandlerFunc(b.desk))
	w.t.Cleanup(desk.Close)
	w.config.Dialect, w.config.Envelope, w.config.ERP.URL = dialectB2MML, envelope, desk.URL
	return b
}

// borrowed is a reply that is kept, unless its connection is cut.
type borrowed struct {
	*httptest.ResponseRecorder
	of  http.ResponseWriter
	cut bool
}

func (b *borrowed) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	b.cut = true
	return b.of.(http.Hijacker).Hijack()
}

func (b *bodWorld) desk(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	root, err := readXML(body)
	if err != nil {
		b.t.Errorf("the ERP was sent: %v\n%s", err, body)
		return
	}
	bod, err := unwrap(root, b.envelope)
	if err != nil || bod.space != bodSpace || bod.attr("releaseID") != bodRelease || r.URL.Path != "/bods" {
		b.t.Errorf("the ERP was sent to %s: %v\n%s", r.URL.Path, err, body)
		return
	}
	if strings.HasPrefix(bod.name, "Get") {
		b.question(w, bod)
		return
	}
	form, err := bod.json("")
	if err != nil {
		b.t.Error(err)
		return
	}
	message, _ := json.Marshal(object{bod.name: form})
	name := ""
	for n, kind := range names {
		if kind == bod.said("ApplicationArea", "Sender", "TaskID") {
			name = n
		}
	}
	inner := httptest.NewRequest(http.MethodPost, "/"+name, bytes.NewReader(message))
	inner.Header.Set("Authorization", r.Header.Get("Authorization"))
	inner.Header.Set("Idempotency-Key", bod.said("ApplicationArea", "BODID"))
	kept := &borrowed{ResponseRecorder: httptest.NewRecorder(), of: w}
	b.erp.ServeHTTP(kept, inner)
	rows := len(bod.all("SegmentResponse"))
	switch {
	case kept.cut:
	case b.queues && rows > 1:
		b.accepted(w, kept.ResponseRecorder)
	default:
		b.worded(w, kept.ResponseRecorder, rows)
	}
}

// accepted keeps what became of a batch to be asked for: if a row is bad, that it
// failed, and for what reason.
func (b *bodWorld) accepted(w http.ResponseWriter, r *httptest.ResponseRecorder) {
	var said struct{ Items []row }
	_ = json.Unmarshal(r.Body.Bytes(), &said)
	e := entry{word: bodAccepted, code: "applied"}
	for _, it := range said.Items {
		if it.Status/100 != 2 {
			e = entry{word: bodRejected, code: it.Code, class: it.Class, detail: it.Detail}
		}
	}
	b.mu.Lock()
	operation := fmt.Sprint("OP-", len(b.ended)+1)
	b.ended[operation] = e
	b.mu.Unlock()
	b.answer(w, http.StatusAccepted, "ConfirmBOD", `<Confirm><ResponseCriteria><ResponseExpression actionCode="Accepted">/</ResponseExpression><ChangeStatus><Code>accepted</Code><Reason name="operation">`+operation+`</Reason></ChangeStatus></ResponseCriteria></Confirm><BOD/>`)
}

// worded answers in B2MML what the books have said of n rows.
func (b *bodWorld) worded(w http.ResponseWriter, r *httptest.ResponseRecorder, n int) {
	var said struct {
		Code, Class, Detail string
		Items               []row
	}
	_ = json.Unmarshal(r.Body.Bytes(), &said)
	entries, status := "", http.StatusOK
	add := func(place, code, class, detail string) {
		word := bodAccepted
		if class != "" {
			word = bodRejected
		}
		entries += fmt.Sprintf(`<ResponseCriteria><ResponseExpression actionCode="%s">%s</ResponseExpression><ChangeStatus><Code>%s</Code><Description>%s</Description><ReasonCode>%s</ReasonCode></ChangeStatus></ResponseCriteria>`, word, place, code, detail, class)
	}
	for i, it := range said.Items {
		add(fmt.Sprintf("(//SegmentResponse)[%d]", i+1), cmp.Or(it.Code, "applied"), it.Class, it.Detail)
	}
	switch {
	case len(said.Items) > 0:
	case r.Code/100 == 2:
		for i := range max(n, 1) {
			add(fmt.Sprintf("(//SegmentResponse)[%d]", i+1), "applied", "", "")
		}
	case r.Code == http.StatusUnauthorized || r.Code == http.StatusTooManyRequests || r.Code == http.StatusServiceUnavailable:
		status = r.Code
		fallthrough
	default:
		add("/", said.Code, said.Class, said.Detail)
	}
	w.Header().Set("Retry-After", r.Header().Get("Retry-After"))
	b.answer(w, status, "ConfirmBOD", "<Confirm>"+entries+"</Confirm><BOD/>")
}

func (b *bodWorld) answer(w http.ResponseWriter, status int, name, data string) {
	doc, header := wrap(name, fmt.Appendf(nil, `<%s xmlns="%s" releaseID="V0701"><ApplicationArea><CreationDateTime>2026-03-02T07:41:58+01:00</CreationDateTime></ApplicationArea><DataArea>%s</DataArea></%s>`, name, bodSpace, data, name), b.envelope)
	w.Header()["Content-Type"] = header["Content-Type"]
	w.WriteHeader(status)
	_, _ = w.Write(doc)
}

func (b *bodWorld) question(w http.ResponseWriter, bod *element) {
	b.mu.Lock()
	b.questions++
	e, operation := b.ended[bod.said("DataArea", "OperationsPerformance", "ID")]
	b.mu.Unlock()
	if operation {
		b.answer(w, http.StatusOK, "ConfirmBOD", fmt.Sprintf(`<Confirm><ResponseCriteria><ResponseExpression actionCode="%s">/</ResponseExpression><ChangeStatus><Code>%s</Code><Description>%s</Description><ReasonCode>%s</ReasonCode></ChangeStatus></ResponseCriteria></Confirm><BOD/>`, e.word, e.code, e.detail, e.class))
		return
	}
	reference := bod.said("DataArea", "OperationsPerformance", "OperationsResponse", "SegmentResponse", "ID")
	if found := b.erp.effectsOf(reference); len(found) > 0 {
		b.answer(w, http.StatusOK, "ShowOperationsPerformance", fmt.Sprintf(`<Show/><OperationsPerformance><ID>p</ID><OperationsResponse><ID>p</ID><SegmentResponse><ID>%s</ID><SegmentData><ID>Kind</ID><Value><ValueString>%s</ValueString></Value></SegmentData></SegmentResponse></OperationsResponse></OperationsPerformance>`, escaped(reference), names[found[0].name]))
		return
	}
	const nothing = `<Confirm><ResponseCriteria><ResponseExpression actionCode="Rejected">/</ResponseExpression><ChangeStatus><Code>nothing-found</Code><ReasonCode>data-quality</ReasonCode></ChangeStatus></ResponseCriteria></Confirm><BOD/>`
	if b.envelope == "soap-1.1" || b.envelope == "soap-1.2" {
		b.fault(w, nothing)
		return
	}
	b.answer(w, http.StatusOK, "ConfirmBOD", nothing)
}

// fault answers a question as services do that have one answer to it.
func (b *bodWorld) fault(w http.ResponseWriter, data string) {
	bod := fmt.Sprintf(`<ConfirmBOD xmlns="%s"><ApplicationArea><CreationDateTime>2026-03-02T07:41:58+01:00</CreationDateTime></ApplicationArea><DataArea>%s</DataArea></ConfirmBOD>`, bodSpace, data)
	inside, status := `<e:Fault xmlns:e="`+envelopes[b.envelope]+`"><faultcode>e:Client</faultcode><faultstring>text</faultstring><detail>`+bod+`</detail></e:Fault>`, http.StatusInternalServerError
	if b.envelope == "soap-1.2" {
		inside, status = `<e:Fault xmlns:e="`+envelopes[b.envelope]+`"><e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason><e:Text xml:lang="en">text</e:Text></e:Reason><e:Detail>`+bod+`</e:Detail></e:Fault>`, http.StatusBadRequest
	}
	doc, header := wrap("fault", []byte(inside), b.envelope)
	w.Header()["Content-Type"] = header["Content-Type"]
	w.WriteHeader(status)
	_, _ = w.Write(doc)
}

func (b *bodWorld) asked() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.questions
}

// Scripts at an ERP that speaks B2MML.

func bodRefused(w *world) []string {
	b := newBODWorld(w, "")
	bad := consumption("1", 1, "CASTING-3", "BAD", "1", "EA")
	w.erp.refuse[bad.event] = lotExpired
	return plain(b.world, bad, confirmation("1", 1))
}

func bodLostReply(w *world) []string { return lostReply(newBODWorld(w, "").world) }
func bodBadRow(w *world) []string    { return badRow(newBODWorld(w, "").world) }

// TestBODs is the sound bridge at an ERP that speaks B2MML, in each envelope:
// replies are lost, a lot is refused, a batch has a bad row.
func TestBODs(t *testing.T) {
	for _, envelope := range []string{"none", "soap-1.1", "soap-1.2"} {
		for name, play := range map[string]func(*world) []string{"refused": bodRefusedSound, "lost reply": lostReply, "bad row": badRow} {
			t.Run(envelope+"/"+name, func(t *testing.T) {
				w := newWorld(t, "")
				b := newBODWorld(w, envelope)
				if cs := play(w); len(cs) > 0 {
					t.Errorf("complaints: %q", cs)
				}
				if asked := b.asked(); name == "lost reply" && asked == 0 {
					t.Error("nobody asked what became of what was lost")
				}
			})
		}
	}
}

func bodRefusedSound(w *world) []string {
	bad := consumption("1", 1, "CASTING-3", "BAD", "1", "EA")
	w.erp.refuse[bad.event] = lotExpired
	return plain(w, bad, confirmation("1", 1), hold("L-1", "Q-1", "1"))
}

const announcedBOD = `<?xml version="1.0" encoding="UTF-8"?>
<b:ChangeOperationsSchedule xmlns:b="http://www.mesa.org/xml/B2MML" releaseID="V0701">
  <b:ApplicationArea>
    <b:Sender><b:LogicalID>lid://erp</b:LogicalID><b:TaskID>order-changed</b:TaskID><b:ConfirmationCode>Always</b:ConfirmationCode></b:Sender>
    <b:CreationDateTime>2026-03-02T09:15:00+01:00</b:CreationDateTime>
    <b:UserArea><x:y xmlns:x="urn:x">1</x:y></b:UserArea>
  </b:ApplicationArea>
  <b:DataArea>
    <b:Change><b:ActionCriteria><b:ActionExpression actionCode="Change">/OperationsSchedule</b:ActionExpression></b:ActionCriteria></b:Change>
    <b:OperationsSchedule><b:ID>order-changed/4711/2</b:ID><b:OperationsRequest><b:ID>4711</b:ID><b:Version>2</b:Version>
      <b:SegmentRequirement><b:ID>s</b:ID><b:MaterialRequirement><b:ID>product</b:ID><b:MaterialUse>Produced</b:MaterialUse>
        <b:Quantity><b:QuantityString>240</b:QuantityString><b:UnitOfMeasure>EA</b:UnitOfMeasure></b:Quantity></b:MaterialRequirement></b:SegmentRequirement>
    </b:OperationsRequest></b:OperationsSchedule>
  </b:DataArea>
</b:ChangeOperationsSchedule>`

func TestMessageOfBOD(t *testing.T) {
	name, got, err := messageOf([]byte(announcedBOD), "none")
	const want = `{"ChangeOperationsSchedule":{"@releaseID":"V0701","ApplicationArea":{"CreationDateTime":"2026-03-02T09:15:00+01:00","Sender":{"LogicalID":"lid://erp","TaskID":"order-changed"}},` +
		`"DataArea":{"Change":{},"OperationsSchedule":[{"ID":"order-changed/4711/2","OperationsRequest":[{"ID":"4711","SegmentRequirement":[{"ID":"s","MaterialRequirement":[{"ID":"product","MaterialUse":"Produced",` +
		`"Quantity":[{"QuantityString":"240","UnitOfMeasure":"EA"}]}]}],"Version":"2"}]}]}}}`
	if err != nil || name != "orders" || string(got) != want {
		t.Errorf("got %s %s, %v\nwant %s", name, got, err, want)
	}
	for fault, body := range map[string]string{
		"empty": "", "cut off": announcedBOD[:300], "namespace": strings.Replace(announcedBOD, "xml/B2MML", "xml/B2MML-V0401", 1), "release": strings.Replace(announcedBOD, "V0701", "V0600", 1),
		"document type": strings.Replace(announcedBOD, "<b:Change", "<!DOCTYPE x><b:Change", 1), "not UTF-8": strings.Replace(announcedBOD, ">s<", ">\xfc<", 1),
		"not for us": strings.ReplaceAll(announcedBOD, "ChangeOperationsSchedule", "SyncOperationsPerformance"), "deep": strings.Repeat("<a>", 100),
		"twice": strings.Replace(announcedBOD, "<b:Version>2</b:Version>", "<b:Version>2</b:Version><b:Version>3</b:Version>", 1),
	} {
		if _, got, err := messageOf([]byte(body), "none"); err == nil {
			t.Errorf("%s: read as %s", fault, got)
		}
	}
}

// TestWebhookTakesBODs posts what an ERP announces.
func TestWebhookTakesBODs(t *testing.T) {
	w := newWorld(t, "")
	newBODWorld(w, "")
	w.start()
	for body, want := range map[string]int{announcedBOD: 202, announcedBOD[:300]: 400} {
		res, err := client.Post(w.url+"/erp/bods", "application/xml", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("answered %d, want %d", res.StatusCode, want)
		}
	}
	w.must("the change at the MES", func() bool { return len(w.mes.effectsOf("order-changed/4711/2")) == 1 })
}

func TestBODRoundTrip(t *testing.T) {
	for _, m := range []message{confirmation("<1>&", 1), consumption("4711", 1, "CASTING-3", "L 1", "1.50", "KG"), hold("L-1", "Q-1", "4711")} {
		name, bod, err := bodOf([]byte(m.body), "id-1")
		if err != nil {
			t.Fatal(err)
		}
		root, err := readXML(bod)
		if err != nil {
			t.Fatalf("%v\n%s", err, bod)
		}
		if got := root.said("ApplicationArea", "BODID"); got != "id-1" || root.name != name {
			t.Errorf("%s has the identity %q", root.name, got)
		}
		form, err := root.json("")
		if err != nil {
			t.Fatal(err)
		}
		form.(object)["@releaseID"] = bodRelease
		again, _ := json.Marshal(object{name: form})
		ps, err := read(m.name, "", again)
		if err != nil || len(ps) != 1 || ps[0].facts.Event != m.event {
			t.Errorf("read again: %+v, %v\n%s", ps, err, bod)
		}
	}
	if _, _, err := bodOf([]byte(confirmation("a\u0001", 1).body), "x"); err == nil {
		t.Error("a control character was written as XML")
	}
}

// A batch that was accepted and failed has rows that are posted: they are not
// posted again. Which row was bad nobody says, so that one is tried by itself.
func TestAcceptedBatchOfWhichARowFails(t *testing.T) {
	w := newWorld(t, "")
	b := newBODWorld(w, "")
	b.queues = true
	ms := sendBadRow(w)
	for _, m := range ms {
		if effects, reports := len(w.erp.effectsOf(m.event)), len(w.surfaced(m.event)); effects+reports != 1 || (m == ms[2]) != (reports == 1) {
			t.Errorf("%s: %d effects, %d reports", m.event, effects, reports)
		}
	}
	if len(b.ended) == 0 {
		t.Error("no batch was accepted")
	}
}

// What a later version of the MES says around a fact is left out, for which B2MML
// has no place; what it says in the fact is the ERP's to refuse.
func TestWordsOfALaterVersion(t *testing.T) {
	said := confirmation("4711", 1).body
	for in, want := range map[string]bool{
		`"DataArea":{`:            false,
		`"ApplicationArea":{`:     false,
		`"OperationsResponse":[{`: true,
	} {
		_, bod, err := bodOf([]byte(strings.Replace(said, in, in+`"FutureUse":{"Since":"2031"},`, 1)), "id-1")
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(bod, []byte("FutureUse")); got != want {
			t.Errorf("behind %s: written %v, want %v\n%s", in, got, want, bod)
		}
	}
}
