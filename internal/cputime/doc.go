// Package cputime tells how much processor time this process has taken.
//
// It knows nothing of what is measured.
package cputime
