package files

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// fileName is what a file is called: its message's name, a number without
// gaps, and an extension.
func (t *Transport) fileName(name string, number int) string {
	return fmt.Sprintf("%s.%06d.%s", url.PathEscape(name), number, t.config.Extension)
}

var named = regexp.MustCompile(`^(.+?)(?:[._-]([0-9]{1,18}))?\.([A-Za-z][A-Za-z0-9]{0,9})$`)

// parseName takes a file's name apart. Number is 0 if there is none.
func parseName(file string) (name string, number int, ok bool) {
	m := named.FindStringSubmatch(file)
	if m == nil || !complete(file) {
		return "", 0, false
	}
	name, err := url.PathUnescape(m[1])
	if err != nil {
		name = m[1]
	}
	number, _ = strconv.Atoi(m[2])
	return name, number, true
}

// complete reports whether a name is one that a file has when it is written to
// its end.
func complete(file string) bool {
	lower := strings.ToLower(file)
	for _, end := range []string{".tmp", ".part", ".filepart", markerEnd} {
		if strings.HasSuffix(lower, end) {
			return false
		}
	}
	return !strings.HasPrefix(file, ".")
}

// resultName is what the result for a file is called.
func resultName(file string) string {
	i := strings.LastIndexByte(file, '.')
	return file[:i] + ".result" + file[i:]
}

// otherCase is a name that differs from another one in case only.
func otherCase(file string) string {
	if upper := strings.ToUpper(file); upper != file {
		return upper
	}
	return strings.ToLower(file)
}
