package bridge

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// patience is how long an operation is followed before the message that began
// it is sent again under its key, in case the system has lost it.
const patience = time.Second

// await follows a posting that was accepted until the system says what has
// become of it. "Accepted" is no promise: what is checked later can be refused
// later, and a queue can lose what is in it.
func (c *courier) await(ctx context.Context, to neutralSide, operation string) verdict {
	until := time.Now().Add(patience)
	for n := 1; time.Now().Before(until) && ctx.Err() == nil; n++ {
		sleep(ctx, backoff(min(n, 3)))
		if to.admit(ctx).what != posted { // before the last look at pauses
			continue
		}
		for wait := c.outbox.paused(); wait > 0 && ctx.Err() == nil; wait = c.outbox.paused() { // others are told while this one sleeps
			sleep(ctx, wait)
		}
		r, v := to.call(ctx, http.MethodGet, "/"+strings.TrimPrefix(operation, "/"), nil, nil)
		c.heard(v)
		if v.what != posted {
			continue // how the question fared says nothing about the posting
		}
		var how struct {
			State   string
			Problem struct {
				Status                     int
				Code, Class, Detail, Title string
			}
		}
		if json.Unmarshal(r.body, &how) != nil {
			continue
		}
		switch p := how.Problem; how.State {
		case "succeeded":
			return verdict{what: posted}
		case "failed":
			return judgeStatus(cmp.Or(p.Status, http.StatusUnprocessableEntity), p.Code, p.Class, cmp.Or(p.Detail, p.Title))
		}
	}
	return verdict{what: again, class: technical, code: "still-running", reason: operation + " was accepted and has not ended"}
}
