package repotest

import (
	"database/sql"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// TestBackupRestores does what docs/OPERATIONS.md says of backups: the database
// by VACUUM INTO, the rest by copying, and a restore that verifies against a
// checkpoint that left before.
func TestBackupRestores(t *testing.T) {
	dir := t.TempDir()
	bin := program(t)
	reperform := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(bin, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("reperform %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	reperform("init", "--organization", "Northwind Payroll", "--name", "Ada Ruiz")
	reperform("templates", "use", "PAY", "--effective", "2025-01-01")
	if err := os.WriteFile(filepath.Join(dir, "items.csv"), []byte("id,amount\nA,1.00\nB,2.50\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	reperform("population", "import", "items.csv", "--id", "items", "--key", "id", "--from", "2025-01-01", "--to", "2025-12-31")
	checkpoint := filepath.Join(dir, "checkpoint.txt")
	if err := os.WriteFile(checkpoint, []byte(reperform("ledger", "checkpoint")), 0o644); err != nil {
		t.Fatal(err)
	}

	from, to := filepath.Join(dir, "reperform-data"), filepath.Join(dir, "restored")
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(from, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec("VACUUM INTO ?", filepath.Join(to, "ledger.db"))
	if cerr := db.Close(); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	for _, part := range []string{"blobs", "keys"} {
		if err := os.CopyFS(filepath.Join(to, part), os.DirFS(filepath.Join(from, part))); err != nil {
			t.Fatal(err)
		}
	}
	// Keys that others may read are refused; a copy that keeps modes, such as
	// cp -a, needs no such step.
	err = filepath.WalkDir(filepath.Join(to, "keys"), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return os.Chmod(path, 0o700)
		}
		return os.Chmod(path, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	settings, err := os.ReadFile(filepath.Join(from, "workspace.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, "workspace.json"), settings, 0o600); err != nil {
		t.Fatal(err)
	}
	out := reperform("--workspace", to, "ledger", "verify", "--ledger", "org", "--checkpoint", checkpoint)
	if !strings.Contains(out, "holds") {
		t.Errorf("the restored workspace does not verify:\n%s", out)
	}
	// It is a workspace like any other: it goes on.
	reperform("--workspace", to, "population", "profile", "items")
	reperform("--workspace", to, "templates", "use", "PAY", "--effective", "2025-02-01")
}
