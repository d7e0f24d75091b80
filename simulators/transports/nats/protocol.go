package nats

import (
	"fmt"
	"strconv"
	"strings"
)

// A message is a line of the NATS protocol, and what follows it if it is a
// publication or a delivery.
type message struct {
	subject, reply string
	sid            string // of the subscription that a delivery is for
	header         int    // how many bytes of what follows are headers
	size           int    // of what follows, without the end of line; -1 if nothing does
	payload        []byte // behind the headers; only of acknowledgements
}

// readHead reads a line, with its end. Of lines that no payload follows it
// reads nothing.
func readHead(line string) (message, error) {
	m := message{size: -1}
	words := strings.Fields(line)
	if len(words) == 0 {
		return m, nil
	}
	// PUB subject [reply] size, HPUB subject [reply] header size,
	// MSG subject sid [reply] size, HMSG subject sid [reply] header size
	sizes, fixed := 1, 1
	switch verb := strings.ToUpper(words[0]); verb {
	case "PUB":
	case "HPUB":
		sizes = 2
	case "MSG":
		fixed = 2
	case "HMSG":
		sizes, fixed = 2, 2
	default:
		return m, nil
	}
	rest := words[1:]
	if len(rest) != fixed+sizes && len(rest) != fixed+sizes+1 {
		return m, fmt.Errorf("read %q: it has %d words", words[0], len(words))
	}
	m.subject = rest[0]
	if fixed == 2 {
		m.sid = rest[1]
	}
	if len(rest) > fixed+sizes {
		m.reply = rest[fixed]
	}
	var err error
	if m.size, err = count(rest[len(rest)-1]); err != nil {
		return m, err
	}
	if sizes == 2 {
		m.header, err = count(rest[len(rest)-2])
	}
	return m, err
}

// count reads how many bytes follow.
func count(word string) (int, error) {
	n, err := strconv.ParseUint(word, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("read size %q: %w", word, err)
	}
	return int(n), nil
}

// pulls reads the subject on which a consumer of our stream is asked for
// messages, and tells which. It is $JS.API.CONSUMER.MSG.NEXT.<stream>.<consumer>,
// or has a domain behind $JS.
func pulls(subject string) (consumer string, ok bool) {
	if !strings.HasPrefix(subject, "$JS.") {
		return "", false
	}
	return strings.CutPrefix(subject[strings.Index(subject, ".API.")+1:], "API.CONSUMER.MSG.NEXT."+Stream+".")
}

// leadershipChange tells who asked with inbox for messages that the request is
// void, in the words of the server (409 Leadership Change).
func leadershipChange(inbox, sid string) string {
	const status = "NATS/1.0 409 Leadership Change\r\n\r\n"
	return fmt.Sprintf("HMSG %s %s %d %d\r\n%s\r\n", inbox, sid, len(status), len(status), status)
}

// acknowledges reads the subject on which a delivery of our stream is
// acknowledged, and tells where on the stream its message is.
//
// It is $JS.ACK.<stream>.<consumer>.<delivered>.<stream sequence>.<consumer
// sequence>.<time>.<pending>, or has a domain and the hash of an account before
// the stream, and may have more behind.
func acknowledges(subject string) (seq uint64, ok bool) {
	words := acknowledgement(subject)
	if words == nil {
		return 0, false
	}
	seq, err := strconv.ParseUint(words[3], 10, 64)
	return seq, err == nil
}

// consumerOf is whose delivery is acknowledged on the subject; "" if none of our
// stream is.
func consumerOf(subject string) string {
	if words := acknowledgement(subject); words != nil {
		return words[1]
	}
	return ""
}

// acknowledgement splits the subject from the stream on; nil if it is no
// acknowledgement of our stream.
func acknowledgement(subject string) []string {
	rest, ok := strings.CutPrefix(subject, "$JS.ACK.")
	if !ok {
		return nil
	}
	words := strings.Split(rest, ".")
	if len(words) >= 9 {
		words = words[2:]
	}
	if len(words) < 7 || words[0] != Stream {
		return nil
	}
	return words
}
