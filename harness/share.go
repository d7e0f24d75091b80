package harness

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/harness/sut/container"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/transports/files"
	"github.com/andon-rig/andon/simulators/transports/files/sftp"
	"github.com/andon-rig/andon/simulators/transports/tables"
)

// shareOf says where the files or rows of an endpoint are exchanged.
func shareOf(spec EndpointSpec) simulators.SharePolicy {
	switch spec.Transport {
	case "files":
		return simulators.ShareFolder
	case "sftp":
		return simulators.ShareSFTP
	case "tables":
		if spec.URL != "" {
			return simulators.ShareServer
		}
		return simulators.ShareTables
	}
	return simulators.ShareNone
}

// share opens a folder for an endpoint's files, and the server in front of it
// if there is one. Its files are deleted with the rig.
func (r *Rig) share(s transportSpec) (simulators.Transport, error) {
	dir, err := os.MkdirTemp("", "andon-share-*")
	if err != nil {
		return nil, fmt.Errorf("make a share: %w", err)
	}
	r.closed = append(r.closed, func() error { return os.RemoveAll(dir) })
	config := files.Config{Root: filepath.Join(dir, "share"), MaxBody: s.policy.MaxBody, Ready: files.Ready(s.spec.Ready)}
	if shareOf(s.spec) == simulators.ShareFolder {
		r.Vars[s.name+".folder"] = config.Root
		t, err := files.New(config)
		if err != nil {
			return nil, err
		}
		return t, r.exchange(config.Root)
	}
	front, listen := r.wired(s.name, chaos.BySUT), s.spec.Listen
	if front {
		listen = ""
	}
	t, err := sftp.New(sftp.Config{Share: config, Listen: listen, User: s.client, Password: s.secret, Keys: dir})
	if err != nil {
		return nil, err
	}
	r.closed = append(r.closed, t.Close)
	if front {
		rd, err := r.road(s.name, s.spec.Listen, t.Addr(), chaos.BySUT)
		if err != nil {
			return nil, err
		}
		if err := t.SeenAt(rd.Addr()); err != nil {
			return nil, err
		}
	}
	r.lend(t.KeyFile())
	r.lend(t.KnownHosts())
	r.Vars[s.name+".key"], r.Vars[s.name+".knownHosts"] = t.KeyFile(), t.KnownHosts()
	return t, nil
}

// lend has a SUT in a container see a file under the same name, and in it the
// addresses by which it finds the rig.
func (r *Rig) lend(file string) {
	r.lent = append(r.lent, container.Mount{From: file, To: file, ReadOnly: true, Told: true})
}

// exchange has a SUT in a container see a folder and all in it under the same
// name, and write there. Who it is inside is not known here.
func (r *Rig) exchange(folder string) error {
	r.lent = append(r.lent, container.Mount{From: folder, To: folder})
	if s := r.setup.File.SUT; s.Container == nil && s.Compose == nil {
		return nil
	}
	return filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.Chmod(path, 0o777)
		}
		return os.Chmod(path, 0o666)
	})
}

// tables opens the database of an endpoint: an embedded one, whose file is
// deleted with the rig, or a schema of its own in the one at the endpoint's url.
func (r *Rig) tables(s transportSpec) (simulators.Transport, error) {
	d, ok := s.dialect.(simulators.Tabular)
	if !ok {
		return nil, fmt.Errorf("dialect %s has no tables", s.spec.Dialect)
	}
	dir, err := os.MkdirTemp("", "andon-tables-*")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the database: %w", err)
	}
	r.closed = append(r.closed, func() error { return os.RemoveAll(dir) })
	t, err := tables.New(context.Background(), tables.Config{Tables: d.Tables(), URL: s.spec.URL, Folder: dir, Poll: s.spec.Poll.D})
	if err != nil {
		return nil, err
	}
	r.closed = append(r.closed, t.Close)
	if s.spec.URL == "" {
		if err := r.exchange(dir); err != nil {
			return nil, err
		}
	}
	if at := tables.Address(s.spec.URL); s.spec.URL != "" && at != "" && r.wired(s.name, chaos.BySUT) {
		if _, err := r.road(s.name, s.spec.Listen, at, chaos.BySUT); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// configured gives a dialect the settings of the rig file.
func configured(d simulators.Dialect, spec EndpointSpec) (simulators.Dialect, error) {
	c, ok := d.(simulators.Configurable)
	switch {
	case spec.Format.IsZero():
		return d, nil
	case !ok:
		return nil, spec.Format.Errorf("format: this dialect has no settings")
	}
	var misread error // has its place already
	out, err := c.Configure(func(into any) error { misread = spec.Format.Decode(into); return misread })
	switch {
	case misread != nil:
		return nil, misread
	case err != nil:
		return nil, spec.Format.Errorf("format: %s", err)
	}
	return out, nil
}

// checkShare refuses a dialect of files without a share, and a share without
// such a dialect.
func (e *EndpointSpec) checkShare() error {
	wordsFiles, share := strings.HasPrefix(e.Dialect, "files/"), e.Transport == "files" || e.Transport == "sftp"
	wordsRows, tables := strings.HasPrefix(e.Dialect, "staging/"), e.Transport == "tables"
	switch {
	case e.System == "":
	case wordsRows != tables:
		return e.Pos.Find("transport").Errorf("rows of tables need both: dialect staging/v1 and transport tables, not %s and %s", e.language(), cmp.Or(e.Transport, "http")).
			WithHint("leave transport out: it follows from the dialect")
	case !tables && !e.Poll.IsZero():
		return e.Pos.Errorf("poll is about tables, and this endpoint has none")
	case wordsFiles && !share:
		return e.Pos.Find("transport").Errorf("dialect %s is about files, and transport %s moves none", e.Dialect, cmp.Or(e.Transport, "http")).WithHint("write transport: files, or leave it out for transport: sftp")
	case share && !wordsFiles:
		return e.Pos.Find("transport").Errorf("transport %s moves files, and dialect %s is not about files", e.Transport, e.language()).WithHint("leave transport out: it follows from the dialect; or write dialect: files/v1")
	case e.Ready != "" && !share:
		return e.Pos.Errorf("ready is about files, and this endpoint has none")
	}
	return nil
}
