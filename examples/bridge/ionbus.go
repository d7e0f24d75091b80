package bridge

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// This file is the bridge between two systems that are on the bus of one ION. It
// translates nothing: what one says in a noun is said to the other in that noun, in a
// document of our own. So the body of an item is the noun with what the head of a
// document needs to know of it, <Noun verb action created>, and never JSON.

// busNames are the messages that records of the MES belong to. What an ERP
// announces is in ionNames.
var busNames = map[string]string{"STA": "operation-starts", "CNF": "confirmations", "REW": "rework", "CON": "consumptions", "SCR": "scrap", "RCV": "receipts", "INS": "inspections", "HLD": "holds"}

// busItems reads a document into items for the system that it is for: what the
// ERP says in a Sync goes to the MES, what the MES says in a Process to the ERP.
func busItems(bod *element, p ionParameters) (items []*item, err error) {
	action, err := opened(bod)
	if err != nil {
		return nil, err
	}
	from := origin{From: p.FromLogicalID, Entity: cmp.Or(p.AccountingEntity, bod.saidAnywhere("AccountingEntityID")), BODID: bod.said("ApplicationArea", "BODID"), Message: p.MessageID}
	created := bod.said("ApplicationArea", "CreationDateTime")
	for _, e := range bod.at("DataArea").in {
		if e.name == "Sync" || e.name == "Process" {
			continue
		}
		n, err := nounOf(bod, e, action)
		if err != nil {
			return nil, err
		}
		it, err := n.item(e, from.BODID)
		if err != nil {
			return nil, fmt.Errorf("read BOD: %s: %w", clip(bod.name), err)
		}
		if it.body, err = n.kept(e, created, from); err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("read BOD: %s says nothing", clip(bod.name))
	}
	return items, nil
}

// nounOf finds how such a noun is read.
func nounOf(bod, e *element, action string) (ionNoun, error) {
	i := slices.IndexFunc(ionNouns, func(n ionNoun) bool {
		return bod.name == n.verb+n.noun && e.name == n.noun && n.action == action && (n.says[0] == "" || e.said(strings.Split(n.says[0], "/")...) == n.says[1])
	})
	if i < 0 {
		return ionNoun{}, fmt.Errorf("read BOD: %s with actionCode %q is not for us", clip(bod.name), clip(action))
	}
	return ionNouns[i], nil
}

// item is what a noun says, as far as the bridge has to know it. A change of an
// order that has no reference of its own is named by its document: other versions
// of the order are other documents.
func (n ionNoun) item(e *element, bodid string) (*item, error) {
	l := n.line(e)
	f := facts{Event: l.cell(1)}
	if n.record == "CHG" {
		f.Event = cmp.Or(f.Event, bodid)
	}
	to, name := "mes", ionNames[n.record]
	switch n.record {
	case "ORD":
		f.Kind, f.Order, f.Version, f.Material, f.Lot = kindReleased, l.cell(3), 1, "", ""
	case "CHG", "CAN":
		f.Kind, f.Order, f.Version = map[string]string{"CHG": "order-changed", "CAN": "order-cancelled"}[n.record], l.cell(3), number(l.cell(4))
	case "DEC":
		f.Kind, f.Lot, f.Material, f.Case, f.Decision = kindDecided, l.cell(3), l.cell(4), l.cell(5), l.cell(6)
	case "ITM", "BOM", "RTG":
		f.Kind, f.Material = names[name], l.cell(3)
	case "WCT":
		f.Kind, f.WorkCenter = names[name], l.cell(3)
	case "CAL":
		f.Kind, f.Calendar = names[name], l.cell(3)
	case "HLD":
		to, name = "erp", busNames[n.record]
		f.Kind, f.Lot, f.Material, f.Order, f.Case = kindHeld, l.cell(3), l.cell(4), l.cell(5), l.cell(6)
	default:
		to, name = "erp", busNames[n.record]
		f.Kind, f.Order, f.Operation = names[name], l.cell(3), l.cell(4)
		f.Counter = number(e.saidAnywhere("ReportNumber"))
		f.Material, f.Lot = e.saidAnywhere("ItemID"), e.saidAnywhere("LotIDs")
		if n.record == "RCV" {
			f.Operation = ""
		}
	}
	if f.Event == "" || f.entity() == "" {
		return nil, errors.New("it does not say what names it")
	}
	return &item{to: to, name: name, facts: f, idem: digest(to + " " + f.Event)}, nil
}

// saidAnywhere is the text of an element, or of the ID in it, wherever it stands.
func (e *element) saidAnywhere(name string) string {
	for _, found := range e.all(name) {
		if s := strings.TrimSpace(cmp.Or(found.said("ID"), found.text)); s != "" {
			return s
		}
	}
	return ""
}

// kept is a noun as it is stored and handed on.
func (n ionNoun) kept(e *element, created string, o origin) ([]byte, error) {
	w := bodWriter{}
	root := &element{name: "Noun", in: []*element{e}}
	for _, a := range [][2]string{{"verb", n.verb}, {"action", n.action}, {"created", created}, {"from", o.From}, {"entity", o.Entity}, {"bodid", o.BODID}, {"message", o.Message}} {
		root.attrs = append(root.attrs, attribute(a[0], a[1]))
	}
	w.tree(root)
	return w.b.Bytes(), w.err
}

// busPosting writes a unit of nouns as a document.
func busPosting(u unit, h ionHead) (document string, bod []byte, id ionID, err error) {
	w, d, variation := bodWriter{}, ionDocument{}, 1
	for n, it := range u {
		kept, err := readXML(it.body)
		if err != nil {
			return "", nil, id, fmt.Errorf("write %s: %w", it.Event, err)
		}
		if len(kept.in) != 1 {
			return "", nil, id, fmt.Errorf("write %s: not one noun", it.Event)
		}
		if n == 0 {
			d.verb, d.action, d.created, d.noun = kept.attr("verb"), kept.attr("action"), kept.attr("created"), kept.in[0].name
			variation = kept.in[0].variation()
		}
		w.tree(kept.in[0])
	}
	if w.err != nil {
		return "", nil, id, w.err
	}
	id = ionID{h.id, 1}
	if it := u[0]; d.verb == "Sync" { // of the object, not of the message: its versions are told apart by the variation
		id = ionID{cmp.Or(it.Order, it.WorkCenter, it.Calendar, it.Material), variation}
		if it.Kind == kindDecided {
			id.document = it.Event
		}
	}
	d.nouns = w.b.Bytes()
	document, bod = d.written(h, id)
	return document, bod, id, nil
}

// variation is which version of an object a noun tells of; 1 if it does not say.
func (e *element) variation() int {
	for _, id := range e.all("ID") {
		if v := number(id.attr("variationID")); v > 0 {
			return v
		}
	}
	return 1
}

// ionID is the identity of a document: its name and its version.
type ionID struct {
	document  string
	variation int
}

func (id ionID) of(h ionHead, noun, verb string) string {
	return fmt.Sprintf("infor-nid:%s:%s:%s:%s:1?%s&amp;verb=%s&amp;variationID=%s", h.tenant, h.entity, h.entity, strings.ReplaceAll(url.PathEscape(id.document), ":", "%3A"), noun, verb, strconv.Itoa(id.variation))
}
