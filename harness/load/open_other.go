//go:build !linux

package load

import "context"

// open runs the workload with the timers of Go's runtime, which are what other
// systems have: sendings are late by up to a millisecond, and the result says
// by how much they were.
func (e *emitter) open(ctx context.Context) (by string, err error) {
	e.converse(ctx)
	return byTimers, nil
}

// closed runs a closed workload with a goroutine for each connection.
func (e *emitter) closed(ctx context.Context) error {
	e.converse(ctx)
	return nil
}
