package xsd

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
)

func read(t testing.TB, text string) *Document {
	t.Helper()
	d, err := Format{}.Read([]contracts.File{{Name: "t.xsd", Data: []byte(text)}})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return d.(*Document)
}

func seq(kids ...string) string {
	return in(`<xs:sequence>` + strings.Join(kids, "") + `</xs:sequence>`)
}

func typed(base, facets string) string {
	return in(`<xs:sequence><xs:element name="a"><xs:simpleType><xs:restriction base="` + base + `">` + facets + `</xs:restriction></xs:simpleType></xs:element></xs:sequence>`)
}

func TestChanges(t *testing.T) {
	a, b, c := child("a", ""), child("b", ""), child("c", "")
	optional := child("b", `minOccurs="0"`)
	for _, x := range []struct {
		name, old, next string
		mode            contracts.Mode
		want            []string
	}{
		{"nothing", seq(a, b), seq(a, b), contracts.Full, nil},
		{"the same otherwise", seq(a, optional), seq(a, `<xs:choice><xs:sequence/>`+b+`</xs:choice>`), contracts.Full, nil},
		{"by a group", seq(a, b), seq(a, `<xs:sequence>`+b+`</xs:sequence>`), contracts.Full, nil},
		{"removed", seq(a, b), seq(a), contracts.Backward, []string{"breaking ELEMENT_REMOVED r/b", "dangerous REQUIRED_ELEMENT_REMOVED r/b"}},
		{"removed for old readers", seq(a, optional), seq(a), contracts.Forward, []string{"dangerous ELEMENT_REMOVED r/b"}},
		{"added optional", seq(a), seq(a, optional), contracts.Backward, []string{"dangerous ELEMENT_ADDED r/b"}},
		{"added optional, both ways", seq(a), seq(a, optional), contracts.Full, []string{"breaking ELEMENT_ADDED r/b"}},
		{"added required", seq(a), seq(a, b), contracts.Backward, []string{"breaking REQUIRED_ELEMENT_ADDED r/b", "dangerous ELEMENT_ADDED r/b"}},
		{"two added required", seq(a), seq(a, b, c), contracts.Backward, []string{"breaking REQUIRED_ELEMENT_ADDED r/b", "breaking REQUIRED_ELEMENT_ADDED r/c", "dangerous ELEMENT_ADDED r/b", "dangerous ELEMENT_ADDED r/c"}},
		{"renamed", seq(a, b), seq(a, c), contracts.Full, []string{"breaking ELEMENT_REMOVED r/b", "breaking REQUIRED_ELEMENT_REMOVED r/b", "breaking ELEMENT_ADDED r/c", "breaking REQUIRED_ELEMENT_ADDED r/c"}},
		{"let through", seq(a, `<xs:any namespace="##any" processContents="skip" minOccurs="0"/>`), seq(a, optional), contracts.Forward, []string{"dangerous WILDCARD_REMOVED r/*", "safe ELEMENT_ADDED r/b"}},
		{"wildcard removed", seq(a, `<xs:any namespace="##other" processContents="lax" minOccurs="0"/>`), seq(a), contracts.Backward, []string{"breaking WILDCARD_REMOVED r/*"}},
		{"required", seq(a, optional), seq(a, b), contracts.Backward, []string{"breaking REQUIRED_ADDED r/b"}},
		{"optional", seq(a, b), seq(a, optional), contracts.Full, []string{"breaking REQUIRED_REMOVED r/b"}},
		{"fewer", seq(child("a", `maxOccurs="unbounded"`)), seq(child("a", `maxOccurs="3"`)), contracts.Backward, []string{"breaking OCCURRENCE_NARROWED r/a"}},
		{"fewer of many", seq(child("a", `maxOccurs="9999999999"`), b), seq(child("a", `maxOccurs="99"`), b), contracts.Backward, []string{"breaking OCCURRENCE_NARROWED r/a"}},
		{"many and more", seq(child("a", `maxOccurs="9999999999"`)), seq(child("a", `maxOccurs="9999999999"`), optional), contracts.Backward, []string{"dangerous ELEMENT_ADDED r/b"}},
		{"more at least", seq(a), seq(child("a", `minOccurs="2" maxOccurs="2"`)), contracts.Backward, []string{"breaking OCCURRENCE_NARROWED r/a", "dangerous OCCURRENCE_WIDENED r/a"}},
		{"order", seq(a, b), seq(b, a), contracts.Backward, []string{"breaking ORDER_CHANGED r/a", "dangerous ORDER_CHANGED r/b"}},
		{"variant added", in(`<xs:choice>` + a + b + `</xs:choice>`), in(`<xs:choice>` + a + b + c + `</xs:choice>`), contracts.Backward, []string{"dangerous ELEMENT_ADDED r/c"}},
		{"all instead of a sequence", seq(a, b), in(`<xs:all>` + a + b + `</xs:all>`), contracts.Backward, []string{"dangerous ORDER_CHANGED r/b"}},
		{"narrower type", seq(child("a", "")), seq(strings.Replace(a, "xs:int", "xs:byte", 1)), contracts.Backward, []string{"breaking BOUND_TIGHTENED r/a", "breaking BOUND_TIGHTENED r/a"}},
		{"wider type", seq(a), seq(strings.Replace(a, "xs:int", "xs:decimal", 1)), contracts.Backward, []string{"dangerous BOUND_LOOSENED r/a", "dangerous BOUND_LOOSENED r/a", "dangerous TYPE_WIDENED r/a"}},
		{"text instead of a number", seq(a), seq(strings.Replace(a, "xs:int", "xs:string", 1)), contracts.Full, []string{"breaking TYPE_WIDENED r/a"}},
		{"number instead of a text", seq(strings.Replace(a, "xs:int", "xs:string", 1)), seq(a), contracts.Backward, []string{"breaking TYPE_NARROWED r/a"}},
		{"instant instead of a day", typed("xs:date", ""), typed("xs:dateTime", ""), contracts.Backward, []string{"breaking TYPE_NARROWED r/a", "dangerous TYPE_WIDENED r/a"}},
		{"value added", typed("xs:token", facet("enumeration", "x", "y")), typed("xs:token", facet("enumeration", "x", "y", "z")), contracts.Full, []string{"breaking VALUE_ADDED r/a"}},
		{"value removed", typed("xs:token", facet("enumeration", "x", "y")), typed("xs:token", facet("enumeration", "x")), contracts.Backward, []string{"breaking VALUE_REMOVED r/a"}},
		{"values listed", typed("xs:token", ""), typed("xs:token", facet("enumeration", "x")), contracts.Backward, []string{"breaking VALUES_RESTRICTED r/a"}},
		{"shorter", typed("xs:string", facet("maxLength", "40")), typed("xs:string", facet("maxLength", "20")), contracts.Backward, []string{"breaking BOUND_TIGHTENED r/a"}},
		{"longer", typed("xs:string", facet("maxLength", "20")), typed("xs:string", facet("maxLength", "40")), contracts.Backward, []string{"dangerous BOUND_LOOSENED r/a"}},
		{"fewer digits", typed("xs:decimal", facet("fractionDigits", "3")), typed("xs:decimal", facet("fractionDigits", "2")), contracts.Backward, []string{"breaking BOUND_TIGHTENED r/a"}},
		{"pattern added", typed("xs:string", ""), typed("xs:string", facet("pattern", "[0-9]{6}")), contracts.Backward, []string{"breaking RULE_ADDED r/a"}},
		{"pattern changed", typed("xs:string", facet("pattern", "[0-9]{6}")), typed("xs:string", facet("pattern", "[0-9]{8}")), contracts.Backward, []string{"dangerous CANNOT_TELL r/a"}},
		{"pattern kept", typed("xs:string", facet("pattern", "[0-9]{6}")), typed("xs:string", facet("pattern", "[0-9]{6}")), contracts.Full, nil},
		{"nil", seq(child("a", `nillable="true"`)), seq(a), contracts.Backward, []string{"breaking NULL_REMOVED r/a"}},
		{"fixed", seq(a), seq(child("a", `fixed="1"`)), contracts.Backward, []string{"breaking FIXED_VALUE_CHANGED r/a"}},
		{"default", seq(child("a", `default="1"`)), seq(child("a", `default="2"`)), contracts.Full, []string{"dangerous DEFAULT_CHANGED r/a"}},
		{"attribute removed", in(`<xs:attribute name="x"/>`), in(``), contracts.Backward, []string{"breaking ATTRIBUTE_REMOVED r/@x"}},
		{"attribute required", in(`<xs:attribute name="x"/>`), in(`<xs:attribute name="x" use="required"/>`), contracts.Backward, []string{"breaking REQUIRED_ADDED r/@x"}},
		{"attribute added", in(``), in(`<xs:attribute name="x" use="required"/>`), contracts.Backward, []string{"breaking REQUIRED_ATTRIBUTE_ADDED r/@x", "dangerous ATTRIBUTE_ADDED r/@x"}},
		{"attribute of another type", in(`<xs:attribute name="x" type="xs:string"/>`), in(`<xs:attribute name="x" type="xs:int"/>`), contracts.Backward, []string{"breaking TYPE_NARROWED r/@x"}},
		{"mixed", schema(`<xs:element name="r"><xs:complexType mixed="true"><xs:sequence>` + a + `</xs:sequence></xs:complexType></xs:element>` + "\n"), schema(`<xs:element name="r"><xs:complexType><xs:sequence>` + a + `</xs:sequence></xs:complexType></xs:element>`), contracts.Backward, []string{"breaking TEXT_REMOVED r"}},
		{"root removed", seq(a), schema(`<xs:element name="g" type="xs:int"/>`), contracts.Forward, []string{"breaking ROOT_REMOVED r"}},
		{"union of more", schema(`<xs:element name="r"><xs:simpleType><xs:union memberTypes="xs:int xs:date"/></xs:simpleType></xs:element>`), schema(`<xs:element name="r"><xs:simpleType><xs:union memberTypes="xs:int xs:date xs:time"/></xs:simpleType></xs:element>`), contracts.Backward, []string{"dangerous TYPE_WIDENED r"}},
		{"list of others", schema(`<xs:element name="r"><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType></xs:element>`), schema(`<xs:element name="r"><xs:simpleType><xs:list itemType="xs:date"/></xs:simpleType></xs:element>`), contracts.Backward, []string{"breaking TYPE_NARROWED r", "dangerous TYPE_WIDENED r"}},
		{"derived type gone", schema(strings.Replace(derived, `"Base"`, `"Base" abstract="true"`, 1) + `<xs:element name="r" type="t:Base"/>`),
			schema(strings.NewReplacer(`"Base"`, `"Base" abstract="true"`, `"Less"`, `"Fewer"`).Replace(derived) + `<xs:element name="r" type="t:Base"/>`), contracts.Backward, []string{"breaking DERIVED_TYPE_REMOVED Base", "dangerous DERIVED_TYPE_ADDED Base"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			changes, err := Format{}.Changes(read(t, x.old), read(t, x.next), x.mode)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range changes {
				got = append(got, fmt.Sprintf("%s %s %s", c.Severity, c.Type, c.Path))
				if c.Before.Line+c.After.Line == 0 {
					t.Errorf("nowhere: %v", c)
				}
			}
			slices.Sort(got)
			slices.Sort(x.want)
			if !slices.Equal(got, x.want) {
				t.Errorf("got  %q\nwant %q\n%v", got, x.want, changes)
			}
		})
	}
}
