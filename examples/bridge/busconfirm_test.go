package bridge

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// busWorld is a bridge between two systems on one bus. Whatever it posts there is
// kept, and what can be refused is.
type busWorld struct {
	*ionWorld
	mu   sync.Mutex // guards got
	got  []ionSaid
	bods []*element
}

func newBusWorld(w *world) *busWorld {
	b := &busWorld{ionWorld: newIONWorld(w, "v3")}
	w.config.MESDialect, w.config.MES, w.config.MESEntity = dialectION3, Endpoint{}, "MES10"
	b.bus = b.takes
	return b
}

// takes refuses what it is sent: a Process by an Acknowledge, a Sync by a ConfirmBOD.
func (b *busWorld) takes(said ionSaid, bod *element) {
	b.mu.Lock()
	b.got, b.bods = append(b.got, said), append(b.bods, bod)
	b.mu.Unlock()
	area := "<OriginalApplicationArea><MessageID>" + said.MessageID + "</MessageID></OriginalApplicationArea>"
	switch verb, noun, _ := strings.Cut(said.DocumentName, "."); verb {
	case "Process":
		b.push("Acknowledge."+noun, fmt.Sprintf(`<Acknowledge%s xmlns="%s" releaseID="9.2"><DataArea><Acknowledge>%s<ResponseCriteria><ResponseExpression actionCode="Rejected"/><ChangeStatus><ReasonCode>LOT_EXPIRED</ReasonCode></ChangeStatus></ResponseCriteria></Acknowledge></DataArea></Acknowledge%s>`, noun, ionSpace, area, noun))
	case "Sync":
		code := "ORDER_UNKNOWN"
		if strings.Contains(bod.saidAnywhere("OrderQuantity"), "7") {
			code = "VERSION_OVERTAKEN"
		}
		b.push("Confirm.BOD", fmt.Sprintf(`<ConfirmBOD xmlns="%s" releaseID="9.2"><DataArea><Confirm>%s</Confirm><BOD>%s<BODFailureMessage><ErrorProcessMessage><Description>no such order</Description><ReasonCode>%s</ReasonCode></ErrorProcessMessage></BODFailureMessage></BOD></DataArea></ConfirmBOD>`, ionSpace, area, area, code))
	}
}

// said are the documents of a name that came.
func (b *busWorld) said(document string) (all []ionSaid, bods []*element) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for n, s := range b.got {
		if s.DocumentName == document {
			all, bods = append(all, s), append(bods, b.bods[n])
		}
	}
	return all, bods
}

// fromMES and fromERP push a document of one of the systems.
func (b *busWorld) fromMES(document, bod string) {
	b.pushAs(fmt.Sprintf(`{"documentName":%q,"messageId":"lid://m:7","fromLogicalId":"lid://m","accountingEntity":"MES10"}`, document), bod)
}

func (b *busWorld) fromERP(document, bod string) {
	b.pushAs(fmt.Sprintf(`{"documentName":%q,"messageId":"lid://e:7","fromLogicalId":"lid://e","accountingEntity":"PLANT10"}`, document), bod)
}

// busRefused are an issue of the MES that the ERP refuses, and a change of the ERP
// that the MES does: who sent each is told.
func busRefused(w *world) (complaints []string) {
	b := newBusWorld(w)
	w.start()
	b.fromMES("Process.InventoryAdjustment", busDocument("Process", "InventoryAdjustment", "Add", busIssue))
	b.fromERP("Sync.ProductionOrder", busDocument("Sync", "ProductionOrder", "Replace", busChange))
	patience := 10 * time.Second
	if w.config.Defect != "" {
		patience = 2 * time.Second
	}
	w.until(patience, func() bool { all, _ := b.said("Confirm.BOD"); return len(all) >= 2 })
	told := map[string]string{}
	all, bods := b.said("Confirm.BOD")
	for n, s := range all {
		told[bods[n].saidAnywhere("ReasonCode")] += s.ToLogicalID + " " + s.AccountingEntity + " " + bods[n].saidAnywhere("DocumentID") + " " + bods[n].saidAnywhere("Type") + " " + bods[n].saidAnywhere("MessageID")
	}
	for code, want := range map[string]string{
		"LOT_EXPIRED":   "lid://m MES10 consumption/4711/0010/L-1/1 data-quality lid://m:7",
		"ORDER_UNKNOWN": "lid://e PLANT10 order-changed/4711/3 data-quality lid://e:7",
	} {
		if told[code] != want {
			complaints = append(complaints, fmt.Sprintf("lost %s: %q, want %q", code, told[code], want))
		}
	}
	return complaints
}

// busEntities are documents for systems of two accounting entities.
func busEntities(w *world) (complaints []string) {
	b := newBusWorld(w)
	w.start()
	b.fromMES("Process.InventoryHold", busDocument("Process", "InventoryHold", "Add", busHold))
	b.fromERP("Sync.ProductionOrder", busDocument("Sync", "ProductionOrder", "Replace", strings.Replace(busChange, ">240<", ">247<", 1)))
	w.must("both documents", func() bool {
		holds, _ := b.said("Process.InventoryHold")
		orders, _ := b.said("Sync.ProductionOrder")
		return len(holds) > 0 && len(orders) > 0
	})
	for document, want := range map[string]string{"Process.InventoryHold": "PLANT10", "Sync.ProductionOrder": "MES10"} {
		all, bods := b.said(document)
		if got := all[0].AccountingEntity + " " + bods[0].saidAnywhere("AccountingEntityID"); got != want+" "+want {
			complaints = append(complaints, fmt.Sprintf("entity of %s: %s, want %s", document, got, want))
		}
	}
	return complaints
}

// TestBusNeedsNobodyForWhatWasOvertaken: a ConfirmBOD to a version that a newer one
// has overtaken is no case for a person.
func TestBusNeedsNobodyForWhatWasOvertaken(t *testing.T) {
	w := newWorld(t, "")
	b := newBusWorld(w)
	w.start()
	b.fromERP("Sync.ProductionOrder", busDocument("Sync", "ProductionOrder", "Replace", strings.Replace(busChange, ">240<", ">247<", 1)))
	w.must("the order", func() bool { all, _ := b.said("Sync.ProductionOrder"); return len(all) > 0 })
	b.fromERP("Sync.ProductionOrder", strings.NewReplacer("47:11", "48", "4711", "48").Replace(busDocument("Sync", "ProductionOrder", "Replace", busChange)))
	w.must("a ConfirmBOD to the other", func() bool { all, _ := b.said("Confirm.BOD"); return len(all) > 0 })
	if all, bods := b.said("Confirm.BOD"); len(all) != 1 || bods[0].saidAnywhere("DocumentID") != "order-changed/48/3" {
		t.Errorf("told %d times, first of %s", len(all), bods[0].saidAnywhere("DocumentID"))
	}
}
