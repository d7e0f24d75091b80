package neutral

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
)

var _ simulators.ReplyChecker = Dialect{}

// CheckReply implements [simulators.ReplyChecker]: an announcement is answered
// with 2xx and any body, with a 4xx or 5xx, as a problem document (RFC 9457)
// if it says that it is one. Members and headers not mentioned here are free.
func (Dialect) CheckReply(_, reply simulators.Message) string {
	status := reply.Result.Status
	problem := strings.HasPrefix(reply.Header["Content-Type"], "application/problem+json")
	switch {
	case status < 200:
		return fmt.Sprintf("status: %d is no answer", status)
	case status >= 300 && status < 400:
		return fmt.Sprintf("status: %d redirects; an announcement is taken, refused or put off where it arrives", status)
	case status >= 600:
		return fmt.Sprintf("status: %d is none of HTTP's", status)
	case status < 300 && problem:
		return fmt.Sprintf("header Content-Type: a problem document under status %d, which says that there is no problem", status)
	}
	if v := reply.Header["Retry-After"]; v != "" && !isRetryAfter(v) {
		return fmt.Sprintf("header Retry-After: %q is neither seconds nor an HTTP date", clip(v))
	}
	if problem {
		return checkProblem(status, reply.Body)
	}
	return ""
}

func isRetryAfter(v string) bool {
	if _, err := strconv.ParseUint(v, 10, 31); err == nil {
		return true
	}
	for _, form := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC850, time.ANSIC} { // RFC 9110 §5.6.7
		if _, err := time.Parse(form, v); err == nil {
			return true
		}
	}
	return false
}

func checkProblem(status int, body []byte) string {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return "body: is not the JSON object that application/problem+json promises"
	}
	for _, name := range []string{"type", "title", "detail", "class", "code"} {
		var text string
		if raw, said := members[name]; said && json.Unmarshal(raw, &text) != nil {
			return fmt.Sprintf("body.%s: %s is not a string", name, clip(string(raw)))
		}
		if name == "class" && text != "" {
			switch simulators.Class(text) {
			case simulators.Technical, simulators.Business, simulators.DataQuality:
			default:
				return fmt.Sprintf("body.class: %q is none of technical, business, data-quality", clip(text))
			}
		}
	}
	var said int
	if raw, ok := members["status"]; ok && (json.Unmarshal(raw, &said) != nil || said != status) {
		return fmt.Sprintf("body.status: %s, but the status is %d", clip(string(raw)), status)
	}
	return ""
}
