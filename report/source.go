package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"reperform/ledger"
	"reperform/record"
	"reperform/report/wording"
	"reperform/soc1"
)

// Source is what a report is built from.
type Source struct {
	// Organization is the service organization's ledger at a fixed position.
	// Build chooses the effective date, the last day of the engagement, for
	// what describes the system, and the latest revision for what was written
	// about it afterwards (the engagement, the description, the assertion).
	Organization *record.View
	// Examination is the service auditor's ledger. Nil gives management's own
	// draft: the tests shown are management's own and marked so.
	Examination *record.View
	// Engagement is the id of the engagement.
	Engagement string
	// Checkpoint is that of the ledger the report is built from: the
	// examination's, or else the organization's.
	Checkpoint ledger.Checkpoint
	// Anchor is the checkpoint of the organization's ledger that the
	// examination recorded; zero where there is none.
	Anchor ledger.Checkpoint
	// Program is this program's version.
	Program string
	// Released says that the engagement partner released the report. Nothing
	// else removes the draft marks.
	Released bool
}

// material is everything of the ledgers that the report speaks of.
type material struct {
	ctx     context.Context
	src     Source
	latest  *record.View // the organization, latest revisions
	state   *record.View // the organization on the last day of the engagement
	work    *record.View // the ledger whose tests are shown
	party   soc1.Party
	wording *wording.Set
	facts   *wording.Facts

	engagement   record.Typed[soc1.Engagement]
	organization record.Typed[soc1.Organization]
	people       map[string]soc1.Person

	services   []record.Typed[soc1.Service]
	systems    []record.Typed[soc1.System]
	locations  []record.Typed[soc1.Location]
	classes    []record.Typed[soc1.TransactionClass]
	subs       []record.Typed[soc1.SubserviceOrganization]
	csocs      []record.Typed[soc1.CSOC]
	cuecs      []record.Typed[soc1.CUEC]
	objectives []record.Typed[soc1.ControlObjective]
	controls   []control
	sections   []record.Typed[soc1.DescriptionSection]
	changes    []record.Typed[soc1.SignificantChange]
	assertions []record.Typed[soc1.ManagementAssertion]
	others     []record.Typed[soc1.OtherInformation]
	responses  []record.Typed[soc1.ManagementResponse]
	reports    []record.Typed[soc1.Population]

	tests       []record.Typed[soc1.TestOfControl]
	populations map[string]record.Typed[soc1.Population]
	samples     []record.Typed[soc1.Sample]
	results     []record.Typed[soc1.Result]
	exceptions  []record.Typed[soc1.Exception]
	deviations  []record.Typed[soc1.Deviation]
	opinion     *record.Typed[soc1.Opinion]
	nonces      []record.Typed[soc1.Nonce]

	outcomes map[string]*outcome
	claims   []Claim
	gaps     []Gap
}

// reader reads lists and keeps the first error.
type reader struct {
	ctx context.Context
	err error
}

func read[T any](r *reader, v *record.View, kind string) []record.Typed[T] {
	if r.err != nil || v == nil {
		return nil
	}
	list, err := record.All[T](r.ctx, v, kind)
	if err != nil {
		r.err = fmt.Errorf("report: reading %s of %s: %w", kind, v.Ledger(), err)
	}
	return list
}

// gather reads both ledgers.
func gather(ctx context.Context, src Source) (*material, error) {
	m, err := begin(ctx, src)
	if err != nil {
		return nil, err
	}
	r := &reader{ctx: ctx}
	m.describe(r)
	m.test(r)
	if r.err != nil {
		return nil, r.err
	}
	if err := m.readControls(); err != nil {
		return nil, err
	}
	return m, m.inForce()
}

// begin reads the engagement, which says when and by which standards the report
// speaks.
func begin(ctx context.Context, src Source) (*material, error) {
	m := &material{ctx: ctx, src: src, latest: src.Organization.At(""), party: soc1.ByManagement, work: src.Organization.At("")}
	if src.Examination != nil {
		m.party, m.work = soc1.ByAuditor, src.Examination.At("")
	}
	var err error
	if m.engagement, err = record.One[soc1.Engagement](ctx, m.latest, "engagement", src.Engagement); err != nil {
		return nil, fmt.Errorf("report: engagement %s: %w", src.Engagement, err)
	}
	if problems := m.engagement.Value.Validate(); len(problems) > 0 {
		return nil, fmt.Errorf("report: engagement %s: %s", src.Engagement, problems[0])
	}
	if m.wording, err = wording.Of(m.engagement.Value.StandardSet); err != nil {
		return nil, fmt.Errorf("report: engagement %s: %w", src.Engagement, err)
	}
	m.state = src.Organization.At(m.engagement.Value.End())
	return m, nil
}

// describe reads what describes the system and what management wrote about it.
func (m *material) describe(r *reader) {
	e := m.engagement.Value
	if list := read[soc1.Organization](r, m.latest, "organization"); len(list) > 0 {
		m.organization = list[0]
	}
	m.people = map[string]soc1.Person{}
	for _, p := range read[soc1.Person](r, m.latest, "person") {
		m.people[p.ID] = p.Value
	}
	m.services = read[soc1.Service](r, m.state, "service")
	if len(e.Services) > 0 {
		m.services = keep(m.services, func(s record.Typed[soc1.Service]) bool { return slices.Contains(e.Services, s.ID) })
	}
	order(m.services, func(s soc1.Service) (int, string) { return s.Order, s.Name })
	m.systems = keep(read[soc1.System](r, m.state, "system"), func(s record.Typed[soc1.System]) bool { return s.Value.InScope })
	order(m.systems, func(s soc1.System) (int, string) { return 0, s.Name })
	m.locations = keep(read[soc1.Location](r, m.state, "location"), func(l record.Typed[soc1.Location]) bool { return l.Value.InScope })
	order(m.locations, func(l soc1.Location) (int, string) { return 0, l.Name })
	m.classes = keep(read[soc1.TransactionClass](r, m.state, "transaction_class"), func(c record.Typed[soc1.TransactionClass]) bool {
		return slices.ContainsFunc(c.Value.Services, m.covers)
	})
	order(m.classes, func(c soc1.TransactionClass) (int, string) { return c.Order, c.Name })
	m.subs = keep(read[soc1.SubserviceOrganization](r, m.state, "subservice_organization"), func(s record.Typed[soc1.SubserviceOrganization]) bool {
		return len(e.SubserviceOrganizations) == 0 || slices.Contains(e.SubserviceOrganizations, s.ID)
	})
	order(m.subs, func(s soc1.SubserviceOrganization) (int, string) { return s.Order, s.Name })
	m.objectives = keep(read[soc1.ControlObjective](r, m.state, "control_objective"), func(o record.Typed[soc1.ControlObjective]) bool {
		return !o.Value.Omitted() && (len(e.Objectives) == 0 || slices.Contains(e.Objectives, o.ID))
	})
	order(m.objectives, func(o soc1.ControlObjective) (int, string) { return o.Order, o.Code })
	// A complementary control without an objective is shown, so that the
	// missing link is seen; one for other objectives only is not.
	m.cuecs = keep(read[soc1.CUEC](r, m.state, "cuec"), func(c record.Typed[soc1.CUEC]) bool {
		return len(c.Value.Objectives) == 0 || slices.ContainsFunc(c.Value.Objectives, m.states)
	})
	order(m.cuecs, func(c soc1.CUEC) (int, string) { return c.Order, c.Code })
	m.csocs = keep(read[soc1.CSOC](r, m.state, "csoc"), func(c record.Typed[soc1.CSOC]) bool {
		s := m.sub(c.Value.SubserviceOrganization)
		return s != nil && s.Method == soc1.CarveOut && (len(c.Value.Objectives) == 0 || slices.ContainsFunc(c.Value.Objectives, m.states))
	})
	order(m.csocs, func(c soc1.CSOC) (int, string) { return c.Order, c.Code })

	m.sections = keep(read[soc1.DescriptionSection](r, m.latest, "description_section"), func(s record.Typed[soc1.DescriptionSection]) bool {
		return s.Value.Engagement == "" || s.Value.Engagement == m.src.Engagement
	})
	order(m.sections, func(s soc1.DescriptionSection) (int, string) { return s.Order, s.Title })
	m.changes = keep(read[soc1.SignificantChange](r, m.latest, "significant_change"), func(c record.Typed[soc1.SignificantChange]) bool {
		return e.Type == soc1.Type2 && e.Covers(c.Value.When)
	})
	slices.SortStableFunc(m.changes, func(a, b record.Typed[soc1.SignificantChange]) int { return cmp.Compare(a.Value.When, b.Value.When) })
	m.assertions = keep(read[soc1.ManagementAssertion](r, m.latest, "assertion"), func(a record.Typed[soc1.ManagementAssertion]) bool {
		return a.Value.Engagement == m.src.Engagement
	})
	m.others = keep(read[soc1.OtherInformation](r, m.latest, "other_information"), func(o record.Typed[soc1.OtherInformation]) bool {
		return o.Value.Engagement == "" || o.Value.Engagement == m.src.Engagement
	})
	order(m.others, func(o soc1.OtherInformation) (int, string) { return o.Order, o.Title })
	m.responses = keep(read[soc1.ManagementResponse](r, m.latest, "management_response"), func(x record.Typed[soc1.ManagementResponse]) bool {
		return x.Value.Engagement == m.src.Engagement
	})
	m.reports = keep(read[soc1.Population](r, m.latest, "population"), func(p record.Typed[soc1.Population]) bool {
		return p.Value.Purpose == soc1.ReportSentToUsers && (p.Value.Engagement == "" || p.Value.Engagement == m.src.Engagement)
	})
	order(m.reports, func(p soc1.Population) (int, string) { return 0, p.Title })
}

// test reads the testing of the party whose tests are shown.
func (m *material) test(r *reader) {
	m.populations = map[string]record.Typed[soc1.Population]{}
	for _, p := range read[soc1.Population](r, m.work, "population") {
		m.populations[p.ID] = p
	}
	m.tests = keep(read[soc1.TestOfControl](r, m.work, "test_of_control"), func(t record.Typed[soc1.TestOfControl]) bool {
		return t.Value.By == m.party && t.Value.Engagement == m.src.Engagement
	})
	order(m.tests, func(t soc1.TestOfControl) (int, string) { return 0, t.Code })
	m.samples = read[soc1.Sample](r, m.work, "sample")
	m.results = read[soc1.Result](r, m.work, "result")
	m.exceptions = read[soc1.Exception](r, m.work, "exception")
	m.deviations = read[soc1.Deviation](r, m.work, "deviation")
	order(m.deviations, func(d soc1.Deviation) (int, string) { return 0, d.Code })
	if m.src.Examination == nil {
		return
	}
	for _, p := range read[soc1.Person](r, m.work, "person") {
		if _, ok := m.people[p.ID]; !ok {
			m.people[p.ID] = p.Value
		}
	}
	for _, o := range read[soc1.Opinion](r, m.work, "opinion") {
		if o.Value.Engagement == m.src.Engagement && (m.opinion == nil || o.Pos >= m.opinion.Pos) {
			m.opinion = &o
		}
	}
	m.nonces = read[soc1.Nonce](r, m.work, "nonce")
}

// inForce refuses a report without a single objective in force, which is
// nearly always a matter of effective dates, and notes what takes effect only
// after the report's last day.
func (m *material) inForce() error {
	end := m.engagement.Value.End()
	for _, kind := range []string{"control_objective", "control", "cuec", "csoc", "subservice_organization", "service", "system"} {
		now, err := m.state.List(m.ctx, kind)
		if err != nil {
			return err
		}
		all, err := m.latest.List(m.ctx, kind)
		if err != nil {
			return err
		}
		var late []string
		for _, r := range all {
			if r.Effective > string(end) && !slices.ContainsFunc(now, func(x record.Record) bool { return x.ID == r.ID }) {
				late = append(late, r.ID)
			}
		}
		if len(late) == 0 {
			continue
		}
		k, err := record.Kinds.Kind(kind)
		if err != nil {
			return err
		}
		shown := strings.Join(late[:min(len(late), 5)], ", ")
		if kind == "control_objective" && len(m.objectives) == 0 {
			return fmt.Errorf("report: no control objective was in force on %s, the last day that the report speaks of; %d take effect later (%s): record them with an effective date on or before that day", end, len(late), shown)
		}
		m.notice("III", "Record them with an effective date in time if they belong in it.", "%d %s take effect only after %s and are not in the report (%s).", len(late), strings.ToLower(k.Plural), end.Long(), shown)
	}
	return nil
}

// covers reports whether a service belongs to the report.
func (m *material) covers(id string) bool {
	return slices.ContainsFunc(m.services, func(s record.Typed[soc1.Service]) bool { return s.ID == id && s.Value.InScope })
}

// states reports whether an objective belongs to the report.
func (m *material) states(id string) bool {
	return slices.ContainsFunc(m.objectives, func(o record.Typed[soc1.ControlObjective]) bool { return o.ID == id })
}

// sub finds a subservice organization of the report.
func (m *material) sub(id string) *soc1.SubserviceOrganization {
	for i := range m.subs {
		if m.subs[i].ID == id {
			return &m.subs[i].Value
		}
	}
	return nil
}

// objectiveCodes lists the codes of objectives as tables print them.
func (m *material) objectiveCodes(ids []string) string {
	var out []string
	for _, o := range m.objectives {
		if slices.Contains(ids, o.ID) {
			out = append(out, o.Value.Code)
		}
	}
	if len(out) == 0 {
		return "[no control objective]"
	}
	return strings.Join(out, ", ")
}

// gap notes something missing and how it is closed.
func (m *material) gap(where string, ref *soc1.Ref, remedy, format string, args ...any) {
	m.gaps = append(m.gaps, Gap{Where: where, Text: fmt.Sprintf(format, args...), Record: ref, Remedy: remedy})
}

// notice notes something to look at that the report can do without.
func (m *material) notice(where, remedy, format string, args ...any) {
	m.gaps = append(m.gaps, Gap{Where: where, Text: fmt.Sprintf(format, args...), Remedy: remedy, Notice: true})
}

// redacted notes the documents that the report would have read and that the law
// took away: it is without them, and says so while it is a draft.
func (m *material) redacted() error {
	seen := map[soc1.Ref]bool{}
	for _, v := range []*record.View{m.latest, m.state, m.work} {
		gone := v.Gone()
		if len(gone) == 0 {
			continue
		}
		list, err := v.Redactions(m.ctx, 0)
		if err != nil {
			return err
		}
		for _, r := range gone {
			ref := r.Ref()
			i := slices.IndexFunc(list, func(x record.Redaction) bool { return x.Pos == r.Pos && x.Slot == r.Slot })
			if seen[ref] || i < 0 {
				continue
			}
			seen[ref] = true
			where := "III"
			if v == m.work && m.src.Examination != nil {
				where = "IV"
			}
			// The law took it, so nobody can close this: it is told and does not
			// keep the report from being released.
			m.gaps = append(m.gaps, Gap{Where: where, Record: &ref, Notice: true,
				Text:   fmt.Sprintf("Revision %d of %s %s was redacted on %s; the report is without it.", r.Revision, r.Kind, r.ID, list[i].Date()),
				Remedy: "Consider what can no longer be described or examined, and say so where it matters."})
		}
	}
	return nil
}

// claim notes a figure and gives it as printed.
func (m *material) claim(id, text, value string, sources ...soc1.Ref) string {
	if !slices.ContainsFunc(m.claims, func(c Claim) bool { return c.ID == id }) {
		m.claims = append(m.claims, Claim{ID: id, Text: text, Value: value, Sources: append([]soc1.Ref{}, sources...)})
	}
	return value
}

// count claims the number of records of a list.
func count[T any](m *material, id, text string, list []record.Typed[T]) string {
	return m.claim(id, text, number(int64(len(list))), refs(list)...)
}

func refs[T any](list []record.Typed[T]) []soc1.Ref {
	out := make([]soc1.Ref, len(list))
	for i, r := range list {
		out[i] = r.Ref()
	}
	return out
}

func keep[T any](list []record.Typed[T], ok func(record.Typed[T]) bool) []record.Typed[T] {
	return slices.DeleteFunc(list, func(x record.Typed[T]) bool { return !ok(x) })
}

// order sorts by the order that people gave, then by code, then by id.
func order[T any](list []record.Typed[T], by func(T) (int, string)) {
	slices.SortStableFunc(list, func(a, b record.Typed[T]) int {
		na, ca := by(a.Value)
		nb, cb := by(b.Value)
		return cmp.Or(cmp.Compare(na, nb), natural(ca, cb), natural(a.ID, b.ID))
	})
}
