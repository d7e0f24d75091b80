package contracts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/andon-rig/andon/contracts"
)

// frozen is a book whose two living versions have been recorded.
func frozen() fstest.MapFS {
	f := folder()
	f["book.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(bookText, "environments:", "frozen: true\nenvironments:", 1))}
	for _, v := range []string{"1.4", "2.0"} {
		f["erp/orders/released/"+v+"/schema.graphql"] = f["erp/orders/"+v+"/schema.graphql"]
	}
	return f
}

func TestReleasedVersionsKeepTheirPromise(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(fstest.MapFS)
		steps  []string
		want   string // problem
	}{
		{"as it was", func(fstest.MapFS) {}, []string{"1.4 safe map[]", "2.0 safe map[]"}, ""},
		{"grown", func(f fstest.MapFS) {
			f["erp/orders/2.0/schema.graphql"] = sdl("no: ID! quantity: Float! note: String due: String")
		}, []string{"1.4 safe map[]", "2.0 safe map[]"}, ""},
		{"broken", func(f fstest.MapFS) { f["erp/orders/2.0/schema.graphql"] = sdl("no: ID! quantity: Float!") }, []string{"1.4 safe map[]", "2.0 breaking map[Order.note:[dashboard 0.9]]"}, ""},
		{"planned versions are free", func(f fstest.MapFS) { f["erp/orders/2.1/schema.graphql"] = sdl("no: ID!") }, []string{"1.4 safe map[]", "2.0 safe map[]"}, ""},
		{"nothing recorded", func(f fstest.MapFS) { delete(f, "erp/orders/released/2.0/schema.graphql") }, []string{"1.4 safe map[]"}, "contracts/book.yaml:10:10: erp 2.0 is released, and nothing was recorded of what its orders promises"},
		{"document gone", func(f fstest.MapFS) { delete(f, "erp/orders/2.0/schema.graphql") }, []string{"1.4 safe map[]"}, "contracts/erp/orders/released/2.0: was recorded of erp 2.0, whose document is gone"},
		{"retired ones are free", func(f fstest.MapFS) { f["erp/orders/released/1.0/schema.graphql"] = sdl("other: ID!") }, []string{"1.4 safe map[]", "2.0 safe map[]"}, ""},
		{"not frozen", func(f fstest.MapFS) {
			f["book.yaml"] = &fstest.MapFile{Data: []byte(bookText)}
			delete(f, "erp/orders/released/1.4/schema.graphql")
		}, []string{"2.0 safe map[]"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := frozen()
			c.change(f)
			steps, problems := load(t, f).Kept(today)
			var got []string
			for _, s := range steps {
				if !s.Released || s.Err != nil {
					t.Errorf("%s: released %v, %v", s.To.Version, s.Released, s.Err)
				}
				got = append(got, fmt.Sprintf("%s %s %v", s.To.Version, contracts.Worst(s.Changes), s.Users))
			}
			if !slices.Equal(got, c.steps) {
				t.Errorf("got %q, want %q", got, c.steps)
			}
			if c.want == "" && len(problems) > 0 || c.want != "" && (len(problems) != 1 || !strings.Contains(problems.Error(), c.want)) {
				t.Errorf("problems %v, want %q", problems, c.want)
			}
		})
	}
}

func TestUnrecorded(t *testing.T) {
	f := frozen()
	f["erp/orders/2.0/schema.graphql"] = sdl("no: ID! quantity: Float! note: String due: String")
	delete(f, "erp/orders/released/1.4/schema.graphql")
	var got []string
	for _, u := range load(t, f).Unrecorded(today) {
		got = append(got, u.Half.ID()+" "+u.Folder)
	}
	if want := []string{"erp 1.4 contracts/erp/orders/released/1.4", "erp 2.0 contracts/erp/orders/released/2.0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
