package app

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"reperform/backup"
	"reperform/identity"
	"reperform/ledger"
	"reperform/population/sandbox"
	"reperform/record"
	"reperform/soc1"
)

// BackupPart is a file that somebody else keeps in the workspace's folder and knows
// how to copy while it is in use.
type BackupPart struct {
	// Name is that of the file in the backup.
	Name string
	Copy func(ctx context.Context, path string) error
}

// BackupMaking asks for a backup.
type BackupMaking struct {
	// To is the folder in which the backup becomes a folder of its own.
	To string
	// Keys, when not empty, is the folder for a copy of the keys. It may not lie in
	// To: keys and files together are everything.
	Keys string
	// Beside are the files of others.
	Beside []BackupPart
}

// BackupMade says what was copied.
type BackupMade struct {
	// ID is the record, Dir the folder of the backup, Keys that of the keys.
	ID, Dir, Keys string
	// Files counts all files of the backup, Bytes is their length together: for who
	// holds the disk.
	Files  int
	Bytes  int64
	Backup soc1.Backup
}

// blobFolders are the folders of sealed files; what is written there never changes.
var blobFolders = []string{"blobs", "sealed"}

// MakeBackup copies all that the workspace keeps but its keys, while it is in use, and
// records in the organization's ledger that this was done. The copy is made before the
// record of it, so no backup holds its own record.
func (a *App) MakeBackup(ctx context.Context, actor string, m BackupMaking) (*BackupMade, error) {
	if err := a.admit(ctx, actor, identity.OperationRecord, identity.Resource{Ledger: OrganizationLedger, Kind: "backup"}); err != nil {
		return nil, err
	}
	if err := a.writable(); err != nil {
		return nil, err
	}
	at := a.opt.Now().UTC()
	name := "backup-" + at.Format("2006-01-02T15-04-05Z")
	dir, keys, err := a.backupFolders(m, name)
	if err != nil {
		return nil, err
	}
	part := dir + backup.Unfinished
	if err := os.MkdirAll(m.To, 0o700); err != nil {
		return nil, err
	}
	if err := os.Mkdir(part, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the backup: %w", err)
	}
	manifest, sum, err := a.copyAll(ctx, part, m.Beside, at)
	if err == nil && keys != "" {
		a.progress("copying keys", 0, 0)
		if err = backup.Copy(ctx, filepath.Join(a.dir, "keys"), keys+backup.Unfinished); err == nil {
			err = finish(keys)
		}
	}
	if err == nil {
		err = finish(dir)
	}
	if err != nil {
		err = errors.Join(err, os.RemoveAll(part))
		if keys != "" {
			// Keys whose backup is not whole open nothing.
			err = errors.Join(err, os.RemoveAll(keys), os.RemoveAll(keys+backup.Unfinished))
		}
		return nil, err
	}
	value := soc1.Backup{MadeAt: soc1.Instant(at.Format(time.RFC3339)), MadeBy: actor, Program: programVersion, Manifest: sum, Keys: keys != ""}
	for _, f := range manifest.Files {
		if ownSealed(f.Path) {
			value.Files, value.Bytes = value.Files+1, value.Bytes+f.Size
		}
	}
	for _, l := range manifest.Ledgers {
		if l.Name != OrganizationLedger {
			continue
		}
		c, err := ledger.PeekCheckpoint([]byte(l.Checkpoint))
		if err != nil {
			return nil, err
		}
		value.Size, value.Root = c.Size, base64.StdEncoding.EncodeToString(c.Root[:])
	}
	id, err := a.newID(name+"-", "")
	if err != nil {
		return nil, err
	}
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.OperationRecord, kind: "backup", action: "backup.record", reason: "A backup was made."}
	if _, err = a.decide(ctx, req, func(tx *Tx) error { return tx.Put("backup", id, "", value) }); err != nil {
		return nil, fmt.Errorf("the backup is whole in %s, but that it was made is not recorded: %w", dir, err)
	}
	return &BackupMade{ID: id, Dir: dir, Keys: keys, Files: len(manifest.Files), Bytes: manifest.Bytes(), Backup: value}, nil
}

// finish gives what was copied its name, once it is whole and durable.
func finish(dir string) error {
	err := filepath.WalkDir(dir+backup.Unfinished, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return syncDir(path)
	})
	if err == nil {
		err = os.Rename(dir+backup.Unfinished, dir)
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// keysOf finds the keys in the folder that a person names: that of the keys themselves,
// or the one in which MakeBackup made it. Where there are none nothing is tried, because a
// trial with the wrong folder would stand in the ledger as a backup that failed.
func keysOf(named, dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for _, at := range []string{filepath.Join(named, filepath.Base(abs)+keysSuffix), named} {
		list, err := os.ReadDir(at)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		// A folder of keys holds files; one of such folders does not.
		if slices.ContainsFunc(list, func(e fs.DirEntry) bool { return e.Type().IsRegular() }) {
			return at, nil
		}
	}
	return "", fmt.Errorf("%s holds no keys; name the folder that `backup make --keys` copied them to", named)
}

// keysSuffix ends the name of the folder with the keys of a backup.
const keysSuffix = "-keys"

// ownSealed tells whether a file of a backup is a sealed one of the organization.
func ownSealed(path string) bool {
	for _, f := range blobFolders {
		if strings.HasPrefix(path, f+"/ledger-"+OrganizationLedger+"/") {
			return true
		}
	}
	return false
}

// backupFolders are the folders that a backup and its keys come to.
func (a *App) backupFolders(m BackupMaking, name string) (dir, keys string, err error) {
	if m.To == "" {
		return "", "", errors.New("name the folder that backups are kept in")
	}
	inside := func(path, of string) bool {
		p, perr := filepath.Abs(path)
		o, oerr := filepath.Abs(of)
		rel, rerr := filepath.Rel(o, p)
		return perr == nil && oerr == nil && rerr == nil && filepath.IsLocal(rel)
	}
	if inside(m.To, a.dir) {
		return "", "", fmt.Errorf("%s lies in the workspace, which is what is backed up; name a folder elsewhere, on another disk", m.To)
	}
	if m.Keys != "" && (inside(m.Keys, m.To) || inside(m.Keys, a.dir)) {
		return "", "", fmt.Errorf("%s lies beside what the keys open; keys and files together are everything, so name a folder elsewhere", m.Keys)
	}
	dir = filepath.Join(m.To, name)
	if _, err := os.Lstat(dir); err == nil {
		return "", "", fmt.Errorf("%s is there already; one backup is made in a second", dir)
	}
	if m.Keys == "" {
		return dir, "", nil
	}
	keys = filepath.Join(m.Keys, name+keysSuffix)
	if _, err := os.Lstat(keys); err == nil {
		return "", "", fmt.Errorf("%s is there already", keys)
	}
	return dir, keys, os.MkdirAll(m.Keys, 0o700)
}

// copyAll fills the folder: first the ledgers, then the files that these name. A file
// is written before the entry that names it and never changes, so none can be missing.
func (a *App) copyAll(ctx context.Context, dir string, beside []BackupPart, at time.Time) (*backup.Manifest, string, error) {
	a.progress("copying ledgers", 0, 0)
	db := filepath.Join(dir, "ledger.db")
	source, ok := a.store.(interface {
		CopyTo(ctx context.Context, path string) error
	})
	if !ok {
		return nil, "", errors.New("the ledgers of this workspace are not kept in a file; use the backup of their database")
	}
	if err := source.CopyTo(ctx, db); err != nil {
		return nil, "", err
	}
	m := &backup.Manifest{Workspace: a.settings.ID, MadeAt: at.Format(time.RFC3339), Program: programVersion}
	var err error
	if m.Ledgers, err = ledgersIn(ctx, db); err != nil {
		return nil, "", fmt.Errorf("the copy of the ledgers cannot be read: %w", err)
	}
	for _, p := range beside {
		a.progress("copying "+p.Name, 0, 0)
		if err := p.Copy(ctx, filepath.Join(dir, p.Name)); err != nil {
			return nil, "", err
		}
	}
	a.progress("copying sealed files", 0, 0)
	for _, f := range blobFolders {
		if err := backup.Copy(ctx, filepath.Join(a.dir, f), filepath.Join(dir, f)); err != nil {
			return nil, "", err
		}
	}
	if err := backup.CopyFile(filepath.Join(a.dir, "workspace.json"), filepath.Join(dir, "workspace.json")); err != nil {
		return nil, "", err
	}
	a.progress("writing the manifest", 0, 0)
	sum, err := m.Seal(ctx, dir)
	return m, sum, err
}

// ledgersIn are the ledgers in a file, each with its last checkpoint.
func ledgersIn(ctx context.Context, path string) (out []backup.Ledger, err error) {
	store, _, err := openStore(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	log, err := ledger.Open(ctx, store, ledger.Options{})
	if err != nil {
		return nil, err
	}
	defer log.Close()
	for _, name := range log.Ledgers() {
		note, err := log.Checkpoint(name)
		if err != nil {
			return nil, err
		}
		c, err := ledger.PeekCheckpoint(note)
		if err != nil {
			return nil, err
		}
		out = append(out, backup.Ledger{Name: name, Size: c.Size, Checkpoint: string(note)})
	}
	return out, nil
}

// BackupTried says how a backup fared.
type BackupTried struct {
	ID    string
	Trial soc1.BackupTrial
}

// TryBackup restores a backup to a place of its own and looks whether it is what this
// workspace recorded: every file as copied, every entry of every ledger recomputed,
// every ledger a beginning of the one in use, every sealed file of the organization
// opened with the keys; an auditor's are compared and not opened. Keys empty are those of
// the workspace. The outcome is recorded, good or bad; the place is removed.
func (a *App) TryBackup(ctx context.Context, actor, dir, keys string) (*BackupTried, error) {
	if err := a.admit(ctx, actor, identity.OperationRecord, identity.Resource{Ledger: OrganizationLedger, Kind: "backup"}); err != nil {
		return nil, err
	}
	if err := a.writable(); err != nil {
		return nil, err
	}
	m, sum, err := backup.Open(dir)
	if err != nil {
		return nil, err
	}
	id, err := a.backupOf(ctx, actor, dir, sum)
	if err != nil {
		return nil, err
	}
	if keys == "" {
		keys = filepath.Join(a.dir, "keys")
	} else if keys, err = keysOf(keys, dir); err != nil {
		return nil, err
	}
	trial, err := a.tried(ctx, actor, m, dir, keys)
	if err != nil {
		return nil, err
	}
	trial.At, trial.By, trial.Program = a.now(), actor, programVersion
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.OperationRecord, kind: "backup", action: "backup.try", reason: "A backup was tried."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		b, err := get[soc1.Backup](tx, "backup", id)
		if err != nil {
			return err
		}
		b.Trials = append(b.Trials[:len(b.Trials):len(b.Trials)], trial)
		return tx.Put("backup", id, "", b)
	})
	if err != nil {
		return nil, err
	}
	return &BackupTried{ID: id, Trial: trial}, nil
}

// backupOf is the record of the backup whose manifest has the digest.
func (a *App) backupOf(ctx context.Context, actor, dir, sum string) (string, error) {
	v, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return "", err
	}
	all, err := record.All[soc1.Backup](ctx, v, "backup")
	if err != nil {
		return "", err
	}
	for _, b := range all {
		if b.Value.Manifest == sum {
			return b.ID, nil
		}
	}
	return "", fmt.Errorf("no record of this workspace is of the backup in %s: its manifest has SHA-256 %s; it is of another workspace, or its manifest was changed; `reperform get backup` lists those recorded", dir, sum)
}

// maxTrialProblems bounds what is recorded of a trial that failed.
const maxTrialProblems = 20

func (a *App) tried(ctx context.Context, actor string, m *backup.Manifest, dir, keys string) (t soc1.BackupTrial, err error) {
	var problems []string
	a.progress("comparing files", 0, 0)
	if problems, err = m.Check(ctx, dir); err != nil {
		return t, err
	}
	for _, l := range m.Ledgers {
		if err := a.extends(ctx, l); err != nil {
			// Of an auditor's ledger nothing is told that its size could be read from.
			if l.Name != OrganizationLedger {
				err = errors.New("it does not begin with what was copied")
			}
			problems = append(problems, fmt.Sprintf("ledger %s in use: %v", l.Name, err))
		}
	}
	tmp := filepath.Join(a.dir, "tmp")
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return t, err
	}
	place, err := sandbox.NewDir(tmp)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, place.Remove()) }()
	found, err := a.restored(ctx, actor, &t, m, dir, keys, place.Path)
	if err != nil {
		if ctx.Err() != nil {
			return t, err
		}
		found = append(found, "it cannot be opened: "+err.Error())
	}
	for _, p := range append(problems, found...) {
		if len(t.Problems) == maxTrialProblems {
			t.Problems = append(t.Problems, fmt.Sprintf("and %d more", len(problems)+len(found)-maxTrialProblems))
			break
		}
		// A place of this machine says nothing to whoever reads the record later.
		t.Problems = append(t.Problems, strings.ReplaceAll(p, place.Path, "restored"))
	}
	return t, nil
}

// extends checks that the ledger in use begins with what the backup holds of it.
func (a *App) extends(ctx context.Context, l backup.Ledger) error {
	older, err := ledger.PeekCheckpoint([]byte(l.Checkpoint))
	if err != nil {
		return err
	}
	path, newer, err := a.log.ProveConsistency(ctx, l.Name, older.Size)
	if err != nil {
		return err
	}
	return ledger.CheckConsistency(path, older, newer)
}

// restored puts the backup together in a folder, as a restore would, opens it and
// verifies it. Databases are copied, because opening one writes beside it; the sealed
// files are read where they lie.
func (a *App) restored(ctx context.Context, actor string, t *soc1.BackupTrial, m *backup.Manifest, dir, keys, to string) (problems []string, err error) {
	a.progress("restoring", 0, 0)
	for _, name := range []string{"ledger.db", "workspace.json"} {
		if err := backup.CopyFile(filepath.Join(dir, name), filepath.Join(to, name)); err != nil {
			return nil, err
		}
	}
	if err := backup.Copy(ctx, keys, filepath.Join(to, "keys")); err != nil {
		return nil, err
	}
	for _, name := range blobFolders {
		at, err := filepath.Abs(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if err := os.Symlink(at, filepath.Join(to, name)); err != nil {
			return nil, err
		}
	}
	for _, l := range m.Ledgers {
		reports, err := VerifyDamaged(ctx, to, l.Name, []byte(l.Checkpoint))
		if err != nil {
			return problems, err
		}
		for _, r := range reports {
			if l.Name != OrganizationLedger {
				// Where an auditor's ledger is damaged is for its readers to see.
				if len(r.Problems) > 0 {
					problems = append(problems, fmt.Sprintf("ledger %s does not hold; whoever may verify it sees where with: reperform ledger verify", l.Name))
				}
				continue
			}
			t.Entries = r.Entries
			for _, p := range r.Problems {
				problems = append(problems, fmt.Sprintf("ledger %s: %s", l.Name, p))
			}
		}
	}
	b, err := Open(ctx, to, a.opt)
	if err != nil {
		return problems, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	if err := b.admit(ctx, actor, identity.Verify, identity.Resource{Ledger: OrganizationLedger}); err != nil {
		return problems, err
	}
	rep, files, err := verifyLedger(ctx, b.store, OrganizationLedger, nil)
	if err != nil {
		return problems, err
	}
	known := len(rep.Problems)
	b.verifyBlobs(ctx, OrganizationLedger, files, rep)
	t.Opened = int64(len(files))
	if err := b.verifySealed(ctx, rep); err != nil {
		return problems, err
	}
	for _, p := range rep.Problems[known:] {
		problems = append(problems, fmt.Sprintf("ledger %s: %s", OrganizationLedger, p))
	}
	return problems, nil
}

// RecordProgram records which program runs here from now on, if that is another than
// was recorded last: with the SHA-256 of its file, which tells two builds of one
// version apart. It reports whether something was recorded.
func (a *App) RecordProgram(ctx context.Context, actor, sha256, system string) (bool, error) {
	if err := a.admit(ctx, actor, identity.OperationRecord, identity.Resource{Ledger: OrganizationLedger, Kind: "program_version"}); err != nil {
		return false, err
	}
	v := Version()
	now := soc1.ProgramVersion{Program: v.Program, Engine: v.Engine, Renderer: v.Renderer, Go: v.Go, System: system, SHA256: sha256}
	changed := false
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.OperationRecord, kind: "program_version", action: "program.record", reason: "Another program runs here from now on."}
	_, err := a.decide(ctx, req, func(tx *Tx) error {
		changed = false
		if _, there, err := tx.Get("program_version", "program"); err != nil {
			return err
		} else if there {
			last, err := get[soc1.ProgramVersion](tx, "program_version", "program")
			if err != nil || last == now {
				return err
			}
		}
		changed = true
		return tx.Put("program_version", "program", "", now)
	})
	return changed, err
}
