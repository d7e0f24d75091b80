// Package load answers how many confirmations per second an integration build
// sustains, end to end, without losing or doubling one.
//
// It is the same house at another pace: a MES that announces confirmations and
// an ERP that takes the postings, whose hot paths allocate nothing and keep 16
// bytes per confirmation, until it is settled, instead of records. What makes that possible is that a
// run is a pure function: the n-th confirmation, its key and the moment it is
// due follow from the plan and n, so that whoever meets a key knows n, and
// whoever knows n knows all the rest.
//
//   - a [Shape] says when the n-th confirmation is due;
//   - [Keys] carry n inside the idempotency key;
//   - a [Wording] words the n-th fact of a [Story] by patching prepared bytes;
//   - emitters send it, each latency counting from when it was due;
//   - an [ERP] takes the postings and marks them in a [Ledger], an array by n;
//   - a [Journal] keeps 24 bytes of evidence for each sending and each posting;
//   - [Judge] reads nothing but the journal: lost, doubled, altered, invented.
//
// What is said is a [Story]: a plant that was played ahead. Trouble on the ways and
// at the ERP is that of [Fault]; it knows nothing of scenarios and oracles.
package load
