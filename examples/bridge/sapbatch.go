package bridge

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// postBatch sends requests as one, each a changeset of its own: one that is
// refused does not touch the others.
func (s *sapSide) postBatch(ctx context.Context, u unit, requests []sapRequest) verdict {
	const outer = "batch_bridge"
	var b bytes.Buffer
	for i, r := range requests {
		inner := "changeset_" + strconv.Itoa(i+1)
		fmt.Fprintf(&b, "--%s\r\nContent-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n", outer, inner, inner)
		fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: %d\r\n\r\n%s\r\n--%s--\r\n", strings.TrimPrefix(r.path, sapMoves), len(r.body), r.body, inner)
	}
	fmt.Fprintf(&b, "--%s--\r\n", outer)
	r, v := s.change(ctx, http.MethodPost, sapMoves+"$batch", http.Header{"Content-Type": {"multipart/mixed; boundary=" + outer}}, b.Bytes())
	if v.what != posted {
		return v
	}
	if s.defect == M114 && r.status == http.StatusAccepted { // DEFECT M114: 202 is a success
		return verdict{what: posted}
	}
	if r.status != http.StatusAccepted {
		v = sapJudge(r.status, r.body, s.defect)
		s.patience(&v, r)
		return v
	}
	answers, err := sapAnswers(r)
	if err != nil || len(answers) != len(u) { // whose answer is missing cannot be told by counting
		return verdict{what: again, class: technical, code: "not-understood", reason: fmt.Sprintf("%d answers to %d requests, %v", len(answers), len(u), err), doubt: true}
	}
	v = verdict{what: posted}
	for i, it := range u {
		w := sapJudge(answers[i].status, answers[i].body, s.defect)
		got := row{Reference: it.Event, Status: http.StatusOK, Code: w.code, Class: w.class, Detail: w.reason}
		if w.what != posted {
			got.Status, v.what = statusOf(w), rowwise
		}
		v.doubt = v.doubt || w.doubt
		v.rows = append(v.rows, got)
	}
	return v
}

// sapAnswers reads the parts of the answer to a batch, in their order.
func sapAnswers(r reply) (all []reply, err error) {
	var parts func(contentType string, body io.Reader) error
	parts = func(contentType string, body io.Reader) error {
		_, params, err := mime.ParseMediaType(contentType)
		if err != nil {
			return err
		}
		reader := multipart.NewReader(body, params["boundary"])
		for {
			p, err := reader.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if inner := p.Header.Get("Content-Type"); strings.HasPrefix(inner, "multipart/mixed") {
				if err := parts(inner, p); err != nil {
					return err
				}
				continue
			}
			one, err := sapAnswer(p)
			if err != nil {
				return err
			}
			all = append(all, one)
		}
	}
	return all, parts(r.header.Get("Content-Type"), bytes.NewReader(r.body))
}

// sapAnswer reads one answer, whichever ends of lines its sender has.
func sapAnswer(p io.Reader) (reply, error) {
	in := bufio.NewReader(p)
	head := textproto.NewReader(in)
	line, err := head.ReadLine()
	if err != nil {
		return reply{}, fmt.Errorf("read the first line of an answer: %w", err)
	}
	header, err := head.ReadMIMEHeader()
	if err != nil && err != io.EOF {
		return reply{}, fmt.Errorf("read the headers of an answer: %w", err)
	}
	body, err := io.ReadAll(in)
	if err != nil {
		return reply{}, err
	}
	_, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	status, err := strconv.Atoi(code)
	return reply{status: status, header: http.Header(header), body: bytes.TrimSpace(body)}, err
}
