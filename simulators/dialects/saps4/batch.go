package saps4

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// mostParts is how many requests one batch may hold.
const mostParts = 1000

// A batchPart is a request by itself, or a changeset of several that are done
// together.
type batchPart struct {
	changeset bool
	requests  []simulators.Message
}

// Unbundle implements [simulators.Bundler]: the parts of a $batch, each a
// request or a changeset.
func (d Dialect) Unbundle(m simulators.Message) ([]simulators.Message, error) {
	r, ok := resolve(m.Name)
	if !ok || r.special != "$batch" || methodOf(m) != "POST" {
		return nil, nil
	}
	parts, err := readBatch(m, r)
	if err != nil {
		return nil, err
	}
	var held []simulators.Message
	for _, p := range parts {
		if len(p.requests) == 1 {
			held = append(held, p.requests[0])
			continue
		}
		one := m
		one.Name, one.Method, one.Header = Root+"/"+r.service.name+"/"+changeset, "POST", m.Header
		one.Body = joined(p.requests)
		held = append(held, one)
	}
	return held, nil
}

// joined keeps the requests of a changeset in one body, each with its length in
// front.
func joined(requests []simulators.Message) []byte {
	var b bytes.Buffer
	for _, r := range requests {
		head := r.Method + " " + r.Name + "\n"
		if q := queryOf(r.Params); q != "" {
			head = r.Method + " " + r.Name + "?" + q + "\n"
		}
		fmt.Fprintf(&b, "%d %d %s\n%s%s", len(head), len(r.Body), url.QueryEscape(r.Header["If-Match"]), head, r.Body)
	}
	return b.Bytes()
}

func queryOf(params map[string]string) string {
	q := url.Values{}
	for k, v := range params {
		q.Set(k, v)
	}
	return q.Encode()
}

// parted reads what joined wrote.
func parted(m simulators.Message) (requests []simulators.Message, err error) {
	for b := m.Body; len(b) > 0; {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		var head, body int
		match := ""
		if n, _ := fmt.Sscanf(string(line), "%d %d %s", &head, &body, &match); n < 2 || head < 1 || body < 0 || head+body > len(rest) {
			return nil, refuse(codeMalformed, "changeset: is damaged")
		}
		one := m
		one.Body = rest[head : head+body]
		method, target, _ := strings.Cut(strings.TrimSuffix(string(rest[:head]), "\n"), " ")
		one.Method = method
		one.Name, one.Params = nameOf(target)
		one.Header = map[string]string{"Content-Type": "application/json"}
		if match, err = url.QueryUnescape(match); err == nil && match != "" {
			one.Header["If-Match"] = match
		}
		requests, b = append(requests, one), rest[head+body:]
	}
	return requests, nil
}

// readBatch takes the body of a $batch apart.
func readBatch(m simulators.Message, r resource) ([]batchPart, error) {
	media, params, err := mime.ParseMediaType(m.Header["Content-Type"])
	if err != nil || media != "multipart/mixed" || params["boundary"] == "" {
		return nil, refuse(codeMedia, "$batch: is multipart/mixed with a boundary")
	}
	var parts []batchPart
	count := 0
	err = eachPart(m.Body, params["boundary"], func(h textproto.MIMEHeader, body []byte) error {
		inner, p, err := mime.ParseMediaType(h.Get("Content-Type"))
		if err != nil {
			return refuse(codeMalformed, "$batch: a part without Content-Type")
		}
		part := batchPart{changeset: inner == "multipart/mixed"}
		add := func(_ textproto.MIMEHeader, text []byte) error {
			if count++; count > mostParts {
				return refuse(codeMalformed, "$batch: holds more than %d requests", mostParts)
			}
			one, err := readRequest(text, m, r)
			if err == nil && part.changeset == (one.Method == "GET") {
				err = refuse(codeMalformed, "$batch: changes stand in a changeset, and questions do not")
			}
			part.requests = append(part.requests, one)
			return err
		}
		if part.changeset {
			err = eachPart(body, p["boundary"], add)
		} else {
			err = add(h, body)
		}
		if err == nil && len(part.requests) == 0 {
			err = refuse(codeMalformed, "$batch: a changeset that holds nothing")
		}
		parts = append(parts, part)
		return err
	})
	if err == nil && len(parts) == 0 {
		err = refuse(codeMalformed, "$batch: holds nothing")
	}
	return parts, err
}

func eachPart(body []byte, boundary string, do func(textproto.MIMEHeader, []byte) error) error {
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		p, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return refuse(codeMalformed, "$batch: %v", err)
		}
		text, err := io.ReadAll(p)
		if err != nil {
			return refuse(codeMalformed, "$batch: %v", err)
		}
		if err := do(p.Header, text); err != nil {
			return err
		}
	}
}

// unreadable names, within a service, a request of which nobody knows where its
// address ends, for there are blanks in it. The address is its body. Like
// [changeset] it is no address itself.
const unreadable = "$batch/unreadable"

// readRequest reads one request of a batch. Its address is within the service,
// or whole.
func readRequest(text []byte, m simulators.Message, r resource) (simulators.Message, error) {
	buf := bufio.NewReader(bytes.NewReader(text))
	line, _ := buf.ReadString('\n')
	method, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
	target, ok2 := strings.CutSuffix(rest, " HTTP/1.1")
	if !ok || !ok2 || target == "" {
		return simulators.Message{}, refuse(codeMalformed, "$batch: %q is no line of a request such as GET Set HTTP/1.1", clip(strings.TrimSpace(line)))
	}
	header, err := textproto.NewReader(buf).ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) {
		return simulators.Message{}, refuse(codeMalformed, "$batch: %v", err)
	}
	body, _ := io.ReadAll(buf) // memory cannot fail
	one := m
	one.Method, one.Verb, one.Body = method, "post", bytes.TrimSpace(body)
	if method == "GET" {
		one.Verb = "get"
	}
	if strings.ContainsAny(target, " \t") { // it spoils itself, and no other
		one.Body, target = []byte(target), unreadable
	}
	if i := strings.Index(target, Root+"/"); i >= 0 {
		target = target[i:]
	} else {
		target = Root + "/" + r.service.name + "/" + strings.TrimPrefix(target, "/")
	}
	one.Name, one.Params = nameOf(target)
	one.Header = map[string]string{}
	for k, v := range header {
		one.Header[k] = strings.Join(v, ", ")
	}
	if l := languageOf(m); l != "" && languageOf(one) == "" { // that of the batch is that of its parts
		one.Header["Accept-Language"] = string(l)
	}
	return one, nil
}

// nameOf splits a target into name and parameters.
func nameOf(target string) (name string, params map[string]string) {
	name, query, has := strings.Cut(target, "?")
	if !has {
		return name, nil
	}
	params = map[string]string{}
	values, _ := url.ParseQuery(query) // what is no query says nothing
	for k, v := range values {
		params[k] = v[0]
	}
	return name, params
}

// changeset reads what must be done together.
func (d Dialect) changeset(m simulators.Message) (simulators.Ask, error) {
	requests, err := parted(m)
	if err != nil {
		return simulators.Ask{}, err
	}
	ask := simulators.Ask{Batch: true}
	for _, r := range requests {
		one, err := d.Decode(r)
		if err != nil {
			return simulators.Ask{}, err
		}
		if one.Query != nil || one.Ends != "" || one.Target != nil {
			return simulators.Ask{}, refuse(codeMalformed, "changeset: changes to what is there cannot be joined with others here")
		}
		for i := range one.Claims {
			alias := plant.EventID("")
			if i < len(one.Aliases) {
				alias = one.Aliases[i]
			}
			ask.Claims, ask.Aliases = append(ask.Claims, one.Claims[i]), append(ask.Aliases, alias)
		}
		ask.IdempotencyKey += one.IdempotencyKey
	}
	return ask, nil
}

// changed words what a changeset of several has made: a part for each.
func (d Dialect) changed(m simulators.Message, a simulators.Answer) simulators.Message {
	requests, err := parted(m)
	if err != nil {
		return d.refused(m, refuse(codeMalformed, "changeset: is damaged"))
	}
	var b bytes.Buffer
	rows := a.Rows
	boundary := changesetBoundary(m.Body)
	for _, r := range requests {
		one, err := d.Decode(r)
		if err != nil {
			continue
		}
		r.Events = one.Claims
		n := min(len(one.Claims), len(rows))
		writePart(&b, boundary, d.Reply(r, simulators.Answer{Rows: rows[:n], Later: a.Later, Operation: a.Operation}))
		rows = rows[n:]
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return simulators.Message{Header: map[string]string{"Content-Type": "multipart/mixed; boundary=" + boundary}, Body: b.Bytes(), Result: simulators.Result{Status: 202}}
}

func changesetBoundary(of []byte) string { return "changesetresponse_" + guid(plant.EventID(of)) }

// reasons are the words that go with a status.
var reasons = map[int]string{200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
	405: "Method Not Allowed", 412: "Precondition Failed", 415: "Unsupported Media Type", 428: "Precondition Required", 429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}

// writePart writes a reply as a part.
func writePart(b *bytes.Buffer, boundary string, reply simulators.Message) {
	fmt.Fprintf(b, "--%s\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n", boundary)
	fmt.Fprintf(b, "HTTP/1.1 %d %s\r\n", reply.Result.Status, reasons[reply.Result.Status])
	for _, k := range []string{"Content-Type", "Location", "Dataserviceversion", "Etag", "Sap-Message", "Retry-After"} {
		if v := reply.Header[k]; v != "" {
			fmt.Fprintf(b, "%s: %s\r\n", k, v)
		}
	}
	fmt.Fprintf(b, "Content-Length: %d\r\n\r\n%s\r\n", len(reply.Body), reply.Body)
}

// Bundle implements [simulators.Bundler]: 202, whatever became of the parts. A
// changeset that failed has one part that says so, outside of a changeset: who
// counts parts to find an answer finds another's.
func (d Dialect) Bundle(m simulators.Message, replies []simulators.Message) simulators.Message {
	r, _ := resolve(m.Name)
	parts, _ := readBatch(m, r) // it was read before
	boundary := "batchresponse_" + guid(plant.EventID(m.Body))
	var b bytes.Buffer
	for i, reply := range replies {
		switch {
		case reply.Result.Status == 0:
		case i >= len(parts) || !parts[i].changeset || reply.Result.Status >= 400:
			writePart(&b, boundary, reply)
		case len(parts[i].requests) > 1:
			fmt.Fprintf(&b, "--%s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s\r\n", boundary, reply.Header["Content-Type"], len(reply.Body), reply.Body)
		default:
			inner := changesetBoundary(fmt.Appendf(nil, "%d %s", i, boundary))
			var part bytes.Buffer
			writePart(&part, inner, reply)
			fmt.Fprintf(&part, "--%s--\r\n", inner)
			fmt.Fprintf(&b, "--%s\r\nContent-Type: multipart/mixed; boundary=%s\r\nContent-Length: %d\r\n\r\n%s\r\n", boundary, inner, part.Len(), part.Bytes())
		}
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return simulators.Message{Header: map[string]string{"Content-Type": "multipart/mixed; boundary=" + boundary, "Dataserviceversion": "2.0"}, Body: b.Bytes(), Result: simulators.Result{Status: 202}}
}
