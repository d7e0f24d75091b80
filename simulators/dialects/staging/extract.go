package staging

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/plant"
)

var _ simulators.Extractor = Dialect{}

// Extract implements [simulators.Extractor]: the rows of a table bear the number of
// a load, and when they are all there, a row of loads says how many they are.
func (d Dialect) Extract(at time.Time, all []plant.Event) ([]simulators.Message, error) {
	var out []simulators.Message
	for _, l := range files.Lists(all) {
		ms, err := d.load(at, l)
		if err != nil {
			return nil, err
		}
		out = append(out, ms...)
	}
	return out, nil
}

func (d Dialect) load(at time.Time, l files.List) (out []simulators.Message, err error) {
	of := tableOf(files.Records(append(slices.Clone(l.Present), l.Absent...)[0])[0].Type, "").Name
	var rows []row
	for _, e := range l.Present {
		rows = append(rows, rowOf(files.Records(e)))
	}
	content, err := json.Marshal(rows)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", of, err)
	}
	sum := sha256.Sum256([]byte(of + " " + at.Format(time.RFC3339Nano) + " " + string(content)))
	id := hex.EncodeToString(sum[:8])
	if len(rows) > 0 {
		m, err := d.Batch(l.Present...)
		if err != nil {
			return nil, fmt.Errorf("load %s: %w", of, err)
		}
		for _, r := range rows {
			r[loadColumn] = id
		}
		if m.Body, err = json.Marshal(rows); err != nil {
			return nil, fmt.Errorf("load %s: %w", of, err)
		}
		m.Key, m.Entity = of+"/"+id, of
		delete(m.Header, "Andon-Event")
		out = append(out, m)
	}
	body, err := json.Marshal(row{loadColumn: id, loadTable: of, loadCount: json.Number(strconv.Itoa(len(rows))), loadClosed: at.Format(time.RFC3339Nano)})
	return append(out, simulators.Message{Verb: "post", Name: loadsName, Body: body, Events: l.Absent, Absent: len(l.Absent), Key: loadsName + "/" + id, Entity: of,
		Header: map[string]string{"Content-Type": "application/json"}}), err
}
