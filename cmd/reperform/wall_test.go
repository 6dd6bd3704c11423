package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// noSuchLedger is the one answer, plain or as JSON.
var noSuchLedger = regexp.MustCompile(`there is no ledger \\?"exam-X\\?" that you can use; check its name, or ask those who work in it to add you("}})?\n$`)

// hidden COMMAND…: the command, in which LEDGER and ENGAGEMENT stand for the
// examination that the actor may not see, answers exactly as it does for one
// that does not exist, prints nothing, leaves no file called out, and ends with
// exit code 2.
func hidden(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: hidden COMMAND…")
	}
	answer := func(engagement string) string {
		named := make([]string, len(args))
		for i, a := range args {
			named[i] = strings.NewReplacer("LEDGER", "exam-"+engagement, "ENGAGEMENT", engagement).Replace(a)
		}
		exits(ts, false, append([]string{"2"}, named...))
		if out := ts.ReadFile("stdout"); out != "" {
			ts.Fatalf("printed to somebody outside:\n%s", out)
		}
		if _, err := os.Stat(filepath.Join(ts.Getenv("WORK"), "out")); err == nil {
			ts.Fatalf("left a file to somebody outside")
		}
		return strings.ReplaceAll(ts.ReadFile("stderr"), engagement, "X")
	}
	there, absent := answer("soc1-2025"), answer("soc1-2077")
	if there != absent {
		ts.Fatalf("the answers tell that the examination exists:\n%s%s", there, absent)
	}
	if !noSuchLedger.MatchString(there) {
		ts.Fatalf("another answer than that the ledger does not exist:\n%s", there)
	}
}
