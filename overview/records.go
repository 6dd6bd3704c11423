package overview

import (
	"cmp"
	"context"
	"fmt"

	"reperform/policies"
	"reperform/record"
	"reperform/soc1"
)

// Source is one ledger as of a point on the two clocks; *record.View is one.
type Source interface {
	// Ledger is the ledger's name.
	Ledger() string
	// All lists the records of a kind by id, retired and redacted ones too.
	All(ctx context.Context, kind string) ([]record.Record, error)
	// Versions lists the versions of a kind's records in force within dates.
	Versions(ctx context.Context, kind string, from, to soc1.Date) ([]record.Version, error)
}

// Released is what the firm lets management see of an examination.
type Released struct {
	// Releases are the releases that name management; which they are, the
	// caller knows.
	Releases []record.Typed[soc1.Release]
	// Records are revisions of the examination. Only those that a release
	// names with their exact revision count.
	Records []record.Record
}

// Records is what the numbers are made of. It may be loaded from views or built
// as a value; nothing here changes it.
type Records struct {
	// By says whose numbers these are.
	By soc1.Party
	// Ledger is the ledger that holds the work of that side.
	Ledger string
	// From and To are the days for which Versions were read.
	From, To soc1.Date
	// Versions are the versions of controls in force within these days. A
	// control without one counts as unchanged.
	Versions []record.Version

	// The organization's records.
	Organization []record.Typed[soc1.Organization]
	Calendars    []record.Typed[soc1.BusinessCalendar]
	Locations    []record.Typed[soc1.Location]
	Engagements  []record.Typed[soc1.Engagement]
	Objectives   []record.Typed[soc1.ControlObjective]
	Risks        []record.Typed[soc1.Risk]
	Controls     []record.Typed[soc1.Control]
	People       []record.Typed[soc1.Person]
	Policies     []record.Typed[soc1.Policy]
	// Decisions are those on policies.
	Decisions     []policies.Decision
	Sections      []record.Typed[soc1.DescriptionSection]
	Assertions    []record.Typed[soc1.ManagementAssertion]
	Letters       []record.Typed[soc1.RepresentationLetter]
	Responses     []record.Typed[soc1.ManagementResponse]
	CUECs         []record.Typed[soc1.CUEC]
	CSOCs         []record.Typed[soc1.CSOC]
	Subservice    []record.Typed[soc1.SubserviceOrganization]
	OtherSections []record.Typed[soc1.OtherInformation]

	// Performances are signed in the organization's ledger; each that operated is
	// evidence as well, by which alone coverage counts it.
	Performances []record.Typed[soc1.Performance]

	// The work of the side.
	Evidence    []record.Typed[soc1.Evidence]
	Tests       []record.Typed[soc1.TestOfControl]
	Samples     []record.Typed[soc1.Sample]
	Runs        []record.Typed[soc1.TestRun]
	Results     []record.Typed[soc1.Result]
	Exceptions  []record.Typed[soc1.Exception]
	Deviations  []record.Typed[soc1.Deviation]
	Conclusions []record.Typed[soc1.Conclusion]

	// What stands in an examination's ledger only.
	Walkthroughs []record.Typed[soc1.Walkthrough]
	Opinions     []record.Typed[soc1.Opinion]
	Examinations []record.Typed[soc1.Examination]

	// Released is read for management only.
	Released Released
}

// Reader loads records and keeps what it decoded, so that loading again costs
// what has changed. Its zero value is ready; it is not safe for concurrent use.
type Reader struct {
	kept map[string]any
}

// Load reads the records behind the numbers. org is the organization's ledger;
// work holds the side's own work: for management the same ledger, for an
// auditor the examination's. from and to bound the versions of controls read,
// usually the engagement's period. It fails when a record cannot be read and
// when management's work is asked from another ledger than the organization's.
func (r *Reader) Load(ctx context.Context, by soc1.Party, org, work Source, from, to soc1.Date, released Released) (*Records, error) {
	if by != soc1.ByAuditor && work.Ledger() != org.Ledger() {
		return nil, fmt.Errorf("management's work stands in ledger %s, and %s was given: read it as the auditor, or give the organization's ledger", org.Ledger(), work.Ledger())
	}
	out := &Records{By: by, Ledger: work.Ledger(), From: from, To: to, Released: released}
	l := loading{ctx: ctx, reader: r}
	out.Organization = load[soc1.Organization](&l, org, "organization")
	out.Calendars = load[soc1.BusinessCalendar](&l, org, "business_calendar")
	out.Locations = load[soc1.Location](&l, org, "location")
	out.Performances = load[soc1.Performance](&l, org, "performance")
	out.Engagements = load[soc1.Engagement](&l, org, "engagement")
	out.Objectives = load[soc1.ControlObjective](&l, org, "control_objective")
	out.Risks = load[soc1.Risk](&l, org, "risk")
	out.Controls = load[soc1.Control](&l, org, "control")
	out.People = load[soc1.Person](&l, org, "person")
	out.Policies = load[soc1.Policy](&l, org, "policy")
	out.Decisions = load[soc1.PolicyApproval](&l, org, "policy_approval")
	out.Sections = load[soc1.DescriptionSection](&l, org, "description_section")
	out.Assertions = load[soc1.ManagementAssertion](&l, org, "assertion")
	out.Letters = load[soc1.RepresentationLetter](&l, org, "representation_letter")
	out.Responses = load[soc1.ManagementResponse](&l, org, "management_response")
	out.CUECs = load[soc1.CUEC](&l, org, "cuec")
	out.CSOCs = load[soc1.CSOC](&l, org, "csoc")
	out.Subservice = load[soc1.SubserviceOrganization](&l, org, "subservice_organization")
	out.OtherSections = load[soc1.OtherInformation](&l, org, "other_information")
	out.Evidence = load[soc1.Evidence](&l, work, "evidence")
	out.Tests = load[soc1.TestOfControl](&l, work, "test_of_control")
	out.Samples = load[soc1.Sample](&l, work, "sample")
	out.Runs = load[soc1.TestRun](&l, work, "test_run")
	out.Results = load[soc1.Result](&l, work, "result")
	out.Exceptions = load[soc1.Exception](&l, work, "exception")
	out.Deviations = load[soc1.Deviation](&l, work, "deviation")
	out.Conclusions = load[soc1.Conclusion](&l, work, "conclusion")
	if by == soc1.ByAuditor {
		out.Walkthroughs = load[soc1.Walkthrough](&l, work, "walkthrough")
		out.Opinions = load[soc1.Opinion](&l, work, "opinion")
		out.Examinations = load[soc1.Examination](&l, work, "examination")
	}
	if l.err == nil && from.Valid() && to.Valid() {
		if out.Versions, l.err = org.Versions(ctx, "control", from, to); l.err != nil {
			l.err = fmt.Errorf("reading versions of controls: %w", l.err)
		}
	}
	return out, l.err
}

// loading keeps the first error, so that Load is read top-down.
type loading struct {
	ctx    context.Context
	reader *Reader
	err    error
}

// memo is what was decoded of a kind: from which list, and by id.
type memo[T any] struct {
	first *record.Record
	n     int
	list  []record.Typed[T]
	byID  map[string]record.Typed[T]
}

// load decodes the records of a kind that are neither retired nor redacted.
// Records that stand where they stood are not decoded again.
func load[T any](l *loading, s Source, kind string) []record.Typed[T] {
	if l.err != nil {
		return nil
	}
	all, err := s.All(l.ctx, kind)
	if err != nil {
		l.err = fmt.Errorf("reading %s records of ledger %s: %w", kind, s.Ledger(), err)
		return nil
	}
	key := s.Ledger() + "/" + kind
	old, _ := l.reader.kept[key].(*memo[T])
	if old != nil && len(all) == old.n && (old.n == 0 || &all[0] == old.first) {
		return old.list
	}
	now := &memo[T]{n: len(all), list: make([]record.Typed[T], 0, len(all)), byID: make(map[string]record.Typed[T], len(all))}
	for i := range all {
		rec := &all[i]
		if i == 0 {
			now.first = rec
		}
		if rec.Retired || rec.Redacted {
			continue
		}
		var typed record.Typed[T]
		known := false
		if old != nil {
			typed, known = old.byID[rec.ID]
			known = known && typed.Pos == rec.Pos && typed.Slot == rec.Slot
		}
		if !known {
			v, err := record.Decode[T](*rec)
			if err != nil {
				l.err = fmt.Errorf("ledger %s: %w", s.Ledger(), err)
				return nil
			}
			typed = record.Typed[T]{Record: *rec, Value: v}
		}
		now.list = append(now.list, typed)
		now.byID[rec.ID] = typed
	}
	if l.reader.kept == nil {
		l.reader.kept = map[string]any{}
	}
	l.reader.kept[key] = now
	return now.list
}

// admitted are the released revisions of a kind: those that a release names.
func admitted[T any](r Released, kind string) ([]record.Typed[T], error) {
	if len(r.Records) == 0 {
		return nil, nil
	}
	named := map[soc1.Ref]bool{}
	for _, rel := range r.Releases {
		for _, ref := range rel.Value.Revisions {
			ref.Ledger = cmp.Or(ref.Ledger, rel.Ledger)
			named[ref] = ref.Kind == kind && ref.Revision > 0
		}
	}
	var out []record.Typed[T]
	for _, rec := range r.Records {
		if rec.Retired || rec.Redacted || !named[rec.Ref()] {
			continue
		}
		v, err := record.Decode[T](rec)
		if err != nil {
			return nil, fmt.Errorf("released record: %w", err)
		}
		out = append(out, record.Typed[T]{Record: rec, Value: v})
	}
	return out, nil
}

// own are the records of the side's ledger, and what was released to it. They
// are pointed at and not copied: there may be many.
func own[T any](r *Records, kind string, list []record.Typed[T], keep func(*record.Typed[T]) bool) ([]*record.Typed[T], error) {
	var out []*record.Typed[T]
	for i := range list {
		if list[i].Ledger == r.Ledger && keep(&list[i]) {
			out = append(out, &list[i])
		}
	}
	if r.By == soc1.ByAuditor {
		return out, nil
	}
	more, err := admitted[T](r.Released, kind)
	if err != nil {
		return nil, err
	}
	for i := range more {
		if keep(&more[i]) {
			out = append(out, &more[i])
		}
	}
	return out, nil
}
