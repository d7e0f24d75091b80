package http1

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkRequests reads what a build forwards: one request like the next but
// for its keys and the length of its body.
func BenchmarkRequests(b *testing.B) {
	var all [64][]byte
	for i := range all {
		key, body := fmt.Sprintf("deadbeef-dead-8eef-adbe-%012x", i), strings.Repeat("x", 960+i)
		all[i] = []byte(strings.Replace(pump(key, key), "Length: 2\r\n\r\nok", fmt.Sprintf("Length: %d\r\n\r\n%s", len(body), body), 1))
	}
	var r Request
	for i := 0; b.Loop(); i++ {
		if n, err := r.Read(all[i%len(all)]); n != len(all[i%len(all)]) || err != nil {
			b.Fatal(n, err)
		}
	}
}
