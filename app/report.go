package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reperform/bundle"
	"reperform/evaluation"
	"reperform/identity"
	"reperform/ledger"
	"reperform/record"
	"reperform/report"
	"reperform/report/typst"
	"reperform/soc1"
)

// typesetter opens the typesetter when it is first needed: the first time on a
// machine takes half a minute.
func (a *App) typesetter(ctx context.Context) (*typst.Engine, error) {
	a.typeset.mu.Lock()
	defer a.typeset.mu.Unlock()
	if a.typeset.e != nil {
		return a.typeset.e, nil
	}
	e, err := typst.Open(ctx, typst.Options{Progress: func(stage string) { a.progress(stage, 0, 0) }})
	if err != nil {
		return nil, err
	}
	a.typeset.e = e
	return e, nil
}

// released tells whether the engagement partner has released the report as it
// reads now: the one thing that takes the draft marks off its pages. Where it
// was released and that no longer holds, since says why.
func (a *App) released(ctx context.Context, work, engagement string) (ok bool, since string, err error) {
	if work == OrganizationLedger {
		return false, "", nil
	}
	v, err := a.latest(work)
	if err != nil {
		return false, "", err
	}
	if ok, err = bundle.Released(ctx, v, engagement); err != nil || !ok {
		return false, "", err
	}
	now, err := a.presentState(engagement, work)
	if err != nil {
		return false, "", err
	}
	if ok, since, err = bundle.ReleaseStands(ctx, a.store, now); err != nil || !ok {
		return false, since, err
	}
	where, err := bundle.SinceRelease(ctx, a.store, now)
	switch {
	case errors.Is(err, bundle.ErrReleaseNotesNoState):
		return true, "", nil // By an earlier version: nothing says that it reads otherwise.
	case err != nil || where == "":
		return err == nil, "", err
	}
	return false, where + " reads differently", nil
}

// presentState is what a report built now is built from.
func (a *App) presentState(engagement, work string) (bundle.State, error) {
	x := bundle.State{Engagement: engagement, Work: work, Organization: OrganizationLedger}
	for _, l := range []struct {
		name string
		to   func(ledger.Checkpoint)
	}{{work, func(c ledger.Checkpoint) { x.Point = c }}, {OrganizationLedger, func(c ledger.Checkpoint) { x.OrganizationSize = c.Size }}} {
		note, err := a.log.Checkpoint(l.name)
		if err != nil {
			return x, err
		}
		c, err := ledger.PeekCheckpoint(note)
		if err != nil {
			return x, err
		}
		l.to(c)
	}
	return x, nil
}

// ReportModel computes the report of an engagement from what the actor's side
// has recorded. It appends nothing.
func (a *App) ReportModel(ctx context.Context, actor, engagement string) (*report.Model, error) {
	b, err := a.modelNow(ctx, actor, engagement)
	return b.Model, err
}

// Built is a report as it was just built.
type Built struct {
	*report.Model
	// Since says, of a report that was released, why the release no longer holds:
	// the pages are marked as a draft again.
	Since string
	// Issued is the latest issue of the report, if any: what was built is not it.
	Issued *Issued
}

func (a *App) modelNow(ctx context.Context, actor, engagement string) (b Built, err error) {
	work := a.WorkLedger(ctx, actor, engagement)
	if err := a.admit(ctx, actor, identity.ReportBuild, identity.Resource{Ledger: work}); err != nil {
		return b, err
	}
	a.progress("computing the report", 0, 0)
	rel, since, err := a.released(ctx, work, engagement)
	if err != nil {
		return b, err
	}
	b.Since = since
	if b.Model, err = bundle.BuildReport(ctx, a.log, work, OrganizationLedger, engagement, programVersion, rel); err != nil {
		return b, err
	}
	v, err := a.latest(work)
	if err != nil {
		return b, err
	}
	issues, err := bundle.Issuances(ctx, v, engagement)
	if err == nil && len(issues) > 0 {
		x := issues[len(issues)-1]
		b.Issued = &Issued{ID: x.ID, Issuance: x.Value}
	}
	return b, err
}

// BuildReport writes the report as a PDF. The file appears whole or not at all.
func (a *App) BuildReport(ctx context.Context, actor, engagement, path string) (Built, error) {
	b, err := a.modelNow(ctx, actor, engagement)
	if err != nil {
		return b, err
	}
	e, err := a.typesetter(ctx)
	if err != nil {
		return b, err
	}
	a.progress("typesetting the report", 0, 0)
	pdf, err := report.Render(ctx, e, b.Model)
	if err != nil {
		return b, err
	}
	return b, writeWhole(path, pdf)
}

// writeWhole makes a file appear whole or not at all.
func writeWhole(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Exported is what was written to a bundle.
type Exported struct {
	File   string `json:"file"`
	Digest string `json:"digest"`
	// Redactions are the documents within the engagement that were redacted,
	// which the bundle is without.
	Redactions []record.Redaction `json:"redactions,omitempty"`
}

// ExportBundle writes one file with everything a third party needs.
func (a *App) ExportBundle(ctx context.Context, actor, engagement string, audience bundle.Audience, withoutFiles bool, path string) (Exported, error) {
	out := Exported{File: path}
	work := a.WorkLedger(ctx, actor, engagement)
	act := identity.BundleFile
	if audience == bundle.ForReport {
		act = identity.BundleReport
	}
	if err := a.admit(ctx, actor, act, identity.Resource{Ledger: work, Kind: "bundle"}); err != nil {
		return out, err
	}
	rel, _, err := a.released(ctx, work, engagement)
	if err != nil {
		return out, err
	}
	e, err := a.typesetter(ctx)
	if err != nil {
		return out, err
	}
	a.progress("writing the bundle", 0, 0)
	out.Digest, err = bundle.Export(ctx, path, bundle.Source{Log: a.log, Typst: e, Work: work, Organization: OrganizationLedger, Engagement: engagement,
		For: audience, Released: rel, Program: programVersion, Engine: Version().Engine, WithoutBlobs: withoutFiles,
		Redacted: func(r record.Redaction) { out.Redactions = append(out.Redactions, r) },
		Open: func(ctx context.Context, ledger string, sha [32]byte) (io.ReadCloser, error) {
			return a.blobs.Open(ctx, ledger, sha)
		}})
	return out, err
}

// ReleaseReport records that the engagement partner releases the report: only
// now do its pages lose the draft marks. It needs an opinion, the disclosed
// nonce, a file in which nothing critical is open, and a report that lacks
// nothing.
func (a *App) ReleaseReport(ctx context.Context, actor, engagement, toWhom string) error {
	name := ExaminationLedger(engagement)
	on, err := a.Today(ctx)
	if err != nil {
		return err
	}
	req := request{actor: actor, ledger: name, may: identity.ReportRelease, kind: "release", action: "report.release", reason: "The report is released."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		// What stands against it is said at once: who learns it one by one runs
		// the command a dozen times.
		var against []string
		opinions, err := list[soc1.Opinion](tx, "opinion")
		if err != nil {
			return err
		}
		i := slices.IndexFunc(opinions, func(o record.Typed[soc1.Opinion]) bool { return o.Value.Engagement == engagement })
		if i < 0 {
			against = append(against, "no opinion has been entered; the engagement partner enters it")
		}
		if i >= 0 && on.Before(opinions[i].Value.ReportDate) {
			against = append(against, fmt.Sprintf("the report is dated %s, and today is %s: the partner dates it no later than the day on which it is released", opinions[i].Value.ReportDate, on))
		}
		nonce, err := get[soc1.Nonce](tx, "nonce", "nonce-1")
		if err != nil {
			return err
		}
		if nonce.Revealed == "" {
			against = append(against, "the nonce is not disclosed, so nobody could draw the samples again; disclose it first")
		}
		for _, k := range append(judged, "conclusion") {
			tx.guard(k, "")
		}
		f, err := a.load(tx.ctx, tx.view, engagement, true)
		if err != nil {
			return err
		}
		for _, flag := range f.Consequences().Flags {
			if flag.Severity == evaluation.Critical {
				against = append(against, strings.TrimSpace(flag.Text+" "+flag.Remedy))
			}
		}
		at, organization, err := tx.state(engagement)
		if err != nil {
			return err
		}
		a.progress("computing the report", 0, 0)
		m, err := bundle.BuildReportAt(tx.ctx, guarding{a.store, tx}, at, programVersion)
		if err != nil {
			return err
		}
		for _, g := range m.Missing() {
			against = append(against, g.String())
		}
		if len(against) > 0 {
			return standsAgainst("released", against)
		}
		ref := opinions[i].Ref()
		return tx.Put("release", bundle.ReportRelease, "", soc1.Release{Revisions: []soc1.Ref{ref}, What: bundle.ReportReleaseText, ToWhom: toWhom,
			OrganizationCheckpoint: string(organization), By: actor, On: on})
	})
	return err
}

// Release records that the firm lets somebody see exactly the revisions named,
// and nothing else. The report itself has its own command.
func (a *App) Release(ctx context.Context, actor, name, id string, r soc1.Release) error {
	if id == bundle.ReportRelease {
		return fmt.Errorf("%q is the release of the report, which has its own command", id)
	}
	on, err := a.day(ctx, r.On)
	if err != nil {
		return err
	}
	r.By, r.On = actor, on
	req := request{actor: actor, ledger: name, may: identity.ReportRelease, kind: "release", action: "release", reason: r.What}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		for _, ref := range r.Revisions {
			got, ok, err := tx.Get(ref.Kind, ref.ID)
			if err != nil {
				return err
			}
			if !ok || ref.Revision < 1 || ref.Revision > got.Revision {
				return fmt.Errorf("there is no %s %s revision %d to release", ref.Kind, ref.ID, ref.Revision)
			}
		}
		return tx.Put("release", id, "", r)
	})
	return err
}
