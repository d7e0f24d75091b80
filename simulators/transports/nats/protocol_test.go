package nats

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadHead(t *testing.T) {
	for line, want := range map[string]message{
		"PUB a.b 5\r\n":                      {subject: "a.b", size: 5},
		"PUB a.b _INBOX.1 5\r\n":             {subject: "a.b", reply: "_INBOX.1", size: 5},
		"pub\ta.b   5\r\n":                   {subject: "a.b", size: 5},
		"HPUB a.b _INBOX.1 12 17\r\n":        {subject: "a.b", reply: "_INBOX.1", header: 12, size: 17},
		"MSG a.b 9 5\r\n":                    {subject: "a.b", sid: "9", size: 5},
		"MSG a.b 9 $JS.ACK.x 5\r\n":          {subject: "a.b", sid: "9", reply: "$JS.ACK.x", size: 5},
		"HMSG a.b 9 $JS.ACK.x 12 17\r\n":     {subject: "a.b", sid: "9", reply: "$JS.ACK.x", header: 12, size: 17},
		"HMSG a.b 9 12 17\r\n":               {subject: "a.b", sid: "9", header: 12, size: 17},
		"PING\r\n":                           {size: -1},
		"INFO {\"max_payload\": 1}\r\n":      {size: -1},
		"SUB a.b 9\r\n":                      {size: -1},
		"-ERR 'Authorization Violation'\r\n": {size: -1},
		"\r\n":                               {size: -1},
	} {
		if got, err := readHead(line); err != nil || got.subject != want.subject || got.reply != want.reply || got.header != want.header || got.sid != want.sid || got.size != want.size {
			t.Errorf("%q: got %+v, %v, want %+v", line, got, err, want)
		}
	}
	for _, line := range []string{"PUB\r\n", "PUB a\r\n", "PUB a b c d 5\r\n", "MSG a 1\r\n", "PUB a -1\r\n", "PUB a x\r\n", "HPUB a x 5\r\n", "PUB a 99999999999\r\n"} {
		if got, err := readHead(line); err == nil {
			t.Errorf("%q: got %+v, want an error", line, got)
		}
	}
}

func TestAcknowledges(t *testing.T) {
	for subject, want := range map[string]uint64{
		"$JS.ACK.ANDON.sut.1.42.7.1700000000.0":              42,
		"$JS.ACK.hub.HASH.ANDON.sut.1.42.7.1700000000.0":     42,
		"$JS.ACK._.HASH.ANDON.sut.1.42.7.1700000000.0.token": 42,
		"$JS.ACK.OTHER.sut.1.42.7.1700000000.0":              0,
		"$JS.ACK.ANDON.sut.1.x.7.1700000000.0":               0,
		"$JS.ACK.ANDON":                                      0,
		"andon.mes.operations":                               0,
		"":                                                   0,
	} {
		if got, ok := acknowledges(subject); got != want || ok != (want != 0) {
			t.Errorf("%q: got %d, %t, want %d", subject, got, ok, want)
		}
	}
}

func TestPulls(t *testing.T) {
	for subject, want := range map[string]string{
		"$JS.API.CONSUMER.MSG.NEXT.ANDON.sut":     "sut",
		"$JS.hub.API.CONSUMER.MSG.NEXT.ANDON.sut": "sut",
		"$JS.API.CONSUMER.MSG.NEXT.OTHER.sut":     "",
		"$JS.API.CONSUMER.INFO.ANDON.sut":         "",
		"$JS.ACK.ANDON.sut.1.42.7.1700000000.0":   "",
		"andon.mes.operations":                    "",
	} {
		if got, ok := pulls(subject); ok && got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %t, want %q", subject, got, ok, want)
		}
	}
}

// traffic is what a client might send, in pieces of any size.
const traffic = "CONNECT {}\r\nPUB a.b 2\r\nhi\r\nPUB $JS.ACK.ANDON.s.1.7.7.1.0 4\r\n+ACK\r\nPUB $JS.ACK.ANDON.s.1.8.8.1.0 0\r\n\r\nHPUB a.b 12 14\r\nNATS/1.0\r\n\r\nhi\r\nPING\r\n"

func TestRelayLeavesOutWhatItIsToldTo(t *testing.T) {
	without := func(seqs ...uint64) func(message) passage {
		return func(m message) passage {
			seq, _ := acknowledges(m.subject)
			for _, s := range seqs {
				if s == seq {
					return drop
				}
			}
			return pass
		}
	}
	acks := "PUB $JS.ACK.ANDON.s.1.7.7.1.0 4\r\n+ACK\r\n"
	for name, tt := range map[string]struct {
		decide func(message) passage
		want   string
		err    error
	}{
		"nothing":      {without(), traffic, io.EOF},
		"one":          {without(7), strings.Replace(traffic, acks, "", 1), io.EOF},
		"an empty one": {without(8), strings.Replace(traffic, "PUB $JS.ACK.ANDON.s.1.8.8.1.0 0\r\n\r\n", "", 1), io.EOF},
		"all from there on": {func(m message) passage {
			if string(m.payload) == "+ACK" {
				return passAndCut
			}
			return pass
		}, traffic[:strings.Index(traffic, acks)+len(acks)], errCut},
	} {
		for kind, from := range map[string]io.Reader{"at once": strings.NewReader(traffic), "byte by byte": iotest.OneByteReader(strings.NewReader(traffic))} {
			var to bytes.Buffer
			if err := relay(&to, from, tt.decide); !errors.Is(err, tt.err) || to.String() != tt.want {
				t.Errorf("%s, %s: got %q, %v, want %q, %v", name, kind, to.String(), err, tt.want, tt.err)
			}
		}
	}
	var to bytes.Buffer
	if err := relay(&to, strings.NewReader("PUB a.b 20\r\nhi"), without()); err == nil {
		t.Error("a message that breaks off is no error")
	}
}

// FuzzRelay: whatever a client sends goes through unchanged, as far as it was
// understood, and nothing makes the door fail.
func FuzzRelay(f *testing.F) {
	for _, s := range []string{traffic, "PUB a 5\r\n", "HMSG a 1 $JS.ACK.ANDON.s.1.7.7.1.0 99 3\r\nabc\r\n", "PUB $JS.ACK.ANDON.s.1.7.7.1.0 99999\r\n", "\n", "MSG\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var to bytes.Buffer
		_ = relay(&to, strings.NewReader(s), func(message) passage { return pass })
		if !strings.HasPrefix(s, to.String()) {
			t.Errorf("%q became %q", s, to.String())
		}
	})
}
