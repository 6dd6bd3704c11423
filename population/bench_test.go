package population

import (
	"context"
	"fmt"
	"io"
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

// seeded is the number of lines whose gross amount is a cent too high.
const seeded = 100

// generatePayroll writes a payroll of n lines with the database itself; the
// seeded errors lie evenly in it, so n is a multiple of seeded.
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
			(round(h * r + ot * r * 1.5, 2) + CASE WHEN i %% %d = 7 THEN 0.01 ELSE 0 END)::DECIMAL(12,2) AS gross,
			round(0.7 * (h * r + ot * r * 1.5), 2)::DECIMAL(12,2) AS net,
			lpad((400000 + hash(i + 2) %% 5000)::VARCHAR, 7, '0') AS approver,
			(DATE '2025-01-31' + (i // 850000 * 30)::INT)::TIMESTAMP + to_seconds((hash(i + 3) %% 80000)::INT) AS approved_at,
			CASE WHEN hash(i + 4) %% 50 = 0 THEN DATE '2026-12-31' END AS term_date
		FROM (SELECT range AS i, (hash(range + 5) %% 16000)::DECIMAL(9,0) * 0.01 AS h,
			(hash(range + 6) %% 4000)::DECIMAL(9,0) * 0.01 AS ot,
			(1000 + hash(range + 7) %% 11000)::DECIMAL(9,0) * 0.01 AS r FROM range(%d))
		) TO %s (HEADER)`, max(n/seeded, 8), n, duck.Literal(path)))
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
// payroll and reports processor seconds and their ratios. Hashing (of the
// source, of the frozen file, of the rows) is measured and left out of the
// ratios; the child's start is in them.
func BenchmarkFigures(b *testing.B) {
	dir := b.TempDir()
	source := filepath.Join(dir, "pay.csv")
	generatePayroll(b, source, benchRows(b))
	ctx := context.Background()
	measure := func(name string, f func()) float64 {
		c, w := cpu(), time.Now()
		f()
		used := (cpu() - c).Seconds()
		b.Logf("%-34s cpu %6.2fs wall %6.2fs, largest child so far %d MiB", name, used, time.Since(w).Seconds(), peakChild())
		return used
	}
	var frozen *Frozen
	for range b.N {
		path := filepath.Join(dir, "frozen.parquet")
		os.Remove(path)
		measure("import, whole", func() {
			e := newEngine(b)
			var err error
			frozen, err = e.Import(ctx, ImportRequest{Source: Source{Path: source}, Schema: payrollSchema, Key: []string{"line_id"}, Zone: "UTC", Output: path})
			if err != nil {
				b.Fatal(err)
			}
			e.Close()
		})
		importing := measure("import, reading and writing", func() { importWithoutHashes(b, source, b.TempDir()) })
		sums := measure("  of it the source's SHA-256", func() {
			if _, _, err := hashFile(source); err != nil {
				b.Fatal(err)
			}
		})
		bareImport := measure("bare CSV to Parquet", func() {
			bare(b, dir, `COPY (SELECT * FROM read_csv(`+duck.Literal(source)+`, header=true, auto_detect=false, delim=',', quote='"', columns={line_id:'VARCHAR',employee_id:'VARCHAR',period_end:'DATE',dept:'VARCHAR',hours:'DECIMAL(9,2)',ot_hours:'DECIMAL(9,2)',rate:'DECIMAL(9,2)',gross:'DECIMAL(12,2)',net:'DECIMAL(12,2)',approver:'VARCHAR',approved_at:'TIMESTAMP',term_date:'DATE'})) TO `+duck.Literal(filepath.Join(dir, "bare.parquet"))+parquetOptions)
		})
		census := measure("census", func() {
			e := newEngine(b)
			os.Remove(filepath.Join(dir, "x.jsonl"))
			m, err := e.Evaluate(ctx, EvaluateRequest{Population: frozen.Input(), Zone: "UTC", Attributes: payrollRules, ExceptionsPath: filepath.Join(dir, "x.jsonl")})
			if err != nil {
				b.Fatal(err)
			}
			if m.ExceptionCount != seeded || m.Attributes[0].Counts.Fail != seeded {
				b.Fatalf("found %d exceptions, %d were seeded", m.ExceptionCount, seeded)
			}
			e.Close()
		})
		frozenSum := measure("  of it the file's SHA-256", func() {
			if _, _, err := hashFile(path); err != nil {
				b.Fatal(err)
			}
		})
		exceptions := measure("bare query for exceptions", func() { bare(b, dir, bareExceptions(path)) })
		counts := measure("bare query for counts", func() { bare(b, dir, bareCounts(path)) })
		b.ReportMetric((importing-sums)/bareImport, "import/bare")
		b.ReportMetric((census-frozenSum)/exceptions, "census/exceptions")
		b.ReportMetric((census-frozenSum)/counts, "census/counts")
		b.ReportMetric(float64(peakChild()), "MiB-child")
	}
}

// importWithoutHashes does what an import does up to the frozen file, in this
// process.
func importWithoutHashes(b testing.TB, source, work string) {
	c := &childServer{out: io.Discard, settings: settings{Memory: 512 << 20, Disk: 64 << 30, Threads: 2, Work: work}}
	file, err := tabular.OpenFile(Source{Path: source})
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	r, err := tabular.NewReader(file, Source{Path: source})
	if err != nil {
		b.Fatal(err)
	}
	conv, err := tabular.NewConverter("pay.csv", "", r.Names(), r.Typed(), payrollSchema, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	db, err := c.open("UTC")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	p := newPipeline(r, conv, 2)
	defer p.stop()
	if err := c.writeFrozen(db, filepath.Join(work, frozenName), p); err != nil {
		b.Fatal(err)
	}
}

// bareExceptions is what the census answers, written for the engine by hand.
func bareExceptions(path string) string {
	sql, all := "SELECT line_id", ""
	for i, a := range payrollRules {
		sql += fmt.Sprintf(", (%s) AS r%d", a.Pass, i)
		if i > 0 {
			all += " AND "
		}
		all += "(" + a.Pass + ")"
	}
	return sql + " FROM read_parquet(" + duck.Literal(path) + ") WHERE NOT (" + all + ") ORDER BY line_id"
}

// bareCounts answers less: the number of failures of each rule.
func bareCounts(path string) string {
	sql := "SELECT count(*)"
	for _, a := range payrollRules {
		sql += ", count(*) FILTER (NOT (" + a.Pass + "))"
	}
	return sql + " FROM read_parquet(" + duck.Literal(path) + ")"
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
