package saps4

import (
	"strings"

	"github.com/andon-rig/andon/simulators"
)

// german are the texts of refusals in that language, by their codes: those of the
// books, of whoever stands before them, and of faults. In English a refusal
// speaks for itself.
var german = map[string]string{
	"already-posted": "Beleg ist bereits gebucht", "batch-rolled-back": "Nichts wurde gebucht", "bom-unknown": "Stückliste ist nicht vorhanden",
	"calendar-unknown": "Kalender ist nicht vorhanden", "case-decided": "Über den Qualitätsfall ist bereits anders entschieden", "case-unknown": "Qualitätsfall ist nicht vorhanden",
	"decision-unknown": "Verwendungsentscheid ist nicht vorgesehen", "document-reversed": "Beleg ist bereits storniert", "document-unknown": "Beleg ist nicht vorhanden",
	"item-unknown": "Material ist nicht vorhanden", "item-wrong": "Material wird mit diesem Auftrag nicht gefertigt", "kind-not-taken": "Meldungen dieser Art werden hier nicht gebucht",
	"lot-blocked": "Charge ist gesperrt", "lot-expired": "Charge ist verfallen", "lot-missing": "Charge fehlt", "lot-scrapped": "Charge ist verschrottet",
	"lot-unknown": "Charge ist nicht vorhanden", "lot-wrong-material": "Charge gehört zu einem anderen Material", "machine-unknown": "Maschine ist nicht vorhanden",
	"nothing-said": "Meldung enthält keine Angaben", "operation-unknown": "Vorgang ist im Auftrag nicht vorhanden", "order-closed": "Auftrag ist abgeschlossen",
	"order-locked": "Auftrag wird gerade von einem anderen Benutzer bearbeitet", "order-released": "Auftrag ist bereits freigegeben", "order-running": "Auftrag ist bereits in Arbeit",
	"order-unknown": "Auftrag ist nicht vorhanden", "over-delivery": "Auftragsmenge ist samt Toleranz überschritten", "period-closed": "Buchungsperiode ist nicht geöffnet",
	"quantity-below-produced": "Menge ist kleiner als das, was schon gefertigt ist", "quantity-negative": "Menge ist negativ", "quantity-out-of-range": "Menge ist zu groß", "quantity-zero": "Menge fehlt",
	"query-unknown": "Abfrage ist nicht vorgesehen", "routing-missing": "Auftrag hat keine Vorgänge", "routing-unknown": "Arbeitsplan ist nicht vorhanden", "serial-repeated": "Serialnummer ist doppelt angegeben",
	"stock-short": "Bestand reicht nicht aus", "unit-not-convertible": "Mengeneinheit lässt sich für dieses Material nicht umrechnen", "unit-unknown": "Mengeneinheit ist nicht vorgesehen",
	"version-overtaken": "Eine neuere Version liegt bereits vor", "work-center-unknown": "Arbeitsplatz ist nicht vorhanden",

	codeMalformed: "Anfrage ist fehlerhaft aufgebaut", codeName: "Dienst oder Entitätsmenge ist nicht vorhanden", codeMethod: "Methode ist hier nicht zulässig",
	codeXML: "Aufruf ist nicht lesbar", codeMedia: "Medientyp wird nicht verstanden", notFound: "Nichts gefunden", "csrf-token": "Prüfung des CSRF-Tokens ist fehlgeschlagen",
	"precondition-required": "If-Match fehlt: Welcher Stand gemeint ist, muss gesagt werden", "precondition-failed": "Objekt wurde inzwischen geändert und muss neu gelesen werden",
	"invalid_token": "Anmeldung fehlt oder ist abgelaufen", "invalid_grant": "Anmeldung wurde abgelehnt", "forbidden": "Keine Berechtigung zum Buchen",
	"quota-exceeded": "Zu viele Anfragen", "too-many-requests": "Zu viele Anfragen", "too-large": "Anfrage ist zu groß", "broken-off": "Anfrage ist unvollständig eingegangen",
	"key-reused": "Schlüssel gehört bereits zu einer anderen Buchung", "cursor-unknown": "Liste kann von hier nicht fortgesetzt werden", "cursor-expired": "Liste ist neu aufgebaut und beginnt von vorn",
	"posting-unavailable": "Buchen ist derzeit nicht möglich", "posting-refused": "Buchung wurde von einer Prüfung angehalten", "not-processed": "Position wurde nicht verarbeitet",
	"out-of-service": "System ist derzeit nicht verfügbar",
}

// speaking is d in the language in which m wants to hear of things: that of its
// address, else the first of the header that there is here, else that of the rig.
func (d Dialect) speaking(m simulators.Message) Dialect {
	d.Settings.Language = first(languageOf(m), d.Settings.Language)
	return d
}

func languageOf(m simulators.Message) Language {
	for _, said := range append([]string{m.Params["sap-language"]}, strings.Split(m.Header["Accept-Language"], ",")...) {
		said, _, _ = strings.Cut(said, ";")
		said, _, _ = strings.Cut(said, "-")
		switch l := Language(strings.ToLower(strings.TrimSpace(said))); l {
		case English, German:
			return l
		}
	}
	return ""
}

// say is a text in the logon language.
func (d Dialect) say(english, german string) string {
	if d.Settings.Language == German {
		return german
	}
	return english
}

// text says why something was refused. In German it is a sentence for the code,
// with the place if there is one: the rest is details.
func (d Dialect) text(r *simulators.Refusal) string {
	text := german[r.Code]
	switch {
	case text != "":
	case r.Outcome == simulators.Throttled:
		text = german["too-many-requests"]
	case r.Outcome == simulators.Unavailable:
		text = german["out-of-service"]
	default:
		text = "Anfrage wurde abgelehnt"
	}
	if place, _, said := strings.Cut(r.Text, ": "); said && r.Code == codeMalformed && !strings.ContainsAny(place, " \"") {
		text += " (" + place + ")"
	}
	return d.say(r.Text, text)
}
