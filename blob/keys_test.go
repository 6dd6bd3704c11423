package blob

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func newKeys(t *testing.T, ledgers ...string) *FileKeyRing {
	t.Helper()
	k := FileKeys(filepath.Join(t.TempDir(), "keys"))
	for _, ledger := range ledgers {
		if err := k.Create(t.Context(), ledger); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

func TestKeysAreKeptAndDiffer(t *testing.T) {
	k := newKeys(t, "a", "A", "a/b", "..")
	seen := map[[32]byte]string{}
	for _, ledger := range []string{"a", "A", "a/b", ".."} {
		key, err := FileKeys(k.dir).Key(t.Context(), ledger)
		if err != nil {
			t.Fatalf("ledger %q: %v", ledger, err)
		}
		if other, ok := seen[key]; ok || key == ([32]byte{}) {
			t.Errorf("ledger %q has the key %x, like %q", ledger, key, other)
		}
		seen[key] = ledger
	}
	files, err := os.ReadDir(k.dir)
	if err != nil || len(files) != 4 {
		t.Errorf("the directory holds %v, %v; want four key files and nothing else", files, err)
	}
}

func TestKeyFilesAreForTheirOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		return
	}
	k := newKeys(t, "org")
	path := filepath.Join(k.dir, "ledger-org.key")
	for name, mode := range map[string]os.FileMode{k.dir: 0o700, path: 0o600} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s was created with mode %v, %v; want %04o", name, info.Mode().Perm(), err, mode)
		}
	}
	for _, c := range []struct {
		path   string
		mode   os.FileMode
		remedy string
	}{
		{path, 0o640, "chmod 600 " + path},
		{path, 0o604, "chmod 600 " + path},
		{k.dir, 0o750, "chmod 700 " + k.dir},
		{k.dir, 0o701, "chmod 700 " + k.dir},
	} {
		before, err := os.Stat(c.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(c.path, c.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Key(t.Context(), "org"); err == nil || !strings.HasSuffix(err.Error(), c.remedy) {
			t.Errorf("mode %04o of %s: %v, want a refusal that ends in %q", c.mode, c.path, err, c.remedy)
		}
		if c.path == k.dir {
			if err := k.Create(t.Context(), "new"); err == nil {
				t.Errorf("a key was created in a directory of mode %04o", c.mode)
			}
		}
		if err := os.Chmod(c.path, before.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAMissingKeyNamesTheFileToRestore(t *testing.T) {
	k := newKeys(t, "org")
	path := filepath.Join(k.dir, "ledger-exam.key")
	_, err := k.Key(t.Context(), "exam")
	if !errors.Is(err, ErrNoKey) || !strings.Contains(err.Error(), "restore "+path+" from your backup") {
		t.Errorf("a missing key: %v, want ErrNoKey and the file to restore", err)
	}
}

func TestAKeyIsNeverReplaced(t *testing.T) {
	k := newKeys(t, "org")
	before, err := k.Key(t.Context(), "org")
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Create(t.Context(), "org"); !errors.Is(err, ErrKeyExists) {
		t.Errorf("creating a key twice: %v, want ErrKeyExists", err)
	}
	if after, err := k.Key(t.Context(), "org"); err != nil || after != before {
		t.Errorf("after the second Create the key is another one, %v", err)
	}

	var made atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			switch err := k.Create(t.Context(), "contested"); {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, ErrKeyExists):
				t.Errorf("creating beside others: %v", err)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("%d of 8 concurrent creators were told that they made the key, want 1", made.Load())
	}
}

func TestADamagedKeyFileIsRefused(t *testing.T) {
	k := newKeys(t, "org")
	path := filepath.Join(k.dir, "ledger-org.key")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, text []byte) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if key, err := k.Key(t.Context(), "org"); err == nil {
			t.Errorf("%s: accepted as the key %x", what, key)
		} else if !strings.Contains(err.Error(), "restore "+path+" from your backup") {
			t.Errorf("%s: %v, want the file to restore", what, err)
		}
	}
	for at := range good {
		for bit := range 8 {
			good[at] ^= 1 << bit
			refused(fmt.Sprintf("byte %d, bit %d", at, bit), good)
			good[at] ^= 1 << bit
		}
		refused(fmt.Sprintf("cut to %d bytes", at), good[:at])
	}
	refused("extended", append([]byte(string(good)), '\n'))
	refused("another ledger's key", []byte(formatKey([32]byte{1}, "exam")))
}

func TestKeysObeyTheContext(t *testing.T) {
	k := newKeys(t, "org")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.Key(ctx, "org"); !errors.Is(err, context.Canceled) {
		t.Errorf("Key: %v, want context.Canceled", err)
	}
	if err := k.Create(ctx, "new"); !errors.Is(err, context.Canceled) {
		t.Errorf("Create: %v, want context.Canceled", err)
	}
	if err := k.Create(t.Context(), ""); err == nil {
		t.Error("a key was created for a ledger without a name")
	}
}
