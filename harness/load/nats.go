package load

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/harness/load/http1"
)

// natsWire publishes to a stream of NATS JetStream, which acknowledges each
// message by a message to an address of ours.
type natsWire struct {
	wording *Wording
	inbox   string // begins the addresses of acknowledgements
	user    *url.Userinfo
}

// Digits of a connection and of a number in an address.
const (
	natsConnDigits = 4
	natsDigits     = 6
)

// natsHead begins the header of a publication, up to the key of its confirmation,
// or of the first of a batch.
const natsHead = "NATS/1.0\r\nContent-Type: application/json\r\nAndon-Event: "

// natsMostAck is longer than an acknowledgement is; it fits into what is read at
// once.
const natsMostAck = 8 << 10

// natsMostLine is longer than a line of a server may be.
const natsMostLine = 64 << 10

// newNATSWire words publications to subjects. Each names the confirmation in a
// header, as the rig's own announcements do.
func newNATSWire(w *Wording, subject func(path string) string, user *url.Userinfo) *natsWire {
	n := &natsWire{inbox: "_INBOX." + rand.Text() + ".", user: user}
	n.wording = w.dressed(func(path string, v variant) variant {
		head := natsHead + strings.Repeat(" ", keyLen) + "\r\n\r\n"
		line := "HPUB " + subject(path) + " " + n.inbox
		idAt := len(line)
		line += strings.Repeat("0", natsConnDigits) + "." + strings.Repeat("0", natsDigits) + fmt.Sprintf(" %d %d\r\n", len(head), len(head)+len(v.text))
		if v.rows != nil {
			upTo := strings.LastIndexByte(line, ' ') + 1
			v.withRowsHead(variant{text: []byte(line[:upTo]), id: idAt})
		}
		fields := []field{{what: fieldKey, at: len(line) + len(head) - 4 - keyLen, n: keyLen}}
		before := line + head
		for _, f := range v.fields {
			f.at += len(before)
			fields = append(fields, f)
		}
		return variant{text: append(append([]byte(before), v.text...), "\r\n"...), fields: fields, rows: v.rows, id: idAt}
	})
	return n
}

// put implements [wire].
func (n *natsWire) put(dst []byte, seq, rows uint64, conn, id int) []byte {
	if n.wording.batch > 1 {
		return n.putRows(dst, seq, rows, conn, id)
	}
	at := len(dst) + n.wording.variantOf(seq).id
	dst = n.wording.Append(dst, seq)
	natsReply(dst[at:], conn, id)
	return dst
}

// natsReply writes to which address a publication is acknowledged.
func natsReply(dst []byte, conn, id int) {
	decPut(dst[:natsConnDigits], uint64(conn))
	decPut(dst[natsConnDigits+1:natsConnDigits+1+natsDigits], uint64(id))
}

// putRows appends the publication of a batch.
func (n *natsWire) putRows(dst []byte, seq, rows uint64, conn, id int) []byte {
	w := n.wording
	head := &w.variantOf(seq).rows[cutHead]
	at := len(dst) + head.id
	dst = w.appendHead(dst, head, seq)
	natsReply(dst[at:], conn, id)
	dst = strconv.AppendInt(dst, int64(len(natsHead)+keyLen+4+w.size(seq, rows)), 10)
	dst = append(append(dst, "\r\n"...), natsHead...)
	at = len(dst)
	dst = append(dst, make([]byte, keyLen)...)
	w.keys.Put(dst[at:], w.part.number(seq))
	dst = w.appendRows(append(dst, "\r\n\r\n"...), seq, rows)
	return append(dst, "\r\n"...)
}

// hello implements [wire].
func (n *natsWire) hello(c net.Conn, r *bufio.Reader, i int) (int, error) {
	line, err := natsLine(r)
	if err != nil {
		return 0, fmt.Errorf("hear INFO: %w", err)
	}
	if !bytes.HasPrefix(line, []byte("INFO ")) {
		return 0, garbage("%q is not how a NATS server begins", clip(string(line)))
	}
	options := map[string]any{"verbose": false, "pedantic": false, "headers": true, "no_responders": true, "protocol": 1, "lang": "go", "version": "1", "name": "andon load " + strconv.Itoa(i)}
	if n.user != nil {
		if p, ok := n.user.Password(); ok {
			options["user"], options["pass"] = n.user.Username(), p
		} else {
			options["auth_token"] = n.user.Username()
		}
	}
	text, err := json.Marshal(options)
	if err != nil {
		return 0, err
	}
	if _, err := fmt.Fprintf(c, "CONNECT %s\r\nSUB %s%0*d.* 1\r\nPING\r\n", text, n.inbox, natsConnDigits, i); err != nil {
		return 0, fmt.Errorf("say CONNECT: %w", err)
	}
	for {
		line, err := natsLine(r)
		switch {
		case err != nil:
			return 0, fmt.Errorf("hear PONG: %w", err)
		case string(line) == "PONG":
			return 0, nil
		case bytes.HasPrefix(line, []byte("-ERR")):
			return 0, fmt.Errorf("the server refuses the connection: %s", bytes.TrimSpace(line[4:]))
		}
	}
}

func natsLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == bufio.ErrBufferFull { // INFO with a long list of servers
		line = bytes.Clone(line)
		for err == bufio.ErrBufferFull && len(line) < natsMostLine {
			var more []byte
			more, err = r.ReadSlice('\n')
			line = append(line, more...)
		}
	}
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// next implements [wire].
func (n *natsWire) next(r *bufio.Reader) (id int, said Outcome, answer []byte, err error) {
	line, err := natsLine(r)
	if err != nil {
		return 0, 0, nil, err
	}
	switch {
	case string(line) == "PING":
		return 0, 0, []byte("PONG\r\n"), nil
	case bytes.HasPrefix(line, []byte("MSG ")), bytes.HasPrefix(line, []byte("HMSG ")):
		return n.message(r, line)
	case bytes.HasPrefix(line, []byte("-ERR")):
		return 0, 0, nil, fmt.Errorf("the server says %s: %w", bytes.TrimSpace(line[4:]), io.EOF)
	case bytes.HasPrefix(line, []byte("INFO ")), string(line) == "PONG", string(line) == "+OK":
		return 0, 0, nil, nil
	}
	return 0, 0, nil, garbage("%q is nothing that a NATS server says", clip(string(line)))
}

// message reads an acknowledgement: MSG subject sid length, or HMSG subject sid
// head length.
func (n *natsWire) message(r *bufio.Reader, line []byte) (id int, said Outcome, answer []byte, err error) {
	words := bytes.Fields(line)
	headed := words[0][0] == 'H'
	size, err := strconv.Atoi(string(words[len(words)-1]))
	if len(words) < 4 || err != nil || size < 0 || size > natsMostAck {
		return 0, 0, nil, garbage("%q has no length", clip(string(line)))
	}
	address, ours := bytes.CutPrefix(words[1], []byte(n.inbox))
	_, digits, _ := bytes.Cut(address, []byte("."))
	number, ok := http1.Number(digits)
	if !ours || !ok {
		return 0, 0, nil, garbage("%q is not to an address of ours", clip(string(line)))
	}
	body, err := r.Peek(size + 2)
	if err != nil {
		return 0, 0, nil, err
	}
	said = Taken
	if headed || !bytes.Contains(body, []byte(`"seq":`)) { // no stream there, or it is full
		said = Refused
	}
	_, err = r.Discard(size + 2)
	return int(number), said, nil, err
}
