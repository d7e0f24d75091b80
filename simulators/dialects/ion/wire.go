package ion

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"slices"
	"strings"

	"github.com/andon-rig/andon/simulators"
)

// Gateway is where ION's API stands below the tenant.
const Gateway = "IONSERVICES/api/ion/messaging/"

// Names of the two parts. In v2, ION itself exchanges them when it sends.
const (
	partParameters = "ParameterRequest"
	partPayload    = "MessagePayload"
)

// parameters say what a message is about, outside of its document.
type parameters struct {
	DocumentName     string `json:"documentName"`
	MessageID        string `json:"messageId"`
	FromLogicalID    string `json:"fromLogicalId"`
	ToLogicalID      string `json:"toLogicalId,omitempty"`
	AccountingEntity string `json:"accountingEntity,omitempty"`
	Location         string `json:"location,omitempty"`
	DocumentID       string `json:"documentId,omitempty"`
	VariationID      number `json:"variationId,omitempty"`
	RevisionID       string `json:"revisionId,omitempty"`
	BatchID          string `json:"batchId,omitempty"`
	BatchSequence    number `json:"batchSequence,omitempty"`
	BatchSize        number `json:"batchSize,omitempty"`
	Encoding         string `json:"encoding,omitempty"`
	CharacterSet     string `json:"characterSet,omitempty"`

	Document *document `json:"document,omitempty"` // of the JSON form of v2
}

// document is a payload inside of its parameters.
type document struct {
	Value        string `json:"value"`
	Encoding     string `json:"encoding,omitempty"`
	CharacterSet string `json:"characterSet,omitempty"`
}

// number is written as a number, and must be one.
type number int

// path is where messages of d go, below …/service/.
func (d Dialect) path() string {
	switch {
	case d.Settings.Layout == MIME:
		return "service/v3/message/multipart"
	case d.Settings.Layout == JSON:
		return "service/v2/message"
	}
	return "service/" + string(d.version()) + "/multipartMessage"
}

// pack makes a message of parameters and a document.
func (d Dialect) pack(p parameters, payload []byte) simulators.Message {
	m := simulators.Message{Name: d.path(), Header: map[string]string{}}
	if d.Settings.Layout == JSON {
		p.Document = &document{Value: base64.StdEncoding.EncodeToString(payload), Encoding: "BASE64", CharacterSet: p.CharacterSet}
		p.Encoding, p.CharacterSet = "", ""
		m.Body, _ = json.Marshal(p) // texts and numbers cannot fail
		m.Header["Content-Type"] = "application/json"
		return m
	}
	said, _ := json.Marshal(p)
	first, second := part{partParameters, "application/json", said}, part{partPayload, "application/octet-stream", payload}
	parts := []part{first, second}
	switch {
	case d.Settings.Layout == MIME:
		m.Params = p.query()
		parts = parts[1:]
	case d.version() == V2:
		parts[0].name, parts[1].name = partPayload, partParameters
	}
	m.Header["Content-Type"], m.Body = form(parts)
	return m
}

type part struct {
	name, media string
	body        []byte
}

var boundaries = crc64.MakeTable(crc64.ECMA)

// form writes parts. The boundary is drawn from what they say, so that equal
// messages have equal bodies.
func form(parts []part) (contentType string, body []byte) {
	sum := uint64(0)
	for _, p := range parts {
		sum = crc64.Update(sum, boundaries, p.body)
	}
	b := bytes.NewBuffer(make([]byte, 0, 4096))
	w := multipart.NewWriter(b)
	_ = w.SetBoundary(fmt.Sprintf("ion-%016x", sum)) // is one
	for _, p := range parts {
		header := textproto.MIMEHeader{
			"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename=%q`, p.name, strings.ToLower(p.name))},
			"Content-Type":        {p.media},
		}
		to, _ := w.CreatePart(header) // a buffer takes everything
		_, _ = to.Write(p.body)
	}
	_ = w.Close()
	return w.FormDataContentType(), b.Bytes()
}

// query are the parameters in a URL.
func (p parameters) query() map[string]string {
	b, _ := json.Marshal(p)
	var all map[string]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	_ = d.Decode(&all) // was written just now
	q := map[string]string{}
	for k, v := range all {
		q[k] = fmt.Sprint(v)
	}
	return q
}

// unpack takes a message apart by the form of its address.
func unpack(layout Layout, v Version, m simulators.Message) (p parameters, payload []byte, err error) {
	switch layout {
	case JSON:
		return fromJSON(m.Body)
	case MIME:
		all, err := parts(m)
		if err != nil {
			return p, nil, err
		}
		if p, err = fromQuery(m.Params); err != nil {
			return p, nil, err
		}
		payload, ok := all[partPayload]
		if !ok {
			return p, nil, fmt.Errorf("there is no part %s", partPayload)
		}
		return p, payload, nil
	}
	all, err := parts(m)
	if err != nil {
		return p, nil, err
	}
	said, payload := named(all, v)
	if said == nil || payload == nil {
		return p, nil, fmt.Errorf("the parts must be called %s and %s", partParameters, partPayload)
	}
	p, err = readParameters(said)
	return p, payload, err
}

// named are the two parts of a message, nil where there is none of its name.
func named(all map[string][]byte, v Version) (said, payload []byte) {
	said, payload = all[partParameters], all[partPayload]
	if v == V2 && bytes.HasPrefix(bytes.TrimSpace(payload), []byte("{")) { // as ION itself sends
		return payload, said
	}
	return said, payload
}

// parts reads a body of several parts, to its end and nothing behind it.
func parts(m simulators.Message) (map[string][]byte, error) {
	media, params, err := mime.ParseMediaType(m.Header["Content-Type"])
	if err != nil || !strings.HasPrefix(media, "multipart/") || params["boundary"] == "" {
		return nil, &mediaError{m.Header["Content-Type"]}
	}
	end := []byte("--" + params["boundary"] + "--")
	if at := bytes.Index(m.Body, end); at < 0 || len(bytes.TrimSpace(m.Body[at+len(end):])) > 0 {
		return nil, errors.New("the last part is not closed, or something stands behind it")
	}
	r := multipart.NewReader(bytes.NewReader(m.Body), params["boundary"])
	all := map[string][]byte{}
	read := bytes.NewBuffer(make([]byte, 0, len(m.Body)+bytes.MinRead)) // has room for all of them
	for {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read parts: %w", err)
		}
		name := p.FormName()
		if _, again := all[name]; again || len(all) > 8 {
			return nil, fmt.Errorf("a part %q is given twice, or there are too many", clip(name))
		}
		from := read.Len()
		if _, err := read.ReadFrom(p); err != nil {
			return nil, fmt.Errorf("read part %q: %w", clip(name), err)
		}
		all[name] = slices.Clip(read.Bytes()[from:])
	}
}

// mediaError says that a body is not of parts.
type mediaError struct{ said string }

func (e *mediaError) Error() string {
	return fmt.Sprintf("Content-Type %q is not multipart/form-data with a boundary", clip(e.said))
}

func readParameters(b []byte) (p parameters, err error) {
	if err := json.Unmarshal(b, &p); err != nil {
		return p, fmt.Errorf("%s: %w", partParameters, err)
	}
	return p, p.check()
}

func fromJSON(b []byte) (p parameters, payload []byte, err error) {
	if err := json.Unmarshal(b, &p); err != nil {
		return p, nil, fmt.Errorf("read message: %w", err)
	}
	if p.Document == nil {
		return p, nil, errors.New("document: is missing")
	}
	payload = []byte(p.Document.Value)
	if e := strings.ToUpper(p.Document.Encoding); e != "NONE" {
		if payload, err = base64.StdEncoding.DecodeString(p.Document.Value); err != nil {
			return p, nil, errors.New("document.value: is not base64, and document.encoding does not say NONE")
		}
	}
	return p, payload, p.check()
}

// fromQuery reads parameters of a URL. Numbers are told from texts by their
// name.
func fromQuery(q map[string]string) (parameters, error) {
	all := map[string]any{}
	for k, v := range q {
		all[k] = v
		if k == "variationId" || k == "batchSequence" || k == "batchSize" {
			all[k] = json.RawMessage(v)
		}
	}
	b, err := json.Marshal(all)
	if err != nil {
		return parameters{}, errors.New("variationId, batchSequence or batchSize is not a number")
	}
	return readParameters(b)
}

// check refuses parameters that ION cannot route.
func (p parameters) check() error {
	for name, v := range map[string]string{"documentName": p.DocumentName, "messageId": p.MessageID, "fromLogicalId": p.FromLogicalID} {
		if v == "" {
			return fmt.Errorf("%s: is missing", name)
		}
	}
	if !strings.HasPrefix(p.FromLogicalID, "lid://") {
		return fmt.Errorf("fromLogicalId: %q does not begin with lid://", clip(p.FromLogicalID))
	}
	if c := p.CharacterSet; c != "" && !strings.EqualFold(c, "utf-8") {
		return fmt.Errorf("characterSet: %q is not UTF-8", clip(c))
	}
	return nil
}
