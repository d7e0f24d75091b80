package sftp

import (
	"errors"
	"io"
	"net"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/pkg/sftp"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/transports/files"
)

// handlers answer the requests of one session, from the share's folder.
type handlers struct {
	share *files.Transport
	conn  net.Conn
}

// where is a path of the share on disk; nobody gets out of the share.
func (h *handlers) where(p string) string {
	return filepath.Join(h.share.Root(), filepath.FromSlash(path.Clean("/"+p)))
}

// Fileread implements [sftp.FileReader].
func (h *handlers) Fileread(r *sftp.Request) (io.ReaderAt, error) {
	if err := h.share.May(files.OpRead, r.Filepath); err != nil {
		return nil, failure(err)
	}
	f, err := os.Open(h.where(r.Filepath))
	if err != nil {
		return nil, failure(err)
	}
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return nil, errors.Join(sftp.ErrSSHFxFailure, f.Close())
	}
	return f, nil
}

// Filewrite implements [sftp.FileWriter].
func (h *handlers) Filewrite(r *sftp.Request) (io.WriterAt, error) {
	if err := h.share.May(files.OpWrite, r.Filepath); err != nil {
		return nil, failure(err)
	}
	flags := os.O_WRONLY
	p := r.Pflags()
	if p.Creat {
		flags |= os.O_CREATE
	}
	if p.Trunc {
		flags |= os.O_TRUNC
	}
	if p.Excl {
		flags |= os.O_EXCL
	}
	f, err := os.OpenFile(h.where(r.Filepath), flags, 0o644)
	if err != nil {
		return nil, failure(err)
	}
	return &upload{File: f, h: h, name: r.Filepath}, nil
}

// upload is a file that is being written; it is complete when it is closed.
type upload struct {
	*os.File
	h    *handlers
	name string
	once sync.Once
}

// Close implements [io.Closer].
func (u *upload) Close() (err error) {
	u.once.Do(func() {
		if err = u.File.Close(); err == nil {
			err = u.h.did(files.OpWrite, u.name)
		}
	})
	return err
}

// did reports an operation and lets its sender feel what the share says.
func (h *handlers) did(op files.Operation, name string) error {
	err := h.share.Did(op, name)
	var lost *simulators.LostError
	if !errors.As(err, &lost) {
		return failure(err)
	}
	switch lost.Symptom {
	case simulators.NoSpace:
		return errors.New("no space left on device")
	case simulators.Hang:
		if lost.After <= 0 {
			<-h.share.Stopping()
		}
	case simulators.Gateway: // the server lives and does not know what its disk has done
		return sftp.ErrSSHFxFailure
	}
	_ = reset(h.conn)
	return sftp.ErrSSHFxConnectionLost
}

// reset cuts a connection so that the other side meets a reset.
func reset(c net.Conn) error {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	return c.Close()
}

// Filecmd implements [sftp.FileCmder].
func (h *handlers) Filecmd(r *sftp.Request) error {
	switch r.Method {
	case "Remove":
		if err := h.share.May(files.OpRemove, r.Filepath); err != nil {
			return failure(err)
		}
		if err := os.Remove(h.where(r.Filepath)); err != nil {
			return failure(err)
		}
		return h.did(files.OpRemove, r.Filepath)
	case "Rename":
		if _, err := os.Lstat(h.where(r.Target)); err == nil {
			return sftp.ErrSSHFxFailure // as version 3 of the protocol has it
		}
		return h.rename(r)
	case "Setstat":
		return nil // times and modes of a share are its own
	case "Mkdir", "Rmdir", "Symlink", "Link":
		return sftp.ErrSSHFxPermissionDenied
	}
	return sftp.ErrSSHFxOpUnsupported
}

// PosixRename implements [sftp.PosixRenameFileCmder].
func (h *handlers) PosixRename(r *sftp.Request) error { return h.rename(r) }

func (h *handlers) rename(r *sftp.Request) error {
	if err := h.share.May(files.OpRemove, r.Filepath); err != nil {
		return failure(err)
	}
	if err := os.Rename(h.where(r.Filepath), h.where(r.Target)); err != nil {
		return failure(err)
	}
	if err := h.did(files.OpRemove, r.Filepath); err != nil {
		return err
	}
	return h.did(files.OpWrite, r.Target)
}

// Filelist implements [sftp.FileLister].
func (h *handlers) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	switch r.Method {
	case "List":
		entries, err := os.ReadDir(h.where(r.Filepath))
		if err != nil {
			return nil, failure(err)
		}
		var infos lister
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".") {
				continue // what the system itself is still writing
			}
			if info, err := e.Info(); err == nil { // else it has gone meanwhile
				infos = append(infos, info)
			}
		}
		return infos, nil
	case "Stat", "Lstat":
		info, err := os.Stat(h.where(r.Filepath))
		if err != nil {
			return nil, failure(err)
		}
		return lister{info}, nil
	}
	return nil, sftp.ErrSSHFxOpUnsupported
}

// lister is a listing.
type lister []os.FileInfo

// ListAt implements [sftp.ListerAt].
func (l lister) ListAt(to []os.FileInfo, offset int64) (int, error) {
	if offset >= int64(len(l)) {
		return 0, io.EOF
	}
	n := copy(to, l[offset:])
	if n < len(to) {
		return n, io.EOF
	}
	return n, nil
}

// failure words an error as the protocol does, without the paths of this
// machine.
func failure(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrNotExist):
		return sftp.ErrSSHFxNoSuchFile
	case errors.Is(err, files.ErrDenied), errors.Is(err, os.ErrPermission):
		return sftp.ErrSSHFxPermissionDenied
	case errors.Is(err, files.ErrLocked):
		return errors.New(files.ErrLocked.Error()) // SSH_FX_FAILURE with its text, as Windows servers say it
	}
	return sftp.ErrSSHFxFailure
}
