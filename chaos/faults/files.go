package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// This file holds what goes wrong with files. A fault says which file and what;
// the transport that keeps it does it. Each strikes what a system exports, but
// for FileDiskFull, which the SUT meets at the end of an upload.

// exports reports whether d is a file that a system puts before the SUT, and
// to which nothing has happened yet.
func exports(d chaos.Delivery) bool {
	return d.Direction == simulators.ToSUT && d.Message.Kept && d.Message.Mishap == nil && !d.Decided()
}

// mishap attaches m to d.
func mishap(d chaos.Delivery, m simulators.Mishap, what string) []chaos.Delivery {
	if !exports(d) {
		return []chaos.Delivery{d}
	}
	d.Message.Mishap = &m
	d.What = what
	return []chaos.Delivery{d}
}

// shared suits endpoints that exchange files; refusing those whose share can
// refuse, because a server stands in front of it.
type (
	shared   struct{}
	refusing struct{}
)

// Suits implements [chaos.Particular].
func (shared) Suits(p simulators.Policy) bool {
	return p.Share == simulators.ShareFolder || p.Share == simulators.ShareSFTP
}

// Suits implements [chaos.Particular].
func (refusing) Suits(p simulators.Policy) bool { return p.Share == simulators.ShareSFTP }

// Leaves implements [chaos.Choosy].
func (shared) Leaves(at chaos.Crossing) string { return exported(at) }

// Leaves implements [chaos.Choosy].
func (refusing) Leaves(at chaos.Crossing) string { return exported(at) }

// Leaves implements [chaos.Choosy].
func (*FileDiskFull) Leaves(at chaos.Crossing) string {
	if at.Direction == simulators.ToSUT {
		return "only what the SUT uploads"
	}
	return ""
}

// exported says that what happens to files in the share does not happen to what
// the SUT puts there.
func exported(at chaos.Crossing) string {
	if at.Direction == simulators.FromSUT {
		return "only files that the system exports"
	}
	return ""
}

var _ = []chaos.Particular{&FilePartial{}, &FileAgain{}, &FileLate{}, &FileEncoding{}, &FileEmpty{}, &FileBeside{}, &FileLocked{}, &FileUndeletable{}, &FileDiskFull{}}

// FilePartial lets a file be seen before it is complete: its first half lies
// there under its name, and the rest is written after a time.
//
// Layer A: a writer that does not rename, a copy over a slow line, a share that
// is mirrored. Observed as a file that ends in the middle of a line, and grows.
type FilePartial struct {
	shared
	For Wall `yaml:"for" doc:"how long only half of it is there"`
}

// Apply implements [chaos.Fault].
func (f *FilePartial) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return mishap(d, simulators.Mishap{Kind: simulators.FilePartial, For: f.For.d()}, "visible for "+f.For.d().String()+" before it is complete")
}

// Validate says what is wrong with the settings.
func (f *FilePartial) Validate() error { return forSome("for", f.For) }

// FileAgain lets the same file lie there once more, under the same name, after
// it was taken.
//
// Layer A: an export that is run again, a restore, a synchronisation that
// brings back what was deleted. Observed as a file whose name is known.
type FileAgain struct {
	shared
	After Wall `yaml:"after" doc:"how long after the first was taken"`
}

// Apply implements [chaos.Fault].
func (f *FileAgain) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if !exports(d) {
		return []chaos.Delivery{d}
	}
	key := d.Message.Key + " " + strconv.FormatUint(d.Message.ID, 10)
	again := d
	d.Message.Mishap = &simulators.Mishap{Kind: simulators.FileNamed, Key: key}
	again.Message.Mishap = &simulators.Mishap{Kind: simulators.FileAgain, Key: key, For: f.After.d()}
	d.What = "lies there again under the same name, " + f.After.d().String() + " after it was taken"
	return []chaos.Delivery{d, again}
}

// Validate says what is wrong with the settings.
func (f *FileAgain) Validate() error { return notNegative("after", f.After) }

// FileLate holds a file back that has its number already, so that files with
// later numbers lie there first.
//
// Layer A: parallel exports, retries of a transfer, several routes to one
// folder. Observed as a gap in the numbers that is filled later.
type FileLate struct {
	shared
	For Wall `yaml:"for" doc:"how long it is missing"`
}

// Apply implements [chaos.Fault].
func (f *FileLate) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return mishap(d, simulators.Mishap{Kind: simulators.FileLate, For: f.For.d()}, "missing for "+f.For.d().String()+" while later numbers lie there")
}

// Validate says what is wrong with the settings.
func (f *FileLate) Validate() error { return forSome("for", f.For) }

// FileEncoding exports a file in another encoding than the one agreed upon,
// and says so with a byte order mark.
//
// Layer D: an update of the exporting system, an editor in between, another
// locale. Observed as strange characters before the first cell, or between all.
type FileEncoding struct {
	shared
	As Encoding `yaml:"as" jsonschema:"enum=bom,enum=utf-16" doc:"bom puts a byte order mark before UTF-8; utf-16 writes two bytes for each character after one"`
}

// Encoding is how a file is written all of a sudden.
type Encoding string

// Encodings.
const (
	EncodingBOM   Encoding = "bom"
	EncodingUTF16 Encoding = "utf-16"
)

// Apply implements [chaos.Fault]. What is not UTF-8 is left alone.
func (f *FileEncoding) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	const bom = "\ufeff"
	if !exports(d) || !utf8.Valid(d.Message.Body) {
		return []chaos.Delivery{d}
	}
	d.Message.Mishap = &simulators.Mishap{Kind: simulators.FileNamed} // nothing happens to it besides
	if f.As != EncodingUTF16 {
		d.Message.Body = append([]byte(bom), d.Message.Body...)
		d.What = "begins with a byte order mark"
		return []chaos.Delivery{d}
	}
	var b []byte
	for _, u := range utf16.Encode([]rune(bom + string(d.Message.Body))) {
		b = append(b, byte(u), byte(u>>8))
	}
	d.Message.Body = b
	d.What = "written as UTF-16"
	return []chaos.Delivery{d}
}

// Validate says what is wrong with the settings.
func (f *FileEncoding) Validate() error {
	if f.As != "" && f.As != EncodingBOM && f.As != EncodingUTF16 {
		return fmt.Errorf("as: %q is not one of bom, utf-16", f.As)
	}
	return nil
}

// FileEmpty exports empty files before the one that says something.
//
// Layer A: an export that had nothing to say, or died when it had made its
// file. Observed as a file of no bytes that nobody will ever write to.
type FileEmpty struct {
	shared
	Files int `yaml:"files" doc:"how many of them"`
}

// Apply implements [chaos.Fault].
func (f *FileEmpty) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return mishap(d, simulators.Mishap{Kind: simulators.FileEmpty, Times: f.Files}, "comes after "+strconv.Itoa(f.Files)+" empty of the numbers before")
}

// Validate says what is wrong with the settings.
func (f *FileEmpty) Validate() error {
	if f.Files < 1 || f.Files > 100 {
		return fmt.Errorf("files: %d is not between 1 and 100", f.Files)
	}
	return nil
}

// FileBeside gives a file the name of the one before it, in other letters:
// ORDERS.000007.CSV beside orders.000007.csv. It must be of the same kind and
// about something else, since of one order the number says what came first;
// otherwise the file gets a name of its own.
//
// Layer A: a share of one system mounted by another, of which only one tells
// capitals from small letters. Observed as two files that some programs take
// for one.
type FileBeside struct {
	shared
	_ byte // each instance is one of its own
}

// Apply implements [chaos.Fault].
func (f *FileBeside) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return mishap(d, simulators.Mishap{Kind: simulators.FileBeside}, "has the name of the file before it, in other letters")
}

// Validate says what is wrong with the settings.
func (f *FileBeside) Validate() error { return nil }

// FileLocked keeps a file from being opened and removed for a time.
//
// Layer A: a virus scanner, a backup, a writer that has not let go yet.
// Observed as an error of the server when the file is opened.
type FileLocked struct {
	refusing
	For Wall `yaml:"for" doc:"how long it is locked, from when it lies there"`
}

// Apply implements [chaos.Fault].
func (f *FileLocked) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return mishap(d, simulators.Mishap{Kind: simulators.FileLocked, For: f.For.d()}, "locked for "+f.For.d().String())
}

// Validate says what is wrong with the settings.
func (f *FileLocked) Validate() error { return forSome("for", f.For) }

// FileUndeletable refuses to remove a file, or to move it away, a number of
// times; it can be read all the while.
//
// Layer A: rights that were given for reading only, a file that is still open
// elsewhere, an archive that keeps what it has. Observed as "permission denied"
// after the file was processed.
type FileUndeletable struct {
	refusing
	Times int `yaml:"times" doc:"how often that is refused"`
}

// Apply implements [chaos.Fault].
func (f *FileUndeletable) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return mishap(d, simulators.Mishap{Kind: simulators.FileUndelete, Times: f.Times}, "cannot be removed, "+strconv.Itoa(f.Times)+" times")
}

// Validate says what is wrong with the settings.
func (f *FileUndeletable) Validate() error {
	if f.Times < 1 || f.Times > 1000 {
		return fmt.Errorf("times: %d is not between 1 and 1000", f.Times)
	}
	return nil
}

// FileDiskFull leaves no room for what the SUT uploads. Nothing of it arrives.
//
// Layer A: a full disk, a quota. Observed as an error of the server when the
// upload is completed, by close or by rename, as of a share that gives out its
// room late.
type FileDiskFull struct {
	refusing
	Skip int  `yaml:"skip" doc:"files let through before it is full"`
	For  Wall `yaml:"for" doc:"how long it lasts; none means until it is healed"`

	window window
}

// Apply implements [chaos.Fault].
func (f *FileDiskFull) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	if d.Direction != simulators.FromSUT || d.Decided() || d.Message.Verb == "get" || !f.window.hits(d.Sent, f.Skip, f.For) {
		return []chaos.Delivery{d}
	}
	d.Drop = &simulators.LostError{Symptom: simulators.NoSpace}
	d.What = "no space left for it"
	return []chaos.Delivery{d}
}

// Reproducible reports whether the same seed fails the same attempts.
func (f *FileDiskFull) Reproducible() bool { return f.For == 0 && f.Skip == 0 }

// Stops implements [chaos.Stopper].
func (*FileDiskFull) Stops() {}

// Validate says what is wrong with the settings.
func (f *FileDiskFull) Validate() error { return validWindow(f.Skip, f.For) }

// forSome refuses a trouble that takes no time.
func forSome(name string, d Wall) error {
	switch {
	case d <= 0:
		return fmt.Errorf("%s: it must last for some time", name)
	case d.d() > time.Hour:
		return errors.New(name + ": longer than an hour")
	}
	return nil
}

// ofFiles lists the faults of files.
func ofFiles() []Info {
	const (
		share  = "an endpoint with transport: files or sftp"
		server = "an endpoint with transport: sftp, whose server can refuse"
		once   = "each fact of it posted exactly once"
	)
	reqs := []string{"CTL-01", "CTL-04", "PAT-02"}
	info := func(name string, layer Layer, doc, observed, needs, tolerates string, fresh func() chaos.Fault) Info {
		return Info{Name: name, Layer: layer, Reproducible: true, Attempts: 1, Requirements: reqs, Doc: doc, Observed: observed, Needs: needs, Tolerates: tolerates, New: fresh}
	}
	full := info("file-disk-full", Application, "there is no room for what the SUT uploads", "no space left on device, when the upload is completed by close or rename", server,
		"nothing lost; uploads are repeated when there is room", func() chaos.Fault { return &FileDiskFull{} })
	return []Info{
		info("file-partial", Application, "a file is seen before it is complete", "a file without its trailer, which ends in the middle of a line and grows", share,
			"nothing is taken from half a file", func() chaos.Fault { return &FilePartial{For: Wall(300 * time.Millisecond)} }),
		info("file-again", Application, "a file lies there again under the same name, after it was taken", "a file whose name is known", share,
			once, func() chaos.Fault { return &FileAgain{After: Wall(200 * time.Millisecond)} }),
		info("file-late", Application, "a file comes after files with later numbers", "a gap in the numbers that is filled later", share,
			"the final state is that of the right order", func() chaos.Fault { return &FileLate{For: Wall(500 * time.Millisecond)} }),
		info("file-encoding", Data, "a file is exported with a byte order mark, or as UTF-16", "strange bytes before the first cell", share,
			once, func() chaos.Fault { return &FileEncoding{As: EncodingBOM} }),
		info("file-empty", Application, "an empty file lies among the others", "a file of no bytes", share,
			"other files are taken", func() chaos.Fault { return &FileEmpty{Files: 1} }),
		info("file-beside", Application, "two files have names that differ in capitals only", "ORDERS.000007.CSV beside orders.000007.csv", share,
			"both are taken", func() chaos.Fault { return &FileBeside{} }),
		info("file-locked", Application, "a file cannot be opened or removed for a time", "an error of the server when the file is opened", server,
			"it is taken when it can be", func() chaos.Fault { return &FileLocked{For: Wall(300 * time.Millisecond)} }),
		info("file-undeletable", Application, "a file cannot be removed after it was processed", "permission denied when it is removed or moved away", server,
			once, func() chaos.Fault { return &FileUndeletable{Times: 2} }),
		full,
	}
}
