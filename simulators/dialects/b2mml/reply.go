package b2mml

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"github.com/andon-rig/andon/simulators/plant"
)

// Reply implements [simulators.Dialect]. What the books say is a ConfirmBOD
// with an accepted or rejected entry for each row, under a status of success:
// the exchange worked, whatever came of it. What the interface itself refuses
// has a status of HTTP's and, in an envelope, is a fault; so is there what a
// question is refused with, for a client knows one answer to it.
//
// A Retry-After in the form of a date reads "date" here, for a dialect has no
// clock: the transport replaces it.
func (d Dialect) Reply(m simulators.Message, a simulators.Answer) simulators.Message {
	switch {
	case m.Verb == "get" && m.Name == health && a.Refusal == nil:
		return simulators.Message{Header: map[string]string{"Content-Type": "application/json"}, Body: []byte(`{"status":"ok"}`), Result: simulators.Result{Status: 200}}
	case asksWSDL(m) && a.Refusal == nil:
		return simulators.Message{Header: map[string]string{"Content-Type": "text/xml; charset=utf-8"}, Body: d.Settings.WSDL(m.Base), Result: simulators.Result{Status: 200}}
	case a.Refusal != nil && (statusOf(a.Refusal) != 0 || d.Settings.space() != "" && d.asks(m)):
		return d.fault(m, a.Refusal)
	case a.Refusal == nil && len(a.Rows) == 0 && !a.Later:
		return d.shown(m, a)
	}
	return d.confirm(m, entries(m, a), a.Later)
}

// asks reports whether m is a question, also where it could not be read.
func (d Dialect) asks(m simulators.Message) bool {
	return m.Asks != nil || m.Verb == "get" || strings.HasPrefix(d.Word(m), "Get")
}

// An entry is what a ConfirmBOD says of one row, or of the whole.
type entry struct {
	path    string
	refusal *simulators.Refusal // nil of what is accepted
	code    string              // of what is accepted
	details []*xmltree.Node     // for programs: numbers of documents and the like
}

// entries are what is to be said of each row; of a refusal of the whole, one.
func entries(m simulators.Message, a simulators.Answer) (all []entry) {
	switch {
	case a.Refusal != nil:
		return []entry{{path: "/", refusal: a.Refusal}}
	case a.Later:
		e := entry{path: "/", code: "accepted"}
		if a.Operation != "" {
			e.details = append(e.details, detail("operation", a.Operation))
		}
		return []entry{e}
	}
	told := a.Told
	if told == nil {
		for i := range a.Rows {
			told = append(told, i)
		}
	}
	for _, i := range told {
		r := a.Rows[i]
		e := entry{path: rowPath(m, i), refusal: r.Refusal}
		switch {
		case r.Refusal != nil:
		case r.Known:
			e.code, e.details = "repeated", []*xmltree.Node{detail("document", r.Doc)}
		default:
			e.code, e.details = "applied", []*xmltree.Node{detail("document", r.Doc)}
		}
		all = append(all, e)
	}
	return all
}

// detail is a named statement for programs. B2MML's Reason is a code that may
// have a name.
func detail(name, value string) *xmltree.Node { return xmltree.Leaf("Reason", value, "name", name) }

// rowPath says which row is meant, as XPath. Components of which a confirmation
// tells are counted by themselves.
func rowPath(m simulators.Message, i int) string {
	if len(m.Events) <= i || m.Events[i].Fact == nil {
		return "(//SegmentResponse)[" + strconv.Itoa(i+1) + "]"
	}
	kind, n := m.Events[i].Fact.Kind(), 0
	for _, e := range m.Events[:i+1] {
		if e.Fact != nil && e.Fact.Kind() == kind {
			n++
		}
	}
	row := rowOf(kind)
	if first := m.Events[0].Fact; kind == plant.KindConsumption && first != nil && first.Kind() == plant.KindConfirmation {
		row = "MaterialActual[MaterialUse='Consumed']"
	}
	return "(//" + row + ")[" + strconv.Itoa(n) + "]"
}

// node writes e as a ResponseCriteria.
func (e entry) node() *xmltree.Node {
	if e.refusal == nil {
		status := xmltree.Branch("ChangeStatus", xmltree.Leaf("Code", e.code)).Add(e.details...)
		return xmltree.Branch("ResponseCriteria", xmltree.Leaf("ResponseExpression", e.path, "actionCode", "Accepted"), status)
	}
	status := xmltree.Branch("ChangeStatus", xmltree.Leaf("Code", e.refusal.Code), xmltree.Optional("Description", sound(e.refusal.Text)), xmltree.Optional("ReasonCode", string(e.refusal.Class)))
	return xmltree.Branch("ResponseCriteria", xmltree.Leaf("ResponseExpression", e.path, "actionCode", "Rejected"), status)
}

// sound is a text without what XML cannot say: it may quote the sender.
func sound(s string) string {
	return string(bytes.Map(func(r rune) rune {
		if !xmltree.Sayable(r) && r != '\n' && r != '\t' && r != '\r' {
			return '\ufffd'
		}
		return r
	}, []byte(s)))
}

// confirm words what became of m, if its sender wants to hear it.
func (d Dialect) confirm(m simulators.Message, all []entry, later bool) simulators.Message {
	h := headOf(m)
	bad := false
	for _, e := range all {
		bad = bad || e.refusal != nil
	}
	out := simulators.Message{Result: simulators.Result{Status: 200}}
	if later && d.Settings.space() == "" {
		out.Result.Status = 202 // with an envelope that means that there is none in the answer
	}
	if bod := acknowledgement(d.Settings, m, h, all, bad); bod != nil {
		return d.written(out, bod)
	}
	if h.confirm == never || h.confirm == onError && !bad {
		out.Result.Status = 202 // there is nothing to say
		return out
	}
	return d.written(out, confirmBOD(h, all))
}

// written puts a BOD into the envelope of a reply.
func (d Dialect) written(out simulators.Message, bod *xmltree.Node) simulators.Message {
	body, err := d.Settings.document(bod)
	if err != nil { // only an identifier of the rig's own can be the cause
		return simulators.Message{Header: map[string]string{"Content-Type": "text/plain"}, Body: []byte(err.Error()), Result: simulators.Result{Status: 500}}
	}
	out.Body, out.Header = body, d.Settings.header(bod.Name)
	delete(out.Header, "Soapaction") // of requests
	return out
}

// confirmBOD answers the BOD with head h.
func confirmBOD(h head, all []entry) *xmltree.Node {
	confirm := xmltree.Branch("Confirm")
	for _, e := range all {
		confirm.Add(e.node())
	}
	bod := xmltree.Branch("BOD", h.original())
	if len(bod.Children) == 0 {
		bod.Add(xmltree.Leaf("Note", "of the BOD that is answered here, the application area could not be read"))
	}
	return xmltree.Branch("ConfirmBOD", h.answer("confirm"), xmltree.Branch("DataArea", confirm, bod))
}

// fault words what the interface itself refuses.
func (d Dialect) fault(m simulators.Message, r *simulators.Refusal) simulators.Message {
	status := cmp.Or(statusOf(r), 400)
	bod := confirmBOD(headOf(m), []entry{{path: "/", refusal: r}})
	out := simulators.Message{Result: simulators.Result{Status: status}}
	if d.Settings.space() == "" {
		out = d.written(out, bod)
	} else {
		body, err := d.Settings.fault(d.faultCode(r, status), sound(r.Text), bod)
		if err != nil {
			body = []byte(err.Error())
		}
		out.Body, out.Header, out.Result.Status = body, d.Settings.header("fault"), d.faultStatus(r, status)
		delete(out.Header, "Soapaction")
	}
	switch {
	case status == 401:
		out.Header["Www-Authenticate"] = `Bearer error="invalid_token"`
	case status == 405:
		out.Header["Allow"] = "POST"
	}
	if s := r.RetryAfterText(); s != "" {
		out.Header["Retry-After"] = s
	}
	return out
}

// faultCode says whose fault it is, in the words of the envelope.
func (d Dialect) faultCode(r *simulators.Refusal, status int) string {
	words := faultCodes[d.Settings.Envelope]
	switch {
	case r.Code == codeVersion:
		return "VersionMismatch"
	case r.Code == codeUnderstand:
		return "MustUnderstand"
	case status == 429 || status >= 500:
		return words.receiver
	}
	return words.sender
}

// faultStatus is the status that goes with a fault: what HTTP itself says, as
// a gateway in front does, stays what it is, and of the others SOAP 1.1 has
// one (6.2) and SOAP 1.2 has two (part 2, 7.5.2.2).
func (d Dialect) faultStatus(r *simulators.Refusal, status int) int {
	switch {
	case r.Soft:
		return status
	case status == 401, status == 403, status == 404, status == 405, status == 413, status == 415, status == 429, status == 503:
		return status
	case d.Settings.Envelope == SOAP12 && status < 500 && r.Code != codeVersion && r.Code != codeUnderstand:
		return 400
	}
	return 500
}

// statusOf is the status of what the interface refuses before it has asked the
// books; 0 of what is the books' own.
func statusOf(r *simulators.Refusal) int {
	switch r.Outcome {
	case simulators.Throttled:
		return 429
	case simulators.Unauthorized:
		if r.Code == "insufficient_scope" || r.Code == "forbidden" {
			return 403
		}
		return 401
	case simulators.Unavailable:
		return 503
	case simulators.Unknown, simulators.Undelivered:
		return 500
	}
	switch r.Code {
	case codeMalformed, codeNamespace, codeRelease, codeBOD, codeVersion, codeUnderstand, "broken-off":
		return 400
	case codeName:
		return 404
	case codeMethod:
		return 405
	case "too-large":
		return 413
	case codeMedia:
		return 415
	}
	return 0
}

// head is what an answer needs to know of the BOD that it answers.
type head struct {
	area    *xmltree.Node // its application area; nil if there is none to be read
	created string
	confirm string // when its sender wants to hear of it
}

// headOf reads the application area of m, also of a document that is damaged
// behind it.
func headOf(m simulators.Message) (h head) {
	h.confirm = always
	const area = "ApplicationArea"
	begin := bytes.Index(m.Body, []byte(area))
	end := bytes.Index(m.Body, []byte(area+">"))
	if begin == end && begin >= 0 {
		if n := bytes.Index(m.Body[begin+1:], []byte(area+">")); n >= 0 {
			end = begin + 1 + n
		}
	}
	if begin < 0 || end <= begin {
		return h.dated(m)
	}
	at := bytes.LastIndexByte(m.Body[:begin], '<')
	if at < 0 {
		return h.dated(m)
	}
	n, err := xmltree.Parse(m.Body[at : end+len(area)+1])
	if err != nil || n.Name != area {
		return h.dated(m)
	}
	h.area, h.created = n, n.Said("CreationDateTime")
	h.confirm = cmp.Or(n.Said("Sender", "ConfirmationCode"), always)
	return h.dated(m)
}

// epoch stands where a time is wanted and none is known.
const epoch = "1970-01-01T00:00:00Z"

// dated makes sure of a time of creation: a dialect has no clock, and takes the
// latest instant that it knows of.
func (h head) dated(m simulators.Message) head {
	if _, err := time.Parse(time.RFC3339Nano, h.created); err != nil {
		h.created = epoch
		if len(m.Events) > 0 && !m.Events[0].At.IsZero() {
			h.created = m.Events[0].At.Format(time.RFC3339Nano)
		}
	}
	return h
}

// original is the application area as an answer quotes it; nil if it could not
// be read.
func (h head) original() *xmltree.Node {
	if h.area == nil {
		return nil
	}
	sender := xmltree.Branch("Sender")
	for _, name := range []string{"LogicalID", "ComponentID", "TaskID", "ReferenceID"} {
		sender.Add(xmltree.Optional(name, sound(h.area.Said("Sender", name))))
	}
	if len(sender.Children) == 0 {
		sender = nil
	}
	return xmltree.Branch("OriginalApplicationArea", sender, xmltree.Leaf("CreationDateTime", h.created), xmltree.Optional("BODID", sound(h.area.Said("BODID"))))
}

// answer is the application area of an answer.
func (h head) answer(task string) *xmltree.Node {
	id := "unidentified"
	if h.area != nil {
		id = cmp.Or(sound(h.area.Said("BODID")), id)
	}
	return xmltree.Branch("ApplicationArea", xmltree.Branch("Sender", xmltree.Leaf("LogicalID", "lid://andon"), xmltree.Leaf("TaskID", task), xmltree.Leaf("ConfirmationCode", never)),
		xmltree.Leaf("CreationDateTime", h.created), xmltree.Leaf("BODID", fmt.Sprintf("%s/%s", task, id)))
}
