package files

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// markerEnd is at the end of the name of a marker: the file that says that
// another one is complete, with a line for each of its headers.
const markerEnd = ".ctl"

func writeMarker(path string, header map[string]string) error {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(header)) {
		b.WriteString(k + ": " + strings.NewReplacer("\r", " ", "\n", " ").Replace(header[k]) + "\n")
	}
	hidden := path + ".tmp"
	if err := os.WriteFile(hidden, []byte(b.String()), 0o644); err != nil {
		return err
	}
	return os.Rename(hidden, path)
}

// readMarker reads headers; a marker without any is enough.
func readMarker(path string) map[string]string {
	header := map[string]string{}
	b, err := os.ReadFile(path)
	if err != nil {
		return header
	}
	for _, line := range strings.Split(string(b), "\n") {
		if k, v, ok := strings.Cut(line, ": "); ok {
			header[k] = v
		}
	}
	return header
}

// statusHeader carries the status of a result in its marker.
const statusHeader = "Status"

func withStatus(header map[string]string, status int) map[string]string {
	header = maps.Clone(header)
	if header == nil {
		header = map[string]string{}
	}
	header[statusHeader] = strconv.Itoa(status)
	return header
}
