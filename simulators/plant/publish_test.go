package plant

import "testing"

// What was changed is told by the event of that change, and everything else at
// its first version; told once more, all of it is what was told before.
func TestPublish(t *testing.T) {
	f, err := New(Config{Profile: "machine-shop", Seed: 7, Orders: 8, Manual: true})
	if err != nil {
		t.Fatal(err)
	}
	changed, err := f.Do(Action{Do: "change-work-center"})
	if err != nil {
		t.Fatal(err)
	}
	all, err := f.Do(Action{Do: "publish"})
	if err != nil {
		t.Fatal(err)
	}
	m := f.Master()
	if want := len(m.Items) + len(m.Bills) + len(m.Routings) + len(m.WorkCenters) + 1; len(all) != want {
		t.Fatalf("%d records are told, there are %d", len(all), want)
	}
	seen := map[EventID]bool{}
	for _, e := range all {
		if e.Fact.Keys().Counter != 1 || seen[e.ID] {
			t.Errorf("%s: version %d, told before: %v", e.ID, e.Fact.Keys().Counter, seen[e.ID])
		}
		seen[e.ID] = true
	}
	if !seen[changed[0].ID] {
		t.Errorf("%s is not told once more", changed[0].ID)
	}
	again, err := f.Do(Action{Do: "publish", Of: []Kind{KindItemChanged}})
	if err != nil || len(again) != len(m.Items) || !seen[again[0].ID] {
		t.Errorf("materials once more: %d of %d, %v", len(again), len(m.Items), err)
	}
	next, err := f.Do(Action{Do: "change-item", Item: m.Items[0].ID})
	if err != nil || next[0].Fact.(ItemChanged).Version != 2 {
		t.Errorf("changed after it was told: %+v, %v", next, err)
	}
	if _, err := f.Do(Action{Do: "publish", Of: []Kind{KindReceipt}}); err == nil {
		t.Error("receipts are published")
	}
}
