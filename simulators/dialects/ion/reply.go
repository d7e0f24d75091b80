package ion

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/andon-rig/andon/simulators"
)

var _ simulators.ReplyChecker = Dialect{}

// TokenPath implements [simulators.TokenIssuer].
func (d Dialect) TokenPath() string { return d.Settings.tenant() + "/as/token.oauth2" }

// Grant implements [simulators.TokenIssuer]: a backend comes with the keys of a
// service account.
func (Dialect) Grant() simulators.Grant { return simulators.GrantPassword }

// Credentials implements [simulators.Granter]: .ionapi file that an administrator of the
// gateway hands to the owner of a backend.
func (d Dialect) Credentials(base string, c simulators.Credentials) (ending string, body []byte) {
	t := d.Settings.tenant()
	body, _ = json.MarshalIndent(struct {
		Tenant   string `json:"ti"`
		Name     string `json:"cn"`
		Client   string `json:"ci"`
		Secret   string `json:"cs"`
		Gateway  string `json:"iu"`
		Issuer   string `json:"pu"`
		Sign     string `json:"oa"`
		Token    string `json:"ot"`
		Revoke   string `json:"or"`
		Account  string `json:"saak"`
		Password string `json:"sask"`
	}{t, "andon", c.Client, c.Secret, base, base + "/" + t + "/as/", "authorization.oauth2", "token.oauth2", "revoke_token.oauth2", c.Account, c.Password}, "", "  ") // texts cannot fail
	return "ionapi", append(body, '\n')
}

// Reply implements [simulators.Dialect]. What is taken over is answered with 202,
// in v2 with 201, whatever will become of it.
func (d Dialect) Reply(m simulators.Message, a simulators.Answer) simulators.Message {
	at, _ := d.resourceAt(m.Name)
	switch {
	case a.Refusal != nil:
		return refused(a.Refusal)
	case m.Asks != nil && m.Asks.Object == "interface" && at.what != "message":
		return said(200, d.tell(at.what))
	}
	status := 202
	if at.version == V2 {
		status = 201
	}
	return said(status, map[string]any{"code": status, "status": "OK", "message": "Message received"})
}

// tell answers a question about the interface.
func (d Dialect) tell(what string) any {
	switch what {
	case "versions":
		if d.version() == V2 {
			return []Version{V2}
		}
		return []Version{V2, V3} // that of ION has v1, too, which is not here
	case "protocol":
		return map[string]any{"version": d.version(), "hasDiscovery": false, "supportedCharacterSets": []string{"UTF-8"}, "supportedEncodings": []string{"NONE", "BASE64"}}
	case "acceptedDocuments":
		documents := []map[string]string{}
		for _, name := range d.Settings.product().documents() {
			verb, noun, _ := strings.Cut(name, ".")
			documents = append(documents, map[string]string{"documentName": name, "verb": verb, "noun": noun})
		}
		return map[string]any{"logicalId": d.Settings.logicalID(), "acceptedDocuments": documents}
	}
	return map[string]any{"status": "OK"} // ping
}

func said(status int, body any) simulators.Message {
	b, _ := json.Marshal(body) // texts and numbers cannot fail
	return simulators.Message{Header: map[string]string{"Content-Type": "application/json"}, Body: b, Result: simulators.Result{Status: status}}
}

// statuses of refusals by their code; others by their outcome.
var statuses = map[string]int{
	codeMalformed: 400, codeName: 404, codeMethod: 405, codeMedia: 415,
	codePrincipal: 403, codeInactive: 412, codeDocument: 400, "too-large": 413,
}

func refused(r *simulators.Refusal) simulators.Message {
	status := statuses[r.Code]
	switch {
	case status != 0:
	case r.Outcome == simulators.Unauthorized:
		status = 401
	case r.Outcome == simulators.Throttled:
		status = 429
	case r.Outcome == simulators.Unavailable:
		status = 503
	case r.Outcome == simulators.Locked:
		status = 423
	case r.Outcome == simulators.Unknown:
		status = 500
	default:
		status = 400
	}
	m := said(status, map[string]any{"code": status, "status": "ERROR", "errorCode": r.Code, "message": r.Text})
	if after := r.RetryAfterText(); after != "" {
		m.Header["Retry-After"] = after
	}
	if status == 401 {
		m.Header["Www-Authenticate"] = fmt.Sprintf(`Bearer error=%q`, r.Code)
	}
	return m
}

// CheckReply implements [simulators.ReplyChecker]: any status of success will do,
// for services have used several; what a body says is free.
func (Dialect) CheckReply(_, reply simulators.Message) string {
	if status := reply.Result.Status; status < 200 || status >= 300 && status < 400 || status >= 600 {
		return fmt.Sprintf("status: %d is no answer to a message", status)
	}
	return ""
}
