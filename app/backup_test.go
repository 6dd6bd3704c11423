package app_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reperform/app"
	"reperform/backup"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// backedUp is a story with an auditor's file and a backup of all.
func backedUp(t *testing.T) (*story, *app.BackupMade) {
	s := begin(t)
	s.plan()
	path := filepath.Join(t.TempDir(), "accounts")
	s.must(os.WriteFile(path, []byte("kept by others"), 0o600))
	made, err := s.app.MakeBackup(s.ctx, "dana", app.BackupMaking{To: filepath.Join(t.TempDir(), "b"), Keys: filepath.Join(t.TempDir(), "k"),
		Beside: []app.BackupPart{{Name: "operations.db", Copy: func(_ context.Context, to string) error { return backup.CopyFile(path, to) }}}})
	s.must(err)
	return s, made
}

// TestABackupCanBeRestored makes a backup of a workspace in use, goes on, and restores
// it with nothing else at hand.
func TestABackupCanBeRestored(t *testing.T) {
	s, made := backedUp(t)
	before := s.size("dana", app.OrganizationLedger)
	_, err := s.apply("dana", person("cora", "", "service_organization", "control_owner"))
	s.must(err)
	tmp := filepath.Join(s.app.Dir(), "tmp")
	open, _ := os.ReadDir(tmp)
	tried, err := s.app.TryBackup(s.ctx, "dana", made.Dir, made.Keys)
	s.must(err)
	if len(tried.Trial.Problems) > 0 || tried.Trial.Entries != made.Backup.Size {
		t.Errorf("tried, it says %+v", tried.Trial)
	}
	if made.Backup.Size != before-1 {
		t.Errorf("it holds %d entries; when it was made there were %d", made.Backup.Size, before-1)
	}
	// The folder that `make` was given for the keys does as well; one without keys is
	// no trial, and nothing is recorded of it.
	_, err = s.app.TryBackup(s.ctx, "dana", made.Dir, t.TempDir())
	s.refused(err, "holds no keys")
	_, err = s.app.TryBackup(s.ctx, "dana", made.Dir, filepath.Join(t.TempDir(), "gone"))
	s.refused(err, "holds no keys")
	tried, err = s.app.TryBackup(s.ctx, "dana", made.Dir, filepath.Dir(made.Keys))
	s.must(err)
	if len(tried.Trial.Problems) > 0 {
		t.Errorf("with the folder above the keys, it says %+v", tried.Trial)
	}
	got := one[soc1.Backup](s, "dana", app.OrganizationLedger, "backup", made.ID)
	if len(got.Value.Trials) != 2 || got.Value.Manifest == "" || !got.Value.Keys {
		t.Errorf("recorded is %+v", got.Value)
	}
	// As OPERATIONS.md says: the folder, and the keys in it.
	to := filepath.Join(t.TempDir(), "restored")
	s.must(backup.Copy(s.ctx, made.Dir, to))
	s.must(backup.Copy(s.ctx, made.Keys, filepath.Join(to, "keys")))
	again, err := app.Open(s.ctx, to, s.options())
	s.must(err)
	defer again.Close()
	for actor, name := range map[string]string{"dana": app.OrganizationLedger, "helen": exam} {
		reports, err := again.VerifyLedgers(s.ctx, actor, name, nil, true)
		s.must(err)
		for _, r := range reports {
			if len(r.Problems) > 0 || r.Entries == 0 {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
	_, err = again.Record(s.ctx, "dana", app.OrganizationLedger, "person", "cora", record.AsOf{})
	if err == nil {
		t.Error("who came after the backup is in it")
	}
	// Nothing of the copy or of the trial stays beside the workspace.
	if left, _ := os.ReadDir(tmp); len(left) > len(open) {
		t.Errorf("left are %v", left)
	}
}

// TestABackupTellsManagementNothingOfTheAuditorsFile: what is recorded counts the
// organization's own alone.
func TestABackupTellsManagementNothingOfTheAuditorsFile(t *testing.T) {
	s, first := backedUp(t)
	_, err := s.app.KeepFile(s.ctx, "helen", exam, "note.txt", strings.NewReader("Only the auditor knows."))
	s.must(err)
	second, err := s.app.MakeBackup(s.ctx, "dana", app.BackupMaking{To: filepath.Join(t.TempDir(), "b")})
	s.must(err)
	if first.Backup.Files != second.Backup.Files || first.Backup.Bytes != second.Backup.Bytes || second.Backup.Size != first.Backup.Size+1 {
		t.Errorf("the auditor attached a file, and management reads %+v after %+v", second.Backup, first.Backup)
	}
	if second.Files == first.Files-1 {
		t.Error("the auditor's file is not in the copy")
	}
}

// TestATrialFindsWhatIsWrong damages a backup in each of its parts.
func TestATrialFindsWhatIsWrong(t *testing.T) {
	sealed := func(t *testing.T, dir, ledger string) string {
		t.Helper()
		var found string
		_ = filepath.WalkDir(filepath.Join(dir, "blobs", "ledger-"+ledger), func(path string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				found = path
			}
			return nil
		})
		if found == "" {
			t.Fatalf("no file of ledger %s is in the backup", ledger)
		}
		return found
	}
	for _, c := range []struct {
		name, want string
		do         func(t *testing.T, dir, keys string)
	}{
		{"a file is gone", ": missing", func(t *testing.T, dir, _ string) { _ = os.Remove(sealed(t, dir, exam)) }},
		{"a file is another", ": not what was copied", func(t *testing.T, dir, _ string) { _ = os.WriteFile(sealed(t, dir, exam), []byte("x"), 0o600) }},
		{"the ledgers are damaged", "ledger.db: not what was copied", func(t *testing.T, dir, _ string) {
			f, err := os.OpenFile(filepath.Join(dir, "ledger.db"), os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			_, _ = f.WriteAt(make([]byte, 512), 8192)
		}},
		{"the ledgers are gone", "it cannot be opened", func(_ *testing.T, dir, _ string) { _ = os.Remove(filepath.Join(dir, "ledger.db")) }},
		{"a key is gone", "cannot be opened", func(_ *testing.T, _, keys string) { _ = os.Remove(filepath.Join(keys, "org.sign")) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, made := backedUp(t)
			c.do(t, made.Dir, made.Keys)
			tried, err := s.app.TryBackup(s.ctx, "dana", made.Dir, made.Keys)
			s.must(err)
			if !slices.ContainsFunc(tried.Trial.Problems, func(p string) bool { return strings.Contains(p, c.want) }) {
				t.Errorf("it says %q; wanted %q", tried.Trial.Problems, c.want)
			}
			got := one[soc1.Backup](s, "dana", app.OrganizationLedger, "backup", made.ID)
			if len(got.Value.Trials) != 1 || len(got.Value.Trials[0].Problems) == 0 {
				t.Errorf("recorded is %+v", got.Value.Trials)
			}
		})
	}
}

// TestBackupsAreRefused where they would be worth nothing, and to whoever may not.
func TestBackupsAreRefused(t *testing.T) {
	s, made := backedUp(t)
	try := func(m app.BackupMaking) error { _, err := s.app.MakeBackup(s.ctx, "dana", m); return err }
	s.refused(try(app.BackupMaking{}), "name the folder")
	s.refused(try(app.BackupMaking{To: filepath.Join(s.app.Dir(), "b")}), "lies in the workspace")
	to := t.TempDir()
	s.refused(try(app.BackupMaking{To: to, Keys: filepath.Join(to, "keys")}), "keys and files together are everything")
	if left, _ := os.ReadDir(to); len(left) > 0 {
		t.Errorf("a refused backup left %v", left)
	}
	broken := app.BackupPart{Name: "operations.db", Copy: func(context.Context, string) error { return os.ErrPermission }}
	if err := try(app.BackupMaking{To: to, Beside: []app.BackupPart{broken}}); err == nil {
		t.Error("a part could not be copied, and the backup was made")
	}
	// Keys that could not be copied in whole are not left as if they were.
	keys, link := t.TempDir(), filepath.Join(s.app.Dir(), "keys", "zz")
	s.must(os.Symlink("elsewhere", link))
	if err := try(app.BackupMaking{To: to, Keys: keys}); err == nil {
		t.Error("a key could not be copied, and the backup was made")
	}
	s.must(os.Remove(link))
	if left, _ := os.ReadDir(keys); len(left) > 0 {
		t.Errorf("a broken backup left %v of the keys", left)
	}
	if left, _ := os.ReadDir(to); len(left) > 0 {
		t.Errorf("a broken backup left %v", left)
	}
	_, err := s.app.TryBackup(s.ctx, "dana", t.TempDir(), "")
	s.refused(err, "holds no manifest.json")
	manifest := filepath.Join(made.Dir, backup.ManifestName)
	b, err := os.ReadFile(manifest)
	s.must(err)
	s.must(os.WriteFile(manifest, append(b, '\n'), 0o600))
	_, err = s.app.TryBackup(s.ctx, "dana", made.Dir, "")
	s.refused(err, "no record of this workspace is of the backup")
	_, err = s.app.MakeBackup(s.ctx, "helen", app.BackupMaking{To: to})
	if d := (*identity.DeniedError)(nil); !errors.As(err, &d) {
		t.Errorf("the auditor makes a backup of the organization: %v", err)
	}
	if _, err := s.apply("dana", "kind: backup\nid: typed\nmade_at: '2025-12-01T00:00:00Z'\nmade_by: dana\nprogram: x\nmanifest: "+strings.Repeat("ab", 32)+"\nsize: 1\nroot: r\n"); err == nil {
		t.Error("a backup that nobody made was typed in")
	}
}

// TestTheProgramIsRecordedWhenItChanges, and only then.
func TestTheProgramIsRecordedWhenItChanges(t *testing.T) {
	s := begin(t)
	s.open()
	one, other := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	for _, c := range []struct {
		sum  string
		want bool
	}{{one, true}, {one, false}, {other, true}, {other, false}, {one, true}} {
		got, err := s.app.RecordProgram(s.ctx, "dana", c.sum, "linux/amd64")
		s.must(err)
		if got != c.want {
			t.Errorf("%.4s…: recorded %t, wanted %t", c.sum, got, c.want)
		}
	}
	if _, err := s.app.RecordProgram(s.ctx, "helen", one, ""); !errors.As(err, new(*identity.DeniedError)) {
		t.Errorf("the auditor records which program runs: %v", err)
	}
}
