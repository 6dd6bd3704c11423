package app_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"reperform/intake/pdftext"
	"reperform/population"
)

// TestMain lets the test binary be the population engine's child process.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "engine" {
		if err := population.ServeChild(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	if len(os.Args) == 2 && os.Args[1] == "read-pdf" {
		if err := pdftext.ServeChild(os.Stdin, os.Stdout); err != nil {
			os.Exit(3)
		}
		os.Exit(0)
	}
	if done, code := otherProcess(); done {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

func readPDFCommand() []string { return []string{engineCommand()[0], "read-pdf"} }

func engineCommand() []string {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return []string{exe, "engine"}
}
