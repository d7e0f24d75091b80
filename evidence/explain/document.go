package explain

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/andon-rig/andon/evidence"
)

// DocumentVersion names the form of findings.json. Within a version fields are
// added, never renamed, retyped or dropped.
const DocumentVersion = "andon.findings/v1"

//go:embed findings.schema.json
var schema []byte

// Schema is the JSON Schema (draft 2020-12) of findings.json.
func Schema() []byte { return schema }

// A Document is findings.json of a bundle: what the judges of one run found,
// explained, for programs.
type Document struct {
	Schema   string
	Andon    string // version that judged
	Run      string
	Scenario string
	Seed     uint64
	Findings []evidence.Finding // in the order of the judgement, worst first
}

// document is how a Document is written.
type document struct {
	Schema   string            `json:"schema"`
	Andon    string            `json:"andon,omitempty"`
	Run      string            `json:"run"`
	Scenario string            `json:"scenario"`
	Seed     uint64            `json:"seed"`
	Troubles []documentTrouble `json:"troubles"`
	Findings []documentFinding `json:"findings"`
}

// documentTrouble is a [Trouble] in names of findings.
type documentTrouble struct {
	Finding  string           `json:"finding"`
	Like     []string         `json:"like,omitempty"`
	Verdict  evidence.Verdict `json:"verdict"`
	Count    int              `json:"count"`
	ShowsAs  []documentShows  `json:"showsAs,omitempty"`
	Headline string           `json:"headline"`
}

type documentShows struct {
	Oracle string `json:"oracle"`
	Number string `json:"number"`
	Count  int    `json:"count"`
}

// documentFinding is a finding with its explanation beside its fields.
type documentFinding struct {
	Name string `json:"finding"`
	evidence.Finding
	Explain *Detail `json:"explain,omitempty"`
}

// MarshalJSON writes the document with its troubles in front.
func (d Document) MarshalJSON() ([]byte, error) {
	out := document{d.Schema, d.Andon, d.Run, d.Scenario, d.Seed, []documentTrouble{}, []documentFinding{}}
	var open []evidence.Finding
	for _, f := range d.Findings {
		if f.Verdict >= evidence.Inconclusive || f.Verdict == evidence.Vacuous && f.Rule != evidence.RuleIdle {
			open = append(open, f)
		}
		var detail *Detail
		f.Extra, detail = detach(f.Extra)
		name := ""
		if detail != nil {
			name = detail.ID
		}
		out.Findings = append(out.Findings, documentFinding{name, f, detail})
	}
	for _, t := range Troubles(open) {
		f := t.Findings[0]
		told := documentTrouble{Finding: DetailOf(f).ID, Verdict: f.Verdict, Count: t.Count, Headline: headline(f)}
		for _, like := range t.Findings[1:] {
			told.Like = append(told.Like, DetailOf(like).ID)
		}
		for _, s := range t.ShowsAs {
			told.ShowsAs = append(told.ShowsAs, documentShows(s))
		}
		out.Troubles = append(out.Troubles, told)
	}
	return json.Marshal(out)
}

// headline says what a finding is about in one line.
func headline(f evidence.Finding) string {
	text := fmt.Sprintf("%s (%s) %s", f.Oracle, f.ID, f.Verdict)
	if keys := f.Keys.String(); keys != "" {
		text += ": " + keys
	}
	if f.Got != "" {
		text += ": " + f.Got
	} else if f.Text != "" {
		text += ": " + f.Text
	}
	return Clean(text, 300)
}

// UnmarshalJSON reads what MarshalJSON writes, and the bare array of findings
// of bundles made before findings.json had a version.
func (d *Document) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("[")) {
		*d = Document{Schema: DocumentVersion}
		return json.Unmarshal(b, &d.Findings)
	}
	var in document
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	if in.Schema != DocumentVersion {
		return fmt.Errorf("findings of form %q: this Andon reads %s", Clean(in.Schema, 40), DocumentVersion)
	}
	*d = Document{in.Schema, in.Andon, in.Run, in.Scenario, in.Seed, []evidence.Finding{}}
	for _, f := range in.Findings {
		if f.Explain != nil {
			f.Extra = attach(f.Extra, *f.Explain)
		}
		d.Findings = append(d.Findings, f.Finding)
	}
	return nil
}

// detach takes the explanation out of a finding's extra.
func detach(extra json.RawMessage) (rest json.RawMessage, d *Detail) {
	fields := map[string]json.RawMessage{}
	if json.Unmarshal(extra, &fields) != nil || fields["explain"] == nil {
		return extra, nil
	}
	d = &Detail{}
	if json.Unmarshal(fields["explain"], d) != nil {
		return extra, nil
	}
	delete(fields, "explain")
	if len(fields) == 0 {
		return nil, d
	}
	rest, err := json.Marshal(fields)
	if err != nil {
		return extra, d
	}
	return rest, d
}
