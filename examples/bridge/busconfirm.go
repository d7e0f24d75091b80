package bridge

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// This file is about what cannot be processed on the bus. There is no worklist there:
// who sent a document is told by a ConfirmBOD which of its nouns could not be posted,
// and why. The other way round, a ConfirmBOD is all that we hear of a Sync that was
// handed on and could not be processed; of a Process the Acknowledge says the same.

// toDefault leaves it to ION whom a document is for.
const toDefault = "lid://default"

// ionParameters are what ION says of a document beside it.
type ionParameters struct{ DocumentName, MessageID, FromLogicalID, AccountingEntity string }

// An origin is the document by which a fact came.
type origin struct {
	From    string `json:"from"` // logical ID of its sender
	Entity  string `json:"entity"`
	BODID   string `json:"bodid"`
	Message string `json:"message"`
}

// originOf reads from the body of an item on the bus by which document it came; nil
// if it says nothing of that, as others do.
func originOf(body []byte) *origin {
	if !bytes.HasPrefix(body, []byte("<Noun ")) {
		return nil
	}
	kept, err := readXML(body)
	if err != nil || kept.attr("from") == "" {
		return nil
	}
	return &origin{kept.attr("from"), kept.attr("entity"), kept.attr("bodid"), kept.attr("message")}
}

// confirm tells who sent it what could not be posted, until ION has it.
func (t *teller) confirm(ctx context.Context, seq int64, text string) verdict {
	var r report
	err := json.Unmarshal([]byte(text), &r)
	if err != nil || r.Origin == nil {
		t.log.Error("nobody on the bus can be told", "exception", text)
		return t.heard(seq)
	}
	if t.bus.defect == M157 { // DEFECT M157: the people at the desk will see
		return t.heard(seq)
	}
	if left := t.outbox.paused(); left > 0 {
		return verdict{what: again, after: left, reason: "ION has asked for patience"}
	}
	v := t.bus.confirm(ctx, digest(fmt.Sprintf("exception %d %s", seq, text)), r)
	t.outbox.heard(v)
	if v.what != posted {
		v.what = again // a report is never given up
		return v
	}
	return t.heard(seq)
}

// confirm sends the ConfirmBOD to a document. It has the same identity in each
// attempt.
func (s *ionSide) confirm(ctx context.Context, id string, r report) verdict {
	if v := s.admit(ctx); v.what != posted {
		return v
	}
	h := ionHead{s.tenant, s.entity, s.from, id}
	media, body := s.form("Confirm.BOD", s.from+":"+id, r.Origin.From, r.Origin.Entity, ionID{id, 1}, confirmBOD(h, r))
	reply, v := s.call(ctx, http.MethodPost, "/"+s.version+"/multipartMessage", http.Header{"Content-Type": {media}, "X-Tenantid": {s.tenant}}, body)
	if reply.err == nil && reply.status/100 == 2 {
		return verdict{}
	}
	v.what = again
	return v
}

// confirmBOD writes a ConfirmBOD: of which document, which of its nouns, and why.
func confirmBOD(h ionHead, r report) []byte {
	area := fmt.Sprintf("<OriginalApplicationArea><BODID>%s</BODID><MessageID>%s</MessageID></OriginalApplicationArea>", escaped(r.Origin.BODID), escaped(r.Origin.Message))
	code, text, found := strings.Cut(r.Reason, ": ")
	if !found {
		code, text = "", r.Reason
	}
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<ConfirmBOD xmlns="%s" releaseID="%s"><ApplicationArea><Sender><LogicalID>%s</LogicalID><ConfirmationCode>Never</ConfirmationCode></Sender>`+
		`<CreationDateTime>%s</CreationDateTime><BODID>%s</BODID></ApplicationArea><DataArea><Confirm><TenantID>%s</TenantID>%s</Confirm><BOD>%s<BODFailureMessage><NounFailureMessage><DocumentID><ID>%s</ID></DocumentID>`+
		`<ErrorProcessMessage><Description>%s</Description><Type>%s</Type><ReasonCode>%s</ReasonCode></ErrorProcessMessage></NounFailureMessage></BODFailureMessage></BOD></DataArea></ConfirmBOD>`,
		ionSpace, ionRelease, escaped(h.from), time.Now().Format(time.RFC3339), ionID{h.id, 1}.of(h, "BOD", "Confirm"), escaped(h.tenant), area, area, escaped(r.Reference),
		escaped(text), escaped(r.Class), escaped(strings.ToUpper(strings.ReplaceAll(code, "-", "_"))))
}

// syncs are documents that were handed on in a Sync, by their message ID.
type syncs struct {
	mu   sync.Mutex // guards sent
	sent map[string]synced
}

type synced struct {
	facts   []facts
	origins []*origin
	at      time.Time
}

// mostSyncs is how many are kept before those are forgotten of which no ConfirmBOD
// has come in a long time.
const mostSyncs = 4096

func (s *syncs) note(message string, u unit) {
	n := synced{at: time.Now()}
	for _, it := range u {
		n.facts, n.origins = append(n.facts, it.facts), append(n.origins, originOf(it.body))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sent) >= mostSyncs {
		for id, old := range s.sent {
			if time.Since(old.at) > ackKept {
				delete(s.sent, id)
			}
		}
	}
	s.sent[message] = n
}

// take gives what was handed on in a message to the first who asks.
func (s *syncs) take(message string) (synced, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, known := s.sent[message]
	delete(s.sent, message)
	return n, known
}

func (s *syncs) put(message string, n synced) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent[message] = n
}

// confirmed reports what could not be processed of a Sync. What a newer version has
// overtaken, or was there before, needs nobody.
func (s *ionSide) confirmed(in *inbox, bod *element) error {
	if s.defect == M157 { // DEFECT M157: the Acknowledge would have said so
		return nil
	}
	message := ""
	for _, area := range bod.all("OriginalApplicationArea") {
		message = cmp.Or(message, area.said("MessageID"))
	}
	n, known := s.syncs.take(message)
	if !known {
		return nil // it came twice, or the Acknowledge says the same
	}
	code, text := bod.saidAnywhere("ReasonCode"), bod.saidAnywhere("Description")
	if code == "VERSION_OVERTAKEN" || code == "ALREADY_POSTED" {
		return nil
	}
	v := verdict{class: cmp.Or(ionClasses[code], dataQuality), code: strings.ToLower(strings.ReplaceAll(code, "_", "-")), reason: text}
	err := in.store.commit(func(w *writer) error {
		for i, f := range n.facts {
			r := newReport(f, v)
			r.Origin = n.origins[i]
			if err := w.report(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.syncs.put(message, n)
		return err
	}
	in.teller.poke()
	return nil
}
