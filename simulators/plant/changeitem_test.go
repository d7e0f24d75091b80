package plant

import (
	"strings"
	"testing"
)

func TestChangeItem(t *testing.T) {
	f, err := New(Config{Seed: 7, Orders: 3, Manual: true})
	if err != nil {
		t.Fatal(err)
	}
	release := func() Order {
		t.Helper()
		es, err := f.Do(Action{Do: "release-orders"})
		if err != nil {
			t.Fatal(err)
		}
		return es[0].Fact.(OrderReleased).Order
	}
	change := func(a Action) ItemChanged {
		t.Helper()
		a.Do = "change-item"
		es, err := f.Do(a)
		if err != nil {
			t.Fatal(err)
		}
		return es[0].Fact.(ItemChanged)
	}
	before := f.Master()
	c := change(Action{})
	was, _ := before.Item(c.Item.ID)
	if c.Version != 1 || c.Item.Revision == was.Revision || c.Item.Unit != was.Unit || c.Item.Retired {
		t.Errorf("got %+v of %+v", c, was)
	}
	if o := release(); o.Item != c.Item.ID || o.Revision != c.Item.Revision {
		t.Errorf("the next order is of %s %s, want %s %s", o.Item, o.Revision, c.Item.ID, c.Item.Revision)
	}
	if again := change(Action{Item: c.Item.ID}); again.Version != 2 || again.Item.Revision == c.Item.Revision {
		t.Errorf("changed again: got %+v", again)
	}
	after := f.Master()
	if now, _ := after.Item(c.Item.ID); now.Revision != was.Revision {
		t.Error("what both systems knew before the run was changed")
	}
	gone := change(Action{Retire: true})
	if !gone.Item.Retired || gone.Item.ID == c.Item.ID {
		t.Errorf("retired %+v", gone)
	}
	for _, tt := range []struct {
		a    Action
		says string
	}{
		{Action{Do: "change-item", Item: "NO-SUCH"}, `unknown material "NO-SUCH"`},
		{Action{Do: "change-item", Item: c.Item.ID, Retire: true}, "is needed by an order"},
	} {
		if _, err := f.Do(tt.a); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%+v: got %v, want %q", tt.a, err, tt.says)
		}
	}
}

func TestNextRevision(t *testing.T) {
	for was, want := range map[string]string{"A": "B", "01": "02", "Rev09": "Rev091", "Z": "Z1", "": "1"} {
		if got := nextRevision(was); got != want {
			t.Errorf("%q: got %q, want %q", was, got, want)
		}
	}
}
