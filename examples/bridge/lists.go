package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// lists reads master data where the ERP announces none: page by page from its
// list of materials, in the order in which they were changed. How far it has
// read is a cursor of the ERP's, written in the transaction that takes the
// page, so that records which changed at the same time are neither skipped nor
// lost between pages. A page may come twice and a record, too: each version is
// known by its name, and taken once.
type lists struct {
	from   *system
	inbox  *inbox
	page   int // rows
	defect Defect
	log    *slog.Logger
}

// listed is the name under which the cursor is kept.
const listed = "items"

// listedMaterial is a row of the list.
type listedMaterial struct {
	ID          string
	Description string
	Revision    string
	Unit        string
	Decimals    int
	Lots        bool
	Serials     bool
	Retired     bool
	Units       []struct{ Unit, Factor string }
	Version     int    // 0 for what both systems know from the beginning
	Changed     string // RFC 3339, in whole seconds
}

// run reads until ctx is done.
func (l *lists) run(ctx context.Context) error {
	cursor, err := l.inbox.store.cursor(ctx, listed)
	if err != nil {
		return fmt.Errorf("read cursor: %w", err)
	}
	for fails := 0; ctx.Err() == nil; {
		if wait := l.inbox.outbox[l.from.name].paused(); wait > 0 {
			sleep(ctx, wait) // it meant us all
			continue
		}
		next, v := l.cycle(ctx, cursor)
		l.inbox.outbox[l.from.name].heard(v)
		switch {
		case v.what == refused && cursor != "":
			// It does not know the cursor any more. What we have we shall
			// recognise.
			l.log.Info("list begins anew", "reason", v.reason)
			next = ""
		case v.what == waiting, v.what == posted && next == cursor:
			sleep(ctx, idle)
		case v.what != posted:
			fails++
			l.log.Warn("read list", "reason", v.reason)
			sleep(ctx, max(v.after, backoff(fails)))
			continue
		}
		cursor, fails = next, 0
	}
	return nil
}

// cycle takes what is new, or a page of it, and returns where to go on.
func (l *lists) cycle(ctx context.Context, cursor string) (string, verdict) {
	switch l.defect {
	case M35:
		return l.later(ctx, cursor)
	case M36:
		return l.counted(ctx, cursor)
	}
	rows, next, v := l.ask(ctx, url.Values{"after": {cursor}})
	if v.what != posted || len(rows) == 0 {
		return cursor, v
	}
	return next, l.take(ctx, rows, next)
}

// ask reads one page.
func (l *lists) ask(ctx context.Context, q url.Values) (rows []listedMaterial, cursor string, v verdict) {
	if l.inbox.full() {
		return nil, "", verdict{what: waiting, reason: "too many messages wait to be delivered"}
	}
	q.Set("by", "changed")
	q.Set("limit", strconv.Itoa(l.page))
	r, v := l.from.call(ctx, http.MethodGet, "/items?"+q.Encode(), nil, nil)
	if v.what != posted {
		return nil, "", v
	}
	var p struct {
		Items  []listedMaterial
		Cursor string
	}
	if err := json.Unmarshal(r.body, &p); err != nil || (len(p.Items) > 0 && p.Cursor == "") {
		return nil, "", verdict{what: again, class: technical, code: "not-understood", reason: "list is not readable: " + clip(string(r.body))}
	}
	for _, m := range p.Items {
		if m.ID == "" || m.Unit == "" || m.Version > 0 && m.Changed == "" {
			return nil, "", verdict{what: again, class: technical, code: "not-understood", reason: "list has a row without id, unit or time of change"}
		}
	}
	return p.Items, p.Cursor, v
}

// take hands rows on, and notes how far the list was read.
func (l *lists) take(ctx context.Context, rows []listedMaterial, cursor string) verdict {
	var items []*item
	for _, m := range rows {
		if m.Version == 0 {
			continue
		}
		got, err := l.inbox.open(l.from.name, listed, m.event(), m.message())
		if err != nil {
			return internal(err)
		}
		items = append(items, got...)
	}
	if err := l.inbox.accept(ctx, items, func(w *writer) error { return do(w.cursor, listed, cursor) }); err != nil {
		return internal(err)
	}
	return verdict{}
}

// later is defect M35: it asks for what changed later than the last record it
// has seen, to the second.
func (l *lists) later(ctx context.Context, since string) (string, verdict) {
	q := url.Values{}
	if since != "" {
		q.Set("since", since)
	}
	rows, _, v := l.ask(ctx, q)
	if v.what != posted || len(rows) == 0 {
		return since, v
	}
	next := since
	for _, m := range rows {
		if m.Changed != "" {
			next = m.Changed // DEFECT M35: others may have changed in that second
		}
	}
	if next == since { // records from before the run, which have no time: they need not be read again
		next = "1970-01-01T00:00:00Z"
	}
	return next, l.take(ctx, rows, next)
}

// counted is defect M36: it counts the rows it has read to find the next page,
// while every change moves a row to the end. The next cycle begins where this
// one ended, so that what was passed over stays so.
func (l *lists) counted(ctx context.Context, since string) (string, verdict) {
	next := since
	for offset := 0; ; offset += l.page { // DEFECT M36: a row that leaves an earlier page pulls all others forward
		q := url.Values{"offset": {strconv.Itoa(offset)}}
		if since != "" {
			q.Set("since", since)
		}
		rows, _, v := l.ask(ctx, q)
		if v.what != posted {
			return since, v
		}
		for _, m := range rows {
			if m.Changed != "" {
				next = m.Changed
			}
		}
		if at, err := time.Parse(time.RFC3339, next); err == nil && len(rows) < l.page {
			next = at.Add(-time.Second).Format(time.RFC3339) // once more the last second: there may be ties
		}
		if v := l.take(ctx, rows, next); v.what != posted || len(rows) < l.page {
			return next, v
		}
	}
}

// event names one version of a material, as an announcement would.
func (m listedMaterial) event() string { return "item-changed/" + m.ID + "/" + strconv.Itoa(m.Version) }

// message is what an announcement of the row would have said.
func (m listedMaterial) message() []byte {
	type object = map[string]any
	property := func(id string, values ...object) object { return object{"ID": id, "Value": values} }
	is := func(id, value, kind string) object {
		v := object{"ValueString": value}
		if kind != "" {
			v["DataType"] = kind
		}
		return property(id, v)
	}
	ps := []object{is("Reference", m.event(), "")}
	if m.Revision != "" {
		ps = append(ps, is("Revision", m.Revision, ""))
	}
	ps = append(ps, is("Unit", m.Unit, ""), is("Decimals", strconv.Itoa(m.Decimals), "nonNegativeInteger"))
	for _, p := range []struct {
		id   string
		said bool
	}{{"Lots", m.Lots}, {"Serials", m.Serials}, {"Retired", m.Retired}} {
		if p.said {
			ps = append(ps, is(p.id, "true", "boolean"))
		}
	}
	if len(m.Units) > 0 {
		var units []object
		for _, u := range m.Units {
			units = append(units, object{"ValueString": u.Factor, "DataType": "", "UnitOfMeasure": u.Unit})
		}
		ps = append(ps, property("AlternativeUnits", units...))
	}
	definition := object{"ID": m.ID, "Version": strconv.Itoa(m.Version), "PublishedDate": m.Changed, "MaterialDefinitionProperty": ps}
	if m.Description != "" {
		definition["Description"] = []string{m.Description}
	}
	b, _ := json.Marshal(object{"SyncMaterialDefinition": object{ // text and numbers cannot fail
		"@releaseID":      "V0701",
		"ApplicationArea": object{"Sender": object{"LogicalID": "lid://bridge", "TaskID": kindItem, "ReferenceID": m.event()}, "CreationDateTime": m.Changed, "BODID": m.event()},
		"DataArea":        object{"Sync": object{}, "MaterialDefinition": []object{definition}},
	}})
	return b
}
