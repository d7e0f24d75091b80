package cmd

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"

	"github.com/andon-rig/andon/harness/load"
	"github.com/andon-rig/andon/harness/load/export"
)

// exportFlags say where the figures of a load go while it goes on.
type exportFlags struct {
	metrics, otlp string
}

func (f *exportFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.metrics, "metrics", "", "`address` at which Prometheus can scrape figures meanwhile, such as 127.0.0.1:9464")
	flags.StringVar(&f.otlp, "otlp", "", "`address` of a collector that takes OpenTelemetry metrics over HTTP, such as http://127.0.0.1:4318")
}

const (
	pushEvery = 2 * time.Second
	farewell  = 5 * time.Second // for what is sent last
)

// export begins to hand figures on; end hands on the last of them.
func (f *loadFlags) export(ctx context.Context, c *load.Config, stderr io.Writer) (end func(), err error) {
	var watch []func(*load.Live)
	var closing []func(context.Context) error
	if f.metrics != "" {
		s, err := export.NewScrape(f.metrics)
		if err != nil {
			return nil, fmt.Errorf("--metrics: %w", err)
		}
		if !f.quiet {
			fmt.Fprintf(stderr, "metrics at %s\n", s.URL())
		}
		watch, closing = append(watch, s.Watch), append(closing, s.Close)
	}
	end = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		defer cancel()
		for _, stop := range closing {
			if err := stop(ctx); err != nil {
				fmt.Fprintf(stderr, "andon: %v\n", err)
			}
		}
	}
	if f.otlp != "" {
		p, err := export.NewPush(ctx, f.otlp, f.out, pushEvery)
		if err != nil {
			end()
			return nil, fmt.Errorf("--otlp: %w", err)
		}
		watch, closing = append(watch, p.Watch), append(closing, p.Close)
	}
	c.Watch = func(l *load.Live) {
		for _, w := range watch {
			w(l)
		}
	}
	return end, nil
}
