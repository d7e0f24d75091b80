package neutral

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

//go:embed documents/*.json
var documents embed.FS

// Documents returns the documents that describe this interface, by the name
// under which they are asked for.
func (Dialect) Documents() map[string][]byte {
	return map[string][]byte{askOpenAPI: OpenAPI(""), askAsyncAPI: AsyncAPI("")}
}

// OpenAPI returns the OpenAPI 3.1 document of an endpoint at baseURL; "" means
// where the document itself was found.
func OpenAPI(baseURL string) []byte {
	doc := document("openapi.json")
	if baseURL != "" {
		doc["servers"] = []any{object{"url": baseURL}}
	}
	paths, hooks := below(doc, "paths"), below(doc, "webhooks")
	for _, name := range Names() {
		if path, asked := paths["/"+name].(object); asked { // it is a list as well
			path["post"] = posting(name)
		} else {
			paths["/"+name] = object{"post": posting(name)}
		}
		hooks[name] = object{"post": webhook(name)}
	}
	addSchemas(below(doc, "components", "schemas"))
	return render(doc)
}

type object = map[string]any

func posting(name string) object {
	responses := object{
		"200": response("Repeated"), "201": response("Applied"), "202": response("Accepted"), "207": response("Partly"),
		"401": response("Unauthorized"), "423": response("Locked"), "429": response("Throttled"), "503": response("Unavailable"),
	}
	for _, status := range []string{"400", "403", "404", "409", "413", "422"} {
		responses[status] = response("Problem")
	}
	return object{
		"operationId": "post-" + name, "tags": []any{"facts"}, "summary": title(name),
		"parameters":  []any{object{"$ref": "#/components/parameters/Idempotency-Key"}},
		"requestBody": body(name), "responses": responses,
	}
}

func webhook(name string) object {
	return object{
		"operationId": "announce-" + name, "summary": title(name), "security": []any{},
		"description": "Repeated, with growing gaps, until it is answered with a 2xx, or with a 4xx that refuses it for good.",
		"parameters":  []any{object{"$ref": "#/components/parameters/Andon-Event"}, object{"$ref": "#/components/parameters/Andon-Entity"}, object{"$ref": "#/components/parameters/Andon-Message-Id"}},
		"requestBody": body(name),
		"responses": object{
			"2XX": object{"description": "Taken; from here on the integration is responsible."},
			"4XX": object{"description": "Refused; 401, 403, 423 and 429 are repeated later."},
			"5XX": object{"description": "Repeated later."},
		},
	}
}

func response(name string) object { return object{"$ref": "#/components/responses/" + name} }

func body(name string) object {
	return object{"required": true, "content": object{"application/json": object{"schema": schemaRef(name)}}}
}

func schemaRef(name string) object { return object{"$ref": "#/components/schemas/" + name} }

// AsyncAPI returns the AsyncAPI 3.0 document of the events over the broker at
// address (nats://host:port); "" leaves the server out.
func AsyncAPI(address string) []byte {
	doc := document("asyncapi.json")
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		below(doc, "servers")["broker"] = object{"host": u.Host, "protocol": u.Scheme}
	}
	for _, name := range Names() {
		below(doc, "components", "messages")[name] = object{
			"name": name, "title": title(name), "contentType": "application/json",
			"traits":  []any{object{"$ref": "#/components/messageTraits/announcement"}},
			"payload": object{"schemaFormat": "application/schema+json;version=2020-12", "schema": schemaRef(name)},
		}
		below(doc, "channels")[name] = object{
			"address": "andon.{endpoint}." + name, "title": title(name),
			"parameters": object{"endpoint": object{"description": "The endpoint that announces, as the rig file names it.", "default": announcer(name)}},
			"messages":   object{name: object{"$ref": "#/components/messages/" + name}},
		}
		below(doc, "operations")["announce-"+name] = object{"action": "send", "channel": object{"$ref": "#/channels/" + name}}
	}
	addSchemas(below(doc, "components", "schemas"))
	return render(doc)
}

// announcer is the endpoint that usually sends messages of name.
func announcer(name string) string {
	words, _ := wordingOf(kindsOf(name)[0])
	return strings.TrimPrefix(words.from, "lid://andon.")
}

// addSchemas puts our schemas where documents refer to them.
func addSchemas(into object) {
	for name, def := range below(schemaOf("common"), "$defs") {
		into[name] = def
	}
	for _, name := range Names() {
		s := schemaOf(name)
		delete(s, "$id")
		delete(s, "$schema")
		into[name] = s
	}
}

// schemaOf returns a schema whose references lead into a document.
func schemaOf(name string) object {
	b, err := Schema(name)
	if err != nil {
		panic(err) // a name of this package without a file of this package
	}
	s := strings.NewReplacer(`"common.json#/$defs/`, `"#/components/schemas/`, `"#/$defs/`, `"#/components/schemas/`).Replace(string(b))
	return decoded("schema "+name, []byte(s))
}

func title(name string) string { return fmt.Sprint(schemaOf(name)["title"]) }

func document(file string) object {
	b, err := documents.ReadFile("documents/" + file)
	if err != nil {
		panic(err) // embedded
	}
	return decoded(file, b)
}

// decoded parses what is embedded; a mistake in it is one of this package.
func decoded(what string, b []byte) object {
	var v object
	if err := json.Unmarshal(b, &v); err != nil {
		panic(fmt.Sprintf("neutral: %s: %v", what, err))
	}
	return v
}

func below(v object, way ...string) object {
	for _, name := range way {
		v = v[name].(object)
	}
	return v
}

func render(doc object) []byte {
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		panic(err) // maps, slices and strings
	}
	return b
}
