package files_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/andon-rig/andon/simulators/transports/files"
	"github.com/andon-rig/andon/simulators/transports/transporttest"
)

// Two shares, each of which is the other's: what one puts into out/ lies in the
// other's in/, and what the other answers lies in its result/.
func TestConformance(t *testing.T) {
	transporttest.Run(t, func(t *testing.T) transporttest.Pair {
		a, b := t.TempDir(), t.TempDir()
		for _, link := range [][2]string{{filepath.Join(b, files.In), filepath.Join(a, files.Out)}, {filepath.Join(b, files.Result), filepath.Join(a, "answers")}} {
			if err := os.MkdirAll(link[0], 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(link[0], link[1]); err != nil {
				t.Fatal(err)
			}
		}
		open := func(root string) *files.Transport {
			f, err := files.New(files.Config{Root: root, Ready: files.ReadyMarker, Answered: true})
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		return transporttest.Pair{A: open(a), B: open(b)}
	})
}
