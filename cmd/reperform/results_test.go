package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// results DRAWN FILE 'OUTCOME…' [EVIDENCE] [reason=TEXT]: writes a results file
// for the items that `test run --json` printed to DRAWN, one outcome an item, the
// same for the attributes A and B; the reason is that of a change.
func results(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: results DRAWN FILE 'OUTCOME…' [EVIDENCE] [reason=TEXT]")
	}
	reason, evidence := "", args[3:]
	if n := len(evidence); n > 0 && strings.HasPrefix(evidence[n-1], "reason=") {
		reason, evidence = strings.TrimPrefix(evidence[n-1], "reason="), evidence[:n-1]
	}
	var tests []struct {
		Code  string   `json:"code"`
		Items []string `json:"items"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &tests))
	outcomes := strings.Fields(args[2])
	if len(tests) != 1 || len(tests[0].Items) != len(outcomes) {
		ts.Fatalf("%s has the items %v, and these outcomes were given: %v", args[0], tests, outcomes)
	}
	var b strings.Builder
	b.WriteString("test,item,attribute,outcome,evidence,note,reason\n")
	for i, item := range tests[0].Items {
		for _, attribute := range []string{"A", "B"} {
			fmt.Fprintf(&b, "%s,%s,%s,%s,%s,Seen.,%s\n", tests[0].Code, item, attribute, outcomes[i], strings.Join(evidence, " "), reason)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o600))
}
