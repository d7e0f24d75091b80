package b2mml

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"github.com/andon-rig/andon/simulators/plant"
)

// Nearly everything in a SegmentResponse is optional, and senders leave out
// what stands elsewhere in it. This file finds it there.

// A consumed material is told within a confirmation, as those do that report an
// operation and its components at once.
type consumed struct {
	bod  *xmltree.Node // that says nothing else
	path string        // of the material in the BOD that was sent
}

// filled puts into each row of a performance what its sender says elsewhere, and
// takes the components out of confirmations.
func filled(bod *xmltree.Node, kind plant.Kind) (components []consumed, changed bool) {
	if kind == plant.KindReversal || kind == plant.KindMachineCount || kind == plant.KindMachineState {
		return nil, false
	}
	for p, n := range called(bod.Child("DataArea"), performance) {
		for r, response := range called(n, "OperationsResponse") {
			for s, row := range called(response, "SegmentResponse") {
				did := stood(row, response, kind)
				if kind == plant.KindConfirmation {
					at := fmt.Sprintf("%s[%d]/OperationsResponse[%d]/SegmentResponse[%d]/", performance, p+1, r+1, s+1)
					did = yielded(row) || did
					found := taken(row, bod, at)
					components, did = append(components, found...), did || len(found) > 0
				}
				changed = changed || did
			}
		}
	}
	return components, changed
}

// called are the elements of a name in n.
func called(n *xmltree.Node, name string) (all []*xmltree.Node) {
	if n == nil {
		return nil
	}
	for _, c := range n.Children {
		if c.Name == name {
			all = append(all, c)
		}
	}
	return all
}

// stood gives a row the order, operation and number that it does not name in the
// place for it.
func stood(row, response *xmltree.Node, kind plant.Kind) (did bool) {
	order := cmp.Or(row.Said("OperationsRequestID"), response.Said("OperationsRequestID"))
	operation := row.Said("OperationsSegmentID")
	if operation == "" && row.Child("OperationsSegmentID") == nil && kind != plant.KindReceipt {
		required := func(n *xmltree.Node) string { return strings.TrimPrefix(n.Said("SegmentRequirementID"), order+"/") }
		operation = cmp.Or(required(row), response.Said("OperationsSegmentID"), required(response), row.Said("ProcessSegmentID"))
		if operation != "" {
			placedIn(row, xmltree.Leaf("OperationsSegmentID", operation))
			did = true
		}
	}
	if kind == plant.KindOperationStarted || slices.ContainsFunc(called(row, "SegmentData"), func(d *xmltree.Node) bool { return d.Said("ID") == "Counter" }) {
		return did
	}
	before := order + "/"
	if kind != plant.KindReceipt {
		before += operation + "/"
	}
	digits, fits := strings.CutPrefix(row.Said("ID"), before)
	if n, err := strconv.ParseUint(digits, 10, 31); fits && err == nil && n > 0 {
		placedIn(row, data("Counter", strconv.FormatUint(n, 10)))
		did = true
	}
	return did
}

// yielded has the yield said by Produced, where nothing is said to be it.
func yielded(row *xmltree.Node) (did bool) {
	var produced []*xmltree.Node
	for _, m := range called(row, "MaterialActual") {
		switch use := m.Child("MaterialUse"); {
		case use == nil:
		case strings.TrimSpace(use.Text) == "Yield Produced":
			return false
		case strings.TrimSpace(use.Text) == "Produced":
			produced = append(produced, use)
		}
	}
	if len(produced) != 1 {
		return false
	}
	produced[0].Text = "Yield Produced"
	return true
}

// taken takes consumed materials out of a row, each into a BOD of its own.
func taken(row, bod *xmltree.Node, at string) (all []consumed) {
	var rest []*xmltree.Node
	n := 0
	for _, c := range row.Children {
		if c.Name != "MaterialActual" {
			rest = append(rest, c)
			continue
		}
		if n++; strings.TrimSpace(c.Said("MaterialUse")) != "Consumed" {
			rest = append(rest, c)
			continue
		}
		one := xmltree.Branch("SegmentResponse")
		for _, other := range row.Children {
			if slices.Contains([]string{"ID", "PostingDate", "ActualStartTime", "ActualEndTime", "OperationsRequestID", "OperationsSegmentID"}, other.Name) || other.Name == "SegmentData" && other.Said("ID") == "Counter" {
				one.Add(other)
			}
		}
		if one.Child("OperationsRequestID") == nil {
			placedIn(one, xmltree.Leaf("OperationsRequestID", orderAbove(row, bod)))
		}
		id := xmltree.Leaf("ID", "1")
		sync := xmltree.Branch(bod.Name, bod.Child("ApplicationArea"), xmltree.Branch("DataArea", bod.Find("DataArea", "Sync"),
			xmltree.Branch(performance, id, xmltree.Branch("OperationsResponse", id, one.Add(c)))))
		all = append(all, consumed{bod: spoken(sync, c.Line), path: at + fmt.Sprintf("MaterialActual[%d]", n)})
	}
	if len(all) > 0 {
		row.Children = rest
	}
	return all
}

// orderAbove is the order that is named for a row and its neighbours.
func orderAbove(row, bod *xmltree.Node) string {
	for _, n := range called(bod.Child("DataArea"), performance) {
		for _, response := range called(n, "OperationsResponse") {
			if slices.Contains(response.Children, row) {
				return response.Said("OperationsRequestID")
			}
		}
	}
	return ""
}

// placedIn adds an element to a SegmentResponse where it has its place.
func placedIn(row, n *xmltree.Node) {
	place := shapes["SegmentResponse"].place
	at := slices.IndexFunc(row.Children, func(c *xmltree.Node) bool {
		p, known := place[c.Name]
		return !known || p > place[n.Name]
	})
	if at < 0 {
		at = len(row.Children)
	}
	row.Children = slices.Insert(row.Children, at, spoken(n, row.Line))
}

// spoken is n in the namespace of BODs, as if it had been read on a line.
func spoken(n *xmltree.Node, line int) *xmltree.Node {
	if n.Space == "" {
		n.Space, n.Line = Namespace, line
	}
	for _, c := range n.Children {
		spoken(c, line)
	}
	return n
}

// claimed reads what a performance states, with what consumptions are told in it.
func claimed(bod *xmltree.Node, kind plant.Kind, body []byte) (simulators.Ask, error) {
	components, changed := filled(bod, kind)
	if changed {
		var err error
		if body, err = toJSON(bod); err != nil {
			return simulators.Ask{}, refuse(codeMalformed, err.Error())
		}
	}
	ask, err := neutral.Dialect{}.Decode(simulators.Message{Verb: "post", Name: neutral.NameOf(kind), Body: body})
	if err != nil {
		return simulators.Ask{}, inXPath(err)
	}
	for _, c := range components {
		body, err := toJSON(c.bod)
		if err != nil {
			return simulators.Ask{}, refuse(codeMalformed, err.Error())
		}
		one, err := neutral.Dialect{}.Decode(simulators.Message{Verb: "post", Name: neutral.NameOf(plant.KindConsumption), Body: body})
		if err != nil {
			return simulators.Ask{}, c.within(inXPath(err))
		}
		ask.Claims, ask.Batch = append(ask.Claims, one.Claims...), true
	}
	return ask, nil
}

// within says where in the BOD that was sent something is that is wrong with a
// component.
func (c consumed) within(err error) error {
	const alone = performance + "[1]/OperationsResponse[1]/SegmentResponse[1]/"
	var r *simulators.Refusal
	if !errors.As(err, &r) {
		return err
	}
	out := *r
	row := c.path[:strings.LastIndexByte(c.path, '/')+1]
	if before, after, ok := strings.Cut(r.Text, alone+"MaterialActual[1]"); ok {
		out.Text = before + c.path + after
	} else {
		out.Text = strings.Replace(r.Text, alone, row, 1)
	}
	return &out
}
