package b2mml

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"github.com/andon-rig/andon/simulators/plant"
)

// Codes of refusals that this dialect makes itself.
const (
	codeMalformed  = "malformed"
	codeName       = "resource-unknown"
	codeMethod     = "method-not-allowed"
	codeMedia      = "media-type"
	codeNamespace  = "namespace-unknown"
	codeRelease    = "release-unknown"
	codeBOD        = "bod-unknown"
	codeVersion    = "envelope-version"
	codeUnderstand = "not-understood"
)

func refuse(code, text string) *simulators.Refusal {
	return &simulators.Refusal{Class: simulators.DataQuality, Code: code, Text: text}
}

// Decode implements [simulators.Dialect]: a BOD of the verb Get is a question,
// every other states facts. It is strict; README.md says about what. The error
// is a [*simulators.Refusal].
func (d Dialect) Decode(m simulators.Message) (simulators.Ask, error) {
	switch {
	case m.Verb == "get" && m.Name == health:
		return simulators.Ask{Query: &simulators.Query{Object: health}}, nil
	case asksWSDL(m) && d.Settings.space() != "":
		return simulators.Ask{Query: &simulators.Query{Object: itself, Where: map[string]string{"of": "wsdl"}}}, nil
	case asksWSDL(m):
		return simulators.Ask{}, refuse(codeName, "there is no WSDL of BODs without an envelope: the endpoint's format: {envelope: …} says none")
	case m.Name != Address:
		return simulators.Ask{}, refuse(codeName, fmt.Sprintf("there is no %q here; POST every BOD to %s", xmltree.Clip(m.Name), Address))
	case m.Method != "" && m.Method != "POST":
		return simulators.Ask{}, refuse(codeMethod, fmt.Sprintf("%s takes POST, not %s", Address, xmltree.Clip(m.Method)))
	}
	if err := d.Settings.checkMedia(m.Header["Content-Type"]); err != nil {
		return simulators.Ask{}, refuse(codeMedia, err.Error())
	}
	root, err := xmltree.Parse(m.Body)
	if err != nil {
		return simulators.Ask{}, refuse(codeMalformed, err.Error())
	}
	bod, code, err := d.Settings.opened(root)
	if err != nil {
		return simulators.Ask{}, refuse(code, err.Error())
	}
	ask, err := read(bod)
	ask.IdempotencyKey = bod.Said("ApplicationArea", "BODID") // also of what is refused
	return ask, err
}

// health is what may be asked for with GET.
const health = "health"

// itself is a question that the dialect answers alone.
const itself = "interface"

// read takes a BOD apart.
func read(bod *xmltree.Node) (simulators.Ask, error) {
	verb, noun, err := recognised(bod)
	if err != nil {
		return simulators.Ask{}, err
	}
	body, err := toJSON(bod)
	if err != nil {
		return simulators.Ask{}, refuse(codeMalformed, err.Error())
	}
	if bod.Find("ApplicationArea", "CreationDateTime") == nil {
		return simulators.Ask{}, refuse(codeMalformed, fmt.Sprintf("line %d, /%s/ApplicationArea/CreationDateTime: is missing", bod.Line, bod.Name))
	}
	if verb == "Get" {
		return question(bod, noun)
	}
	kind, err := kindOf(bod, verb, noun)
	if err != nil {
		return simulators.Ask{}, err
	}
	return claimed(bod, kind, body)
}

// recognised holds the root of a BOD against what is spoken here.
func recognised(bod *xmltree.Node) (verb, noun string, err error) {
	at := fmt.Sprintf("line %d, /%s: ", bod.Line, xmltree.Clip(bod.Name))
	if bod.Space != Namespace {
		return "", "", refuse(codeNamespace, fmt.Sprintf("%sthe namespace %q is not spoken here, only %q (B2MML %s)", at, xmltree.Clip(bod.Space), Namespace, Release))
	}
	verb, noun, ok := transaction(bod.Name)
	if !ok {
		return "", "", refuse(codeBOD, fmt.Sprintf("%sthere is no such BOD here; it is one of %s with one of %s", at, strings.Join(verbs, ", "), strings.Join(nouns, ", ")))
	}
	release, said := bod.Attr("releaseID")
	switch {
	case !said:
		return "", "", refuse(codeRelease, at+"the attribute releaseID is missing; it is "+Release)
	case release != Release:
		return "", "", refuse(codeRelease, fmt.Sprintf("%sreleaseID %q is not spoken here, only %s", at, xmltree.Clip(release), Release))
	}
	return verb, noun, nil
}

// kindOf finds which kind of fact a BOD states: as its sender says in TaskID,
// or else by what is in it.
func kindOf(bod *xmltree.Node, verb, noun string) (plant.Kind, error) {
	task := plant.Kind(bod.Said("ApplicationArea", "Sender", "TaskID"))
	own := neutral.KindsOf(verb, noun)
	if len(own) == 0 {
		return "", refuse(codeBOD, fmt.Sprintf("line %d, /%s: nothing here is said with %s of %s", bod.Line, bod.Name, verb, noun))
	}
	if slices.Contains(own, task) {
		return task, nil
	}
	if neutral.NameOf(task) != "" {
		return "", refuse(codeMalformed, fmt.Sprintf("line %d, /%s/ApplicationArea/Sender/TaskID: %q does not fit; here it is one of %s or something else", bod.Line, bod.Name, task, join(own)))
	}
	if len(own) == 1 {
		return own[0], nil
	}
	return byContent(bod)
}

// byContent tells what a performance is about by the use of its first material.
func byContent(bod *xmltree.Node) (plant.Kind, error) {
	actual := bod.Find("DataArea", performance, "OperationsResponse", "SegmentResponse", "MaterialActual", "MaterialUse")
	if actual == nil {
		return plant.KindOperationStarted, nil
	}
	use := strings.TrimSpace(actual.Text)
	if other, said := actual.Attr("OtherValue"); said && use == "Other" {
		use = other
	}
	switch use {
	case "Yield Produced":
		return plant.KindConfirmation, nil
	case "Consumed":
		return plant.KindConsumption, nil
	case "Produced":
		return plant.KindReceipt, nil
	case "Scrap":
		return plant.KindScrap, nil
	case "Rework":
		return plant.KindRework, nil
	case "Returned Sample":
		return plant.KindInspection, nil
	}
	return "", refuse(codeMalformed, fmt.Sprintf("line %d, /%s//MaterialUse: of %q nothing is known here", actual.Line, bod.Name, xmltree.Clip(use)))
}

func join(kinds []plant.Kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}

var (
	jsonPath = regexp.MustCompile(`^[A-Za-z]+(?:\.[A-Za-z@$]+|\[\d+\])*: `)
	index    = regexp.MustCompile(`\[\d+\]`)
)

// inXPath says where something is as one says it of XML: elements are counted
// from 1.
func inXPath(err error) error {
	r := new(simulators.Refusal)
	if !errors.As(err, &r) {
		r = refuse(codeMalformed, err.Error())
	}
	out := *r
	if path := jsonPath.FindString(r.Text); path != "" {
		out.Text = "/" + index.ReplaceAllStringFunc(strings.ReplaceAll(path, ".", "/"), func(i string) string {
			n := 0
			fmt.Sscanf(i, "[%d]", &n)
			return fmt.Sprintf("[%d]", n+1)
		}) + r.Text[len(path):]
	}
	return &out
}
