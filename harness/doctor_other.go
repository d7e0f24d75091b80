//go:build !unix

package harness

import "errors"

var errNotTold = errors.New("this system does not tell")

func diskFree(string) (uint64, error) { return 0, errNotTold }

func fileLimit() (uint64, error) { return 0, errNotTold }
