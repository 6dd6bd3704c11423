package evaluation

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"reperform/record"
	"reperform/soc1"
)

// Paper is the working paper of one test: what is tested, the items with a cell for
// each attribute, what was found, and who signed.
type Paper struct {
	Test record.Typed[soc1.TestOfControl]
	// Control is the control tested as it is now; HasControl says that it is there.
	Control    record.Typed[soc1.Control]
	HasControl bool
	Attributes []record.Typed[soc1.Attribute]
	// Population is what is tested; HasPopulation says that it is there.
	Population    record.Typed[soc1.Population]
	HasPopulation bool
	// Draws are the draws whose items are tested, expansions included; Earlier are those
	// that a redraw replaced.
	Draws, Earlier []record.Typed[soc1.Sample]
	// Run is the run that counts, of a census; nil before.
	Run *record.Typed[soc1.TestRun]
	// Items are the rows of the grid. A census has none: its exceptions are listed.
	Items      []PaperItem
	Exceptions []record.Typed[soc1.Exception]
	Deviations []record.Typed[soc1.Deviation]
	// Conclusions are those on the control.
	Conclusions []record.Typed[soc1.Conclusion]
	// SignOffs are the signatures under the paper, the latest first.
	SignOffs []SignedPaper
	Figures  Figures

	records []record.Record
}

// PaperItem is a row of the grid.
type PaperItem struct {
	soc1.SampleItem
	// Draw is the sample that it first came from; empty where nothing was drawn.
	Draw string
	// Cells are the results in the order of the attributes; nil is an open cell.
	Cells []*record.Typed[soc1.Result]
	// Exceptions are those of the item.
	Exceptions []record.Typed[soc1.Exception]
}

// Open counts the cells without a result.
func (i *PaperItem) Open() int {
	n := 0
	for _, c := range i.Cells {
		if c == nil {
			n++
		}
	}
	return n
}

// Open counts the cells of the paper without a result.
func (p *Paper) Open() int {
	n := 0
	for i := range p.Items {
		n += p.Items[i].Open()
	}
	return n
}

// SignedPaper is a signature under a paper and whether it still holds.
type SignedPaper struct {
	record.Typed[soc1.SignOff]
	// Holds says that the paper is what was signed.
	Holds bool
	// Since are the records that were recorded after it and reopened the paper.
	Since []soc1.Ref
}

// Signed is the latest signature of a role that holds; nil when there is none.
func (p *Paper) Signed(as soc1.SignOffRole) *SignedPaper {
	for i := range p.SignOffs {
		if s := &p.SignOffs[i]; s.Value.As == as {
			if !s.Holds {
				return nil
			}
			return s
		}
	}
	return nil
}

// Reopened is the latest signature of a role where the paper changed after it; nil when
// there is none.
func (p *Paper) Reopened(as soc1.SignOffRole) *SignedPaper {
	for i := range p.SignOffs {
		if s := &p.SignOffs[i]; s.Value.As == as {
			if s.Holds {
				return nil
			}
			return s
		}
	}
	return nil
}

// Testers are the people who recorded a result, in the order of the grid.
func (p *Paper) Testers() []string {
	var out []string
	for i := range p.Items {
		for _, c := range p.Items[i].Cells {
			if c != nil && c.Value.By != "" && !slices.Contains(out, c.Value.By) {
				out = append(out, c.Value.By)
			}
		}
	}
	return out
}

// Digest is the SHA-256 over the records of the paper, in order of kind and id: one line
// each of kind, id and the SHA-256 of the record's JSON. Of the test it leaves out who
// prepared and reviewed it and when, which signing itself records. It fails where a
// record was redacted: nobody can tell what was signed.
func (p *Paper) Digest() (string, error) {
	h := sha256.New()
	for _, r := range p.records {
		body := []byte(r.Body)
		if r.Redacted || len(body) == 0 {
			return "", fmt.Errorf("%s %s was redacted, so the paper cannot be signed as a whole", r.Kind, r.ID)
		}
		if r.Kind == p.Test.Kind && r.ID == p.Test.ID {
			var err error
			if body, err = json.Marshal(unsigned(p.Test.Value)); err != nil {
				return "", err
			}
		}
		sum := sha256.Sum256(body)
		fmt.Fprintf(h, "%s %s %s\n", r.Kind, r.ID, hex.EncodeToString(sum[:]))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Records counts the records of the paper.
func (p *Paper) Records() int { return len(p.records) }

// unsigned is a test without what signing records in it.
func unsigned(t soc1.TestOfControl) soc1.TestOfControl {
	t.PerformedBy, t.PerformedOn, t.Reviewer, t.ReviewedOn = "", "", "", ""
	return t
}

// Paper puts together the working paper of a test. It fails when the file has no such
// test.
func (f *File) Paper(testID string) (*Paper, error) {
	figures, err := f.Figures(testID)
	if err != nil {
		return nil, err
	}
	t, _ := record.Find(f.Tests, testID)
	g := f.gather(t)
	p := g.paper()
	p.Figures = figures
	for _, c := range f.Conclusions {
		if c.Value.Subject == soc1.OnControl && c.Value.SubjectID == t.Value.Control {
			p.Conclusions = append(p.Conclusions, c)
		}
	}
	p.items(g)
	p.sign(g)
	return p, nil
}

func (g *testFile) paper() *Paper {
	return &Paper{Test: g.test, Control: g.control, HasControl: g.hasControl, Attributes: g.attributes, Population: g.population, HasPopulation: g.hasPop,
		Draws: g.draw.chain, Earlier: g.draw.earlier, Run: g.run, Exceptions: g.exceptions, Deviations: g.deviations}
}

// reopened flags signatures under a paper that was changed afterwards.
func (g *testFile) reopened(flag blocker) {
	if !slices.ContainsFunc(g.SignOffs, func(s record.Typed[soc1.SignOff]) bool { return s.Value.Test == g.test.ID }) {
		return
	}
	p := g.paper()
	p.sign(g)
	for _, as := range []soc1.SignOffRole{soc1.AsPreparer, soc1.AsReviewer} {
		if s := p.Reopened(as); s != nil {
			flag("EVA-33", append([]soc1.Ref{s.Ref()}, s.Since...), "The paper of test %s was changed after %s signed it as its %s.", g.test.Value.Code, s.Value.By, as)
		}
	}
}

// items are the rows: what was drawn, or, where nothing is drawn, what was looked at.
func (p *Paper) items(g *testFile) {
	byItem := map[string][]record.Typed[soc1.Exception]{}
	for _, x := range p.Exceptions {
		for _, key := range x.Value.ItemKeys {
			byItem[key] = append(byItem[key], x)
		}
	}
	add := func(it soc1.SampleItem, draw string) {
		row := PaperItem{SampleItem: it, Draw: draw, Cells: make([]*record.Typed[soc1.Result], len(p.Attributes)), Exceptions: byItem[it.Key]}
		for i, a := range p.Attributes {
			if r, ok := g.grid.cells[cell{it.Key, a.Value.Code}]; ok {
				row.Cells[i] = &r
			}
		}
		p.Items = append(p.Items, row)
	}
	switch p.Test.Value.Method {
	case soc1.SampleMethod:
		seen := map[string]bool{}
		for _, s := range p.Draws {
			for _, it := range s.Value.Items {
				if !seen[it.Key] {
					seen[it.Key] = true
					add(it, s.ID)
				}
			}
		}
	case soc1.ObservationOnly:
		for _, key := range g.grid.items {
			add(soc1.SampleItem{Key: key}, "")
		}
	}
}

// sign gathers the records of the paper and holds the signatures to them.
func (p *Paper) sign(g *testFile) {
	add := func(r record.Record) { p.records = append(p.records, r) }
	add(p.Test.Record)
	if p.HasPopulation {
		add(p.Population.Record)
	}
	for _, a := range p.Attributes {
		add(a.Record)
	}
	for _, s := range slices.Concat(p.Draws, p.Earlier) {
		add(s.Record)
	}
	if p.Run != nil {
		add(p.Run.Record)
	}
	evidence := map[string]bool{}
	for _, r := range g.resultsOf(p.Test.ID) {
		add(r.Record)
		for _, id := range r.Value.Evidence {
			evidence[id] = true
		}
	}
	for _, e := range g.Evidence {
		if evidence[e.ID] {
			add(e.Record)
		}
	}
	for _, x := range p.Exceptions {
		add(x.Record)
	}
	for _, d := range p.Deviations {
		add(d.Record)
	}
	slices.SortStableFunc(p.records, func(a, b record.Record) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) })
	now, err := p.Digest()
	for _, s := range ofTest(g.SignOffs, p.Test.ID, func(x soc1.SignOff) string { return x.Test }) {
		one := SignedPaper{Typed: s, Holds: err == nil && s.Value.SHA256 == now}
		if !one.Holds {
			for _, r := range p.records {
				if r.Pos >= s.Value.Position && r.Pos != s.Pos {
					one.Since = append(one.Since, r.Ref())
				}
			}
		}
		p.SignOffs = append(p.SignOffs, one)
	}
	slices.SortStableFunc(p.SignOffs, func(a, b SignedPaper) int { return -record.Later(a.Typed, b.Typed) })
}
