package pactcli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
)

func TestSplit(t *testing.T) {
	text := func(version string, http, async int) string {
		var all, messages []string
		for i := range http {
			all = append(all, fmt.Sprintf(`{"description":"h%d","request":{"method":"GET","path":"/"},"response":{"status":200,"body":1.10}}`, i))
		}
		for i := range async {
			messages = append(messages, fmt.Sprintf(`{"description":"m%d","contents":"x"}`, i))
		}
		return fmt.Sprintf(`{"createdAt":"x","consumer":{"name":"c"},"provider":{"name":"p"},"interactions":[%s],"messages":[%s],"metadata":{"pactSpecification":{"version":%q}}}`,
			strings.Join(all, ","), strings.Join(messages, ","), version)
	}
	for _, c := range []struct {
		name        string
		text        string
		want        []int // interactions in each shard
		ofMessages  int
		wantInOrder int
	}{
		{"500 of HTTP", text("2.0.0", 500, 0), []int{100, 100, 100, 100, 100}, 0, 500},
		{"101", text("3.0.0", 101, 0), []int{100, 1}, 0, 101},
		{"both kinds", text("3.0.0", 2, 101), []int{2, 100, 1}, 2, 103},
	} {
		order, shards, err := split(contracts.File{Name: "c-p.json", Data: []byte(c.text)}, PerFile, nil)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var got []int
		messages := 0
		for _, s := range shards {
			var part struct{ Interactions, Messages []json.RawMessage }
			if err := json.Unmarshal(s.text, &part); err != nil || len(part.Interactions)+len(part.Messages) != len(s.inside) {
				t.Errorf("%s: a shard holds %d and %d, and is of %d: %v", c.name, len(part.Interactions), len(part.Messages), len(s.inside), err)
			}
			if s.messages {
				messages++
			} else if !strings.Contains(string(s.text), `"body":1.10`) {
				t.Errorf("%s: a value is not as it was", c.name)
			}
			if s.provider != "p" || strings.Contains(string(s.text), "createdAt") {
				t.Errorf("%s: of %q: %.80s", c.name, s.provider, s.text)
			}
			got = append(got, len(s.inside))
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) || messages != c.ofMessages || len(order) != c.wantInOrder {
			t.Errorf("%s: shards of %v, %d of messages, %d in order; want %v, %d, %d", c.name, got, messages, len(order), c.want, c.ofMessages, c.wantInOrder)
		}
	}
}
