package coverage

import (
	_ "embed"
	"fmt"
	"strings"
)

// A Requirement is one row of the requirements table.
type Requirement struct {
	ID    string // "UP-02"
	Group string // "UP"
	Title string
}

// A Group is what the letters of an id stand for.
type Group struct{ Name, Title string }

//go:embed requirements.txt
var table string

var groups, requirements = parse(table)

// Groups lists the groups in the order of the table.
func Groups() []Group { return groups }

// Requirements lists all rows in the order of the table.
func Requirements() []Requirement { return requirements }

// Title is the title of the row with this id; "" if there is none.
func Title(id string) string {
	for _, r := range requirements {
		if r.ID == id {
			return r.Title
		}
	}
	return ""
}

// parse reads lines of an id or the name of a group, a blank and a title. The
// table is part of the program, so a mistake in it is a programmer's.
func parse(text string) (gs []Group, rs []Requirement) {
	for line := range strings.Lines(text) {
		id, title, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || title == "" {
			panic(fmt.Sprintf("requirements.txt: %q is no id and title", line))
		}
		if group, _, row := strings.Cut(id, "-"); row {
			rs = append(rs, Requirement{id, group, title})
		} else {
			gs = append(gs, Group{id, title})
		}
	}
	return gs, rs
}
