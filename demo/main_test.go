package demo

import (
	"context"
	"fmt"
	"os"
	"testing"

	"reperform/population"
)

// TestMain lets the test binary be the population engine's child process, and
// removes the year that the tests share.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "engine" {
		if err := population.ServeChild(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	code := m.Run()
	if smallYear.dir != "" {
		os.RemoveAll(smallYear.dir)
	}
	os.Exit(code)
}
