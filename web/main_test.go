package web

import (
	"context"
	"os"
	"testing"

	"reperform/intake/pdftext"
	"reperform/population"
	"reperform/web/browsertest"
)

// TestMain lets the test binary be the reader of PDF and the population engine, and ends what the tests of this
// package share.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "read-pdf" {
		if err := pdftext.ServeChild(os.Stdin, os.Stdout); err != nil {
			os.Exit(3)
		}
		os.Exit(0)
	}
	if len(os.Args) == 2 && os.Args[1] == "engine" {
		if err := population.ServeChild(context.Background(), os.Stdin, os.Stdout); err != nil {
			os.Exit(3)
		}
		os.Exit(0)
	}
	code := m.Run()
	browsertest.Close()
	shared.close()
	os.Exit(code)
}

func readPDFCommand() []string {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return []string{exe, "read-pdf"}
}

func engineCommand() []string { return []string{readPDFCommand()[0], "engine"} }
