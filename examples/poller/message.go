package main

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// A flow is a kind of message: which way it goes, where its rows are and whose
// sequence they belong to.
type flow struct {
	from, to string
	kind     string // for people, and for the worklist
	rows     []string
	read     func(*fact, row)
}

var (
	performance = []string{"OperationsPerformance", "OperationsResponse", "SegmentResponse"}
	schedule    = []string{"OperationsSchedule"}
	lots        = []string{"MaterialLot"}
	items       = []string{"MaterialDefinition"}
)

// flows are the messages this integration carries.
var flows = map[string]flow{
	"orders":           {"erp", "mes", "order-released", schedule, readOrder},
	"decisions":        {"erp", "mes", "lot-decided", lots, readLot},
	"items":            {"erp", "mes", "item-changed", items, readItem},
	"operation-starts": {"mes", "erp", "operation-started", performance, readPerformance},
	"confirmations":    {"mes", "erp", "confirmation", performance, readPerformance},
	"consumptions":     {"mes", "erp", "consumption", performance, readPerformance},
	"scrap":            {"mes", "erp", "scrap", performance, readPerformance},
	"rework":           {"mes", "erp", "rework", performance, readPerformance},
	"receipts":         {"mes", "erp", "receipt", performance, readPerformance},
	"inspections":      {"mes", "erp", "inspection", performance, readPerformance},
	"holds":            {"mes", "erp", "lot-held", lots, readLot},
}

// entry is one message of a feed.
type entry struct {
	ID    string          `json:"id"`
	Name  string          `json:"name"`
	Event string          `json:"event"`
	Body  json.RawMessage `json:"body"`
}

// row is one fact as its sender worded it. What we do not know of it we carry
// along.
type row map[string]json.RawMessage

// split takes a message apart into its facts. A fact that came alone keeps
// its message byte for byte.
func split(source string, m entry) ([]fact, error) {
	f, ok := flows[m.Name]
	if !ok || f.from != source {
		return nil, fmt.Errorf("%s does not send %q", source, m.Name)
	}
	doc, err := open(m.Body)
	if err != nil {
		return nil, err
	}
	rows, err := doc.rows(f.rows)
	if err != nil {
		return nil, err
	}
	facts := make([]fact, len(rows))
	for i, r := range rows {
		facts[i] = fact{source: source, target: f.to, name: m.Name, kind: f.kind, body: m.Body}
		f.read(&facts[i], r)
		if facts[i].ref == "" && len(rows) == 1 {
			facts[i].ref = first(doc.sender("ReferenceID"), m.Event, m.ID)
		}
		if facts[i].ref == "" || facts[i].lane == "" {
			return nil, fmt.Errorf("row %d does not say which event or whose it is", i+1)
		}
		if task := doc.sender("TaskID"); task != "" && m.Name == "orders" {
			facts[i].kind = task
		}
		if len(rows) > 1 {
			if facts[i].body, err = doc.with(f.rows, rows[i:i+1], facts[i].ref); err != nil {
				return nil, err
			}
		}
	}
	return facts, nil
}

// merge makes one message of several facts of one flow.
func merge(facts []fact) ([]byte, error) {
	if len(facts) == 1 {
		return facts[0].body, nil
	}
	path := flows[facts[0].name].rows
	var all []row
	for _, f := range facts {
		doc, err := open(f.body)
		if err != nil {
			return nil, err
		}
		rows, err := doc.rows(path)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	doc, err := open(facts[0].body)
	if err != nil {
		return nil, err
	}
	return doc.with(path, all, facts[0].ref)
}

// document is a B2MML transaction: {"SyncMaterialLot": {…, "DataArea": {…}}}.
type document struct {
	transaction string
	content     row
	area        row // ApplicationArea
	data        row // DataArea
}

func open(body []byte) (document, error) {
	var top row
	if err := json.Unmarshal(body, &top); err != nil {
		return document{}, fmt.Errorf("read message: %w", err)
	}
	if len(top) != 1 {
		return document{}, fmt.Errorf("a message has one transaction, not %d", len(top))
	}
	var d document
	for name, raw := range top {
		d.transaction = name
		if err := json.Unmarshal(raw, &d.content); err != nil {
			return d, fmt.Errorf("read %s: %w", name, err)
		}
	}
	for name, part := range map[string]*row{"ApplicationArea": &d.area, "DataArea": &d.data} {
		if err := json.Unmarshal(d.content[name], part); err != nil {
			return d, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return d, nil
}

func (d document) sender(member string) string {
	var s row
	if json.Unmarshal(d.area["Sender"], &s) != nil {
		return ""
	}
	return s.text(member)
}

// rows are the innermost elements along path, each made to say everything
// about itself.
func (d document) rows(path []string) ([]row, error) {
	level := []row{d.data}
	for _, name := range path {
		var next []row
		for _, parent := range level {
			var children []row
			if err := json.Unmarshal(parent[name], &children); err != nil {
				return nil, fmt.Errorf("read %s: %w", name, err)
			}
			for _, c := range children {
				inherit(c, "OperationsRequestID", parent)
			}
			next = append(next, children...)
		}
		level = next
	}
	if len(level) == 0 {
		return nil, fmt.Errorf("there is no %s", path[len(path)-1])
	}
	return level, nil
}

func inherit(child row, name string, parent row) {
	if _, own := child[name]; own || child == nil {
		return
	}
	if v, ok := parent[name]; ok {
		child[name] = v
	}
}

// with is the document with other rows.
func (d document) with(path []string, rows []row, ref string) ([]byte, error) {
	var inner any = dated(rows, path, d.area["CreationDateTime"])
	for i := len(path) - 1; i > 0; i-- {
		inner = []any{map[string]any{"ID": ref, path[i]: inner}}
	}
	data := map[string]any{path[0]: inner}
	for k, v := range d.data {
		if k != path[0] {
			data[k] = v
		}
	}
	content := map[string]any{"DataArea": data}
	for k, v := range d.content {
		if k != "DataArea" {
			content[k] = v
		}
	}
	b, err := json.Marshal(map[string]any{d.transaction: content})
	if err != nil {
		return nil, fmt.Errorf("word %s: %w", d.transaction, err)
	}
	return b, nil
}

// dated gives rows that leave it to their message when they happened its
// instant, before they travel in another one.
func dated(rows []row, path []string, created json.RawMessage) []row {
	stamp := "PostingDate"
	if path[0] != performance[0] {
		stamp = "PublishedDate"
	}
	for _, r := range rows {
		if r[stamp] == nil && r["ActualEndTime"] == nil && r["ActualStartTime"] == nil {
			r[stamp] = created
		}
	}
	return rows
}

func readPerformance(f *fact, r row) {
	f.ref = r.text("ID")
	f.order, f.operation = r.one("OperationsRequestID"), r.one("OperationsSegmentID")
	f.counter, _ = strconv.Atoi(r.property("SegmentData", "Counter"))
	if m := r.children("MaterialActual"); len(m) > 0 {
		f.item, f.lot = m[0].one("MaterialDefinitionID"), m[0].one("MaterialLotID")
	}
	if f.order != "" {
		f.lane = "order/" + f.order
	}
}

func readOrder(f *fact, r row) {
	f.ref = r.text("ID")
	if q := r.children("OperationsRequest"); len(q) > 0 {
		f.order = q[0].text("ID")
		f.version, _ = strconv.Atoi(q[0].text("Version"))
		f.lane = "order/" + f.order
	}
}

func readLot(f *fact, r row) {
	f.ref, f.quality = r.property("MaterialLotProperty", "Reference"), r.property("MaterialLotProperty", "Case")
	f.lot, f.item = r.text("ID"), r.text("MaterialDefinitionID")
	f.order, f.decision = r.property("MaterialLotProperty", "Order"), r.property("MaterialLotProperty", "Decision")
	f.lane = "lot/" + f.lot
}

func readItem(f *fact, r row) {
	f.ref, f.item = r.property("MaterialDefinitionProperty", "Reference"), r.text("ID")
	f.version, _ = strconv.Atoi(r.text("Version"))
	f.lane = "item/" + f.item
}

func (r row) text(name string) string {
	var s string
	if json.Unmarshal(r[name], &s) != nil {
		return ""
	}
	return s
}

func (r row) one(name string) string {
	var s []string
	if json.Unmarshal(r[name], &s) != nil || len(s) == 0 {
		return ""
	}
	return s[0]
}

func (r row) children(name string) []row {
	var c []row
	if json.Unmarshal(r[name], &c) != nil {
		return nil
	}
	return c
}

func (r row) property(list, id string) string {
	for _, p := range r.children(list) {
		if p.text("ID") != id {
			continue
		}
		if v := p.children("Value"); len(v) > 0 {
			return v[0].text("ValueString")
		}
	}
	return ""
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
