package bundle

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
)

// ReportRelease is the id of the record by which the engagement partner
// releases the report, ReportReleaseText what it says.
const (
	ReportRelease     = "report"
	ReportReleaseText = "The service auditor's report"
)

// releaseAction is the command that writes a release of the report.
const releaseAction = "report.release"

// Released reads whether an examination holds a release of its report. It is a
// quick look; what counts is decided where the report is built, which also
// asks who released it and what (see [BuildReport]).
func Released(ctx context.Context, v *record.View, engagement string) (bool, error) {
	l, err := record.All[soc1.Release](ctx, v, "release")
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(l, func(r record.Typed[soc1.Release]) bool { return r.ID == ReportRelease }), nil
}

// releasedBy decides from the ledger of an examination whether its report is
// released: there is a release that was recorded by the command for it, by the
// person it names, who was then an engagement partner of the firm in this very
// ledger; and the opinion it names is the engagement's, unchanged since. A
// later revision of an opinion is not released with an earlier one. Otherwise
// why says what is missing.
func releasedBy(ctx context.Context, s ledger.Store, name string, known int64, engagement string) (ok bool, why string, err error) {
	v := record.NewView(s, name, record.AsOf{Known: known})
	rel, err := record.One[soc1.Release](ctx, v, "release", ReportRelease)
	switch {
	case errors.Is(err, record.ErrNotFound):
		return false, "no release is recorded", nil
	case err != nil:
		return false, "", err
	case rel.Retired || rel.Redacted || rel.Pos == 0:
		return false, "the release was withdrawn", nil
	}
	e, err := entryAt(ctx, s, name, rel.Pos)
	if err != nil {
		return false, "", err
	}
	if e.Action != releaseAction || e.Actor != rel.Value.By {
		return false, fmt.Sprintf("entry %d, which holds the release, is %s by %q and not %s by %q", rel.Pos, e.Action, e.Actor, releaseAction, rel.Value.By), nil
	}
	partner, err := partnerAt(ctx, s, name, rel.Pos, e.Actor)
	if err != nil {
		return false, "", err
	}
	if !partner {
		return false, fmt.Sprintf("%q, who recorded the release, was then no engagement partner in ledger %s", e.Actor, name), nil
	}
	return releasedOpinion(ctx, v, rel.Value, engagement)
}

// partnerRole is the role of whoever may release.
const partnerRole = soc1.Role("engagement_partner")

// releasedOpinion checks that the release names the engagement's latest opinion.
func releasedOpinion(ctx context.Context, v *record.View, rel soc1.Release, engagement string) (bool, string, error) {
	opinions, err := record.All[soc1.Opinion](ctx, v, "opinion")
	if err != nil {
		return false, "", err
	}
	last := -1
	for i, o := range opinions {
		if o.Value.Engagement == engagement && (last < 0 || o.Pos > opinions[last].Pos) {
			last = i
		}
	}
	if last < 0 {
		return false, "the engagement has no opinion", nil
	}
	want := opinions[last].Ref()
	for _, r := range rel.Revisions {
		if r.Kind == want.Kind && r.ID == want.ID && r.Revision == want.Revision && (r.Ledger == "" || r.Ledger == want.Ledger) {
			return true, "", nil
		}
	}
	return false, fmt.Sprintf("the release does not name %s, the opinion as it stands", want), nil
}
