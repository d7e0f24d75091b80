package bridge

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Defect names a planted mistake; empty is the sound bridge.
type Defect string

// The mistakes that can be planted, numbered as in the catalogue of the
// project. Each is one if at the place where a real integration gets it wrong;
// search for its number to find it.
const (
	M01  Defect = "M01"
	M02  Defect = "M02"
	M04  Defect = "M04"
	M05  Defect = "M05"
	M08  Defect = "M08"
	M09  Defect = "M09"
	M10  Defect = "M10"
	M11  Defect = "M11"
	M12  Defect = "M12"
	M13  Defect = "M13"
	M15  Defect = "M15"
	M16  Defect = "M16"
	M17  Defect = "M17"
	M18  Defect = "M18"
	M21  Defect = "M21"
	M22  Defect = "M22"
	M23  Defect = "M23"
	M24  Defect = "M24"
	M25  Defect = "M25"
	M27  Defect = "M27"
	M28  Defect = "M28"
	M31  Defect = "M31"
	M32  Defect = "M32"
	M35  Defect = "M35"
	M36  Defect = "M36"
	M38  Defect = "M38"
	M39  Defect = "M39"
	M40  Defect = "M40"
	M41  Defect = "M41"
	M43  Defect = "M43"
	M45  Defect = "M45"
	M46  Defect = "M46"
	M47  Defect = "M47"
	M49  Defect = "M49"
	M50  Defect = "M50"
	M52  Defect = "M52"
	M54  Defect = "M54"
	M55  Defect = "M55"
	M57  Defect = "M57"
	M59  Defect = "M59"
	M60  Defect = "M60"
	M65  Defect = "M65"
	M66  Defect = "M66"
	M62  Defect = "M62"
	M63  Defect = "M63"
	M101 Defect = "M101"
	M102 Defect = "M102"
	M103 Defect = "M103"
	M120 Defect = "M120"
	M121 Defect = "M121"
	M122 Defect = "M122"
	M123 Defect = "M123"
	M124 Defect = "M124"
	M143 Defect = "M143"
	M115 Defect = "M115"
	M116 Defect = "M116"
	M117 Defect = "M117"
	M118 Defect = "M118"
	M125 Defect = "M125"
	M126 Defect = "M126"
	M127 Defect = "M127"
	M128 Defect = "M128"
	M129 Defect = "M129"
	M134 Defect = "M134"
	M135 Defect = "M135"
	M140 Defect = "M140"
	M155 Defect = "M155"
	M141 Defect = "M141"
	M142 Defect = "M142"
	M144 Defect = "M144"
	M145 Defect = "M145"
	M110 Defect = "M110"
	M111 Defect = "M111"
	M112 Defect = "M112"
	M113 Defect = "M113"
	M114 Defect = "M114"
	M150 Defect = "M150"
	M151 Defect = "M151"
	M152 Defect = "M152"
	M130 Defect = "M130"
	M131 Defect = "M131"
	M132 Defect = "M132"
	M133 Defect = "M133"
	M156 Defect = "M156"
	M157 Defect = "M157"
	M170 Defect = "M170"
	M171 Defect = "M171"
	M172 Defect = "M172"
	M173 Defect = "M173"
	M174 Defect = "M174"
	M175 Defect = "M175"
	M176 Defect = "M176"
	M68  Defect = "M68"

	// Not in the catalogue, which has none that secrets and contracts would show.
	M71 Defect = "M71"
	M72 Defect = "M72"

	// Nor has it any of hours and of postings that stand for nothing.
	M81 Defect = "M81"
	M82 Defect = "M82"

	// Nor of plants that use what they have made.
	M83 Defect = "M83"
	M84 Defect = "M84"

	// Nor of a period that closes meanwhile.
	M85 Defect = "M85"

	// Nor of a broker that goes away.
	M86 Defect = "M86"

	// Nor any of what only a long life shows.
	M87 Defect = "M87"
	M95 Defect = "M95"
	M96 Defect = "M96"

	// Nor any of interfaces that change without notice.
	M88 Defect = "M88"
	M89 Defect = "M89"
	M90 Defect = "M90"
	M91 Defect = "M91"

	// Nor any of several versions at once.
	M92 Defect = "M92"
	M93 Defect = "M93"
)

// A DefectInfo describes a planted mistake to people and to the detection
// matrix.
type DefectInfo struct {
	ID      Defect
	Name    string
	Does    string   // what the bridge does wrong
	Needs   string   // the fault that brings it to light; "-" if plain traffic does
	Oracles []string // meant to blame it
}

// Defects returns the table of planted mistakes.
func Defects() []DefectInfo {
	return []DefectInfo{
		{M01, "no idempotency key", "posts without an Idempotency-Key, also when it repeats a posting whose reply it never heard", "ambiguous-commit", []string{"exactly-once", "retry-discipline"}},
		{M02, "key per attempt", "makes a new Idempotency-Key for every attempt", "ambiguous-commit", []string{"retry-discipline", "exactly-once"}},
		{M04, "key too coarse", "makes the key from order and resource only, and takes the refusal that follows for a repetition", "-", []string{"genealogy", "no-silent-drop", "retry-discipline"}},
		{M05, "memory of duplicates lost", "remembers in memory only what it took, and makes keys from a counter", "duplicate + kill-9", []string{"exactly-once"}},
		{M08, "answers before it stores", "acknowledges a message and stores it 150 ms later", "kill-9", []string{"no-silent-drop", "exactly-once"}},
		{M09, "no outbox", "forgets a message before it sends it", "kill-9", []string{"exactly-once", "no-silent-drop"}},
		{M10, "buffer not flushed", "collects messages in memory for 250 ms and leaves them there when it is stopped", "graceful-restart", []string{"no-silent-drop"}},
		{M11, "429 is fatal", "reports a throttled message as a business exception instead of repeating it", "throttle", []string{"dead-letter", "no-silent-drop"}},
		{M12, "Retry-After ignored", "comes back after its own backoff, whatever it was told", "throttle", []string{"throttle-compliance"}},
		{M13, "Retry-After half read", "honours Retry-After on 429 only, and only in seconds", "outage", []string{"throttle-compliance"}},
		{M15, "retries at once, without end", "repeats without pause and without limit", "outage", []string{"retry-discipline"}},
		{M16, "retries what is refused", "repeats messages that were refused for good, for ever, and never reports them", "invalid-lot", []string{"retry-discipline", "recovery"}},
		{M17, "poison blocks the queue", "keeps one queue for everything and retries its head for ever", "invalid-lot", []string{"recovery"}},
		{M18, "exception only logged", "logs a refusal and forgets the message", "invalid-lot", []string{"no-silent-drop", "dead-letter"}},
		{M21, "replay from the dead-letter queue", "keeps a partly posted batch as a whole among the dead letters and posts all of it again a moment later, under new keys", "invalid-lot in a batch", []string{"exactly-once", "batch-items", "dead-letter"}},
		{M22, "partial success taken for success", "reads 207 as: every row was posted", "invalid-lot in a batch", []string{"batch-items", "no-silent-drop"}},
		{M23, "whole batch sent again", "sends all rows of a partly posted batch again, under a new key", "invalid-lot in a batch", []string{"batch-items", "exactly-once"}},
		{M24, "soft failure ignored", "takes every status 2xx for success, whatever the body says", "lying-success", []string{"no-silent-drop"}},
		{M25, "no affinity", "posts the messages of one order side by side", "delay", []string{"order-causality"}},
		{M27, "last arrival wins", "forwards an order change that a newer one has overtaken", "reorder", []string{"order-causality"}},
		{M28, "hold of a finished order dropped", "ignores a hold whose order it does not know as open", "hold after completion", []string{"no-posting-after-hold", "no-silent-drop"}},
		{M31, "late approval is a rejection", "waits 250 ms for a quality decision, then drops what waits for it, and the decision when it comes", "delayed-approval", []string{"no-silent-drop", "dead-letter"}},
		{M32, "local time without offset", "keeps times as the plant's clock shows them, without the offset", "the night in which the clocks are put back", []string{"time-semantics", "field-fidelity"}},
		{M35, "ties skipped", "pages through the ERP's list of materials by time of change, to the second, and asks for what is later than the last", "records that change at the same time, across two pages; rig lists.yaml or lists-b2mml.yaml", []string{"master-data"}},
		{M36, "offset paging", "pages through what has changed since the last cycle by counting rows, while changes move rows to the end", "pagination removed; rig lists.yaml or lists-b2mml.yaml", []string{"master-data"}},
		{M38, "retirements not synced", "does not pass on that a material was taken out of use", "a material that is retired in the run", []string{"master-data", "no-silent-drop"}},
		{M39, "quantities as floats", "reads quantities as floating point and cuts them to two decimals", "fine quantities", []string{"field-fidelity", "conservation"}},
		{M40, "point for a thousands separator", "reads the decimal point of a quantity as a separator of thousands", "quantities with decimals", []string{"field-fidelity", "conservation"}},
		{M41, "factor upside down", "divides by the unit factor instead of multiplying", "alternative units", []string{"field-fidelity", "conservation"}},
		{M43, "leading zeros trimmed", "strips leading zeros from material and lot numbers", "numbers with leading zeros", []string{"field-fidelity", "dead-letter"}},
		{M45, "codes cut off", "cuts material and lot numbers to 18 characters", "long codes", []string{"field-fidelity", "dead-letter"}},
		{M46, "encoding broken", "takes UTF-8 for Latin-1 in material and lot numbers", "numbers with umlauts", []string{"field-fidelity", "dead-letter"}},
		{M47, "scrap booked as good", "adds the scrap of a confirmation to its yield", "scrap", []string{"field-fidelity", "conservation"}},
		{M49, "backflush and explicit", "posts the components of an operation once as they were issued, and once more when the operation is finally confirmed", "-", []string{"conservation", "exactly-once"}},
		{M50, "rework left out", "takes rework for the shop floor's own business and does not forward it", "rework", []string{"genealogy", "no-silent-drop"}},
		{M52, "counters only grow", "takes the difference of two machine counts as it is, so that a counter that rolls over or is reset makes billions of pieces", "machine counters; rig machines.yaml", []string{"conservation"}},
		{M54, "bad quality ignored", "uses the values of machines whatever they say of how good these are", "bad-quality", []string{"exactly-once", "conservation"}},
		{M55, "second delivery counted", "takes what a broker delivers again, over MQTT at QoS 1 or JetStream, for another message", "ack-lost; rig mqtt.yaml or nats.yaml", []string{"exactly-once", "conservation"}},
		{M57, "token race", "every worker renews the token by itself, and a message that meets 401 is lost", "stale-token", []string{"no-silent-drop", "token-discipline"}},
		{M59, "expiry at the day's edge", "asks until when a lot is good and compares days, in UTC, so that it refuses the lot in the last hours before it expires", "lots that expire at midnight of the run", []string{"dead-letter", "time-semantics"}},
		{M60, "revision cached", "reads the revision of a product with its first order and keeps it for ever", "a revision that changes in the run", []string{"field-fidelity", "bounded-staleness"}},
		{M65, "two instances", "does not ask whether another instance works with the same store, and names its own in its keys", "scale-out", []string{"exactly-once"}},
		{M66, "both routes", "hands what is still under way at a cutover to the new route as well, under keys of its own", "outage over a cutover", []string{"cutover"}},
		{M62, "file read too early", "takes whatever lines of a file are there, and does not miss its trailer", "file-partial; gate --erp files/v1", []string{"no-silent-drop", "conservation", "field-fidelity"}},
		{M63, "file read again", "takes a file that it could not remove for a new one in the next round", "file-undeletable; gate --erp files/v1", []string{"exactly-once"}},
		{M170, "comma for thousands", "takes the decimal comma of a file for what stands between thousands, so that 40,125 becomes 40125", "-; rig files-fixed.yaml", []string{"field-fidelity"}},
		{M171, "part for the whole", "takes an extract that has no trailer for all there is, and retires the materials that it lacks", "file-partial; gate --erp files/v1", []string{"no-phantom"}},
		{M172, "closed is whole", "takes a load of which the closing row is there for all there is, whatever number of rows that counts, and retires the materials that it lacks", "row-late; gate --erp staging/v1", []string{"no-phantom"}},
		{M173, "what is gone stays", "takes an extract of all materials for a heap of changes, and keeps in use what is not in it any more", "-; rig extracts.yaml", []string{"no-silent-drop", "master-data"}},
		{M176, "part of a batch for the whole", "takes each document of a first load for all there is, since it reads no batch fields, and retires the materials that are in the others", "-; rig ion-load.yaml", []string{"no-phantom", "master-data"}},
		{M68, "connection leak", "never closes the connection of a request that timed out, and has room for six", "stalls", []string{"recovery", "hygiene", "no-silent-drop"}},
		{M71, "token in the report", "quotes the request with its access token when it reports an exception", "invalid-lot", []string{"secrets"}},
		{M72, "decimal comma", "writes quantities with a decimal comma", "quantities with decimals", []string{"contract-conformance", "field-fidelity"}},
		{M81, "hours from the clock", "books the time between start and end of a confirmation instead of the hours worked", "times as people type them", []string{"labor"}},
		{M82, "default confirmation", "confirms what is received once more, with default values, so that the order looks complete", "-", []string{"no-phantom"}},
		{M83, "own lots left out", "does not post the issue of lots that the plant has made itself: they never left the house", "a plant of two levels", []string{"genealogy", "no-silent-drop"}},
		{M84, "oldest lot instead of the scanned one", "posts the issue of lots that the plant has made itself from the oldest lot of their material", "a plant of two levels", []string{"genealogy", "field-fidelity"}},
		{M85, "dated anew", "posts what is refused for its period once more, dated into the open one, and tells nobody", "a period that closes over a backlog", []string{"time-semantics"}},
		{M86, "gone with the broker", "does not connect again when the event broker has closed its connection", "broker-restart or slow-consumer; rig nats.yaml", []string{"no-silent-drop"}},
		{M87, "log opened anew", "opens its log anew four times a second and leaves the old one open", "half a minute; rig bounded.yaml", []string{"hygiene"}},
		{M88, "field renamed", "writes the day of a posting under another name", "-; rig contracts.yaml", []string{"contract-conformance", "field-fidelity"}},
		{M89, "new value", "calls a segment that runs in process", "-; rig contracts.yaml", []string{"contract-conformance"}},
		{M90, "null", "writes null for the identity of a message", "-; rig contracts.yaml", []string{"contract-conformance"}},
		{M91, "version not told", "does not say by which version of the interface it posts", "-; rig contracts.yaml", []string{"contract-conformance"}},
		{M92, "keys by version", "makes the Idempotency-Key from the version of the interface too, so that the next build posts anew what the build before may have posted", "sut-upgrade to a build that posts by another version; rig versions.yaml", []string{"exactly-once", "retry-discipline"}},
		{M93, "unknown word thrown away", "logs and forgets a message that the other side could not read, instead of parking it for a person", "schema-drift; rig versions.yaml", []string{"no-silent-drop"}},
		{M95, "any certificate will do", "does not verify who it talks to", "tls-expired, tls-wrong-host or tls-unknown-ca; rig secured.yaml", []string{"secrets"}},
		{M96, "unknown host is final", "reports a message as a business exception when the endpoint's name cannot be resolved, instead of repeating it", "dns-nxdomain; rig secured.yaml", []string{"dead-letter"}},
		{M101, "status is the answer", "takes a status of success for a posting, whatever the ConfirmBOD in the body says", "rows that are refused; gate --erp b2mml-xml/v7", []string{"no-silent-drop"}},
		{M102, "new identity on retry", "gives a BOD a new BODID in every attempt, and does not ask what became of the one before", "lost replies; gate --erp b2mml-xml/v7", []string{"exactly-once", "retry-discipline"}},
		{M103, "first entry speaks for all", "reads of a ConfirmBOD what it says of the first row, and takes it for all", "batches of which a row is refused; gate --erp b2mml-xml/v7", []string{"batch-items", "dead-letter"}},
		{M120, "queued is posted", "takes the 200 of the message service for a posting, and never asks what became of the message", "messages that fail; gate --erp d365/v1", []string{"no-silent-drop"}},
		{M121, "sent again in doubt", "sends a message again whose answer it never heard, without a look at the list of messages", "lost replies; gate --erp d365/v1", []string{"exactly-once"}},
		{M122, "quantity left to the default", "leaves out the good quantity of a report as finished, which books all that the order still lacks", "-; gate --erp d365/v1", []string{"field-fidelity", "conservation"}},
		{M123, "own company only", "reads the order of a business event without cross-company=true, and takes the empty list for an order that has gone", "-; gate --erp d365/v1", []string{"no-silent-drop"}},
		{M124, "control number is an order", "takes a business event whose control number is not above all it has seen for one that it has had, whichever order it is about", "events that overtake each other; gate --erp d365/v1", []string{"no-silent-drop"}},
		{M143, "requeued stays open", "leaves the exception open when a person has put the failed message back into the queue and it was processed", "requeue in EXC-03; gate --erp d365/v1", []string{"dead-letter"}},
		{M115, "taken over is posted", "takes ION's 202 for a posting, and does not wait for the Acknowledge", "rows that are refused; gate --erp infor-ion/v3", []string{"no-silent-drop", "dead-letter"}},
		{M116, "rejected is rejected", "reports as an exception that what it sent again was rejected as already posted", "lost replies; gate --erp infor-ion/v3", []string{"dead-letter"}},
		{M117, "no news is good news", "takes a posting for done when no Acknowledge has come in time", "async-accept that forgets; gate --erp infor-ion/v3", []string{"no-silent-drop"}},
		{M118, "a token for every message", "asks the gateway for a new token before each message", "-; gate --erp infor-ion/v3", []string{"token-discipline"}},
		{M157, "ConfirmBODs left to the desk", "reads no ConfirmBOD and sends none, so that who sent a document on the bus is never told that it could not be posted", "rows that are refused; rig ion-bus.yaml", []string{"no-silent-drop", "dead-letter"}},
		{M156, "entity of the sender", "hands documents on on the bus with the accounting entity that they came with, of which the other system is none", "-; rig ion-bus.yaml", []string{"no-silent-drop"}},
		{M125, "cursor past a gap", "reads a table from the highest id it has seen, and marks as taken whatever is committed below it later", "row-late; gate --erp staging/v1", []string{"no-silent-drop"}},
		{M126, "pending is posted", "takes response_code 202, which says that a row is being processed, for a success", "rows that are refused; gate --erp staging/v1", []string{"no-silent-drop"}},
		{M127, "locked is lost", "drops what it cannot insert because somebody else's transaction is in the way", "table-locked; gate --erp staging/v1", []string{"no-silent-drop"}},
		{M128, "processed is posted", "takes a row that has been processed for one that was posted, whatever its response_code says", "rows that are refused; gate --erp staging/v1", []string{"no-silent-drop"}},
		{M129, "first row speaks for its group", "reads the response of the first row of a group, and takes it for all", "groups of which a row is refused; gate --erp staging/v1", []string{"batch-items", "dead-letter"}},
		{M134, "first page is all", "reads the first page of a list and does not go on to the next", "lists of more than a page; rig lists-sap.yaml, lists-b2mml.yaml or lists-d365.yaml", []string{"master-data"}},
		{M135, "delta for a full list", "takes a list of what has changed for the full list, and retires what it lacks", "changes of materials at different times; rig lists-sap.yaml or lists-b2mml.yaml", []string{"no-phantom"}},
		{M150, "short page is the last", "takes a page with fewer rows than it asked for, or reckons with, to be the last of a list", "pages that are cut off, pagination short; rig lists-d365.yaml, lists-b2mml.yaml or lists-sap.yaml", []string{"master-data"}},
		{M151, "what was not read is gone", "takes a list of which a page could not be read for the full list, and retires what it lacks", "throttle in the middle of a list; rig lists-d365.yaml", []string{"no-phantom"}},
		{M140, "unheard is undone", "reports as not posted what it has committed, when the connection breaks before the database says so", "commit-unheard; gate --erp staging/v1 with the tables in PostgreSQL", []string{"dead-letter"}},
		{M155, "half a document", "takes a bill of material, a routing, a work center or a calendar with the lines that are there now, however many it says that it has", "rows-apart; gate --erp staging/v1", []string{"field-fidelity"}},
		{M141, "one counter for all", "keeps one version of each material, and takes a change of its bill of material or routing for one that it has had if another of its documents was at that version", "changes of a material, its bill of material and its routing", []string{"no-silent-drop", "master-data"}},
		{M142, "always for one piece", "passes a bill of material on as for one piece, whatever quantity it is for", "bills of material for a hundred pieces", []string{"field-fidelity"}},
		{M144, "full extract once", "takes of each record of master data what it reads first, as from a full extract, and passes over what is announced of it later", "changes of master data after it was published", []string{"no-silent-drop", "master-data"}},
		{M145, "weeks begin on Monday", "counts the days of a calendar from Monday where they are counted from Sunday, so that each shift is a day late", "changes of a calendar", []string{"field-fidelity"}},
		{M110, "event read once", "takes an order that an event names and that cannot be read yet for one that does not exist, and what it reads for what the event meant", "-; gate --erp sap-s4/v2", []string{"no-silent-drop"}},
		{M111, "no look before the repetition", "sends again what was not answered, without asking by its reference whether it was posted", "lost replies; gate --erp sap-s4/v2", []string{"exactly-once", "retry-discipline"}},
		{M112, "lock taken for a refusal", "reports a posting as a business exception that met a locked order, since the status is 400 as of everything refused", "postings side by side; gate --erp sap-s4/v2", []string{"dead-letter"}},
		{M113, "reference cut off", "writes the first sixteen characters of a reference where there is room for no more, so that it finds another's document for its own", "lost replies; gate --erp sap-s4/v2", []string{"no-silent-drop", "genealogy"}},
		{M114, "202 of a batch", "takes the status of a $batch for that of what it held", "batches of which a row is refused; gate --erp sap-s4/v2", []string{"batch-items", "no-silent-drop"}},
		{M152, "worklist unread", "takes 202 for a posting, and never looks into the worklist of those that could not be booked", "postings that the ERP accepts and cannot book; gate --erp sap-s4/v2", []string{"dead-letter"}},
		{M174, "call for its outcome", "takes the 200 of a function call for a posting, though a row of its answer says that nothing was done", "confirmations that are refused; rig sap-rfc.yaml", []string{"no-silent-drop", "dead-letter"}},
		{M175, "every clock is in UTC", "takes the dates and times of an IDoc for UTC, whatever the zone of the system that wrote it", "orders; rig sap-idoc.yaml", []string{"time-semantics"}},
		{M130, "reversed twice", "looks anew for the last document of the order that stands when a reversal was not answered, and reverses that one as well", "lost replies to reversals", []string{"exactly-once", "no-phantom"}},
		{M131, "minus instead of a reversal", "posts what is taken back once more with a negative quantity, and names no document", "reversals", []string{"dead-letter", "contract-conformance"}},
		{M132, "reversals left out", "does not post that a report is taken back", "reversals", []string{"no-silent-drop"}},
		{M133, "last document reversed", "reverses the last document of the order instead of the one that was wrong", "reversals", []string{"field-fidelity", "no-phantom"}},
	}
}

// ERP is the dialect of the ERP at which the defect shows; "" if it does at any.
func (d Defect) ERP() string {
	switch d {
	case M62, M63, M170, M171, M173:
		return dialectFiles
	case M101, M102, M103:
		return dialectB2MML
	case M120, M121, M122, M123, M124, M143, M151:
		return dialectD365
	case M115, M116, M117, M118, M176:
		return dialectION3
	case M125, M126, M127, M128, M129, M140, M155, M172:
		return dialectStaging
	case M110, M111, M112, M113, M114, M152, M174, M175:
		return dialectSAP
	}
	return ""
}

// ParseDefect reads the number of a planted mistake; "" is the sound bridge.
func ParseDefect(s string) (Defect, error) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if s == "" {
		return "", nil
	}
	for _, d := range Defects() {
		if string(d.ID) == s {
			return d.ID, nil
		}
	}
	for _, a := range NotPlanted() {
		if string(a.ID) == s {
			return "", fmt.Errorf("defect %s is in the catalogue and cannot be planted here: %s", s, a.Why)
		}
	}
	return "", fmt.Errorf("defect %q is not planted here; `bridge --list-defects` prints those that are", s)
}

// listDefects prints the table.
func listDefects(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tNAME\tWHAT IT DOES\tNEEDS\tORACLES")
	for _, d := range Defects() {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", d.ID, d.Name, d.Does, d.Needs, strings.Join(d.Oracles, ", "))
	}
	return t.Flush()
}
