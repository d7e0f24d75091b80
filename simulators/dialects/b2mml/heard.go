package b2mml

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
)

var (
	_ simulators.ReplyChecker = Dialect{}
	_ simulators.ReplyReader  = Dialect{}
)

// ReadReply implements [simulators.ReplyReader]: a ConfirmBOD, Acknowledge or
// Respond that rejects and a fault say no, whatever the status; what is wrong at the receiver's, or of
// class technical, is to be tried again.
func (d Dialect) ReadReply(_, reply simulators.Message) simulators.Result {
	r := reply.Result
	switch r.Outcome {
	case simulators.Throttled, simulators.Unauthorized, simulators.Unavailable, simulators.Locked: // HTTP has said what to do
		return r
	}
	root, err := d.replied(reply)
	if root == nil || err != nil {
		return r
	}
	fault, faulty := d.faultOf(root)
	criteria := rejected(root)
	switch {
	case criteria == nil && !faulty:
		return r
	case criteria != nil:
		why := func(name string) string { return criteria.Said("ChangeStatus", name) }
		r.Class = classOf(why("ReasonCode"))
		r.Code, r.Text = why("Code"), xmltree.Clip(cmp.Or(why("Description"), why("Reason")))
		if r.Code == "" && r.Class == "" { // all but the words for it is open in B2MML
			r.Code = why("ReasonCode")
		}
	}
	if faulty {
		r.Code, r.Text = cmp.Or(r.Code, fault.code), cmp.Or(r.Text, fault.text)
		if fault.again {
			r.Class = simulators.Technical
		}
	}
	r.Outcome, r.Class = simulators.Refused, cmp.Or(r.Class, simulators.DataQuality)
	if r.Class == simulators.Technical {
		r.Outcome = simulators.Unavailable
	}
	return r
}

// classOf reads a class as we write it, or in capitals as codes of other systems
// are.
func classOf(s string) simulators.Class {
	switch c := simulators.Class(strings.ReplaceAll(strings.ToLower(s), "_", "-")); c {
	case simulators.Technical, simulators.Business, simulators.DataQuality:
		return c
	}
	return ""
}

// replied is the document in a reply; nil if there is none.
func (d Dialect) replied(reply simulators.Message) (*xmltree.Node, error) {
	if media := reply.Header["Content-Type"]; len(reply.Body) == 0 || !strings.Contains(media, "xml") {
		return nil, nil
	}
	return xmltree.Parse(reply.Body)
}

type soapFault struct {
	code, text string
	again      bool // repeating may help
}

// faultOf finds a SOAP fault.
func (d Dialect) faultOf(root *xmltree.Node) (soapFault, bool) {
	n := root.Find("Body", "Fault")
	if root.Name != "Envelope" || n == nil || d.Settings.space() == "" {
		return soapFault{}, false
	}
	f := soapFault{code: n.Said("faultcode"), text: xmltree.Clip(n.Said("faultstring"))}
	if d.Settings.Envelope == SOAP12 {
		f = soapFault{code: n.Said("Code", "Value"), text: xmltree.Clip(n.Said("Reason", "Text"))}
	}
	f.code = f.code[strings.LastIndexByte(f.code, ':')+1:]
	receiver := faultCodes[d.Settings.Envelope].receiver
	f.again = f.code == receiver || strings.HasPrefix(f.code, receiver+".") // SOAP 1.1 refines codes so
	return f, true
}

// rejected finds the first entry of a ConfirmBOD that says no.
func rejected(n *xmltree.Node) *xmltree.Node {
	if n.Name == "ResponseCriteria" && n.Space == Namespace {
		if e := n.Child("ResponseExpression"); e != nil {
			if code, _ := e.Attr("actionCode"); code == "Rejected" {
				return n
			}
		}
		return nil
	}
	for _, c := range n.Children {
		if found := rejected(c); found != nil {
			return found
		}
	}
	return nil
}

// CheckReply implements [simulators.ReplyChecker]: the reply to an announcement
// may be empty or, if it is XML, is what was agreed upon: a BOD of this release
// or a fault, in the envelope. What is not XML is free.
func (d Dialect) CheckReply(_, reply simulators.Message) string {
	if status := reply.Result.Status; status < 200 || status >= 300 && status < 400 || status >= 600 {
		return fmt.Sprintf("status: %d is no answer to a BOD", status)
	}
	root, err := d.replied(reply)
	switch {
	case err != nil:
		return "body: " + err.Error()
	case root == nil:
		return ""
	}
	if f, faulty := d.faultOf(root); faulty {
		if reply.Result.Status < 400 {
			return fmt.Sprintf("status: %d, and the body is a fault %s", reply.Result.Status, xmltree.Clip(f.code))
		}
		return ""
	}
	bod, _, err := d.Settings.opened(root)
	switch {
	case err != nil:
		return "body: " + err.Error()
	case bod.Space != Namespace:
		return fmt.Sprintf("body: %s is of the namespace %q, not %q", xmltree.Clip(bod.Name), xmltree.Clip(bod.Space), Namespace)
	}
	return ""
}
