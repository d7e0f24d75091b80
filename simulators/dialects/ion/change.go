package ion

import (
	"fmt"
	"slices"

	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/plant"
)

// changeRecord tells of a change of an order, by a Sync with Replace. Senders
// that are not ours also replace an order by its state alone, without a word of
// its quantity, under no other name than that of order and version, and at no
// other instant than that of the document.
const changeRecord = "CHG"

// changeColumns are those of files/v1, and the state of the order.
var changeColumns = append(slices.Clone(files.Columns(changeRecord)), files.Column{Name: "STATUS"})

// changeRecords leaves the state out: that a changed order is released goes
// without saying.
func changeRecords(e plant.Event) []files.Record {
	all := files.Records(e)
	all[0].Cells = append(all[0].Cells, "")
	return all
}

// stateReleased is the only state that a change can tell: what is taken back is told
// by another action, and what is done in the plant nobody else knows.
const stateReleased = "Released"

// changeClaim reads a change. What it does not say stays as it is, but only who
// says at least the state may leave the quantity out: otherwise it was lost on
// the way.
func changeClaim(r files.Record, created string) (plant.Event, error) {
	last := len(changeColumns) - 1
	status := r.Cells[last]
	if status != "" && status != stateReleased {
		return plant.Event{}, fmt.Errorf("%s: %q is no state that a change can tell, only %s", r.Place("STATUS"), clip(status), stateReleased)
	}
	r.Cells = slices.Clone(r.Cells[:last])
	cell := func(name string) *string { return &r.Cells[at(changeColumns, name)] }
	stays := status != "" && *cell("QUANTITY") == "" && *cell("UNIT") == ""
	if stays {
		*cell("QUANTITY"), *cell("UNIT") = "0", "EA" // in the place of nothing
	}
	unnamed := status != "" && *cell("REFERENCE") == ""
	if unnamed {
		*cell("REFERENCE") = "none"
	}
	if when := cell("AT"); status != "" && *when == "" {
		*when = created
	}
	e, err := files.Claim(r)
	if err != nil {
		return e, err
	}
	if unnamed {
		e.ID = ""
	}
	if f := e.Fact.(plant.OrderChanged); stays {
		f.Quantity = plant.Quantity{}
		e.Fact = f
	}
	return e, nil
}
