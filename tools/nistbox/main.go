// Command nistbox derives the nist-box profile of the plant from the recorded
// box, cover and plate run of the NIST Smart Manufacturing Systems Test Bed.
// It knows nothing of how the plant uses a profile.
//
//	go run ./tools/nistbox -from ../shared/plantdata/nist -to simulators/plant/profiles/nist-box.json
package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/simulators/plant"
)

func main() {
	if err := derive(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "nistbox:", err)
		os.Exit(1)
	}
}

func derive(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("nistbox", flag.ContinueOnError)
	flags.SetOutput(stderr)
	from := flags.String("from", "", "folder that holds boxrun/operations.csv and boxrun/inspection.csv")
	to := flags.String("to", "", "profile to write; standard output by default")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *from == "" {
		return errors.New("say where the recorded run is: -from FOLDER")
	}
	operations, err := table(*from, "operations.csv", "part", "serial", "operation", "machine", "active_s")
	if err != nil {
		return err
	}
	inspections, err := table(*from, "inspection.csv", "part", "serial", "features_pass", "features_fail", "failed")
	if err != nil {
		return err
	}
	profile, err := build(operations, inspections)
	if err != nil {
		return err
	}
	b, err := encode(profile)
	if err != nil {
		return err
	}
	if *to == "" {
		_, err = stdout.Write(b)
		return err
	}
	if err := os.WriteFile(*to, b, 0o644); err != nil {
		return fmt.Errorf("write profile: %w", err)
	}
	fmt.Fprintf(stderr, "nistbox: %d piece-operations, %d inspections -> %s\n", len(operations), len(inspections), *to)
	return nil
}

// table reads one file of the run as rows by column name.
func table(from, name string, columns ...string) ([]map[string]string, error) {
	path := filepath.Join(from, "boxrun", name)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is missing: -from must name the folder with the figures taken from usnistgov/smstestbed "+
			"(tdp/mtc/Split and tdp/mtc/FAIR); the profile in the repository stays as it is", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read recorded run: %w", err)
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(rows) < 2 {
		return nil, fmt.Errorf("%s holds no rows", path)
	}
	for _, c := range columns {
		if !slices.Contains(rows[0], c) {
			return nil, fmt.Errorf("%s has no column %q", path, c)
		}
	}
	var list []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, c := range rows[0] {
			m[c] = r[i]
		}
		list = append(list, m)
	}
	return list, nil
}

// build puts the recorded figures into a profile. What was not recorded
// (people, materials, bills of material, queues) is made up, and said to be.
func build(operations, inspections []map[string]string) (*plant.Profile, error) {
	p := frame()
	for _, part := range []string{"Box", "Cover", "Plate"} {
		product := plant.Product{
			Item: plant.ItemID("NISTMTC-" + strings.ToUpper(part)), Description: part + " of the recorded run", Revision: "A", Serials: true,
		}
		if err := addOperations(&product, part, operations); err != nil {
			return nil, err
		}
		if err := addInspections(&product, part, inspections); err != nil {
			return nil, err
		}
		addComponents(&product)
		p.Products = append(p.Products, product)
	}
	for _, machine := range machines(operations) {
		p.WorkCenters = append(p.WorkCenters, plant.ProfileCenter{
			ID: plant.WorkCenterID(machine), Description: "Machining center " + machine, Machines: []plant.MachineID{plant.MachineID(machine)},
		})
	}
	return p, p.Validate()
}

func machines(operations []map[string]string) []string {
	var names []string
	for _, r := range operations {
		if !slices.Contains(names, r["machine"]) {
			names = append(names, r["machine"])
		}
	}
	slices.Sort(names)
	return names
}

// addOperations collects the active time of every piece, by serial. A piece
// whose recording shows no active time at all says nothing about the cycle.
func addOperations(product *plant.Product, part string, rows []map[string]string) error {
	type piece struct {
		serial int
		active float64
	}
	cycles, machine := map[int][]piece{}, map[int]string{}
	for i, r := range rows {
		if r["part"] != part {
			continue
		}
		number, err1 := strconv.Atoi(r["operation"])
		serial, err2 := strconv.Atoi(r["serial"])
		active, err3 := strconv.ParseFloat(r["active_s"], 64)
		if err := errors.Join(err1, err2, err3); err != nil {
			return fmt.Errorf("operations.csv line %d: %w", i+2, err)
		}
		machine[number] = r["machine"]
		if active > 0 {
			cycles[number] = append(cycles[number], piece{serial, active})
		}
	}
	var numbers []int
	for n := range cycles {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		slices.SortFunc(cycles[n], func(a, b piece) int { return a.serial - b.serial })
		var trace []float64
		for _, c := range cycles[n] {
			trace = append(trace, c.active)
		}
		product.Operations = append(product.Operations, plant.ProductOperation{
			ID: plant.OperationID(fmt.Sprintf("%04d", n)), Description: fmt.Sprintf("Machine %s, step %d", strings.ToLower(part), n),
			WorkCenter: plant.WorkCenterID(machine[n]), Cycle: plant.Value{Trace: trace}, Inspect: i == len(numbers)-1,
		})
	}
	if len(numbers) == 0 {
		return fmt.Errorf("operations.csv holds nothing about part %s", part)
	}
	return nil
}

// addInspections lists the first-article results by serial; a piece without a
// result keeps its place, empty.
func addInspections(product *plant.Product, part string, rows []map[string]string) error {
	for i, r := range rows {
		if r["part"] != part {
			continue
		}
		serial, err1 := strconv.Atoi(r["serial"])
		passed, err2 := strconv.Atoi(r["features_pass"])
		failed, err3 := strconv.Atoi(r["features_fail"])
		if err := errors.Join(err1, err2, err3); err != nil || serial < 1 || serial > 1000 {
			return fmt.Errorf("inspection.csv line %d: serial or feature counts are wrong: %w", i+2, err)
		}
		for len(product.Inspections) < serial {
			product.Inspections = append(product.Inspections, plant.Inspect{})
		}
		product.Inspections[serial-1] = plant.Inspect{Passed: passed, Failed: failed, Text: r["failed"]}
	}
	return nil
}

func addComponents(product *plant.Product) {
	first := product.Operations[0].ID
	last := product.Operations[len(product.Operations)-1].ID
	product.Components = []plant.ProductComponent{
		{Material: "000000000000601", Operation: first, Per: plant.One},
		{Material: "000000000000702", Operation: first, Per: plant.MustDecimal("0.135")},
		{Material: "000000000000810", Operation: last, Per: plant.Whole(2)},
	}
}

func encode(p *plant.Profile) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(p); err != nil {
		return nil, fmt.Errorf("encode profile: %w", err)
	}
	return compact(b.Bytes()), nil
}

// compact puts short lists of numbers on one line, so that the profile stays
// readable in a diff.
func compact(b []byte) []byte {
	var out bytes.Buffer
	list := false
	for line := range strings.Lines(string(b)) {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasSuffix(trimmed, "["):
			out.WriteString(strings.TrimRight(line, "\n"))
			list = true
			continue
		case list && isNumber(trimmed):
			out.WriteString(strings.TrimSuffix(trimmed, ","))
			if strings.HasSuffix(trimmed, ",") {
				out.WriteString(", ")
			}
			continue
		case list && strings.HasPrefix(trimmed, "]") && !bytes.HasSuffix(out.Bytes(), []byte("[")):
			out.WriteString(trimmed + "\n")
		case list:
			out.WriteString("\n" + line)
		default:
			out.WriteString(line)
		}
		list = false
	}
	return out.Bytes()
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(strings.TrimSuffix(s, ","), 64)
	return err == nil
}
