package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/andon-rig/andon/examples/bridge"
	"github.com/andon-rig/andon/harness"
)

// surfacesPage measures, prints and writes the matrix of dialects and defects.
// The exit status is 1 if a defect that was planted was not seen.
func (m *measure) surfacesPage(ctx context.Context) (int, error) {
	defects, erps := chosen(m.options.defects), m.erps()
	if m.options.defects == "" {
		defects = bridge.Defects() // those out of reach of this tool have a reason
	}
	rows, err := m.surfaces(ctx, defects, erps)
	if err != nil {
		return 3, err
	}
	page, unseen := matrix(defects, erps, rows)
	fmt.Println()
	fmt.Print(page)
	if m.options.write != "" {
		if err := os.WriteFile(m.options.write, []byte(page), 0o644); err != nil {
			return 3, fmt.Errorf("write %s: %w", m.options.write, err)
		}
	}
	if unseen > 0 {
		return 1, nil
	}
	return 0, nil
}

// erps are the dialects that were asked for.
func (m *measure) erps() []string {
	if m.options.erps == "" {
		return harness.BundledERPs()
	}
	return strings.Split(m.options.erps, ",")
}

// matrix is the page, and how many defects were planted at some dialect and
// not seen there.
func matrix(defects []bridge.DefectInfo, erps []string, rows []map[string]cell) (page string, unseen int) {
	var b strings.Builder
	b.WriteString("<!-- made by make surface-defects; do not edit -->\n# Defects by surface\n\n" +
		"Every defect of the bundled build, planted at the ERP of every dialect that it has a side for: which oracle blamed it first, and in which scenario.\n" +
		"A dash stands where the defect is no mistake or cannot be shown; the reasons stand below. Scenarios are those that show the defect in the\n" +
		"[track record](track-record.md), at most three for each, or those of the pack until one does. Made by `make surface-defects`; one dialect and one defect: `go run ./tools/detection -surfaces -erp files/v1 -defects M22`.\n\n")
	b.WriteString("| | planted | blamed by an intended oracle | by another | not seen | left out |\n|---|---|---|---|---|---|\n")
	for _, erp := range erps {
		var planted, hit, other, none, out int
		for _, r := range rows {
			switch c := r[erp]; {
			case c.out != "":
				out++
				continue
			case c.hit:
				hit++
			case len(c.oracles) > 0:
				other++
			default:
				none++
			}
			planted++
		}
		unseen += none
		fmt.Fprintf(&b, "| `%s` | %d | %d | %d | %d | %d |\n", erp, planted, hit, other, none, out)
	}
	b.WriteString("\n| defect |")
	for _, erp := range erps {
		fmt.Fprintf(&b, " `%s` |", erp)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(erps)) + "\n")
	for i, d := range defects {
		fmt.Fprintf(&b, "| %s %s |", d.ID, d.Name)
		for _, erp := range erps {
			fmt.Fprintf(&b, " %s |", rows[i][erp].word())
		}
		b.WriteString("\n")
	}
	b.WriteString(reasons(defects, erps, rows))
	return b.String(), unseen
}

// reasons lists why defects were left out or not seen, those of one reason
// together.
func reasons(defects []bridge.DefectInfo, erps []string, rows []map[string]cell) string {
	ids := make([]string, len(defects))
	for i, d := range defects {
		ids[i] = string(d.ID)
	}
	var b strings.Builder
	b.WriteString("\n## Left out, or not seen\n\n| surface | defects | why |\n|---|---|---|\n")
	for _, erp := range erps {
		b.WriteString(together(erp, ids, func(i int) string {
			c := rows[i][erp]
			if c.out == "" && len(c.oracles) == 0 {
				return "not seen: " + c.why
			}
			return c.out
		}))
	}
	return b.String()
}
