package ion

import (
	"fmt"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
)

// Respond implements [simulators.Responder]. A Process is answered by an
// Acknowledge that accepts or rejects; a Sync by nothing if all went well. What
// could not be processed is told by a ConfirmBOD as well, which ION keeps for
// people unless it is set to deliver it. What came to no system nobody answers.
func (d Dialect) Respond(m simulators.Message, a simulators.Answer) ([]simulators.Message, error) {
	at, ok := d.resourceAt(m.Name)
	if !ok || a.Refusal != nil && a.Refusal.Code == codeRoute { // no system has ever had it
		return nil, nil
	}
	params, payload, err := unpack(at.layout, at.version, m)
	if err != nil {
		return nil, nil // it was never taken over
	}
	o := original{in: incoming{parameters: params, payload: payload}}
	if o.in.verb, o.in.noun, _ = strings.Cut(params.DocumentName, "."); o.in.verb == "Confirm" || o.in.verb == "Acknowledge" {
		return nil, nil // an answer is not answered
	}
	if o.bod, err = xmltree.Parse(payload); err != nil {
		o.bod = nil
	}
	var out []simulators.Message
	if o.in.verb == "Process" {
		r, err := d.acknowledge(o, a)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	if no := firstRefusal(a); no != nil && d.Settings.ConfirmBOD == Delivered {
		r, err := d.confirm(o, no)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	for i := range out {
		out[i].Verb = "post"
		out[i].Key = simulators.AnswerTo + m.Key
		if i > 0 {
			out[i].Key += " (ConfirmBOD)"
		}
	}
	return out, nil
}

func firstRefusal(a simulators.Answer) *simulators.Refusal {
	if a.Refusal != nil {
		return a.Refusal
	}
	for _, r := range a.Rows {
		if r.Refusal != nil {
			return r.Refusal
		}
	}
	return nil
}

// original is what is answered; bod is nil if nobody could read it.
type original struct {
	in  incoming
	bod *xmltree.Node
}

// id is the identity of the answer: that of the original with another verb and
// a sequence.
func (o original) id(verb string) identity {
	id := identity{document: firstSaid(o.in.DocumentID, o.in.MessageID), noun: o.in.noun}
	if o.bod != nil {
		if said, err := parseIdentity(strings.TrimSpace(o.bod.Said("ApplicationArea", "BODID"))); err == nil {
			id = said
		}
	}
	id.verb, id.sequence = verb, 1
	return id
}

// area is the application area of the original.
func (o original) area() *xmltree.Node {
	out := xmltree.Branch("OriginalApplicationArea")
	if o.bod != nil {
		if area := o.bod.Find("ApplicationArea"); area != nil {
			for _, name := range []string{"CreationDateTime", "BODID"} {
				out.Add(xmltree.Optional(name, strings.TrimSpace(area.Said(name))))
			}
		}
	}
	return out.Add(xmltree.Optional("MessageID", o.in.MessageID))
}

func (o original) created() string {
	if o.bod == nil {
		return ""
	}
	return strings.TrimSpace(o.bod.Said("ApplicationArea", "CreationDateTime"))
}

// acknowledge says of each row whether it was accepted.
func (d Dialect) acknowledge(o original, a simulators.Answer) (simulators.Message, error) {
	verb := xmltree.Branch("Acknowledge", xmltree.Leaf("TenantID", d.Settings.tenant()), xmltree.Leaf("AccountingEntityID", d.Settings.entity()),
		xmltree.Leaf("LocationID", d.Settings.location()), o.area())
	if a.Refusal != nil {
		verb.Add(rejected("", a.Refusal))
	}
	for _, i := range toldRows(a) {
		path := ""
		if len(a.Rows) > 1 {
			path = fmt.Sprintf("/%s%s/DataArea/%s[%d]", o.in.verb, o.in.noun, o.in.noun, i+1)
		}
		if r := a.Rows[i]; r.Refusal != nil {
			verb.Add(rejected(path, r.Refusal))
		} else {
			verb.Add(xmltree.Branch("ResponseCriteria", xmltree.Leaf("ResponseExpression", path, "actionCode", "Accepted"),
				xmltree.Branch("ChangeStatus", xmltree.Optional("Description", r.Doc))))
		}
	}
	id := o.id("Acknowledge")
	return d.message("Acknowledge."+o.in.noun, id, root(d.Settings, bodHead{verb: "Acknowledge", noun: o.in.noun, created: o.created(), id: id}, xmltree.Branch("DataArea", verb)))
}

func toldRows(a simulators.Answer) []int {
	if a.Refusal != nil {
		return nil
	}
	if a.Told != nil {
		return a.Told
	}
	all := make([]int, len(a.Rows))
	for i := range all {
		all[i] = i
	}
	return all
}

func rejected(path string, r *simulators.Refusal) *xmltree.Node {
	return xmltree.Branch("ResponseCriteria", xmltree.Leaf("ResponseExpression", path, "actionCode", "Rejected"),
		xmltree.Branch("ChangeStatus", xmltree.Optional("Description", sayable(r.Text)), xmltree.Leaf("ReasonCode", ReasonCode(r.Code))))
}

// ReasonCode is how a code of a refusal is written here: LOT_EXPIRED.
func ReasonCode(code string) string { return strings.ToUpper(strings.ReplaceAll(code, "-", "_")) }

// confirm says that a document could not be processed.
func (d Dialect) confirm(o original, no *simulators.Refusal) (simulators.Message, error) {
	id := o.id("Confirm")
	failure := xmltree.Branch("BOD", o.area(), xmltree.Branch("BODFailureMessage",
		xmltree.Branch("ErrorProcessMessage", xmltree.Leaf("Description", sayable(no.Text)), xmltree.Leaf("Type", "ERROR"), xmltree.Leaf("ReasonCode", ReasonCode(no.Code)))))
	verb := xmltree.Branch("Confirm", xmltree.Leaf("TenantID", d.Settings.tenant()), o.area())
	bod := root(d.Settings, bodHead{verb: "Confirm", noun: "BOD", created: o.created(), id: id}, xmltree.Branch("DataArea", verb, failure))
	return d.message("Confirm.BOD", id, bod)
}

// sayable replaces characters that XML has not: texts quote what was wrong.
func sayable(s string) string {
	return strings.Map(func(r rune) rune {
		if xmltree.Sayable(r) || r == '\n' || r == '\t' {
			return r
		}
		return '?'
	}, strings.ToValidUTF8(s, "?"))
}
