package mapping_test

import (
	"fmt"
	"strings"
	"testing"

	"reperform/mapping"
	"reperform/soc1"
	"reperform/soc1/library"
)

// large are facts of 100 objectives, 1,000 controls and 3,000 controls of other programs,
// half of which are like one here, with 3,000 requirements imported.
func large() *mapping.Facts {
	ids := map[string][]string{}
	for _, x := range library.FrameworkIDs() {
		ids[x.Framework] = append(ids[x.Framework], x.ID)
	}
	frameworks := []string{"TSC-2017", "ISO27001-2022-AnnexA", "NIST-800-53r5"}
	for _, name := range frameworks {
		if len(ids[name]) == 0 {
			panic(name)
		}
	}
	verbs := strings.Fields("reviews approves reconciles compares restricts tests restores monitors records confirms inspects authorizes")
	things := strings.Fields("access accounts changes backups balances invoices payments listings privileges incidents deployments masters vendors keys logs reports batches journals thresholds tickets")
	people := strings.Fields("owner manager administrator supervisor reviewer treasurer engineer controller")
	text := func(n int) string {
		w := func(of []string, k int) string { return of[(n/k+n*7)%len(of)] }
		return fmt.Sprintf("The %s %s the %s of each %s against %s and %s, and removes or corrects what the %s does not need before the %s are released.",
			w(people, 1), w(verbs, 3), w(things, 1), w(things, 5), w(things, 11), w(things, 17), w(people, 13), w(things, 23))
	}
	f := &mapping.Facts{}
	pick := func(name string, n int) []string {
		all := ids[name]
		a, b := all[(n*13)%len(all)], all[(n*29+5)%len(all)]
		if a == b {
			return []string{a}
		}
		return []string{a, b}
	}
	for n := range 100 {
		own := map[string][]string{}
		for _, name := range frameworks {
			own[name] = pick(name, n)
		}
		f.Objectives = append(f.Objectives, typed("control_objective", fmt.Sprintf("o-%d", n), soc1.ControlObjective{Code: fmt.Sprintf("O-%d", n), Title: text(n), FrameworkIDs: own}))
	}
	for n := range 1000 {
		c := soc1.Control{Code: fmt.Sprintf("C-%d", n), Text: text(n), Objectives: []string{fmt.Sprintf("o-%d", n%100)}, Frequency: soc1.Quarterly}
		if n%2 == 0 {
			c.FrameworkIDs = map[string][]string{}
			for _, name := range frameworks {
				c.FrameworkIDs[name] = pick(name, n)
			}
		}
		f.Controls = append(f.Controls, typed("control", fmt.Sprintf("c-%d", n), c))
	}
	for n := range 3000 {
		t := soc1.FrameworkControl{Framework: frameworks[n%3], Code: fmt.Sprintf("T-%d", n), Text: text(n / 2), Frequency: soc1.Quarterly, Identifiers: pick(frameworks[n%3], n/2)}
		switch {
		case n%5 == 0:
			t.Control = fmt.Sprintf("c-%d", n/5)
		case n%7 == 0:
			t.Objectives = []soc1.ObjectiveCoverage{{Objective: fmt.Sprintf("o-%d", n%100), Strength: soc1.CoversPartially, Why: "One part."}}
		}
		f.Theirs = append(f.Theirs, typed("framework_control", fmt.Sprintf("t-%d", n), t))
		f.Requirements = append(f.Requirements, typed("framework_requirement", fmt.Sprintf("r-%d", n), soc1.FrameworkRequirement{Framework: frameworks[n%3], Identifier: fmt.Sprintf("H.%d", n), Title: text(n)}))
	}
	return f
}

// BenchmarkRegister makes the coverage of all frameworks, both ways, with the proposals.
func BenchmarkRegister(b *testing.B) {
	f := large()
	var r *mapping.Register
	for b.Loop() {
		r = mapping.Of(f)
	}
	proposals, covers := 0, 0
	for i := range r.Frameworks {
		proposals += len(r.Frameworks[i].Proposals)
	}
	for i := range r.Theirs {
		covers += len(r.Theirs[i].Covers)
	}
	b.ReportMetric(float64(proposals), "proposals")
	b.ReportMetric(float64(covers), "covers")
}
