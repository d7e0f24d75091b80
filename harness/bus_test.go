package harness

import (
	"strings"
	"testing"
)

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
