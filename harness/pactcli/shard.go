package pactcli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
)

// PerFile is how many interactions one file may hold. Verifiers were seen whose
// time grew with the square of that.
const PerFile = 100

// A shard is a pact of some of the interactions of one file, all to be
// verified over one transport.
type shard struct {
	text     []byte
	provider string
	messages bool // of a transport of messages; otherwise HTTP
	inside   []*pact.Interaction
}

// split makes shards of what only selects of a file, all if it is nil, and says
// in which order the file's interactions stand.
func split(f contracts.File, perFile int, only func(*pact.Interaction) bool) ([]*pact.Interaction, []shard, error) {
	read, err := pact.Format{}.Read([]contracts.File{f})
	if err != nil {
		return nil, nil, err
	}
	d := read.(*pact.Document)
	var file map[string]json.RawMessage
	if err := json.Unmarshal(bytes.TrimPrefix(f.Data, []byte("\xef\xbb\xbf")), &file); err != nil {
		return nil, nil, contracts.Problem{Place: contracts.Place{File: f.Name}, Text: "is no JSON: " + err.Error()}
	}
	p := splitter{file: file, provider: d.Provider, perFile: perFile, only: only}
	next := 0
	for _, list := range []string{"interactions", "messages"} {
		var all []json.RawMessage
		if file[list] != nil {
			if err := json.Unmarshal(file[list], &all); err != nil {
				return nil, nil, contracts.Problem{Place: contracts.Place{File: f.Name}, Text: fmt.Sprintf("%s are no list", list)}
			}
		}
		n := min(len(all), len(d.Interactions)-next)
		p.list(list, all[:n], d.Interactions[next:next+n])
		next += n
	}
	return d.Interactions, p.shards, p.err
}

type splitter struct {
	file     map[string]json.RawMessage
	provider string
	perFile  int
	only     func(*pact.Interaction) bool
	shards   []shard
	err      error
}

// list makes shards of a list of the file.
func (p *splitter) list(name string, texts []json.RawMessage, inside []*pact.Interaction) {
	for _, messages := range []bool{false, true} {
		var part []json.RawMessage
		var of []*pact.Interaction
		for i, in := range inside {
			if (in.Kind != pact.HTTP) != messages || p.only != nil && !p.only(in) {
				continue
			}
			part, of = append(part, texts[i]), append(of, in)
			if len(part) == p.perFile {
				p.add(name, messages, part, of)
				part, of = nil, nil
			}
		}
		if len(part) > 0 {
			p.add(name, messages, part, of)
		}
	}
}

func (p *splitter) add(name string, messages bool, part []json.RawMessage, of []*pact.Interaction) {
	out := map[string]any{name: part}
	for k, v := range p.file {
		if k != "interactions" && k != "messages" && !strings.HasPrefix(k, "_") && k != "createdAt" {
			out[k] = v
		}
	}
	text, err := json.Marshal(out)
	if err != nil && p.err == nil {
		p.err = fmt.Errorf("write a part of a pact: %w", err)
	}
	p.shards = append(p.shards, shard{text: text, provider: p.provider, messages: messages, inside: of})
}
