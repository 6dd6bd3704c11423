package guard

import (
	"errors"
	"strings"
	"testing"

	"reperform/population/duck"
)

func newGuard(t testing.TB) (*Guard, *duck.DB) {
	t.Helper()
	db, err := duck.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	err = db.Exec(`
		CREATE TABLE p (id VARCHAR, amt DECIMAL(12,2), n BIGINT, d DATE, e DATE, ts TIMESTAMP, tz TIMESTAMPTZ, ok BOOLEAN, "odd name" VARCHAR);
		CREATE TABLE q (id VARCHAR, x DECIMAL(12,2), made TIMESTAMP);
		CREATE MACRO within_tolerance(a, b, tol) AS abs(a - b) <= tol;`)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := ReadRules(db)
	if err != nil {
		t.Fatal(err)
	}
	g := New(db, rules, []string{"p", "q"}, []string{"id", "amt", "n", "d", "e", "ts", "tz", "ok", "odd name", "x", "made"}, []string{"within_tolerance"})
	return g, db
}

func judge(g *Guard, expression string) error {
	if _, err := g.Expression(expression); err != nil {
		return err
	}
	columns, err := g.Types("SELECT (" + expression + "\n) AS x FROM p")
	if err != nil {
		return err
	}
	if columns[0].Type.Name != "BOOLEAN" {
		return errors.New("type " + columns[0].Type.Name)
	}
	return nil
}

func TestExpressionsAccepted(t *testing.T) {
	g, _ := newGuard(t)
	for _, x := range []string{
		`amt <= 100`,
		`p.amt > 1.5`,
		`"odd name" IS NOT NULL AND amt = round(amt * 1.5, 2)`,
		`d IS NULL OR e >= d`,
		`ts <= d + INTERVAL 1 DAY`,
		`ts <= d + INTERVAL (n) DAY`,
		`ts <= ts + INTERVAL 240 HOUR`,
		`ts <= ts + INTERVAL '90 minutes'`,
		`date_diff('hour', ts, ts) <= 240`,
		`amt BETWEEN 10 AND 120 AND id IN ('a', 'b')`,
		`EXISTS (SELECT * FROM q WHERE q.id = p.id AND q.x = p.amt)`,
		`(SELECT count(*) FROM q WHERE q.id = p.id) = 1`,
		`NOT EXISTS (SELECT 1 FROM p AS other WHERE other.id <> p.id AND other.amt = p.amt)`,
		`amt <= (SELECT sum(x) FROM q WHERE q.id = p.id)`,
		`id IN (WITH big AS (SELECT id FROM q WHERE x > 10) SELECT id FROM big)`,
		`id LIKE 'A%' AND regexp_matches(id, '^[A-Z]+$')`,
		`upper(trim(id)) = 'X'`,
		`CASE WHEN n = 1 THEN ok ELSE amt > 3 END`,
		`within_tolerance(amt, 10.00, 0.01)`,
		`n % 7 = 0 AND n // 7 > 1`,
		`coalesce(ok, false)`,
		`list_contains([1, 2, 3], n)`,
		`len(list_filter([amt, 1.0], x -> x > 0)) = 2`,
		`extract(year FROM d) = 2025 AND date_trunc('month', d) = DATE '2025-01-01'`,
		`CAST(tz AS DATE) = d`,
		`try_cast(id AS INTEGER) IS NOT NULL`,
		`strptime(id, '%Y-%m-%d') < ts`,
		`id IS DISTINCT FROM 'x' -- the closing parenthesis survives`,
		`amt > 0 /* so it does */`,
		`(SELECT bool_and(x > 0) FROM q WHERE q.id = p.id)`,
		`(SELECT max_by(x, made) FROM q WHERE q.id = p.id) > 1`,
		`(SELECT list(x ORDER BY made, x) FROM q WHERE q.id = p.id)[1] = 3.00`,
		`(SELECT count(*) FROM range(3)) = 3`,
		`(SELECT list(x ORDER BY x DESC) FROM q WHERE q.id = p.id)[1] = 3.00`,
		`nullif(id, '') IS NOT NULL`,
		`list_sum([amt, amt]) > 1`,
		`md5(id) = 'x' OR sha256(id) = 'y'`,
	} {
		if err := judge(g, x); err != nil {
			t.Errorf("refused: %s\n\t%v", x, err)
		}
	}
}

func TestExpressionsRefused(t *testing.T) {
	g, _ := newGuard(t)
	for _, c := range []struct{ sql, want string }{
		{``, "empty"},
		{`amt <=`, "does not parse"},
		{`amt > 0; DROP TABLE p`, "not allowed"},
		{`amt > 0;`, "one expression"},
		{`amt > 0, 1`, "not a single expression"},
		{`amt > 0,`, "not one expression"},
		{`amt > 0) OR (1 = 1`, "does not parse"},
		{`1) FROM p; COPY p TO '/tmp/x'; SELECT (1`, "does not parse"},
		{`amt > 0 AS x`, "alias"},
		{`amt > 0 FROM p`, "not a single expression"},
		{`amt > 0 WHERE true`, "not a single expression"},
		{`DISTINCT ok`, "not a single expression"},
		{`ok UNION SELECT true`, "not a single expression"},
		{`ok LIMIT 1`, "not a single expression"},
		{`ok /* unclosed`, "does not parse"},
		{`*`, "star"},
		{`COLUMNS(*) > 1`, "star"},
		{`?`, "parameter"},
		{`$1 > 0`, "parameter"},
		{`#1`, "position"},
		{`current_setting('threads') = '1'`, "settings"},
		{`getenv('HOME') = ''`, "not allowed"},
		{`getvariable('x') IS NULL`, "variables"},
		{`random() > 0.5`, "different result"},
		{`uuid() = id`, "different result"},
		{`gen_random_uuid() = id`, "different result"},
		{`now() > tz`, "session or the clock"},
		{`tz < current_timestamp`, "current_timestamp"},
		{`d <= current_date`, "current_date"},
		{`d <= today()`, "session or the clock"},
		{`age(ts) > INTERVAL 1 DAY`, "clock"},
		{`nextval('s') = 1`, "different result"},
		{`current_user = 'x'`, "current_user"},
		{`session_user = 'x'`, "session_user"},
		{`version() = 'x'`, "not of the data"},
		{`error('x')`, "different result"},
		{`sleep_ms(100000) IS NULL`, "different result"},
		{`write_log('x') IS NULL`, "different result"},
		{`hash(id) = 1`, "versions"},
		{`main.random() > 0.5`, "different result"},
		{`pg_catalog.pg_sleep(10) IS NULL`, "not allowed"},
		{`EXISTS (SELECT * FROM read_text('/etc/passwd'))`, "read_text"},
		{`EXISTS (SELECT * FROM read_csv('/etc/passwd'))`, "read_csv"},
		{`EXISTS (SELECT * FROM glob('/etc/*'))`, "glob"},
		{`EXISTS (SELECT * FROM '/etc/passwd')`, "not one of the named populations"},
		{`EXISTS (SELECT * FROM "/tmp/frozen.parquet")`, "not one of the named populations"},
		{`EXISTS (SELECT * FROM duckdb_settings())`, "duckdb_settings"},
		{`EXISTS (SELECT * FROM duckdb_settings)`, "not one of the named populations"},
		{`EXISTS (SELECT * FROM information_schema.tables)`, "not one of the named populations"},
		{`EXISTS (SELECT * FROM pragma_version())`, "pragma_version"},
		{`EXISTS (SELECT * FROM query('SELECT 1'))`, "table function query"},
		{`EXISTS (SELECT * FROM query_table('p'))`, "query_table"},
		{`EXISTS (SELECT * FROM memory.main.p)`, "not one of the named populations"},
		{`EXISTS (FROM p TABLESAMPLE 10%)`, "SAMPLE"},
		{`EXISTS (FROM p USING SAMPLE 10)`, "SAMPLE"},
		{`EXISTS (DESCRIBE p)`, "not allowed"},
		{`EXISTS (FROM (SUMMARIZE p))`, "not allowed"},
		{`EXISTS (FROM (SHOW TABLES))`, "not allowed"},
		{`EXISTS (WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT * FROM t) SELECT * FROM t)`, "recursive"},
		{`EXISTS (WITH p AS (SELECT 1) SELECT * FROM p)`, "redefines"},
		{`EXISTS (FROM p POSITIONAL JOIN q)`, "POSITIONAL"},
		{`amt / 3 > 1`, "division"},
		{`amt > 1.5e0`, "floating-point"},
		{`CAST(amt AS DOUBLE) > 1`, "floating point"},
		{`amt::FLOAT > 1`, "floating point"},
		{`sqrt(amt) > 1`, "floating point"},
		{`(SELECT avg(x) FROM q) > 1`, "floating point"},
		{`(SELECT stddev(x) FROM q) > 1`, "floating point"},
		{`epoch(ts) > 1`, "floating point"},
		{`list_avg([amt]) > 1`, "not allowed"},
		{`list_aggregate([amt], 'avg') > 1`, "hides"},
		{`(SELECT x / 2 FROM q LIMIT 1) > 1`, "division"},
		{`(SELECT first(x) FROM q) > 1`, "ORDER BY"},
		{`(SELECT list(x) FROM q)[1] > 1`, "ORDER BY"},
		{`(SELECT string_agg(id, ',') FROM q) = 'a'`, "ORDER BY"},
		{`row_number() OVER () = 1`, "no order"},
		{`(SELECT approx_count_distinct(id) FROM q) > 1`, "approximate"},
		{`json_serialize_sql('SELECT 1') IS NULL`, "SQL inside SQL"},
		{`no_such_column > 1`, "no_such_column"},
		{`amt`, "type DECIMAL"},
		{`n > 1.5e300::DOUBLE`, "floating"},
		{strings.Repeat("(", 300) + "ok" + strings.Repeat(")", 300), "nests brackets"},
		{strings.Repeat("NOT ", 5000) + "ok", ""},
		{`ok OR '` + strings.Repeat("x", 70_000) + `' = id`, "bytes"},
	} {
		err := judge(g, c.sql)
		if err == nil {
			t.Errorf("accepted: %.80s", c.sql)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80s\n\tgot  %.200v\n\twant %s", c.sql, err, c.want)
		}
	}
}

func TestQueries(t *testing.T) {
	g, _ := newGuard(t)
	for _, sql := range []string{
		`SELECT id, sum(amt) AS total FROM p GROUP BY id`,
		`SELECT p.id, list(q.x ORDER BY q.made, q.x)[1] AS first_x FROM p JOIN q ON p.id = q.id GROUP BY p.id`,
		`WITH a AS (SELECT * FROM p), b AS (SELECT * FROM a) SELECT a.id FROM a JOIN b USING (id)`,
		`SELECT id, row_number() OVER (PARTITION BY id ORDER BY d, n) AS r FROM p`,
		`SELECT id FROM p UNION ALL SELECT id FROM q -- both`,
		`FROM p`,
		`SELECT unnest([1, 2]) AS u`,
		`SELECT DISTINCT ON (id) id, amt FROM p ORDER BY id, amt`,
		`SELECT id, min(ts) FILTER (WHERE n = 1) AS t FROM p GROUP BY ALL`,
	} {
		_, err := g.Query(sql)
		if err == nil {
			_, err = g.Types(sql)
		}
		if err != nil {
			t.Errorf("refused: %s\n\t%v", sql, err)
		}
	}
	for _, c := range []struct{ sql, want string }{
		{`COPY p TO '/tmp/evil.csv'`, "not allowed"},
		{`ATTACH '/tmp/evil.db'`, "not allowed"},
		{`PRAGMA database_list`, "not allowed"},
		{`SET threads = 64`, "not allowed"},
		{`RESET lock_configuration`, "not allowed"},
		{`INSTALL httpfs`, "not allowed"},
		{`LOAD './x.duckdb_extension'`, "not allowed"},
		{`EXPORT DATABASE '/tmp/x'`, "not allowed"},
		{`DELETE FROM p`, "not allowed"},
		{`UPDATE p SET n = 1`, "not allowed"},
		{`CREATE TABLE x AS SELECT 1`, "not allowed"},
		{`DROP TABLE p`, "not allowed"},
		{`CALL pragma_version()`, "not allowed"},
		{`EXPLAIN ANALYZE SELECT 1`, "not allowed"},
		{`SELECT 1; SELECT 2`, "2 statements"},
		{`SELECT 1) AS t; COPY (SELECT 1) TO '/tmp/x'; SELECT * FROM (SELECT 1`, "does not parse"},
		{`SELECT * FROM '/tmp/x.parquet'`, "not one of the named populations"},
		{`SELECT * FROM read_parquet('/tmp/x.parquet')`, "read_parquet"},
		{`PIVOT p ON id USING sum(amt)`, "not allowed"},
		{`SELECT * FROM (PIVOT p ON id IN ('a') USING sum(amt))`, "PIVOT"},
		{`SELECT * FROM repeat_row(1, num_rows := 1000000000000)`, "repeat_row"},
		{`VALUES (random())`, "different result"},
		{`SELECT id FROM p ORDER BY random()`, "different result"},
		{`SELECT avg(amt) AS a FROM p`, "floating point"},
	} {
		_, err := g.Query(c.sql)
		if err == nil {
			_, err = g.Types(c.sql)
		}
		if err == nil {
			t.Errorf("accepted: %s", c.sql)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n\tgot  %v\n\twant %s", c.sql, err, c.want)
		}
	}
}

// FuzzExpression: the guard returns, and what it accepts and binds is one
// boolean column over the population, whatever the text.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{"amt > 0", "ok -- x", "ok) or (ok", "ok /* */", "'a;b' = id", "E'\\'' = id", "$$x$$ = id", "\"odd name\" = ''", "ok;", "id = '\x00'", "x'", "((((", "exists (from q)"} {
		f.Add(s)
	}
	g, db := newGuard(f)
	f.Fuzz(func(t *testing.T, text string) {
		if judge(g, text) != nil {
			return
		}
		columns, err := db.Describe("SELECT (" + text + "\n) AS x, 1 AS y FROM p")
		if err != nil || len(columns) != 2 || columns[0].Type.Kind != duck.Bool {
			t.Fatalf("%q was accepted and is %v, %v", text, columns, err)
		}
	})
}
