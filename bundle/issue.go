package bundle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"reperform/ledger"
	"reperform/record"
	"reperform/report"
	"reperform/soc1"
)

// IssueAction is the command that issues the report.
const IssueAction = "report.issue"

// IssuanceID is the id of the n-th issue of a report.
func IssuanceID(n int64) string { return fmt.Sprintf("issuance-%d", n) }

// Issuances are the issues of an engagement's report, first to last.
func Issuances(ctx context.Context, v *record.View, engagement string) ([]record.Typed[soc1.Issuance], error) {
	all, err := record.All[soc1.Issuance](ctx, v, "issuance")
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(x record.Typed[soc1.Issuance]) bool { return x.Value.Engagement != engagement })
	slices.SortStableFunc(all, func(a, b record.Typed[soc1.Issuance]) int { return cmp.Compare(a.Value.Number, b.Value.Number) })
	return all, nil
}

// State names the state of both ledgers that a report is built from.
type State struct {
	Engagement         string
	Work, Organization string
	// Point is the checkpoint of the work's ledger, which the report prints.
	Point ledger.Checkpoint
	// OrganizationSize is the size of the organization's ledger.
	OrganizationSize int64
}

func (x State) input(program string) reportInput {
	return reportInput{engagement: x.Engagement, work: x.Work, organization: x.Organization, workPoint: x.Point, program: program, released: true,
		known: map[string]int64{x.Work: x.Point.Size, x.Organization: x.OrganizationSize}}
}

// BuildReportAt builds the report's model as of a state of both ledgers. It is
// a draft unless the records of that state hold a release that stands.
func BuildReportAt(ctx context.Context, s ledger.Store, x State, program string) (*report.Model, error) {
	return buildReport(ctx, s, x.input(program))
}

// ReleaseStands tells whether the report is released as of a state, and if it
// is not, why.
func ReleaseStands(ctx context.Context, s ledger.Store, x State) (ok bool, why string, err error) {
	return releasedBy(ctx, s, x.Work, x.Point.Size, x.Engagement)
}

// ReadsAlike compares what the report says as of two states, whatever
// checkpoints it prints. Otherwise where names the first part that differs.
func ReadsAlike(ctx context.Context, s ledger.Store, a, b State) (ok bool, where string, err error) {
	var models [2]*report.Model
	var texts [2][]byte
	for i, x := range []State{a, b} {
		in := x.input("")
		// The states themselves always differ.
		in.workPoint = ledger.Checkpoint{}
		if models[i], err = buildReport(ctx, s, in); err != nil {
			return false, "", err
		}
		if texts[i], err = models[i].JSON(); err != nil {
			return false, "", err
		}
	}
	if slices.Equal(texts[0], texts[1]) {
		return true, "", nil
	}
	return false, models[0].Differs(models[1]), nil
}

// ErrReleaseNotesNoState says that a release was recorded by a version that did
// not note the state of the organization that it looked at.
var ErrReleaseNotesNoState = errors.New("the release was recorded by an earlier version, which did not note what it looked at; release the report again with `reperform examination release`")

// SinceRelease names the first part of the report that reads otherwise as of a
// state than when the report was released; empty when all reads alike.
func SinceRelease(ctx context.Context, s ledger.Store, now State) (where string, err error) {
	rel, err := record.One[soc1.Release](ctx, record.NewView(s, now.Work, record.AsOf{Known: now.Point.Size}), "release", ReportRelease)
	if err != nil {
		return "", err
	}
	if rel.Value.OrganizationCheckpoint == "" {
		return "", ErrReleaseNotesNoState
	}
	c, err := ledger.PeekCheckpoint([]byte(rel.Value.OrganizationCheckpoint))
	if err != nil {
		return "", fmt.Errorf("release %s: %w", ReportRelease, err)
	}
	then := now
	then.Point, then.OrganizationSize = ledger.Checkpoint{Size: rel.Pos + 1}, c.Size
	alike, where, err := ReadsAlike(ctx, s, then, now)
	if err != nil || alike {
		return "", err
	}
	return where, nil
}

// issuedState is the state that an issue names, by checkpoints that the keys of
// both ledgers signed.
func issuedState(x soc1.Issuance, work, organization string, keys map[string]ledger.Genesis) (State, error) {
	out := State{Engagement: x.Engagement, Work: work, Organization: organization, OrganizationSize: x.OrganizationPosition}
	for _, c := range []struct {
		name, note string
		size       int64
		point      *ledger.Checkpoint
	}{{work, x.Checkpoint, x.Position, &out.Point}, {organization, x.OrganizationCheckpoint, x.OrganizationPosition, new(ledger.Checkpoint)}} {
		g := keys[c.name]
		p, err := ledger.ParseCheckpoint([]byte(c.note), g.Key)
		switch {
		case err != nil:
			return out, fmt.Errorf("the checkpoint of %s that the issue names: %w", c.name, err)
		case p.Origin != g.Origin:
			return out, fmt.Errorf("the checkpoint that the issue names is of %q, the ledger is %q", p.Origin, g.Origin)
		case p.Size != c.size:
			return out, fmt.Errorf("the issue names %d entries of %s, the checkpoint beside it signs %d", c.size, c.name, p.Size)
		}
		*c.point = p
	}
	return out, nil
}

// issuedBy checks who issued the report, by which command, and after what: the
// engagement partner of that moment, by the command for it, after a release
// that stood in the state from which the report was built.
func issuedBy(ctx context.Context, s ledger.Store, name string, x record.Typed[soc1.Issuance]) error {
	if x.Revision != 1 || x.Retired || x.Redacted {
		return errors.New("an issue is recorded once and stays as it is")
	}
	e, err := entryAt(ctx, s, name, x.Pos)
	if err != nil {
		return err
	}
	if err := issuedWith(e, x.Value); err != nil {
		return err
	}
	if x.Value.Position > x.Pos {
		return fmt.Errorf("entry %d issues a report built from %d entries, of which it is one", x.Pos, x.Value.Position)
	}
	ok, err := partnerAt(ctx, s, name, x.Pos, e.Actor)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%q, who issued the report, was then no engagement partner in ledger %s", e.Actor, name)
	}
	ok, why, err := releasedBy(ctx, s, name, x.Value.Position, x.Value.Engagement)
	if err == nil && !ok {
		err = fmt.Errorf("when the report was built, %s", why)
	}
	return err
}

// issuedWith checks that an entry is of the command that issues, by the person
// whom the issue names.
func issuedWith(e ledger.Entry, x soc1.Issuance) error {
	if e.Action != IssueAction || e.Actor != x.By {
		return fmt.Errorf("the entry that holds the issue is %s by %q and not %s by %q", e.Action, e.Actor, IssueAction, x.By)
	}
	return nil
}

// entryAt reads one entry.
func entryAt(ctx context.Context, s ledger.Store, name string, pos int64) (e ledger.Entry, err error) {
	err = s.Entries(ctx, name, pos, pos+1, func(r ledger.Row) error {
		var err error
		e, err = ledger.ParseEntry(r.Bytes)
		return err
	})
	return e, err
}

// partnerAt tells whether somebody was an engagement partner of the firm, in
// this very ledger, when the entry at the position was recorded.
func partnerAt(ctx context.Context, s ledger.Store, name string, pos int64, id string) (bool, error) {
	p, err := record.One[soc1.Person](ctx, record.NewView(s, name, record.AsOf{Known: pos}), "person", id)
	if errors.Is(err, record.ErrNotFound) {
		return false, nil
	}
	return err == nil && !p.Retired && p.Value.Side == soc1.SideAuditFirm && slices.Contains(p.Value.Roles, partnerRole), err
}
