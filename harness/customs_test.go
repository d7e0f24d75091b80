package harness_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/plant"
)

// speaking is a rig in which only the dialect of the ERP is said.
func speaking(t *testing.T, erp, more string) harness.File {
	t.Helper()
	f, err := harness.ParseFile("rig", fmt.Appendf(nil, "apiVersion: andon/v1\nkind: Rig\nsut: {process: {command: [x]}}\nendpoints:\n  erp: {system: erp, dialect: %s%s}\n  mes: {system: mes}\n", erp, more))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// What a rig file does not say follows from the dialect: by what messages travel,
// where they name their facts, and what is only found in lists.
func TestWhatADialectIsUsedTo(t *testing.T) {
	for _, c := range []struct{ erp, more, transport, attribution, lists string }{
		{"neutral/v1", "", "", "", ""},
		{"sap-s4/v2", "", "", "", "bom-changed routing-changed work-center-changed calendar-changed"},
		{"sap-s4/v2", ", format: {announce: idocs}", "", "", "bom-changed routing-changed calendar-changed"},
		{"sap-s4/v2", ", lists: [item-changed]", "", "", "item-changed"},
		{"infor-ion/v2", "", "", "", ""},
		{"files/v1", "", "sftp", "", ""},
		{"files/v1", ", transport: files", "files", "", ""},
		{"staging/v1", "", "tables", "", ""},
		{"d365/v1", "", "", "header['X-Ms-Client-Request-Id']", "item-changed bom-changed routing-changed work-center-changed calendar-changed"},
		{"d365/v1", ", lists: []", "", "header['X-Ms-Client-Request-Id']", ""},
		{"d365/v1", ", lists: [bom-changed]", "", "header['X-Ms-Client-Request-Id']", "bom-changed"},
	} {
		f := speaking(t, c.erp, c.more)
		e, lists := f.Endpoints["erp"], ""
		for _, k := range e.Lists {
			lists = strings.TrimPrefix(lists+" "+string(k), " ")
		}
		if e.Transport != c.transport || f.Attribution["erp"] != c.attribution || lists != c.lists {
			t.Errorf("%s%s: travels by %q, names facts in %q, lists %q; want %q, %q and %q", c.erp, c.more, e.Transport, f.Attribution["erp"], lists, c.transport, c.attribution, c.lists)
		}
	}
	f, err := harness.ParseFile("rig", []byte("apiVersion: andon/v1\nkind: Rig\nsut: {process: {command: [x]}}\nattribution: {key: \"$.id\"}\nendpoints:\n  erp: {system: erp, dialect: d365/v1}\n"))
	if err != nil || f.Attribution["erp"] != "" {
		t.Errorf("a rule for all endpoints does not hold for the ERP: %v, %v", f.Attribution, err)
	}
}

// What nobody can say is not carried, so that no build is blamed for it, and
// scenarios about it are left out; what both ends can say is.
func TestOnlyWhatCanBeSaidIsCarried(t *testing.T) {
	mute := map[string][]plant.Kind{
		"neutral/v1": {}, "b2mml-xml/v7": {}, "files/v1": {plant.KindReversal}, "staging/v1": {plant.KindReversal},
		"infor-ion/v3": {plant.KindReversal}, "infor-ion/v2": {plant.KindReversal},
		"sap-s4/v2": {}, "d365/v1": {plant.KindLotDecided, plant.KindReversal, plant.KindLotHeld, plant.KindInspection},
	}
	kinds := []plant.Kind{plant.KindOrderReleased, plant.KindOrderChanged, plant.KindOrderCancelled, plant.KindLotDecided, plant.KindItemChanged, plant.KindBillChanged,
		plant.KindRoutingChanged, plant.KindCenterChanged, plant.KindCalendarChanged, plant.KindOperationStarted, plant.KindConfirmation, plant.KindConsumption,
		plant.KindScrap, plant.KindRework, plant.KindReceipt, plant.KindReversal, plant.KindLotHeld, plant.KindInspection}
	for _, erp := range harness.BundledERPs() {
		f := speaking(t, erp, "")
		for _, k := range kinds {
			why := f.Lacks(scenarios.Scenario{Floor: map[plant.Kind]int{k: 1}})
			if want := slices.Contains(mute[erp], k); (why != "") != want || want && !strings.Contains(why, "no word") {
				t.Errorf("%s, a scenario about %s: %q, want it left out: %v", erp, k, why, want)
			}
		}
		if _, known := mute[erp]; !known {
			t.Errorf("%s is not in this table", erp)
		}
	}
}

// differences are the only ways in which the rig of the bundled build at another
// ERP differs from that at neutral/v1, each with its reason.
var differences = []struct{ at, key, why string }{
	{"*", "endpoints.erp.dialect", "what it is about"},
	{"*", "sut.cutover.http", "the build changes over between interface users of neutral/v1 only"},
	{"*", "sut.env.ERP_NEXT_*", "likewise"},
	{"files/v1", "sut.receives.erp", "nobody calls: the build looks into a folder"},
	{"staging/v1", "sut.receives.erp", "nobody calls: the build looks into tables"},
	{"files/v1", "endpoints.erp.policy.tokenTTL.wall", "there are no tokens"},
	{"staging/v1", "endpoints.erp.policy.tokenTTL.wall", "there are no tokens"},
	{"files/v1", "sut.env.ERP_TOKEN_URL", "there are no tokens"},
	{"files/v1", "sut.env.ERP_SECRET", "a key takes its place"},
	{"files/v1", "sut.env.ERP_K*", "the key, and that of the server"},
	{"staging/v1", "sut.env.ERP_TOKEN_URL", "the database knows its users by the URL"},
	{"staging/v1", "sut.env.ERP_CLIENT", "likewise"},
	{"staging/v1", "sut.env.ERP_SECRET", "likewise"},
	{"infor-ion/*", "sut.env.ERP_*", "address and credentials are in the file of the gateway, and the build has a logical ID"},
	{"infor-ion/*", "endpoints.erp.format.partner", "by which the gateway knows the build"},
	{"d365/v1", "endpoints.erp.format.userCompany", "a trap that is only there if it is laid: the interface user is of another company"},
	{"d365/v1", "endpoints.erp.policy.page", "so small that there is more than one page"},
	{"d365/v1", "sut.env.PAGE", "likewise"},
}

// The rigs of the bundled build are one rig, in which the dialect of the ERP
// differs, and what is named here.
func TestBundledRigsAreOne(t *testing.T) {
	rows := func(erp string) map[string]string {
		_, text, err := harness.BundledWith(erp)
		if err != nil {
			t.Fatal(err)
		}
		n, err := yamlfile.Parse(erp, text)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		flatten(all, "", n)
		return all
	}
	plain, used := rows("neutral/v1"), map[int]bool{}
	for _, erp := range harness.BundledERPs()[1:] {
		here := rows(erp)
		for key := range plain {
			if _, ok := here[key]; !ok {
				here[key] = ""
			}
		}
		for key, said := range here {
			if said == plain[key] {
				continue
			}
			i := slices.IndexFunc(differences, func(d struct{ at, key, why string }) bool {
				at, _ := path.Match(d.at, erp)
				k, _ := path.Match(d.key, key)
				return (d.at == "*" || at) && k
			})
			if i < 0 {
				t.Errorf("%s: %s is %q, and %q at neutral/v1: it follows from the dialect, or has a reason", erp, key, said, plain[key])
				continue
			}
			used[i] = true
		}
	}
	for i, d := range differences {
		if !used[i] {
			t.Errorf("%s does not differ at %s any more (%s)", d.key, d.at, d.why)
		}
	}
}

// flatten writes every value of a file under the way to it.
func flatten(into map[string]string, at string, n yamlfile.Node) {
	switch n.Kind() {
	case yamlfile.Map:
		for key, value := range n.Entries() {
			flatten(into, strings.TrimPrefix(at+"."+key, "."), value)
		}
	case yamlfile.List:
		for i, item := range n.Items() {
			flatten(into, fmt.Sprintf("%s[%d]", at, i), item)
		}
	default:
		into[at] = n.Text()
	}
}
