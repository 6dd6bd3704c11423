package mapping_test

import (
	"slices"
	"testing"

	"reperform/mapping"
	"reperform/record"
	"reperform/soc1"
)

const tsc = "TSC-2017"

func typed[T any](kind, id string, v T) record.Typed[T] {
	return record.Typed[T]{Record: record.Record{Kind: kind, ID: id, Revision: 1}, Value: v}
}

func names(ids ...string) map[string][]string { return map[string][]string{tsc: ids} }

func facts() *mapping.Facts {
	return &mapping.Facts{
		Objectives: []record.Typed[soc1.ControlObjective]{
			typed("control_objective", "change", soc1.ControlObjective{Code: "IT-2", Title: "Change", Order: 2, FrameworkIDs: names("CC8.1")}),
			typed("control_objective", "access", soc1.ControlObjective{Code: "IT-1", Title: "Access", Order: 1, FrameworkIDs: names("CC6.1", "CC6.2")}),
			typed("control_objective", "none", soc1.ControlObjective{Code: "IT-3", Title: "Left out", OmittedReason: "Not run here.", FrameworkIDs: names("A1.2")}),
			typed("control_objective", "backup", soc1.ControlObjective{Code: "IT-4", Title: "Backup", Order: 4, FrameworkIDs: names("A1.3")}),
		},
		Controls: []record.Typed[soc1.Control]{
			typed("control", "leavers", soc1.Control{Code: "IT-1.2", Text: "The identity team disables the directory account of each leaver.", Objectives: []string{"access"}, FrameworkIDs: names("CC6.2")}),
			typed("control", "reviews", soc1.Control{Code: "IT-1.10", Text: "The owner of each role reviews all access assignments each quarter and removes what is not needed.", Frequency: soc1.Quarterly, Objectives: []string{"access"}, FrameworkIDs: names("CC6.1", "CC6.2")}),
			typed("control", "merge", soc1.Control{Code: "IT-2.1", Text: "A reviewer approves each change before it is deployed to production.", Objectives: []string{"change"}}),
		},
		Theirs: []record.Typed[soc1.FrameworkControl]{
			typed("framework_control", "t-leavers", soc1.FrameworkControl{Framework: tsc, Code: "S-2", Text: "Accounts of leavers are disabled.", Identifiers: []string{"CC6.2"}, Control: "leavers"}),
			typed("framework_control", "t-reviews", soc1.FrameworkControl{Framework: tsc, Code: "S-10", Text: "Role owners review access assignments each quarter; what is not needed is removed.", Frequency: soc1.Quarterly, Identifiers: []string{"CC6.2", "CC6.3"}}),
			typed("framework_control", "t-change", soc1.FrameworkControl{Framework: tsc, Code: "S-3", Text: "Each change is approved by a reviewer before it is deployed to production.", Identifiers: []string{"CC8.1"},
				Objectives: []soc1.ObjectiveCoverage{{Objective: "change", Strength: soc1.CoversPartially, Why: "Approval alone."}}}),
		},
		Requirements: []record.Typed[soc1.FrameworkRequirement]{
			typed("framework_requirement", "own", soc1.FrameworkRequirement{Framework: "HOUSE-1", Identifier: "H.1", Title: "Ours"}),
		},
	}
}

func TestRegister(t *testing.T) {
	r := mapping.Of(facts())
	f := r.Framework(tsc)
	if f == nil || r.Framework("HOUSE-1") == nil || r.Framework("absent") != nil {
		t.Fatal("the frameworks are not those shipped and those recorded")
	}
	if len(f.Objectives) != 3 || r.Objectives[0].ID != "access" {
		t.Fatalf("objectives %d, the first %s: those omitted are left out, the rest is ordered", len(f.Objectives), r.Objectives[0].ID)
	}
	byID := map[string]mapping.Requirement{}
	for _, q := range f.Requirements {
		byID[q.ID] = q
	}
	for id, want := range map[string]mapping.Answer{"CC6.1": mapping.Answered, "CC6.2": mapping.Answered, "CC6.3": mapping.Elsewhere, "CC8.1": mapping.Elsewhere, "A1.3": mapping.Aimed, "A1.2": mapping.Hole, "P1.1": mapping.Hole} {
		if got := byID[id].Answer; got != want {
			t.Errorf("%s: %s, expected %s", id, got.Key(), want.Key())
		}
	}
	if f.Counted(mapping.Answered) != 2 || f.Percent() != 100*2/61 || f.Tied(r) != 1 {
		t.Errorf("answered %d, %d %%, tied %d", f.Counted(mapping.Answered), f.Percent(), f.Tied(r))
	}
	// A tie makes what the other control answers answered here.
	x := facts()
	x.Theirs[1].Value.Control = "reviews"
	for _, q := range mapping.Of(x).Framework(tsc).Requirements {
		if q.ID == "CC6.3" && q.Answer != mapping.Answered {
			t.Errorf("CC6.3 is answered by the tied control, and is %s", q.Answer.Key())
		}
	}
}

// Nothing but a judgement has a strength, and each cover says what it rests on.
func TestCovers(t *testing.T) {
	r := mapping.Of(facts())
	f := r.Framework(tsc)
	access := f.Objectives[0].Covers
	if len(access) != 2 || access[0].Basis != mapping.Same || access[0].Strength != "" || access[1].Basis != mapping.Shared || !slices.Equal(access[1].IDs, []string{"CC6.2"}) {
		t.Errorf("access is covered by %+v", access)
	}
	change := f.Objectives[1].Best()
	if change == nil || change.Basis != mapping.Judged || change.Strength != soc1.CoversPartially || change.Says() != "In part" {
		t.Errorf("change is covered by %+v", change)
	}
	if f.Objectives[2].Best() != nil || f.CoveredObjectives() != 2 {
		t.Errorf("backup is covered by %+v; %d covered", f.Objectives[2].Best(), f.CoveredObjectives())
	}
	if r.TiedTo("leavers")[0].ID != "t-leavers" || r.TiedTo("") != nil || len(f.Alone) != 2 {
		t.Errorf("tied %v, alone %v", r.TiedTo("leavers"), f.Alone)
	}
}

func TestProposals(t *testing.T) {
	r := mapping.Of(facts())
	got := map[string]string{}
	for _, p := range r.Framework(tsc).Proposals {
		got[r.Theirs[p.Their].ID] += r.Controls[p.Control].ID
		if p.Alike < 22 || len(p.IDs) == 0 || len(p.Words) == 0 {
			t.Errorf("%+v says too little", p)
		}
	}
	if len(got) != 2 || got["t-reviews"] != "reviews" || got["t-change"] != "merge" {
		t.Errorf("proposed are %v", got)
	}
	x := facts()
	x.Theirs[1].Value.NotControls = []string{"reviews"}
	x.Theirs[2].Value.Identifiers = []string{"CC7.1"}
	if p := mapping.Of(x).Framework(tsc).Proposals; len(p) != 0 {
		t.Errorf("what was refused, and what shares no identifier, is proposed: %+v", p)
	}
}
