// Command sut plays integration builds of all kinds for the tests of the
// command line; its first argument says which.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
)

func main() {
	kinds := map[string]func() error{"forward": forward, "careless": careless, "dies": dies, "unready": unready, "garbage": garbage, "noise": noise, "deaf": deaf, "mute": mute}
	kind := ""
	if len(os.Args) > 1 {
		kind = os.Args[1]
	}
	run, ok := kinds[kind]
	if !ok {
		run = func() error { return fmt.Errorf("there is no kind %q", kind) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "sut:", err)
		os.Exit(1)
	}
}

// serve answers the health probe and leaves the rest to handle.
func serve(handle http.HandlerFunc) error {
	http.HandleFunc("/health", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/", handle)
	return http.ListenAndServe(os.Getenv("LISTEN"), nil)
}

// forward hands every POST on to the other side, and the answer back.
func forward() error {
	return serve(func(w http.ResponseWriter, r *http.Request) {
		resp, err := pass(r)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	})
}

// pass hands a POST on to the other side.
func pass(r *http.Request) (*http.Response, error) {
	to := os.Getenv("MES_URL") + strings.TrimPrefix(r.URL.Path, "/erp")
	if name, ok := strings.CutPrefix(r.URL.Path, "/mes"); ok {
		to = os.Getenv("ERP_URL") + name
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.GetBody = nil // so that the HTTP client does not repeat it at once
	req.Header = r.Header.Clone()
	if os.Getenv("KEY") != "" {
		req.Header.Set("Idempotency-Key", r.Header.Get("Andon-Event"))
	}
	return http.DefaultClient.Do(req)
}

// careless forwards, and takes whatever becomes of it for success.
func careless() error {
	return serve(func(_ http.ResponseWriter, r *http.Request) {
		if resp, err := pass(r); err == nil {
			_ = resp.Body.Close()
		}
	})
}

// dies says why and ends before it is ready.
func dies() error {
	fmt.Println("sut: reading bridge.yaml")
	fmt.Fprintln(os.Stderr, "sut: fatal: no licence for plant 7 \x1b[31m(red)")
	os.Exit(7)
	return nil
}

// unready runs, and never says that it is ready.
func unready() error {
	fmt.Println("sut: waiting for the database")
	return http.ListenAndServe(os.Getenv("LISTEN"), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
}

// garbage takes everything, answers nonsense and posts nonsense.
func garbage() error {
	return serve(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for _, url := range []string{os.Getenv("ERP_URL") + "/confirmations", os.Getenv("MES_URL") + "/orders", os.Getenv("EXCEPTIONS_URL")} {
			resp, err := http.Post(url, "application/json", strings.NewReader("{\"a\": [\x00\xff{{{"))
			if err == nil {
				resp.Body.Close()
			}
		}
		w.Header().Set("Content-Type", "application/nonsense")
		_, _ = w.Write([]byte("\x00\xff\x1b[2J<<<not json"))
	})
}

// noise does not even speak HTTP.
func noise() error {
	l, err := net.Listen("tcp", os.Getenv("LISTEN"))
	if err != nil {
		return err
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		_, _ = c.Write([]byte("\x00\x01\x02 230 ready\r\n\r\n\xff\xfe"))
		_ = c.Close()
	}
}

// deaf knows no webhooks.
func deaf() error {
	return serve(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
}

// mute takes everything and posts nothing.
func mute() error {
	return serve(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
}
