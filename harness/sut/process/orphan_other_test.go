//go:build !linux

package process_test

// rigRole plays a rig where a killed one takes its SUT along: on Linux.
func rigRole() {}
