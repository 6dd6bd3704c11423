// Package backup is the folder that a backup is: copies of databases and files, and a
// manifest that names each with its digest. It copies and compares bytes and knows
// nothing of what they mean; a key never comes into such a folder.
package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ManifestName is the file that names the others.
const ManifestName = "manifest.json"

// manifestVersion is the form of the manifest that this program writes.
const manifestVersion = 1

// maxManifest bounds what is read of a manifest: a line of some 200 bytes for each of
// a few million files.
const maxManifest = 1 << 30

// Manifest says what a backup holds.
type Manifest struct {
	Version int `json:"version"`
	// Workspace is the id of the workspace that was copied.
	Workspace string `json:"workspace"`
	// MadeAt is when copying began, in RFC 3339.
	MadeAt string `json:"made_at"`
	// Program is the version of the program that copied.
	Program string `json:"program"`
	// Ledgers are those in the copy, each with its last signed checkpoint.
	Ledgers []Ledger `json:"ledgers"`
	// Files are all files beside the manifest, in order of their paths.
	Files []File `json:"files"`
}

// Ledger is a ledger as it stood in the copy.
type Ledger struct {
	Name       string `json:"name"`
	Size       int64  `json:"size"`
	Checkpoint string `json:"checkpoint"`
}

// File is a file of a backup. Its path is below the folder, with slashes.
type File struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Bytes is how long the files are together.
func (m *Manifest) Bytes() int64 {
	n := int64(0)
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}

// Copy copies the regular files below a folder to another, for their owner alone. A
// folder that does not exist holds none. What is no regular file is refused: a link
// would be a copy of something else, or of nothing.
func Copy(ctx context.Context, from, to string) error {
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		at := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(at, 0o700)
		case !d.Type().IsRegular():
			return fmt.Errorf("%s is not a file; nothing but files belongs there", path)
		}
		return CopyFile(path, at)
	})
	if errors.Is(err, fs.ErrNotExist) {
		if _, serr := os.Stat(from); errors.Is(serr, fs.ErrNotExist) {
			return nil
		}
	}
	return err
}

// CopyFile copies one file, for its owner alone and durably.
func CopyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// Seal lists what lies in the folder in the manifest, writes it there and returns its
// SHA-256 in hex: whoever knows that one value knows every byte of the backup.
func (m *Manifest) Seal(ctx context.Context, dir string) (string, error) {
	m.Version = manifestVersion
	paths, err := list(dir)
	if err != nil {
		return "", err
	}
	m.Files = nil
	for _, p := range paths {
		f, err := digest(ctx, dir, p)
		if err != nil {
			return "", err
		}
		m.Files = append(m.Files, f)
	}
	b, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return "", err
	}
	b = append(b, '\n')
	out, err := os.OpenFile(filepath.Join(dir, ManifestName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	_, err = out.Write(b)
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// Open reads the manifest of a folder and returns it with its SHA-256 in hex.
func Open(dir string) (*Manifest, string, error) {
	path := filepath.Join(dir, ManifestName)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if strings.HasSuffix(filepath.Clean(dir), Unfinished) {
			return nil, "", fmt.Errorf("%s was interrupted before it was whole; make another backup, and remove this folder", dir)
		}
		return nil, "", fmt.Errorf("%s holds no %s, so it is no backup; name the folder that a backup was written to", dir, ManifestName)
	}
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxManifest))
	if err != nil {
		return nil, "", err
	}
	var m Manifest
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&m); err != nil {
		return nil, "", fmt.Errorf("%s cannot be read: %w", path, err)
	}
	if m.Version > manifestVersion {
		return nil, "", fmt.Errorf("%s was written by a newer program (form %d); use that", path, m.Version)
	}
	sum := sha256.Sum256(b)
	return &m, hex.EncodeToString(sum[:]), nil
}

// Unfinished ends the name of a folder whose backup is not whole.
const Unfinished = ".part"

// Check compares the folder with its manifest and says what differs: a file that is
// missing, changed, or not named.
func (m *Manifest) Check(ctx context.Context, dir string) ([]string, error) {
	var out []string
	named := map[string]bool{}
	for _, want := range m.Files {
		if !filepath.IsLocal(filepath.FromSlash(want.Path)) {
			out = append(out, fmt.Sprintf("%s: the manifest names a path outside of the backup", want.Path))
			continue
		}
		named[want.Path] = true
		switch have, err := digest(ctx, dir, want.Path); {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			out = append(out, want.Path+": missing")
		case err != nil:
			out = append(out, fmt.Sprintf("%s: %v", want.Path, err))
		case have.SHA256 != want.SHA256:
			out = append(out, want.Path+": not what was copied")
		}
	}
	paths, err := list(dir)
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		if !named[p] {
			out = append(out, p+": not named by the manifest")
		}
	}
	return out, nil
}

// list are the paths of the files below a folder but the manifest, in order.
func list(dir string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if rel = filepath.ToSlash(rel); rel != ManifestName {
			out = append(out, rel)
		}
		return nil
	})
	slices.Sort(out)
	return out, err
}

func digest(ctx context.Context, dir, path string) (File, error) {
	if ctx.Err() != nil {
		return File{}, ctx.Err()
	}
	at := filepath.Join(dir, filepath.FromSlash(path))
	info, err := os.Lstat(at)
	if err != nil {
		return File{}, err
	}
	if !info.Mode().IsRegular() {
		return File{}, errors.New("not a file")
	}
	f, err := os.Open(at)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return File{Path: path, Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}, err
}
