package population

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// attack is SQL that must be refused, with a part of the refusal.
type attack struct{ sql, want string }

// attributeAttacks are given where a boolean expression belongs. Package guard
// tests many more; these go through the whole engine.
var attributeAttacks = []attack{
	{`n > 0; COPY p TO '/tmp/evil.csv'`, "not allowed"},
	{`n > 0) FROM p; COPY p TO '/tmp/evil.csv'; SELECT (true`, "does not parse"},
	{`n > 0 -- ) the parenthesis is swallowed`, ""},
	{`n > 0 /*`, "does not parse"},
	{`EXISTS (SELECT * FROM read_text('/etc/passwd'))`, "read_text is not allowed"},
	{`EXISTS (SELECT * FROM read_csv('/etc/passwd'))`, "read_csv is not allowed"},
	{`EXISTS (SELECT * FROM read_blob('/proc/self/environ'))`, "read_blob is not allowed"},
	{`EXISTS (SELECT * FROM glob('/etc/*'))`, "glob is not allowed"},
	{`EXISTS (FROM '/etc/passwd')`, "not one of the named populations"},
	{`EXISTS (FROM "PATH")`, "not one of the named populations"},
	{`EXISTS (SELECT * FROM read_parquet('PATH'))`, "read_parquet is not allowed"},
	{`EXISTS (SELECT * FROM parquet_metadata('PATH'))`, "parquet_metadata is not allowed"},
	{`getenv('HOME') = ''`, "not allowed"},
	{`EXISTS (SELECT * FROM duckdb_settings())`, "duckdb_settings is not allowed"},
	{`EXISTS (SELECT database_name, path FROM duckdb_databases())`, "duckdb_databases is not allowed"},
	{`EXISTS (SELECT * FROM information_schema.tables)`, "not one of the named populations"},
	{`current_setting('memory_limit') = ''`, "settings"},
	{`random() < 0.5`, "different result each time"},
	{`d <= current_date`, "session or the clock"},
	{`now() > d`, "session or the clock"},
	{`n / 3 > 1`, "division"},
	{`CAST(n AS DOUBLE) > 1`, "floating point"},
	{`1/0 > 5`, "division"},
	{`n`, "not a boolean"},
	{`missing > 1`, "missing"},
	{`(SELECT n FROM p) > 1`, "More than one row"},
	{`CAST(k AS INTEGER) > 1`, "Could not convert"},
	{`(n * 9223372036854775807) // 7 > 0`, "Overflow"},
	{`error('now') IS NULL`, "different result"},
	{`EXISTS (WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM t) SELECT * FROM t)`, "recursive"},
	{`EXISTS (FROM p TABLESAMPLE 10%)`, "SAMPLE"},
	{strings.Repeat("n + ", 15_000) + "n > 0", ""},
	{strings.Repeat("NOT ", 15_000) + "n > 0", ""},
	{strings.Repeat("CASE WHEN n > 0 THEN ", 2000) + "true" + strings.Repeat(" END", 2000), ""},
}

// queryAttacks are given where the SELECT of a derivation belongs.
var queryAttacks = []attack{
	{`COPY (SELECT 1) TO '/tmp/evil.csv'`, "not allowed"},
	{`COPY p TO 'PATH'`, "not allowed"},
	{`DELETE FROM p`, "not allowed"},
	{`ATTACH '/tmp/evil.db'`, "not allowed"},
	{`SET enable_external_access = true`, "not allowed"},
	{`SET memory_limit = '20GB'`, "not allowed"},
	{`SET threads = 64`, "not allowed"},
	{`INSTALL httpfs`, "not allowed"},
	{`LOAD '/tmp/x.duckdb_extension'`, "not allowed"},
	{`RESET lock_configuration`, "not allowed"},
	{`PRAGMA database_list`, "not allowed"},
	{`EXPORT DATABASE '/tmp/evil'`, "not allowed"},
	{`IMPORT DATABASE '/tmp/evil'`, "not allowed"},
	{`CREATE TABLE x AS SELECT * FROM p`, "not allowed"},
	{`CALL pragma_version()`, "not allowed"},
	{`SELECT 1 AS x; SELECT 2 AS x`, "2 statements"},
	{`SELECT * FROM p) AS t; COPY p TO '/tmp/x'; SELECT * FROM (SELECT 1`, "does not parse"},
	{`SELECT * FROM read_text('/etc/passwd')`, "read_text is not allowed"},
	{`SELECT * FROM glob('/etc/*')`, "glob is not allowed"},
	{`SELECT getenv('HOME') AS h`, "not allowed"},
	{`SELECT count(*) AS n FROM duckdb_settings()`, "duckdb_settings is not allowed"},
	{`SELECT k, uuid() AS u FROM p`, "different result"},
	{`SELECT avg(n) AS a FROM p`, "floating point"},
	{`SELECT k, list(n) AS l FROM p GROUP BY k`, "ORDER BY"},
	{`SELECT k, list(n ORDER BY n) AS l FROM p GROUP BY k`, "of type LIST"},
	{`SELECT k, d - d AS i, INTERVAL 1 DAY AS i2 FROM p`, "of type INTERVAL"},
	{`SELECT k, k FROM p`, "same name"},
	{`SELECT k FROM p LIMIT 1`, "order of rows"},
	{`SELECT max_by(k, n // 100) AS k FROM p`, "order of rows"},
	{`SELECT DISTINCT ON (n // 100) k FROM p`, "order of rows"},
	{`SELECT first(k ORDER BY n // 100) AS k FROM p`, "order of rows"},
	{`SELECT k, row_number() OVER (ORDER BY n // 100) AS r FROM p`, "order of rows"},
}

func attacked(t *testing.T) (*Engine, *Frozen) {
	e := newEngine(t)
	return e, importCSV(t, e, "k,n,d\na,1,2025-01-01\nb,2,2025-01-02\nc,3,2025-01-03\n", "k")
}

func TestAttributeAttacks(t *testing.T) {
	e, f := attacked(t)
	for _, a := range attributeAttacks {
		sql := strings.ReplaceAll(a.sql, "PATH", f.Path)
		_, err := e.Evaluate(context.Background(), EvaluateRequest{
			Population: f.Input(), Zone: "UTC", Attributes: []Attribute{{Code: "A", Pass: sql}},
			ExceptionsPath: filepath.Join(t.TempDir(), "x.jsonl"),
		})
		if err == nil {
			if a.want != "" {
				t.Errorf("accepted: %.100s", sql)
			}
			continue
		}
		var refused *SQLError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), a.want) || refused.Where != "attribute A" {
			t.Errorf("%.100s\n\tgot  %.300v\n\twant %s", sql, err, a.want)
		}
	}
}

func TestQueryAttacks(t *testing.T) {
	e, f := attacked(t)
	before, _ := os.ReadFile(f.Path)
	for _, a := range queryAttacks {
		out := filepath.Join(t.TempDir(), "derived.parquet")
		_, err := e.Derive(context.Background(), DeriveRequest{SQL: strings.ReplaceAll(a.sql, "PATH", f.Path), Inputs: map[string]Input{"p": f.Input()}, Zone: "UTC", Output: out})
		if err == nil {
			t.Errorf("accepted: %s", a.sql)
		} else if !strings.Contains(err.Error(), a.want) {
			t.Errorf("%s\n\tgot  %v\n\twant %s", a.sql, err, a.want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s left an output", a.sql)
		}
	}
	if after, _ := os.ReadFile(f.Path); string(after) != string(before) {
		t.Error("the frozen file was changed")
	}
}

// TestOtherPlacesForSQL: strata and filters pass the same guard.
func TestOtherPlacesForSQL(t *testing.T) {
	e, f := attacked(t)
	for _, q := range []KeysRequest{
		{Where: "random() > 0"}, {Where: "true) OR (true"}, {Stratum: "current_date"}, {Stratum: "n, k"}, {Stratum: "[n]"}, {Where: "n"},
	} {
		q.Population, q.Zone = f.Input(), "UTC"
		var refused *SQLError
		if err := e.Keys(context.Background(), q, func(KeyRow) error { return nil }); !errors.As(err, &refused) {
			t.Errorf("where %q, stratum %q: got %v", q.Where, q.Stratum, err)
		}
	}
	for _, name := range []string{"p", "P", "a b", "", "1x", `x"; DROP`, "näme", strings.Repeat("x", 64)} {
		_, err := e.Evaluate(context.Background(), EvaluateRequest{Population: f.Input(), Zone: "UTC", Joins: []Join{{Name: name, Input: f.Input()}},
			Attributes: []Attribute{{Code: "A", Pass: "true"}}, ExceptionsPath: filepath.Join(t.TempDir(), "x")})
		if err == nil {
			t.Errorf("the name %q was accepted", name)
		}
	}
}

// TestErrorsNameTheRow: an expression that fails on a row says on which.
func TestErrorsNameTheRow(t *testing.T) {
	e := newEngine(t)
	f := importCSV(t, e, "k,v\nk1,1\nk2,x\nk3,3\nk4,y\n", "k")
	_, err := e.Evaluate(context.Background(), EvaluateRequest{
		Population: f.Input(), Zone: "UTC", ExceptionsPath: filepath.Join(t.TempDir(), "x"),
		Attributes: []Attribute{{Code: "A", Pass: "k <> ''"}, {Code: "B", NotApplicable: "k = 'k2'", Pass: "CAST(v AS INTEGER) > 0"}},
	})
	var refused *SQLError
	if !errors.As(err, &refused) || refused.Where != "attribute B" || refused.Key != "k4" {
		t.Errorf("got %+v (%v), want attribute B and the key k4", refused, err)
	}
}

// TestWholeNumbersDividedByZero: the documented meaning is NULL, which is
// "cannot tell", and never infinity.
func TestWholeNumbersDividedByZero(t *testing.T) {
	e, f := attacked(t)
	m, err := e.Evaluate(context.Background(), EvaluateRequest{Population: f.Input(), Zone: "UTC", ExceptionsPath: filepath.Join(t.TempDir(), "x"),
		Attributes: []Attribute{{Code: "A", Pass: "10 // (n - 1) > 5"}, {Code: "B", Pass: "10 % (n - 1) >= 0"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Attributes[0].Counts; got != (Counts{Pass: 1, Fail: 1, CannotTell: 1}) {
		t.Errorf("//: %+v", got)
	}
	if got := m.Attributes[1].Counts; got != (Counts{Pass: 2, CannotTell: 1}) {
		t.Errorf("%%: %+v", got)
	}
}

// TestBombs: what never ends is stopped, what needs too much memory fails, and
// the engine answers the next question.
func TestBombs(t *testing.T) {
	e := newEngine(t, func(o *Options) {
		o.Timeout = 1500 * time.Millisecond
		o.MemoryLimit = 64 << 20
		o.DiskLimit = 256 << 20
	})
	f := importCSV(t, e, "k,n\na,1\nb,2\n", "k")
	evaluate := func(sql string) error {
		_, err := e.Evaluate(context.Background(), EvaluateRequest{Population: f.Input(), Zone: "UTC", Attributes: []Attribute{{Code: "A", Pass: sql}}, ExceptionsPath: filepath.Join(t.TempDir(), "x")})
		return err
	}
	for _, sql := range []string{
		`(SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE a.range + b.range < n) = 0`,
		`(SELECT count(*) FROM (SELECT DISTINCT a.range * 100000 + b.range FROM range(100000) a, range(100000) b)) = n`,
		`length(repeat('x', 2000000000)) = n`,
		`len(range(10000000000)) = n`,
		`(SELECT max(length(s)) FROM (SELECT string_agg(repeat('x', 100000), '' ORDER BY range) AS s FROM range(1000000))) = n`,
	} {
		begin := time.Now()
		err := evaluate(sql)
		if err == nil {
			t.Errorf("succeeded: %s", sql)
		}
		if d := time.Since(begin); d > 20*time.Second {
			t.Errorf("%s took %s to be stopped", sql, d)
		}
		t.Logf("%.60s: %.200v", sql, err)
		if err := evaluate("n > 0"); err != nil {
			t.Fatalf("the next question failed: %v", err)
		}
	}
}
