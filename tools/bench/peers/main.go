// Command peers is what Andon's relay is measured beside, in a module of its
// own so that Andon does not carry what it needs: Toxiproxy without toxics, as
// a library, in front of the addresses that it is given.
//
// It prints an address for each, one a line, answers each line on its standard
// input with its goroutines and resident bytes, and ends with its input.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

func main() {
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	for i, upstream := range os.Args[1:] {
		p := toxiproxy.NewProxy(server, fmt.Sprint("p", i), "127.0.0.1:0", upstream)
		if err := p.Start(); err != nil {
			fmt.Fprintln(os.Stderr, "peers:", err)
			os.Exit(1)
		}
		fmt.Println(p.Listen)
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		runtime.GC()
		fmt.Println(runtime.NumGoroutine(), resident())
	}
}

// resident is how much memory this process takes up, in bytes; 0 where the
// kernel does not say.
func resident() int {
	b, _ := os.ReadFile("/proc/self/status")
	for line := range bytes.Lines(b) {
		var kib int
		if n, _ := fmt.Sscanf(string(line), "VmRSS: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}
