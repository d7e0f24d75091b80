package contracts

import (
	"errors"
	"path"
	"strings"
)

// CommonFolder is the folder that all files are in, with a slash behind it; ""
// if there is none. References between the files of a version go by what is
// left of their names.
func CommonFolder(files []File) string {
	if len(files) == 0 {
		return ""
	}
	common := path.Dir(files[0].Name)
	for _, f := range files {
		for common != "." && common != "/" && !strings.HasPrefix(f.Name, common+"/") {
			common = path.Dir(common)
		}
	}
	if common == "." {
		return ""
	}
	return strings.TrimSuffix(common, "/") + "/"
}

// AsProblems is err as problems, at file if it has no place of its own.
func AsProblems(err error, file string) Problems {
	var ps Problems
	if errors.As(err, &ps) {
		return ps
	}
	var p Problem
	if errors.As(err, &p) {
		if p.Place.File == "" {
			p.Place.File = file
		}
		return Problems{p}
	}
	return Problems{{Place: Place{File: file}, Text: err.Error()}}
}
