// Package scenarios reads, plays out and judges scenarios: a timeline of plant
// activity, the faults beside it and what must hold.
//
// It knows names of faults and oracles but not the parts behind them, and it
// acts on nothing: a [Timeline] says what is due, the harness does it.
package scenarios
