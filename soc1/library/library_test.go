package library

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"reperform/soc1"
)

func TestCounts(t *testing.T) {
	types := Services()
	objectives, controls, cuecs := 0, 0, 0
	var codes []string
	for _, s := range types {
		codes = append(codes, s.Code)
		objectives += len(s.Objectives)
		cuecs += len(s.CUECs)
		for _, o := range s.Objectives {
			controls += len(o.Controls)
		}
	}
	if want := []string{"ITGC", "PAY", "CLM", "FND", "LON", "RCM", "CUS", "DCH", "SAA"}; !slices.Equal(codes, want) {
		t.Errorf("service types %q, want %q", codes, want)
	}
	if objectives != 65 || controls != 210 || cuecs != 51 {
		t.Errorf("%d objectives, %d controls, %d CUECs; want 65, 210, 51", objectives, controls, cuecs)
	}
}

// sets are the records of every service type, without and with the general IT
// controls.
func sets(t *testing.T) map[string][]Record {
	t.Helper()
	out := map[string][]Record{}
	for _, s := range Services() {
		for _, general := range []bool{false, true} {
			records, err := Records(s.Code, general)
			if err != nil {
				t.Fatal(err)
			}
			name := s.Code
			if general {
				name += "+ITGC"
			}
			out[name] = records
		}
	}
	return out
}

func TestRecordsAreValidAndResolve(t *testing.T) {
	id := regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)+$`)
	for name, records := range sets(t) {
		ids := map[string]bool{}
		for _, r := range records {
			if ids[r.Kind+"/"+r.ID] || !id.MatchString(r.ID) {
				t.Errorf("%s: the id %s/%s is not new or not well formed", name, r.Kind, r.ID)
			}
			ids[r.Kind+"/"+r.ID] = true
			for _, p := range r.Value.(soc1.Record).Validate() {
				t.Errorf("%s: %s/%s: %s", name, r.Kind, r.ID, p)
			}
		}
		for _, r := range records {
			v := reflect.ValueOf(r.Value)
			for i := range v.NumField() {
				kind := v.Type().Field(i).Tag.Get("ref")
				refs, list := v.Field(i).Interface().([]string)
				for _, ref := range refs {
					if kind != "" && list && !ids[kind+"/"+ref] {
						t.Errorf("%s: %s/%s refers to %s/%s, which is not in the set", name, r.Kind, r.ID, kind, ref)
					}
				}
			}
		}
	}
}

// TestNothingIsOrphaned: every objective has controls and risks, every risk a
// control, every control an objective and a risk, every CUEC an objective.
func TestNothingIsOrphaned(t *testing.T) {
	for name, records := range sets(t) {
		served := map[string]int{}
		for _, r := range records {
			switch x := r.Value.(type) {
			case soc1.Risk:
				served["risks of "+x.Objectives[0]]++
			case soc1.Control:
				if len(x.Risks) == 0 || len(x.Objectives) != 1 {
					t.Errorf("%s: control %s has risks %q and objectives %q", name, r.ID, x.Risks, x.Objectives)
				}
				for _, risk := range x.Risks {
					served["controls of "+risk]++
					if !strings.HasPrefix(risk, x.Objectives[0]+"-r") {
						t.Errorf("%s: control %s of %s answers %s of another objective", name, r.ID, x.Objectives[0], risk)
					}
				}
				served["controls of "+x.Objectives[0]]++
			case soc1.CUEC:
				if len(x.Objectives) == 0 {
					t.Errorf("%s: no objective needs %s", name, r.ID)
				}
			}
		}
		for _, r := range records {
			switch r.Value.(type) {
			case soc1.ControlObjective:
				if served["risks of "+r.ID] == 0 || served["controls of "+r.ID] == 0 {
					t.Errorf("%s: objective %s has %d risks and %d controls", name, r.ID, served["risks of "+r.ID], served["controls of "+r.ID])
				}
			case soc1.Risk:
				if served["controls of "+r.ID] == 0 {
					t.Errorf("%s: no control answers %s", name, r.ID)
				}
			}
		}
	}
}

// TestLinksNameWhatExists keeps links.json from outliving what it names.
func TestLinksNameWhatExists(t *testing.T) {
	known := map[string]bool{}
	risks := map[string]int{}
	for _, s := range Services() {
		for _, x := range s.CUECs {
			known[x.Code] = true
		}
		for _, o := range s.Objectives {
			known[o.Code] = true
			for _, c := range o.Controls {
				known[c.Code] = true
				risks[c.Code] = len(o.Risks)
			}
		}
	}
	for code, objectives := range allLinks().CUECObjectives {
		for _, name := range append(objectives, code) {
			if !known[name] {
				t.Errorf("links.json names %s, which does not exist", name)
			}
		}
	}
	for code, numbers := range allLinks().ControlRisks {
		for _, n := range numbers {
			if !known[code] || n < 1 || n > risks[code] {
				t.Errorf("links.json gives control %s risk %d; its objective has %d", code, n, risks[code])
			}
		}
	}
}

func TestFrameworkIDsExist(t *testing.T) {
	counts := map[string]int{}
	for _, f := range FrameworkIDs() {
		counts[f.Framework]++
	}
	want := map[string]int{"COSO-2013": 17, "TSC-2017": 61, "ISO27001-2022-AnnexA": 93, "NIST-800-53r5": 1189,
		"NIST-CSF-2.0": 106, "PCI-DSS-4.0.1": 351, "COBIT-2019": 40, "SOX-ITGC": 4}
	if !reflect.DeepEqual(counts, want) {
		t.Errorf("identifiers per framework: %v, want %v", counts, want)
	}
	for _, s := range Services() {
		for _, o := range s.Objectives {
			for short, ids := range o.Mappings {
				for _, id := range ids {
					remark := short == "SOX" && id == "application control"
					if !remark && !Known(frameworkNames[short], id) {
						t.Errorf("%s: there is no %s in %s (%s)", o.Code, id, frameworkNames[short], short)
					}
				}
			}
		}
	}
	for name, records := range sets(t) {
		for _, r := range records {
			c, ok := r.Value.(soc1.Control)
			if !ok {
				continue
			}
			if len(c.FrameworkIDs["COSO-2013"]) != len(c.Principles) || len(c.Principles) == 0 || c.Component == "" {
				t.Errorf("%s: %s has principles %v, component %q", name, r.ID, c.Principles, c.Component)
			}
			for framework, ids := range c.FrameworkIDs {
				for _, id := range ids {
					if !Known(framework, id) {
						t.Errorf("%s: %s names %s of %s", name, r.ID, id, framework)
					}
				}
			}
		}
	}
}

func TestOneControlInFull(t *testing.T) {
	records, err := Records("pay", true)
	if err != nil {
		t.Fatal(err)
	}
	var got soc1.Control
	kinds := map[string]int{}
	for _, r := range records {
		kinds[r.Kind]++
		if r.ID == "pay-1-2" {
			got = r.Value.(soc1.Control)
		}
	}
	want := soc1.Control{
		Code: "PAY-1.2", Text: "A second implementation specialist, who did not take part in the set-up, compares every system setting of a new client with the data workbook before releasing the client to production. " +
			"Each difference is corrected and initialed on the comparison, which is retained with the checklist.",
		Segregated: true, Nature: soc1.Manual, Type: soc1.Detective, Frequency: soc1.AsNeeded, Key: true, Component: soc1.ControlActivities,
		Principles: []soc1.Principle{"P10", "P12", "P13"}, Assertions: []soc1.FinancialAssertion{soc1.Completeness, soc1.Accuracy, soc1.Validity},
		Objectives: []string{"pay-1"}, Risks: []string{"pay-1-r1", "pay-1-r2"},
		FrameworkIDs: map[string][]string{"COSO-2013": {"P10", "P12", "P13"}, "TSC-2017": {"PI1.1", "PI1.2", "PI1.3", "PI1.4", "PI1.5"},
			"ISO27001-2022-AnnexA": {"A.5.3", "A.8.26"}, "NIST-800-53r5": {"SI-10", "SI-7", "AC-5", "AU-6"}, "NIST-CSF-2.0": {"PR.DS-10"}, "COBIT-2019": {"DSS06", "APO11"}},
		PopulationHint:     "New clients live in the period, from the audit log of the client master",
		ExpectedAttributes: []string{"The reviewer is not the specialist who set the client up.", "All differences were cleared.", "The client was released after the review."},
		SuggestedTest:      "Inspect the comparison; reperform it for one client", Order: 2,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if want := map[string]int{"control_objective": 14, "risk": 31, "control": 55, "cuec": 10}; !reflect.DeepEqual(kinds, want) {
		t.Errorf("payroll with general IT controls: %v, want %v", kinds, want)
	}
}

// TestOrder: within a report objectives are numbered without ties, general IT
// controls last, whatever other service types are used beside.
func TestOrder(t *testing.T) {
	seen := map[int]string{}
	highest := 0
	for _, s := range Services() {
		records, err := Records(s.Code, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			o, ok := r.Value.(soc1.ControlObjective)
			if !ok {
				continue
			}
			if seen[o.Order] != "" {
				t.Errorf("%s and %s share the place %d", seen[o.Order], r.ID, o.Order)
			}
			seen[o.Order] = r.ID
			highest = max(highest, o.Order)
		}
	}
	if seen[highest] != "itgc-7" {
		t.Errorf("the last objective is %s", seen[highest])
	}
}

func TestPopulationReferencesEnd(t *testing.T) {
	for _, s := range Services() {
		for _, o := range s.Objectives {
			for _, c := range o.Controls {
				if p := s.population(c); strings.HasPrefix(p, "As ") || p == "" {
					t.Errorf("%s: the population %q is not resolved", c.Code, p)
				}
			}
		}
	}
}

func TestUnknownServiceNamesTheKnown(t *testing.T) {
	_, err := Records("XYZ", true)
	want := `the template library has no service type "XYZ"; use one of: ITGC, PAY, CLM, FND, LON, RCM, CUS, DCH, SAA`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestITGCAloneIsNotDoubled(t *testing.T) {
	with, err := Records("itgc", true)
	if err != nil {
		t.Fatal(err)
	}
	without, err := Records("ITGC", false)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(with, without) {
		t.Error("the general IT controls include themselves twice")
	}
}

// TestSpelling keeps British spellings out of an American report.
func TestSpelling(t *testing.T) {
	british := regexp.MustCompile(`(?i)\w*(authoris|finalis|recognis|organis|summaris|analys(e|ed|ing)\b|programme|cancelled|ageing|catalogue|centre|enrolment|cheque|per cent)\w*`)
	for _, code := range order {
		name := "services/" + strings.ToLower(code) + ".json"
		data, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range british.FindAllString(string(data), -1) {
			t.Errorf("%s spells %q the British way", name, word)
		}
	}
}

// TestStatementsStandAlone: a statement names no code, because the general IT
// controls may be left out, and does not speak in the first person, because
// the same sentence stands in Sections III and IV.
func TestStatementsStandAlone(t *testing.T) {
	other := regexp.MustCompile(`\b[A-Z]{3,4}-\d|\b(?i:we|us|our|ours)\b`)
	for _, s := range Services() {
		for _, x := range s.CUECs {
			if m := other.FindString(x.Text); m != "" || !strings.HasSuffix(x.Text, ".") {
				t.Errorf("%s says %q or does not end: %s", x.Code, m, x.Text)
			}
		}
		for _, o := range s.Objectives {
			for _, text := range append(o.Risks, o.Text) {
				if m := other.FindString(text); m != "" || !strings.HasSuffix(text, ".") {
					t.Errorf("%s says %q or does not end: %s", o.Code, m, text)
				}
			}
			for _, c := range o.Controls {
				if m := other.FindString(c.Text); m != "" || !strings.HasSuffix(c.Text, ".") {
					t.Errorf("%s says %q or does not end: %s", c.Code, m, c.Text)
				}
			}
		}
	}
}

// TestCensus: a control becomes a test with an attribute for each of its own
// that the rows decide, all valid, which name one another and, for a test that is only planned, no
// population.
func TestCensus(t *testing.T) {
	for _, s := range Services() {
		for _, o := range s.Objectives {
			for _, c := range o.Controls {
				records, err := Census(c.Code, "e", "pop")
				if c.Extract == nil {
					if err == nil || !strings.Contains(err.Error(), "no extract") {
						t.Errorf("%s has no extract: %v", c.Code, err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				test := records[0].Value.(soc1.TestOfControl)
				rows := 0
				for _, a := range c.Attributes {
					if !a.Manual() {
						rows++
					}
				}
				var ids []string
				for _, r := range records {
					for _, p := range r.Value.(soc1.Record).Validate() {
						t.Errorf("%s/%s: %s", r.Kind, r.ID, p)
					}
					if a, ok := r.Value.(soc1.Attribute); ok {
						ids = append(ids, r.ID)
						if of := c.Attributes[a.Order-1]; a.Test != records[0].ID || a.Code != Letter(a.Order-1) || a.Manual || a.Pass != of.Pass || a.Text != of.Text {
							t.Errorf("%s is %+v, want %+v", r.ID, a, of)
						}
					}
				}
				if !slices.Equal(ids, test.Attributes) || len(ids) != rows || rows == 0 || test.Control != idOf(c.Code) || test.Population != "pop" {
					t.Errorf("%s: test %+v with attributes %q", c.Code, test, ids)
				}
			}
		}
	}
	if records, err := Census(" pay-1.2 ", "e", ""); err != nil || records[0].Value.(soc1.TestOfControl).Population != "" {
		t.Errorf("a planned test: %v %v", records, err)
	}
	for code, want := range map[string]string{
		"PAY-9.9": "the template library has no control \"PAY-9.9\"; `reperform templates show PAY` lists those of the service type",
		"XYZ-1.1": "codes look like PAY-1.2",
	} {
		if _, err := Census(code, "e", ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestExtractAsCSV(t *testing.T) {
	text := func(s string) *string { return &s }
	e := Extract{Columns: []Column{{Name: "id", Example: text("A-1")}, {Name: "reason"}, {Name: "note", Example: text(`one, "two"`)}}}
	if got, want := e.CSV(), "id,reason,note\nA-1,,\"one, \"\"two\"\"\"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestRecordsAreTheCallersOwn: changing what one call returned changes nothing
// for the next.
func TestRecordsAreTheCallersOwn(t *testing.T) {
	spoil := func() soc1.Control {
		records, err := Records("PAY", false)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(records, func(r Record) bool { return r.ID == "pay-1-1" })
		c := records[i].Value.(soc1.Control)
		before := c.ExpectedAttributes[0] + c.Objectives[0] + c.Risks[0] + c.FrameworkIDs["TSC-2017"][0] + string(c.Principles[0]) + string(c.Assertions[0])
		c.ExpectedAttributes[0], c.Objectives[0], c.Risks[0], c.FrameworkIDs["TSC-2017"][0], c.Principles[0], c.Assertions[0] = "", "", "", "", "", ""
		c.SuggestedTest = before
		return c
	}
	first, second := spoil().SuggestedTest, spoil().SuggestedTest
	if first != second {
		t.Errorf("the second call saw the first caller's changes: %q, then %q", first, second)
	}
}
