package report

import (
	"context"
	"encoding/base64"
	"errors"
	"reflect"
	"slices"
	"strings"

	"reperform/ledger"
	"reperform/report/wording"
	"reperform/soc1"
)

// Build computes the report from the records. It only reads. What is missing
// becomes a gap, shown at its place and listed in the model; an error means
// that there is no report to speak of: no such engagement, no objective in
// force on its last day, a release without an opinion, or a ledger that cannot
// be read.
func Build(ctx context.Context, src Source) (*Model, error) {
	switch {
	case src.Organization == nil:
		return nil, errors.New("report: a report needs the organization's ledger")
	case src.Engagement == "":
		return nil, errors.New("report: a report needs an engagement; name one")
	case src.Released && src.Examination == nil:
		return nil, errors.New("report: management’s own draft cannot be released; only the service auditor releases a report")
	}
	m, err := gather(ctx, src)
	if err != nil {
		return nil, err
	}
	if src.Released && m.opinion == nil {
		return nil, errors.New("report: a report without an opinion cannot be released; the engagement partner enters it first")
	}
	if err := m.evaluate(); err != nil {
		return nil, err
	}
	m.facts = m.factsOf()
	out := &Model{
		Format: ModelFormat, Program: src.Program, Wording: m.wording.Name, Typesetter: Typesetter,
		Engagement: src.Engagement, Paper: m.paper(), Draft: DraftMark, Author: m.engagement.Value.Auditor.Firm,
	}
	if src.Released {
		out.Draft = ""
	} else {
		out.Author = m.organization.Value.Name
	}
	if m.opinion != nil {
		out.Date = m.opinion.Value.ReportDate
	}
	out.Cover, out.Footer = m.cover(), m.footer()
	out.Title = out.Cover.Kind + " – " + out.Cover.Organization + " – " + out.Cover.System
	if src.Examination != nil {
		out.Ledgers = append(out.Ledgers, state("Service auditor’s file", src.Checkpoint))
		if src.Anchor.Size > 0 {
			out.Ledgers = append(out.Ledgers, state("Records of "+m.facts.Org, src.Anchor))
		}
	} else {
		out.Ledgers = append(out.Ledgers, state("Records of "+m.facts.Org, src.Checkpoint))
	}
	for _, section := range []func() (Section, error){m.sectionI, m.sectionII, m.sectionIII, m.sectionIV, m.sectionV} {
		s, err := section()
		if err != nil {
			return nil, err
		}
		if len(s.Blocks) > 0 {
			out.Sections = append(out.Sections, s)
		}
	}
	verify, err := m.sectionVerify(out)
	if err != nil {
		return nil, err
	}
	out.Sections = append(out.Sections, verify)
	if err := m.redacted(); err != nil {
		return nil, err
	}
	out.Claims, out.Gaps = m.claims, m.gaps
	if out.Claims == nil {
		out.Claims = []Claim{}
	}
	if out.Gaps == nil {
		out.Gaps = []Gap{}
	}
	clean(reflect.ValueOf(out))
	for i := range out.Sections {
		arrange(out.Sections[i].Blocks)
	}
	return out, nil
}

func state(role string, c ledger.Checkpoint) State {
	return State{Role: role, Origin: c.Origin, Size: c.Size, Root: base64.StdEncoding.EncodeToString(c.Root[:])}
}

// factsOf collects what the wording depends on.
func (m *material) factsOf() *wording.Facts {
	e, o := m.engagement.Value, m.organization.Value
	f := &wording.Facts{
		Org: firstOf(o.Name, "[the service organization]"), OrgFull: firstOf(o.LegalName, o.Name, "[the service organization]"),
		System: firstOf(e.SystemName, "system"), Firm: e.Auditor.Firm, Type2: e.Type == soc1.Type2,
		AsOf: e.AsOf.Long(), From: e.PeriodStart.Long(), To: e.PeriodEnd.Long(),
		CUEC: len(m.cuecs) > 0, CSOC: len(m.csocs) > 0, Other: e.OtherInformation, Users: strings.TrimSuffix(strings.TrimSpace(e.IntendedUsers), "."),
		Management: m.party == soc1.ByManagement, Anchored: m.src.Examination != nil && m.src.Anchor.Size > 0,
		Bases: map[soc1.OpinionType]int{}, Stated: m.stated(""),
	}
	f.Title = firstOf(e.DescriptionTitle, "Description of the "+f.System+" of "+f.Org)
	for _, s := range m.subs {
		x := wording.Subservice{Name: s.Value.Name, Functions: strings.TrimSuffix(strings.TrimSpace(firstOf(s.Value.Functions, s.Value.ServicesProvided)), ".")}
		if s.Value.Method == soc1.Inclusive {
			f.Inclusive = append(f.Inclusive, x)
		} else {
			f.CarveOut = append(f.CarveOut, x)
		}
	}
	for _, s := range m.services {
		if !s.Value.InScope {
			f.Excluded = append(f.Excluded, s.Value.Name)
		}
	}
	if m.opinion != nil {
		f.Opinions = m.opinion.Value.Limbs
		if !f.Type2 {
			f.Opinions.Operating = ""
		}
		for _, b := range m.opinion.Value.Basis {
			f.Bases[f.Opinions.Of(b.Limb)]++
		}
	}
	m.methods(f)
	m.information(f)
	for _, n := range m.nonces {
		f.Nonce = f.Nonce || n.Value.Revealed != ""
	}
	return f
}

// methods notes what kinds of tests are shown.
func (m *material) methods(f *wording.Facts) {
	for _, o := range m.outcomes {
		t := o.test.Value
		f.Census = f.Census || t.Method == soc1.Census
		f.Sampled = f.Sampled || t.Method == soc1.SampleMethod
		f.One = f.One || t.Method == soc1.ObservationOnly
		f.NotOperated = f.NotOperated || t.Method == soc1.DidNotOperate
		if t.Method == soc1.SampleMethod {
			f.ByTable = f.ByTable || t.SamplePlan.FrequencyTable != ""
			f.ByRate = f.ByRate || t.SamplePlan.Model.Statistical()
		}
		for _, p := range t.Procedures {
			f.Inquiry = f.Inquiry || p.Nature == soc1.Inquiry
			f.Observation = f.Observation || p.Nature == soc1.Observation
			f.Inspection = f.Inspection || p.Nature == soc1.Inspection
			f.Reperform = f.Reperform || p.Nature == soc1.Reperformance
		}
		for _, d := range o.deviations {
			text, _, _ := m.response(d)
			f.Responses = f.Responses || text != ""
		}
	}
	if len(m.outcomes) == 0 {
		f.Inquiry, f.Observation, f.Inspection, f.Reperform = true, true, true, true
	}
}

// checkWords name the procedures on completeness and accuracy as a sentence
// has them.
var checkWords = []struct {
	check soc1.CheckKind
	words string
}{
	{soc1.QueryInspection, "inspection of the source, the query, and its parameters"},
	{soc1.SecondSourceCount, "comparison of counts with a second source"},
	{soc1.ControlTotals, "agreement of control totals"},
	{soc1.SequenceGap, "search for gaps in sequences"},
	{soc1.DuplicateKey, "search for duplicate items"},
	{soc1.EmptyDay, "search for days without items"},
	{soc1.OutOfPeriod, "search for items outside the period"},
	{soc1.SchemaDrift, "comparison of the columns with those of the period before"},
	{soc1.ListToSource, "agreement of listed items to their source"},
	{soc1.SourceToList, "tracing of items of the source to the list"},
}

// information names the procedures that are recorded on the populations used,
// and notes when none are.
func (m *material) information(f *wording.Facts) {
	done := map[soc1.CheckKind]bool{}
	used := m.used()
	for _, p := range used {
		for _, c := range p.Value.Checks {
			done[c.Check] = true
		}
	}
	for _, w := range checkWords {
		if done[w.check] {
			f.IPE = append(f.IPE, w.words)
		}
	}
	if done[soc1.OtherCheck] {
		f.IPE = append(f.IPE, "other procedures suited to the information")
	}
	for _, s := range m.samples {
		if m.outcomes[s.Value.Test] != nil {
			f.Ranked = true
		}
	}
	if f.Type2 && len(used) > 0 && len(f.IPE) == 0 {
		m.gap("IV", nil, "Record one for each population with `reperform population check`.", "No procedure on completeness and accuracy of the populations is recorded.")
	}
}

// assertion finds the assertion of the organization (sub is empty) or of a
// subservice organization.
func (m *material) assertion(sub string) *soc1.ManagementAssertion {
	for i := range m.assertions {
		if m.assertions[i].Value.SubserviceOrganization == sub {
			return &m.assertions[i].Value
		}
	}
	return nil
}

// stated counts the exceptions that an assertion states, by limb.
func (m *material) stated(sub string) map[soc1.OpinionLimb]int {
	out := map[soc1.OpinionLimb]int{}
	if a := m.assertion(sub); a != nil {
		for _, x := range a.Modifications {
			out[x.Limb]++
		}
	}
	return out
}

// letterCountries are those whose offices use US Letter.
var letterCountries = []string{"us", "usa", "u.s.", "u.s.a.", "united states", "united states of america", "canada", "ca", "mexico", "mx", "philippines", "ph", "chile", "cl", "colombia", "co"}

// paper follows the organization's country, and the standards where it is not
// given.
func (m *material) paper() string {
	country := m.organization.Value.Country
	if strings.TrimSpace(country) == "" && m.engagement.Value.StandardSet == soc1.SSAE18And21 || LetterPaper(country) {
		return "us-letter"
	}
	return "a4"
}

// LetterPaper tells whether offices of a country use US letter paper.
func LetterPaper(country string) bool {
	return slices.Contains(letterCountries, strings.ToLower(strings.TrimSpace(country)))
}

func (m *material) cover() Cover {
	e, f := m.engagement.Value, m.facts
	kind := "SOC 1 " + e.Type.Label() + " Report"
	if e.StandardSet == soc1.ISAE3402 {
		kind = "ISAE 3402 " + e.Type.Label() + " Report"
	}
	c := Cover{Kind: firstOf(e.ReportTypeLabel, kind), Organization: f.OrgFull, System: f.System, Description: f.Title, Use: m.footer().Use}
	if f.Type2 {
		c.When = "For the period " + f.From + " to " + f.To
	} else {
		c.When = "As of " + f.AsOf
	}
	if e.Auditor.Firm != "" {
		c.Auditor = "With the report of the independent service auditor, " + e.Auditor.Firm
		if !m.src.Released {
			c.Auditor = "Prepared for the examination by " + e.Auditor.Firm
		}
	}
	return c
}

func (m *material) footer() Footer {
	use := "Restricted use: see “Restricted Use” in Section I"
	if m.engagement.Value.StandardSet == soc1.ISAE3402 {
		use = "For the intended users named in Section I only"
	}
	c := m.src.Checkpoint
	root := base64.StdEncoding.EncodeToString(c.Root[:])
	return Footer{Use: use, Checkpoint: c.Origin + " · size " + number(c.Size) + " · root " + root[:12] + "…"}
}
