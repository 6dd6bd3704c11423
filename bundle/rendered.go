package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"reperform/english"
	"reperform/ledger"
	"reperform/report"
)

// report builds the report again and compares it byte by byte.
func (v *verifier) report() {
	var model *report.Model
	if v.ab.For == ForFile {
		v.check("report/model", "The report's content follows from the records.", func() (string, error) {
			stored, err := v.read(partModel)
			if err != nil {
				return "", err
			}
			if model, err = v.rebuild(stored); err != nil {
				return "", err
			}
			again, err := model.JSON()
			if err != nil {
				return "", err
			}
			if bytes.Equal(stored, again) {
				return english.Count(len(model.Claims), "computed figure"), nil
			}
			model = nil
			where := fmt.Sprintf("built again it differs, first at byte %d of %d", firstDifference(stored, again), len(stored))
			if v.opt.Program != "" && v.ab.Program != v.opt.Program {
				return "", skip{fmt.Sprintf("it was made by version %s, this is version %s; %s", v.ab.Program, v.opt.Program, where)}
			}
			return "", errors.New(where)
		})
		v.check("report/released", "The report is marked as a draft unless the engagement partner released it.", v.released)
	} else {
		v.check("report/model", "The report's content follows from the records.", func() (string, error) {
			return "", skip{"a bundle for a report shows no records; the auditor's file shows them"}
		})
		if v.ab.Version == aboutIssued {
			v.issued()
			v.check("report/checkpoint", "The report prints the signed state that it was built from, and the ledger extends that state.", v.printed)
		} else {
			v.check("issue", "The report was issued.", v.unissued)
			v.check("report/checkpoint", "The report names the signed states that the bundle holds.", v.states)
		}
	}
	v.check("report/pdf", "The report's PDF is byte for byte what its content typesets to.", func() (string, error) { return v.typeset(model) })
}

// rebuild builds the model from the bundle's records alone. The version of the
// typesetter is not a matter of records: it is taken as it stands, and the PDF
// tells whether it is this program's.
func (v *verifier) rebuild(stored []byte) (*report.Model, error) {
	point, err := v.checkpoint(v.ab.Work)
	if err != nil {
		return nil, err
	}
	if _, err := v.checkpoint(v.ab.Organization); err != nil {
		return nil, err
	}
	var was report.Model
	if err := json.Unmarshal(stored, &was); err != nil {
		return nil, err
	}
	m, err := buildReport(v.ctx, v.mem, reportInput{engagement: v.ab.Engagement, work: v.ab.Work, organization: v.ab.Organization,
		workPoint: point, known: v.ab.Known, program: v.ab.Program, released: was.Draft == ""})
	if err != nil {
		return nil, err
	}
	m.Typesetter = was.Typesetter
	return m, nil
}

// released holds the draft mark against the records, whatever version wrote
// the rest of the report.
func (v *verifier) released() (string, error) {
	was, err := v.model()
	if err != nil {
		return "", err
	}
	ok, why := false, "management's own draft is never released"
	if v.ab.Work != v.ab.Organization {
		if ok, why, err = releasedBy(v.ctx, v.mem, v.ab.Work, v.ab.Known[v.ab.Work], v.ab.Engagement); err != nil {
			return "", err
		}
	}
	switch {
	case was.Draft == "" && !ok:
		return "", fmt.Errorf("its pages carry no draft mark, and %s", why)
	case was.Draft != "" && ok:
		return v.draftAgain()
	case ok:
		return "released", nil
	}
	return "draft: " + why, nil
}

// draftAgain holds a draft mark although the report was released: it must read
// otherwise since.
func (v *verifier) draftAgain() (string, error) {
	where, err := SinceRelease(v.ctx, v.mem, State{Engagement: v.ab.Engagement, Work: v.ab.Work, Organization: v.ab.Organization,
		Point: ledger.Checkpoint{Size: v.ab.Known[v.ab.Work]}, OrganizationSize: v.ab.Known[v.ab.Organization]})
	switch {
	case err != nil:
		return "", fmt.Errorf("its pages are marked as a draft, and it was released: %w", err)
	case where == "":
		return "", errors.New("its pages are marked as a draft, and it was released")
	}
	return "draft: since it was released, " + where + " reads differently", nil
}

// model reads the report's content as it stands in the bundle.
func (v *verifier) model() (*report.Model, error) {
	stored, err := v.read(partModel)
	if err != nil {
		return nil, err
	}
	m := &report.Model{}
	return m, decodeModel(stored, m)
}

func decodeModel(stored []byte, m *report.Model) error {
	if err := json.Unmarshal(stored, m); err != nil {
		return err
	}
	again, err := m.JSON()
	if err != nil || !bytes.Equal(again, stored) {
		return errors.Join(err, errors.New("the report's content is not in canonical form"))
	}
	return nil
}

// states compares the checkpoints that the report prints with those signed.
func (v *verifier) states() (string, error) {
	m, err := v.model()
	if err != nil {
		return "", err
	}
	c, err := v.checkpoint(v.ab.Work)
	if err != nil {
		return "", err
	}
	if m.Engagement != v.ab.Engagement {
		return "", fmt.Errorf("the report is of engagement %q, the bundle of %q", m.Engagement, v.ab.Engagement)
	}
	if slices.ContainsFunc(m.Ledgers, prints(c)) {
		return fmt.Sprintf("size %d, root %s", c.Size, c.Root), nil
	}
	return "", fmt.Errorf("the report does not print the state of %s at size %d with root %s", c.Origin, c.Size, c.Root)
}

// prints matches the state of a ledger as a report prints it.
func prints(c ledger.Checkpoint) func(report.State) bool {
	return func(s report.State) bool {
		return s.Origin == c.Origin && s.Size == c.Size && s.Root == c.Root.String()
	}
}

// unissued says that a bundle for a report shows no issue of it.
func (v *verifier) unissued() (string, error) {
	m, err := v.model()
	if err != nil {
		return "", err
	}
	if m.Draft != "" {
		return "", skip{"it is a draft"}
	}
	return "", skip{"its pages carry no draft mark, and the bundle shows no entry that issues it; ask the service auditor for the report as issued"}
}

func (v *verifier) typeset(model *report.Model) (string, error) {
	pdf, err := v.read(partPDF)
	if err != nil {
		return "", err
	}
	stored := model
	if stored == nil {
		if stored, err = v.model(); err != nil {
			return "", err
		}
	}
	return v.setAgain(pdf, stored, v.ab.Renderer)
}

// typesets is typeset for content in its stored form.
func (v *verifier) typesets(pdf, content []byte, typesetter string) (string, error) {
	m := &report.Model{}
	if err := decodeModel(content, m); err != nil {
		return "", err
	}
	return v.setAgain(pdf, m, typesetter)
}

// setAgain typesets a report again and compares it with the PDF; typesetter is
// the version that is said to have made it.
func (v *verifier) setAgain(pdf []byte, stored *report.Model, typesetter string) (string, error) {
	if v.opt.Typst == nil {
		return "", skip{"no typesetter was available"}
	}
	if typesetter != stored.Typesetter {
		return "", fmt.Errorf("the bundle names the typesetter %s, the report %s", typesetter, stored.Typesetter)
	}
	if typesetter != report.Typesetter {
		return "", skip{fmt.Sprintf("it was typeset by %s, this program has %s", typesetter, report.Typesetter)}
	}
	again, err := report.Render(v.ctx, v.opt.Typst, stored)
	if err != nil {
		return "", err
	}
	if !bytes.Equal(pdf, again) {
		where := fmt.Sprintf("typeset again it differs, first at byte %d of %d", firstDifference(pdf, again), len(pdf))
		// The template belongs to the program, as the sentences do.
		if v.opt.Program != "" && v.ab.Program != v.opt.Program {
			return "", skip{fmt.Sprintf("it was made by version %s, this is version %s; %s", v.ab.Program, v.opt.Program, where)}
		}
		return "", errors.New(where)
	}
	return english.Count(len(pdf), "byte"), nil
}

func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
