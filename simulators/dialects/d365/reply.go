package d365

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/simulators"
)

// Reply implements [simulators.Dialect].
func (d Dialect) Reply(m simulators.Message, a simulators.Answer) simulators.Message {
	switch {
	case isData(m.Name):
		return d.data(m, a)
	case a.Refusal != nil:
		return d.fault(m, a.Refusal)
	}
	for _, r := range a.Rows {
		if r.Refusal != nil {
			return d.fault(m, r.Refusal)
		}
	}
	// Queued. There is nothing in the answer that names the message.
	return written(200, []byte(`""`))
}

func written(status int, body []byte) simulators.Message {
	return simulators.Message{Header: map[string]string{"Content-Type": "application/json; charset=utf-8"}, Body: body, Result: simulators.Result{Status: status}}
}

// fault words a refusal as services and OData do.
func (d Dialect) fault(m simulators.Message, r *simulators.Refusal) simulators.Message {
	var body any = struct {
		Message       string
		ExceptionType string `json:",omitempty"`
		Code          string
	}{r.Text, exceptionType(r), r.Code}
	if isData(m.Name) {
		type message struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		}
		body = struct {
			Error message `json:"error"`
		}{message{r.Code, r.Text}}
	}
	status := statusFor(r)
	out := written(status, plain(body))
	if wait := r.RetryAfterText(); wait != "" {
		out.Header["Retry-After"] = wait
	}
	if status == 401 {
		out.Header["WWW-Authenticate"] = `Bearer authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"`
	}
	return out
}

// exceptionType tells what may work the next time from what never will.
func exceptionType(r *simulators.Refusal) string {
	switch r.Outcome {
	case simulators.Unavailable, simulators.Locked, simulators.Throttled:
		return "TimeoutException"
	}
	return "InvalidOperationException"
}

func statusFor(r *simulators.Refusal) int {
	switch r.Outcome {
	case simulators.Throttled:
		return 429
	case simulators.Unauthorized:
		return 401
	case simulators.Unavailable:
		return 503
	}
	switch r.Code {
	case codeMalformed:
		return 400
	case codeName:
		return 404
	case codeMethod:
		return 405
	case codeQuery:
		return 501
	case "too-large":
		return 413
	}
	return 500
}

// data answers a question of OData. Whoever looks into the wrong company, or for
// what is not there, gets an empty list.
func (d Dialect) data(m simulators.Message, a simulators.Answer) simulators.Message {
	if a.Refusal != nil && !strings.HasSuffix(a.Refusal.Code, "-unknown") || a.Refusal != nil && a.Refusal.Code == codeName {
		return d.fault(m, a.Refusal)
	}
	if m.Verb != "get" {
		return d.fault(m, refuse(codeMethod, "the entities here are read only"))
	}
	r, err := parse(m)
	if err != nil {
		return d.document(m)
	}
	if !d.Settings.sees(r.cross) {
		a = simulators.Answer{}
	}
	var all []entity
	for _, e := range d.entities(r.set, a.Found) {
		ok, err := r.fits(e)
		if err != nil {
			return d.fault(m, refuse(codeMalformed, "%s", err))
		}
		if ok {
			all = append(all, e)
		}
	}
	if r.one && len(all) == 0 {
		return d.fault(m, refuse(codeName, "no %s was found for the key", r.set.name))
	}
	if r.paged() && !r.one {
		if r.top == 0 {
			all = nil
		}
		return d.shown(m, r, all, len(a.Found), max(a.Total, len(all)), a.More && (r.top < 0 || r.top > len(a.Found)))
	}
	return d.page(m, r, all)
}

// fitting are the entities of what was found that are asked for.
func (d Dialect) fitting(r request, found []any) (all []entity) {
	for _, e := range d.entities(r.set, found) {
		if ok, err := r.fits(e); ok || err != nil { // what cannot be asked for is refused in the answer
			all = append(all, e)
		}
	}
	return all
}

// page cuts a list of which the books have found all.
func (d Dialect) page(m simulators.Message, r request, all []entity) simulators.Message {
	total := len(all)
	all = all[min(r.skip, total):]
	most := largestPage
	if r.top >= 0 {
		most = min(most, r.top)
	}
	n := min(most, len(all))
	return d.shown(m, r, all[:n], n, total, len(all) > most && (r.top < 0 || r.top > most))
}

// shown words a page that ends n entities after where it began, of total, and
// says where to go on if there are more.
func (d Dialect) shown(m simulators.Message, r request, all []entity, n, total int, more bool) simulators.Message {
	if r.number { // whatever part of them is wanted
		return simulators.Message{Header: map[string]string{"Content-Type": "text/plain"}, Body: []byte(strconv.Itoa(total)), Result: simulators.Result{Status: 200}}
	}
	shown := make([]entity, 0, len(all))
	for _, e := range all {
		e, err := r.selected(e)
		if err != nil {
			return d.fault(m, refuse(codeMalformed, "%s", err))
		}
		shown = append(shown, e)
	}
	context := property{"@odata.context", "$metadata#" + r.set.name}
	if r.one {
		context.value = "$metadata#" + r.set.name + "/$entity"
		return written(200, plain(append(entity{context}, shown[0]...)))
	}
	body := entity{context}
	if r.count {
		body = append(body, property{"@odata.count", total})
	}
	body = append(body, property{"value", shown})
	if more {
		body = append(body, property{"@odata.nextLink", r.next(m, n)})
	}
	return written(200, plain(body))
}

// next is the address of the page that follows, n rows on: a number of rows to
// leave out, whatever has become of them. Of more rows than a page has the rest
// is still wanted.
func (r request) next(m simulators.Message, n int) string {
	link := r.set.name + "?"
	for _, k := range slices.Sorted(maps.Keys(m.Params)) {
		if k == "$top" {
			link += k + "=" + strconv.Itoa(r.top-n) + "&"
		} else if k != "$skip" {
			link += k + "=" + strings.ReplaceAll(url.QueryEscape(m.Params[k]), "+", "%20") + "&"
		}
	}
	return link + "$skip=" + strconv.Itoa(r.skip+n)
}
