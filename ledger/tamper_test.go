package ledger_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"reperform/ledger"
)

// target is a row of a table and where a report must point when it is damaged.
type target struct {
	where  string // SQL condition that finds the row
	ledger string // whose verification must find it
	place  string // what Problem.Where must say
}

// targets covers every table of the file; the test fails for a table that has
// no entry here. The tables' own key columns are found through pragma table_info.
func targets(t *testing.T, db *sql.DB) map[string][]target {
	one := func(q string) string {
		var s string
		if err := db.QueryRow(q).Scan(&s); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		return s
	}
	rev := func(number, kind, id string, n int) target {
		name := map[string]string{"1": "org", "2": "exam"}[number]
		return target{fmt.Sprintf("ledger = %s AND kind = '%s' AND id = '%s' AND rev = %d", number, kind, id, n), name, fmt.Sprintf("%s %s revision %d", kind, id, n)}
	}
	part, err := strconv.ParseInt(one("SELECT min(key >> 11 & (1 << 40) - 1) FROM document WHERE key >> 51 = 1 AND key & 2047 = 300"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	entry := func(number, pos int64) target {
		return target{whereEntry(number, pos), []string{1: "org", 2: "exam"}[number], fmt.Sprint(pos)}
	}
	document := func(number, pos, slot int64) target {
		return target{whereDocument(number, pos, slot), []string{1: "org", 2: "exam"}[number], fmt.Sprintf("%d/%d", pos, slot)}
	}
	return map[string][]target{
		"ledger":   {{"n = 1", "org", "org"}, {"n = 2", "exam", "exam"}},
		"entry":    {entry(1, 0), entry(1, 255), entry(1, 256), entry(1, part), entry(1, sampleOrg-1), entry(2, 131)},
		"document": {document(1, 0, 0), document(1, 0, 1), document(1, 10, 0), document(1, part, 300), document(1, sampleOrg-1, 1), document(2, 200, 1)},
		"revision": {rev("1", "organization", "organization", 1), rev("1", "control", "r-6", 3), rev("1", "person", "p-700", 1), rev("2", "risk", "r-1", 2),
			rev("1", "risk", "r-3", 1)},
		"tile": {{"ledger = 1 AND level = 0 AND idx = 0", "org", "0/0"}, {"ledger = 1 AND level = 0 AND idx = 1", "org", "0/1"}, {"ledger = 2 AND level = 0 AND idx = 0", "exam", "0/0"}},
	}
}

// Keys of entries hold the ledger's number and the position, keys of documents
// the slot as well.
func entryKey(number, pos int64) int64          { return number<<40 | pos }
func documentKey(number, pos, slot int64) int64 { return entryKey(number, pos)<<11 | slot }
func whereEntry(number, pos int64) string       { return fmt.Sprintf("key = %d", entryKey(number, pos)) }
func whereDocument(number, pos, slot int64) string {
	return fmt.Sprintf("key = %d", documentKey(number, pos, slot))
}

// flips are damaged copies of a value, each with one bit changed.
func flips(v any) []any {
	var out []any
	bits := func(b []byte) {
		if len(b) == 0 {
			return
		}
		for _, at := range []struct{ pos, bit int }{{0, 0}, {len(b) / 2, 2}, {len(b) - 1, 5}} {
			c := append([]byte(nil), b...)
			c[max(at.pos, 0)] ^= 1 << at.bit
			out = append(out, c)
		}
	}
	switch v := v.(type) {
	case int64:
		for _, bit := range []int{0, 3, 11, 40, 51, 63} {
			out = append(out, v^int64(uint64(1)<<bit))
		}
	case []byte:
		bits(v)
		// The last characters of a note are base64 with spare bits.
		if bytes.HasSuffix(v, []byte("=\n")) {
			for bit := range 6 {
				c := append([]byte(nil), v...)
				c[len(c)-3] ^= 1 << bit
				out = append(out, c)
			}
		}
	case string:
		bits([]byte(v))
	}
	return out
}

// TestEveryStoredFieldIsBound flips single bits of every column of every
// table of the file and demands that verification points at the row.
func TestEveryStoredFieldIsBound(t *testing.T) {
	s := buildSample(t, "x")
	path := filepath.Join(t.TempDir(), "tampered.db")
	copyFile(t, s.file(), path)
	for _, name := range []string{"org", "exam"} {
		if rep, err := verify(t, path, name, ledger.VerifyOptions{Checkpoint: s.notes[name]}); err != nil || rep.Err() != nil {
			t.Fatalf("the sample itself does not verify: %v %s", err, problems(rep))
		}
	}
	db := raw(t, path)
	all := targets(t, db)
	tables := column(t, db, "SELECT name FROM sqlite_schema WHERE type = 'table'")
	for _, table := range tables {
		if len(all[table]) == 0 {
			t.Errorf("table %s has no row to tamper with: extend the table of targets", table)
		}
		for _, col := range column(t, db, "SELECT name FROM pragma_table_info('"+table+"')") {
			tried := 0
			for _, tg := range all[table] {
				tried += tamper(t, s, table, col, tg)
			}
			if tried == 0 {
				t.Errorf("%s.%s: no bit of it could be flipped", table, col)
			}
			t.Logf("%s.%s: %d flipped bits found", table, col, tried)
		}
	}
}

func column(t *testing.T, db *sql.DB, q string) []string {
	t.Helper()
	rows, err := db.Query(q)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return out
}

// tamper tries the flips of one field, each in a fresh copy of the file.
func tamper(t *testing.T, s sample, table, col string, tg target) int {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.db")
	copyFile(t, s.file(), path)
	db := raw(t, path)
	var value any
	var kind string
	if err := db.QueryRow(fmt.Sprintf("SELECT %s, typeof(%s) FROM %s WHERE %s", col, col, table, tg.where)).Scan(&value, &kind); err != nil {
		t.Fatalf("%s.%s where %s: %v", table, col, tg.where, err)
	}
	db.Close()
	tried := 0
	for _, v := range flips(value) {
		copyFile(t, s.file(), path)
		db := raw(t, path)
		place := "?"
		if kind == "text" {
			place = "CAST(? AS TEXT)"
		}
		res, err := db.Exec(fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s", table, col, place, tg.where), v)
		if err != nil && strings.Contains(err.Error(), "constraint failed") {
			db.Close()
			continue
		}
		if err != nil {
			t.Fatalf("%s.%s: %v", table, col, err)
		}
		if n, _ := res.RowsAffected(); n != 1 {
			t.Fatalf("%s where %s: %d rows", table, tg.where, n)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		tried++
		rep, err := verify(t, path, tg.ledger, ledger.VerifyOptions{})
		if table == "ledger" && col == "name" {
			if !errors.Is(err, ledger.ErrNoLedger) || !strings.Contains(err.Error(), tg.ledger) {
				t.Errorf("ledger.name of %s changed to %q: %v, want ErrNoLedger", tg.ledger, v, err)
			}
			other, err := verify(t, path, string(v.([]byte)), ledger.VerifyOptions{})
			if err != nil {
				t.Fatalf("under its new name %q: %v", v, err)
			}
			wantProblem(t, other, "ledger", string(v.([]byte)))
			continue
		}
		if err != nil {
			t.Fatalf("%s.%s where %s, changed from %v to %v: %v", table, col, tg.where, value, v, err)
		}
		wantProblem(t, rep, table, tg.place)
		if t.Failed() {
			t.Fatalf("%s.%s where %s was changed from %.80v to %.80v", table, col, tg.where, value, v)
		}
	}
	return tried
}

// TestRowsRemovedAndAdded does to whole rows what the other test does to bits.
func TestRowsRemovedAndAdded(t *testing.T) {
	s := buildSample(t, "x")
	const last = sampleOrg - 1
	copyEntry := func(pos, key int64) string {
		return fmt.Sprintf("INSERT INTO entry SELECT %d, leaf, bytes, note FROM entry WHERE %s", key, whereEntry(1, pos))
	}
	copyDocument := func(pos, key int64) string {
		return fmt.Sprintf("INSERT INTO document SELECT %d, salt, bytes FROM document WHERE %s", key, whereDocument(1, pos, 1))
	}
	swap := func(table, columns string, a, b int64) string {
		return fmt.Sprintf(`CREATE TEMP TABLE s AS SELECT * FROM %[1]s WHERE key IN (%[3]d, %[4]d);
			UPDATE %[1]s SET (%[2]s) = (SELECT %[2]s FROM s WHERE s.key <> %[1]s.key) WHERE key IN (%[3]d, %[4]d)`, table, columns, a, b)
	}
	for _, c := range []struct {
		name, do     string
		ledger       string
		table, where string
	}{
		{"entry deleted", "DELETE FROM entry WHERE " + whereEntry(1, 300), "org", "entry", "300"},
		{"first entry deleted", "DELETE FROM entry WHERE " + whereEntry(1, 0), "org", "entry", "0"},
		{"last entry deleted", "DELETE FROM entry WHERE " + whereEntry(1, last), "org", "entry", fmt.Sprint(last)},
		{"all entries deleted", "DELETE FROM entry WHERE key >> 40 = 1", "org", "ledger", "org"},
		{"document deleted", "DELETE FROM document WHERE " + whereDocument(1, 300, 1), "org", "document", "300/1"},
		{"reason deleted", "DELETE FROM document WHERE " + whereDocument(2, 30, 0), "exam", "document", "30/0"},
		{"revision deleted", "DELETE FROM revision WHERE ledger = 1 AND kind = 'control' AND id = 'r-6' AND rev = 2", "org", "revision", "control r-6 revision 2"},
		{"record deleted", "DELETE FROM revision WHERE ledger = 1 AND kind = 'person' AND id = 'p-9'", "org", "revision", "person p-9 revision 1"},
		{"tile deleted", "DELETE FROM tile WHERE ledger = 1 AND idx = 1", "org", "tile", "0/1"},
		{"last checkpoint removed", "UPDATE entry SET note = NULL WHERE " + whereEntry(1, last), "org", "entry", fmt.Sprint(last)},
		{"checkpoint moved", "UPDATE entry SET note = (SELECT note FROM entry WHERE " + whereEntry(1, 400) + ") WHERE " + whereEntry(1, 401), "org", "entry", "401"},
		{"checkpoint of the other ledger", "UPDATE entry SET note = (SELECT note FROM entry WHERE " + whereEntry(2, 200) + ") WHERE " + whereEntry(1, 200), "org", "entry", "200"},
		{"entry repeated behind the last", copyEntry(last, entryKey(1, last+1)), "org", "ledger", "org"},
		{"entry far behind the last", copyEntry(5, entryKey(1, 100000)), "org", "entry", "100000"},
		{"entry at the highest position", copyEntry(5, entryKey(2, 0)-1), "org", "entry", fmt.Sprint(int64(1<<40 - 1))},
		{"entry before the first", copyEntry(5, entryKey(1, 0)-1), "org", "entry", "ledger number 0"},
		{"entry of a negative key", copyEntry(5, -1), "org", "entry", "ledger number -1"},
		{"entry of the highest key", copyEntry(5, math.MaxInt64), "org", "entry", fmt.Sprintf("ledger number %d", 1<<23-1)},
		{"entry of no ledger", copyEntry(5, entryKey(9, 5)), "exam", "entry", "ledger number 9"},
		{"document of no ledger", copyDocument(5, documentKey(0, 5, 1)), "org", "document", "ledger number 0"},
		{"document of a negative key", copyDocument(5, math.MinInt64), "org", "document", "ledger number -4096"},
		{"document of the highest key", copyDocument(5, math.MaxInt64), "org", "document", "ledger number 4095"},
		{"document at the highest position", copyDocument(5, documentKey(2, 0, 0)-1), "org", "document", fmt.Sprintf("%d/2047", int64(1<<40-1))},
		{"document repeated in another slot", copyDocument(5, documentKey(1, 5, 7)), "org", "document", "5/7"},
		{"document of no entry", copyDocument(5, documentKey(1, 5000, 1)), "org", "document", "5000/1"},
		{"redacted document put back", copyDocument(5, documentKey(1, 10, 1)), "org", "document", "10/1"},
		{"revision made up", "INSERT INTO revision SELECT ledger, kind, id, 99, pos, slot, -1, effective FROM revision WHERE ledger = 1 AND kind = 'person' AND id = 'p-9'", "org", "revision", "person p-9 revision 99"},
		{"record made up", "INSERT INTO revision VALUES (1, 'person', 'nobody', 1, 5, 1, -1, '')", "org", "revision", "person nobody revision 1"},
		{"tile beyond the entries", "INSERT INTO tile SELECT ledger, 0, 2, data FROM tile WHERE ledger = 1 AND idx = 1", "org", "tile", "0/2"},
		{"tile far beyond", "INSERT INTO tile SELECT ledger, 3, 77, data FROM tile WHERE ledger = 1 AND idx = 1", "org", "tile", "3/77"},
		{"documents swapped between slots", swap("document", "salt, bytes", documentKey(1, 20, 0), documentKey(1, 20, 1)), "org", "document", "20/0"},
		{"documents swapped between entries", swap("document", "salt, bytes", documentKey(1, 30, 1), documentKey(1, 31, 1)), "org", "document", "31/1"},
		{"entries swapped", swap("entry", "leaf, bytes", entryKey(1, 400), entryKey(1, 401)), "org", "entry", "400"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "copy.db")
			copyFile(t, s.file(), path)
			db := raw(t, path)
			if _, err := db.Exec(c.do); err != nil {
				t.Fatal(err)
			}
			db.Close()
			rep, err := verify(t, path, c.ledger, ledger.VerifyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			wantProblem(t, rep, c.table, c.where)
		})
	}
}

// TestWhatOnlyACheckpointThatLeftFinds shows the limit the package states:
// who holds the file and the key can go back or rewrite, and only a checkpoint
// kept elsewhere tells.
func TestWhatOnlyACheckpointThatLeftFinds(t *testing.T) {
	s := buildSample(t, "x")
	check := func(t *testing.T, path string, opt ledger.VerifyOptions, table, where string) {
		t.Helper()
		rep, err := verify(t, path, "org", opt)
		if err != nil {
			t.Fatal(err)
		}
		if table != "" {
			wantProblem(t, rep, table, where)
		} else if rep.Err() != nil {
			t.Errorf("found: %s", problems(rep))
		}
	}
	t.Run("the last entries cut off", func(t *testing.T) {
		check(t, s.early, ledger.VerifyOptions{}, "", "")
		check(t, s.early, ledger.VerifyOptions{Checkpoint: s.earlyNotes["org"]}, "", "")
		check(t, s.early, ledger.VerifyOptions{Checkpoint: s.notes["org"]}, "checkpoint", "given")
		check(t, s.file(), ledger.VerifyOptions{Checkpoint: s.earlyNotes["org"]}, "", "")
	})
	t.Run("history rewritten and signed with the same key", func(t *testing.T) {
		forged := forge(t, s.dir)
		check(t, forged, ledger.VerifyOptions{}, "", "")
		c, err := ledger.PeekCheckpoint(s.notes["org"])
		if err != nil {
			t.Fatal(err)
		}
		check(t, forged, ledger.VerifyOptions{Checkpoint: s.notes["org"]}, "checkpoint", fmt.Sprintf("size %d", c.Size))
	})
	t.Run("history rewritten and signed with another key", func(t *testing.T) {
		other := buildSample(t, "y")
		check(t, other.file(), ledger.VerifyOptions{}, "", "")
		check(t, other.file(), ledger.VerifyOptions{Checkpoint: s.notes["org"]}, "checkpoint", "given")
		var key string
		if _, err := verify(t, s.file(), "org", ledger.VerifyOptions{Visit: func(pos int64, e ledger.Entry, _ []ledger.Document) {
			if pos == 0 {
				key = e.Genesis.Key
			}
		}}); err != nil {
			t.Fatal(err)
		}
		check(t, s.file(), ledger.VerifyOptions{Key: key}, "", "")
		check(t, other.file(), ledger.VerifyOptions{Key: key}, "entry", "0")
	})
	t.Run("checkpoint of another ledger", func(t *testing.T) {
		check(t, s.file(), ledger.VerifyOptions{Checkpoint: s.notes["exam"]}, "checkpoint", "given")
	})
}
