package bridge

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// This file translates between B2MML XML and the messages of neutral/v1, which
// are B2MML-JSON: two forms of the same documents. Identifiers, quantities and
// instants pass through as they were written; none is read as a number and
// written anew.

// Names of B2MML V0701.
const (
	bodSpace   = "http://www.mesa.org/xml/B2MML"
	bodRelease = "V0701"
)

// element is one of a document.
type element struct {
	space, name, text string
	attrs             []xml.Attr
	in                []*element
}

// deepest is how deep elements may stand in each other.
const deepest = 64

// readXML reads a document without a document type, so without entities.
func readXML(body []byte) (root *element, err error) {
	if !utf8.Valid(body) {
		return nil, errors.New("the document is not UTF-8")
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	var open []*element
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) && root != nil {
			return root, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read XML: %w", err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, errors.New("read XML: a document type is not taken")
		case xml.StartElement:
			e := &element{space: t.Name.Space, name: t.Name.Local, attrs: t.Attr}
			switch {
			case len(open) > 0:
				above := open[len(open)-1]
				above.in = append(above.in, e)
			case root != nil:
				return nil, errors.New("read XML: two elements at the root")
			default:
				root = e
			}
			if open = append(open, e); len(open) > deepest {
				return nil, fmt.Errorf("read XML: more than %d levels", deepest)
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text += string(t)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return nil, errors.New("read XML: text outside of the root")
			}
		}
	}
}

// at follows a path of names; nil if there is nothing.
func (e *element) at(path ...string) *element {
	for _, name := range path {
		if e == nil {
			return nil
		}
		i := slices.IndexFunc(e.in, func(c *element) bool { return c.name == name })
		if i < 0 {
			return nil
		}
		e = e.in[i]
	}
	return e
}

func (e *element) said(path ...string) string {
	if e = e.at(path...); e == nil {
		return ""
	}
	return strings.TrimSpace(e.text)
}

func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// all finds the elements of a name, wherever they stand.
func (e *element) all(name string) (found []*element) {
	if e.name == name {
		return []*element{e}
	}
	for _, c := range e.in {
		found = append(found, c.all(name)...)
	}
	return found
}

// bodName is the path that BODs are posted to, here as at the ERP.
const bodName = "bods"

// messageOf reads a BOD that the ERP announces into a message for the MES.
func messageOf(body []byte, envelope string) (name string, message []byte, err error) {
	root, err := readXML(body)
	if err != nil {
		return "", nil, err
	}
	bod, err := unwrap(root, envelope)
	if err != nil {
		return "", nil, err
	}
	switch {
	case bod.space != bodSpace:
		return "", nil, fmt.Errorf("read BOD: the namespace %q is not B2MML %s's", clip(bod.space), bodRelease)
	case bod.attr("releaseID") != bodRelease:
		return "", nil, fmt.Errorf("read BOD: releaseID %q is not %s", clip(bod.attr("releaseID")), bodRelease)
	}
	switch bod.name {
	case "ProcessOperationsSchedule", "ChangeOperationsSchedule", "CancelOperationsSchedule":
		name = "orders"
	case "ChangeMaterialLot":
		name = "decisions"
	case "SyncMaterialDefinition":
		name = "items"
	case "SyncOperationsMaterialBill":
		name = "boms"
	case "SyncOperationsDefinition":
		name = "routings"
	case "SyncEquipment":
		name = "work-centers"
	case "SyncWorkCalendarDefinition":
		name = "calendars"
	default:
		return "", nil, fmt.Errorf("read BOD: %s is not for us", clip(bod.name))
	}
	form, err := bod.json("")
	if err != nil {
		return "", nil, fmt.Errorf("read BOD: %w", err)
	}
	form.(object)["@releaseID"] = bodRelease
	message, err = json.Marshal(object{bod.name: form})
	return name, message, err
}

// arrays are the elements that B2MML-JSON has as arrays, also if there is one.
var arrays = strings.Fields("OperationsSchedule OperationsRequest SegmentRequirement SegmentRequirementChild SegmentParameter EquipmentRequirement EquipmentID " +
	"MaterialRequirement MaterialLotID Description Quantity Value MaterialLot MaterialLotProperty MaterialDefinition MaterialDefinitionProperty " +
	"OperationsPerformance OperationsResponse SegmentResponse SegmentData OperationsRequestID OperationsSegmentID PersonnelActual PersonID EquipmentActual " +
	"MaterialActual MaterialSubLotID TestResult PropertyMeasurement " +
	"OperationsMaterialBill OperationsMaterialBillItem AssemblyBillOfMaterialItem MaterialSpecificationID OperationsDefinition OperationsSegment " +
	"ParameterSpecification EquipmentSpecification OperationsMaterialBillID " +
	"Equipment EquipmentProperty EquipmentChild WorkCalendarDefinition WorkCalendarDefinitionEntry WorkCalendarDefinitionProperty")

// arrayed reports whether B2MML-JSON has name in an element called in as an
// array. Some names are both.
func arrayed(in, name string) bool {
	switch {
	case name == "MaterialDefinitionID":
		return in == "MaterialRequirement" || in == "MaterialActual"
	case name == "Value":
		return in != "PropertyMeasurement"
	case name == "OperationsSegmentID":
		return in == "SegmentResponse"
	}
	return slices.Contains(arrays, name)
}

// json is the form of e in B2MML-JSON: text, or an object.
func (e *element) json(in string) (any, error) {
	if e.attr("nil") == "true" {
		return nil, nil
	}
	if len(e.in) == 0 {
		if other := e.attr("OtherValue"); other != "" {
			return object{"$": e.text, "@OtherValue": other}, nil
		}
		if strings.TrimSpace(e.text) == "" && hollow(e.name) {
			return object{}, nil
		}
		return e.text, nil
	}
	o := object{}
	for _, c := range e.in {
		if c.space != bodSpace || c.name == "UserArea" || c.name == "ConfirmationCode" || c.name == "ActionCriteria" { // of no concern to the MES
			continue
		}
		v, err := c.json(e.name)
		if err != nil {
			return nil, err
		}
		was, again := o[c.name]
		switch list, _ := was.([]any); {
		case arrayed(e.name, c.name):
			o[c.name] = append(list, v)
		case again:
			return nil, fmt.Errorf("%s is given twice in %s", clip(c.name), clip(e.name))
		default:
			o[c.name] = v
		}
	}
	return o, nil
}

// hollow names elements that are objects also without anything in them.
func hollow(name string) bool {
	return slices.Contains([]string{"Process", "Change", "Cancel", "Sync"}, name)
}

// bodPlaces is the published order of elements, where ours need one.
var bodPlaces = map[string][]string{
	"Sender":                strings.Fields("LogicalID ComponentID TaskID ReferenceID ConfirmationCode AuthorizationID"),
	"ApplicationArea":       strings.Fields("Sender Receiver CreationDateTime Signature BODID UserArea"),
	"DataArea":              strings.Fields("Process Sync Change Cancel OperationsPerformance MaterialLot"),
	"OperationsPerformance": strings.Fields("ID Description Version PublishedDate StartTime Endtime HierarchyScope OperationsType OperationsScheduleID PerformanceState OperationsResponse"),
	"OperationsResponse":    strings.Fields("ID Description Version StartTime EndTime HierarchyScope OperationsType OperationsRequestID SegmentRequirementID OperationsDefinitionID OperationsSegmentID ResponseState SegmentResponse"),
	"SegmentResponse": strings.Fields("ID Description PublishedDate PostingDate ActualStartTime ActualEndTime HierarchyScope OperationsType ProcessSegmentID OperationsRequestID SegmentRequirementID " +
		"OperationsDefinitionID OperationsSegmentID WorkResponseID JobResponseID SegmentState SegmentData PersonnelActual EquipmentActual PhysicalAssetActual MaterialActual"),
	"SegmentData":         strings.Fields("ID Description HierarchyScope Value"),
	"Value":               strings.Fields("ValueString DataType UnitOfMeasure Key"),
	"Quantity":            strings.Fields("QuantityString DataType UnitOfMeasure Key"),
	"PersonnelActual":     strings.Fields("ID PersonnelClassID PersonID Description PersonnelUse Quantity"),
	"EquipmentActual":     strings.Fields("ID EquipmentClassID EquipmentID Description EquipmentUse Quantity"),
	"MaterialActual":      strings.Fields("ID MaterialClassID MaterialDefinitionID MaterialLotID MaterialSubLotID Description MaterialUse SpatialDefinition StorageLocation Quantity TestResult"),
	"TestResult":          strings.Fields("ID Description EvaluationDate Expiration HierarchyScope TestableObjectID OperationsTestRequirementID EvaluatedCriterionResult TestResultChild PropertyMeasurement"),
	"PropertyMeasurement": strings.Fields("ID Description TestableObjectPropertyID MeasurementDate Value"),
	"MaterialLot":         strings.Fields("ID Version Description PublishedDate EffectiveStartDate EffectiveEndDate HierarchyScope SpatialDefinition MaterialDefinitionID Status Disposition MaterialLotProperty"),
	"MaterialLotProperty": strings.Fields("ID Description Value"),
}

// bodOf writes a message of the MES as a BOD with the identity id; "" gives it
// none.
func bodOf(message []byte, id string) (string, []byte, error) {
	if !utf8.Valid(message) { // a decoder would put other characters in the place of what is not
		return "", nil, errors.New("write BOD: the body is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(message))
	d.UseNumber()
	var root object
	if err := d.Decode(&root); err != nil || len(root) != 1 {
		return "", nil, fmt.Errorf("write BOD: not one transaction: %w", err)
	}
	for name, v := range root {
		bod, _ := v.(map[string]any)
		area, _ := bod["ApplicationArea"].(map[string]any)
		if area == nil {
			return "", nil, errors.New("write BOD: it has no application area")
		}
		if delete(area, "BODID"); id != "" {
			area["BODID"] = id
		}
		if sender, ok := area["Sender"].(map[string]any); ok {
			sender["ConfirmationCode"] = "Always"
		}
		delete(bod, "@releaseID")
		w := bodWriter{}
		fmt.Fprintf(&w.b, `<%s xmlns="%s" releaseID="%s">`, name, bodSpace, bodRelease)
		w.members(name, bod)
		fmt.Fprintf(&w.b, `</%s>`, name)
		return name, w.b.Bytes(), w.err
	}
	return "", nil, nil // not reached: there is one
}

type bodWriter struct {
	b   bytes.Buffer
	err error
}

// enclosing are the elements around what a BOD states. What a later version says
// in them besides is about the message, and nobody's fact.
var enclosing = []string{"ApplicationArea", "DataArea"}

// members writes an object in the published order. What has no place in it
// stands at the end, for the ERP to refuse, since it may be part of the fact;
// around the fact it is left out.
func (w *bodWriter) members(in string, o map[string]any) {
	order := bodPlaces[in]
	names := make([]string, 0, len(o))
	for name := range o {
		names = append(names, name)
	}
	place := func(name string) int {
		if i := slices.Index(order, name); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := place(a) - place(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		if strings.HasPrefix(name, "@") || slices.Contains(enclosing, in) && !slices.Contains(order, name) {
			continue
		}
		w.value(name, o[name])
	}
}

func (w *bodWriter) value(name string, v any) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			w.value(name, one)
		}
	case map[string]any:
		if text, leaf := v["$"].(string); leaf {
			other, _ := v["@OtherValue"].(string)
			w.b.WriteString("<" + name + ` OtherValue="`)
			w.text(other)
			w.b.WriteString(`">`)
			w.text(text)
		} else {
			w.b.WriteString("<" + name + ">")
			w.members(name, v)
		}
		w.b.WriteString("</" + name + ">")
	case nil:
		w.b.WriteString("<" + name + "/>")
	default:
		w.b.WriteString("<" + name + ">")
		w.text(fmt.Sprint(v))
		w.b.WriteString("</" + name + ">")
	}
}

// text writes characters by their numbers where a reader would change them.
func (w *bodWriter) text(s string) {
	if strings.ContainsFunc(s, unsayable) {
		w.err = fmt.Errorf("write BOD: %q has a character that XML cannot say", clip(s))
	}
	if err := xml.EscapeText(&w.b, []byte(s)); err != nil {
		w.err = err
	}
}

// unsayable reports whether XML cannot say r, not even by its number.
func unsayable(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff
}

// Namespaces of envelopes, by their setting.
var envelopes = map[string]string{"soap-1.1": "http://schemas.xmlsoap.org/soap/envelope/", "soap-1.2": "http://www.w3.org/2003/05/soap-envelope"}

// wrap puts a BOD into its envelope and says what goes with it.
func wrap(name string, bod []byte, envelope string) (doc []byte, header map[string][]string) {
	action := bodSpace + "/" + name
	const declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	switch envelope {
	case "soap-1.1":
		header = map[string][]string{"Content-Type": {"text/xml; charset=utf-8"}, "Soapaction": {`"` + action + `"`}}
	case "soap-1.2":
		header = map[string][]string{"Content-Type": {`application/soap+xml; charset=utf-8; action="` + action + `"`}}
	default:
		return append([]byte(declaration), bod...), map[string][]string{"Content-Type": {"application/xml; charset=utf-8"}}
	}
	return fmt.Appendf(nil, `%s<e:Envelope xmlns:e="%s"><e:Body>%s</e:Body></e:Envelope>`, declaration, envelopes[envelope], bod), header
}

// unwrap takes a BOD, or a fault, out of its envelope.
func unwrap(root *element, envelope string) (*element, error) {
	if envelopes[envelope] == "" {
		return root, nil
	}
	body := root.at("Body")
	if root.name != "Envelope" || root.space != envelopes[envelope] || body == nil || len(body.in) != 1 {
		return nil, fmt.Errorf("read envelope: %s is not one of %s with one BOD", clip(root.name), envelope)
	}
	return body.in[0], nil
}
