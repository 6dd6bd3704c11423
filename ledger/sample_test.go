package ledger_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reperform/ledger"
	"reperform/ledger/sqlite"
)

// sampleOrg and sampleExam are the sizes of the two ledgers of the sample.
const (
	sampleOrg  = 720
	sampleExam = 300
)

// sample is a file with two ledgers, of several tiles, with a command in
// parts, redactions, and records of many revisions. It is built once a run.
type sample struct {
	dir string
	// early is a copy of the file as it was before the last entries.
	early string
	// notes are the checkpoints at the end, earlyNotes those of early.
	notes, earlyNotes map[string][]byte
}

func (s sample) file() string { return filepath.Join(s.dir, "ledger.db") }

func buildSample(t testing.TB, variant string) sample {
	t.Helper()
	ctx := context.Background()
	s := sample{dir: t.TempDir(), notes: map[string][]byte{}, earlyNotes: map[string][]byte{}}
	store, err := sqlite.Open(ctx, s.file())
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(ctx, store, ledger.Options{Keys: ledger.FileKeys{Dir: filepath.Join(s.dir, "keys")}})
	if err != nil {
		t.Fatal(err)
	}
	create(t, l, "org")
	create(t, l, "exam")
	revs := map[string]int64{}
	put := func(name, kind, id string) {
		key := name + kind + id
		revs[key]++
		mustCommit(t, l, ledger.Command{Ledger: name, Actor: "p-1", Action: "record.put", Reason: "because of " + id,
			Drafts: []ledger.Draft{{Kind: kind, ID: id, Revision: revs[key], Effective: "2025-01-31", Document: fmt.Appendf(nil, `{"v":%q,"n":%d}`, variant, revs[key])}}})
	}
	fill := func(name string, size int64) {
		for i := 0; ; i++ {
			sn, err := l.Snapshot(name)
			if err != nil {
				t.Fatal(err)
			}
			if sn.Size >= size {
				return
			}
			put(name, []string{"control", "risk"}[i%2], fmt.Sprintf("r-%d", i%37))
		}
	}
	fill("org", 50)
	big := ledger.Command{Ledger: "org", Actor: "p-1", Action: "apply", Reason: "a large import"}
	for i := range 1000 {
		big.Drafts = append(big.Drafts, ledger.Draft{Kind: "person", ID: fmt.Sprintf("p-%d", i), Revision: 1, Document: []byte("{}")})
	}
	if r := mustCommit(t, l, big); r.Last == r.First {
		t.Fatal("the large command is one entry")
	}
	fill("org", 600)
	fill("exam", sampleExam)
	mustCommit(t, l, ledger.Command{Ledger: "org", Actor: "p-2", Action: "redact", Reason: "lawful request",
		Redacts: []ledger.DocumentRef{{Pos: 10, Slot: 1}, {Pos: 11, Slot: 0}}})
	for name := range map[string]bool{"org": true, "exam": true} {
		s.earlyNotes[name], _ = l.Checkpoint(name)
	}
	s.early = filepath.Join(s.dir, "early.db")
	vacuumInto(t, s.file(), s.early)
	fill("org", sampleOrg)
	for _, name := range []string{"org", "exam"} {
		if s.notes[name], err = l.Checkpoint(name); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

func mustCommit(t testing.TB, l *ledger.Log, c ledger.Command) ledger.Receipt {
	t.Helper()
	r, err := l.Commit(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// raw opens a file of ledgers as its owner would with other tools.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(off)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func vacuumInto(t testing.TB, from, to string) {
	t.Helper()
	db := raw(t, from)
	if _, err := db.Exec("VACUUM INTO ?", to); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// verify reads one ledger of a file that nobody has open.
func verify(t testing.TB, path, name string, opt ledger.VerifyOptions) (*ledger.Report, error) {
	t.Helper()
	ctx := context.Background()
	s, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return ledger.Verify(ctx, s, name, opt)
}

// wantProblem fails unless the report has the problem, and shows what it has.
func wantProblem(t testing.TB, rep *ledger.Report, table, where string) {
	t.Helper()
	for _, p := range rep.Problems {
		if p.Table == table && p.Where == where {
			return
		}
	}
	t.Errorf("ledger %s: no problem at %s %s; found: %s", rep.Ledger, table, where, problems(rep))
}

func problems(rep *ledger.Report) string {
	if len(rep.Problems) == 0 {
		return "nothing"
	}
	var b strings.Builder
	for i, p := range rep.Problems {
		if i == 8 {
			fmt.Fprintf(&b, "\n\tand %d more", len(rep.Problems)-i)
			break
		}
		b.WriteString("\n\t" + p.String())
	}
	return b.String()
}

// forge writes another history of the same length with the keys of the sample.
func forge(t testing.TB, dir string) string {
	t.Helper()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "forged.db")
	store, err := sqlite.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	l, err := ledger.Open(ctx, store, ledger.Options{Keys: ledger.FileKeys{Dir: filepath.Join(dir, "keys")}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	create(t, l, "org")
	for i := range sampleOrg - 1 {
		mustCommit(t, l, ledger.Command{Ledger: "org", Actor: "p-9", Action: "record.put",
			Drafts: []ledger.Draft{{Kind: "control", ID: "forged", Revision: int64(i + 1), Document: []byte("{}")}}})
	}
	return path
}
