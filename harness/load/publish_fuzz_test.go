package load

import (
	"bufio"
	"bytes"
	"testing"
)

// Whatever a broker says, it is read to its end or refused, and no number is told
// that does not fit.
func FuzzBrokersSay(f *testing.F) {
	f.Add([]byte{mqttPuback << 4, 2, 0, 1, mqttPuback << 4, 3, 0, 2, 0x97, mqttPingresp << 4, 0})
	f.Add([]byte{mqttDisconnect << 4, 1, 0x8b})
	f.Add([]byte{mqttPuback << 4, 0xff, 0xff, 0xff, 0x7f})
	f.Add([]byte("PING\r\n+OK\r\nMSG _INBOX.x.0001.000002 1 9\r\n{\"seq\":1}\r\n"))
	f.Add([]byte("HMSG _INBOX.x.0001.000002 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"))
	f.Add([]byte("MSG _INBOX.x. 1 -1\r\n"))
	wires := []wire{&mqttWire{}, &natsWire{inbox: "_INBOX.x."}}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, w := range wires {
			r := bufio.NewReaderSize(bytes.NewReader(b), 16<<10)
			for n := 0; ; n++ {
				id, said, _, err := w.next(r)
				if err != nil {
					break
				}
				if id < 0 || id != 0 && said != Taken && said != Refused || n > len(b) {
					t.Fatalf("%q: number %d is %s", b, id, said)
				}
			}
		}
		_, _ = mqttWindow(b)
	})
}
