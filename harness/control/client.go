package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// ReadKey reads the file that a port's key was written to.
func ReadKey(path string) (k Key, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return k, err
	}
	if err := json.Unmarshal(b, &k); err != nil || k.URL == "" || k.Token == "" {
		return k, fmt.Errorf("%s is not the key of a control port: andon serve --faults writes control.json into the folder of the session", path)
	}
	return k, nil
}

// Refused is what a port has answered instead of doing what it was asked.
type Refused struct {
	Status int
	Text   string
}

// Error implements error.
func (r *Refused) Error() string { return r.Text }

// Call asks the port: method and path of the API, an optional body. What it
// answers is read into reply, if that is not nil.
func (k Key) Call(ctx context.Context, method, path string, body []byte, reply any) error {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(k.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("control port: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+k.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("control port: %w; is the session over?", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		return fmt.Errorf("control port: %w", err)
	}
	if resp.StatusCode/100 != 2 {
		var told struct{ Error string }
		if json.Unmarshal(b, &told) != nil || told.Error == "" {
			return fmt.Errorf("%s answered %s, as no control port does", k.URL, resp.Status)
		}
		return &Refused{resp.StatusCode, told.Error}
	}
	if reply == nil {
		return nil
	}
	if err := json.Unmarshal(b, reply); err != nil {
		return errors.Join(fmt.Errorf("control port: an answer that cannot be read"), err)
	}
	return nil
}
