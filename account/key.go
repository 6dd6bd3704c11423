package account

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
)

// LoadKey reads the key that seals the secrets of authenticator apps, and makes
// one where there is no file. The file is its owner's alone; one that others may
// read is refused. Without it these secrets are lost, and people set their
// apps up again after a reset.
func LoadKey(path string, random io.Reader) (key [32]byte, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path, random)
	}
	if err != nil {
		return key, fmt.Errorf("the key of accounts: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return key, fmt.Errorf("the key of accounts: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return key, fmt.Errorf("%s has mode %04o, so that others may use the key of accounts; run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(raw) != len(key) {
		return key, fmt.Errorf("%s is not a key: it should hold %d hexadecimal digits; restore it from the backup of keys", path, 2*len(key))
	}
	return [32]byte(raw), nil
}

func makeKey(path string, random io.Reader) (key [32]byte, err error) {
	if _, err := io.ReadFull(random, key[:]); err != nil {
		return key, fmt.Errorf("random bytes for the key of accounts: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return key, fmt.Errorf("the key of accounts: %w", err)
	}
	_, err = f.WriteString(hex.EncodeToString(key[:]) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return key, errors.Join(fmt.Errorf("the key of accounts: %w", err), os.Remove(path))
	}
	return key, nil
}
