package report

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"reperform/soc1"
)

// runTool runs one of poppler's programs over a file; FILE stands for it.
func runTool(t testing.TB, pdf []byte, tool string, args ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(name, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		if a == "FILE" {
			args[i] = name
		}
	}
	cmd := exec.Command(tool, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s (Debian package poppler-utils): %v\n%s", tool, err, stderr.Bytes())
	}
	return string(out)
}

// keep saves a PDF where REPERFORM_KEEP_PDF names a directory, to be looked at.
func save(t testing.TB, name string, pdf []byte) {
	t.Helper()
	if dir := os.Getenv("REPERFORM_KEEP_PDF"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".pdf"), pdf, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFirst(t *testing.T) {
	f := newFixture(t)
	organization(f)
	carveOut(f, true)
	f.put("org", "engagement", "eng-2025", "2026-01-01", engagement(soc1.Type2, soc1.SSAE18And21))
	examination(f)
	testing2(f, "exam", soc1.ByAuditor)
	m := build(t, f.source(true))
	for _, g := range m.Gaps {
		t.Log(g.Where, g.Text)
	}
	pdf := render(t, m)
	save(t, "first", pdf)
}
