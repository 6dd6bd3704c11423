package ledger

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/mod/sumdb/note"
)

// FileKeys keeps one signing key a ledger in a directory that only its owner
// can read: NAME.sign, a JSON object with the key pair in the text form of
// sumdb/note.
type FileKeys struct{ Dir string }

type keyFile struct {
	Signer   string `json:"signer"`
	Verifier string `json:"verifier"`
}

func (k FileKeys) path(ledger string) string { return filepath.Join(k.Dir, ledger+".sign") }

// Signer implements Keys.
func (k FileKeys) Signer(ledger string) (note.Signer, string, error) {
	b, err := ReadSecret(k.path(ledger))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("the signing key of ledger %s is not in %s; restore it from your backup", ledger, k.Dir)
	}
	if err != nil {
		return nil, "", err
	}
	var f keyFile
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, "", fmt.Errorf("%s: %w", k.path(ledger), err)
	}
	s, err := note.NewSigner(f.Signer)
	if err != nil {
		return nil, "", fmt.Errorf("%s is not a signing key; restore it from your backup", k.path(ledger))
	}
	return s, f.Verifier, nil
}

// Create implements Keys. A key left behind by a creation that never reached
// the store is used again; of two creations at once both get the same key.
func (k FileKeys) Create(ledger, name string) (note.Signer, string, error) {
	if _, err := os.Stat(k.path(ledger)); err == nil {
		return k.existing(ledger, name)
	}
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, "", fmt.Errorf("making a key for ledger %s: %w", ledger, err)
	}
	if err := os.MkdirAll(k.Dir, 0o700); err != nil {
		return nil, "", err
	}
	b, err := json.Marshal(keyFile{Signer: skey, Verifier: vkey})
	if err != nil {
		return nil, "", err
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		return nil, "", fmt.Errorf("making a key for ledger %s: the name %q cannot stand in a signed note", ledger, name)
	}
	err = WriteSynced(k.path(ledger), append(b, '\n'))
	if errors.Is(err, fs.ErrExist) {
		return k.existing(ledger, name)
	}
	if err != nil {
		return nil, "", fmt.Errorf("keeping the key of ledger %s: %w", ledger, err)
	}
	return s, vkey, nil
}

// existing is the key of the ledger if it carries the name.
func (k FileKeys) existing(ledger, name string) (note.Signer, string, error) {
	s, v, err := k.Signer(ledger)
	if err != nil {
		return nil, "", err
	}
	if s.Name() != name {
		return nil, "", fmt.Errorf("%s holds a key named %q, not %q; if ledger %s was never created, remove the file", k.path(ledger), s.Name(), name, ledger)
	}
	return s, v, nil
}

// ReadSecret reads a file that only its owner may use, such as WriteSynced
// makes. It refuses one that others may use: whoever can read a signing key can
// write another history under it. Windows keeps such rights elsewhere, so
// nothing is refused there.
func ReadSecret(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s has mode %04o, so that others may use this secret; run: chmod 600 %s", path, mode, path)
	}
	return io.ReadAll(f)
}

// WriteSynced makes a file with mode 0600 appear whole and durable, or not at all. It never
// replaces one: then its error is fs.ErrExist.
func WriteSynced(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(b); err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	// A link, unlike a rename, does not overwrite what another process made.
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
