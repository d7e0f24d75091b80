package verify

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// webhook takes what is posted to it.
type webhook struct {
	basket
	url    string
	server *http.Server
	done   chan struct{}
}

func listenHTTP(u *url.URL, maxBody int64) (Listener, error) {
	l, err := net.Listen("tcp", withPort(u, "0"))
	if err != nil {
		return nil, fmt.Errorf("listen for messages: %w", err)
	}
	w := &webhook{basket: make(basket, waiting), url: "http://" + l.Addr().String() + u.Path, done: make(chan struct{})}
	w.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
		switch {
		case err != nil:
			return // it never came
		case r.Method != http.MethodPost && r.Method != http.MethodPut:
			rw.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		w.put(strings.Trim(r.URL.Path, "/"), r.Header, body, maxBody)
		if int64(len(body)) > maxBody {
			rw.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		rw.WriteHeader(http.StatusAccepted)
	})}
	go func() {
		defer close(w.done)
		_ = w.server.Serve(l)
	}()
	return w, nil
}

func (w *webhook) URL() string { return w.url }

func (w *webhook) Close() error {
	err := w.server.Close()
	<-w.done
	return err
}
