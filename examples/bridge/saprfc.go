package bridge

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// This file confirms by the function of SAP Digital Manufacturing, XML over HTTP,
// where the ERP takes that instead of the OData service. What is asked, and all
// other facts, go by OData.

// Words of ERP_CONFIRM.
const (
	confirmOData = "odata"
	confirmRFC   = "rfc"
)

const (
	sapFunctions     = "/sap/bc/soap/rfc"
	sapFunctionSpace = "urn:sap-com:document:sap:rfc:functions"
	sapConfirmation2 = "CO_MES_PRODORDCONF_CREATE_TT"
)

// request words one item. What OData would have as a confirmation is a call of
// the function, if the ERP takes that.
func (s *sapSide) request(it *item) (sapRequest, error) {
	r, err := sapOf(it, s.defect)
	if err != nil || r.path != sapConfirms || s.confirm != confirmRFC {
		return r, err
	}
	records, _, err := recordsOf(it, new(big.Rat))
	if err != nil {
		return r, err
	}
	r.path = sapFunctions
	r.body, err = sapTicket(records[0])
	return r, err
}

// callFunction posts a confirmation. No session is needed, and what has come of
// it is in the rows of the answer.
func (s *sapSide) callFunction(ctx context.Context, body []byte) verdict {
	r, v := s.call(ctx, http.MethodPost, sapFunctions, http.Header{"Content-Type": {"text/xml; charset=utf-8"}, "Accept": {"text/xml"}}, body)
	switch {
	case r.err != nil || r.status == 0:
		v.doubt = r.err != nil
		return v
	case v.what == lost: // only defect M57 does this
		return v
	}
	v = sapReturn(r.status, r.body, s.defect)
	s.patience(&v, r)
	return v
}

// sapTicket words a start, a confirmation or rework as a time ticket.
func sapTicket(l line) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<rfc:` + sapConfirmation2 + ` xmlns:rfc="` + sapFunctionSpace + `"><IS_TIMETICKETS>`)
	var bad error
	field := func(name, text string) {
		if text == "" {
			return
		}
		if strings.ContainsFunc(text, unsayable) || !utf8.ValidString(text) {
			bad = fmt.Errorf("%s %q has a character that XML cannot say", name, clip(text))
		}
		b.WriteString("<" + name + ">" + escaped(text) + "</" + name + ">")
	}
	instant := func(name, text string) {
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			field(name+"_DATE", at.UTC().Format(time.DateOnly))
			field(name+"_TIME", at.UTC().Format(time.TimeOnly))
		}
	}
	field("CONF_ID", sapReference(l[1], ""))
	field("ORDERID", l[3])
	field("SEQUENCE", "000000")
	field("OPERATION", l[4])
	if at, err := time.Parse(time.RFC3339Nano, l[2]); err == nil {
		field("POSTG_DATE", at.Format(time.DateOnly))
		field("ZZ_MESTIME", at.Format(time.RFC3339Nano))
	}
	field("EX_CREATED_BY", "BRIDGE")
	field("EX_IDENT", sapGUID(l[1]))
	field("ZZ_MESREF", l[1])
	again := ""
	switch l[0] {
	case "STA":
		field("WORK_CNTR", l[5])
		field("PERS_NO", l[6])
		instant("EXEC_START", l[2])
	case "REW": // the pieces come through once more
		again = "<IV_2ND_TIME_CONFIRMATION>X</IV_2ND_TIME_CONFIRMATION>"
		for i, name := range []string{"ZZ_MESCOUNTER", "YIELD", "CONF_QUAN_UNIT", "DEV_REASON"} {
			field(name, l[5+i])
		}
	case "CNF":
		if l[8] == "" { // left out, it would be none
			return nil, fmt.Errorf("%s says no yield", l[1])
		}
		for i, name := range []string{"ZZ_MESCOUNTER", "WORK_CNTR", "PERS_NO", "YIELD", "CONF_QUAN_UNIT", "SCRAP", "REWORK", "DEV_REASON", "FIN_CONF"} {
			field(name, l[5+i])
		}
		instant("EXEC_START", l[14])
		instant("EXEC_FIN", l[15])
		if l[16] != "" {
			field("CONF_ACTIVITY1", l[16])
			field("CONF_ACTI_UNIT1", "SEC")
		}
	}
	b.WriteString("</IS_TIMETICKETS>" + again + "</rfc:" + sapConfirmation2 + ">\n")
	return b.Bytes(), bad
}

// sapMessage is a row of what a function returns.
type sapMessage struct {
	Type         string `xml:"TYPE"`
	ID           string `xml:"ID"`
	Number       string `xml:"NUMBER"`
	Text         string `xml:"MESSAGE"`
	Confirmation string `xml:"CONF_NO"`
	Count        string `xml:"CONF_CNT"`
}

// failed reports whether a message says that nothing was done.
func (m sapMessage) failed() bool { return m.Type == "E" || m.Type == "A" }

// sapReturned is what the function has returned, or why it was not called.
type sapReturned struct {
	XMLName xml.Name
	Grave   sapMessage   `xml:"ES_RETURN"`
	Rows    []sapMessage `xml:"ET_DETAIL_RETURN>item"`
}

// sapEnvelope is what a function returns, or a fault, in SOAP.
type sapEnvelope struct {
	Body struct {
		Fault struct {
			Reason string `xml:"faultstring"`
			Error  string `xml:"detail>Error>message"`
		} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Fault"`
		Returned sapReturned `xml:"urn:sap-com:document:sap:rfc:functions CO_MES_PRODORDCONF_CREATE_TT.Response"`
	} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
}

// readSAPReturn reads an answer, bare or in an envelope. Fault is why the function
// was not called.
func readSAPReturn(body []byte) (r sapReturned, fault string, err error) {
	if err := xml.Unmarshal(body, &r); err != nil {
		return r, "", fmt.Errorf("read answer: %w", err)
	}
	if r.XMLName.Local == "Envelope" {
		var e sapEnvelope
		if err := xml.Unmarshal(body, &e); err != nil {
			return r, "", fmt.Errorf("read answer: %w", err)
		}
		if f := e.Body.Fault; f.Reason+f.Error != "" {
			return r, cmp.Or(f.Error, f.Reason), nil
		}
		r = e.Body.Returned
	}
	if want := (xml.Name{Space: sapFunctionSpace, Local: sapConfirmation2 + ".Response"}); r.XMLName != want {
		return r, "", fmt.Errorf("read answer: %s is not that of %s", clip(r.XMLName.Local), sapConfirmation2)
	}
	return r, "", nil
}

// confirmed is the number of the confirmation that was saved; "" if the rows tell
// of none.
func (r sapReturned) confirmed() (number, count string) {
	for _, m := range r.Rows {
		if m.Confirmation != "" && (m.Type == "I" || m.Type == "S") {
			return m.Confirmation, m.Count
		}
	}
	return "", ""
}

// sapReturn says what an answer of the function means: its status is that of the
// call, and what has come of it is told row by row.
func sapReturn(status int, body []byte, d Defect) verdict {
	if status == http.StatusOK && d == M174 { // DEFECT M174: the function has come back, so it is done
		return verdict{what: posted}
	}
	r, fault, err := readSAPReturn(body)
	switch {
	case status != http.StatusOK:
		v := judgeStatus(status, "", "", fault)
		v.doubt = status >= 500 && status != http.StatusServiceUnavailable
		return v
	case err != nil || fault != "":
		return verdict{what: again, class: technical, code: "not-understood", reason: "neither rows nor a reason: " + clip(string(body)), doubt: true}
	}
	for _, m := range append([]sapMessage{r.Grave}, r.Rows...) {
		if m.failed() {
			return sapWeighed(sapRefusal(m.ID+"/"+m.Number, m.Text), status, d)
		}
	}
	if number, _ := r.confirmed(); number != "" {
		return verdict{what: posted}
	}
	for _, m := range r.Rows {
		if m.Type != "W" {
			continue
		}
		if d == M152 {
			return verdict{what: posted}
		}
		return verdict{what: again, class: technical, code: "accepted", reason: "it is to be posted later: " + m.Text, doubt: true}
	}
	return verdict{what: again, class: technical, code: "not-understood", reason: "no row tells of a confirmation: " + clip(string(body)), doubt: true}
}
