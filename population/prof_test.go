package population

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"reperform/population/tabular"
)

func BenchmarkImportInProcess(b *testing.B) {
	csv := "/tmp/bench/pay2m.csv"
	if _, err := os.Stat(csv); err != nil {
		generatePayroll(b, csv, 2000000)
	}
	c := &childServer{out: io.Discard, settings: settings{Memory: 512 << 20, Disk: 64 << 30, Threads: 2, Work: b.TempDir()}}
	for range b.N {
		t0, c0 := time.Now(), cpu()
		lap := func(s string) {
			b.Logf("%s cpu %.2f wall %.2f", s, (cpu() - c0).Seconds(), time.Since(t0).Seconds())
			t0, c0 = time.Now(), cpu()
		}
		file, _ := tabular.OpenFile(Source{Path: csv})
		r, _ := tabular.NewReader(file, Source{Path: csv})
		var bt tabular.Batch
		for r.Read(&bt) == nil {
		}
		lap("read only")
		file, _ = tabular.OpenFile(Source{Path: csv})
		r, _ = tabular.NewReader(file, Source{Path: csv})
		conv, _ := tabular.NewConverter("x", "", r.Names(), false, payrollSchema, nil, nil)
		var cols tabular.Columns
		for r.Read(&bt) == nil {
			conv.Convert(&bt, &cols)
		}
		lap("read+convert")
		file, _ = tabular.OpenFile(Source{Path: csv})
		r, _ = tabular.NewReader(file, Source{Path: csv})
		db, _ := c.open("UTC")
		path := filepath.Join(c.settings.Work, frozenName)
		if err := c.writeFrozen(db, path, newPipeline(r, conv, 2)); err != nil {
			b.Fatal(err)
		}
		lap("write")
		f := &Frozen{}
		for _, o := range conv.Outputs() {
			f.Columns = append(f.Columns, FrozenField{Name: o.Name, Type: o.Type})
		}
		s, err := summarize(db, path, f.Columns, c.settings.Work, func(int64) {})
		if err != nil {
			b.Fatal(err)
		}
		lap("summarize " + s.hash)
		duplicateKeys(db, path, []string{"line_id"}, f.Columns)
		lap("dups")
		db.Close()
	}
}
