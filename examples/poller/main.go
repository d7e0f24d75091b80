// Command poller is an integration between an ERP and a MES that works from
// its database: it polls what both announce into a table, and a loop posts
// what the table says is due. It knows their interface and nothing else.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "poller:", err)
		os.Exit(1)
	}
}

func run() error {
	path := flag.String("db", "poller.db", "the database")
	status := flag.String("status", "", "address that answers GET /status with how many facts are in which state")
	worklistURL := flag.String("worklist", "", "where dead facts are reported; empty keeps them in the table")
	erp, mes := systemFlags("erp"), systemFlags("mes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	db, err := openStore(ctx, *path)
	if err != nil {
		return err
	}
	defer db.Close()
	e := newEngine(db, log, &worklist{url: *worklistURL, client: client(), log: log}, erp(), mes())
	if *status != "" {
		l, err := net.Listen("tcp", *status)
		if err != nil {
			return fmt.Errorf("listen for status: %w", err)
		}
		srv := &http.Server{Handler: e.status(), ReadHeaderTimeout: time.Second}
		defer srv.Close()
		go srv.Serve(l) //nolint:errcheck // ends when it is closed
	}
	release, err := claimStore(ctx, *path)
	if err != nil {
		if ctx.Err() != nil {
			return nil // told to stop while another one works
		}
		return err
	}
	defer release()
	if err := takeUp(ctx, db); err != nil {
		return err
	}
	return e.run(ctx)
}

// systemFlags declares the flags of a system. Its credentials come from the
// environment, which other users of the machine cannot read.
func systemFlags(name string) func() *system {
	url := flag.String(name, "", "base address of the "+name)
	tokenURL := flag.String(name+"-token", "", "where its tokens are issued; empty if it needs none")
	return func() *system {
		return newSystem(name, *url, *tokenURL, os.Getenv(strings.ToUpper(name)+"_CLIENT"), os.Getenv(strings.ToUpper(name)+"_SECRET"))
	}
}

func newSystem(name, url, tokenURL, id, secret string) *system {
	s := &system{name: name, url: url, client: client()}
	if tokenURL != "" {
		s.token = &token{url: tokenURL, client: id, secret: secret, http: s.client}
	}
	return s
}

func client() *http.Client {
	return &http.Client{Timeout: time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second}}
}

func (e *engine) status() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		rows, err := e.db.QueryContext(r.Context(), `SELECT state, COUNT(*) FROM fact GROUP BY state`)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer rows.Close()
		counts := map[string]int{}
		for rows.Next() {
			var state string
			var n int
			if err := rows.Scan(&state, &n); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			counts[state] = n
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(counts) // who asked may have gone
	})
	return mux
}
