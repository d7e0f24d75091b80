package scenarios

import (
	"io/fs"
	"testing"
)

func TestLibraryLoads(t *testing.T) {
	files, err := fs.Glob(Library(), "*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("library: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			all, err := LoadFS(Library(), file)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range all {
				if len(s.Metadata.Requirements) == 0 {
					t.Errorf("%s serves no requirement", s.Metadata.ID)
				}
			}
		})
	}
}
