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
// lists, those first upon which others build: bills and routings are of
// materials, and name work centers. How far it
// has read is written in the transaction that takes the page, so that records
// which changed at the same time are neither skipped nor lost between pages. A
// page may come twice and a record, too: each version is known by its name, and
// taken once.
type lists struct {
	name   string // of the ERP
	from   lister
	inbox  *inbox
	page   int // rows
	defect Defect
	log    *slog.Logger
	known  map[string]listedMaterial // only defects M135 and M151 need this
	passed map[string]bool           // likewise
}

// A lister is a side whose list of materials can be read.
type lister interface {
	// materials reads the page that begins where at says: with the first one if
	// at is empty. Next is where to go on; end says that there are no more for
	// now.
	materials(ctx context.Context, at string, rows int) (page []listedMaterial, next string, end bool, v verdict)
}

// A designer is a lister whose lists of bills of material and routings can be
// read, likewise.
type designer interface {
	bills(ctx context.Context, at string, rows int) (page []listedRow, next string, end bool, v verdict)
	routings(ctx context.Context, at string, rows int) (page []listedRow, next string, end bool, v verdict)
}

// A planner is a lister whose lists of work centers and calendars can be read,
// likewise.
type planner interface {
	centers(ctx context.Context, at string, rows int) (page []listedRow, next string, end bool, v verdict)
	calendars(ctx context.Context, at string, rows int) (page []listedRow, next string, end bool, v verdict)
}

// listedRow is a row of a list, and what an announcement of it would have said.
type listedRow struct {
	ID      string
	Version int // 0 for what both systems know from the beginning
	fact    announcedFact
}

// reader reads one list.
type reader struct {
	name string // of the list, under which its cursor is kept
	read func(ctx context.Context, at string, rows int) (page []listedRow, next string, end bool, v verdict)
	at   string
}

// readers are the lists there are, in the order in which one builds upon
// another.
func (l *lists) readers() []*reader {
	var all []*reader
	if p, ok := l.from.(planner); ok {
		all = append(all, &reader{name: "calendars", read: p.calendars}, &reader{name: "work-centers", read: p.centers})
	}
	all = append(all, &reader{name: "items", read: l.materials})
	if d, ok := l.from.(designer); ok {
		all = append(all, &reader{name: "boms", read: d.bills}, &reader{name: "routings", read: d.routings})
	}
	return all
}

// materials goes on from a cursor in the order of changes, in which those that
// changed at the same time are told apart.
func (s neutralSide) materials(ctx context.Context, at string, rows int) (page []listedMaterial, next string, end bool, v verdict) {
	switch s.defect {
	case M35:
		return s.later(ctx, at, rows)
	case M36:
		return s.counted(ctx, at, rows)
	}
	page, next, v = s.list(ctx, url.Values{"after": {at}}, rows)
	if len(page) == 0 {
		next = at
	}
	return page, next, len(page) == 0, v
}

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

// run reads until ctx is done, one list after the other and again from the
// first.
func (l *lists) run(ctx context.Context) (err error) {
	all := l.readers()
	for _, r := range all {
		if r.at, err = l.inbox.store.cursor(ctx, r.name); err != nil {
			return fmt.Errorf("read cursor: %w", err)
		}
	}
	for fails := 0; ctx.Err() == nil; {
		wait := idle
		for _, r := range all {
			v := l.pass(ctx, r)
			switch {
			case v.what == waiting:
			case v.what != posted:
				fails++
				l.log.Warn("read list", "of", r.name, "reason", v.reason)
				wait = max(wait, v.after, backoff(fails))
			default:
				fails = 0
			}
		}
		sleep(ctx, wait)
	}
	return nil
}

// pass goes on in a list to its end, or to where it could not be read.
func (l *lists) pass(ctx context.Context, r *reader) verdict {
	for ctx.Err() == nil {
		if wait := l.inbox.outbox[l.name].paused(); wait > 0 {
			sleep(ctx, wait) // it meant us all
			continue
		}
		next, end, v := l.cycle(ctx, r)
		l.inbox.outbox[l.name].heard(v)
		switch {
		case v.what == refused && r.at != "":
			// It does not know the cursor any more. What we have we shall
			// recognise.
			l.log.Info("list begins anew", "of", r.name, "reason", v.reason)
			next = ""
		case v.what != posted:
			return v
		}
		if r.at = next; end {
			return v
		}
	}
	return verdict{what: waiting}
}

// cycle takes a page of what is new, and returns where to go on.
func (l *lists) cycle(ctx context.Context, r *reader) (next string, end bool, v verdict) {
	if l.inbox.full() {
		return r.at, true, verdict{what: waiting, reason: "too many messages wait to be delivered"}
	}
	rows, next, end, v := r.read(ctx, r.at, l.page)
	if v.what != posted {
		return r.at, false, v
	}
	if len(rows) == 0 && next == r.at {
		return next, end, v
	}
	return next, end, l.take(ctx, r.name, rows, next)
}

// materials reads a page of the list of materials.
func (l *lists) materials(ctx context.Context, at string, rows int) (page []listedRow, next string, end bool, v verdict) {
	all, next, end, v := l.from.materials(ctx, at, rows)
	if v.what != posted && l.defect == M151 && at != "" { // DEFECT M151: what could be read is the list
		next, end, v = "", true, verdict{}
	}
	if v.what != posted {
		return nil, next, end, v
	}
	if l.defect == M135 || l.defect == M151 {
		all = l.missing(all, end)
	}
	for _, m := range all {
		page = append(page, listedRow{m.ID, m.Version, announcedFact{"items", m.event(), m.message()}})
	}
	return page, next, end, v
}

// missing is defect M135: what is not in the list is not made any more, and so
// it is when the list is one of changes. Where it is the full one that is an
// opinion, as long as it was read to its end, which is defect M151.
func (l *lists) missing(rows []listedMaterial, end bool) []listedMaterial {
	if l.known == nil {
		l.known, l.passed = map[string]listedMaterial{}, map[string]bool{}
	}
	for _, m := range rows {
		l.known[m.ID], l.passed[m.ID] = m, true
	}
	if !end {
		return rows
	}
	for id, m := range l.known {
		if !l.passed[id] && !m.Retired { // DEFECT M135, M151: a list of what has changed lacks what has not
			m.Version, m.Retired, m.Changed = m.Version+1, true, time.Now().Format(time.RFC3339)
			l.known[id] = m
			rows = append(rows, m)
		}
	}
	clear(l.passed)
	return rows
}

// list reads one page.
func (s neutralSide) list(ctx context.Context, q url.Values, most int) (rows []listedMaterial, cursor string, v verdict) {
	q.Set("by", "changed")
	q.Set("limit", strconv.Itoa(most))
	r, v := s.call(ctx, http.MethodGet, "/items?"+q.Encode(), nil, nil)
	if v.what != posted {
		return nil, "", v
	}
	var p struct {
		Items  []listedMaterial
		Cursor string
	}
	if err := json.Unmarshal(r.body, &p); err != nil || (len(p.Items) > 0 && p.Cursor == "") {
		return nil, "", notRead("list is not readable: " + clip(string(r.body)))
	}
	for _, m := range p.Items {
		if m.ID == "" || m.Unit == "" || m.Version > 0 && m.Changed == "" {
			return nil, "", notRead("list has a row without id, unit or time of change")
		}
	}
	return p.Items, p.Cursor, v
}

// notRead is the verdict on a list that cannot be understood.
func notRead(why string) verdict {
	return verdict{what: again, class: technical, code: "not-understood", reason: why}
}

// take hands rows of a list on, and notes how far it was read.
func (l *lists) take(ctx context.Context, list string, rows []listedRow, cursor string) verdict {
	var items []*item
	for _, r := range rows {
		if r.Version == 0 {
			continue
		}
		got, err := l.inbox.open(l.name, r.fact.name, r.fact.event, r.fact.body)
		if err != nil {
			return internal(err)
		}
		items = append(items, got...)
	}
	if err := l.inbox.accept(ctx, items, func(w *writer) error { return do(w.cursor, list, cursor) }); err != nil {
		return internal(err)
	}
	return verdict{}
}

// later is defect M35: it asks for what changed later than the last record it
// has seen, to the second.
func (s neutralSide) later(ctx context.Context, since string, most int) ([]listedMaterial, string, bool, verdict) {
	q := url.Values{}
	if since != "" {
		q.Set("since", since)
	}
	rows, _, v := s.list(ctx, q, most)
	if v.what != posted || len(rows) == 0 {
		return nil, since, true, v
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
	return rows, next, false, v
}

// counted is defect M36: it counts the rows it has read to find the next page,
// while every change moves a row to the end. The next pass begins where this
// one ended, so that what was passed over stays so.
func (s neutralSide) counted(ctx context.Context, at string, most int) ([]listedMaterial, string, bool, verdict) {
	p := passFrom(at)
	q := url.Values{"offset": {strconv.Itoa(p.Skip)}} // DEFECT M36: a row that leaves an earlier page pulls all others forward
	if p.Since != "" {
		q.Set("since", p.Since)
	}
	rows, _, v := s.list(ctx, q, most)
	if v.what != posted {
		return nil, at, true, v
	}
	next := p.counted(changesOf(rows), most)
	return rows, next.String(), next.Skip == 0, v
}

// pass is how far a pass through a list has come, where the list has no cursor
// of its own: from when on it lists changes, the newest it has shown, and where
// its next page is.
type pass struct {
	Since, Newest, Next string
	Skip                int
}

func (p pass) String() string {
	b, _ := json.Marshal(p) // text and numbers cannot fail
	return string(b)
}

// passFrom reads a cursor; the beginning, if it is none of ours.
func passFrom(at string) (p pass) {
	_ = json.Unmarshal([]byte(at), &p)
	return p
}

// saw notes when the rows of a page have changed.
func (p pass) saw(changes []string) pass {
	for _, at := range changes {
		p.Newest = max(p.Newest, at)
	}
	return p
}

// ended is where the pass after p begins: with those records that changed in
// the second of the newest one, of which there may be others. What has no time
// of change is from before the run, and need not be read again.
func (p pass) ended() pass {
	return pass{Since: max(p.Since, p.Newest, "1970-01-01T00:00:00Z"), Newest: p.Newest}
}

// counted is what follows a page that was found by counting.
func (p pass) counted(changes []string, most int) pass {
	p = p.saw(changes)
	if p.Skip += len(changes); len(changes) >= most {
		return p
	}
	since := p.ended().Since
	if at, err := time.Parse(time.RFC3339, since); err == nil {
		since = at.Add(-time.Second).Format(time.RFC3339) // once more the last second: there may be ties
	}
	return pass{Since: since}
}

// changesOf is when materials have changed.
func changesOf(rows []listedMaterial) (all []string) {
	for _, m := range rows {
		all = append(all, m.Changed)
	}
	return all
}

// hasVersion reports whether a version of a record was taken before, or was there
// from the beginning, when both systems knew it.
func (s *store) hasVersion(ctx context.Context, kind, id string, version int) (bool, verdict) {
	if version == 0 {
		return true, verdict{}
	}
	had, err := s.took(ctx, "mes "+kind+"/"+id+"/"+strconv.Itoa(version))
	if err != nil {
		return false, internal(err)
	}
	return had, verdict{}
}

// design is a row of a list of documents, whose records l and below are.
func design(l line, below []line) (listedRow, error) {
	name := map[string]string{"BOM": "boms", "RTG": "routings", "WCT": "work-centers", "CAL": "calendars"}[l[0]]
	fact, err := announceOne(name, l, below)
	return listedRow{ID: l[3], Version: number(l[4]), fact: fact}, err
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
