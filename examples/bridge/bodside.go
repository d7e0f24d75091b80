package bridge

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// bodSide speaks b2mml-xml/v7 with an ERP. Nothing on the wire is made to
// recognise a repetition; what there is is the identity of a BOD, which some
// receivers look at. So it does both: a BOD keeps its identity in every
// attempt, and when nobody knows what became of one, the ERP is asked for its
// postings by reference before it is sent again.
type bodSide struct {
	*system
	envelope string
	calm     *calm
}

var (
	_ side       = bodSide{}
	_ dictionary = bodSide{}
)

func (s bodSide) admit(ctx context.Context) verdict {
	_, v := s.tokens.get(ctx)
	return v
}

func (s bodSide) post(ctx context.Context, u unit) verdict {
	body, err := u.body()
	if err != nil {
		return internal(err)
	}
	name, bod, err := bodOf(body, s.identity(u))
	if err != nil {
		return verdict{what: refused, class: dataQuality, code: "not-understood", reason: err.Error()}
	}
	a := s.exchange(ctx, name, bod)
	v := a.judge(u, s.defect)
	if v.what == pending {
		return sorted(ctx, u, s.follow(ctx, v.code), s.has)
	}
	return v
}

// identity is the BODID of a unit: the same in every attempt.
func (s bodSide) identity(u unit) string {
	if s.defect == M102 { // DEFECT M102: every message that is sent has an identity of its own
		return rand.Text()
	}
	return u.header(s.defect).Get("Idempotency-Key")
}

// exchange posts a BOD and reads the answer.
func (s bodSide) exchange(ctx context.Context, name string, bod []byte) answer {
	if left := s.calm.left(); left > 0 && s.defect != M12 { // also for questions
		v := keeping(left)
		return answer{before: &v}
	}
	doc, header := wrap(name, bod, s.envelope)
	r, v := s.call(ctx, http.MethodPost, "/"+bodName, header, doc)
	a := answer{reply: r}
	if r.err == nil && r.status == 0 || v.what == lost { // there was no token
		a.before = &v
		return a
	}
	a.unclear = verdict{what: again, class: technical, code: "no-reply", doubt: true}
	if r.err != nil {
		a.unclear = s.judge(r) // the defects among them
		a.unclear.doubt = a.unclear.what == again
		return a
	}
	s.patience(&a.unclear, r)
	s.calm.heard(a.unclear)
	if root, err := readXML(r.body); err == nil {
		a.bod, _ = unwrap(root, s.envelope)
	}
	if a.bod != nil && a.bod.space != bodSpace && a.bod.name != "Fault" {
		a.bod = nil
	}
	return a
}

// answer is what came back for a BOD.
type answer struct {
	reply
	bod     *element // ConfirmBOD, Show or Fault; nil if there is none to be read
	before  *verdict // why nothing was sent
	unclear verdict  // what is known if the answer does not say
}

// Words of what a row came to.
const (
	bodAccepted = "Accepted"
	bodRejected = "Rejected"
)

// entry is what a ConfirmBOD says of a row, or of the whole.
type entry struct {
	place                  int // of the row, from 1; 0 is the whole
	word, code, class      string
	detail, operation, doc string
}

// entries reads a ConfirmBOD, wherever it stands.
func (a answer) entries() (all []entry) {
	if a.bod == nil {
		return nil
	}
	for _, c := range a.bod.all("ResponseCriteria") {
		expression, status := c.at("ResponseExpression"), c.at("ChangeStatus")
		if expression == nil || status == nil {
			continue
		}
		e := entry{word: expression.attr("actionCode"), code: status.said("Code"), detail: status.said("Description"), class: status.said("ReasonCode")}
		if _, after, ok := strings.Cut(expression.text, ")["); ok {
			n, _, _ := strings.Cut(after, "]")
			e.place, _ = strconv.Atoi(n)
		}
		for _, r := range status.all("Reason") {
			switch r.attr("name") {
			case "operation":
				e.operation = strings.TrimSpace(r.text)
			case "document":
				e.doc = strings.TrimSpace(r.text)
			}
		}
		all = append(all, e)
	}
	return all
}

// judge says what an answer means for u. The status says how the exchange
// went; what became of the rows stands in the ConfirmBOD.
func (a answer) judge(u unit, d Defect) verdict {
	if a.before != nil {
		return *a.before
	}
	if d == M101 && a.status/100 == 2 { // DEFECT M101: 2xx is success, whatever the ConfirmBOD says
		return verdict{what: posted}
	}
	entries := a.entries()
	if d == M103 && len(entries) > 0 { // DEFECT M103: the first entry speaks for all
		entries[0].place, entries = 0, entries[:1]
	}
	switch {
	case a.err != nil || a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable:
		return a.later()
	case len(entries) == 0 || entries[0].word == "":
		return a.dumb()
	case entries[0].place == 0:
		return a.one(entries[0])
	case len(u) == 1:
		return a.one(entries[0])
	}
	v := verdict{what: posted}
	rows := make([]row, 0, len(u))
	for _, e := range entries {
		if e.place < 1 || e.place > len(u) {
			continue
		}
		r := row{Reference: u[e.place-1].Event, Status: http.StatusOK, Code: e.code, Class: e.class, Detail: e.detail}
		if w := a.one(e); w.what != posted {
			r.Status, v.what = statusOf(w), rowwise
		}
		rows = append(rows, r)
	}
	if v.rows = rows; len(rows) < len(u) {
		v.what = rowwise
	}
	return v
}

// statusOf says of a row what HTTP would.
func statusOf(v verdict) int {
	switch {
	case v.what == again:
		return http.StatusServiceUnavailable
	case v.class == business:
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}

// one says what an entry means.
func (a answer) one(e entry) verdict {
	v := verdict{what: refused, class: cmp.Or(e.class, dataQuality), code: e.code, reason: e.detail}
	switch {
	case e.word == bodAccepted && e.operation != "":
		return verdict{what: pending, code: e.operation}
	case e.word == bodAccepted, e.code == "already-posted": // that was us, and we never heard
		return verdict{what: posted}
	case e.word != bodRejected:
		v = a.unclear
		v.code, v.reason = "not-understood", fmt.Sprintf("neither accepted nor rejected, but %q", clip(e.word))
	case a.status == http.StatusUnauthorized, e.class == technical:
		v.what, v.class = again, technical
	}
	return v
}

// later is an endpoint that asks for patience, or that did not answer.
func (a answer) later() verdict {
	v := a.unclear
	if a.err == nil {
		v.code, v.reason, v.doubt = strconv.Itoa(a.status), http.StatusText(a.status), false // it says that nothing was done
		if es := a.entries(); len(es) > 0 {
			v.code, v.reason = cmp.Or(es[0].code, v.code), cmp.Or(es[0].detail, v.reason)
		}
	}
	return v
}

// dumb is an answer without a ConfirmBOD that says anything. We asked for one,
// so it is not from the ERP's own mouth, whatever its status.
func (a answer) dumb() verdict {
	v := a.unclear
	v.code, v.reason = "not-understood", fmt.Sprintf("status %d, and no ConfirmBOD: %s", a.status, clip(string(a.body)))
	switch {
	case a.bod != nil && a.bod.name == "Fault":
		code := cmp.Or(a.bod.said("faultcode"), a.bod.said("Code", "Value"))
		v.reason = cmp.Or(a.bod.said("faultstring"), a.bod.said("Reason", "Text"))
		if strings.HasSuffix(code, "Client") || strings.HasSuffix(code, "Sender") {
			return verdict{what: refused, class: dataQuality, code: "fault", reason: v.reason}
		}
	case a.status >= 400 && a.status < 500:
		w := judgeStatus(a.status, "", "", http.StatusText(a.status))
		w.code = "not-understood"
		return w
	}
	return v
}

// unknown reports whether a question has found nothing, for this reason: a
// ConfirmBOD says so, in SOAP one in a fault.
func (a answer) unknown(code string) bool {
	if a.bod == nil || a.status/100 != 2 && a.bod.name != "Fault" {
		return false
	}
	es := a.entries()
	return len(es) > 0 && es[0].word == bodRejected && (es[0].code == code || es[0].code == "nothing-found")
}

// settle asks for the postings of each fact of u.
func (s bodSide) settle(ctx context.Context, u unit) verdict {
	if s.defect == M102 {
		return verdict{what: again}
	}
	return whichPosted(ctx, u, s.has)
}

// has asks whether the ERP has posted a fact. It says posted if it knows.
func (s bodSide) has(ctx context.Context, it *item) (bool, verdict) {
	a := s.ask(ctx, "OperationsPerformance", "<ID>any</ID><OperationsResponse><ID>any</ID><SegmentResponse><ID>"+escaped(it.Event)+"</ID></SegmentResponse></OperationsResponse>")
	if a.before != nil { // nothing was asked, so nothing is known
		v := *a.before
		v.doubt = true
		return false, v
	}
	if a.unknown("nothing-found") {
		return false, verdict{what: posted}
	}
	if a.status/100 != 2 || a.bod == nil || a.bod.name != "ShowOperationsPerformance" {
		v := a.later()
		v.what, v.doubt = again, true
		v.code = cmp.Or(v.code, "not-understood")
		return false, v
	}
	for _, r := range a.bod.all("SegmentResponse") {
		for _, d := range r.all("SegmentData") {
			if d.said("ID") == "Kind" && d.said("Value", "ValueString") == it.Kind {
				return true, verdict{what: posted}
			}
		}
	}
	return false, verdict{what: posted}
}

// ask posts a question: a BOD of the verb Get with a pattern, and with what is to
// be said of the page of a list.
func (s bodSide) ask(ctx context.Context, noun, pattern string, expressions ...string) answer {
	name, get := "Get"+noun, "<Get/>"
	if len(expressions) > 0 {
		get = "<Get>"
		for _, e := range expressions {
			get += "<Expression>" + escaped(e) + "</Expression>"
		}
		get += "</Get>"
	}
	bod := fmt.Sprintf(`<%s xmlns="%s" releaseID="%s"><ApplicationArea><Sender><LogicalID>lid://bridge</LogicalID></Sender><CreationDateTime>%s</CreationDateTime><BODID>%s</BODID></ApplicationArea><DataArea>%s<%s>%s</%s></DataArea></%s>`,
		name, bodSpace, bodRelease, time.Now().UTC().Format(time.RFC3339), rand.Text(), get, noun, pattern, noun, name)
	return s.exchange(ctx, name, []byte(bod))
}

func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}

// follow asks what has become of a posting that was accepted, for a while;
// then it is sent again under its identity, in case the ERP has lost it.
func (s bodSide) follow(ctx context.Context, operation string) verdict {
	until := time.Now().Add(patience)
	for n := 1; time.Now().Before(until) && ctx.Err() == nil; n++ {
		sleep(ctx, backoff(min(n, 3)))
		a := s.ask(ctx, "OperationsPerformance", "<ID>"+escaped(operation)+"</ID>")
		if a.unclear.pause {
			return verdict{what: again, class: technical, code: "still-running", reason: operation, pause: true, after: a.unclear.after}
		}
		if es := a.entries(); a.before == nil && a.status/100 == 2 && len(es) > 0 && es[0].code != "running" && es[0].code != "nothing-found" {
			return a.one(es[0])
		}
	}
	return verdict{what: again, class: technical, code: "still-running", reason: operation + " was accepted and has not ended"}
}

// table asks the ERP for the units of a material.
func (s bodSide) table(ctx context.Context, material string) (unitTable, verdict) {
	a := s.ask(ctx, "MaterialDefinition", "<ID>"+escaped(material)+"</ID>")
	if a.before != nil {
		return unitTable{}, *a.before
	}
	if a.unknown("item-unknown") {
		return unitTable{}, verdict{} // it does not know the material
	}
	if a.status/100 != 2 || a.bod == nil || a.bod.name != "ShowMaterialDefinition" {
		v := a.later()
		v.what, v.doubt, v.code = again, false, cmp.Or(v.code, "not-understood")
		return unitTable{}, v
	}
	t := unitTable{factors: map[string]*big.Rat{}}
	for _, p := range a.bod.all("MaterialDefinitionProperty") {
		switch p.said("ID") {
		case "Unit":
			t.base = p.said("Value", "ValueString")
		case "AlternativeUnits":
			for _, v := range p.in {
				if f, ok := factor(v.said("ValueString")); ok && v.name == "Value" {
					t.factors[v.said("UnitOfMeasure")] = f
				}
			}
		}
	}
	if t.base == "" {
		return t, verdict{what: again, class: technical, code: "not-understood", reason: "the material has no unit: " + clip(string(a.body))}
	}
	return t, verdict{}
}

// factor reads a positive fraction.
func factor(s string) (*big.Rat, bool) {
	if s == "" || strings.Trim(s, "0123456789./") != "" {
		return nil, false
	}
	f, ok := new(big.Rat).SetString(s)
	return f, ok && f.Sign() > 0
}
