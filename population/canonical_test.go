package population

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// handHash computes a population hash by the words of CANONICAL.md and nothing
// of this package. Values are given as canonical text; nil is NULL.
func handHash(header [][2]string, rows [][]any) (headerHash, population string) {
	sized := func(b *bytes.Buffer, s string) {
		_ = binary.Write(b, binary.BigEndian, uint32(len(s)))
		b.WriteString(s)
	}
	var h bytes.Buffer
	h.WriteByte(1)
	h.WriteString("reperform population 1\n")
	for _, c := range header {
		sized(&h, c[0])
		sized(&h, c[1])
	}
	head := sha256.Sum256(h.Bytes())
	var sums []string
	for _, row := range rows {
		var b bytes.Buffer
		b.WriteByte(0)
		for _, v := range row {
			if v == nil {
				b.WriteByte(0)
				continue
			}
			b.WriteByte(1)
			sized(&b, v.(string))
		}
		sum := sha256.Sum256(b.Bytes())
		sums = append(sums, string(sum[:]))
	}
	slices.Sort(sums)
	all := sha256.New()
	all.Write(head[:])
	for _, s := range sums {
		all.Write([]byte(s))
	}
	return hex.EncodeToString(head[:]), hex.EncodeToString(all.Sum(nil))
}

// TestCanonicalExample pins the example of CANONICAL.md.
func TestCanonicalExample(t *testing.T) {
	head, all := handHash([][2]string{{"id", "text"}, {"amount", "decimal(12,2)"}}, [][]any{{"a", "1.50"}, {"b", nil}, {"", "-0.05"}})
	text, err := os.ReadFile("CANONICAL.md")
	if err != nil {
		t.Fatal(err)
	}
	for what, sum := range map[string]string{"header hash": head, "population hash": all} {
		if !strings.Contains(string(text), "| "+what+" | `"+sum+"` |") {
			t.Errorf("CANONICAL.md does not give the %s %s", what, sum)
		}
	}
	e := newEngine(t)
	f, err := e.Import(context.Background(), ImportRequest{
		Source: Source{Path: writeFile(t, "x.jsonl", "{\"id\":\"a\",\"amount\":\"1.5\"}\n{\"id\":\"b\",\"amount\":null}\n{\"id\":\"\",\"amount\":\"-.05\"}\n")},
		Schema: mustSchema(t, "id text", "amount decimal(12,2)"), Zone: "UTC", Output: filepath.Join(t.TempDir(), "f.parquet"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.PopulationHash != all {
		t.Errorf("the engine's hash is %s, by hand %s", f.PopulationHash, all)
	}
}

func mustSchema(t testing.TB, columns ...string) Schema {
	t.Helper()
	var s Schema
	for _, c := range columns {
		name, kind, _ := strings.Cut(c, " ")
		var ty Type
		if err := ty.UnmarshalText([]byte(kind)); err != nil {
			t.Fatal(err)
		}
		s.Columns = append(s.Columns, Column{Name: name, Type: ty})
	}
	return s
}

// TestCanonicalEveryType compares the engine's hash of a file with every type,
// with extremes, with a hash computed by hand from what the file should mean.
func TestCanonicalEveryType(t *testing.T) {
	const csv = "t,i,d,big,b,day,at,inst\n" +
		"Zoë 漢字,-9223372036854775808,-0.05,-99999999999999999999999999999999999.999,true,0001-01-01,1969-12-31 23:59:59.999999,2024-03-31T00:30:00+01:00\n" +
		"\"a,\"\"b\"\"\nc\",9223372036854775807,1234567890.10,0,no,9999-12-31,9999-12-31T00:00:00,1999-12-31 23:00:00-05:30\n" +
		",,,,,,,\n" +
		" x ,0,0,0.001,1,2024-02-29,2024-02-29T12:00,2024-02-29T12:00Z\n"
	rows := [][]any{
		{"Zoë 漢字", "-9223372036854775808", "-0.05", "-99999999999999999999999999999999999.999", "true", "0001-01-01", "1969-12-31T23:59:59.999999", "2024-03-30T23:30:00.000000Z"},
		{"a,\"b\"\nc", "9223372036854775807", "1234567890.10", "0.000", "false", "9999-12-31", "9999-12-31T00:00:00.000000", "2000-01-01T04:30:00.000000Z"},
		{nil, nil, nil, nil, nil, nil, nil, nil},
		{" x ", "0", "0.00", "0.001", "true", "2024-02-29", "2024-02-29T12:00:00.000000", "2024-02-29T12:00:00.000000Z"},
	}
	columns := []string{"t text", "i integer", "d decimal(12,2)", "big decimal(38,3)", "b boolean", "day date", "at timestamp", "inst timestamptz"}
	var header [][2]string
	for _, c := range columns {
		name, kind, _ := strings.Cut(c, " ")
		header = append(header, [2]string{name, kind})
	}
	_, want := handHash(header, rows)
	e := newEngine(t)
	f, err := e.Import(context.Background(), ImportRequest{Source: Source{Path: writeFile(t, "x.csv", csv)}, Schema: mustSchema(t, columns...), Zone: "Europe/Amsterdam", Output: filepath.Join(t.TempDir(), "f.parquet")})
	if err != nil {
		t.Fatal(err)
	}
	if f.PopulationHash != want {
		t.Errorf("the engine's hash is %s, by hand %s", f.PopulationHash, want)
	}
	for i, total := range map[int]string{1: "-1", 2: "1234567890.05", 3: "-99999999999999999999999999999999999.998"} {
		if got := f.Columns[i].Total; got != total {
			t.Errorf("total of %s: got %s, want %s", f.Columns[i].Name, got, total)
		}
	}
	if f.Columns[5].Min != "0001-01-01" || f.Columns[5].Max != "9999-12-31" {
		t.Errorf("extremes of day: %+v", f.Columns[5])
	}
	// What is stored reads back as the same canonical texts.
	got, err := e.Hash(context.Background(), Input{Path: f.Path, Columns: f.Columns})
	if err != nil || got.PopulationHash != want {
		t.Errorf("read back: %v, %v", got, err)
	}
}

// TestHashProperties: the hash does not depend on the rows' order nor on the
// number of threads, and the frozen bytes are the same for the same input.
func TestHashProperties(t *testing.T) {
	var lines []string
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 30_000 {
		lines = append(lines, strings.Join([]string{"k" + string(rune('a'+i%26)), "1." + string(rune('0'+r.IntN(10))), "2024-01-0" + string(rune('1'+r.IntN(9)))}, ","))
	}
	one := newEngine(t, func(o *Options) { o.Threads = 1 })
	two := newEngine(t)
	a := importCSV(t, one, "k,v,d\n"+strings.Join(lines, "\n")+"\n")
	b := importCSV(t, two, "k,v,d\n"+strings.Join(lines, "\n")+"\n")
	if a.FrozenSHA256 != b.FrozenSHA256 || a.PopulationHash != b.PopulationHash || a.SourceSHA256 != b.SourceSHA256 {
		t.Errorf("one thread and two differ:\n%+v\n%+v", a, b)
	}
	r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	c := importCSV(t, two, "k,v,d\r\n"+strings.Join(lines, "\r\n"))
	if c.PopulationHash != a.PopulationHash {
		t.Errorf("the hash depends on the rows' order or on line ends")
	}
	if c.SourceSHA256 == a.SourceSHA256 {
		t.Errorf("different files have the same source hash")
	}
	lines[0] = "kz,9.9,2024-01-01"
	if d := importCSV(t, two, "k,v,d\n"+strings.Join(lines, "\n")); d.PopulationHash == a.PopulationHash {
		t.Errorf("a changed row does not change the hash")
	}
}

// TestRowHashesSpill sorts more hashes than are kept in memory.
func TestRowHashesSpill(t *testing.T) {
	small, large := &rowHashes{dir: t.TempDir()}, &rowHashes{dir: t.TempDir()}
	for i := range 5000 {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
		if err := small.add(sum); err != nil {
			t.Fatal(err)
		}
		if err := large.add(sum); err != nil {
			t.Fatal(err)
		}
		if i%1000 == 0 {
			if err := large.spill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	a, err1 := small.sum([32]byte{})
	b, err2 := large.sum([32]byte{})
	if err1 != nil || err2 != nil || a != b {
		t.Errorf("in memory %s (%v), by pieces %s (%v)", a, err1, b, err2)
	}
	if left, _ := os.ReadDir(large.dir); len(left) != 0 {
		t.Errorf("%d files are left behind", len(left))
	}
}
