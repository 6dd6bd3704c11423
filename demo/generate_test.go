package demo

import (
	"context"
	"testing"
	"time"
)

func TestTry(t *testing.T) {
	for _, s := range []Size{Small, Full} {
		start := time.Now()
		dir := "/tmp/demo-" + s.Name
		m, err := Generate(context.Background(), dir, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		var n int64
		for _, f := range m.Files {
			n += f.Bytes
			t.Log(f.Name, f.Rows, f.Bytes, f.Totals)
		}
		t.Log(time.Since(start), n)
		for _, x := range m.Tests {
			for _, a := range x.Attributes {
				t.Log(x.Test, x.Rows, a.Code, a.Pass, a.Fail, a.NotApplicable, a.CannotTell, len(a.FailKeys))
			}
		}
	}
}
