package app_test

import (
	"strings"
	"testing"

	"reperform/app"
)

// The same cell twice in one file: neither is taken, or the last would win.
func TestContradictoryResultsAreRefused(t *testing.T) {
	rows, err := app.ReadResults("r.csv", strings.NewReader("test,item,attribute,outcome\nT-1,P1,A,fail\nT-1,P1,A,pass\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := app.CheckResults(rows); err == nil || !strings.Contains(err.Error(), "r.csv:3") || !strings.Contains(err.Error(), "r.csv:2") {
		t.Fatalf("contradictory cells give %v; want both lines named", err)
	}
}
