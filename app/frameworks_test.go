package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

func brought(s *story, name, text string, o app.FrameworkImport) (*app.FrameworkPlan, error) {
	return s.app.ImportFramework(s.ctx, "dana", app.FrameworkFile{Name: name, Bytes: []byte(text)}, o)
}

// A document that is hostile or broken is refused by its place, and nothing is recorded.
func TestOSCALIsReadStrictly(t *testing.T) {
	s := begin(t)
	long := `{"catalog": {"controls": [` + strings.Repeat(`{"id": "x", "controls": [`, 40) + strings.Repeat(`]}`, 40) + `]}}`
	for text, want := range map[string]string{
		`{"catalog": {"controls": [{"id": 7}]}}`:                  "catalog.controls[0].id: This is no text.",
		`{"catalog": {"controls": {}}}`:                           "catalog.controls: This is no list.",
		`{"catalog": {"controls": ["a"]}}`:                        "catalog.controls[0]: This is no object.",
		`{"catalog": []}`:                                         "catalog: This is no object.",
		`{"catalog": {"metadata": {"title": "a", "title": "b"}}}`: "catalog.metadata.title: The member stands twice.",
		`{"catalog": {}, "catalog": {}}`:                          "catalog: The member stands twice.",
		`{"catalog": {"controls": [{"id": "ac-1"`:                 "The document is no JSON",
		`[]`:                 "The document is no object.",
		`{}`:                 "This is no OSCAL document that is read.",
		`{"catalog": {}} {}`: "The document is no object.",
		`{"catalog": {}}`:    "the file holds no row",
		" ":                  "the file is empty",
		long:                 "levels deep",
		`{"catalog": {"controls": [{"id": "ac-1"}]}}`:        "The requirement says nothing beside its identifier.",
		`{"assessment-results": {}}`:                         "This kind of document is not read.",
		`{"catalog": {"controls": [{"title": "nameless"}]}}`: "catalog.controls[0]: The cell is empty.",
		`{"component-definition": {"components": [{"title": "A", "control-implementations": [{"implemented-requirements": [{"control-id": "zz-9", "description": "d"}]}]}]}}`: `catalog`,
	} {
		if strings.HasPrefix(text, `{"component`) {
			want = `component-definition.components[0].control-implementations[0].implemented-requirements[0]: NIST-800-53r5 has no identifier "zz-9".`
		}
		plan, err := brought(s, "a.json", text, app.FrameworkImport{Framework: "800-53"})
		got := fmt.Sprint(err)
		if errors.Is(err, app.ErrFrameworkRows) {
			for _, r := range plan.Rows {
				for _, p := range r.Problems {
					got += p.String()
				}
			}
		}
		if err == nil || !strings.Contains(got, want) {
			t.Errorf("%.60s: %s, expected %q", text, got, want)
		}
	}
	r, err := s.app.Mapping(s.ctx, "dana", record.AsOf{})
	s.must(err)
	if len(r.Theirs) != 0 || r.Framework("NIST-800-53r5").Imported != 0 {
		t.Error("something was recorded")
	}
}

// A control is tied by whoever may change both, once, and against what was looked at.
func TestReuseControl(t *testing.T) {
	s := begin(t)
	_, err := brought(s, "a.csv", "Code,Text,Criteria\nX-1,Access is reviewed.,CC6.2\n", app.FrameworkImport{Framework: "TSC"})
	s.must(err)
	_, err = s.apply("dana", person("cora", "", "service_organization", "control_owner"))
	s.must(err)
	const their = "tsc-2017-x-1"
	_, err = s.app.ReuseControl(s.ctx, "cora", app.Reusing{Their: their, Control: "conduct"})
	if err == nil {
		t.Error("a control owner tied a control")
	}
	if _, err := s.app.ReuseControl(s.ctx, "dana", app.Reusing{Their: their, Seen: 9, Control: "conduct"}); err == nil || !strings.Contains(err.Error(), "was changed since") {
		t.Errorf("tied against another revision: %v", err)
	}
	if _, err := s.app.ReuseControl(s.ctx, "dana", app.Reusing{Their: their, Control: "conduct", Untie: true}); err == nil {
		t.Error("two things were decided at once")
	}
	id, err := s.app.ReuseControl(s.ctx, "dana", app.Reusing{Their: their, Seen: 1, Make: &app.MakingControl{Nature: soc1.Manual, Type: soc1.Detective}})
	s.must(err)
	r, err := s.app.Mapping(s.ctx, "dana", record.AsOf{})
	s.must(err)
	tied := r.TiedTo(id)
	if len(tied) != 1 || tied[0].ID != their || r.Controls[tied[0].Control].Value.Text != "Access is reviewed." || r.Controls[tied[0].Control].Value.FrameworkIDs["TSC-2017"][0] != "CC6.2" {
		t.Errorf("%s is made of %+v", id, tied)
	}
	// The register comes again with other words: the decision stays, and is told.
	plan, err := brought(s, "b.csv", "Code,Text,Criteria\nX-1,Access is reviewed each month.,CC6.2\n", app.FrameworkImport{Framework: "TSC"})
	s.must(err)
	if plan.Rows[0].Tied != "X-1" || plan.Count(app.Change) != 1 {
		t.Errorf("the plan is %+v", plan)
	}
	if r, err = s.app.Mapping(s.ctx, "dana", record.AsOf{}); err != nil || r.Their(their).Value.Control != id {
		t.Errorf("%v: tied to %q", err, r.Their(their).Value.Control)
	}
}
