package harness

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/inline"
	"github.com/andon-rig/andon/contracts/wire"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators"
)

// inForce reads the book that the rig names and finds what is in force between
// the SUT and each endpoint.
func (r *Rig) inForce() error {
	spec := r.setup.File.Contracts
	if spec.IsZero() {
		return nil
	}
	b, folder, err := loadBook(spec, r.setup.Catalog.Contracts)
	if err != nil {
		return err
	}
	if e := spec.Environment; e != "" && !slices.Contains(b.File.Environments, e) {
		return spec.Pos.Errorf("there is no environment %q in %s", e, spec.Book).WithHint("%s", yamlfile.OneOf(e, b.File.Environments))
	}
	s := inline.Setting{Book: b, Folder: folder, Environment: spec.Environment, Today: spec.Today.Time, Partners: map[string]evidence.Party{}}
	if s.Today.IsZero() {
		s.Today = time.Now().UTC()
	}
	sut := r.setup.File.SUT
	if s.SUT, err = party(b, sut.Party, sut.Version, spec); err != nil {
		return err
	}
	if v := s.SUT.Versions; len(v) > 1 {
		return sut.Party.Pos.Errorf("%d versions of %s run in %s, and the SUT is one of them", len(v), s.SUT.Name, spec.Environment).WithHint("say which: version: %q", v[0])
	}
	for _, name := range r.setup.File.endpointNames() {
		e := r.setup.File.Endpoints[name]
		if e.Party.S == "" {
			continue
		}
		if s.Partners[name], err = party(b, e.Party, e.Version, spec); err != nil {
			return err
		}
	}
	rules := inline.New(s)
	if len(rules.InForce().Halves) == 0 {
		return spec.Pos.Errorf("the book has no contract between %s and any endpoint of this rig", s.SUT.Name).
			WithHint("a folder below %s named like the provider holds its contracts; docs/contracts.md shows it", folder)
	}
	r.rules, r.Plan.Evidence.Contracts = rules, rules.InForce()
	return nil
}

func party(b *contracts.Book, name, version yamlfile.Word, spec ContractsSpec) (evidence.Party, error) {
	versions, err := versionsOf(b, name, version, spec)
	return evidence.Party{Name: name.S, Versions: versions}, err
}

// loadBook reads the book that spec names. Its folder will do, too.
func loadBook(spec ContractsSpec, formats []contracts.Format) (*contracts.Book, string, error) {
	folder := spec.Book
	if info, err := os.Stat(folder); err != nil {
		return nil, "", spec.Pos.Errorf("contracts: %s is not there", spec.Book).WithHint("the path is relative to where andon runs")
	} else if !info.IsDir() {
		if filepath.Base(folder) != "book.yaml" {
			return nil, "", spec.Pos.Errorf("contracts: %s is no book.yaml", spec.Book).WithHint("name the file book.yaml, or the folder that it is in")
		}
		folder = filepath.Dir(folder)
	}
	b, err := contracts.Load(os.DirFS(folder), filepath.ToSlash(folder), formats)
	if err != nil {
		return nil, "", fmt.Errorf("%s is named as contracts and has mistakes:\n%w", spec.Book, err)
	}
	return b, path.Clean(filepath.ToSlash(folder)), nil
}

// held judges what crosses at an endpoint of a dialect; nil if the rig names no
// book.
func (r *Rig) held(endpoint string, d simulators.Dialect) func(m simulators.Message, dir simulators.Direction, method, at string, reply *simulators.Message) *evidence.Held {
	if r.rules == nil {
		return nil
	}
	return func(m simulators.Message, dir simulators.Direction, method, at string, reply *simulators.Message) *evidence.Held {
		x := wire.Live(m, method, at, reply)
		return r.rules.Judge(wire.Crossing{Endpoint: endpoint, Name: m.Name, FromSUT: dir == simulators.FromSUT, Exchange: x, Inside: wire.Inside(d, x)})
	}
}

// telling is the line of an endpoint that says in headers which version it
// speaks and when that comes to an end, as the contracts in force want it.
type telling struct {
	simulators.Line
	rules    *inline.Rules
	endpoint string
	address  func(simulators.Message, simulators.Direction) (method, path string)
}

// Carry implements [simulators.Line].
func (t telling) Carry(ctx context.Context, m simulators.Message, dir simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	if m.Name == simulators.TokenName {
		return t.Line.Carry(ctx, m, dir, far)
	}
	if dir == simulators.ToSUT {
		m.Header = t.with(m.Header, m, dir, nil)
		return t.Line.Carry(ctx, m, dir, far)
	}
	return t.Line.Carry(ctx, m, dir, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
		reply, err := far(ctx, m)
		if err == nil {
			reply.Header = t.with(reply.Header, m, dir, &reply)
		}
		return reply, err
	})
}

// with adds what is to be told to headers, which may be somebody else's.
func (t telling) with(headers map[string]string, m simulators.Message, dir simulators.Direction, reply *simulators.Message) map[string]string {
	method, at := t.address(m, dir)
	tell := t.rules.Tell(wire.Crossing{Endpoint: t.endpoint, Name: m.Name, FromSUT: dir == simulators.FromSUT, Exchange: wire.Live(m, method, at, reply)})
	if len(tell) == 0 {
		return headers
	}
	maps.Copy(tell, headers) // what the dialect says itself counts more
	return tell
}
