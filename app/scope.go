package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"reperform/gap"
	"reperform/identity"
	"reperform/record"
	"reperform/scoping"
	"reperform/soc1"
)

// ScopeOptions say which scope is asked about.
type ScopeOptions struct {
	// Engagement is the report in question; empty is the one that is under way or
	// ended last.
	Engagement string
	// AsOf is the point on the two clocks; the zero value is the present.
	AsOf record.AsOf
	// Verify recomputes the digest of the last freeze from what its revisions say.
	Verify bool
}

// Scoped is the scope of an engagement with its freezes and what changed since the
// last.
type Scoped struct {
	*scoping.Scope
	// Freezes are those of the engagement, the last first.
	Freezes []record.Typed[soc1.ScopeFreeze]
	// Changes are the differences from the last freeze; nil without one.
	Changes []scoping.Change
	// Digest is the SHA-256 over what is in scope now.
	Digest string
	// Holds tells, where Verify asked, whether the last freeze's digest follows from
	// the revisions that it names; Trouble says why it does not.
	Holds   bool
	Trouble string
	// Findings are what the rules on scope find, and OBJ-07 on assertions that no
	// objective serves.
	Findings []gap.Finding
	Today    soc1.Date
}

// Frozen is the last freeze; nil where the scope was never frozen.
func (s *Scoped) Frozen() *record.Typed[soc1.ScopeFreeze] {
	if len(s.Freezes) == 0 {
		return nil
	}
	return &s.Freezes[0]
}

// Scope tells what is in scope of an engagement because of what. It is refused to
// whoever reads a part of the organization's ledger: a part of it would be another
// scope.
func (a *App) Scope(ctx context.Context, actor string, opt ScopeOptions) (*Scoped, error) {
	found, err := a.Gaps(ctx, actor, GapOptions{Engagement: opt.Engagement, AsOf: opt.AsOf})
	if err != nil {
		return nil, err
	}
	v, err := a.View(ctx, actor, OrganizationLedger, opt.AsOf)
	if err != nil {
		return nil, err
	}
	rs, err := scoping.Read(ctx, v, found.Question.Engagement)
	if err != nil {
		return nil, err
	}
	out := &Scoped{Scope: scoping.Map(rs), Today: found.Question.Today}
	for _, f := range found.Findings {
		if f.Rule.Group() == "SCP" || f.Rule.ID == "OBJ-07" {
			out.Findings = append(out.Findings, f)
		}
	}
	// Where something in scope was redacted, nobody can tell what it said.
	out.Digest, _ = scoping.Digest(out.Scope.Frozen())
	if out.Freezes, err = freezes(ctx, v, found.Question.Engagement, opt.AsOf.Effective); err != nil || len(out.Freezes) == 0 {
		return out, err
	}
	old := revisionsOf(ctx, v)
	out.Changes = out.Scope.Changes(out.Freezes[0].Value, out.Freezes[0].Pos, latestIn(ctx, v), old)
	if opt.Verify {
		out.Holds, out.Trouble = holds(out.Freezes[0].Value, old)
	}
	return out, nil
}

// freezes are those of an engagement, the last first; on an earlier day those that
// had been decided.
func freezes(ctx context.Context, v *record.View, engagement string, on soc1.Date) ([]record.Typed[soc1.ScopeFreeze], error) {
	all, err := record.All[soc1.ScopeFreeze](ctx, v, "scope_freeze")
	if err != nil {
		return nil, err
	}
	var out []record.Typed[soc1.ScopeFreeze]
	for _, f := range all {
		if f.Value.Engagement == engagement && engagement != "" && (on == "" || f.Value.FrozenOn <= on) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(x, y record.Typed[soc1.ScopeFreeze]) int { return record.Later(y, x) })
	return out, nil
}

// latestIn reads the latest revision of a record, retired ones too.
func latestIn(ctx context.Context, v *record.View) func(kind, id string) (record.Record, bool) {
	return func(kind, id string) (record.Record, bool) {
		r, err := v.Get(ctx, kind, id)
		return r, err == nil
	}
}

// revisionsOf reads revisions, each record's history once.
func revisionsOf(ctx context.Context, v *record.View) func(soc1.Ref) (record.Record, bool) {
	read := map[[2]string][]record.Record{}
	return func(ref soc1.Ref) (record.Record, bool) {
		key := [2]string{ref.Kind, ref.ID}
		list, ok := read[key]
		if !ok {
			list, _ = v.History(ctx, ref.Kind, ref.ID)
			read[key] = list
		}
		for _, r := range list {
			if r.Revision == ref.Revision {
				return r, true
			}
		}
		return record.Record{}, false
	}
}

// holds recomputes the digest of a freeze.
func holds(f soc1.ScopeFreeze, revision func(soc1.Ref) (record.Record, bool)) (bool, string) {
	var list []record.Record
	for _, ref := range f.Items {
		r, ok := revision(ref)
		if !ok {
			return false, fmt.Sprintf("There is no revision %d of %s %s.", ref.Revision, ref.Kind, ref.ID)
		}
		list = append(list, r)
	}
	sum, err := scoping.Digest(list)
	switch {
	case err != nil:
		return false, "It cannot be recomputed: " + err.Error() + "."
	case sum != f.SHA256:
		return false, "What the revisions say gives another digest: " + sum + "."
	}
	return true, ""
}

// MayFreezeScope tells whether the actor may freeze a scope; the error says who may.
func (a *App) MayFreezeScope(ctx context.Context, actor string) error {
	return a.authorize(ctx, actor, identity.ScopeFreeze, identity.Resource{Ledger: OrganizationLedger, Kind: "scope_freeze"})
}

// ScopeFreezing is the decision that a scope stands.
type ScopeFreezing struct {
	// Engagement is the report whose scope it is.
	Engagement string
	Reason     string
	// Seen is the digest of what the actor looked at; empty does not care. Where
	// the scope is another one by now, nothing is frozen.
	Seen string
}

// FreezeScope records that the scope of an engagement stands as it is now, and
// returns the id of the decision. A scope that did not change since it was frozen is
// not frozen again.
func (a *App) FreezeScope(ctx context.Context, actor string, f ScopeFreezing) (string, error) {
	if strings.TrimSpace(f.Reason) == "" {
		return "", errors.New("reason: say why the scope stands now")
	}
	if f.Engagement == "" {
		return "", errors.New("engagement: name the report whose scope it is; list them with: reperform get engagement")
	}
	if err := a.admit(ctx, actor, identity.ScopeFreeze, identity.Resource{Ledger: OrganizationLedger, Kind: "scope_freeze"}); err != nil {
		return "", err
	}
	if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
		return "", err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	id, err := a.newID("freeze-", "")
	if err != nil {
		return "", err
	}
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.ScopeFreeze, kind: "scope_freeze", action: "scope.freeze", reason: f.Reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		for _, kind := range append(scoping.Kinds[:len(scoping.Kinds):len(scoping.Kinds)], "control", "csoc", "user_entity", "scope_freeze") {
			tx.guard(kind, "")
		}
		rs, err := scoping.Read(ctx, tx.view, f.Engagement)
		if err != nil {
			return err
		}
		s := scoping.Map(rs)
		if s.Count("service") == 0 {
			return errors.New("no service is in scope of the engagement, so there is nothing to freeze; record the services first")
		}
		items := s.Frozen()
		sum, err := scoping.Digest(items)
		if err != nil {
			return err
		}
		if f.Seen != "" && f.Seen != sum {
			return errors.New("the scope was changed meanwhile; look at it again and repeat")
		}
		before, err := freezes(ctx, tx.view, f.Engagement, "")
		if err != nil {
			return err
		}
		value := soc1.ScopeFreeze{Engagement: f.Engagement, Reason: strings.TrimSpace(f.Reason), FrozenBy: actor, FrozenOn: today, SHA256: sum}
		if len(before) > 0 {
			if before[0].Value.SHA256 == sum {
				return fmt.Errorf("nothing in scope changed since it was frozen on %s", before[0].Value.FrozenOn)
			}
			value.Again = before[0].ID
		}
		for _, r := range items {
			value.Items = append(value.Items, soc1.Ref{Kind: r.Kind, ID: r.ID, Revision: r.Revision})
		}
		return tx.Put("scope_freeze", id, "", value)
	})
	if err != nil {
		return "", err
	}
	return id, nil
}
