package overview_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"reperform/ascode"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

// books is a ledger in memory, as a view gives it.
type books struct {
	name     string
	kinds    map[string][]record.Record
	versions []record.Version
	reads    int
}

func (b *books) Ledger() string { return b.name }

func (b *books) All(_ context.Context, kind string) ([]record.Record, error) {
	b.reads++
	return b.kinds[kind], nil
}

func (b *books) Versions(context.Context, string, soc1.Date, soc1.Date) ([]record.Version, error) {
	return b.versions, nil
}

var _ overview.Source = (*record.View)(nil)

// example reads the records of the example, the last version of each; versions
// of controls are kept apart.
func example(t *testing.T, name, folder string) *books {
	t.Helper()
	items, err := ascode.Read(record.Kinds, []string{"../demo/example/" + folder})
	if err != nil {
		t.Fatal(err)
	}
	b := &books{name: name, kinds: map[string][]record.Record{}}
	place := map[string]int{}
	for _, it := range items {
		rec := record.Record{Ledger: name, Kind: it.Kind, ID: it.ID, Revision: 1, Effective: it.Effective, Body: it.Body}
		if n, again := place[it.Kind+"/"+it.ID]; again {
			rec.Revision = b.kinds[it.Kind][n].Revision + 1
			b.kinds[it.Kind][n] = rec
		} else {
			place[it.Kind+"/"+it.ID] = len(b.kinds[it.Kind])
			b.kinds[it.Kind] = append(b.kinds[it.Kind], rec)
		}
		if it.Kind == "control" {
			if n := len(b.versions); n > 0 && b.versions[n-1].ID == it.ID {
				b.versions[n-1].Until = soc1.Date(it.Effective).AddDays(-1)
			}
			b.versions = append(b.versions, record.Version{Record: rec, From: soc1.Date(it.Effective)})
		}
	}
	return b
}

// TestExample asks both sides where the example's company stands at the end of
// its year.
func TestExample(t *testing.T) {
	org, exam := example(t, "org", "org"), example(t, "exam-soc1-2025", "audit")
	q := overview.Question{Engagement: "soc1-2025", Today: "2026-01-10"}
	var reader overview.Reader
	ask := func(by soc1.Party, work overview.Source) *overview.Overview {
		t.Helper()
		r, err := reader.Load(context.Background(), by, org, work, "2025-01-01", "2025-12-31", overview.Released{})
		if err != nil {
			t.Fatal(err)
		}
		o, err := r.Make(q)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	m := ask(soc1.ByManagement, org)
	if len(m.Objectives) != 13 || !m.Objectives[12].EntityLevel() || m.Mix.Total() != len(m.Controls) || len(m.Controls) < 55 {
		t.Fatalf("%d objectives, %d controls, %d counted", len(m.Objectives), len(m.Controls), m.Mix.Total())
	}
	f := m.Figures()
	var parts []string
	for _, c := range f.Readiness.Components {
		parts = append(parts, fmt.Sprintf("%s %d/%d", c.Key, c.Done, c.Of))
	}
	t.Log(f.Readiness.Score, strings.Join(parts, ", "))
	// Management keeps no tests and no evidence in the example: what is
	// described is complete, what would show operation is not there.
	if f.Tested.N != 0 || m.Mix.Counts[overview.NotTested] != len(m.Controls) || f.Overdue.N != f.Overdue.Of || f.Overdue.Of == 0 {
		t.Errorf("figures %+v", f)
	}
	for i := range m.Controls {
		line := &m.Controls[i]
		if !line.Owner.Active || line.Title == "" || line.Statement == "" || (line.Control.EntityLevel() == (line.Rating.Score() > 0)) {
			t.Errorf("%s: owner %+v, title %q, rating %v", line.Control.Code, line.Owner, line.Title, line.Rating)
		}
	}
	if h := m.Inherent(); h.Rated() != len(m.Risks) {
		t.Errorf("%d of %d risks rated", h.Rated(), len(m.Risks))
	}

	a := ask(soc1.ByAuditor, exam)
	if a.Mix.Counts[overview.NotTested] == len(a.Controls) && len(exam.kinds["test_of_control"]) == 0 {
		t.Error("the auditor's file has no tests")
	}
	walk := a.Timeline()[1]
	if walk.Key != "walkthroughs" || walk.Done == 0 || walk.From == "" {
		t.Errorf("walkthroughs %+v", walk)
	}
	for _, w := range m.Timeline() {
		if w.Key == "walkthroughs" {
			t.Error("management sees the auditor's walkthroughs")
		}
	}
	for i := range m.Controls {
		for _, refs := range [][]soc1.Ref{m.Controls[i].Sources, m.EvidenceOf(m.Controls[i].ID())} {
			for _, ref := range refs {
				if ref.Ledger != "org" {
					t.Errorf("management's %s rests on %s", m.Controls[i].Control.Code, ref)
				}
			}
		}
	}
	if _, err := reader.Load(context.Background(), soc1.ByManagement, org, exam, "2025-01-01", "2025-12-31", overview.Released{}); err == nil {
		t.Error("management's numbers were loaded from an examination")
	}
}

// TestReaderKeeps decodes again only what moved.
func TestReaderKeeps(t *testing.T) {
	person := func(id, name string, pos int64) record.Record {
		return record.Record{Ledger: "org", Kind: "person", ID: id, Revision: 1, Pos: pos, Body: []byte(`{"name":"` + name + `"}`)}
	}
	b := &books{name: "org", kinds: map[string][]record.Record{"person": {person("a", "Ann", 1), person("b", "Bob", 2)}}}
	var reader overview.Reader
	load := func() (*overview.Records, error) {
		return reader.Load(context.Background(), soc1.ByManagement, b, b, "", "", overview.Released{})
	}
	first, err := load()
	if err != nil {
		t.Fatal(err)
	}
	second, _ := load()
	if &first.People[0] != &second.People[0] {
		t.Error("an unchanged list is decoded again")
	}
	retired := person("a", "Ann", 3)
	retired.Retired = true
	// What stands where it stood is not looked at: its damage shows that.
	kept := person("b", "Bob", 2)
	kept.Body = []byte(`damaged`)
	b.kinds["person"] = []record.Record{retired, kept, person("c", "Cy", 4)}
	third, err := load()
	if err != nil || len(third.People) != 2 || third.People[0].Value.Name != "Bob" || third.People[1].Value.Name != "Cy" {
		t.Errorf("%v %+v", err, third)
	}
	kept.Pos = 5
	b.kinds["person"] = []record.Record{kept}
	if _, err := load(); err == nil || !strings.Contains(err.Error(), "ledger org: person b revision 1") {
		t.Errorf("said %v", err)
	}
}
