package faults_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/simulators"
)

// TestEachFileFault says of every fault of files what it makes of an export,
// and that it leaves alone what is none.
func TestEachFileFault(t *testing.T) {
	export := delivery(simulators.ToSUT, decided)
	export.Message.Kept, export.Message.Body, export.Message.ID = true, []byte("HDR;Ä\r\n"), 7
	for _, c := range []struct {
		name  string
		fault chaos.Fault
		want  simulators.Mishap
		what  string
	}{
		{"partial", &faults.FilePartial{For: wall(time.Second)}, simulators.Mishap{Kind: simulators.FilePartial, For: time.Second}, "visible for 1s before it is complete"},
		{"late", &faults.FileLate{For: wall(time.Second)}, simulators.Mishap{Kind: simulators.FileLate, For: time.Second}, "missing for 1s"},
		{"empty", &faults.FileEmpty{Files: 2}, simulators.Mishap{Kind: simulators.FileEmpty, Times: 2}, "comes after 2 empty"},
		{"beside", &faults.FileBeside{}, simulators.Mishap{Kind: simulators.FileBeside}, "in other letters"},
		{"locked", &faults.FileLocked{For: wall(time.Second)}, simulators.Mishap{Kind: simulators.FileLocked, For: time.Second}, "locked for 1s"},
		{"undeletable", &faults.FileUndeletable{Times: 3}, simulators.Mishap{Kind: simulators.FileUndelete, Times: 3}, "cannot be removed, 3 times"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := c.fault.Apply(export, nil)
			if len(out) != 1 || out[0].Message.Mishap == nil || *out[0].Message.Mishap != c.want || !strings.Contains(out[0].What, c.what) {
				t.Errorf("got %+v, what %q", out[0].Message.Mishap, out[0].What)
			}
			pushed, upload, troubled := export, export, out[0]
			pushed.Message.Kept = false
			upload.Direction = simulators.FromSUT
			for name, d := range map[string]chaos.Delivery{"pushed": pushed, "uploaded": upload, "troubled before": troubled} {
				if out := c.fault.Apply(d, nil); len(out) != 1 || out[0].Message.Mishap != d.Message.Mishap {
					t.Errorf("%s: struck", name)
				}
			}
		})
	}
	t.Run("again", func(t *testing.T) {
		out := (&faults.FileAgain{After: wall(time.Second)}).Apply(export, nil)
		if len(out) != 2 {
			t.Fatalf("%d deliveries", len(out))
		}
		first, again := out[0].Message.Mishap, out[1].Message.Mishap
		if first.Kind != simulators.FileNamed || again.Kind != simulators.FileAgain || first.Key == "" || first.Key != again.Key || again.For != time.Second {
			t.Errorf("got %+v and %+v", first, again)
		}
	})
	t.Run("encoding", func(t *testing.T) {
		if out := (&faults.FileEncoding{As: faults.EncodingBOM}).Apply(export, nil); !bytes.Equal(out[0].Message.Body, []byte("\xef\xbb\xbfHDR;Ä\r\n")) {
			t.Errorf("got %q", out[0].Message.Body)
		}
		if out := (&faults.FileEncoding{As: faults.EncodingUTF16}).Apply(export, nil); !bytes.HasPrefix(out[0].Message.Body, []byte("\xff\xfeH\x00D\x00R\x00;\x00\xc4\x00")) {
			t.Errorf("got %q", out[0].Message.Body)
		}
		latin := export
		latin.Message.Body = []byte("\xc4")
		if out := (&faults.FileEncoding{}).Apply(latin, nil); out[0].Message.Mishap != nil {
			t.Error("what is not UTF-8 was written anew")
		}
		if string(export.Message.Body) != "HDR;Ä\r\n" {
			t.Error("the message was written through")
		}
	})
	t.Run("disk full", func(t *testing.T) {
		f := &faults.FileDiskFull{Skip: 1}
		upload := delivery(simulators.FromSUT, confirmed)
		if out := f.Apply(upload, nil); out[0].Drop != nil {
			t.Error("the first found no room")
		}
		if out := f.Apply(upload, nil); out[0].Drop == nil || out[0].Drop.Symptom != simulators.NoSpace {
			t.Errorf("got %+v", out[0].Drop)
		}
		if out := f.Apply(export, nil); out[0].Drop != nil {
			t.Error("an export found no room")
		}
	})
}

func TestFileFaultsNeedAShare(t *testing.T) {
	for _, i := range faults.All() {
		p, ok := i.New().(chaos.Particular)
		if !strings.HasPrefix(i.Name, "file-") {
			continue
		}
		if !ok || p.Suits(simulators.Policy{}) {
			t.Errorf("%s suits an endpoint without files", i.Name)
			continue
		}
		server := strings.Contains(i.Needs, "whose server can refuse")
		if p.Suits(simulators.Policy{Share: simulators.ShareFolder}) == server || !p.Suits(simulators.Policy{Share: simulators.ShareSFTP}) {
			t.Errorf("%s needs %q and suits otherwise", i.Name, i.Needs)
		}
	}
}

func TestFileFaultsRefuseSettings(t *testing.T) {
	for want, f := range map[string]faults.Validator{
		"for: it must last":          &faults.FilePartial{},
		"longer than an hour":        &faults.FileLate{For: wall(2 * time.Hour)},
		"for: it must last for some": &faults.FileLocked{For: wall(-time.Second)},
		"times: 0 is not between":    &faults.FileUndeletable{},
		"files: 101 is not between":  &faults.FileEmpty{Files: 101},
		`as: "ebcdic" is not one of`: &faults.FileEncoding{As: "ebcdic"},
		"after":                      &faults.FileAgain{After: wall(-time.Second)},
		"skip":                       &faults.FileDiskFull{Skip: -1},
	} {
		if err := f.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%T: got %v, want %q", f, err, want)
		}
	}
}

// TestNobodyAsksAFileForAnOperation: who drops files gets no answer in which a
// place to ask could stand.
func TestNobodyAsksAFileForAnOperation(t *testing.T) {
	f := &faults.AsyncAccept{}
	for share, can := range map[simulators.SharePolicy]bool{"": true, simulators.ShareFolder: false, simulators.ShareSFTP: false} {
		if why := f.Leaves(chaos.Crossing{Direction: simulators.FromSUT, Policy: simulators.Policy{Share: share}}); (why == "") != can {
			t.Errorf("share %q: %q, want it possible: %t", share, why, can)
		}
	}
}
