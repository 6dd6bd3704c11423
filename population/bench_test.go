package population

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"reperform/population/duck"
	"reperform/population/tabular"
)

// benchRows is the size of the benchmarks' payroll, small unless
// REPERFORM_BENCH_ROWS says otherwise.
func benchRows(b testing.TB) int64 {
	if s := os.Getenv("REPERFORM_BENCH_ROWS"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			b.Fatalf("REPERFORM_BENCH_ROWS=%q is not a number", s)
		}
		return n
	}
	return 100_000
}

// generatePayroll writes a payroll of n lines with the database itself.
func generatePayroll(b testing.TB, path string, n int64) {
	b.Helper()
	db, err := duck.Open()
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	err = db.Exec(fmt.Sprintf(`SET threads=2; COPY (
		SELECT 'L' || lpad(i::VARCHAR, 9, '0') AS line_id,
			lpad((hash(i) %% 400000)::VARCHAR, 7, '0') AS employee_id,
			DATE '2025-01-31' + (i // 850000 * 30)::INT AS period_end,
			(['Finance','Operations','Engineering','Sales','Research, Dev','Legal','HR','Facilities'])[(hash(i + 1) %% 8 + 1)::INT] AS dept,
			h AS "hours", ot AS ot_hours, r AS rate,
			round(h * r + ot * r * 1.5, 2)::DECIMAL(12,2) AS gross,
			round(0.7 * (h * r + ot * r * 1.5), 2)::DECIMAL(12,2) AS net,
			lpad((400000 + hash(i + 2) %% 5000)::VARCHAR, 7, '0') AS approver,
			(DATE '2025-01-31' + (i // 850000 * 30)::INT)::TIMESTAMP + to_seconds((hash(i + 3) %% 80000)::INT) AS approved_at,
			CASE WHEN hash(i + 4) %% 50 = 0 THEN DATE '2026-12-31' END AS term_date
		FROM (SELECT range AS i, (hash(range + 5) %% 16000)::DECIMAL(9,0) * 0.01 AS h,
			(hash(range + 6) %% 4000)::DECIMAL(9,0) * 0.01 AS ot,
			(1000 + hash(range + 7) %% 11000)::DECIMAL(9,0) * 0.01 AS r FROM range(%d))
		) TO %s (HEADER)`, n, duck.Literal(path)))
	if err != nil {
		b.Fatal(err)
	}
}

var payrollSchema = func() Schema {
	var s Schema
	for _, c := range [][2]string{{"line_id", "text"}, {"employee_id", "text"}, {"period_end", "date"}, {"dept", "text"},
		{"hours", "decimal(9,2)"}, {"ot_hours", "decimal(9,2)"}, {"rate", "decimal(9,2)"}, {"gross", "decimal(12,2)"},
		{"net", "decimal(12,2)"}, {"approver", "text"}, {"approved_at", "timestamp"}, {"term_date", "date"}} {
		t, err := tabular.ParseType(c[1])
		if err != nil {
			panic(err)
		}
		s.Columns = append(s.Columns, Column{Name: c[0], Type: t})
	}
	return s
}()

var payrollRules = []Attribute{
	{Code: "A", Pass: `gross = round(hours*rate + ot_hours*rate*1.5, 2)`},
	{Code: "B", Pass: `net >= 0 AND net <= gross`},
	{Code: "C", Pass: `approver <> '' AND approver <> employee_id`},
	{Code: "D", Pass: `approved_at <= period_end + INTERVAL 1 DAY`},
	{Code: "E", Pass: `term_date IS NULL OR term_date >= period_end`},
	{Code: "F", Pass: `ot_hours <= 40 AND rate BETWEEN 10 AND 120 AND dept IN ('Finance','Operations','Engineering','Sales','Research, Dev','Legal','HR','Facilities')`},
}

// cpu is the processor time of this process and of its children that ended.
func cpu() time.Duration {
	var total time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var r syscall.Rusage
		if syscall.Getrusage(who, &r) == nil {
			total += time.Duration(r.Utime.Nano() + r.Stime.Nano())
		}
	}
	return total
}

// peakChild is the largest resident size in MiB of any child that ended.
func peakChild() int64 {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_CHILDREN, &r)
	return r.Maxrss >> 10
}

// BenchmarkFigures runs the product and the bare engine in turn over the same
// payroll and reports processor seconds and their ratios.
func BenchmarkFigures(b *testing.B) {
	dir := b.TempDir()
	csv := filepath.Join(dir, "pay.csv")
	n := benchRows(b)
	generatePayroll(b, csv, n)
	ctx := context.Background()
	measure := func(name string, f func()) time.Duration {
		c, w := cpu(), time.Now()
		f()
		used := cpu() - c
		b.Logf("%-28s cpu %6.2fs wall %6.2fs  child peak so far %d MiB", name, used.Seconds(), time.Since(w).Seconds(), peakChild())
		return used
	}
	for range b.N {
		var f *Frozen
		stages := map[string]time.Duration{}
		_ = stages
		importing := measure("import", func() {
			e := newEngine(b)
			var err error
			os.Remove(filepath.Join(dir, "frozen.parquet"))
			f, err = e.Import(ctx, ImportRequest{Source: Source{Path: csv}, Schema: payrollSchema, Key: []string{"line_id"}, Zone: "UTC", Output: filepath.Join(dir, "frozen.parquet")})
			if err != nil {
				b.Fatal(err)
			}
			e.Close()
		})
		bareImport := measure("bare CSV to Parquet", func() {
			bare(b, dir, `COPY (SELECT * FROM read_csv(`+duck.Literal(csv)+`, header=true, auto_detect=false, delim=',', quote='"', columns={line_id:'VARCHAR',employee_id:'VARCHAR',period_end:'DATE',dept:'VARCHAR',hours:'DECIMAL(9,2)',ot_hours:'DECIMAL(9,2)',rate:'DECIMAL(9,2)',gross:'DECIMAL(12,2)',net:'DECIMAL(12,2)',approver:'VARCHAR',approved_at:'TIMESTAMP',term_date:'DATE'})) TO `+duck.Literal(filepath.Join(dir, "bare.parquet"))+parquetOptions)
		})
		census := measure("census", func() {
			e := newEngine(b)
			os.Remove(filepath.Join(dir, "x.jsonl"))
			m, err := e.Evaluate(ctx, EvaluateRequest{Population: f.Input(), Zone: "UTC", Attributes: payrollRules, ExceptionsPath: filepath.Join(dir, "x.jsonl")})
			if err != nil {
				b.Fatal(err)
			}
			b.Logf("exceptions %d of %d rows", m.ExceptionCount, m.Rows)
			e.Close()
		})
		sql := "SELECT line_id"
		all := ""
		for i, a := range payrollRules {
			sql += fmt.Sprintf(", (%s) AS r%d", a.Pass, i)
			if i > 0 {
				all += " AND "
			}
			all += "(" + a.Pass + ")"
		}
		sql += " FROM read_parquet(" + duck.Literal(f.Path) + ") WHERE NOT (" + all + ") ORDER BY line_id"
		bareQuery := measure("bare query, exceptions", func() { bare(b, dir, sql) })
		agg := "SELECT count(*)"
		for _, a := range payrollRules {
			agg += ", count(*) FILTER (NOT (" + a.Pass + "))"
		}
		bareCount := measure("bare query, counts", func() { bare(b, dir, agg+" FROM read_parquet("+duck.Literal(f.Path)+")") })
		b.Logf("import ratio %.2f, census ratio %.2f to exceptions, %.2f to counts", importing.Seconds()/bareImport.Seconds(), census.Seconds()/bareQuery.Seconds(), census.Seconds()/bareCount.Seconds())
	}
}

func bare(b testing.TB, dir, sql string) {
	b.Helper()
	db, err := duck.Open()
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if err := db.Exec("SET threads=2; SET memory_limit='512MB'; SET temp_directory=" + duck.Literal(dir)); err != nil {
		b.Fatal(err)
	}
	rows, err := db.Query(sql)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for {
		chunk, err := rows.Next()
		if err != nil {
			b.Fatal(err)
		}
		if chunk == nil {
			return
		}
	}
}
