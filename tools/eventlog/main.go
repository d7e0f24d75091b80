// Command eventlog writes an event log as shop floors export them, with the
// dirt that real ones hold: rows twice, sums that do not add up, times typed by
// default, machines that nobody knows. It feeds examples/own-log.
package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"time"
)

func main() {
	rows := flag.Int("rows", 1200, "rows to write, dirty ones among them")
	seed := flag.Uint64("seed", 7, "decides everything")
	flag.Parse()
	if err := write(os.Stdout, *rows, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "eventlog:", err)
		os.Exit(1)
	}
}

// header names the columns as examples/own-log/andon.yaml maps them.
var header = []string{"Work Order", "Op", "Resource", "Start", "Complete", "Qty Completed", "Qty Rejected", "UoM", "Span (min)", "Total"}

var machines = []string{"Machine 1 - Lapping", "Machine 4 - Turning & Milling", "Machine 7 - Laser Marking", "Packing"}

const layout = "2006-01-02 15:04"

func write(w io.Writer, rows int, seed uint64) error {
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(seed, 1))
	at := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	var last []string
	for n := 0; n < rows; n++ {
		minutes := r.IntN(6) + 2
		row := clean(r, n, at, minutes)
		at = at.Add(time.Duration(minutes+r.IntN(4)) * time.Minute)
		if n%29 == 28 {
			row = last // a row twice, to the letter
		} else {
			spoil(row, n)
		}
		if err := out.Write(row); err != nil {
			return err
		}
		last = row
	}
	out.Flush()
	return out.Error()
}

// clean is a row as it should be: forty rows an order, ten an operation.
func clean(r *rand.Rand, n int, at time.Time, minutes int) []string {
	good, rejected := r.IntN(12), 0
	if r.IntN(20) == 0 {
		rejected = r.IntN(3) + 1
	}
	op := n % 40 / 10
	return []string{
		fmt.Sprintf("WO-%05d", 1000+n/40), fmt.Sprintf("%04d", (op+1)*10), machines[op], at.Format(layout),
		at.Add(time.Duration(minutes) * time.Minute).Format(layout), strconv.Itoa(good), strconv.Itoa(rejected), "EA",
		strconv.Itoa(minutes), strconv.Itoa(good + rejected),
	}
}

// spoil makes every few rows dirty, each in one way.
func spoil(row []string, n int) {
	switch {
	case n%31 == 7:
		row[8] = "9999" // the span is not end minus start
	case n%37 == 11:
		row[9] = "77" // the total is not good and rejected
	case n%41 == 13:
		row[3] = row[3][:11] + "00:00" // midnight, because the form says so
		row[4] = row[3][:11] + "01:00"
		row[8] = "60"
	case n%43 == 17:
		row[2] = "Machine 7- Laser Marking" // a blank short of a known one
	case n%47 == 19:
		row[2] = "Machine 99 - Unheard of"
	case n%97 == 23:
		row[5] = "-3"
	case n%101 == 29:
		row[5] = "1,5"
	case n%103 == 31:
		row[0] = ""
	case n%107 == 37:
		row[3], row[4] = row[4], row[3] // ends before it starts
	}
}
