package faults

import (
	"slices"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// All lists the faults, in the order people should meet them.
func All() []Info {
	list := slices.Concat(wire(), conns(), application(), brokers(), interfaces(), ofFiles(), ofTables(), data(), badData(), clocks(), processes(), packets())
	for i := range list {
		list[i].Settings = settings(list[i].New())
	}
	return list
}

func wire() []Info {
	return []Info{
		{
			Name: "lose", Layer: Wire, Reproducible: true, Attempts: 1, Requirements: []string{"FLT-01", "FLT-11", "FLT-12", "CTL-04"},
			Doc:       "a message vanishes on its way; nothing was done",
			Observed:  "connection reset, timeout or 502; nothing took effect",
			Tolerates: "every fact posted exactly once after retries, or surfaced",
			New:       func() chaos.Fault { return &Lose{Symptom: simulators.Reset} },
		}, {
			Name: "network-loss", Layer: Wire, Attempts: 0, Requirements: []string{"FLT-01", "CTL-05", "CTL-06"},
			Doc:       "a link is cut in both directions for a time",
			Observed:  "connections reset or hanging, then silence",
			Tolerates: "work goes on from the other side; backlog drained after the cut, each fact once",
			New:       func() chaos.Fault { return &NetworkLoss{Symptom: simulators.Reset} },
		}, {
			Name: "delay", Layer: Wire, Reproducible: true, Requirements: []string{"FLT-09", "FLT-10", "CTL-30"},
			Doc:       "a message is held for a fixed or a log-normal time",
			Observed:  "latency; beyond the SUT's timeout an unknown result",
			Tolerates: "no second posting of what arrives late",
			New:       func() chaos.Fault { return &Delay{For: Wall(200 * time.Millisecond)} },
		},
	}
}

func application() []Info {
	return []Info{
		{
			Name: "duplicate", Layer: Application, Reproducible: true, Attempts: 1, Requirements: []string{"FLT-02", "CTL-01"},
			Doc:       "a message arrives again, at once or later",
			Observed:  "the same message with the same id, concurrently or seconds later",
			Needs:     "of messages from the SUT: an endpoint that dedupes by key or natural key",
			Tolerates: "one effect for each fact",
			New:       func() chaos.Fault { return &Duplicate{Copies: 1} },
		}, {
			Name: "reorder", Layer: Application, Reproducible: true, Attempts: 1, Requirements: []string{"CTL-23", "FLT-09"},
			Doc:       "a message is held so that later ones arrive first",
			Observed:  "an older message after a newer one of the same entity, or of others",
			Needs:     "to let its own entity pass: an outbox that honours Release",
			Tolerates: "the final state is that of the right order",
			New: func() chaos.Fault {
				return &Reorder{Within: WithinEntity, For: Wall(500 * time.Millisecond)}
			},
		}, {
			Name: "ambiguous-commit", Layer: Application, Reproducible: true, Attempts: 1, Requirements: []string{"CTL-01", "CTL-04", "FLT-02"},
			Doc:       "acted upon, but the reply is lost",
			Observed:  "connection reset, timeout or 502; the effect exists",
			Tolerates: "exactly once where the endpoint offers a key, a unique business key or a lookup; otherwise what the SUT promised",
			New: func() chaos.Fault {
				return &AmbiguousCommit{Symptom: simulators.Reset, Latency: Wall(20 * time.Millisecond)}
			},
		}, {
			Name: "refuse-before-apply", Layer: Application, Reproducible: true, Attempts: 1, Requirements: []string{"CTL-04", "FLT-11", "FLT-12"},
			Doc:       "the twin of ambiguous-commit: the same symptom, nothing was done",
			Observed:  "connection reset, timeout or 502; no effect exists",
			Tolerates: "as ambiguous-commit, which it cannot be told from",
			New: func() chaos.Fault {
				return &RefuseBeforeApply{Symptom: simulators.Reset, Latency: Wall(20 * time.Millisecond)}
			},
		}, {
			Name: "throttle", Layer: Application, Reproducible: true, Requirements: []string{"FLT-04", "CTL-15"},
			Doc:       "429, for the first attempts or beyond a rate; what is a little too much may be held instead",
			Observed:  "429 with Retry-After in seconds, as HTTP date, missing, 0 or of days; or latency, and 429 only after that",
			Tolerates: "nothing lost, nothing sent before its time",
			New: func() chaos.Fault {
				return &Throttle{RetryAfter: simulators.RetrySeconds, After: Wall(time.Second), Attempts: 1, Per: PerAll}
			},
		}, {
			Name: "outage", Layer: Application, Requirements: []string{"FLT-06", "FLT-07", "CTL-04", "CTL-06", "CTL-12"},
			Doc:       "an endpoint is out of service for a time",
			Observed:  "503 with or without Retry-After, or 200 with an HTML page",
			Tolerates: "nothing lost, bounded retries, recovery in time",
			New: func() chaos.Fault {
				return &Outage{RetryAfter: simulators.RetrySeconds, After: Wall(time.Second), Page: PageNone}
			},
		}, {
			Name: "stale-token", Layer: Application, Reproducible: true, Requirements: []string{"CTL-16", "CTL-27", "EXC-07", "SYS-22"},
			Doc:       "endpoint and SUT disagree about a token or a right",
			Observed:  `401 with WWW-Authenticate: Bearer error="invalid_token"; a token that dies before its expires_in; 400 invalid_grant for a refresh token; 403`,
			Needs:     "an endpoint with auth: oauth2; for refresh-used a SUT that uses refresh tokens",
			Tolerates: "one new token, the request repeated, nothing lost or doubled; what is forbidden is reported once and not repeated",
			New:       func() chaos.Fault { return &StaleToken{Variant: TokenExpired, Attempts: 1} },
		}, {
			Name: "lying-success", Layer: Application, Reproducible: true, Requirements: []string{"EXC-01", "FLT-12", "CTL-11"},
			Doc:       "a posting is answered 200, with an error in the body; nothing was done",
			Observed:  "200 with the body of a refusal: a return table of errors, a SOAP fault, errors beside data",
			Tolerates: "the body decides: posted by a repetition, or surfaced once with the class it states",
			New:       func() chaos.Fault { return &LyingSuccess{Says: SaysLocked, Attempts: 1} },
		},
	}
}

func data() []Info {
	return []Info{
		{
			Name: "invalid-lot", Layer: Data, Reproducible: true, Requirements: []string{"FLT-03", "CTL-02", "CTL-10", "CTL-11"},
			Doc:       "a consumption names a lot that must not be used",
			Observed:  "422 however often it is sent; data quality",
			Needs:     "consumptions announced to the SUT; for expired, blocked and wrong-material a lot of that kind in the plant",
			Tolerates: "never posted, surfaced once as data quality, other facts flow",
			New:       func() chaos.Fault { return &InvalidLot{Variant: AnyVariant} },
		}, {
			Name: "delayed-approval", Layer: Data, Reproducible: true, Attempts: 1, Requirements: []string{"FLT-05", "CTL-23"},
			Doc:       "the decision on a held lot arrives late and is overtaken",
			Observed:  "a lot that stays on hold while later messages arrive",
			Needs:     "decisions announced to the SUT",
			Tolerates: "nothing posted for the lot while it is held, nothing given up before the decision",
			New:       func() chaos.Fault { return &DelayedApproval{For: Wall(3 * time.Second)} },
		},
	}
}
