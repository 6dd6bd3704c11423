package repotest

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestThirdPartyNoticesAreCurrent makes the notices again. The generator refuses
// a module whose license is unknown or reaches the whole program.
func TestThirdPartyNoticesAreCurrent(t *testing.T) {
	cmd := exec.Command("go", "run", "./notices", "-root", root(t), "-o", "-")
	cmd.Dir = filepath.Join(root(t), "tools")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	want, err := cmd.Output()
	if err != nil {
		t.Fatalf("tools/notices: %v\n%s", err, stderr.String())
	}
	got := string(read(t, "THIRD_PARTY.md"))
	if got != string(want) {
		t.Errorf("THIRD_PARTY.md is not what is linked; run: make notices\n%s", difference(components(got), components(string(want))))
	}
	allowed := regexp.MustCompile(`^(Apache-2\.0|MIT|ISC|BSD-[23]-Clause|OFL-1\.1|MPL-2\.0|blessing)$`)
	for name, license := range components(got) {
		for _, id := range strings.Split(license, " AND ") {
			if !allowed.MatchString(id) {
				t.Errorf("%s is under %s, which is not among the licenses agreed on", name, id)
			}
		}
	}
}

// components reads the table of names and licenses.
func components(doc string) map[string]string {
	out := map[string]string{}
	for _, l := range strings.Split(doc, "\n") {
		cells := strings.Split(strings.Trim(l, "| "), " | ")
		if strings.HasPrefix(l, "| ") && len(cells) == 3 && cells[0] != "Component" {
			out[cells[0]+" "+cells[1]] = cells[2]
		}
	}
	return out
}

func difference(have, want map[string]string) string {
	var b strings.Builder
	for n := range want {
		if _, ok := have[n]; !ok {
			b.WriteString("+ " + n + "\n")
		}
	}
	for n := range have {
		if _, ok := want[n]; !ok {
			b.WriteString("- " + n + "\n")
		}
	}
	if b.Len() == 0 {
		return "The table is the same; the text of a license differs."
	}
	return b.String()
}
