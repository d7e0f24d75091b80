package yamlfile

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What is written for people reads as what was written.
func TestPrettyReadsTheSame(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "yes", "No", "null", "~", "000123", "1e3", "0x1F", "a: b", "- a", "# c", "a #b",
		"*x", "&x", "!x", "%x", "@x", "'", "\"", "a\nb", "ünï", "post a/b&c=d", "a-", "on", "{x}", "confirmation/4711/0010/3", strings.Repeat("long ", 40)}))
	scalar := rapid.OneOf(text.AsAny(), rapid.Int().AsAny(), rapid.Bool().AsAny())
	list := rapid.SliceOfN(scalar, 0, 8).AsAny()
	inner := rapid.MapOfN(text, rapid.OneOf(scalar, list), 0, 5).AsAny()
	lists := rapid.SliceOfN(rapid.OneOf(inner, list), 0, 4).AsAny()
	whole := rapid.MapOfN(text, rapid.OneOf(scalar, list, inner, lists), 1, 6)
	rapid.Check(t, func(t *rapid.T) {
		n, err := Of(Pos{}, whole.Draw(t, "file"))
		if err != nil {
			t.Fatal(err)
		}
		written := Pretty(n)
		read, err := Parse("pretty", written)
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		want, _ := json.Marshal(n)
		got, _ := json.Marshal(read)
		if string(got) != string(want) {
			t.Fatalf("wrote\n%s\nread %s\nnot  %s", written, got, want)
		}
	})
}
