package demo

import (
	"testing"

	"reperform/ascode"
	"reperform/record"
)

func TestRecordsRead(t *testing.T) {
	items, err := ascode.Read(record.Kinds, []string{"example/org", "example/audit"})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(len(items))
}
