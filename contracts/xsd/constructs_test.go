package xsd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// schema is a schema with a body, for namespace urn:t with prefix t.
func schema(body string) string {
	return `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t" elementFormDefault="qualified">` + "\n" + body + "\n</xs:schema>"
}

// doc is an element r of that namespace: its attributes, and what is in it.
func doc(attrs, body string) string {
	return `<r xmlns="urn:t" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"` + attrs + `>` + body + `</r>`
}

// of is a schema whose root is of a simple type that is restricted so.
func of(base, facets string) string {
	return schema(`<xs:element name="r"><xs:simpleType><xs:restriction base="` + base + `">` + facets + `</xs:restriction></xs:simpleType></xs:element>`)
}

// in is a schema whose root has this content.
func in(content string) string {
	return schema(`<xs:element name="r"><xs:complexType>` + content + `</xs:complexType></xs:element>
<xs:element name="g" type="xs:int"/><xs:attribute name="ga" type="xs:int"/>`)
}

func facet(name string, values ...string) (s string) {
	for _, v := range values {
		s += `<xs:` + name + ` value="` + v + `"/>`
	}
	return s
}

func child(name, rest string) string {
	return `<xs:element name="` + name + `" type="xs:int" ` + rest + `/>`
}

// texts are documents with nothing but text.
func texts(all ...string) (docs []string) {
	for _, s := range all {
		docs = append(docs, doc("", s))
	}
	return docs
}

func letters(all ...string) (docs []string) {
	for _, s := range all {
		var b strings.Builder
		for _, n := range s {
			fmt.Fprintf(&b, "<%c>1</%c>", n, n)
		}
		docs = append(docs, doc("", b.String()))
	}
	return docs
}

const derived = `<xs:complexType name="Base"><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence><xs:attribute name="x" type="xs:int" use="required"/></xs:complexType>
<xs:complexType name="More"><xs:complexContent><xs:extension base="t:Base"><xs:sequence><xs:element name="b" type="xs:int"/></xs:sequence><xs:attribute name="y"/></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="Less"><xs:complexContent><xs:restriction base="t:Base"><xs:sequence><xs:element name="a" type="xs:byte"/></xs:sequence><xs:attribute name="x" type="xs:byte" use="required"/></xs:restriction></xs:complexContent></xs:complexType>
<xs:complexType name="Other"><xs:sequence/></xs:complexType>`

const code = `<xs:complexType name="Code"><xs:simpleContent><xs:extension base="xs:normalizedString"><xs:attribute name="list" type="xs:token"/><xs:attribute name="v" type="xs:int" use="required"/></xs:extension></xs:simpleContent></xs:complexType>
<xs:complexType name="State"><xs:simpleContent><xs:restriction base="t:Code"><xs:enumeration value="Running"/><xs:enumeration value="Held"/><xs:attribute name="list" use="prohibited"/></xs:restriction></xs:simpleContent></xs:complexType>`

// constructs are small schemas with documents that are valid and some that
// are not.
var constructs = []struct {
	name, schema string
	docs         []string
}{
	{"sequence", in(`<xs:sequence>` + child("a", "") + child("b", `minOccurs="0"`) + child("c", `maxOccurs="unbounded"`) + `</xs:sequence>`),
		letters("abc", "ac", "acc", "ab", "bc", "abbc", "cab", "abcd", "")},
	{"counts", in(`<xs:sequence>` + child("a", `minOccurs="2" maxOccurs="4"`) + child("b", `minOccurs="3" maxOccurs="unbounded"`) + `</xs:sequence>`),
		letters("aabbb", "aaaabbbbbb", "abbb", "aaaaabbb", "aabb", "aaabbbb")},
	{"huge counts", in(`<xs:sequence>` + child("a", `maxOccurs="9999999"`) + `</xs:sequence>`), letters("a", "aaaa", "")},
	{"counted groups", in(`<xs:sequence minOccurs="2" maxOccurs="3">` + child("a", "") + child("b", `minOccurs="0" maxOccurs="2"`) + `</xs:sequence>`),
		letters("aa", "aba", "abbabbabb", "a", "abbb", "aaaa", "ab")},
	{"choice", in(`<xs:choice>` + child("a", "") + `<xs:sequence>` + child("b", "") + child("c", "") + `</xs:sequence></xs:choice>`),
		letters("a", "bc", "b", "abc", "", "c")},
	{"repeated choice", in(`<xs:choice minOccurs="0" maxOccurs="unbounded">` + child("a", "") + child("b", "") + `</xs:choice>`), letters("", "ab", "bbaab", "abc")},
	{"optional parts", in(`<xs:sequence maxOccurs="2"><xs:sequence minOccurs="0">` + child("a", "") + `</xs:sequence><xs:choice minOccurs="0">` + child("b", "") + child("c", "") + `</xs:choice></xs:sequence>`),
		letters("", "a", "ab", "abac", "acab", "c", "aaa")},
	{"all", in(`<xs:all>` + child("a", "") + child("b", `minOccurs="0"`) + child("c", "") + `</xs:all>`),
		letters("abc", "cab", "ca", "ab", "aabc", "abcd", "")},
	{"optional all", in(`<xs:all minOccurs="0">` + child("a", "") + child("b", "") + `</xs:all>`), letters("", "ba", "a", "abb")},
	{"never", in(`<xs:sequence>` + child("a", "") + child("b", `minOccurs="0" maxOccurs="0"`) + `</xs:sequence>`), letters("a", "ab")},
	{"group", schema(`<xs:group name="G"><xs:sequence>` + child("a", "") + child("b", "") + `</xs:sequence></xs:group>
<xs:element name="r"><xs:complexType><xs:sequence><xs:group ref="t:G" minOccurs="0" maxOccurs="2"/>` + child("c", "") + `</xs:sequence></xs:complexType></xs:element>`),
		letters("c", "abc", "ababc", "abababc", "ac")},
	{"reference", in(`<xs:sequence><xs:element ref="t:g" maxOccurs="2"/></xs:sequence>`), letters("g", "gg", "ggg", "a")},
	{"recursion", schema(`<xs:element name="r" type="t:T"/><xs:complexType name="T"><xs:sequence><xs:element name="a" type="t:T" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType>`),
		[]string{doc("", "<a><a/><a><a/></a></a>"), doc("", "<a><b/></a>")}},
	{"unqualified", schema(`<xs:element name="r"><xs:complexType><xs:sequence><xs:element name="a" type="xs:int" form="unqualified"/></xs:sequence></xs:complexType></xs:element>`),
		[]string{`<r xmlns="urn:t"><a xmlns="">1</a></r>`, doc("", "<a>1</a>")}},
	{"empty", in(``), []string{doc("", ""), doc("", " \n "), doc("", "x"), doc("", "<a/>"), doc("", "<!-- nothing -->")}},
	{"no type", schema(`<xs:element name="r"/>`), []string{doc(` any="1"`, "text <a>b</a>"), doc("", "")}},
	{"elements only", in(`<xs:sequence>` + child("a", `minOccurs="0"`) + `</xs:sequence>`), []string{doc("", " <a>1</a> \n"), doc("", "x<a>1</a>"), doc("", "<![CDATA[ ]]>"), doc("", "&#65;")}},
	{"mixed", schema(`<xs:element name="r"><xs:complexType mixed="true"><xs:sequence>` + child("a", "") + `</xs:sequence></xs:complexType></xs:element>`),
		[]string{doc("", "x<a>1</a>y"), doc("", "xy"), doc("", "<a>x</a>")}},
	{"attributes", in(`<xs:attribute name="x" type="xs:int" use="required"/><xs:attribute name="y" type="xs:boolean"/><xs:attribute name="z" type="xs:int" fixed="7"/><xs:attribute ref="t:ga"/>`),
		[]string{doc(` x="1"`, ""), doc("", ""), doc(` x="a"`, ""), doc(` x=" 1 " y="true"`, ""), doc(` x="1" y="yes"`, ""), doc(` x="1" z="07"`, ""), doc(` x="1" z="8"`, ""),
			doc(` x="1" u="2"`, ""), doc(` x="1" xmlns:t="urn:t" t:ga="3"`, ""), doc(` x="1" ga="3"`, ""), doc(` x="1" xmlns:t="urn:t" t:ga="q"`, ""), doc(` x="1" xml:lang="en"`, "")}},
	{"attribute group", schema(`<xs:attributeGroup name="G"><xs:attribute name="x" type="xs:int" use="required"/><xs:attributeGroup ref="t:H"/></xs:attributeGroup><xs:attributeGroup name="H"><xs:attribute name="y" type="xs:int"/></xs:attributeGroup>
<xs:element name="r"><xs:complexType><xs:attributeGroup ref="t:G"/></xs:complexType></xs:element>`), []string{doc(` x="1" y="2"`, ""), doc(` y="2"`, ""), doc(` x="1" z="2"`, "")}},
	{"simple content", schema(code + `<xs:element name="r" type="t:Code"/>`), []string{doc(` v="1"`, "x"), doc("", "x"), doc(` v="1" list=" a b "`, ""), doc(` v="1"`, "<a/>"), doc(` v="x"`, "")}},
	{"restricted simple content", schema(code + `<xs:element name="r" type="t:State"/>`), []string{doc(` v="1"`, "Running"), doc(` v="1"`, "running"), doc(` v="1"`, ""), doc(` v="1" list="a"`, "Held"), doc("", "Held")}},
	{"extension", schema(derived + `<xs:element name="r" type="t:More"/>`), []string{doc(` x="1"`, "<a>1</a><b>2</b>"), doc(` x="1" y="q"`, "<a>1</a><b>2</b>"), doc(` x="1"`, "<a>1</a>"), doc(` x="1"`, "<b>1</b><a>2</a>"), doc("", "<a>1</a><b>2</b>")}},
	{"restriction", schema(derived + `<xs:element name="r" type="t:Less"/>`), []string{doc(` x="1"`, "<a>1</a>"), doc(` x="1"`, "<a>1000</a>"), doc(` x="1000"`, "<a>1</a>"), doc("", "<a>1</a>")}},
	{"xsi:type", schema(derived + `<xs:element name="r" type="t:Base"/>`), []string{doc(` x="1" xsi:type="More"`, "<a>1</a><b>2</b>"), doc(` x="1" xsi:type="More"`, "<a>1</a>"), doc(` x="1" xsi:type="Less"`, "<a>1</a>"),
		doc(` x="1" xsi:type="Other"`, "<a>1</a>"), doc(` x="1" xsi:type="None"`, "<a>1</a>"), doc(` x="1" xsi:type="Base"`, "<a>1</a>"), doc(` xmlns:q="urn:t" x="1" xsi:type="q:More"`, "<a>1</a><b>2</b>"), doc(` x="1" xsi:type="q:More"`, "<a>1</a><b>2</b>")}},
	{"blocked", schema(derived + `<xs:element name="r" type="t:Base" block="extension"/>`), []string{doc(` x="1" xsi:type="More"`, "<a>1</a><b>2</b>"), doc(` x="1" xsi:type="Less"`, "<a>1</a>")}},
	{"abstract", schema(strings.Replace(derived, `"Base"`, `"Base" abstract="true"`, 1) + `<xs:element name="r" type="t:Base"/>`), []string{doc(` x="1"`, "<a>1</a>"), doc(` x="1" xsi:type="More"`, "<a>1</a><b>2</b>")}},
	{"abstract element", schema(`<xs:element name="r" abstract="true" type="xs:int"/>`), texts("1")},
	{"xsi:type of simple", schema(`<xs:element name="r" type="xs:decimal"/>`), []string{doc(` xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:int"`, "1"), doc(` xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:int"`, "1.5"), doc(` xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:string"`, "1")}},
	{"nillable", schema(`<xs:element name="r" type="xs:int" nillable="true"/>`), []string{doc(` xsi:nil="true"`, ""), doc(` xsi:nil="1"`, ""), doc(` xsi:nil="true"`, "1"), doc(` xsi:nil="false"`, "1"), doc(` xsi:nil="false"`, ""), doc(` xsi:nil="no"`, "1"), doc("", "")}},
	{"not nillable", schema(`<xs:element name="r" type="xs:int"/>`), []string{doc(` xsi:nil="true"`, ""), doc(` xsi:nil="false"`, "1"), doc(` xsi:schemaLocation="urn:t x.xsd"`, "1"), doc(` xsi:other="1"`, "1")}},
	{"nillable complex", schema(`<xs:element name="r" nillable="true"><xs:complexType><xs:sequence>` + child("a", "") + `</xs:sequence><xs:attribute name="x" use="required"/></xs:complexType></xs:element>`),
		[]string{doc(` x="1" xsi:nil="true"`, ""), doc(` xsi:nil="true"`, ""), doc(` x="1" xsi:nil="true"`, "<a>1</a>"), doc(` x="1"`, ""), doc(` x="1"`, "<a>1</a>")}},
	{"default and fixed", in(`<xs:sequence>` + child("a", `default="5"`) + child("b", `fixed="5"`) + `</xs:sequence>`),
		[]string{doc("", "<a/><b/>"), doc("", "<a>6</a><b>05</b>"), doc("", "<a>6</a><b>6</b>"), doc("", "<a>x</a><b/>")}},
	{"any", in(`<xs:sequence>` + child("a", "") + `<xs:any minOccurs="0" maxOccurs="2"/></xs:sequence>`),
		[]string{doc("", "<a>1</a>"), doc("", "<a>1</a><g>1</g>"), doc("", "<a>1</a><g>x</g>"), doc("", "<a>1</a><u/>"), doc("", `<a>1</a><u xmlns="urn:u"/>`), doc("", "<a>1</a><g>1</g><g>1</g><g>1</g>")}},
	{"lax any", in(`<xs:sequence><xs:any processContents="lax" maxOccurs="unbounded"/></xs:sequence>`),
		[]string{doc("", "<g>1</g>"), doc("", "<g>x</g>"), doc("", `<u xmlns="urn:u"><v/></u>`), doc("", `<u xmlns="urn:u"><g xmlns="urn:t">x</g></u>`), doc("", "")}},
	{"skipped any", in(`<xs:sequence><xs:any processContents="skip"/></xs:sequence>`), []string{doc("", "<g>x</g>"), doc("", "<g><g>x</g></g>"), doc("", "")}},
	{"any other", in(`<xs:sequence><xs:any namespace="##other" processContents="skip"/></xs:sequence>`), []string{doc("", "<g>1</g>"), doc("", `<u xmlns="urn:u"/>`), doc("", `<u xmlns=""/>`)}},
	{"any of some", in(`<xs:sequence><xs:any namespace="##local urn:u" processContents="skip"/></xs:sequence>`), []string{doc("", "<g>1</g>"), doc("", `<u xmlns="urn:u"/>`), doc("", `<u xmlns=""/>`), doc("", `<u xmlns="urn:v"/>`)}},
	{"any attribute", in(`<xs:anyAttribute namespace="##other" processContents="lax"/>`), []string{doc(` x="1"`, ""), doc(` xmlns:u="urn:u" u:x="1"`, ""), doc(` xmlns:t="urn:t" t:ga="1"`, "")}},
	{"any attribute lax", in(`<xs:anyAttribute processContents="lax"/>`), []string{doc(` x="1"`, ""), doc(` xmlns:t="urn:t" t:ga="1"`, ""), doc(` xmlns:t="urn:t" t:ga="x"`, "")}},
	{"any attribute strict", in(`<xs:anyAttribute/>`), []string{doc(` x="1"`, ""), doc(` xmlns:t="urn:t" t:ga="1"`, ""), doc(` xmlns:t="urn:t" t:ga="x"`, "")}},
	{"any attribute of both", schema(`<xs:complexType name="B"><xs:anyAttribute namespace="urn:u" processContents="skip"/></xs:complexType>
<xs:element name="r"><xs:complexType><xs:complexContent><xs:extension base="t:B"><xs:anyAttribute namespace="urn:v" processContents="skip"/></xs:extension></xs:complexContent></xs:complexType></xs:element>`),
		[]string{doc(` xmlns:u="urn:u" u:x="1"`, ""), doc(` xmlns:u="urn:v" u:x="1"`, ""), doc(` xmlns:u="urn:w" u:x="1"`, "")}},

	{"string", of("xs:string", facet("maxLength", "5")+facet("minLength", "2")), texts("ab", "a", "abcdef", "äöüßé", " a ", "")},
	{"length", of("xs:string", facet("length", "3")), texts("abc", "ab", "abcd", "a c")},
	{"normalized", of("xs:normalizedString", facet("length", "3")), texts("a\nb", "a  b", "abc")},
	{"token", of("xs:token", facet("length", "3")), texts("  a \n b ", "abc", "a  b", "a b c")},
	{"white space", of("xs:string", facet("whiteSpace", "collapse")+facet("enumeration", "a b")), texts(" a  b ", "ab")},
	{"enumeration", of("xs:string", facet("enumeration", "Add", "Change")), texts("Add", "Change", "add", " Add", "")},
	{"enumeration of numbers", of("xs:decimal", facet("enumeration", "1", "2.50")), texts("1", "1.0", "+1", "01", "2.5", "3", "x")},
	{"enumeration of days", of("xs:dateTime", facet("enumeration", "2026-02-03T08:00:00Z")), texts("2026-02-03T08:00:00Z", "2026-02-03T09:00:00+01:00", "2026-02-03T08:00:00", "2026-02-03T08:00:00.0Z")},
	{"enumeration of flags", of("xs:boolean", facet("pattern", "true", "false")), texts("true", "false", "1", "0", " true ")},
	{"patterns of one step", of("xs:string", facet("pattern", "[A-Z]{3}", "[0-9]+")), texts("ABC", "12", "A1", "ABCD")},
	{"patterns of two steps", schema(`<xs:simpleType name="A"><xs:restriction base="xs:string"><xs:pattern value="[A-Z].*"/></xs:restriction></xs:simpleType>
<xs:element name="r"><xs:simpleType><xs:restriction base="t:A"><xs:pattern value=".*[0-9]"/></xs:restriction></xs:simpleType></xs:element>`), texts("A1", "a1", "Ab")},
	{"bounds", of("xs:decimal", facet("minInclusive", "-1.5")+facet("maxExclusive", "10")), texts("-1.5", "-1.51", "9.999", "10", "10.0", "0")},
	{"bounds of bounds", schema(`<xs:simpleType name="A"><xs:restriction base="xs:int"><xs:minInclusive value="0"/></xs:restriction></xs:simpleType>
<xs:element name="r"><xs:simpleType><xs:restriction base="t:A"><xs:maxInclusive value="9"/></xs:restriction></xs:simpleType></xs:element>`), texts("0", "9", "-1", "10", "5.0")},
	{"bounds of floats", of("xs:double", facet("minExclusive", "0")+facet("maxInclusive", "1e2")), texts("0", "1e-300", "100", "100.1", "INF", "NaN", "-INF")},
	{"bounds of instants", of("xs:dateTime", facet("minInclusive", "2026-01-01T00:00:00Z")), texts("2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", "2026-01-01T01:00:00+02:00", "2026-01-03T00:00:00", "2025-12-29T00:00:00")},
	{"bounds of days", of("xs:date", facet("minInclusive", "2026-01-01")+facet("maxInclusive", "2026-12-31")), texts("2026-01-01", "2026-12-31", "2025-12-31", "2027-01-01", "2026-02-30")},
	{"digits", of("xs:decimal", facet("totalDigits", "5")+facet("fractionDigits", "2")), texts("123.45", "1234.5", "1234.56", "0.123", "00012345", "123456", "1.200", "0", ".5")},
	{"list", schema(`<xs:element name="r"><xs:simpleType><xs:restriction><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType><xs:maxLength value="3"/></xs:restriction></xs:simpleType></xs:element>`), texts("1 2 3", "1", "", " 1\n2 ", "1 2 3 4", "1 x", "1,2")},
	{"list of choices", schema(`<xs:element name="r"><xs:simpleType><xs:list><xs:simpleType><xs:restriction base="xs:token"><xs:enumeration value="Mo"/><xs:enumeration value="Tu"/></xs:restriction></xs:simpleType></xs:list></xs:simpleType></xs:element>`), texts("Mo Tu", "Mo", "Mo We")},
	{"union", schema(`<xs:element name="r"><xs:simpleType><xs:union memberTypes="xs:int xs:date"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="none"/></xs:restriction></xs:simpleType></xs:union></xs:simpleType></xs:element>`), texts("1", "2026-01-01", "none", "some", "", " 1 ")},
	{"restricted union", schema(`<xs:simpleType name="U"><xs:union memberTypes="xs:int xs:token"/></xs:simpleType><xs:element name="r"><xs:simpleType><xs:restriction base="t:U"><xs:enumeration value="1"/><xs:enumeration value="a"/></xs:restriction></xs:simpleType></xs:element>`), texts("1", "01", "a", "2", "b")},
	{"words", schema(`<xs:element name="r" type="xs:NMTOKENS"/>`), texts("a b-1", "", "a ,")},
}

// builtin are texts of built-in types.
var builtin = map[string][]string{
	"boolean":            {"true", "false", "0", "1", "TRUE", "yes", "", " 1 "},
	"decimal":            {"1", "-1", "+1.50", ".5", "5.", ".", "", "1e3", "1,5", "INF", "١"},
	"integer":            {"0", "-0", "+12345678901234567890", "1.0", "1.", "", "x"},
	"nonNegativeInteger": {"0", "-0", "-1", "12345678901234567890"},
	"positiveInteger":    {"0", "1", "+1"},
	"nonPositiveInteger": {"0", "-7", "1"},
	"negativeInteger":    {"0", "-1"},
	"long":               {"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"},
	"int":                {"2147483647", "2147483648", "-2147483648", "-2147483649"},
	"short":              {"32767", "32768", "-32769"},
	"byte":               {"127", "128", "-128", "-129"},
	"unsignedLong":       {"18446744073709551615", "18446744073709551616", "-1"},
	"unsignedInt":        {"4294967295", "4294967296"},
	"unsignedShort":      {"65535", "65536"},
	"unsignedByte":       {"255", "256", "-0"},
	"float":              {"1", "1.5e10", "-1E-5", "INF", "-INF", "NaN", "+INF", "inf", "1e", "e5", "1e39", ".5", "5.", ""},
	"double":             {"1", "1.5e300", "INF", "Infinity", "0x10"},
	"dateTime":           {"2026-02-03T08:00:00Z", "2026-02-03T08:00:00", "2026-02-03T08:00:00.123+01:00", "2026-02-03T24:00:00Z", "2026-02-03T24:00:01Z", "2026-02-03T08:00Z", "2026-02-03", "2026-02-29T00:00:00Z", "2024-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-02-03T08:00:60Z", "2026-02-03 08:00:00Z", "2026-02-03T08:00:00+14:00", "2026-02-03T08:00:00+14:01", "2026-02-03T08:00:00+1:00", "26-02-03T08:00:00Z", "12026-02-03T08:00:00Z", "-0044-03-15T00:00:00Z", "2026-02-03T8:00:00Z", "2026-02-03T08:00:00z", "2026-02-03T08:00:00."},
	"date":               {"2026-02-03", "2026-02-03Z", "2026-02-03+01:00", "2026-2-3", "2026-02-30", "2100-02-29", "2000-02-29", "03.02.2026", ""},
	"time":               {"08:00:00", "08:00:00.5Z", "24:00:00", "25:00:00", "08:00", "08:60:00"},
	"gYear":              {"2026", "26", "2026Z", "02026", "-2026"},
	"gYearMonth":         {"2026-02", "2026-13", "2026-2"},
	"gMonthDay":          {"--02-03", "--02-30", "--02-29", "02-03"},
	"gDay":               {"---03", "---32", "03"},
	"gMonth":             {"--02", "--13"},
	"duration":           {"PT25M", "P1Y2M3DT4H5M6.7S", "-P1D", "P", "PT", "P1DT", "1D", "P1.5D", "PT1.5S", "P-1D", "PT1S1M", "P1M", "P1S", ""},
	"hexBinary":          {"0aFF", "0aF", "0g", ""},
	"base64Binary":       {"QUJD", "QUI=", "QQ==", "QQ", "QR==", "Q U J D", "QU=C", "", "Q!=="},
	"anyURI":             {"http://example.com/a?b=c#d", "a b", "a%20b", "a%2", "1a:b", "urn:x:y", "", "http://[::1]/", "http://a:b/", "ä/ö", "#a#b", "a/b:c", "a\\b", "//host/x", "http://a b/", "mailto:x@y", "%zz", "?q"},
	"language":           {"en", "en-US", "de-DE-1996", "en_US", "englishlong", "", "e1"},
	"QName":              {"a", "xsi:a", "u:a", "a:b:c", "1a", ""},
	"NCName":             {"a", "a-1", "a:b", "1a", "ä", ""},
	"Name":               {"a:b", "_a", "-a", ":a"},
	"NMTOKEN":            {"-a", "1", "a b", "", "a.b:c"},
	"token":              {"a", "", "  a  b  "},
	"string":             {"", "\n", "anything &amp; more"},
	"anySimpleType":      {"", "anything"},
	"anyType":            {"", "text", "<x xmlns=''/>"},
}

// patterns are expressions with texts that match and some that do not.
var patterns = map[string][]string{
	`[0-9]{6}`:             {"000123", "123", "0001234"},
	`\d+`:                  {"12", "", "1a", "١٢"},
	`\w+`:                  {"aä_1", "a b", "a-b", "€"},
	`\i\c*`:                {"a1", "1a", "ä-", ":x"},
	`\S+\s\S+`:             {"a b", "ab", "a  b"},
	`[a-z-[aeiou]]+`:       {"xyz", "abc", "X"},
	`[^a-c]`:               {"d", "a", "-"},
	`[\-a]+`:               {"-a", "b"},
	`[a\]]+`:               {"a]", "]", "b"},
	`^a$`:                  {"^a$", "a"},
	`a|bc`:                 {"a", "bc", "ac", "abc"},
	`(a|b){2,3}`:           {"ab", "aba", "a", "abab"},
	`(a|b)*c?`:             {"", "abc", "c", "cc"},
	`a.c`:                  {"abc", "a\nc", "ac"},
	`\p{Lu}\p{Ll}*`:        {"Ab", "Äb", "ab"},
	`\P{L}+`:               {"12", "1a"},
	`[\p{L}\d]+`:           {"a1", "a-1"},
	`a{2}`:                 {"aa", "a", "aaa"},
	`a{2,}`:                {"aa", "aaaaa", "a"},
	`\.\*\+\?\(\)\{\}\[\]`: {".*+?(){}[]", "x"},
	`[A-Z]{2}-[0-9]{4}`:    {"WC-0001", "wc-0001"},
	`\\`:                   {`\`, `\\`},
	`[\i-[:]][\c-[:]]*`:    {"abc", "a:b", ":a"},
	`[.]`:                  {".", "a"},
	`a\|b`:                 {"a|b", "a"},
	`\n`:                   {"\n", "n"},
	`[^\d\s]+`:             {"ab", "a1", "a b"},
	`(([a-z])+.)+[A-Z]`:    {"abA", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
}

func writeSchema(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "t.xsd")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestConstructs holds the verdicts on small schemas against those of xmllint.
func TestConstructs(t *testing.T) {
	total, valid := 0, 0
	run := func(name, text string, docs []string) {
		t.Run(name, func(t *testing.T) {
			named := map[string]string{}
			for i, one := range docs {
				named[fmt.Sprintf("%s %d", name, i)] = one
			}
			valid += agree(t, read(t, text), writeSchema(t, text), named)
			total += len(docs)
		})
	}
	for _, c := range constructs {
		run(c.name, c.schema, c.docs)
	}
	for base, all := range builtin {
		run(base, schema(`<xs:element name="r" type="xs:`+base+`"/>`), texts(all...))
	}
	for p, all := range patterns {
		run("pattern "+p, of("xs:string", facet("pattern", p)), texts(all...))
	}
	t.Logf("%d documents, %d of them valid", total, valid)
}
