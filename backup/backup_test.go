package backup_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reperform/backup"
)

// made is a folder with a backup of three files.
func made(t *testing.T) (dir, sum string) {
	t.Helper()
	from, dir := t.TempDir(), filepath.Join(t.TempDir(), "b")
	write(t, from, "a", "one")
	write(t, from, "deep/b", "two")
	if err := backup.Copy(t.Context(), from, dir); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "deep/er/c", "three")
	m := &backup.Manifest{Workspace: "w", MadeAt: "2025-03-03T00:00:00Z", Program: "1", Ledgers: []backup.Ledger{{Name: "org", Size: 3, Checkpoint: "note"}}}
	sum, err := m.Seal(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, sum
}

func write(t *testing.T, dir, path, text string) {
	t.Helper()
	at := filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestABackupIsWhatItsManifestNames(t *testing.T) {
	dir, sum := made(t)
	m, again, err := backup.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again != sum {
		t.Errorf("the manifest has digest %s when read and %s when written", again, sum)
	}
	if m.Bytes() != 11 || len(m.Files) != 3 || m.Ledgers[0].Checkpoint != "note" {
		t.Errorf("read as %+v", m)
	}
	if wrong, err := m.Check(t.Context(), dir); err != nil || len(wrong) > 0 {
		t.Errorf("untouched, it says %q, %v", wrong, err)
	}
	info, err := os.Stat(filepath.Join(dir, "deep", "b"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a copy has mode %v, %v; others may not read it", info.Mode(), err)
	}
}

func TestEveryDifferenceIsFound(t *testing.T) {
	for _, c := range []struct {
		name, want string
		do         func(t *testing.T, dir string)
	}{
		{"changed", "a: not what was copied", func(t *testing.T, dir string) { write(t, dir, "a", "eno") }},
		{"missing", "deep/b: missing", func(t *testing.T, dir string) { _ = os.Remove(filepath.Join(dir, "deep", "b")) }},
		{"more", "deep/x: not named by the manifest", func(t *testing.T, dir string) { write(t, dir, "deep/x", "") }},
		{"link", "a: not a file", func(t *testing.T, dir string) {
			_ = os.Rename(filepath.Join(dir, "a"), filepath.Join(t.TempDir(), "a"))
			_ = os.Symlink("deep/b", filepath.Join(dir, "a"))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, _ := made(t)
			m, _, err := backup.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			c.do(t, dir)
			if wrong, err := m.Check(t.Context(), dir); err != nil || !slices.Contains(wrong, c.want) {
				t.Errorf("said %q, %v; wanted %q", wrong, err, c.want)
			}
		})
	}
}

func TestAManifestCannotPointOutside(t *testing.T) {
	dir, _ := made(t)
	path := filepath.Join(dir, backup.ManifestName)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(b), `"a"`, `"../../a"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	m, _, err := backup.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := m.Check(t.Context(), dir)
	if err != nil || !slices.ContainsFunc(wrong, func(s string) bool { return strings.Contains(s, "outside of the backup") }) {
		t.Errorf("said %q, %v", wrong, err)
	}
}

func TestWhatIsNoBackupSaysSo(t *testing.T) {
	if _, _, err := backup.Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "holds no manifest.json") {
		t.Errorf("an empty folder: %v", err)
	}
	part := filepath.Join(t.TempDir(), "x"+backup.Unfinished)
	_ = os.Mkdir(part, 0o700)
	if _, _, err := backup.Open(part); err == nil || !strings.Contains(err.Error(), "was interrupted") {
		t.Errorf("an interrupted one: %v", err)
	}
	dir := t.TempDir()
	write(t, dir, backup.ManifestName, `{"version": 99}`)
	if _, _, err := backup.Open(dir); err == nil || !strings.Contains(err.Error(), "newer program") {
		t.Errorf("a newer one: %v", err)
	}
}

func TestCopyRefusesLinksAndEndsWhenAsked(t *testing.T) {
	from := t.TempDir()
	write(t, from, "a", "one")
	if err := os.Symlink("a", filepath.Join(from, "b")); err != nil {
		t.Fatal(err)
	}
	if err := backup.Copy(t.Context(), from, filepath.Join(t.TempDir(), "to")); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a link: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := backup.Copy(ctx, from, filepath.Join(t.TempDir(), "to")); err == nil {
		t.Error("it went on")
	}
	if err := backup.Copy(t.Context(), filepath.Join(from, "none"), filepath.Join(t.TempDir(), "to")); err != nil {
		t.Errorf("a folder that is not there: %v", err)
	}
}
