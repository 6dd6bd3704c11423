package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reperform/soc1/library"
)

const engagementOfTemplate = `kind: engagement
id: soc1-2025
effective: 2025-01-01
title: SOC 1 Type II 2025
type: type_2
period_start: 2025-01-01
period_end: 2025-12-31
standard_set: ssae_18_21
`

// BenchmarkTemplate measures how long somebody waits from a service type of the
// library to a populated program: its records and those of the general IT
// controls recorded (use), and beside them the census tests of all its controls
// written and applied (use+tests). Each command opens the workspace anew, as on
// the command line; the figures leave out init and the start of a process.
func BenchmarkTemplate(b *testing.B) {
	for _, s := range library.Services() {
		for _, with := range []string{"use", "use+tests"} {
			b.Run(s.Code+"/"+with, func(b *testing.B) {
				var slowest time.Duration
				for b.Loop() {
					b.StopTimer()
					dir := b.TempDir()
					do(b, "--workspace", filepath.Join(dir, "w"), "init", "--organization", "Northwind Services", "--name", "Ada Ruiz")
					if err := os.WriteFile(filepath.Join(dir, "engagement.yaml"), []byte(engagementOfTemplate), 0o600); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
					begin := time.Now()
					do(b, "--workspace", filepath.Join(dir, "w"), "templates", "use", s.Code, "--effective", "2025-01-01")
					if with != "use" {
						do(b, "templates", "test", s.Code, "--engagement", "soc1-2025", "--planned", "--effective", "2025-01-01", "-o", filepath.Join(dir, "tests"))
						do(b, "--workspace", filepath.Join(dir, "w"), "apply", "-f", filepath.Join(dir, "engagement.yaml"), "-f", filepath.Join(dir, "tests"))
					}
					slowest = max(slowest, time.Since(begin))
				}
				b.ReportMetric(float64(slowest.Milliseconds()), "slowest-ms")
			})
		}
	}
}

// do runs the program in this process and fails with what it said.
func do(tb testing.TB, args ...string) {
	tb.Helper()
	var out, errs bytes.Buffer
	if code := run(args, strings.NewReader(""), &out, &errs); code != 0 {
		tb.Fatalf("reperform %s: exit code %d\n%s", strings.Join(args, " "), code, errs.String())
	}
}
