package source

import (
	"strings"
	"testing"
)

func TestFollow(t *testing.T) {
	const base = "andon-contract:///"
	trees := Trees{}
	for name, text := range map[string]string{
		"a.yaml":        "here: {$ref: '#/x~1y/1'}\nx/y: [0, {v: 1}]\nthere: {$ref: 'sub/b.yaml#/top'}\ngone: {$ref: 'c.yaml'}\nremote: {$ref: 'https://example.com/a.yaml'}\nloop: {$ref: '#/pool'}\npool: {$ref: '#/loop'}\n",
		"sub/b.yaml":    "top: {$ref: '../a.yaml#/x~1y/0'}\n",
		"elsewhere.txt": "a: 1\n",
	} {
		d, err := Read(file(text))
		if err != nil {
			t.Fatal(err)
		}
		trees[base+name] = d
	}
	root := Spot{URL: base + "a.yaml", Value: trees[base+"a.yaml"].Root}
	for key, want := range map[string]string{"here": "/x~1y/1", "there": "/x~1y/0", "gone": "not among the files", "remote": "not among the files", "loop": "leads back to itself"} {
		at, ok := root.Child(key)
		if !ok {
			t.Fatalf("no %s", key)
		}
		to, problem := Follow(trees, at)
		got := to.Pointer
		if problem != nil {
			got = problem.Text
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s leads to %q (%v), want %q", key, got, problem, want)
		}
	}
	if _, ok := root.Child("none"); ok {
		t.Error("found a key that is not there")
	}
}
