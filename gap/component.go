package gap

import (
	"reperform/overview"
	"reperform/soc1"
)

// Component is what the rules say as a part of the readiness score: of the rules
// that were run, those with no open finding that is critical or high. Missing are
// the records that such findings are about.
func (r *Result) Component() overview.Component {
	c := overview.Component{Key: "rules", Label: "Rules without a finding",
		Rule: "Rules on gaps that find nothing critical or high which is not accepted.", Of: len(r.Ran), Done: len(r.Ran)}
	fired := map[*Rule]bool{}
	seen := map[soc1.Ref]bool{}
	for _, f := range r.Open() {
		if f.Severity == Medium {
			continue
		}
		if !fired[f.Rule] {
			fired[f.Rule] = true
			c.Done--
		}
		ref := f.Subject
		ref.Revision = 0
		if !seen[ref] {
			seen[ref] = true
			c.Missing = append(c.Missing, f.Subject)
		}
	}
	return c
}
