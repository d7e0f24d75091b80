package saps4_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/saps4"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
)

// function calls the function for order 4711: a ticket of ten pieces, and what
// else is said.
func (c *caller) function(operation, more string) (status int, h http.Header, answer *xmltree.Node) {
	c.t.Helper()
	body := `<rfc:CO_MES_PRODORDCONF_CREATE_TT xmlns:rfc="urn:sap-com:document:sap:rfc:functions"><IS_TIMETICKETS><CONF_ID>AGUN-1</CONF_ID><ORDERID>4711</ORDERID>` +
		`<OPERATION>` + operation + `</OPERATION><YIELD>10.000</YIELD><CONF_QUAN_UNIT>EA</CONF_QUAN_UNIT><EX_IDENT>C0DE0000-0000-4000-8000-000000000003</EX_IDENT></IS_TIMETICKETS>` + more + `</rfc:CO_MES_PRODORDCONF_CREATE_TT>`
	at := *c
	at.url = strings.TrimSuffix(c.url, saps4.Root+"/")
	status, h, text := at.call("POST", saps4.RFC, body, "Content-Type", "text/xml; charset=utf-8")
	answer, err := xmltree.Parse([]byte(text))
	if err != nil {
		c.t.Fatalf("answered %d %s: %v", status, text, err)
	}
	return status, h, answer
}

// outcomes are the rows of an answer.
func outcomes(n *xmltree.Node) string {
	var all []string
	if details := n.Child("ET_DETAIL_RETURN"); details != nil {
		for _, r := range details.Children {
			all = append(all, strings.TrimSpace(r.Said("TYPE")+" "+r.Said("ID")+"/"+r.Said("NUMBER")+" "+r.Said("CONF_NO")+r.Said("FLG_LOCKED")))
		}
	}
	return strings.Join(all, ", ")
}

const (
	byGUID = confirm + "?$filter=ExternalSystemConfirmation%20eq%20guid'c0de0000-0000-4000-8000-000000000003'"
	saved  = "I RU/100 5000000001, S CO_MES_INT/037"
)

// The function needs no session, though OData does; what was posted by it is
// found there.
func TestFunctionPosts(t *testing.T) {
	c := serve(t, nil)
	status, _, n := c.function("0010", "")
	if got := outcomes(n); status != 200 || got != saved {
		t.Errorf("answered %d %s", status, got)
	}
	if _, _, text := c.call("GET", byGUID, ""); !strings.Contains(text, `"ConfirmationGroup":"5000000001"`) || !strings.Contains(text, `"OrderID":"4711"`) {
		t.Errorf("found %s", text)
	}
	if status, _, _ := c.call("POST", confirm, yields10); status != 403 {
		t.Errorf("OData without a session: answered %d", status)
	}
}

// Business failures are rows of a call that has come back.
func TestFunctionTellsFailuresByRows(t *testing.T) {
	for name, c := range map[string]struct {
		change          func(*simulators.Policy)
		operation, more string
		first, second   string
	}{
		"operation unknown": {func(p *simulators.Policy) { p.Lock = simulators.LockNone }, "0099", "", "E ZAN/004", "E ZAN/004"},
		"locked":            {func(p *simulators.Policy) { p.Delay = time.Hour }, "0010", "", saved, "E ZAN/001 X"},
		"twice":             {func(p *simulators.Policy) { p.Lock = simulators.LockNone }, "0010", "", saved, strings.Replace(saved, "1,", "2,", 1)},
		"by key":            {func(p *simulators.Policy) { p.Lock, p.Dedupe = simulators.LockNone, simulators.DedupeKey }, "0010", "", saved, saved},
		"pooled":            {func(p *simulators.Policy) { p.Lock, p.Failed = simulators.LockNone, simulators.FailedPoolAll }, "0099", "", "W ZAN/090", "W ZAN/090"},
		"goods that fail": {func(p *simulators.Policy) { p.Lock = simulators.LockNone }, "0010", "<IT_GOODSMOVEMENTS><item><MATERIAL>PUMP</MATERIAL><BATCH>NONE</BATCH><MOVE_TYPE>261</MOVE_TYPE><ENTRY_QNT>1</ENTRY_QNT><ENTRY_UOM>EA</ENTRY_UOM></item></IT_GOODSMOVEMENTS>",
			"E ZAN/031, E ZAN/012", "E ZAN/031, E ZAN/012"},
		"goods that wait": {func(p *simulators.Policy) { p.Lock, p.Batch = simulators.LockNone, simulators.BatchLead }, "0010", "<IT_GOODSMOVEMENTS><item><MATERIAL>PUMP</MATERIAL><BATCH>NONE</BATCH><MOVE_TYPE>261</MOVE_TYPE><ENTRY_QNT>1</ENTRY_QNT><ENTRY_UOM>EA</ENTRY_UOM></item></IT_GOODSMOVEMENTS>",
			"I RU/100 5000000001, W ZAN/012, S CO_MES_INT/037", "I RU/100 5000000002, W ZAN/012, S CO_MES_INT/037"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.change)
			for _, want := range []string{c.first, c.second} {
				status, _, n := s.function(c.operation, c.more)
				if got := outcomes(n); status != 200 || got != want || n.Said("ES_RETURN", "TYPE") != "" {
					t.Errorf("answered %d %s, want %s", status, got, want)
				}
			}
		})
	}
}

// Who stands in front of the function answers with a status of HTTP.
func TestFunctionBehindItsGateway(t *testing.T) {
	c := serve(t, func(p *simulators.Policy) { p.Auth = simulators.AuthOAuth2 })
	if status, h, n := c.function("0010", ""); status != 401 || h.Get("Www-Authenticate") == "" || n.Find("Body", "Fault") == nil {
		t.Errorf("without a token: answered %d", status)
	}
	c = serve(t, func(p *simulators.Policy) {
		p.Lock, p.Quota = simulators.LockNone, simulators.Quota{Rate: 1, Window: time.Hour}
	})
	c.function("0010", "")
	if status, h, n := c.function("0010", ""); status != 429 || h.Get("Retry-After") == "" || n.Find("Body", "Fault") == nil {
		t.Errorf("one too many: answered %d", status)
	}
	if _, _, n := serve(t, nil).function("", ""); n.Said("ES_RETURN", "TYPE") != "E" || n.Said("ES_RETURN", "ID") != "ZAN" || outcomes(n) != "" {
		t.Errorf("without an operation: %s, rows %s", n.Said("ES_RETURN", "MESSAGE"), outcomes(n))
	}
}
