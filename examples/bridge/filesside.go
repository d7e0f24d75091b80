package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// filesSide speaks files/v1 with an ERP: what it exports is fetched from a
// share, what is posted is left there as a file, and a result tells what
// became of it. There is no key that makes a repetition recognisable but the
// business key of each fact, and nothing can be asked; so a lost result is
// settled by looking where the file is, and else by the strategy that was
// agreed upon.
type filesSide struct {
	name   string
	share  share
	form   FileForm
	limit  time.Duration
	stop   bool // in doubt, leave it to a person: the ERP knows no repetition
	defect Defect
	broken error // why there is no share
	log    *slog.Logger

	// Of fetching; only its goroutine touches them.
	last    int                // number of the last file taken
	waiting time.Time          // since when a number is missed
	odd     map[string]oddFile // files that are not complete
	undone  map[string]bool    // files that were taken and could not be removed
	again   int                // only defect M63 counts
}

// oddFile is a file that has no end yet.
type oddFile struct {
	size  int64
	since time.Time
}

var (
	_ side   = (*filesSide)(nil)
	_ source = (*filesSide)(nil)
)

// Patience with the other side of a share.
const (
	pollShare   = 25 * time.Millisecond // between looks
	pollResult  = 5 * time.Millisecond
	missPatient = 3 * time.Second // with a number that is missed while later ones lie there
	oddPatience = 5 * time.Second // with a file that has no end and does not grow
)

func newFilesSide(name string, c Config) *filesSide {
	f := &filesSide{name: name, form: c.Files, limit: c.Timeout, stop: c.InDoubt == "stop", defect: c.Defect, odd: map[string]oddFile{}, undone: map[string]bool{}, log: slog.New(slog.DiscardHandler)}
	f.share, f.broken = openShare(c.ERP, c.Timeout)
	if r, ok := f.share.(*remote); ok && c.Defect == M68 {
		r.dial = newLeaky().dial
	}
	return f
}

func (f *filesSide) admit(context.Context) verdict { return verdict{what: posted} }

// post leaves u in in/ and waits for its result.
func (f *filesSide) post(ctx context.Context, u unit) verdict {
	if f.broken != nil {
		return internal(f.broken)
	}
	body, err := f.form.posting(u)
	if err != nil {
		return verdict{what: refused, class: dataQuality, code: "not-understood", reason: err.Error()}
	}
	file := f.fileOf(u)
	if err := f.share.remove("result/" + f.resultOf(file)); err != nil && !errors.Is(err, os.ErrNotExist) { // of an earlier attempt
		return notSent(err)
	}
	if err := f.share.write("in/"+file+".tmp", body); err != nil {
		return notSent(err) // a name that ends so is nobody's
	}
	if err := f.share.move("in/"+file+".tmp", "in/"+file); err != nil {
		v := notSent(err)
		v.doubt = !worded(err) && !errors.Is(err, errNotSent)
		return v
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.limit)
	defer cancel()
	v := verdict{what: again, class: technical, code: "no-reply", reason: "no result for " + file + " in time", doubt: true}
	until(ctx, pollResult, func() bool {
		found, ok := f.result(u, file)
		if ok {
			v = found
		}
		return ok
	})
	return v
}

// notSent is the verdict on an upload that did not come to its end. A share
// that is full is full for everybody.
func notSent(err error) verdict {
	v := verdict{what: again, class: technical, code: "no-reply", reason: err.Error()}
	if strings.Contains(err.Error(), "no space") {
		v.code, v.pause = "share-full", true
	}
	return v
}

// result reads what the import job says of a file; false if there is nothing
// to read.
func (f *filesSide) result(u unit, file string) (verdict, bool) {
	b, err := f.share.read("result/" + f.resultOf(file))
	if err != nil {
		return verdict{}, false
	}
	whole, retry, rows, err := f.form.readResult(b)
	if err != nil {
		return verdict{what: again, class: technical, code: "not-understood", reason: "the result is not readable: " + err.Error(), doubt: true}, true
	}
	v := judgeStatus(whole.Status, whole.Code, whole.Class, whole.Detail)
	if whole.Status/100 == 2 {
		v = verdict{what: posted}
	}
	switch {
	case fatal(whole.Status, f.defect):
		return blamed(v), true
	case patienceAsked(whole.Status, f.defect):
		v.pause, v.after = true, time.Duration(retry)*time.Second
	}
	switch {
	case whole.Status == http.StatusMultiStatus && f.defect == M22: // DEFECT M22: posted in part is as good as posted
	case whole.Status == http.StatusAccepted && f.defect != M24: // DEFECT M24: accepted is as good as posted
		return verdict{what: again, class: technical, code: onlyAccepted, reason: file + " was accepted, and nothing tells whether it was posted", doubt: true}, true
	case len(rows) < len(u) && v.what == posted && !slices.Contains(postedStatuses, whole.Status) && f.defect != M24: // of no row it says more
		return verdict{what: again, class: technical, code: "not-understood", reason: fmt.Sprintf("nothing is known of a result with the status %d", whole.Status), doubt: true}, true
	case len(rows) == 0 || v.what == posted && whole.Status != 207:
	case len(u) > 1:
		v.what, v.rows = rowwise, rows
	case rows[0].Status/100 != 2:
		v = judgeStatus(rows[0].Status, rows[0].Code, rows[0].Class, rows[0].Detail)
	}
	return v, true
}

// postedStatuses are those of a file that was posted: as a whole, before, or in part.
var postedStatuses = []int{http.StatusOK, http.StatusCreated, http.StatusMultiStatus}

// onlyAccepted is the code of a file whose import job leaves the work to others:
// no other result will come.
const onlyAccepted = "only-accepted"

// settle looks for the result of u, and for its file.
func (f *filesSide) settle(_ context.Context, u unit) verdict {
	if f.broken != nil {
		return internal(f.broken)
	}
	file := f.fileOf(u)
	if v, ok := f.result(u, file); ok && v.code != "not-understood" && v.code != onlyAccepted {
		return v
	}
	lies, err := present(f.share, "in", file)
	switch {
	case err != nil:
		return verdict{what: again, class: technical, code: "no-reply", reason: err.Error(), doubt: true}
	case lies:
		return verdict{what: again, class: technical, code: "no-reply", reason: file + " has not been imported yet", doubt: true}
	}
	if v, ok := f.result(u, file); ok && v.code != "not-understood" && v.code != onlyAccepted { // it may have come meanwhile
		return v
	}
	if f.stop {
		return verdict{what: refused, class: technical, code: "in-doubt", reason: "nothing tells whether " + file + " was imported, and the ERP does not recognise a repetition"}
	}
	return verdict{what: again} // the business keys in it make a repetition harmless
}

// fileOf names the file of a unit: the same in every attempt.
func (f *filesSide) fileOf(u unit) string {
	return fmt.Sprintf("%s.%06d%s", u[0].name, u[0].seq, f.form.ending())
}

func (f *filesSide) resultOf(file string) string {
	return strings.TrimSuffix(file, f.form.ending()) + ".result" + f.form.ending()
}

// fetch takes what the ERP exports until ctx is done.
func (f *filesSide) fetch(ctx context.Context, in *inbox) error {
	if f.broken != nil {
		return f.broken
	}
	f.log = in.log
	cursor, err := in.store.cursor(ctx, f.name)
	if err != nil {
		return fmt.Errorf("read cursor: %w", err)
	}
	f.last = number(cursor)
	if r, ok := f.share.(*remote); ok {
		defer r.close()
	}
	for fails := 0; ctx.Err() == nil; {
		err := f.round(ctx, in)
		if err == nil {
			fails = 0
			sleep(ctx, pollShare)
			continue
		}
		fails++
		f.log.Warn("read share", "reason", err)
		sleep(ctx, backoff(fails))
	}
	return nil
}

// round goes once through what lies in out/, by number.
func (f *filesSide) round(ctx context.Context, in *inbox) error {
	infos, err := f.share.list("out")
	if err != nil {
		return err
	}
	infos = slices.DeleteFunc(infos, func(i os.FileInfo) bool { return i.IsDir() || !finished(i.Name()) })
	slices.SortFunc(infos, func(a, b os.FileInfo) int {
		return cmp.Or(cmp.Compare(fileNumber(a.Name()), fileNumber(b.Name())), cmp.Compare(a.Name(), b.Name()))
	})
	for _, i := range infos {
		if ctx.Err() != nil || in.full() {
			return nil
		}
		if f.missing(fileNumber(i.Name())) {
			return nil // until it comes, or patience ends
		}
		if on, err := f.take(ctx, in, i); err != nil || !on {
			return err
		}
	}
	return nil
}

// finished reports whether a name is one that a complete file has.
func finished(file string) bool {
	for _, end := range []string{".tmp", ".part", ".filepart", ".ctl"} {
		if strings.HasSuffix(file, end) {
			return false
		}
	}
	return !strings.HasPrefix(file, ".")
}

// missing reports whether to wait for a number before this one: numbers have
// no gaps, so the file is on its way.
func (f *filesSide) missing(n int) bool {
	if n <= f.last+1 {
		f.waiting = time.Time{}
		return false
	}
	if f.waiting.IsZero() {
		f.waiting = time.Now()
	}
	return time.Since(f.waiting) < missPatient
}

// take takes over one file: its messages are in the store before it is
// removed, and a repetition is recognised by what it says, never by its name.
// On is false if files with higher numbers must wait.
func (f *filesSide) take(ctx context.Context, in *inbox, i os.FileInfo) (on bool, err error) {
	file := i.Name()
	b, err := f.share.read("out/" + file)
	if err != nil {
		f.log.Info("file cannot be read yet", "file", file, "reason", err)
		return false, nil
	}
	if len(b) == 0 && i.Size() == 0 { // an export that had nothing to say, or has not begun
		return f.oddly(ctx, in, i, nil)
	}
	list, full := strings.CutPrefix(fileKind(file), fullPrefix)
	records, err := f.form.read(b, f.defect)
	if full && f.defect == M171 && errors.Is(err, errUnfinished) { // DEFECT M171: what is there now is all there is
		records, err = f.form.read(b, M62)
	}
	var facts []announcedFact
	if err == nil {
		facts, err = announce(list, records)
	}
	r := masterReading{told: materialsIn(records)}
	if full && list == "items" || f.defect == M135 && list == "items" { // DEFECT M135: changes are all there is
		r.at = f.form.created(b)
	}
	if len(r.told) > 0 || r.at != "" {
		known, kerr := in.store.materials(ctx)
		if kerr != nil {
			return false, kerr
		}
		r.conclude(known, f.defect)
		gone, gerr := r.facts()
		facts, err = append(facts, gone...), errors.Join(err, gerr)
	}
	var items []*item
	for _, a := range facts {
		got, oerr := in.open(f.name, a.name, a.event, a.body)
		if oerr != nil {
			err = errors.Join(err, oerr)
		}
		items = append(items, got...)
	}
	if err != nil {
		return f.oddly(ctx, in, i, err)
	}
	delete(f.odd, file)
	if f.defect == M63 && f.undone[file] {
		f.again++
		for _, it := range items { // DEFECT M63: what lies there is new
			it.anew, it.idem = true, digest(fmt.Sprint(it.idem, f.again))
		}
	}
	n := max(f.last, fileNumber(file))
	if err := in.accept(ctx, items, func(w *writer) error { return errors.Join(do(w.cursor, f.name, fmt.Sprint(n)), w.materials(r.told)) }); err != nil {
		return false, err
	}
	f.last = n
	if err := f.share.remove("out/" + file); err != nil && !errors.Is(err, os.ErrNotExist) {
		f.log.Warn("file cannot be removed", "file", file, "reason", err) // the next round tries again
		f.undone[file] = true
		return true, nil
	}
	delete(f.undone, file)
	return true, nil
}

// oddly deals with a file that cannot be taken apart. It may still be written;
// when it has not grown for long enough it is moved out of the way, and a
// person is told. What is empty then is nobody's loss.
func (f *filesSide) oddly(ctx context.Context, in *inbox, i os.FileInfo, why error) (on bool, err error) {
	file := i.Name()
	o, known := f.odd[file]
	if !known || o.size != i.Size() {
		o = oddFile{i.Size(), time.Now()}
		f.odd[file] = o
	}
	empty := i.Size() == 0
	patience := oddPatience
	if empty {
		patience = time.Second
	}
	if time.Since(o.since) < patience {
		return empty, nil // later files wait for one that is being written
	}
	delete(f.odd, file)
	n := max(f.last, fileNumber(file))
	var bad []report
	if !empty {
		bad = append(bad, unreadable(fileKind(file), file, why))
	}
	err = in.store.commit(func(w *writer) error {
		return errors.Join(w.reports(bad), do(w.cursor, f.name, fmt.Sprint(n)))
	})
	if err != nil {
		return false, err
	}
	f.last = n
	in.teller.poke()
	return true, f.share.move("out/"+file, "rejected/"+file)
}
