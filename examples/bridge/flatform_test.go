package bridge

import (
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestFormsOfFiles: one file says the same in every form that was agreed upon, and
// is written as it is read. The files are those by which the dialect is shown.
func TestFormsOfFiles(t *testing.T) {
	const folder = "../../simulators/dialects/files/testdata/"
	forms := map[string]FileForm{".csv": {}, ".1252.csv": {Encoding: "windows-1252", Decimal: "comma"}, ".fixed.txt": {Layout: "fixed"}}
	names, err := filepath.Glob(folder + "*.fixed.txt")
	if err != nil || len(names) < 15 {
		t.Fatalf("%d files in %s, %v", len(names), folder, err)
	}
	for _, path := range names {
		name := strings.TrimSuffix(filepath.Base(path), ".fixed.txt")
		var plain []line
		for _, suffix := range []string{".csv", ".1252.csv", ".fixed.txt"} {
			body, err := os.ReadFile(folder + name + suffix)
			if err != nil {
				t.Fatal(err)
			}
			got, err := forms[suffix].read(body, "")
			if err != nil {
				t.Fatalf("%s%s: %v", name, suffix, err)
			}
			if suffix == ".csv" {
				plain = got
			}
			if !reflect.DeepEqual(got, plain) {
				t.Errorf("%s%s is read as\n%q\nnot\n%q", name, suffix, got, plain)
			}
			for _, form := range []FileForm{{}, {Layout: "fixed", Encoding: "iso-8859-15", Decimal: "comma"}, {Encoding: "windows-1252", Delimiter: "comma"}, {Decimal: "comma", Delimiter: "tab"}, {Delimiter: "pipe", Encoding: "iso-8859-1"}} {
				written, err := form.write(name, "id", "at", got, new(big.Rat))
				if err != nil {
					t.Fatalf("%s as %+v: %v", name, form, err)
				}
				if again, err := form.read(written, ""); err != nil || !reflect.DeepEqual(again, got) {
					t.Errorf("%s as %+v: read again as %q, %v", name, form, again, err)
				}
				for cut := 0; cut < len(written); cut += 61 {
					if rs, err := form.read(written[:cut], ""); err == nil {
						t.Fatalf("%s as %+v, cut off after %d bytes, was read as %q", name, form, cut, rs)
					}
				}
			}
		}
	}
}

// TestWhatAFormCannotSay: it is an error, and never another text or number.
func TestWhatAFormCannotSay(t *testing.T) {
	row := func(quantity, lot string) line {
		return line{"CON", "r", "at", "4711", "0010", "1", "CASTING-3", lot, quantity, "KGM"}
	}
	for _, c := range []struct {
		form FileForm
		l    line
		want string
	}{
		{FileForm{Encoding: "iso-8859-1"}, row("1", "€"), `iso-8859-1 has no character '€'`},
		{FileForm{Layout: "fixed"}, row("1", "L-123456789012345678901"), "has room for 20 characters"},
		{FileForm{Layout: "fixed"}, row("1", " L"), "blanks around it are not kept"},
	} {
		if _, err := c.form.write("n", "id", "at", []line{c.l}, new(big.Rat)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q as %+v: %v, want %q", c.l, c.form, err, c.want)
		}
	}
	for quantity, want := range map[string]string{"40,125": "40.125", "40": "40", "40.125": "", "1.040,5": "", "1,040,5": ""} {
		body := "HDR;files/v1;n;ERP;f;at\r\nCON;r;at;4711;0010;1;C;L;" + quantity + ";KGM\r\nTRL;1;0\r\n"
		got, err := FileForm{Decimal: "comma"}.read([]byte(body), "")
		if (err == nil) != (want != "") || err == nil && got[0][8] != want {
			t.Errorf("%s is read as %q, %v", quantity, got, err)
		}
	}
	got, err := FileForm{Decimal: "comma"}.read([]byte("HDR;files/v1;n;ERP;f;at\r\nCON;r;at;4711;0010;1;C;L;40,125;KGM\r\nTRL;1;0\r\n"), M170)
	if err != nil || got[0][8] != "40125" {
		t.Errorf("M170 reads %q, %v", got, err)
	}
	for _, f := range []FileForm{{Layout: "xml"}, {Encoding: "ebcdic"}, {Decimal: "dot"}, {Delimiter: "space"}, {Layout: "fixed", Delimiter: "tab"}, {Decimal: "comma", Delimiter: "comma"}} {
		if f.Validate() == nil {
			t.Errorf("%+v is taken for a form", f)
		}
	}
}

// TestGone: an extract tells of a material that it lacks, and of no other; one that
// was told in a newer version stays so.
func TestGone(t *testing.T) {
	item := func(id, version, retired string) line {
		return line{"ITM", kindItem + "/" + id + "/" + version, "then", id, version, "text", "A", "EA", "0", "", "", retired}
	}
	known := materialsIn([]line{item("A", "1", ""), {"UOM", "BAG", "25", "1"}, item("B", "3", ""), item("C", "2", "X")})
	told := func() map[string]toldMaterial { return materialsIn([]line{item("B", "2", ""), item("D", "1", "")}) }
	for name, c := range map[string]struct {
		at     string
		defect Defect
		gone   []string
	}{"an extract": {"now", "", []string{"A"}}, "changes": {"", "", nil}, "M173": {"now", M173, nil}} {
		r := masterReading{told: told(), at: c.at}
		r.conclude(known, c.defect)
		if !reflect.DeepEqual(r.gone, c.gone) || r.told["B"] != nil || r.told["D"] == nil {
			t.Errorf("%s: gone are %q, told %q", name, r.gone, r.told)
		}
		facts, err := r.facts()
		if err != nil || len(facts) != len(c.gone) {
			t.Fatalf("%s: %d facts, %v", name, len(facts), err)
		}
		for _, f := range facts {
			if f.event != kindItem+"/A/2" || !strings.Contains(string(f.body), `"ID":"Retired"`) || !strings.Contains(string(f.body), "BAG") || strings.Contains(string(f.body), "PublishedDate") || !strings.Contains(string(f.body), `"CreationDateTime":"now"`) {
				t.Errorf("%s: %s %s", name, f.event, f.body)
			}
		}
	}
}
