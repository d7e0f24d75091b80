package saps4

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
)

// Message types of rows.
const (
	typeSuccess = "S"
	typeInfo    = "I"
	typeWarning = "W"
	typeError   = "E"
)

// logicalSystem is what the system calls itself.
const logicalSystem = "ANDCLNT100"

// answered words what the function has to say. The status is 200 whatever became
// of the ticket: that is in the rows of ET_DETAIL_RETURN, and in ES_RETURN if
// what was sent could not be taken over at all. A fault says that the function
// was not called.
func (d Dialect) answered(m simulators.Message, a simulators.Answer) simulators.Message {
	t, err := d.readTicket(m.Body)
	r := a.Refusal
	if r != nil && (err != nil && r.Code != codeMalformed || uncalled(m, r)) {
		return d.fault(m, r, t.enveloped)
	}
	grave := xmltree.Branch("ES_RETURN")
	detail := xmltree.Branch("ET_DETAIL_RETURN")
	switch {
	case r != nil && r.Code == codeMalformed:
		filled(grave, returnList, d.told(typeError, r))
	case r != nil:
		detail.Add(d.refusedRow(r, 0))
	case a.Later:
		detail.Add(item(detailList, map[string]string{"TYPE": typeWarning, "ID": "ZAN", "NUMBER": "090", "MESSAGE": d.say("kept for reprocessing", "zur Nachbearbeitung vorgemerkt"), "ROW": "1", "SYSTEM": logicalSystem}))
	default:
		d.rows(detail, t, a.Rows)
	}
	if len(grave.Children) == 0 {
		filled(grave, returnList, nil)
	}
	return d.spoken(200, t.enveloped, xmltree.Branch("rfc:"+confirmFunction+".Response", grave, detail,
		t.echoed("IT_CHARACTERISTICS_BATCH"), t.echoed("IT_GOODSMOVEMENTS"), t.echoed("IT_GOODSMVT_SERIALNUMBER"), t.echoed("IT_LINK_GM_CHAR_BATCH")))
}

// uncalled reports whether r is the word of who stands before the function.
func uncalled(m simulators.Message, r *simulators.Refusal) bool {
	switch r.Code {
	case codeXML, codeMethod, codeMedia, "too-large":
		return true
	}
	switch r.Outcome {
	case "", simulators.Refused, simulators.Locked:
		return false
	}
	return status(m, r) >= 400
}

// rows tells what became of each claim: the ticket, then its goods movements.
func (d Dialect) rows(detail *xmltree.Node, t ticket, rows []simulators.Row) {
	order := d.Settings.shown(d.Settings.order(t.order))
	for i, row := range rows {
		switch {
		case row.Pooled:
			w := d.told(typeWarning, row.Refusal)
			detail.Add(item(detailList, located(w, i)))
		case row.Refusal != nil:
			detail.Add(d.refusedRow(row.Refusal, i))
		case i == 0:
			detail.Add(item(detailList, map[string]string{"TYPE": typeInfo, "ID": "RU", "NUMBER": "100", "MESSAGE": d.say("Confirmation of order "+order+" saved", "Rückmeldung zu Auftrag "+order+" wurde gesichert"),
				"MESSAGE_V1": order, "ROW": "1", "SYSTEM": logicalSystem, "CONF_NO": zeros(row.Doc, 10), "CONF_CNT": firstCount}))
		}
	}
	if len(rows) > 0 && rows[0].Refusal == nil {
		id := first(t.id, t.entity.text("ExternalSystemConfirmation"))
		detail.Add(item(detailList, map[string]string{"TYPE": typeSuccess, "ID": "CO_MES_INT", "NUMBER": "037", "MESSAGE": d.say("MES confirmation "+id+" processed successfully", "MES-Rückmeldung "+id+" wurde erfolgreich verarbeitet"),
			"MESSAGE_V1": id, "SYSTEM": logicalSystem}))
	}
}

// told is a refusal as fields of a message.
func (d Dialect) told(kind string, r *simulators.Refusal) map[string]string {
	id, number, _ := strings.Cut(codeOf(r), "/")
	if id != "ZAN" { // codes of the gateway are no messages
		id, number = "ZAN", "097"
	}
	return map[string]string{"TYPE": kind, "ID": id, "NUMBER": number, "MESSAGE": d.text(r), "SYSTEM": logicalSystem}
}

// located says which row of which parameter a message is about: the ticket, which
// the first claim is, or a goods movement.
func located(fields map[string]string, claim int) map[string]string {
	fields["ROW"] = strconv.Itoa(max(1, claim))
	if claim > 0 {
		fields["PARAMETER"] = "IT_GOODSMOVEMENTS"
	}
	return fields
}

func (d Dialect) refusedRow(r *simulators.Refusal, claim int) *xmltree.Node {
	fields := located(d.told(typeError, r), claim)
	if r.Outcome == simulators.Locked {
		fields["FLG_LOCKED"] = "X"
	}
	return item(detailList, fields)
}

// item is a row of a table with all its fields.
func item(list string, fields map[string]string) *xmltree.Node {
	return filled(xmltree.Branch("item"), list, fields)
}

// filled puts all fields of a list into n, each with what is said in it or what
// stands there before anybody fills it in.
func filled(n *xmltree.Node, list string, fields map[string]string) *xmltree.Node {
	for _, f := range strings.Fields(list) {
		name, initial, _ := strings.Cut(f, "=")
		n.Add(xmltree.Leaf(name, cmp.Or(fields[name], initial)))
	}
	return n
}

// echoed is a table of the call as it comes back: none is changed here.
func (t ticket) echoed(table string) *xmltree.Node {
	n := xmltree.Branch(table)
	if table == "IT_GOODSMOVEMENTS" {
		for _, row := range t.moved {
			n.Add(item(movementList, row))
		}
		return n
	}
	if t.tables[table] == nil {
		return n
	}
	for _, c := range t.tables[table].Children {
		row := xmltree.Branch("item")
		for _, f := range c.Children {
			row.Add(xmltree.Leaf(f.Name, cmp.Or(strings.TrimSpace(f.Text), rowNames[table][f.Name])))
		}
		n.Add(row)
	}
	return n
}

// fault says that the function was not called.
func (d Dialect) fault(m simulators.Message, r *simulators.Refusal, enveloped bool) simulators.Message {
	code := status(m, r)
	if r.Code == codeXML {
		code = 500
	}
	if r.Soft {
		code = 200
	}
	detail := xmltree.Leaf("rfc:Error", "", "xmlns:rfc", "urn:sap-com:document:sap:soap:functions").Add(xmltree.Leaf("type", strings.ToUpper(strings.ReplaceAll(r.Code, "-", "_"))), xmltree.Leaf("message", d.text(r)))
	side := "SOAP-ENV:Client"
	if r.Outcome == simulators.Unavailable || r.Outcome == simulators.Unknown {
		side = "SOAP-ENV:Server"
	}
	// A fault is one of SOAP, whether or not the call came in an envelope.
	out := d.spoken(code, true, xmltree.Branch("SOAP-ENV:Fault", xmltree.Leaf("faultcode", side), xmltree.Leaf("faultstring", d.text(r)), xmltree.Branch("detail", detail)))
	if out.Result.Status == 401 {
		out.Header["Www-Authenticate"] = `Bearer error="invalid_token"`
	}
	if s := r.RetryAfterText(); s != "" {
		out.Header["Retry-After"] = s
	}
	return out
}

// spoken writes what is answered, in an envelope or bare.
func (d Dialect) spoken(code int, enveloped bool, n *xmltree.Node) simulators.Message {
	w := xmltree.Writer{B: append(make([]byte, 0, 4096), xmltree.Declaration...)}
	space := ` xmlns:rfc="` + functionSpace + `"`
	if strings.HasPrefix(n.Name, "SOAP-ENV:") {
		space = ""
	}
	if enveloped {
		w.B = append(w.B, `<SOAP-ENV:Envelope xmlns:SOAP-ENV="`+envelopeSpace+"\">\n  <SOAP-ENV:Body>\n"...)
		w.Element(n, space, 2)
		w.B = append(w.B, "  </SOAP-ENV:Body>\n</SOAP-ENV:Envelope>\n"...)
	} else {
		w.Element(n, space, 0)
	}
	return simulators.Message{Header: map[string]string{"Content-Type": "text/xml; charset=utf-8"}, Body: w.B, Result: simulators.Result{Status: code}}
}
