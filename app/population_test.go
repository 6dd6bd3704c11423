package app_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reperform/app"
	"reperform/population"
	"reperform/soc1"
)

// everything reads all files below a folder that want chooses.
func everything(t *testing.T, dir string, want func(path string) bool) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !want(path) {
			return err
		}
		out[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func under(dir string) func(string) bool {
	return func(p string) bool { return strings.HasPrefix(p, dir) }
}

const accountsCSV = "payee,iban,amount\npayee-1,NL91ABNA0417164300,10.00\npayee-2,DE89370400440532013000,20.00\n"

// confidential imports a file whose bank accounts become keyed hashes.
func (s *story) confidential(id, content string) soc1.Population {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "accounts.csv")
	s.must(os.WriteFile(path, []byte(content), 0o600))
	spec := imported(exam, id, path, "payee")
	spec.Transforms = []population.Transform{{Column: "iban", Action: "keyed_hash"}}
	p, err := s.app.ImportPopulation(s.ctx, "helen", spec)
	s.must(err)
	return p
}

// TestPopulationOnce freezes an id once, and only under a committed nonce.
func TestPopulationOnce(t *testing.T) {
	s := begin(t)
	_, err := s.app.ImportPopulation(s.ctx, "helen", imported(exam, "pop-leavers", testdata("leavers.csv"), "leaver"))
	s.refused(err, "there is no ledger")
	s.open()
	p := s.load("helen", exam, "pop-leavers", "leavers.csv", "leaver")
	nonce := one[soc1.Nonce](s, "helen", exam, "nonce", "nonce-1")
	stored := one[soc1.Population](s, "helen", exam, "population", "pop-leavers")
	if nonce.Pos >= stored.Pos || nonce.Value.Commitment == "" || nonce.Value.Revealed != "" {
		t.Errorf("the nonce stands at %d, the population at %d", nonce.Pos, stored.Pos)
	}
	if p.RowCount != 40 || p.PopulationHash == "" || stored.Value.PopulationHash != p.PopulationHash {
		t.Errorf("frozen: %d rows, hash %q, recorded %q", p.RowCount, p.PopulationHash, stored.Value.PopulationHash)
	}
	for _, file := range []string{"leavers.csv", "accounts.csv"} {
		_, err := s.app.ImportPopulation(s.ctx, "helen", imported(exam, "pop-leavers", testdata(file), "account"))
		s.refused(err, "frozen already", "an id of its own")
	}
	_, err = s.app.DerivePopulation(s.ctx, "helen", derived(exam, "pop-leavers"))
	s.refused(err, "frozen already")
	after := one[soc1.Population](s, "helen", exam, "population", "pop-leavers").Value
	if after.PopulationHash != p.PopulationHash || after.Frozen.SHA256 != p.Frozen.SHA256 {
		t.Error("the frozen population changed")
	}
	prof, err := s.app.ProfilePopulation(s.ctx, "helen", exam, "pop-leavers")
	if err != nil || prof == nil {
		t.Errorf("profile: %v", err)
	}
}

// TestPopulationChecked records what failed too, and who entered a check.
func TestPopulationChecked(t *testing.T) {
	s := begin(t)
	s.open()
	s.load("helen", exam, "pop-leavers", "leavers.csv", "leaver")
	got, err := s.app.CheckPopulation(s.ctx, "helen", exam, "pop-leavers", app.CheckSpec{
		Checks:     []population.CheckSpec{{Kind: "count", Expected: "41"}, {Kind: "duplicate_keys"}},
		Entered:    []soc1.CompletenessCheck{{Check: soc1.OtherCheck, Passed: true, Note: "Traced to the screen.", By: "somebody else"}},
		Conclusion: "One leaver is missing."})
	s.must(err)
	if len(got) != 3 || got[0].Passed || !got[1].Passed || got[2].By != "helen" {
		t.Errorf("checks: %+v", got)
	}
	p := one[soc1.Population](s, "helen", exam, "population", "pop-leavers").Value
	if len(p.Checks) != 3 || p.Checks[0].Passed || p.CompletenessConclusion != "One leaver is missing." {
		t.Errorf("recorded: %+v", p.Checks)
	}
}

// TestPopulationFromNothing fails to import and leaves nothing.
func TestPopulationFromNothing(t *testing.T) {
	s := begin(t)
	s.open()
	bad := filepath.Join(t.TempDir(), "bad.csv")
	s.must(os.WriteFile(bad, []byte("leaver,last_day\nx,2025-01-01,more\n"), 0o600))
	for name, path := range map[string]string{"no file": filepath.Join(t.TempDir(), "none.csv"), "a line too long": bad, "no such key": testdata("accounts.csv")} {
		before := s.size("helen", exam)
		if _, err := s.app.ImportPopulation(s.ctx, "helen", imported(exam, "pop-"+filepath.Base(path), path, "leaver")); err == nil {
			t.Errorf("%s: it was imported", name)
		}
		if s.size("helen", exam) != before {
			t.Errorf("%s: something was recorded", name)
		}
	}
}

// TestConfidentialStaysInside greps every file of the workspace for what must
// not stand there.
func TestConfidentialStaysInside(t *testing.T) {
	s := begin(t)
	s.open()
	first := s.confidential("pop-1", accountsCSV)
	key := mustRead(t, filepath.Join(s.dir, "keys", "columns.key"))
	s.app.Close()
	a, err := app.Open(s.ctx, s.dir, s.options())
	s.must(err)
	s.app = a
	t.Cleanup(func() { a.Close() })
	second := s.confidential("pop-2", strings.ReplaceAll(accountsCSV, "payee-", "other-"))
	if again := mustRead(t, filepath.Join(s.dir, "keys", "columns.key")); !bytes.Equal(key, again) || len(key) != 32 {
		t.Error("the key of hashed columns changed between extracts")
	}
	if first.PopulationHash == second.PopulationHash {
		t.Error("two extracts have one hash")
	}
	s.joins()
	nonce := strings.TrimSpace(string(mustRead(t, filepath.Join(s.dir, "keys", exam+".nonce"))))
	needles := map[string]string{"a bank account": "NL91ABNA0417164300", "another": "DE8937040044", "the nonce": nonce, "the key of hashed columns": string(key), "an item": "payee-1", "a column": "payee"}
	s.app.Close()
	for path, b := range everything(t, s.dir, func(p string) bool { return !strings.HasPrefix(p, filepath.Join(s.dir, "keys")) }) {
		rel, _ := filepath.Rel(s.dir, path)
		for what, needle := range needles {
			if what == "a column" && strings.HasPrefix(rel, "ledger.db") {
				// The description of a population names its columns.
				continue
			}
			if bytes.Contains(b, []byte(needle)) {
				t.Errorf("%s holds %s in the clear", rel, what)
			}
		}
	}
	if n := len(everything(t, filepath.Join(s.dir, "blobs"), under(""))); n < 2 {
		t.Errorf("%d sealed files; this test looked at nothing", n)
	}
	if left := everything(t, filepath.Join(s.dir, "tmp"), under("")); len(left) > 0 {
		t.Errorf("closing left plaintext files: %d", len(left))
	}
}

// joins derives over both extracts by the hashed column: the same account has
// the same hash in both.
func (s *story) joins() {
	s.t.Helper()
	p, err := s.app.DerivePopulation(s.ctx, "helen", app.DeriveSpec{ID: "pop-both", Ledger: exam, Reason: "Both.",
		Population: soc1.Population{Title: "Both", Purpose: soc1.AuditorPopulation, Key: []string{"payee"},
			Derived: soc1.Derivation{SQL: "SELECT a.payee, b.payee AS other FROM a JOIN b ON a.iban = b.iban",
				Inputs: []soc1.DerivationInput{{Name: "a", Population: "pop-1"}, {Name: "b", Population: "pop-2"}}}}})
	s.must(err)
	if p.RowCount != 2 {
		s.t.Errorf("%d accounts are found again in the second extract by their hash, expected 2", p.RowCount)
	}
}

// TestScratchSwept leaves the scratch files of a process that was killed, and
// opens the workspace again.
func TestScratchSwept(t *testing.T) {
	s := begin(t)
	s.open()
	s.load("helen", exam, "pop-leavers", "leavers.csv", "leaver")
	living := everything(t, filepath.Join(s.dir, "tmp"), under(""))
	dead := filepath.Join(s.dir, "tmp", "reperform-engine-dead")
	s.must(os.MkdirAll(filepath.Join(dead, "x-1"), 0o700))
	s.must(os.WriteFile(filepath.Join(dead, "lock"), nil, 0o600))
	s.must(os.WriteFile(filepath.Join(dead, "x-1", "plain.parquet"), []byte("LEAVER-KEY-001"), 0o600))
	s.reopen()
	if _, err := os.Stat(dead); !errors.Is(err, fs.ErrNotExist) {
		t.Error("opening the workspace leaves the plaintext of a process that is gone")
	}
	for path := range living {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("the scratch file of a living process was removed: %v", err)
		}
	}
	s.must(s.app.Close())
	deadline := time.Now().Add(5 * time.Second)
	for len(everything(t, filepath.Join(s.dir, "tmp"), under(""))) > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("closing left plaintext files")
		}
		time.Sleep(20 * time.Millisecond)
	}
}
