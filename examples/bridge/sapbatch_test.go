package bridge

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// batchAnswer is the answer to a batch of another client's tests.
func batchAnswer(t *testing.T, name string) reply {
	t.Helper()
	root := filepath.Join("..", "..", "..", "shared", "standards", "sap-odata-batch")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("the samples are not at %s, so that it is not shown that answers of another's making are read; get github.com/SAP/cloud-sdk-java and put its fixtures of $batch there to run this", root)
	}
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	boundary, _, _ := strings.Cut(strings.TrimPrefix(string(b), "--"), "\n")
	return reply{status: http.StatusAccepted, header: http.Header{"Content-Type": {"multipart/mixed; boundary=" + strings.TrimSpace(boundary)}}, body: b}
}

// Answers to batches that are not our own are read part by part: those of a
// changeset one by one, and the one that stands for a whole changeset as one.
func TestAnswersToBatchesAreRead(t *testing.T) {
	for name, want := range map[string]string{
		"V2-BatchResponse.txt":                   "200 201 200 200 204 400",
		"BatchResponseWithChangeset.txt":         "200 201 200 200 204 201",
		"BatchResponseWithoutChangeset.txt":      "200 200",
		"BatchResponseWithError.txt":             "200 200 400",
		"BatchReadsAndWritesSuccessResponse.txt": "201 201 404",
		"BatchReadsAndWritesErrorResponse.txt":   "400 200", // of two postings that were one changeset, and a question
	} {
		all, err := sapAnswers(batchAnswer(t, name))
		var got []string
		for _, a := range all {
			got = append(got, strconv.Itoa(a.status))
			if media := a.header.Get("Content-Type"); media == "" || len(a.body) == 0 || strings.HasPrefix(media, "application/json") && !json.Valid(a.body) {
				t.Errorf("%s: answer %d is %s %s", name, len(got), media, a.body)
			}
		}
		if text := strings.Join(got, " "); err != nil || text != want {
			t.Errorf("%s: %s, want %s (%v)", name, text, want, err)
		}
	}
	made, err := sapAnswers(batchAnswer(t, "BatchResponseWithChangeset.txt"))
	if err != nil || len(made) != 6 || made[1].header.Get("Location") != "https://localhost/service/TestEntities('new')" || string(made[1].body) != `{"d":{"IntegerValue":1337}}` {
		t.Errorf("the changeset with one answer: %+v, %v", made, err)
	}
	if v := sapJudge(made[1].status, made[1].body, ""); v.what != posted {
		t.Errorf("what was made is %+v", v)
	}
	for name, words := range map[string][]string{"V2-BatchResponse.txt": {"ZCU/100", "niet gevonden"}, "BatchResponseWithError.txt": {"ZCU/100", "niet gevonden"}, "BatchReadsAndWritesErrorResponse.txt": {"005056A509B11EE1B9A8FEC11C23378E", "FirstName"}} {
		all, err := sapAnswers(batchAnswer(t, name))
		at := slices.IndexFunc(all, func(a reply) bool { return a.status == http.StatusBadRequest })
		if err != nil || at < 0 {
			t.Fatalf("%s: %+v, %v", name, all, err)
		}
		v := sapJudge(all[at].status, all[at].body, "")
		if v.what == posted || v.what == again || !strings.EqualFold(v.code, words[0]) && !strings.Contains(v.reason, words[0]) || !strings.Contains(v.reason, words[1]) {
			t.Errorf("%s: the error is judged %+v, want one with %q", name, v, words)
		}
	}
	whole := batchAnswer(t, "V2-BatchResponse.txt")
	whole.body = whole.body[:len(whole.body)-60]
	if all, err := sapAnswers(whole); err == nil {
		t.Errorf("one that is cut off is read as %d answers", len(all))
	}
}
