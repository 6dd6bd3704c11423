package population

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// endless is a question that only a kill ends.
const endless = `(SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE a.range + b.range < n) = 0`

func TestCancelKillsAndTheNextCallWorks(t *testing.T) {
	e := newEngine(t)
	f := importCSV(t, e, "k,n\na,1\n", "k")
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(300*time.Millisecond, cancel)
	begin := time.Now()
	_, err := e.Evaluate(ctx, EvaluateRequest{Population: f.Input(), Zone: "UTC", Attributes: []Attribute{{Code: "A", Pass: endless}}, ExceptionsPath: filepath.Join(t.TempDir(), "x")})
	if !errors.Is(err, ErrStopped) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want ErrStopped and context.Canceled", err)
	}
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("stopping took %s", d)
	}
	if _, err := e.Hash(context.Background(), f.Input()); err != nil {
		t.Errorf("the next call: %v", err)
	}
	if _, err := e.Hash(ctx, f.Input()); !errors.Is(err, context.Canceled) {
		t.Errorf("a call with an ended context: %v", err)
	}
}

func TestChildThatDies(t *testing.T) {
	e := newEngine(t)
	f := importCSV(t, e, "k,n\na,1\n", "k")
	done := make(chan error, 1)
	go func() {
		_, err := e.Evaluate(context.Background(), EvaluateRequest{Population: f.Input(), Zone: "UTC", Attributes: []Attribute{{Code: "A", Pass: endless}}, ExceptionsPath: filepath.Join(t.TempDir(), "x")})
		done <- err
	}()
	// The child is found as a process whose parent is this one; the test cannot
	// ask the engine, which is busy.
	deadline := time.Now().Add(5 * time.Second)
	for killed := false; !killed && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		for _, pid := range engineChildren(t, os.Getpid()) {
			time.Sleep(300 * time.Millisecond)
			killed = syscall.Kill(pid, syscall.SIGKILL) == nil
		}
	}
	select {
	case err := <-done:
		if !errors.Is(err, ErrCrashed) || !strings.Contains(err.Error(), "killed") {
			t.Errorf("got %v, want ErrCrashed", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the death of the child was not noticed")
	}
	if _, err := e.Hash(context.Background(), f.Input()); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

// engineChildren are the engine processes of a parent, as the kernel lists them.
func engineChildren(t *testing.T, parent int) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err1 := os.ReadFile("/proc/" + e.Name() + "/stat")
		args, err2 := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		// The command's name stands in parentheses and may hold spaces.
		_, rest, ok := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		if err1 != nil || err2 != nil || !ok || len(fields) < 2 || fields[1] != strconv.Itoa(parent) {
			continue
		}
		if strings.HasSuffix(string(args), "\x00engine\x00") {
			out = append(out, pid)
		}
	}
	return out
}

// TestFence: where the kernel has Landlock it stands, and the child cannot
// read what it was not given even by statements of its own.
func TestFence(t *testing.T) {
	e := newEngine(t)
	f := importCSV(t, e, "k,n\na,1\n", "k")
	if _, err := e.Hash(context.Background(), f.Input()); err != nil {
		t.Fatal(err)
	}
	if !e.Fenced() {
		t.Log("this kernel has no Landlock; the first wall stands alone")
		return
	}
	secret := writeFile(t, "secret.csv", "a\n1\n")
	// The import is told of one file and asked to read another.
	var out Frozen
	err := e.call(context.Background(), "import", []string{f.Path}, ImportRequest{Source: Source{Path: secret, Name: "secret.csv"}, Zone: "UTC"}, &out, nil, nil)
	if err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("a file that was not named was read: %v", err)
	}
}

func TestChildEnvironmentIsEmpty(t *testing.T) {
	t.Setenv("REPERFORM_SECRET", "x")
	e := newEngine(t)
	f := importCSV(t, e, "k,n\na,1\n", "k")
	if _, err := e.Hash(context.Background(), f.Input()); err != nil {
		t.Fatal(err)
	}
	children := engineChildren(t, os.Getpid())
	if len(children) == 0 {
		t.Error("no child was found")
	}
	for _, pid := range children {
		env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil || len(bytes.Trim(env, "\x00")) != 0 {
			t.Errorf("environment: %q, %v", env, err)
		}
	}
}

func TestTemporaryDirectories(t *testing.T) {
	parent := t.TempDir()
	living := newEngine(t, func(o *Options) { o.TempDir = parent })
	f := importCSV(t, living, "k,n\na,1\n", "k")
	if info, err := os.Stat(living.dir.Path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	// What a killed owner leaves: a directory whose lock nobody holds.
	dead := filepath.Join(parent, "reperform-engine-dead")
	if err := os.MkdirAll(filepath.Join(dead, "work"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dead, "lock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	other := newEngine(t, func(o *Options) { o.TempDir = parent })
	if _, err := os.Stat(dead); err == nil {
		t.Error("the dead owner's directory is still there")
	}
	if _, err := living.Hash(context.Background(), f.Input()); err != nil {
		t.Errorf("the living owner's directory was taken: %v", err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(other.dir.Path); err == nil {
		t.Error("closing left the directory")
	}
	if _, err := other.Hash(context.Background(), f.Input()); err == nil {
		t.Error("a closed engine answered")
	}
}

// TestFullDisk: the limit on file sizes makes writes fail as a full disk does,
// with a clear error and nothing left; where the test may mount, a really full
// file system does the same.
func TestFullDisk(t *testing.T) {
	// Hashes in hex hardly compress, so the frozen file outgrows the limit.
	var b strings.Builder
	b.WriteString("k\n")
	for i := range 60_000 {
		sum := sha256.Sum256([]byte(strconv.Itoa(i + 1)))
		b.WriteString(hex.EncodeToString(sum[:]) + "\n")
	}
	source := writeFile(t, "x.csv", b.String())
	check := func(e *Engine, output string) {
		t.Helper()
		_, err := e.Import(context.Background(), ImportRequest{Source: Source{Path: source}, Zone: "UTC", Output: output})
		var bad *InputError
		if !errors.As(err, &bad) || !bad.Machine || !strings.Contains(bad.Problem, "no space left") {
			t.Errorf("got %v", err)
		}
		if left, _ := os.ReadDir(filepath.Dir(output)); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	check(newEngine(t, func(o *Options) { o.DiskLimit = 1 << 20 }), filepath.Join(t.TempDir(), "f.parquet"))
	small := t.TempDir()
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=1m"); err != nil {
		t.Logf("no file system can be mounted here (%v): only the limit was tested", err)
		return
	}
	t.Cleanup(func() { _ = syscall.Unmount(small, 0) })
	check(newEngine(t), filepath.Join(small, "f.parquet"))
	tiny := t.TempDir()
	if err := syscall.Mount("tmpfs", tiny, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(tiny, syscall.MNT_DETACH) })
	check(newEngine(t, func(o *Options) { o.TempDir = tiny }), filepath.Join(t.TempDir(), "f.parquet"))
}

func TestOutputIsNeverOverwritten(t *testing.T) {
	e := newEngine(t)
	existing := writeFile(t, "f.parquet", "precious")
	_, err := e.Import(context.Background(), ImportRequest{Source: Source{Path: writeFile(t, "x.csv", "a\n1\n")}, Zone: "UTC", Output: existing})
	if err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("got %v", err)
	}
	if content, _ := os.ReadFile(existing); string(content) != "precious" {
		t.Error("the file was overwritten")
	}
}

// TestTransforms: columns are dropped, masked and hashed before anything is
// stored, a join across two extracts survives, and the frozen file does not
// hold what was hidden.
func TestTransforms(t *testing.T) {
	e := newEngine(t)
	key := []byte("0123456789abcdef")
	importWith := func(content string, transforms ...Transform) *Frozen {
		f, err := e.Import(context.Background(), ImportRequest{Source: Source{Path: writeFile(t, "x.csv", content)}, Transforms: transforms, HashKey: key, Key: []string{"id"}, Zone: "UTC", Output: filepath.Join(t.TempDir(), "f.parquet")})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	a := importWith("id,iban,card,ssn,name\n1,NL91ABNA0417164300,4111111111111111,123,Ann\n", Transform{Column: "iban", Action: "keyed_hash", KeyID: "k1"}, Transform{Column: "card", Action: "mask"}, Transform{Column: "ssn", Action: "mask"}, Transform{Column: "name", Action: "drop"})
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("NL91ABNA0417164300"))
	hash := hex.EncodeToString(mac.Sum(nil))
	_, want := handHash([][2]string{{"id", "text"}, {"iban", "text"}, {"card", "text"}, {"ssn", "text"}}, [][]any{{"1", hash, "************1111", "***"}})
	if a.PopulationHash != want || len(a.Transforms) != 4 {
		t.Errorf("columns %+v, transforms %+v", a.Columns, a.Transforms)
	}
	content, _ := os.ReadFile(a.Path)
	for _, secret := range []string{"NL91ABNA", "411111", "Ann"} {
		if bytes.Contains(content, []byte(secret)) {
			t.Errorf("the frozen file holds %s", secret)
		}
	}
	b := importWith("id,iban\n9,NL91ABNA0417164300\n", Transform{Column: "iban", Action: "keyed_hash", KeyID: "k1"})
	m, err := e.Evaluate(context.Background(), EvaluateRequest{Population: a.Input(), Zone: "UTC", Joins: []Join{{Name: "paid", Input: b.Input(), On: []JoinColumns{{"iban", "iban"}}}},
		Attributes: []Attribute{{Code: "A", Pass: "paid.id = '9'"}}, ExceptionsPath: filepath.Join(t.TempDir(), "x")})
	if err != nil || m.Attributes[0].Counts.Pass != 1 {
		t.Errorf("the join across extracts: %+v, %v", m, err)
	}
	if !strings.Contains(warningText(m.Warnings), "the join finds no row") {
		t.Errorf("no remark on the join: %v", m.Warnings)
	}
	// A refused value of a hidden column is not shown.
	_, err = e.Import(context.Background(), ImportRequest{Source: Source{Path: writeFile(t, "x.csv", "ssn\n\n")}, Schema: Schema{Columns: []Column{{Name: "ssn", Type: Type{Kind: "text"}, Required: true}}}, Transforms: []Transform{{Column: "ssn", Action: "mask"}}, Zone: "UTC", Output: filepath.Join(t.TempDir(), "f")})
	if err == nil {
		t.Error("a blank required column was accepted")
	}
}

// TestPassesOnNull: whatever way an expression turns the absence of a value into
// a pass is counted and said, unless the expression itself asks about absence.
func TestPassesOnNull(t *testing.T) {
	e := newEngine(t)
	p := importCSV(t, e, "k,who,day,until\na,ann,2025-01-02,2025-01-03\nb,,,2025-01-03\nc,,,\nd,bob,2025-01-05,2025-01-03\n", "k")
	leavers := importCSV(t, e, "id,left_on\nann,2025-01-01\n", "id")
	for _, c := range []struct{ pass, na, want string }{
		{"CASE WHEN day > until THEN false ELSE true END", "", "attribute A passes in 2 rows where this column is NULL"},
		{"greatest(day, until) = until", "", "column \"day\": attribute A passes in 1 rows"},
		{"who IS DISTINCT FROM 'bob'", "", "column \"who\": attribute A passes in 2 rows"},
		{"coalesce(day <= until, true)", "", "column \"day\": attribute A passes in 2 rows"},
		{"(who, day) <> ('bob', DATE '2025-01-05')", "", "column \"who\": attribute A passes in 2 rows"},
		{"NOT EXISTS (SELECT * FROM leavers x WHERE x.id = p.who)", "", "column \"who\": attribute A passes in 2 rows"},
		{"leavers.id IS DISTINCT FROM p.who", "who IS NULL", "column \"leavers.id\": attribute A passes in 1 rows"},
		{"row_number() OVER (ORDER BY who, k) > 0", "", "column \"who\": attribute A passes in 2 rows"},
		{"who IS DISTINCT FROM 'bob'", "k IN ('b', 'c')", ""},
		{"who IS NULL OR who <> 'bob'", "", ""},
		{"day IS NOT NULL AND until IS NOT NULL AND day <= until", "", ""},
		{"coalesce(who, '') <> 'bob'", "", ""},
		{"who <> 'bob'", "who IS NULL", ""},
	} {
		q := EvaluateRequest{Population: p.Input(), Zone: "UTC", Joins: []Join{{Name: "leavers", Input: leavers.Input(), On: []JoinColumns{{"who", "id"}}}},
			Attributes: []Attribute{{Code: "A", Pass: c.pass, NotApplicable: c.na}}, ExceptionsPath: filepath.Join(t.TempDir(), "x")}
		m, err := e.Evaluate(context.Background(), q)
		if err != nil {
			t.Fatalf("%s: %v", c.pass, err)
		}
		got := warningText(m.Warnings)
		if !strings.Contains(got, c.want) || c.want == "" && strings.Contains(got, "passes in") {
			t.Errorf("%s, not applicable %s: remarks %q, want %q", c.pass, c.na, got, c.want)
		}
	}
}

// TestInnerNames: a name in a subquery that means the subquery's own column where
// the item has one of the same name is remarked on, because it passes always.
func TestInnerNames(t *testing.T) {
	e := newEngine(t)
	p := importCSV(t, e, "k,id,on_day\na,1,2025-01-02\nb,2,2025-01-03\n", "k")
	l := importCSV(t, e, "id,left_on\n1,2025-01-01\n", "id")
	for _, c := range []struct{ pass, na, want string }{
		{"EXISTS (SELECT * FROM l WHERE l.id = id)", "", "id"},
		{"EXISTS (SELECT * FROM L x WHERE x.ID = Id)", "", "id"},
		{"true", "EXISTS (SELECT * FROM l WHERE id = l.id)", "id"},
		{"(SELECT count(*) FROM p q WHERE q.k = k) = 2", "", "k"},
		{"EXISTS (SELECT * FROM l WHERE left_on < on_day AND l.id = p.id)", "", ""},
		{"EXISTS (SELECT * FROM l WHERE l.id = p.id)", "", ""},
		{"id IN (SELECT id FROM l)", "", ""},
		{"id = '1'", "", ""},
	} {
		m, err := e.Evaluate(context.Background(), EvaluateRequest{Population: p.Input(), Zone: "UTC", Joins: []Join{{Name: "l", Input: l.Input()}},
			Attributes: []Attribute{{Code: "A", Pass: c.pass, NotApplicable: c.na}}, ExceptionsPath: filepath.Join(t.TempDir(), "x")})
		if err != nil {
			t.Fatalf("%s: %v", c.pass, err)
		}
		got := ""
		for _, w := range m.Warnings {
			if strings.Contains(w.Problem, "without saying whose") {
				got += w.Column
			}
		}
		if got != c.want {
			t.Errorf("%s: remarks on %q, want %q", c.pass, got, c.want)
		}
	}
}

func TestJoinsKeepTheRowCount(t *testing.T) {
	e := newEngine(t)
	p := importCSV(t, e, "k,ref\na,1\nb,2\n", "k")
	j := importCSV(t, e, "ref,x\n1,u\n1,v\n")
	_, err := e.Evaluate(context.Background(), EvaluateRequest{Population: p.Input(), Zone: "UTC", Joins: []Join{{Name: "j", Input: j.Input(), On: []JoinColumns{{"ref", "ref"}}}},
		Attributes: []Attribute{{Code: "A", Pass: "j.x = 'u'"}}, ExceptionsPath: filepath.Join(t.TempDir(), "x")})
	if err == nil || !strings.Contains(err.Error(), "do not identify a row") {
		t.Errorf("got %v", err)
	}
	d := importCSV(t, e, "k\na\na\n", "k")
	if d.KeyUnique || !strings.Contains(warningText(d.Warnings), "not unique") {
		t.Errorf("duplicate keys unnoticed: %+v", d)
	}
	_, err = e.Evaluate(context.Background(), EvaluateRequest{Population: d.Input(), Zone: "UTC", Attributes: []Attribute{{Code: "A", Pass: "true"}}, ExceptionsPath: filepath.Join(t.TempDir(), "x")})
	if err == nil || !strings.Contains(err.Error(), "do not identify a row") {
		t.Errorf("got %v", err)
	}
}

// TestTamperedFile: a frozen file whose bytes are not those recorded is refused.
func TestTamperedFile(t *testing.T) {
	e := newEngine(t)
	f := importCSV(t, e, "k,n\na,1\nb,2\n", "k")
	g := importCSV(t, e, "k,n\na,1\nb,3\n", "k")
	in := g.Input()
	in.PopulationHash, in.FrozenSHA256 = f.PopulationHash, f.FrozenSHA256
	q := EvaluateRequest{Population: in, Zone: "UTC", Attributes: []Attribute{{Code: "A", Pass: "true"}}, ExceptionsPath: filepath.Join(t.TempDir(), "x")}
	if _, err := e.Evaluate(context.Background(), q); err == nil || !strings.Contains(err.Error(), "not those recorded") {
		t.Errorf("other bytes: %v", err)
	}
	q.Population.FrozenSHA256 = ""
	if _, err := e.Evaluate(context.Background(), q); err == nil || !strings.Contains(err.Error(), "not those recorded") {
		t.Errorf("other rows: %v", err)
	}
}

func TestNullRemarks(t *testing.T) {
	e := newEngine(t)
	f := importCSV(t, e, "k,a,b,c\n1,x,y,1\n2,,y,1\n3,x,,1\n", "k")
	for _, c := range []struct {
		pass, na string
		columns  string
	}{
		{"a <> b", "", "a b"},
		{"a IS NOT NULL AND b IS NOT NULL AND a <> b", "", ""},
		{"a IS NOT NULL AND a <> b", "", "b"},
		{"coalesce(a, '') <> 'x' AND c = 1", "", ""},
		{"a <> 'x'", "a IS NULL", ""},
		{"p.a <> 'x' OR c = 1", "", "a"},
		{"a IS NULL OR b = a", "", "b"},
		{"CASE WHEN a IS NULL THEN false ELSE a = 'x' END", "", ""},
		{"same_identity(a, b)", "", "a b"},
		{"a IS DISTINCT FROM b", "", ""},
		{"NOT (a = 'x')", "", "a"},
		{"a IN ('x', 'y')", "", "a"},
		{"EXISTS (SELECT 1 FROM p q WHERE q.a = p.a)", "", ""},
		{"c > 0", "", ""},
	} {
		m, err := e.Evaluate(context.Background(), EvaluateRequest{Population: f.Input(), Zone: "UTC", Attributes: []Attribute{{Code: "A", Pass: c.pass, NotApplicable: c.na}}, ExceptionsPath: filepath.Join(t.TempDir(), "x")})
		if err != nil {
			t.Errorf("%s: %v", c.pass, err)
			continue
		}
		var got []string
		for _, w := range m.Warnings {
			// What passes is counted: TestPassesOnNull.
			if strings.Contains(w.Problem, "cannot tell") {
				got = append(got, w.Column)
			}
		}
		if s := strings.Join(got, " "); s != c.columns {
			t.Errorf("%s (not applicable %q): remarks on %q, want %q", c.pass, c.na, s, c.columns)
		}
		if m.Attributes[0].Counts.CannotTell > 0 && c.columns == "" {
			t.Errorf("%s: no remark, and yet %+v", c.pass, m.Attributes[0].Counts)
		}
	}
}

func TestMacros(t *testing.T) {
	e := newEngine(t)
	f := importCSV(t, e, "k\n1\n", "k")
	holidays := []string{"2025-12-25", "2025-12-26", "2026-01-01", "2025-12-27" /* a Saturday */, "2025-12-25" /* again */}
	for _, c := range []string{
		"business_days_between(DATE '2025-01-03', DATE '2025-01-06') = 1", // Friday to Monday
		"business_days_between(DATE '2025-01-03', DATE '2025-01-05') = 0",
		"business_days_between(DATE '2025-01-06', DATE '2025-01-03') = -1",
		"business_days_between(DATE '2025-01-06', DATE '2025-01-06') = 0",
		"business_days_between(DATE '2025-12-24', DATE '2026-01-02') = 4", // 29, 30, 31 and 2
		"business_days_between(TIMESTAMP '2025-01-03 23:59:59', TIMESTAMP '2025-01-06 00:00:00') = 1",
		"business_days_between(NULL, DATE '2025-01-06') IS NULL",
		"business_days_between(DATE '0001-01-01', DATE '0001-01-08') = 5",
		"add_business_days(DATE '2025-01-03', 1) = DATE '2025-01-06'",
		"add_business_days(DATE '2025-01-03', 0) = DATE '2025-01-03'",
		"add_business_days(DATE '2025-01-04', 0) = DATE '2025-01-04'",
		"add_business_days(DATE '2025-01-04', 1) = DATE '2025-01-06'",
		"add_business_days(DATE '2025-12-24', 1) = DATE '2025-12-29'",
		"add_business_days(DATE '2025-12-24', 4) = DATE '2026-01-02'",
		"add_business_days(DATE '2026-01-02', -1) = DATE '2025-12-31'",
		"add_business_days(DATE '2025-12-29', -1) = DATE '2025-12-24'",
		"add_business_days(DATE '2025-01-06', 250) = DATE '2025-12-22'",
		"add_business_days(DATE '2025-01-06', 2601) IS NULL",
		"business_days_between(DATE '2025-01-06', add_business_days(DATE '2025-01-06', 2600)) = 2600",
		"add_business_days(DATE '2025-01-06', CAST(NULL AS INTEGER)) IS NULL",
		"same_identity(' Ann.Lee ', 'ann.lee')",
		"NOT same_identity('ann', 'bob')",
		"same_identity('Zoë', 'zoe\u0308')",
		"same_identity(NULL, 'bob') IS NULL AND same_identity('', '') IS NULL AND same_identity('  ', NULL) IS NULL",
		"within_tolerance(1.00, 1.01, 0.01) AND NOT within_tolerance(1.00, 1.02, 0.01) AND within_tolerance(1.00, NULL, 1) IS NULL",
	} {
		m, err := e.Evaluate(context.Background(), EvaluateRequest{Population: f.Input(), Zone: "UTC", Holidays: holidays, Attributes: []Attribute{{Code: "A", Pass: c}}, ExceptionsPath: filepath.Join(t.TempDir(), "x")})
		if err != nil {
			t.Errorf("%s: %v", c, err)
		} else if m.Attributes[0].Counts.Pass != 1 {
			t.Errorf("%s does not hold: %+v", c, m.Attributes[0].Counts)
		}
	}
}

// TestZone: dates of instants are those of the population's zone, whatever the
// machine's.
func TestZone(t *testing.T) {
	e := newEngine(t)
	f := importCSV(t, e, "k,t\n1,2025-01-31T23:30:00Z\n", "k")
	for zone, day := range map[string]string{"UTC": "2025-01-31", "Europe/Amsterdam": "2025-02-01", "America/New_York": "2025-01-31"} {
		m, err := e.Evaluate(context.Background(), EvaluateRequest{Population: f.Input(), Zone: zone, Attributes: []Attribute{{Code: "A", Pass: "CAST(t AS DATE) = DATE '" + day + "' AND date_trunc('day', t) <= t"}}, ExceptionsPath: filepath.Join(t.TempDir(), "x")})
		if err != nil || m.Attributes[0].Counts.Pass != 1 {
			t.Errorf("%s: %+v, %v", zone, m, err)
		}
	}
}

func TestRowsAndKeysOfSeveralColumns(t *testing.T) {
	e := newEngine(t)
	f := importCSV(t, e, "a,b,n\nx|y,1,\nx,y\\|1,2.50\n", "a", "b")
	want := []string{`x|y\\\|1`, `x\|y|1`}
	var got []string
	if err := e.Keys(context.Background(), KeysRequest{Population: f.Input(), Zone: "UTC", Stratum: "n"}, func(k KeyRow) error {
		got = append(got, k.Key)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, " ") != want[1]+" "+want[0] {
		t.Errorf("keys %q", got)
	}
	rows, err := e.Rows(context.Background(), RowsRequest{Population: f.Input(), Zone: "UTC", Keys: want})
	if err != nil {
		t.Fatal(err)
	}
	if *rows[0].Values[2] != "2.50" || rows[1].Values[2] != nil || *rows[1].Values[0] != "x|y" {
		t.Errorf("rows %+v", rows)
	}
	if _, err := e.Rows(context.Background(), RowsRequest{Population: f.Input(), Zone: "UTC", Keys: []string{"nobody"}}); err == nil {
		t.Error("an unknown key was found")
	}
	stop := errors.New("enough")
	if err := e.Keys(context.Background(), KeysRequest{Population: f.Input(), Zone: "UTC"}, func(KeyRow) error { return stop }); err != stop {
		t.Errorf("the caller's error came back as %v", err)
	}
}

// TestParentThatIsKilled: the child dies with its parent, and the next engine
// removes what the two left behind.
func TestParentThatIsKilled(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command(exe, "parent", dir, writeFile(t, "x.csv", "k,n\na,1\n"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 7)
	if _, err := out.Read(line); err != nil || string(line) != "asking\n" {
		t.Fatalf("the parent said %q, %v", line, err)
	}
	time.Sleep(500 * time.Millisecond)
	children := engineChildren(t, cmd.Process.Pid)
	if len(children) != 1 {
		t.Fatalf("the parent has the children %v, want one", children)
	}
	child := strconv.Itoa(children[0])
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	deadline := time.Now().Add(5 * time.Second)
	for alive := true; alive; time.Sleep(20 * time.Millisecond) {
		state, err := os.ReadFile("/proc/" + child + "/stat")
		alive = err == nil && !strings.Contains(string(state), ") Z ")
		if alive && time.Now().After(deadline) {
			t.Fatalf("the child %s outlived its parent: %s", child, state)
		}
	}
	newEngine(t, func(o *Options) { o.TempDir = dir })
	left, _ := filepath.Glob(filepath.Join(dir, "reperform-engine-*"))
	if len(left) != 1 {
		t.Errorf("directories after the next start: %v, want its own alone", left)
	}
}

// TestProgress: a call that takes a while tells how far it is.
func TestProgress(t *testing.T) {
	var stages []string
	e := newEngine(t, func(o *Options) {
		o.Progress = func(p Progress) {
			if len(stages) == 0 || stages[len(stages)-1] != p.Stage {
				stages = append(stages, p.Stage)
			}
			if p.Percent > 100 {
				t.Errorf("%+v", p)
			}
		}
	})
	importCSV(t, e, "k,n\n"+strings.Repeat("a,1\n", 300_000))
	if got := strings.Join(stages, " "); !strings.Contains(got, "detecting") || !strings.Contains(got, "reading") {
		t.Errorf("stages heard of: %q", got)
	}
}

// TestDetect: what is proposed is what an import without a schema takes.
func TestDetect(t *testing.T) {
	e := newEngine(t)
	d, err := e.Detect(context.Background(), Source{Path: writeFile(t, "x.xlsx", workbook(sheetHeader+`<row r="3"><c r="B3" t="s"><v>3</v></c><c r="C3"><v>12</v></c></row>`, ""))}, mustSchema(t, "day date"), []string{"amount"})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, c := range d.Schema.Columns {
		got += c.Name + " " + c.Type.String() + ","
	}
	if got != "id text,amount text,day date," || d.Rows != 1 || d.Format != "xlsx" || d.Sheet != "Data" {
		t.Errorf("got %s %+v", got, d)
	}
}

// TestKillsDuringImport kills an importing process at many moments: the output
// is complete or absent, and nothing else lies beside it.
func TestKillsDuringImport(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content := "k,n\n" + strings.Repeat("a,1\n", 50_000)
	source := writeFile(t, "x.csv", content)
	e := newEngine(t)
	want := importCSV(t, e, content)
	temp, complete, absent := t.TempDir(), 0, 0
	for i := range 24 {
		dir := t.TempDir()
		output := filepath.Join(dir, "f.parquet")
		cmd := exec.Command(exe, "importer", temp, source, output)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(10+i*12)*time.Millisecond, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		timer.Stop()
		entries, _ := os.ReadDir(dir)
		switch {
		case len(entries) == 0:
			absent++
		case len(entries) == 1 && entries[0].Name() == "f.parquet":
			complete++
			if sum, _, err := hashFile(output); err != nil || sum != want.FrozenSHA256 {
				t.Errorf("after a kill the output is neither complete nor absent: %s, %v", sum, err)
			}
		default:
			t.Errorf("left behind: %v", entries)
		}
	}
	t.Logf("%d complete, %d absent", complete, absent)
}
