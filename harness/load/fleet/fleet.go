// Package fleet spreads one run's work over agents, processes of this machine or
// of others, through NATS JetStream: pieces of work are messages of a work queue,
// acknowledged when they are done and delivered to another agent when theirs is
// gone.
//
// It knows nothing of what the work is. A [Hub] is the side that has the run; an
// [Agent] takes pieces, tells every now and then that it lives, is told when to
// begin, and says what came of it in messages that the stream keeps.
package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Protocol is what hub and agents must have in common.
const Protocol = "andon.fleet/v1"

const (
	// Lease is how long an agent may be silent. Then it is taken for gone, and its
	// piece goes to another.
	Lease = 5 * time.Second
	// beat is how often an agent shows that it lives.
	beat = 250 * time.Millisecond

	workStream   = "ANDON_LOAD_WORK"
	workSubjects = "andon-load.work.>"
	workConsumer = "agents"
	// workAge is how long a piece waits that nobody takes: its run is long over.
	workAge = 10 * time.Minute
)

// An Item is one piece of a run's work.
type Item struct {
	Protocol string          `json:"protocol"`
	Run      string          `json:"run"`
	Piece    int             `json:"piece"`
	Work     json.RawMessage `json:"work"`
}

// State is how far an agent is with its piece.
type State string

// States of an agent.
const (
	Ready   State = "ready"   // all is prepared: it waits for the start
	Working State = "working" // it has been told the start
	Unable  State = "unable"  // it cannot do this piece, and says why
)

// A Beat is what an agent says several times a second.
type Beat struct {
	Agent    string          `json:"agent"` // host/pid
	Piece    int             `json:"piece"`
	Attempt  int             `json:"attempt"` // how often the piece has been delivered, from 1
	State    State           `json:"state"`
	Why      string          `json:"why,omitempty"` // it is unable
	Bound    time.Duration   `json:"bound_ns"`      // by which its clock may differ from the hub's
	Progress json.RawMessage `json:"progress,omitempty"`
}

// An Order is what the hub answers.
type Order struct {
	Start int64  `json:"start_ns,omitempty"` // on the hub's clock; 0: not yet
	From  uint64 `json:"from,omitempty"`     // where in the piece to begin: what is before was another's
	Stop  string `json:"stop,omitempty"`     // why to stop; "" is to go on
}

// A Report is something that came of a piece. Those of one attempt come in the
// order in which they were made.
type Report struct {
	Piece, Attempt int
	Kind           string
	Body           []byte
}

// runStream is where the reports of a run are kept.
func runStream(run string) string { return "ANDON_LOAD_" + run }

func reportSubject(run string, piece, attempt int, kind string) string {
	return fmt.Sprintf("andon-load.run.%s.report.%d.%d.%s", run, piece, attempt, kind)
}

func workSubject(run string) string  { return "andon-load.work." + run }
func beatSubject(run string) string  { return "andon-load.run." + run + ".beat" }
func clockSubject(run string) string { return "andon-load.run." + run + ".clock" }

// connect opens a connection that comes back by itself.
func connect(url, name string) (*nats.Conn, jetstream.JetStream, error) {
	c, err := nats.Connect(url, nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond), nats.Timeout(5*time.Second))
	if err != nil {
		return nil, nil, fmt.Errorf("connect to NATS at %s: %w", clean(url), err)
	}
	js, err := jetstream.New(c)
	if err != nil {
		c.Close()
		return nil, nil, fmt.Errorf("use JetStream of %s: %w", clean(url), err)
	}
	return c, js, nil
}

// queue opens the queue of work, which whoever comes first makes.
func queue(ctx context.Context, js jetstream.JetStream) (jetstream.Consumer, error) {
	_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: workStream, Subjects: []string{workSubjects}, Retention: jetstream.WorkQueuePolicy, MaxAge: workAge})
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrJetStreamNotEnabled) {
			err = fmt.Errorf("%w; is JetStream enabled there (nats-server --jetstream)?", err)
		}
		return nil, fmt.Errorf("make the queue of work: %w", err)
	}
	c, err := js.CreateOrUpdateConsumer(ctx, workStream, jetstream.ConsumerConfig{Durable: workConsumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: Lease})
	if err != nil {
		return nil, fmt.Errorf("join the queue of work: %w", err)
	}
	return c, nil
}
