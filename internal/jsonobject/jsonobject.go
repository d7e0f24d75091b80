// Package jsonobject writes JSON objects member by member, in the spelling of
// encoding/json. A journal has a million of them, and encoding/json would visit
// every byte of nested ones several times over.
//
// It knows nothing of what is written: packages spell out their own types.
package jsonobject

import (
	"encoding/json"
	"strconv"
	"time"
)

// An Object is a JSON object in the making. Its zero value is of no use: see
// [Begin]. After the first error what was written is of no use.
type Object struct {
	B   []byte
	Err error // the first
}

// Begin opens an object behind what b holds.
func Begin(b []byte) Object { return Object{B: append(b, '{')} }

// End closes the object and returns all that was written.
func (o *Object) End() ([]byte, error) { return append(o.B, '}'), o.Err }

// Name writes the name of a member; its value must follow. Names are written
// as they are, so they must need no escape.
func (o *Object) Name(name string) {
	if o.B[len(o.B)-1] != '{' {
		o.B = append(o.B, ',')
	}
	o.B = append(o.B, '"')
	o.B = append(o.B, name...)
	o.B = append(o.B, '"', ':')
}

// Text writes a member.
func (o *Object) Text(name, value string) {
	o.Name(name)
	o.B = AppendText(o.B, value)
}

// Said is [Object.Text] that is left out if it is empty.
func (o *Object) Said(name, value string) {
	if value != "" {
		o.Text(name, value)
	}
}

// Number writes a member.
func (o *Object) Number(name string, n int64) {
	o.Name(name)
	o.B = strconv.AppendInt(o.B, n, 10)
}

// Count writes a member.
func (o *Object) Count(name string, n uint64) {
	o.Name(name)
	o.B = strconv.AppendUint(o.B, n, 10)
}

// Yes writes true; it is left out if it is not so.
func (o *Object) Yes(name string, so bool) {
	if so {
		o.Name(name)
		o.B = append(o.B, "true"...)
	}
}

// Instant writes a member; the zero time is left out.
func (o *Object) Instant(name string, t time.Time) {
	if t.IsZero() {
		return
	}
	o.Name(name)
	b, err := t.AppendText(append(o.B, '"'))
	o.B = append(b, '"')
	o.Fail(err)
}

// Fail notes an error, if it is the first.
func (o *Object) Fail(err error) {
	if o.Err == nil {
		o.Err = err
	}
}

// List writes a member; it is left out if it is empty.
func List[S ~string](o *Object, name string, all []S) {
	if len(all) == 0 {
		return
	}
	o.Name(name)
	for i, s := range all {
		o.B = append(o.B, "[,"[min(i, 1)])
		o.B = AppendText(o.B, string(s))
	}
	o.B = append(o.B, ']')
}

// AppendText appends s in quotes. Text that needs no escape, as nearly all
// identifiers, is copied as it is.
func AppendText(b []byte, s string) []byte {
	for i := range len(s) {
		if !plain[s[i]] {
			quoted, _ := json.Marshal(s) // a string cannot fail
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// plain are the bytes that encoding/json writes as they are.
var plain = func() (t [256]bool) {
	for c := ' '; c <= 0x7F; c++ {
		t[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	return t
}()
