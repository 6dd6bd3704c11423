package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"reperform/bundle"
	"reperform/identity"
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

// released tells whether the engagement partner has released the report: the
// one thing that takes the draft marks off its pages.
func (a *App) released(ctx context.Context, work, engagement string) (bool, error) {
	if work == OrganizationLedger {
		return false, nil
	}
	v, err := a.latest(work)
	if err != nil {
		return false, err
	}
	return bundle.Released(ctx, v, engagement)
}

// ReportModel computes the report of an engagement from what the actor's side
// has recorded. It appends nothing.
func (a *App) ReportModel(ctx context.Context, actor, engagement string) (*report.Model, error) {
	work := a.WorkLedger(ctx, actor, engagement)
	if err := a.admit(ctx, actor, identity.ReportBuild, identity.Resource{Ledger: work}); err != nil {
		return nil, err
	}
	rel, err := a.released(ctx, work, engagement)
	if err != nil {
		return nil, err
	}
	a.progress("computing the report", 0, 0)
	return bundle.BuildReport(ctx, a.log, work, OrganizationLedger, engagement, programVersion, rel)
}

// BuildReport writes the report as a PDF. The file appears whole or not at all.
func (a *App) BuildReport(ctx context.Context, actor, engagement, path string) (*report.Model, error) {
	m, err := a.ReportModel(ctx, actor, engagement)
	if err != nil {
		return nil, err
	}
	e, err := a.typesetter(ctx)
	if err != nil {
		return nil, err
	}
	a.progress("typesetting the report", 0, 0)
	pdf, err := report.Render(ctx, e, m)
	if err != nil {
		return nil, err
	}
	return m, writeWhole(path, pdf)
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
	rel, err := a.released(ctx, work, engagement)
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
		opinions, err := list[soc1.Opinion](tx, "opinion")
		if err != nil {
			return err
		}
		i := slices.IndexFunc(opinions, func(o record.Typed[soc1.Opinion]) bool { return o.Value.Engagement == engagement })
		if i < 0 {
			return errors.New("no opinion has been entered; the engagement partner enters it")
		}
		nonce, err := get[soc1.Nonce](tx, "nonce", "nonce-1")
		if err != nil {
			return err
		}
		if nonce.Revealed == "" {
			return errors.New("the nonce is not disclosed, so nobody could draw the samples again; disclose it first")
		}
		for _, k := range append(judged, "conclusion") {
			tx.guard(k, "")
		}
		f, err := a.load(tx.ctx, tx.view, engagement, true)
		if err != nil {
			return err
		}
		for _, flag := range f.Consequences().Flags {
			if flag.Severity == "critical" {
				return fmt.Errorf("the report cannot be released while this stands: %s %s", flag.Text, flag.Remedy)
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
		if err := missing(m, "released"); err != nil {
			return err
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
