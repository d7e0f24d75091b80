package saps4

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An object is one of the description of the services.
type object = map[string]any

// versioned are the services that clients ask for by a version behind the name.
var versioned = map[string]string{billService: ";v=0002"}

// OpenAPI describes the services as OpenAPI 3.1 in JSON: made of what $metadata is
// made of, and of what it does not say (session, statuses, headers, errors). What
// travels in the parts of a $batch is not described, nor that a request may be put
// into d.
func OpenAPI() []byte {
	paths, schemas := object{}, envelopes()
	for i := range services {
		s := &services[i]
		for _, root := range []string{"/" + Root + "/" + s.name, "/" + Root + "/" + s.name + versioned[s.name]} {
			s.describe(root, paths)
		}
		for _, t := range s.sets {
			schemas[t.set], schemas[t.set+".sent"] = t.shown(), t.sent()
		}
	}
	return append(folded(nil, object{
		"openapi": "3.1.0", "info": object{"title": "Dialect sap-s4/v2: OData V2 services", "version": "v2"},
		"paths": paths, "components": object{"parameters": sharedParameters(), "responses": sharedAnswers(), "schemas": schemas},
	}, 0), '\n')
}

// folded appends v as JSON with a line for each operation, shared part and
// property, so that a place in it says something and few lines change at a time.
func folded(b []byte, v any, depth int) []byte {
	const deepest = 4
	o, ok := v.(object)
	deeper := false
	for _, inner := range o {
		_, is := inner.(object)
		deeper = deeper || is
	}
	if !ok || !deeper || depth > deepest {
		return append(b, compact(v)...)
	}
	b = append(b, '{')
	for i, k := range slices.Sorted(maps.Keys(o)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '\n'), strings.Repeat(" ", depth+1)...), compact(k)...)
		b = folded(append(b, ": "...), o[k], depth+1)
	}
	return append(append(append(b, '\n'), strings.Repeat(" ", depth)...), '}')
}

func compact(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // strings cannot fail
	return bytes.TrimSpace(b.Bytes())
}

func ref(kind, name string) object { return object{"$ref": "#/components/" + kind + "/" + name} }

func refs(kind string, names ...string) (all []any) {
	for _, n := range names {
		all = append(all, ref(kind, n))
	}
	return all
}

// Parameters of every question, and of every change.
var (
	asking   = []string{"Fetch", "Accept-Language", "sap-language", "format", "filter", "expand", "select", "orderby", "top", "skip", "skiptoken", "inlinecount"}
	changing = []string{"Token", "Accept-Language", "sap-language", "format"}
)

// describe adds the paths of the service below its root.
func (s *service) describe(root string, paths object) {
	paths[root] = object{"get": asked("Says where the service is.", "307", "The address ends with a slash.", object{"text/plain": object{}})}
	sets := asked("Tells the sets; the usual address for a token.", "200", "The sets.", inJSON(ref("schemas", "Sets")))
	paths[root+"/"] = object{"get": sets, "head": sets}
	meta := asked("Tells what the service has.", "200", "EDMX of OData V2.", object{"application/xml": object{}})
	paths[root+"/$metadata"] = object{"get": meta, "head": meta}
	paths[root+"/$batch"] = object{"post": changed("Several requests in one; those of a changeset are done together or not.", object{"multipart/mixed": object{}}, changing,
		object{"202": object{"description": "An answer for each question and each changeset, whatever became of them.", "content": object{"multipart/mixed": object{}}}})}
	for _, t := range s.sets {
		t.describe(root+"/"+t.set, paths)
	}
	for _, c := range s.calls {
		c.describe(root+"/"+c.name, paths)
	}
}

// describe adds the paths of a set.
func (t *entityType) describe(at string, paths object) {
	count := object{"get": asked("Tells how many a filter finds.", "200", "The number.", object{"text/plain": object{}})}
	list := object{"get": asked("Reads those that a filter finds, none if there are none.", "200", "A page of them.", inJSON(object{"$ref": "#/components/schemas/" + t.set + "/$defs/list"}))}
	one := object{"get": asked("Reads one by its key.", "200", "It, with the ETag that If-Match wants.", inJSON(within(ref("schemas", t.set)))), "parameters": keyInPath()}
	if _, inserted := (Dialect{}).inserts()[t]; inserted {
		made := inJSON(within(object{"allOf": []any{ref("schemas", t.set), object{"required": t.keyNames()}}}))
		answer := func(what string) object {
			return object{"description": what, "content": made, "headers": object{"Location": header("Where it can be read."), "sap-message": header("A warning, as JSON: something waits for a person.")}}
		}
		list["post"] = changed("Makes one.", inJSON(ref("schemas", t.set+".sent")), changing,
			object{"200": answer("It was there already."), "201": answer("Made."), "202": answer("Taken, and not posted.")})
	}
	if t == lotType {
		change := changed("Changes one.", inJSON(ref("schemas", t.set+".sent")), slices.Concat(changing, []string{"If-Match", "X-HTTP-Method"}),
			object{"204": object{"description": "Changed."}})
		one["post"], one["patch"], one["put"] = change, change, change
	}
	paths[at], paths[at+"({key})"], paths[at+"/$count"] = list, one, count
	for _, n := range t.navs {
		rows := asked("Reads what belongs to one.", "200", "A page of it.", inJSON(object{"$ref": "#/components/schemas/" + n.to.set + "/$defs/list"}))
		paths[at+"({key})/"+n.name] = object{"get": rows, "parameters": keyInPath()}
		paths[at+"({key})/"+n.name+"/$count"] = object{"get": count["get"], "parameters": keyInPath()}
	}
}

// describe adds the path of a function import.
func (c call) describe(at string, paths object) {
	done := any(within(object{"type": "object", "required": []string{c.name}, "properties": object{c.name: ref("schemas", "Outcome")}}))
	if cancels(c.name) {
		done = within(ref("schemas", c.returns.set))
	}
	op := changed("Calls the function.", nil, slices.Concat(changing, []string{"If-Match"}), object{"200": object{"description": "Done.", "content": inJSON(done)}, "202": object{"description": "Taken, and not done.", "content": inJSON(done)}})
	list, _ := op["parameters"].([]any)
	for _, p := range c.params {
		list = append(list, object{"name": p.name, "in": "query", "required": true, "schema": object{"type": "string", "pattern": fmt.Sprintf("^'.{0,%d}'$", 2*p.max)}})
	}
	op["parameters"] = append(list, object{"name": "PostingDate", "in": "query", "schema": object{"type": "string"}})
	paths[at] = object{"post": op}
}

func keyInPath() []any {
	return []any{object{"name": "key", "in": "path", "required": true, "schema": object{"type": "string"}}}
}

func inJSON(schema any) object { return object{"application/json": object{"schema": schema}} }

func within(schema any) object {
	return object{"type": "object", "required": []string{"d"}, "properties": object{"d": schema}}
}

func header(what string) object {
	return object{"description": what, "schema": object{"type": "string"}}
}

// asked is a question.
func asked(summary, status, what string, content object) object {
	return object{"summary": summary, "parameters": refs("parameters", asking...), "responses": object{
		status: object{"description": what, "content": content, "headers": object{
			"X-CSRF-Token": header("A token, if one was asked for."), "Set-Cookie": header("The session that the token belongs to.")}},
		"4XX": ref("responses", "Refused"), "5XX": ref("responses", "Refused"),
	}}
}

// changed is what changes something, and needs a session.
func changed(summary string, body object, words []string, answers object) object {
	answers["403"], answers["4XX"], answers["5XX"] = ref("responses", "Forbidden"), ref("responses", "Refused"), ref("responses", "Refused")
	op := object{"summary": summary, "parameters": refs("parameters", words...), "responses": answers}
	if body != nil {
		op["requestBody"] = object{"required": true, "content": body}
	}
	return op
}

func sharedParameters() object {
	option := func(name string, schema object) object {
		return object{"name": "$" + name, "in": "query", "schema": schema}
	}
	text, number := object{"type": "string"}, object{"type": "integer", "minimum": 0}
	return object{
		"Fetch":           object{"name": "X-CSRF-Token", "in": "header", "description": "Fetch asks for a token.", "schema": text},
		"Token":           object{"name": "X-CSRF-Token", "in": "header", "description": "The token that a question brought, together with the cookie of that session.", "schema": text},
		"If-Match":        object{"name": "If-Match", "in": "header", "description": "The ETag of what is changed.", "schema": text},
		"X-HTTP-Method":   object{"name": "X-HTTP-Method", "in": "header", "description": "What POST stands for.", "schema": object{"enum": []string{"PATCH", "MERGE", "PUT"}}},
		"Accept-Language": object{"name": "Accept-Language", "in": "header", "schema": text},
		"sap-language":    object{"name": "sap-language", "in": "query", "schema": text},
		"format":          option("format", object{"const": "json"}), "filter": option("filter", text), "expand": option("expand", text), "select": option("select", text),
		"orderby": option("orderby", text), "top": option("top", number), "skip": option("skip", number), "skiptoken": option("skiptoken", text),
		"inlinecount": option("inlinecount", object{"enum": []string{"allpages", "none"}}),
	}
}

func sharedAnswers() object {
	told := inJSON(ref("schemas", "Error"))
	return object{
		"Refused": object{"description": "Nothing was done, if the status is below 500.", "content": told,
			"headers": object{"Retry-After": header("Seconds, or a date."), "WWW-Authenticate": header("What is wrong with who asks.")}},
		"Forbidden": object{"description": "The token is missing or is not that of the session; or there is no right to it.",
			"content": object{"text/plain": object{}, "application/json": told["application/json"]},
			"headers": object{"X-CSRF-Token": object{"description": "Says that the token is what is missing.", "schema": object{"const": "Required"}}}},
	}
}

// envelopes are the schemas of all services.
func envelopes() object {
	texts := func(names ...string) object {
		p := object{}
		for _, n := range names {
			p[n] = object{"type": "string"}
		}
		return object{"type": "object", "required": names, "properties": p}
	}
	message := texts("lang", "value")
	message["properties"].(object)["lang"] = object{"enum": []Language{English, German}}
	detail := texts("code", "message", "propertyref", "severity", "target")
	detail["properties"].(object)["severity"] = object{"enum": []string{"error", "warning", "info"}}
	inner := object{"type": "object", "required": []string{"application", "transactionid", "timestamp", "Error_Resolution", "errordetails"}, "properties": object{
		"application":   texts("component_id", "service_namespace", "service_id", "service_version"),
		"transactionid": object{"type": "string", "pattern": "^[0-9A-F]{32}$"}, "timestamp": object{"type": "string"},
		"Error_Resolution": texts("SAP_Transaction", "SAP_Note"), "errordetails": object{"type": "array", "minItems": 1, "items": detail},
	}}
	return object{
		"Sets":    within(object{"type": "object", "required": []string{"EntitySets"}, "properties": object{"EntitySets": object{"type": "array", "items": object{"type": "string"}}}}),
		"Outcome": texts("SystemMessageLongText"),
		"Metadata": object{"type": "object", "required": []string{"id", "uri", "type"}, "properties": object{
			"id": object{"type": "string"}, "uri": object{"type": "string"}, "type": object{"type": "string"}, "etag": object{"type": "string"}}},
		"Deferred": object{"type": "object", "required": []string{"__deferred"}, "properties": object{"__deferred": texts("uri")}},
		"Error": object{"type": "object", "required": []string{"error"}, "properties": object{"error": object{
			"type": "object", "required": []string{"code", "message", "innererror"}, "properties": object{
				"code": object{"type": "string", "pattern": "^(ZAN|/IW(BEP|FND)/CM_MGW(_RT)?)/[0-9]{3}$"}, "message": message, "innererror": inner}}}},
	}
}

// shown is an entity as an answer has it: with what OData says about it, and with
// $select only in part.
func (t *entityType) shown() object {
	p := object{"__metadata": ref("schemas", "Metadata")}
	for _, one := range t.props {
		p[one.name] = one.schema()
	}
	for _, n := range t.navs {
		rows := object{"type": "object", "required": []string{"results"}, "properties": object{"results": object{"type": "array", "items": ref("schemas", n.to.set)}}}
		p[n.name] = object{"anyOf": []any{ref("schemas", "Deferred"), rows}}
	}
	return object{"type": "object", "required": []string{"__metadata"}, "properties": p, "$defs": object{
		"list": within(object{"type": "object", "required": []string{"results"}, "properties": object{
			"__count": object{"type": "string", "pattern": "^[0-9]+$"}, "__next": object{"type": "string"}, "results": object{"type": "array", "items": ref("schemas", t.set)}}}),
	}}
}

// sent is an entity as a request has it: with nothing that it has not got. The
// system numbers it.
func (t *entityType) sent() object {
	p := object{"__metadata": object{"type": "object"}}
	for _, one := range t.props {
		s := one.schema()
		s["type"] = nullable(one.edm)
		p[one.name] = s
	}
	for _, n := range t.navs {
		rows := object{"type": "array", "items": ref("schemas", n.to.set+".sent")}
		p[n.name] = object{"anyOf": []any{rows, object{"type": "object", "required": []string{"results"}, "properties": object{"results": rows}}}}
	}
	return object{"type": "object", "minProperties": 1, "properties": p, "additionalProperties": false}
}

// moment is a day or an instant: milliseconds, and the minutes of an offset.
const moment = `^/Date\(-?[0-9]{1,15}([+-][0-9]{1,4})?\)/$`

// Forms of values that are texts in JSON.
var valueForms = map[string]string{
	"Decimal": `^-?[0-9]+([.][0-9]+)?$`, "DateTime": moment, "DateTimeOffset": moment,
	"Time": `^PT([0-9]{1,2}H)?([0-9]{1,2}M)?([0-9]{1,2}S)?$`, "Guid": `^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`,
}

// schema is the property as JSON says it.
func (p property) schema() object {
	s := object{"type": nullable(p.edm)}
	if p.key {
		s["type"] = "string"
	}
	if p.edm == "String" {
		s["maxLength"] = p.max
	}
	if form := valueForms[p.edm]; form != "" {
		s["pattern"] = form
	}
	return s
}

func nullable(edm string) []string {
	kind := strings.ToLower(edm)
	switch edm {
	case "Boolean":
	case "Int32":
		kind = "integer"
	default:
		kind = "string"
	}
	return []string{kind, "null"}
}
