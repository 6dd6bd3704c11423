package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Names inside a ledger's directory.
const (
	tempPrefix = "unfinished-" // a writer's file before it is whole
	blobSuffix = ".blob"
)

// FileStore is the Store in a directory: one subdirectory per ledger, one file
// per blob, modes 0700 and 0600. Files returns it.
type FileStore struct {
	dir  string
	keys KeyProvider
	rand io.Reader
	fs   fileOps
}

// Files returns the store in dir, which is created by the first Put. The
// storage must have room for each blob beside what it already holds, since a
// duplicate is recognized only after it was read.
func Files(dir string, keys KeyProvider) *FileStore {
	return &FileStore{dir: dir, keys: keys, rand: rand.Reader, fs: realFiles}
}

// place is where a ledger's blobs are and the key they are under.
type place struct {
	ledger string
	dir    string
	key    [32]byte
}

func (s *FileStore) place(ctx context.Context, ledger string) (place, error) {
	if ctx.Err() != nil {
		return place{}, context.Cause(ctx)
	}
	name, err := ledgerFileName(ledger)
	if err != nil {
		return place{}, err
	}
	key, err := s.keys.Key(ctx, ledger)
	if err != nil {
		return place{}, err
	}
	return place{ledger, filepath.Join(s.dir, name), key}, nil
}

func (p place) path(sha [32]byte) string {
	return filepath.Join(p.dir, storedName(p.key, sha)+blobSuffix)
}

func (p place) notFound(sha [32]byte) error {
	return fmt.Errorf("blob %s of ledger %q: %w", Ref{SHA256: sha}, p.ledger, ErrNotFound)
}

// Put implements Store.
func (s *FileStore) Put(ctx context.Context, ledger string, r io.Reader) (Ref, error) {
	ref, err := s.put(ctx, ledger, r)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return Ref{}, fmt.Errorf("storing a blob of ledger %q: %w; nothing was stored: free space under %s and try again", ledger, err, s.dir)
	}
	if err != nil {
		return Ref{}, fmt.Errorf("storing a blob of ledger %q: %w", ledger, err)
	}
	return ref, nil
}

func (s *FileStore) put(ctx context.Context, ledger string, r io.Reader) (Ref, error) {
	p, err := s.place(ctx, ledger)
	if err != nil {
		return Ref{}, err
	}
	if err := makeDir(p.dir, s.fs.syncDir); err != nil {
		return Ref{}, err
	}
	temp, err := s.fs.createTemp(p.dir, tempPrefix+"*")
	if err != nil {
		return Ref{}, err
	}
	ref, err := s.writeSealed(ctx, temp, r, p)
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = s.publish(ctx, p, ref, temp.Name())
	}
	if err != nil {
		// What cannot be removed either is left to the sweep.
		os.Remove(temp.Name())
		return Ref{}, err
	}
	return ref, nil
}

// writeSealed fills an empty file. The header needs the content's SHA-256 and
// is therefore written last, into the room kept for it; until then the file
// starts with zeros and the key of its chunks exists in memory only, so what a
// dead writer leaves cannot be opened by anyone.
func (s *FileStore) writeSealed(ctx context.Context, f file, r io.Reader, p place) (Ref, error) {
	var secret [keySize + saltSize]byte
	if _, err := io.ReadFull(s.rand, secret[:]); err != nil {
		return Ref{}, fmt.Errorf("reading randomness: %w", err)
	}
	blobKey, salt := [keySize]byte(secret[:keySize]), [saltSize]byte(secret[keySize:])
	if _, err := f.Write(make([]byte, headerSize)); err != nil {
		return Ref{}, err
	}
	ref, err := sealChunks(ctx, f, r, blobKey)
	if err != nil {
		return Ref{}, err
	}
	if _, err := f.WriteAt(sealHeader(p.key, p.ledger, ref, salt, blobKey), 0); err != nil {
		return Ref{}, err
	}
	return ref, f.Sync()
}

// publish makes a finished file visible under its name, or finds that an
// intact one already is.
func (s *FileStore) publish(ctx context.Context, p place, ref Ref, temp string) error {
	final := p.path(ref.SHA256)
	intact, err := s.intact(ctx, p, ref.SHA256)
	if err != nil {
		return err
	}
	// The lock keeps a sweep from removing, between its look at the time and
	// its removal, a blob that is touched here.
	unlock, err := lockDir(p.dir)
	if err != nil {
		return err
	}
	kept := false
	if intact {
		kept, err = touch(final, temp)
	}
	if err == nil && !kept {
		err = s.fs.rename(temp, final)
	}
	unlock()
	if err != nil {
		return err
	}
	if kept {
		os.Remove(temp)
	}
	// Also when the blob was kept: another writer may have named it but not
	// yet made the name durable.
	return s.fs.syncDir(p.dir)
}

// intact reads an existing blob through. A duplicate costs this second read so
// that what Put acknowledges can be read back, and a damaged blob is repaired
// by putting its content again.
func (s *FileStore) intact(ctx context.Context, p place, sha [32]byte) (bool, error) {
	r, _, err := s.open(ctx, p, sha)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrDamaged) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	if errors.Is(err, ErrDamaged) {
		return false, nil
	}
	return err == nil, err
}

// touch gives an existing file the time of a fresh one, both by the storage's
// clock. It reports false if the file has gone meanwhile.
func touch(existing, fresh string) (bool, error) {
	info, err := os.Stat(fresh)
	if err != nil {
		return false, err
	}
	err = os.Chtimes(existing, info.ModTime(), info.ModTime())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Open implements Store.
func (s *FileStore) Open(ctx context.Context, ledger string, sha [32]byte) (Reader, error) {
	p, err := s.place(ctx, ledger)
	if err != nil {
		return nil, fmt.Errorf("opening blob %s: %w", Ref{SHA256: sha}, err)
	}
	r, _, err := s.open(ctx, p, sha)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (s *FileStore) open(ctx context.Context, p place, sha [32]byte) (*reader, Info, error) {
	r, info, err := openFile(ctx, p, p.path(sha), Ref{SHA256: sha}.String())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Info{}, p.notFound(sha)
	}
	if err != nil {
		return nil, Info{}, err
	}
	if r.ref.SHA256 != sha {
		r.Close()
		return nil, Info{}, &DamageError{p.ledger, Ref{SHA256: sha}.String(), "name", 0,
			fmt.Sprintf("the file under this blob's name holds blob %s: files were exchanged", r.ref)}
	}
	return r, info, nil
}

func openFile(ctx context.Context, p place, path, name string) (*reader, Info, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, Info{}, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, Info{}, err
	}
	r, err := newReader(ctx, f, info.Size(), p.key, p.ledger, name)
	if err != nil {
		f.Close()
		return nil, Info{}, err
	}
	return r, Info{Ref: r.ref, Touched: info.ModTime()}, nil
}

// Stat implements Store.
func (s *FileStore) Stat(ctx context.Context, ledger string, sha [32]byte) (Info, error) {
	p, err := s.place(ctx, ledger)
	if err != nil {
		return Info{}, fmt.Errorf("looking for blob %s: %w", Ref{SHA256: sha}, err)
	}
	r, info, err := s.open(ctx, p, sha)
	if err != nil {
		return Info{}, err
	}
	return info, r.Close()
}

// List implements Store.
func (s *FileStore) List(ctx context.Context, ledger string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		p, err := s.place(ctx, ledger)
		if err != nil {
			yield(Info{}, fmt.Errorf("listing blobs: %w", err))
			return
		}
		for name, err := range p.names() {
			if err == nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				yield(Info{}, fmt.Errorf("listing the blobs of ledger %q: %w", ledger, err))
				return
			}
			if !strings.HasSuffix(name, blobSuffix) {
				continue
			}
			info, err := p.describe(ctx, name)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if !yield(info, err) {
				return
			}
		}
	}
}

// names yields what the ledger's directory holds, a batch at a time.
func (p place) names() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		dir, err := os.Open(p.dir)
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield("", err)
			return
		}
		defer dir.Close()
		for {
			names, err := dir.Readdirnames(1024)
			for _, name := range names {
				if !yield(name, nil) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield("", err)
				return
			}
		}
	}
}

// describe reads the header of a file found in a listing.
func (p place) describe(ctx context.Context, name string) (Info, error) {
	r, info, err := openFile(ctx, p, filepath.Join(p.dir, name), name)
	if err != nil {
		return Info{}, err
	}
	defer r.Close()
	if want := storedName(p.key, r.ref.SHA256) + blobSuffix; name != want {
		return Info{}, &DamageError{p.ledger, name, "name", 0,
			fmt.Sprintf("it holds blob %s, whose file is called %s: renamed or copied", r.ref, want)}
	}
	return info, nil
}

// Delete implements Store.
func (s *FileStore) Delete(ctx context.Context, ledger string, sha [32]byte) error {
	p, err := s.place(ctx, ledger)
	if err != nil {
		return fmt.Errorf("deleting blob %s: %w", Ref{SHA256: sha}, err)
	}
	err = os.Remove(p.path(sha))
	if errors.Is(err, fs.ErrNotExist) {
		return p.notFound(sha)
	}
	if err == nil {
		err = s.fs.syncDir(p.dir)
	}
	if err != nil {
		return fmt.Errorf("deleting blob %s of ledger %q: %w", Ref{SHA256: sha}, ledger, err)
	}
	return nil
}
