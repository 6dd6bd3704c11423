package app_test

import (
	"fmt"
	"testing"

	"reperform/app"
	"reperform/population"
)

// TestAFullDiskIsNotTheInput: the exit code tells who is to act.
func TestAFullDiskIsNotTheInput(t *testing.T) {
	for _, machine := range []bool{false, true} {
		err := fmt.Errorf("import: %w", &population.InputError{File: "x", Problem: "p", Machine: machine})
		if got := app.IsInternal(err); got != machine {
			t.Errorf("machine %t: internal %t", machine, got)
		}
	}
}
