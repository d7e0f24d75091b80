package bridge

import (
	"errors"
	"testing"
)

// TestUnreadableIsReportedOnce: a source may deliver again what it could not
// word, at any time; people are told once. Who does not say what it is about
// cannot be told from another.
func TestUnreadableIsReportedOnce(t *testing.T) {
	s, err := openStore(t.Context(), t.TempDir(), "normal")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	named, other, nameless := unreadable("confirmations", "confirmation/1/0010/1", errors.New("unexpected end")), unreadable("scrap", "confirmation/1/0010/1", errors.New("unexpected end")), unreadable("confirmations", "", errors.New("unexpected end"))
	for range 2 {
		if err := s.commit(func(w *writer) error { return w.reports([]report{named, other, nameless}) }); err != nil {
			t.Fatal(err)
		}
	}
	var n int
	if err := s.read(t.Context(), func(scan func(...any) error) error { return scan(&n) }, `SELECT COUNT(*) FROM exceptions`); err != nil {
		t.Fatal(err)
	}
	if n != 4 {
		t.Errorf("%d reports, want one of each that is named and two of the other", n)
	}
}
