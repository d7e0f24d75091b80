// Command bridge runs the reference integration by itself.
package main

import (
	"context"
	"os"

	"github.com/andon-rig/andon/examples/bridge"
)

func main() {
	os.Exit(bridge.Main(context.Background(), os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}
