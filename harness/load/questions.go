package load

// Questions of oracles, as the judge of a load answers them.
const (
	Answered Judged = "answered"  // over every confirmation of the load
	InPart   Judged = "in part"   // it says what is looked at, and what is not
	NotAsked Judged = "not asked" // scenarios and their oracles do that
)

// Judged says how far the judge of a load answers a question.
type Judged string

// A Question is that of an oracle of the catalog, and what becomes of it in a load.
type Question struct {
	Oracle string `json:"oracle"`
	Judged Judged `json:"judged"`
	How    string `json:"how"`          // where the result has the answer, or why there is none
	As     string `json:"as,omitempty"` // what is otherwise where the fast path does not serve the ERP
}

// Questions are those of all oracles, in the order of the catalog.
func Questions() []Question {
	return []Question{
		{"exactly-once", Answered, "lost, doubled; exceptions that the build reports count", "what is applied again is said by policy.dedupe of the dialect"},
		{"no-phantom", Answered, "invented: posted though it was never sent, or was refused by the build", ""},
		{"field-fidelity", InPart, "altered: order, operation, counter, work center, operator, quantities and units, lots, reasons, hours where they are stated, and whether it is the last; not the instant", "only what the dialect has fields for"},
		{"conservation", InPart, "each posting has the quantity that was sent, and is there once; nothing is added up, and no lot runs out", ""},
		{"no-posting-after-hold", NotAsked, "nothing is consumed of lots that a load holds, and nobody decides on them", ""},
		{"order-causality", NotAsked, "postings of an order may come in any sequence: they are sent side by side", ""},
		{"genealogy", InPart, "each consumption names the lot and the order that were sent (altered); no lots are made of them", "only what the dialect has fields for"},
		{"bounded-staleness", NotAsked, "orders and materials do not change; backlog and e2e say how old postings are", ""},
		{"throttle-compliance", NotAsked, "a fault 429 or 503 tells Retry-After; whether it is kept, nobody looks", ""},
		{"retry-discipline", InPart, "repeated counts postings under a known key, and a key that comes with something else is refused (key-reused); not how fast it repeats", "keys count where the dialect has them"},
		{"dead-letter", InPart, "what is reported to people instead of posted is counted and makes the load undecidable; not its class, nor how often it is told", ""},
		{"no-silent-drop", Answered, "lost: taken, and neither posted nor reported", ""},
		{"recovery", InPart, "backlog, drained in, and latency after the bands of faults, with thresholds such as drain < 30s; no bad messages are sent", ""},
		{"token-discipline", NotAsked, "who has no token of this run is refused and counted; tokens do not end", "tokens and sessions end as the policy says, and are refused then; how often they are asked for, nobody judges"},
		{"batch-items", InPart, "each row is judged by itself; no row is refused, so that no batch fails in part", ""},
		{"contract-conformance", InPart, "what is not byte for byte as sent is read by the dialect's strict decoder; what that refuses is counted as malformed; no contract documents are read", "every posting is read so"},
		{"time-semantics", NotAsked, "all confirmations bear the instant at which the run began, and it is not compared", ""},
		{"master-data", NotAsked, "no master data is announced", ""},
		{"cutover", NotAsked, "there is one way into the books", ""},
		{"convergence", NotAsked, "only the ERP has books, and they are the ledger of the load", ""},
		{"hygiene", InPart, "memory, processors, threads and descriptors of the build are told; growth of its memory is judged with --soak", ""},
		{"exercise", Answered, "a load that was not what was asked for is generator-limited, and a fault that struck nothing makes it undecidable", ""},
		{"secrets", NotAsked, "nobody looks where tokens turn up", ""},
		{"labor", NotAsked, "only confirmations that book nothing else state hours; they are compared (altered), and not added up", ""},
		{"oee", NotAsked, "no key figures are asked for", ""},
	}
}

// questions are those of a load of which postings are looked at.
func (c *Config) questions() []Question {
	if c.Listen == "" {
		return nil
	}
	all := Questions()
	for i, q := range all {
		if c.foreign() == nil || q.As == "" {
			all[i].As = ""
			continue
		}
		all[i].How, all[i].As = q.How+"; "+q.As, ""
	}
	return all
}
