package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// KeyProvider gives each ledger its key. The key must be uniformly random and
// never change: blobs cannot be opened without it.
type KeyProvider interface {
	// Key returns the ledger's key, or an error matching ErrNoKey. It never
	// creates one: a key that was lost must not be replaced in silence.
	Key(ctx context.Context, ledger string) ([32]byte, error)
	// Create makes the key of a new ledger, durably, or fails with an error
	// matching ErrKeyExists.
	Create(ctx context.Context, ledger string) error
}

// FileKeyRing is the KeyProvider in a directory. FileKeys returns it.
type FileKeyRing struct {
	dir  string
	rand io.Reader
}

// FileKeys keeps each ledger's key in a file of dir that only its owner may
// read. The directory must be backed up apart from the blobs: either without
// the other is worthless, both together are everything.
func FileKeys(dir string) *FileKeyRing { return &FileKeyRing{dir: dir, rand: rand.Reader} }

func (k *FileKeyRing) path(ledger string) (string, error) {
	name, err := ledgerFileName(ledger)
	if err != nil {
		return "", err
	}
	return filepath.Join(k.dir, name+".key"), nil
}

// Key implements KeyProvider. It reads the file each time, so a key that is
// taken away stops working at once.
func (k *FileKeyRing) Key(ctx context.Context, ledger string) ([32]byte, error) {
	var key [32]byte
	if ctx.Err() != nil {
		return key, context.Cause(ctx)
	}
	path, err := k.path(ledger)
	if err != nil {
		return key, err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return key, fmt.Errorf("%w: %s, the key of ledger %q, does not exist and nothing of the ledger can be opened without it; restore %s from your backup",
			ErrNoKey, path, ledger, path)
	}
	if err != nil {
		return key, fmt.Errorf("opening the key of ledger %q: %w", ledger, err)
	}
	defer f.Close()
	if err := private(f, path); err != nil {
		return key, err
	}
	if err := privateDir(k.dir); err != nil {
		return key, err
	}
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return key, fmt.Errorf("reading the key of ledger %q: %w", ledger, err)
	}
	key, err = parseKey(string(text), ledger)
	if err != nil {
		return [32]byte{}, fmt.Errorf("%s is not the key of ledger %q: %w; restore %s from your backup", path, ledger, err, path)
	}
	return key, nil
}

func privateDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return private(d, dir)
}

// private refuses what others than the owner may use. Windows keeps such
// rights elsewhere, so nothing can be said there.
func private(f *os.File, path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		mode := "600"
		if info.IsDir() {
			mode = "700"
		}
		return fmt.Errorf("%s has mode %04o, so that others may use the keys of ledgers; run: chmod %s %s", path, info.Mode().Perm(), mode, path)
	}
	return nil
}

// Create implements KeyProvider.
func (k *FileKeyRing) Create(ctx context.Context, ledger string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	path, err := k.path(ledger)
	if err != nil {
		return err
	}
	var key [32]byte
	if _, err := io.ReadFull(k.rand, key[:]); err != nil {
		return fmt.Errorf("making the key of ledger %q: reading randomness: %w", ledger, err)
	}
	if err := makeDir(k.dir, syncDir); err != nil {
		return fmt.Errorf("making the key of ledger %q: %w", ledger, err)
	}
	if err := privateDir(k.dir); err != nil {
		return err
	}
	err = createDurably(k.dir, path, formatKey(key, ledger))
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s; a ledger's key never changes, so it is left alone", ErrKeyExists, path)
	}
	if err != nil {
		return fmt.Errorf("making the key of ledger %q: %w", ledger, err)
	}
	return nil
}

// createDurably writes a file that must not exist. Linking the finished file
// to its name, unlike renaming it, never replaces another's.
func createDurably(dir, path, text string) error {
	temp, err := os.CreateTemp(dir, tempPrefix+"*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.WriteString(text)
	if err == nil {
		err = temp.Sync()
	}
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); errors.Is(err, fs.ErrExist) {
		return err
	} else if err != nil {
		return fmt.Errorf("naming the finished file: %w; keys need a file system with hard links", err)
	}
	return syncDir(dir)
}

// formatKey writes a key file. The check is the start of SHA-256 over the
// ledger's name and the key; it tells a damaged key file from damaged blobs.
func formatKey(key [32]byte, ledger string) string {
	check := sha256.Sum256(append([]byte("reperform ledger key 1\n"+ledger+"\n"), key[:]...))
	return fmt.Sprintf("reperform ledger key\nversion: 1\nledger: %s\nkey: %x\ncheck: %x\n", strconv.QuoteToASCII(ledger), key, check[:8])
}

// parseKey accepts exactly what formatKey writes.
func parseKey(text, ledger string) ([32]byte, error) {
	var key [32]byte
	lines := strings.Split(text, "\n")
	if len(lines) != 6 || lines[0] != "reperform ledger key" {
		return key, errors.New("it is not a key file of five lines")
	}
	if lines[1] != "version: 1" {
		return key, fmt.Errorf("its second line is %q, where this program knows only \"version: 1\"", lines[1])
	}
	if named := strings.TrimPrefix(lines[2], "ledger: "); named != strconv.QuoteToASCII(ledger) {
		return key, fmt.Errorf("it names ledger %s", named)
	}
	raw, err := hex.DecodeString(strings.TrimPrefix(lines[3], "key: "))
	if err != nil || len(raw) != len(key) {
		return key, errors.New("its fourth line is not a key of 64 hexadecimal digits")
	}
	key = [32]byte(raw)
	if formatKey(key, ledger) != text {
		return [32]byte{}, errors.New("its check does not match: it was changed")
	}
	return key, nil
}
