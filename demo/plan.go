package demo

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"reperform/population/tabular"
	"reperform/soc1"
)

//go:embed example/plan.yaml example/org example/audit
var example embed.FS

// Records are the files of the company's and the auditor's records, as
// folders "org" and "audit". Those of audit belong to the examination's
// ledger; tests name populations and are applied after them.
func Records() fs.FS {
	sub, err := fs.Sub(example, "example")
	if err != nil {
		panic("demo: the embedded records cannot be read: " + err.Error())
	}
	return sub
}

// Plan is what has to be imported, judged, decided and concluded for the
// example's report, in the order of its fields.
type Plan struct {
	// Engagement is the record's id, Ledger the examination's.
	Engagement string `json:"engagement"`
	Ledger     string `json:"ledger"`
	// OpenedBy opens the examination for the firm; Importer attaches its
	// populations. Both are people of folder audit.
	OpenedBy string `json:"opened_by"`
	Firm     string `json:"firm"`
	Importer string `json:"importer"`
	// Holidays is the embedded list of days that are no business days.
	Holidays    string         `json:"holidays"`
	Populations []Population   `json:"populations"`
	Grids       []Grid         `json:"grids"`
	Decisions   []Decision     `json:"decisions"`
	Deviations  []DeviationOf  `json:"deviations"`
	Conclusions ConclusionPlan `json:"conclusions"`
	Opinion     soc1.Opinion   `json:"opinion"`
	Release     ReleasePlan    `json:"release"`
	// Conversation are comments on controls, in the order in which they are
	// written.
	Conversation []Remark `json:"conversation"`
}

// Remark is one comment, with who settles it when somebody does.
type Remark struct {
	ID string `json:"id"`
	// Ledger is that of the author's side.
	Ledger   string    `json:"ledger"`
	By       string    `json:"by"`
	On       soc1.Date `json:"on"`
	Control  string    `json:"control"`
	Text     string    `json:"text"`
	Mentions []string  `json:"mentions,omitempty"`
	ReplyTo  string    `json:"reply_to,omitempty"`

	ResolvedBy string    `json:"resolved_by,omitempty"`
	ResolvedOn soc1.Date `json:"resolved_on,omitempty"`
}

// Population is an extract to import or a query over earlier populations.
type Population struct {
	ID string `json:"id"`
	// File is the extract's name; empty for a derived population.
	File      string              `json:"file,omitempty"`
	Delimiter string              `json:"delimiter,omitempty"`
	Sheet     string              `json:"sheet,omitempty"`
	Columns   []tabular.Column    `json:"columns,omitempty"`
	Transform []tabular.Transform `json:"transforms,omitempty"`
	// Record is the description as recorded: title, purpose, source, query,
	// parameters, who ran it and when, period, key.
	Record soc1.Population `json:"record"`
	// SQL and Inputs derive the population.
	SQL    string                 `json:"sql,omitempty"`
	Inputs []soc1.DerivationInput `json:"inputs,omitempty"`
	Checks []Check                `json:"checks,omitempty"`
	// Conclusion is what the auditor concluded on completeness and accuracy.
	Conclusion string `json:"conclusion"`
}

// Derived reports whether the population is computed from others.
func (p Population) Derived() bool { return p.SQL != "" }

// Source says how to read the extract from a folder.
func (p Population) Source(dir string) tabular.Source {
	return tabular.Source{Path: filepath.Join(dir, p.File), Delimiter: p.Delimiter, Sheet: p.Sheet}
}

// Schema declares every column of the extract.
func (p Population) Schema() tabular.Schema { return tabular.Schema{Columns: p.Columns} }

// Check is a test of completeness or accuracy to be made of a population.
type Check struct {
	Check  soc1.CheckKind `json:"check"`
	Column string         `json:"column,omitempty"`
	// Expect says where the expected value comes from: "rows" and "total" are
	// of the generator's manifest, which stands for the source system's own
	// count and total; empty where the check needs none.
	Expect string `json:"expect,omitempty"`
	Note   string `json:"note,omitempty"`
}

// Expected is the value that the source system states, if the check needs one.
func (c Check) Expected(f FileManifest) string {
	switch c.Expect {
	case "rows":
		return fmt.Sprint(f.Rows)
	case "total":
		return f.Totals[c.Column]
	}
	return ""
}

// Grid is what a person found for the items of a test: whichever items the
// draw selects pass every attribute, except for the cells listed. A listed
// item that was not drawn is passed over.
type Grid struct {
	Test string `json:"test"`
	// Item is the one item of an observation; empty for a sample.
	Item     string    `json:"item,omitempty"`
	By       string    `json:"by"`
	TestedOn soc1.Date `json:"tested_on"`
	Evidence []string  `json:"evidence"`
	Note     string    `json:"note"`
	Cells    []Cell    `json:"cells,omitempty"`
}

// Cell is a result that differs from a pass. An empty attribute means every
// attribute of the item.
type Cell struct {
	Item      string       `json:"item"`
	Attribute string       `json:"attribute,omitempty"`
	Outcome   soc1.Outcome `json:"outcome"`
	Note      string       `json:"note"`
}

// Result is the cell of the grid for one item and attribute.
func (g Grid) Result(item, attribute string) soc1.Result {
	r := soc1.Result{Test: g.Test, ItemKey: item, Attribute: attribute, Outcome: soc1.Pass, Evidence: g.Evidence, Note: g.Note, By: g.By, TestedOn: g.TestedOn}
	for _, c := range g.Cells {
		if c.Item == item && (c.Attribute == "" || c.Attribute == attribute) {
			r.Outcome, r.Note = c.Outcome, c.Note
		}
	}
	return r
}

// Decision is what the auditor decided about exceptions of one test and
// attribute.
type Decision struct {
	ID        string `json:"id"`
	Test      string `json:"test"`
	Attribute string `json:"attribute"`
	// Cause narrows the decision to items of one cause of the manifest;
	// empty means every exception of the attribute.
	Cause string `json:"cause,omitempty"`
	// Undecided says that the data could not tell.
	Undecided bool                 `json:"undecided,omitempty"`
	Status    soc1.ExceptionStatus `json:"status"`
	On        soc1.Date            `json:"on"`
	By        string               `json:"by"`
	Reason    string               `json:"reason"`
	// Evidence is what shows that a dismissed exception is none.
	Evidence string `json:"evidence,omitempty"`
	// EvidenceRefs are its records in the examination's ledger.
	EvidenceRefs []string `json:"evidence_refs,omitempty"`
}

// Items are the keys that the decision concerns; none means all exceptions of
// the attribute. It is an error when the manifest has no such cause.
func (d Decision) Items(m Manifest) ([]string, error) {
	if d.Cause == "" {
		return nil, nil
	}
	t, _ := m.Test(d.Test)
	for _, a := range t.Attributes {
		if keys := a.Keys(d.Cause); a.Code == d.Attribute && len(keys) > 0 {
			return keys, nil
		}
	}
	return nil, fmt.Errorf("decision %s: the manifest has no cause %q for attribute %s of test %s", d.ID, d.Cause, d.Attribute, d.Test)
}

// DeviationOf is a deviation as the auditor writes it up; its exceptions are
// those of the decisions named.
type DeviationOf struct {
	ID                   string      `json:"id"`
	Test                 string      `json:"test"`
	Decisions            []string    `json:"decisions"`
	Code                 string      `json:"code"`
	Fact                 string      `json:"fact"`
	Cause                string      `json:"cause"`
	Effect               string      `json:"effect"`
	Extent               soc1.Extent `json:"extent"`
	Compensating         string      `json:"compensating,omitempty"`
	CompensatingControls []string    `json:"compensating_controls,omitempty"`
}

// ConclusionPlan is what the auditor concluded on controls and objectives.
type ConclusionPlan struct {
	By         string        `json:"by"`
	On         soc1.Date     `json:"on"`
	Controls   []OnControl   `json:"controls"`
	Objectives []OnObjective `json:"objectives"`
}

// OnControl holds the reasons and verdicts on one control. A control that had
// no occasion to operate has NotOperated instead of a verdict on operation.
type OnControl struct {
	Control          string       `json:"control"`
	Design           string       `json:"design"`
	DesignOutcome    soc1.Verdict `json:"design_outcome"`
	Operating        string       `json:"operating,omitempty"`
	OperatingOutcome soc1.Verdict `json:"operating_outcome,omitempty"`
	// Reliance says what it rests on that a test of one item speaks for the
	// period.
	Reliance    string `json:"reliance,omitempty"`
	NotOperated string `json:"not_operated,omitempty"`
}

// OnObjective holds the reasons and verdicts on one objective.
type OnObjective struct {
	Objective        string       `json:"objective"`
	Design           string       `json:"design"`
	DesignOutcome    soc1.Verdict `json:"design_outcome"`
	Operating        string       `json:"operating"`
	OperatingOutcome soc1.Verdict `json:"operating_outcome"`
}

// All are the conclusions as records, with the ids under which to store them,
// in the plan's order.
func (c ConclusionPlan) All(engagement string) (ids []string, out []soc1.Conclusion) {
	add := func(subject soc1.SubjectKind, id string, limb soc1.ConclusionLimb, verdict soc1.Verdict, reasons, reliance string) {
		if verdict == "" {
			return
		}
		ids = append(ids, "c-"+id+"-"+string(limb))
		out = append(out, soc1.Conclusion{Engagement: engagement, Subject: subject, SubjectID: id, Limb: limb, Outcome: verdict, Reasons: reasons, Reliance: reliance, By: c.By, On: c.On})
	}
	for _, x := range c.Controls {
		add(soc1.OnControl, x.Control, soc1.ConcludeDesign, x.DesignOutcome, x.Design, "")
		add(soc1.OnControl, x.Control, soc1.ConcludeOperating, x.OperatingOutcome, x.Operating, x.Reliance)
	}
	for _, x := range c.Objectives {
		add(soc1.OnObjective, x.Objective, soc1.ConcludeDesign, x.DesignOutcome, x.Design, "")
		add(soc1.OnObjective, x.Objective, soc1.ConcludeOperating, x.OperatingOutcome, x.Operating, "")
	}
	return ids, out
}

// ReleasePlan is the firm's release of the deviations to management.
type ReleasePlan struct {
	By     string    `json:"by"`
	On     soc1.Date `json:"on"`
	ToWhom string    `json:"to_whom"`
	What   string    `json:"what"`
}

// Load reads the embedded plan. Every field must be known.
func Load() (Plan, error) {
	b, err := example.ReadFile("example/plan.yaml")
	if err != nil {
		return Plan{}, err
	}
	return parsePlan(b)
}

func parsePlan(b []byte) (Plan, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(b, &root); err != nil {
		return Plan{}, fmt.Errorf("plan.yaml is not valid YAML: %w", err)
	}
	if len(root.Content) != 1 {
		return Plan{}, fmt.Errorf("plan.yaml is empty; it must hold the plan of the example")
	}
	raw, err := json.Marshal(plain(root.Content[0]))
	if err != nil {
		return Plan{}, fmt.Errorf("plan.yaml: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	var p Plan
	if err := dec.Decode(&p); err != nil {
		return Plan{}, fmt.Errorf("plan.yaml: %w; compare with the fields of demo.Plan", err)
	}
	for i := range p.Populations {
		r := &p.Populations[i].Record
		r.By, r.Engagement, r.CompletenessConclusion = soc1.ByAuditor, p.Engagement, p.Populations[i].Conclusion
		r.Derived = soc1.Derivation{SQL: p.Populations[i].SQL, Inputs: p.Populations[i].Inputs}
	}
	return p, nil
}

// plain turns a YAML node into what JSON knows. Only true, false and whole
// numbers become other than text: a date stays as it was written.
func plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		out := make([]any, len(n.Content))
		for i, c := range n.Content {
			out[i] = plain(c)
		}
		return out
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return n.Value == "true"
	case "!!int":
		return json.Number(n.Value)
	}
	return n.Value
}
