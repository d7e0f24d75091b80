package inline

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/evidence"
)

// told is the version that an exchange tells, and what is wrong with that.
type told struct {
	version string                  // by which it is judged; "" if that is not known
	known   bool                    // to the book
	in      *contracts.PartyVersion // as the book has it; nil if it does not
	wrong   []breach
}

// told finds the version of the exchange: what it says itself, or else the one
// in which the provider runs.
func (j *judgement) told() (t told) {
	var at contracts.Telling
	for _, one := range j.side.contract.File.Tellings(j.tells) {
		switch {
		case one.Version == "" && (one.Told.Optional || j.mayStillBeTold(one)):
		case one.Version == "":
			t.wrong = append(t.wrong, breach{rule: evidence.TellsNoVersion, reply: one.Reply, path: one.Told.String(), want: "the version of the contract", got: "nothing", place: one.Told.Place()})
		case t.version == "":
			t.version, at = one.Version, one
		case one.Version != t.version:
			t.wrong = append(t.wrong, breach{rule: evidence.TellsTwo, reply: one.Reply, path: one.Told.String(),
				want: fmt.Sprintf("%s, as %s says", t.version, at.Told), got: one.Version, place: one.Told.Place()})
		}
	}
	party := j.setting.Book.Party(j.side.contract.Provider)
	if t.version != "" {
		t.in = party.Find(t.version)
		j.state(&t, at)
		return t
	}
	switch v := j.side.documented(); {
	case len(v) == 1:
		t.version = v[0]
	case len(t.wrong) == 0:
		t.wrong = append(t.wrong, breach{rule: evidence.TellsNoVersion, want: "one of " + strings.Join(v, ", "), got: "an exchange that tells no version, and several are in use",
			place: contracts.Place{File: j.side.contract.Folder}, unclear: true})
	}
	t.in, t.known = party.Find(t.version), t.version != ""
	return t
}

// documented are the versions in use in which the provider has this interface
// at all; all that are in use if none of them has a document.
func (s *side) documented() []string {
	var found []string
	for _, v := range s.versions {
		if s.contract.Half(v) != nil {
			found = append(found, v)
		}
	}
	if len(found) == 0 {
		return s.versions
	}
	return found
}

// mayStillBeTold reports whether the answer, which nobody knows, may say what
// the request does not.
func (j *judgement) mayStillBeTold(t contracts.Telling) bool {
	return j.tells.Reply == nil && t.Told.Answers() && (t.Told.Reply || j.tells.Request.Method != "")
}

// state says what is wrong with a version that an exchange tells.
func (j *judgement) state(t *told, at contracts.Telling) {
	provider := j.side.contract.Provider
	if t.in == nil {
		t.wrong = append(t.wrong, breach{rule: evidence.TellsUnknown, reply: at.Reply, path: at.Told.String(), got: t.version, place: at.Told.Place(),
			want: "a version of " + provider + ": " + strings.Join(j.versionNames(), ", ")})
		return
	}
	t.known = true
	if t.in.On(j.setting.Today) != contracts.Retired {
		return
	}
	want := fmt.Sprintf("a version that is not retired; %s %s is since %s", provider, t.version, t.in.Sunset)
	t.wrong = append(t.wrong, breach{rule: evidence.TellsRetired, reply: at.Reply, path: at.Told.String(), want: want, got: t.version, place: t.in.Sunset.Place()})
	if j.side.provider && j.x.FromConsumer && j.x.Reply != nil && j.x.Reply.Status/100 == 2 && !at.Reply {
		t.wrong = append(t.wrong, breach{rule: evidence.TellsRetired, reply: true, path: "status", want: "a refusal: " + provider + " " + t.version + " is retired since " + t.in.Sunset.String(),
			got: strconv.Itoa(j.x.Reply.Status), place: t.in.Sunset.Place()})
	}
}

func (j *judgement) versionNames() (names []string) {
	for _, v := range j.setting.Book.Party(j.side.contract.Provider).Versions {
		names = append(names, v.Version)
	}
	return names
}

// notice holds what a successful answer over HTTP says of the end of its
// version against the book: RFC 9745 and RFC 8594.
func (j *judgement) notice(t told) (wrong []breach) {
	reply := j.x.Reply
	if t.in == nil || reply == nil || j.x.Request.Method == "" || !j.x.FromConsumer || reply.Status/100 != 2 {
		return nil
	}
	for _, b := range Unannounced(*t.in, j.setting.Today, *reply) {
		wrong = append(wrong, breach{rule: evidence.TellsNoEnd, reply: true, path: b.Path, want: b.Want, got: b.Got, place: b.Place})
	}
	return wrong
}

// Unannounced is what a successful answer over HTTP by version v says otherwise
// than the book of the end of its version.
func Unannounced(v contracts.PartyVersion, today time.Time, reply contracts.Part) (wrong []contracts.Breach) {
	for _, n := range Notices(v) {
		got := reply.Header(n.Header)
		switch {
		case got == n.Value, got == "" && !Ends(v, today):
			continue
		case n.same != nil && n.same(got):
			continue
		}
		want := n.Value
		if want == "" {
			if got == "" {
				continue
			}
			want = "nothing: the book names no such day"
		}
		wrong = append(wrong, contracts.Breach{Reply: true, Path: "header " + n.Header, Want: want, Got: orNothing(got), Place: n.Day.Place()})
	}
	return wrong
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// A Notice is a header in which an answer says that its version comes to an
// end.
type Notice struct {
	Header string
	Value  string // "" if the book names no day
	Day    contracts.Date
	same   func(got string) bool // other spellings of it
}

// Notices are what answers by a version say of its end, as the book has it.
func Notices(v contracts.PartyVersion) []Notice {
	d := Notice{Header: "Deprecation", Day: v.Deprecated}
	if !v.Deprecated.IsZero() {
		d.Value = "@" + strconv.FormatInt(v.Deprecated.Unix(), 10)
	}
	s := Notice{Header: "Sunset", Day: v.Sunset}
	if !v.Sunset.IsZero() {
		s.Value = v.Sunset.UTC().Format(httpDate)
		s.same = func(got string) bool {
			return slices.ContainsFunc([]string{httpDate, time.RFC850, time.ANSIC}, func(form string) bool {
				at, err := time.Parse(form, got)
				return err == nil && at.Equal(v.Sunset.Time)
			})
		}
	}
	return []Notice{d, s}
}

// httpDate is how HTTP prefers to write an instant, RFC 9110 §5.6.7.
const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

// Ends reports whether answers by v must say that it comes to an end.
func Ends(v contracts.PartyVersion, today time.Time) bool { return v.On(today) == contracts.Deprecated }

// unnumbered is a path to a field without the numbers of rows: "$.lots[].id".
func unnumbered(path string) string {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		b.WriteByte(path[i])
		if path[i] == '[' {
			for i+1 < len(path) && path[i+1] >= '0' && path[i+1] <= '9' {
				i++
			}
		}
	}
	return b.String()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
