package b2mml

import (
	"bytes"
	"cmp"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
)

// replying are the verbs that can ask for an answer with the noun in it: by which
// attribute, and with which verb it is given.
var replying = map[string]struct{ attribute, verb string }{
	"Process": {"acknowledgeCode", "Acknowledge"},
	"Change":  {"responseCode", "Respond"},
}

// acknowledgement answers a BOD that asks for that, with what was processed; nil
// if it does not, or asks to hear of errors only and there is none.
func acknowledgement(s Settings, m simulators.Message, h head, all []entry, bad bool) *xmltree.Node {
	verb, noun, code := s.asksBack(m.Body)
	if code != always && !(code == onError && bad) {
		return nil
	}
	answer := xmltree.Branch(verb, h.original())
	for _, e := range all {
		answer.Add(e.node())
	}
	data := xmltree.Branch("DataArea", answer)
	for _, e := range m.Events {
		e.ID = cmp.Or(e.ID, "unidentified")
		n, err := reworded(e, noun)
		if err != nil || n == nil {
			return nil // it cannot be said again: what became of it can
		}
		data.Add(n)
	}
	if len(m.Events) == 0 {
		return nil
	}
	bod := xmltree.Branch(verb+noun, h.answer("acknowledge"), data)
	bod.Attrs = xmltree.Leaf("", "", "releaseID", Release).Attrs
	return bod
}

// asksBack finds out which answer a BOD asks for, and when it is wanted.
func (s Settings) asksBack(body []byte) (verb, noun, code string) {
	if !bytes.Contains(body, []byte("acknowledgeCode")) && !bytes.Contains(body, []byte("responseCode")) {
		return "", "", ""
	}
	root, err := xmltree.Parse(body)
	if err != nil {
		return "", "", ""
	}
	bod, _, err := s.opened(root)
	if err != nil {
		return "", "", ""
	}
	said, noun, _ := transaction(bod.Name)
	at := bod.Find("DataArea", said)
	if at == nil || replying[said].verb == "" {
		return "", "", ""
	}
	code, _ = at.Attr(replying[said].attribute)
	return replying[said].verb, noun, code
}
