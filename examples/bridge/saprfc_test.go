package bridge

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// publishedReturn is an answer of the function that is not our own.
func publishedReturn(t *testing.T) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "standards", "sap-idoc", "PRODORDCONF_CREATE_TT_RESPONSE.xml")
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		t.Skipf("the sample is not at %s, so that it is not shown that an answer of another's making is read; get it from github.com/SAP-samples/digital-manufacturing-extension-samples (OutboundFromSAPDMToNonSAPERPExample) and put it there to run this", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The published answer is read as it is: the confirmation was saved. With another
// word in one place it was not, or nobody knows.
func TestPublishedAnswerOfTheFunction(t *testing.T) {
	sample := publishedReturn(t)
	r, fault, err := readSAPReturn([]byte(sample))
	number, count := r.confirmed()
	if err != nil || fault != "" || number != "0000001114" || count != "00000001" || len(r.Rows) != 2 {
		t.Errorf("confirmation %s/%s, fault %q, %v", number, count, fault, err)
	}
	enveloped := `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>` + sample + `</e:Body></e:Envelope>`
	for name, body := range map[string]string{"as it is": sample, "in an envelope": enveloped} {
		if v := sapReturn(http.StatusOK, []byte(body), ""); v.what != posted {
			t.Errorf("%s: %+v", name, v)
		}
	}
	for name, c := range map[string]struct {
		old, is string
		want    outcome
		doubt   bool
	}{
		"an error among the rows": {"<TYPE>S</TYPE>", "<TYPE>E</TYPE>", refused, false},
		"broken off":              {"<TYPE>S</TYPE>", "<TYPE>A</TYPE>", refused, false},
		"grave":                   {"<TYPE/>", "<TYPE>E</TYPE>", refused, false},
		"no number":               {"<CONF_NO>0000001114</CONF_NO>", "<CONF_NO/>", again, true},
		"an unknown type":         {"<TYPE>I</TYPE>", "<TYPE>Provisional</TYPE>", again, true},
		"renamed":                 {"CONF_NO", "CONF_NO_2", again, true},
		"another function":        {"CREATE_TT.Response", "CREATE_TE.Response", again, true},
		"of no space":             {"urn:sap-com:document:sap:rfc:functions", "urn:other", again, true},
		"cut off":                 {"</rfc:CO_MES", "", again, true},
	} {
		body := strings.ReplaceAll(sample, c.old, c.is)
		if body == sample {
			t.Fatalf("%s: %s is not in the sample", name, c.old)
		}
		if v := sapReturn(http.StatusOK, []byte(body), ""); v.what != c.want || v.doubt != c.doubt {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// returned is an answer of one row.
func returned(fields string) []byte {
	return []byte(`<rfc:CO_MES_PRODORDCONF_CREATE_TT.Response xmlns:rfc="urn:sap-com:document:sap:rfc:functions"><ES_RETURN><TYPE/></ES_RETURN><ET_DETAIL_RETURN><item>` + fields + `</item></ET_DETAIL_RETURN></rfc:CO_MES_PRODORDCONF_CREATE_TT.Response>`)
}

func TestAnswersOfTheFunction(t *testing.T) {
	row := func(kind, number string) []byte {
		return returned("<TYPE>" + kind + "</TYPE><ID>ZAN</ID><NUMBER>" + number + "</NUMBER><MESSAGE>so</MESSAGE>")
	}
	fault := []byte(`<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:Client</faultcode><faultstring>no</faultstring>` +
		`<detail><rfc:Error xmlns:rfc="urn:sap-com:document:sap:soap:functions"><type>X</type><message>line 3</message></rfc:Error></detail></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>`)
	for name, c := range map[string]struct {
		status int
		body   []byte
		defect Defect
		want   verdict
	}{
		"refused":                {200, row("E", "014"), "", verdict{what: refused, class: dataQuality, code: "ZAN/014", reason: "so"}},
		"a person's":             {200, row("E", "026"), "", verdict{what: refused, class: business, code: "ZAN/026", reason: "so"}},
		"locked":                 {200, row("E", "001"), "", verdict{what: again, class: technical, code: "ZAN/001", reason: "so"}},
		"locked, taken for no":   {200, row("E", "001"), M112, verdict{what: refused, class: business, code: "ZAN/001", reason: "so"}},
		"there already":          {200, row("E", "030"), "", verdict{what: posted}},
		"kept for a person":      {200, row("W", "090"), "", verdict{what: again, class: technical, code: "accepted", reason: "it is to be posted later: so", doubt: true}},
		"the same, not looked":   {200, row("W", "090"), M152, verdict{what: posted}},
		"refused, not looked":    {200, row("E", "014"), M174, verdict{what: posted}},
		"a fault":                {500, fault, "", verdict{what: again, class: technical, reason: "line 3", doubt: true}},
		"a fault as a success":   {200, fault, "", verdict{what: again, class: technical, code: "not-understood", reason: "neither rows nor a reason: " + clip(string(fault)), doubt: true}},
		"out of service":         {503, nil, "", verdict{what: again, class: technical, reason: "Service Unavailable"}},
		"a page with status 200": {200, []byte("<html/>"), "", verdict{what: again, class: technical, code: "not-understood", reason: "neither rows nor a reason: <html/>", doubt: true}},
	} {
		if got := sapReturn(c.status, c.body, c.defect); got.what != c.want.what || got.class != c.want.class || got.code != c.want.code || got.reason != c.want.reason || got.doubt != c.want.doubt {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// What the function has no words for is refused here, and what it has is said in
// them.
func TestTicketsOfTheFunction(t *testing.T) {
	for name, c := range map[string]struct {
		l    line
		want string // "" is refused
	}{
		"start": {line{"STA", "operation-started/0815/0010", "2026-03-02T06:00:00.5+01:00", "0815", "0010", "WC-1", "P-7"},
			"<ORDERID>0815</ORDERID><SEQUENCE>000000</SEQUENCE><OPERATION>0010</OPERATION><POSTG_DATE>2026-03-02</POSTG_DATE><ZZ_MESTIME>2026-03-02T06:00:00.5+01:00</ZZ_MESTIME>" +
				"<EX_CREATED_BY>BRIDGE</EX_CREATED_BY><EX_IDENT>" + sapGUID("operation-started/0815/0010") + "</EX_IDENT><ZZ_MESREF>operation-started/0815/0010</ZZ_MESREF>" +
				"<WORK_CNTR>WC-1</WORK_CNTR><PERS_NO>P-7</PERS_NO><EXEC_START_DATE>2026-03-02</EXEC_START_DATE><EXEC_START_TIME>05:00:00</EXEC_START_TIME></IS_TIMETICKETS></rfc:"},
		"rework": {line{"REW", "r", "2026-03-02T06:00:00+01:00", "1", "0010", "3", "2.5", "EA", "burr & chip"},
			"<ZZ_MESCOUNTER>3</ZZ_MESCOUNTER><YIELD>2.5</YIELD><CONF_QUAN_UNIT>EA</CONF_QUAN_UNIT><DEV_REASON>burr &amp; chip</DEV_REASON></IS_TIMETICKETS><IV_2ND_TIME_CONFIRMATION>X<"},
		"confirmation": {line{"CNF", "c", "2026-03-02T07:30:00+01:00", "1", "0010", "3", "WC", "P", "61", "EA", "2", "", "R7", "X", "2026-03-02T23:59:59-01:00", "", "5400"},
			"<YIELD>61</YIELD><CONF_QUAN_UNIT>EA</CONF_QUAN_UNIT><SCRAP>2</SCRAP><DEV_REASON>R7</DEV_REASON><FIN_CONF>X</FIN_CONF><EXEC_START_DATE>2026-03-03</EXEC_START_DATE><EXEC_START_TIME>00:59:59</EXEC_START_TIME>" +
				"<CONF_ACTIVITY1>5400</CONF_ACTIVITY1><CONF_ACTI_UNIT1>SEC</CONF_ACTI_UNIT1></IS_TIMETICKETS></rfc:"},
		"no yield":         {line{"CNF", "c", "", "1", "0010", "3", "", "", "", "EA", "2", "", "", "", "", "", ""}, ""},
		"a control letter": {line{"REW", "r", "", "1", "0010", "3", "2", "EA", "a\x02b"}, ""},
	} {
		b, err := sapTicket(c.l)
		if (err != nil) != (c.want == "") || !strings.Contains(string(b), c.want) {
			t.Errorf("%s: %v, want %s in\n%s", name, err, c.want, b)
		}
	}
	for want, c := range map[string]Config{"ERP_CONFIRM must be": {Dialect: dialectSAP, Confirm: "idoc"}, "needs an ERP that speaks sap-s4/v2": {Confirm: confirmRFC}} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// newFunctionWorld is a world whose ERP takes confirmations by the function.
func newFunctionWorld(w *world) *sapWorld {
	s := newSAPWorld(w)
	w.config.Confirm = confirmRFC
	return s
}

var sapElement = regexp.MustCompile(`<([A-Z0-9_]+)>([^<]*)</`)

// function hands on a call as the confirmation that it is, and says in rows what
// became of it.
func (s *sapWorld) function(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.called++
	s.mu.Unlock()
	said := map[string]string{}
	for _, m := range sapElement.FindAllStringSubmatch(string(body), -1) {
		said[m[1]] = m[2]
	}
	as := map[string]string{"OrderID": said["ORDERID"], "ExternalSystemConfirmation": said["EX_IDENT"], "YY1_MESReference_CNF": said["ZZ_MESREF"], "YY1_MESCounter_CNF": said["ZZ_MESCOUNTER"], "ConfirmationYieldQuantity": said["YIELD"]}
	text, _ := json.Marshal(as)
	kept := s.post(w, r, sapConfirms, text)
	if kept.cut {
		return
	}
	var e sapError
	_ = json.Unmarshal(kept.Body.Bytes(), &e)
	id, number, _ := strings.Cut(e.Error.Code, "/")
	row := "<TYPE>E</TYPE><ID>" + id + "</ID><NUMBER>" + number + "</NUMBER><MESSAGE>" + e.Error.Message.Value + "</MESSAGE>"
	switch kept.Code {
	case http.StatusCreated:
		row = "<TYPE>I</TYPE><ID>RU</ID><NUMBER>100</NUMBER><CONF_NO>0000000001</CONF_NO><CONF_CNT>00000001</CONF_CNT>"
	case http.StatusAccepted:
		row = "<TYPE>W</TYPE><ID>ZAN</ID><NUMBER>090</NUMBER>"
	case http.StatusBadRequest:
	default:
		w.WriteHeader(kept.Code)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	_, _ = fmt.Fprintf(w, "%s", returned(row))
}

// refusedConfirmation has the ERP refuse one confirmation of three.
func refusedConfirmation(s *sapWorld) []string {
	ms := []message{start("1"), confirmation("1", 1), confirmation("1", 2), confirmation("1", 3)}
	s.erp.refuse[ms[2].event] = lotExpired
	return plain(s.world, ms...)
}

func functionRefused(w *world) []string { return refusedConfirmation(newFunctionWorld(w)) }

// TestFunction is the sound bridge at an ERP that takes confirmations by the
// function.
func TestFunction(t *testing.T) {
	for name, play := range map[string]func(*sapWorld) []string{
		"refused":    refusedConfirmation,
		"lost reply": func(s *sapWorld) []string { return lostReply(s.world) },
		"locked": func(s *sapWorld) []string {
			m := confirmation("1", 1)
			s.locked[m.event] = 2
			return plain(s.world, m, hold("L-1", "Q-1", "1"))
		},
		"waits for a person": func(s *sapWorld) []string {
			s.pools = true
			m := confirmation("1", 1)
			s.erp.refuse[m.event] = lotExpired
			return plain(s.world, m)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newFunctionWorld(newWorld(t, ""))
			if cs := play(s); len(cs) > 0 {
				t.Errorf("complaints: %q", cs)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.called == 0 {
				t.Error("nothing was posted by the function")
			}
		})
	}
}
