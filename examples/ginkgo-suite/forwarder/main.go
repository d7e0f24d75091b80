// Command forwarder is a tiny integration build between an ERP and a MES: what
// one announces is posted to the other, and the answer goes back. It keeps
// nothing; whoever announces repeats what was not taken.
//
// It is naive in one way, as many first versions are: unless FORWARDER_KEYS is
// set it posts without an Idempotency-Key, so that a repetition after a lost
// answer is posted a second time. The suite beside it finds that.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	mux.Handle("POST /mes/", forwardTo(os.Getenv("ERP_URL")))
	mux.Handle("POST /erp/", forwardTo(os.Getenv("MES_URL")))
	log.Fatal(http.ListenAndServe(os.Getenv("LISTEN"), mux))
}

// client gives up before the other side's patience ends, and never repeats
// anything by itself.
var client = &http.Client{Timeout: 2 * time.Second}

// forwardTo posts what arrives to base, under the same name.
func forwardTo(base string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[strings.LastIndex(r.URL.Path, "/"):]
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 8<<20))
		if err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		if err := post(w, r, base+name, string(body)); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway) // not taken: it will come again
		}
	}
}

// post repeats to w what the other side answers.
func post(w http.ResponseWriter, r *http.Request, url, body string) error {
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return fmt.Errorf("forward: %w", err)
	}
	req.GetBody = nil // so that the HTTP client does not repeat it unasked
	req.Header.Set("Content-Type", "application/json")
	if os.Getenv("FORWARDER_KEYS") != "" {
		req.Header.Set("Idempotency-Key", r.Header.Get("Andon-Event"))
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if after := resp.Header.Get("Retry-After"); after != "" {
		w.Header().Set("Retry-After", after)
	}
	w.WriteHeader(resp.StatusCode)
	_, err = io.Copy(w, resp.Body)
	if err != nil {
		log.Printf("answer to %s was cut: %v", url, err)
	}
	return nil
}
