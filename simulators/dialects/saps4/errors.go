package saps4

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/andon-rig/andon/simulators"
)

// errorBody words a refusal as the gateway does: the first of the details is the
// message itself, the last one a class that wraps it. Who tells errors apart
// does it by the code: the text is in the logon language.
func (d Dialect) errorBody(m simulators.Message, r *simulators.Refusal) []byte {
	service := ""
	if res, ok := resolve(m.Name); ok {
		service = res.service.name
	}
	code, text := codeOf(r), d.text(r)
	type detail struct {
		Code     string `json:"code"`
		Message  string `json:"message"`
		Property string `json:"propertyref"`
		Severity string `json:"severity"`
		Target   string `json:"target"`
	}
	body := map[string]any{"error": map[string]any{
		"code":    code,
		"message": map[string]string{"lang": string(first(d.Settings.Language, English)), "value": text},
		"innererror": map[string]any{
			"application":      map[string]string{"component_id": "PP", "service_namespace": "/SAP/", "service_id": service, "service_version": "0001"},
			"transactionid":    strings.ToUpper(strings.ReplaceAll(guid("error "+first(firstID(m), "none")), "-", "")),
			"timestamp":        "",
			"Error_Resolution": map[string]string{"SAP_Transaction": "", "SAP_Note": ""},
			"errordetails": []detail{{code, text, "", "error", ""},
				{"/IWBEP/CX_MGW_BUSI_EXCEPTION", "", "", "error", ""}},
		},
	}}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(body) // strings cannot fail
	return bytes.TrimSpace(b.Bytes())
}

// status is that of HTTP. What the books refuse is a bad request, whatever the
// reason: only the code tells that an order is locked and will be free again.
func status(m simulators.Message, r *simulators.Refusal) int {
	switch r.Outcome {
	case simulators.Throttled:
		return 429
	case simulators.Unauthorized:
		if r.Code == "csrf-token" || r.Code == "insufficient_scope" || r.Code == "forbidden" {
			return 403
		}
		return 401
	case simulators.Unavailable:
		return 503
	case simulators.Unknown, simulators.Undelivered:
		return 500
	}
	switch r.Code {
	case codeName:
		return 404
	case codeMethod:
		return 405
	case "too-large":
		return 413
	case codeMedia:
		return 415
	case "precondition-required":
		return 428
	case "precondition-failed":
		return 412
	}
	if m.Verb == "get" && strings.HasSuffix(r.Code, "-unknown") && r.Code != "query-unknown" || r.Code == notFound {
		return 404
	}
	return 400
}

// notFound is the code of a question that finds nothing.
const notFound = "nothing-found"

// Codes of messages: those of the gateway, and a message class of our own, for
// the real numbers differ by release and application and were not verified.
var codes = map[string]string{
	codeMalformed: "/IWBEP/CM_MGW_RT/176", codeName: "/IWFND/CM_MGW/004", codeMethod: "/IWFND/CM_MGW/096", codeMedia: "/IWFND/CM_MGW/415",
	notFound: "/IWBEP/CM_MGW_RT/020", "precondition-required": "/IWFND/CM_MGW/451", "precondition-failed": "/IWFND/CM_MGW/452",
	"order-locked": "ZAN/001", "order-unknown": "ZAN/002", "order-closed": "ZAN/003", "operation-unknown": "ZAN/004", "period-closed": "ZAN/005",
	"item-unknown": "ZAN/010", "item-wrong": "ZAN/011", "lot-unknown": "ZAN/012", "lot-blocked": "ZAN/013", "lot-expired": "ZAN/014", "lot-missing": "ZAN/015",
	"lot-scrapped": "ZAN/016", "lot-wrong-material": "ZAN/017", "unit-unknown": "ZAN/020", "unit-not-convertible": "ZAN/021",
	"quantity-negative": "ZAN/022", "quantity-zero": "ZAN/023", "quantity-out-of-range": "ZAN/024", "stock-short": "ZAN/025", "over-delivery": "ZAN/026",
	"already-posted": "ZAN/030", "batch-rolled-back": "ZAN/031", "case-decided": "ZAN/032", "order-released": "ZAN/033", "serial-repeated": "ZAN/034",
	"document-unknown": "ZAN/035", "document-reversed": "ZAN/036",
}

func codeOf(r *simulators.Refusal) string {
	if c := codes[r.Code]; c != "" {
		return c
	}
	switch {
	case r.Outcome != "" && r.Outcome != simulators.Refused:
		return "ZAN/099"
	case r.Class == simulators.Business:
		return "ZAN/098"
	}
	return "ZAN/097"
}
