package bridge

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// This file is all the bridge knows of the form of sap-s4/v2. It goes through
// the records of files/v1, which name the same things.

// Addresses of the services.
const (
	sapRoot     = "/sap/opu/odata/sap/"
	sapOrders   = sapRoot + "API_PRODUCTION_ORDER_2_SRV/A_ProductionOrder_2"
	sapConfirms = sapRoot + "API_PROD_ORDER_CONFIRMATION_2_SRV/ProdnOrdConf2"
	sapMoves    = sapRoot + "API_MATERIAL_DOCUMENT_SRV/"
	sapHeaders  = sapMoves + "A_MaterialDocumentHeader"
	sapProducts = sapRoot + "API_PRODUCT_SRV/A_Product"
	sapBatches  = sapRoot + "API_BATCH_SRV/Batch"
	sapResults  = sapRoot + "API_INSPECTIONLOT_SRV/A_InspectionResult"
)

// sapGUID is the identity of a confirmation: the same in every attempt.
func sapGUID(event string) string {
	b := sha256.Sum256([]byte("bridge/" + event))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// sapReference is a reference for a field of sixteen characters.
func sapReference(event string, d Defect) string {
	if d == M113 { // DEFECT M113: the reference is cut off where the field ends
		return event[:min(len(event), 16)]
	}
	b := sha256.Sum256([]byte("bridge/" + event))
	return base32.StdEncoding.EncodeToString(b[:10])
}

// sapRequest is what a fact is posted as.
type sapRequest struct {
	path string
	body []byte
}

// sapOf words one item.
func sapOf(it *item, d Defect) (sapRequest, error) {
	records, _, err := recordsOf(it, new(big.Rat))
	if err != nil {
		return sapRequest{}, err
	}
	r := sapRequest{}
	var o object
	l := records[0]
	// Left out, what it says would be a confirmation of nothing, or of today.
	if sapInstant(l[2]) == "" && (l[2] != "" || l[0] == "STA") {
		return r, fmt.Errorf("%q is no instant: nobody can say when it was", l[2])
	}
	for _, text := range l {
		if utf8.RuneCountInString(text) > sapLong {
			return r, fmt.Errorf("%q is longer than the %d characters that there is room for", clip(text), sapLong)
		}
	}
	switch l[0] {
	case "STA", "CNF", "REW":
		r.path, o = sapConfirms, sapConfirmation(l)
	case "CON", "SCR", "RCV":
		r.path, o = sapHeaders, sapDocument(records, d)
	case "HLD":
		r.path = sapBatches + "(Material='" + sapKey(it.Material) + "',BatchIdentifyingPlant='',Batch='" + sapKey(it.Lot) + "')"
		o = said(object{"YY1_MESReference_BTC": l[1], "YY1_MESTime_BTC": sapInstant(l[2]), "YY1_Order_BTC": l[5], "YY1_QualityCase_BTC": l[6], "YY1_HoldReason_BTC": l[7]})
		o["MatlBatchIsInRstrcdUseStock"] = true
	case "INS":
		passed, _ := strconv.Atoi(l[9])
		failed, _ := strconv.Atoi(l[10])
		r.path, o = sapResults, sapMES(said(object{"ManufacturingOrder": l[3], "ManufacturingOrderOperation": l[4], "Material": l[6], "Batch": l[7], "SerialNumber": l[8], "InspectionResultText": l[11]}), "QIR", l[1], l[5], l[2])
		o["YY1_Passed_QIR"], o["YY1_Failed_QIR"] = passed, failed
	default:
		return r, fmt.Errorf("there is no word for %s", it.Kind)
	}
	r.body, err = json.Marshal(o)
	return r, err
}

// sapLong is the room of the texts, as $metadata says.
const sapLong = 255

// sapText is a text as a filter has it.
func sapText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// sapKey is a text within the quotes of a key.
func sapKey(s string) string { return url.PathEscape(strings.ReplaceAll(s, "'", "''")) }

// sapMES adds the properties in which the customer keeps what the MES says.
func sapMES(o object, suffix, event, counter, at string) object {
	o["YY1_MESReference_"+suffix] = event
	if n, err := strconv.Atoi(counter); err == nil && n > 0 {
		o["YY1_MESCounter_"+suffix] = n
	}
	if t := sapInstant(at); t != "" {
		o["YY1_MESTime_"+suffix] = t
	}
	return o
}

// sapInstant writes an instant with its offset in minutes.
func sapInstant(s string) string {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return ""
	}
	_, offset := at.Zone()
	return fmt.Sprintf("/Date(%d%+05d)/", at.UnixMilli(), offset/60)
}

// sapDay is the day of an instant, where it was.
func sapDay(s string) string {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return ""
	}
	y, m, d := at.Date()
	return fmt.Sprintf("/Date(%d)/", time.Date(y, m, d, 0, 0, 0, 0, time.UTC).UnixMilli())
}

// sapSplit adds an instant as a date and a time of day, in UTC.
func sapSplit(o object, name, s string) {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return
	}
	at = at.UTC()
	o[name+"Date"], o[name+"Time"] = sapDay(at.Format(time.RFC3339)), at.Format("PT15H04M05S")
}

func sapConfirmation(l line) object {
	o := object{"OrderID": l[3], "OrderOperation": l[4], "Sequence": "0", "ExternalSystemConfirmation": sapGUID(l[1]), "EnteredByExternalUser": "BRIDGE"}
	if day := sapDay(l[2]); day != "" {
		o["PostingDate"] = day
	}
	counter := ""
	switch l[0] {
	case "STA":
		o["WorkCenter"], o["Personnel"] = l[5], l[6]
		sapSplit(o, "ConfirmedExecutionStart", l[2])
	case "REW":
		counter = l[5]
		o["ConfirmationReworkQuantity"], o["ConfirmationUnit"], o["VarianceReasonCode"] = l[6], l[7], l[8]
	default:
		counter = l[5]
		for name, cell := range map[string]int{"WorkCenter": 6, "Personnel": 7, "ConfirmationYieldQuantity": 8, "ConfirmationUnit": 9, "ConfirmationScrapQuantity": 10, "ConfirmationReworkQuantity": 11, "VarianceReasonCode": 12} {
			o[name] = l[cell]
		}
		sapSplit(o, "ConfirmedExecutionStart", l[14])
		sapSplit(o, "ConfirmedExecutionEnd", l[15])
		if l[16] != "" {
			o["OpConfirmedWorkQuantity1"], o["OpWorkQuantityUnit1"] = l[16], "SEC"
		}
	}
	sapMES(said(o), "CNF", l[1], counter, l[2])
	if l[0] == "CNF" {
		o["IsFinalConfirmation"] = l[13] == "X"
		if o["ConfirmationYieldQuantity"] == nil {
			o["ConfirmationYieldQuantity"] = "" // the ERP is to refuse it: left out, it would be none
		}
	}
	return o
}

func sapDocument(records []line, d Defect) object {
	l := records[0]
	item, code := object{"ManufacturingOrder": l[3]}, "03"
	switch l[0] {
	case "CON", "SCR":
		item["GoodsMovementType"], item["Material"], item["Batch"], item["QuantityInEntryUnit"], item["EntryUnit"], item["YY1_Operation_MMI"] = "261", l[6], l[7], l[8], l[9], l[4]
		if l[0] == "SCR" {
			item["GoodsMovementType"], item["GoodsMovementReasonCode"] = "551", l[10]
		}
		sapMES(said(item), "MMI", l[1], l[5], l[2])
	default:
		code = "02"
		item["GoodsMovementType"], item["GoodsMovementRefDocType"], item["Material"], item["Batch"], item["QuantityInEntryUnit"], item["EntryUnit"] = "101", "F", l[5], l[6], l[7], l[8]
		sapMES(said(item), "MMI", l[1], l[4], l[2])
		var serials []object
		for _, s := range records[1:] {
			serials = append(serials, object{"SerialNumber": s[1]})
		}
		if len(serials) > 0 {
			item["to_SerialNumbers"] = object{"results": serials}
		}
	}
	o := said(object{"GoodsMovementCode": code, "PostingDate": sapDay(l[2]), "DocumentDate": sapDay(l[2]), "ReferenceDocument": sapReference(l[1], d)})
	o["to_MaterialDocumentItem"] = object{"results": []object{item}}
	return o
}

// sapError is what an error says.
type sapError struct {
	Error struct {
		Code    string
		Message struct{ Value string }
	}
}

// sapBusiness are the codes about which a person must decide; what else is
// refused has wrong data. Texts say the same in the language of the logon.
var sapBusiness = map[string]bool{"ZAN/003": true, "ZAN/005": true, "ZAN/025": true, "ZAN/026": true, "ZAN/031": true, "ZAN/032": true, "ZAN/033": true, "ZAN/036": true, "ZAN/098": true}

// Codes with a meaning of their own.
const (
	sapLocked = "ZAN/001" // by somebody who will be done soon
	sapPeriod = "ZAN/005" // is closed
	sapPosted = "ZAN/030"
	sapTaken  = "ZAN/036" // back, before
	sapLater  = "ZAN/099"
)

// sapJudge says what an answer to a posting means.
func sapJudge(status int, body []byte, d Defect) verdict {
	var e sapError
	if status < 300 {
		if status == http.StatusAccepted && d == M152 { // DEFECT M152: nobody looks into the worklist
			return verdict{what: posted}
		}
		if status == http.StatusNoContent || status == http.StatusAccepted {
			return verdict{what: map[bool]outcome{true: posted, false: again}[status == http.StatusNoContent], class: technical, code: "accepted", reason: "it is to be posted later", doubt: status == http.StatusAccepted}
		}
		var shown struct{ D map[string]any }
		if json.Unmarshal(body, &shown) == nil && shown.D != nil {
			return verdict{what: posted}
		}
		if json.Unmarshal(body, &e) != nil || e.Error.Code == "" {
			return verdict{what: again, class: technical, code: "not-understood", reason: "neither an entity nor an error: " + clip(string(body)), doubt: true}
		}
	} else if json.Unmarshal(body, &e) != nil || e.Error.Code == "" {
		v := judgeStatus(status, "", "", http.StatusText(status))
		v.doubt = status >= 500 && status != http.StatusServiceUnavailable
		return v
	}
	return sapWeighed(sapRefusal(e.Error.Code, e.Error.Message.Value), status, d)
}

// sapWeighed says of a refusal whether it will pass.
func sapWeighed(v verdict, status int, d Defect) verdict {
	switch {
	case v.code == sapPosted, v.code == sapTaken:
		return verdict{what: posted}
	case v.code == sapLocked && d == M112: // DEFECT M112: 400 is 400
		v.class = business
	case v.code == sapLocked, v.code == sapLater, status == http.StatusPreconditionFailed, status == http.StatusUnauthorized, status == http.StatusForbidden,
		status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		v.what, v.class = again, technical
	case status >= 500:
		v.what, v.class, v.doubt = again, technical, true
	}
	return v
}
