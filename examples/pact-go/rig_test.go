//go:build pact

package line_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"example.com/acme/line"
)

// rig is a running `andon serve`: a simulated ERP with a plant that plays, and
// the place where the line hears of it.
type rig struct {
	env   map[string]string
	heard chan []byte // announcements of released orders, as they came
}

// startRig starts `andon serve` and ends it with the specs around it.
func startRig() *rig {
	GinkgoHelper()
	cmd := exec.Command(cmp.Or(os.Getenv("ANDON"), "../../bin/andon"), "serve", "--rig", "andon.yaml", "--no-sut", "--pace", "3000", "--plain", "--out", GinkgoT().TempDir())
	out, err := cmd.StdoutPipe()
	Expect(err).NotTo(HaveOccurred())
	cmd.Stderr = cmd.Stdout
	Expect(cmd.Start()).To(Succeed(), "build andon, or say in ANDON where it is")
	DeferCleanup(func() {
		Expect(cmd.Process.Signal(os.Interrupt)).To(Succeed())
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait() // the line took no part in the plant, so the session was vacuous
	})
	r := &rig{env: map[string]string{}, heard: make(chan []byte, 64)}
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.HasPrefix(lines.Text(), "plant "); {
		if name, value, ok := strings.Cut(strings.TrimSpace(lines.Text()), "="); ok {
			r.env[name] = value
		}
	}
	Expect(r.env).To(HaveKey("ERP_URL"))
	r.listen()
	return r
}

// listen takes announcements where the rig was told that the line takes them.
func (r *rig) listen() {
	GinkgoHelper()
	l, err := net.Listen("tcp", r.env["LISTEN"])
	Expect(err).NotTo(HaveOccurred())
	m := http.NewServeMux()
	m.HandleFunc("POST /erp/", func(w http.ResponseWriter, req *http.Request) {
		if body, err := io.ReadAll(req.Body); err == nil && strings.HasPrefix(req.Header.Get("Andon-Event"), "order-released/") {
			select {
			case r.heard <- body:
			default: // nobody waits for another one
			}
		}
		w.WriteHeader(http.StatusNoContent)
	})
	srv := &http.Server{Handler: m}
	go func() { _ = srv.Serve(l) }()
	DeferCleanup(srv.Close)
}

var errSilence = errors.New("the ERP announced nothing")

// announcement is the next one of a released order that comes within a while.
func (r *rig) announcement(within time.Duration) ([]byte, error) {
	select {
	case b := <-r.heard:
		return b, nil
	case <-time.After(within):
		return nil, errSilence
	}
}

// order is one that the plant has released.
func (r *rig) order() (line.Order, error) {
	b, err := r.announcement(20 * time.Second)
	if err != nil {
		return line.Order{}, err
	}
	return line.Released(b)
}

// token is one of the ERP's, which is good for a minute.
func (r *rig) token(ctx context.Context) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {r.env["ERP_CLIENT"]}, "client_secret": {r.env["ERP_SECRET"]}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.env["ERP_TOKEN_URL"], strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var got struct {
		Token string `json:"access_token"`
	}
	err = json.NewDecoder(resp.Body).Decode(&got)
	return got.Token, err
}
