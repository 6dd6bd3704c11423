package strict

import (
	"strings"
	"testing"

	"reperform/report/typst"
)

// A check that finds nothing in a document made to violate the standards would
// find nothing anywhere.
func TestViolationsAreFound(t *testing.T) {
	job := func(text string) typst.Job {
		return typst.Job{Main: "report.typ", Files: map[string][]byte{"report.typ": []byte(text)}}
	}
	found := Findings(t, map[string]typst.Job{
		"untitled": job("= A heading\nA document without a title."),
		"skipping": job("#set document(title: \"T\")\n= One\n=== Three"),
		"broken":   job("#unknown"),
		"sound":    job("#set document(title: \"T\")\n= One\nText."),
	})
	problems := map[string]string{}
	for _, f := range found {
		problems[f.Document+" "+f.Standard] = strings.Join(f.Problems, " ")
	}
	for at, want := range map[string]string{"untitled ua-1": "title", "skipping ua-1": "heading", "broken ua-1": "unknown", "broken a-2a": "unknown"} {
		if !strings.Contains(problems[at], want) {
			t.Errorf("%s: found %q, expected something about the %s", at, problems[at], want)
		}
	}
	for _, at := range []string{"sound ua-1", "sound a-2a"} {
		if problems[at] != "" {
			t.Errorf("%s: %s", at, problems[at])
		}
	}
}
