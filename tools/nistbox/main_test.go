package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators/plant"
)

const operations = `order,part,serial,operation,machine,active_s
NISTMTC-BOX,Box,2,20,Hurco02,31.5
NISTMTC-BOX,Box,1,20,Hurco02,30.5
NISTMTC-BOX,Box,1,10,Hurco02,0.0
NISTMTC-BOX,Box,2,10,Hurco02,12
NISTMTC-COVER,Cover,1,10,Hurco04,9
NISTMTC-PLATE,Plate,1,10,Hurco04,8
`

const inspections = `part,serial,inspection_status,features_pass,features_fail,failed
Box,2,FAIL,44,1,Flatness 1=0.078
Cover,1,PASS,28,0,
Plate,1,FAIL,34,4,"Cone Angle 3=88.953;Cone Angle 2=88.778"
`

func source(t *testing.T, operations, inspections string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "boxrun"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"operations.csv": operations, "inspection.csv": inspections} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, "boxrun", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestDerive(t *testing.T) {
	var out bytes.Buffer
	if err := derive([]string{"-from", source(t, operations, inspections)}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	p, err := plant.ReadProfile(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatalf("%v in\n%s", err, out.String())
	}
	box := p.Products[0]
	if box.Item != "NISTMTC-BOX" || len(box.Operations) != 2 || box.Operations[0].ID != "0010" || !box.Operations[1].Inspect {
		t.Errorf("got %+v", box)
	}
	if one, two := box.Operations[0].Cycle.Trace, box.Operations[1].Cycle.Trace; len(one) != 1 || len(two) != 2 || two[0] != 30.5 {
		t.Errorf("cycles %v and %v: want those with active time, by serial", one, two)
	}
	if len(box.Inspections) != 2 || box.Inspections[0] != (plant.Inspect{}) || box.Inspections[1].Text != "Flatness 1=0.078" {
		t.Errorf("inspections %+v", box.Inspections)
	}
	if f, err := plant.New(plant.Config{Custom: p}); err != nil || len(f.Master().Items) < 3 {
		t.Errorf("the derived profile does not run: %v", err)
	}
}

func TestDeriveSaysWhatIsWrong(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no source":   {nil, "-from FOLDER"},
		"absent":      {[]string{"-from", t.TempDir()}, "operations.csv is missing"},
		"half absent": {[]string{"-from", source(t, operations, "")}, "inspection.csv is missing"},
		"no column":   {[]string{"-from", source(t, strings.Replace(operations, "active_s", "active", 1), inspections)}, `no column "active_s"`},
		"no part":     {[]string{"-from", source(t, strings.ReplaceAll(operations, "Plate,", "Dish,"), inspections)}, "nothing about part Plate"},
		"bad number":  {[]string{"-from", source(t, strings.Replace(operations, "31.5", "soon", 1), inspections)}, "line 2"},
		"bad serial":  {[]string{"-from", source(t, operations, strings.Replace(inspections, "Box,2", "Box,-2", 1))}, "line 2"},
		"empty":       {[]string{"-from", source(t, "part,serial,operation,machine,active_s\n", inspections)}, "no rows"},
	} {
		if err := derive(tc.args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v does not mention %q", name, err, tc.want)
		}
	}
}
