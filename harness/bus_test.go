package harness

import (
	"strings"
	"testing"
)

// TestExceptionsOnABus: what could not be posted is told by a messaging service that
// is there, and in one way.
func TestExceptionsOnABus(t *testing.T) {
	for exceptions, says := range map[string]string{
		"{bus: erp}":  "",
		"{bus: mes}":  `rig:3:`,
		"{bus: eprs}": `sut.delivers.exceptions.bus: "eprs" is no endpoint with a messaging service`,
		"{bus: line}": `"line" is no endpoint with a messaging service, by which others could be told; infor-ion/v3 has one`,
		`{bus: erp, http: "http://127.0.0.1:1/x"}`: "what is told twice is reported twice",
	} {
		f, err := ParseFile("rig", []byte(`apiVersion: andon/v1
kind: Rig
sut: {external: {testSystem: true}, delivers: {exceptions: `+exceptions+`}}
endpoints:
  erp: {system: erp, dialect: infor-ion/v3, transport: http}
  mes: {system: mes, dialect: infor-ion/v3, transport: http, bus: erp}
  line: {system: machine}
`))
		if (err == nil) != (says == "") || err != nil && (!strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "rig:3")) {
			t.Errorf("%s: %v, want %q", exceptions, err, says)
		}
		if err == nil && !f.SUT.Delivers.Exceptions.promised() {
			t.Errorf("%s promises nothing", exceptions)
		}
	}
}

// TestBuses: a rig says which endpoint's messaging service another is behind, and
// hears what cannot be.
func TestBuses(t *testing.T) {
	file := func(erp, mes string) string {
		return `apiVersion: andon/v1
kind: Rig
sut: {external: {testSystem: true}, delivers: {posting: exactly-once}}
endpoints:
  erp: {system: erp, ` + erp + `}
  mes: {system: mes, ` + mes + `}
`
	}
	const ion = "dialect: infor-ion/v3, transport: http"
	for name, c := range map[string]struct{ erp, mes, says string }{
		"on a bus":        {ion, ion + ", bus: erp", ""},
		"the other way":   {ion + ", bus: mes", ion, ""},
		"not there":       {ion, ion + ", bus: eprs", `"eprs" is no endpoint with a messaging service of its own`},
		"its own":         {ion, ion + ", bus: mes", `"mes" is no endpoint with`},
		"behind another":  {ion + ", bus: mes", ion + ", bus: erp", `is no endpoint with`},
		"two dialects":    {"dialect: infor-ion/v2", ion + ", bus: erp", "mes speaks infor-ion/v3 and erp speaks infor-ion/v2"},
		"no such service": {"dialect: neutral/v1", "dialect: neutral/v1, bus: erp", "neutral/v1 has no messaging service"},
		"own address":     {ion, ion + `, bus: erp, listen: "127.0.0.1:9000"`, "listen, tls and host are said of erp"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := ParseFile("rig", []byte(file(c.erp, c.mes)))
			if (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "rig:")) {
				t.Fatalf("says %v, want %q", err, c.says)
			}
			if err != nil {
				return
			}
			want := "erp mes"
			if f.Endpoints["erp"].Bus != "" {
				want = "mes erp"
			}
			if got := strings.Join(f.inOrder(), " "); got != want {
				t.Errorf("built in the order %s, want %s", got, want)
			}
		})
	}
}
