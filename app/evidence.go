package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// AttachEvidence seals files and adds them to an evidence record, whose four
// dates (period covered, as of, captured, received) stand in the record.
func (a *App) AttachEvidence(ctx context.Context, actor, name, id string, paths []string, reason string) (soc1.Evidence, error) {
	var zero soc1.Evidence
	if len(paths) == 0 {
		return zero, errors.New("name at least one file to attach")
	}
	v, err := a.View(ctx, actor, name, record.AsOf{})
	if err != nil {
		return zero, err
	}
	now, err := record.One[soc1.Evidence](ctx, v, "evidence", id)
	if isNotFound(err) {
		return zero, fmt.Errorf("there is no evidence %q in ledger %s; apply the record first", id, name)
	}
	if err != nil {
		return zero, err
	}
	if err := a.authorize(ctx, actor, identity.Put, identity.Resource{Ledger: name, Kind: "evidence", Owner: field(now.Body, "owner")}); err != nil {
		return zero, err
	}
	var files []soc1.File
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return zero, err
		}
		if !info.Mode().IsRegular() {
			return zero, fmt.Errorf("%s is not a file", p)
		}
		f, err := a.keep(ctx, name, p, filepath.Base(p))
		if err == nil {
			err = a.inspect(ctx, name, &f)
		}
		if err != nil {
			return zero, fmt.Errorf("%s: %w", p, err)
		}
		files = append(files, f)
	}
	var out soc1.Evidence
	req := request{actor: actor, ledger: name, may: identity.Put, kind: "evidence", owner: field(now.Body, "owner"), action: "evidence.attach", reason: reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		if out, err = get[soc1.Evidence](tx, "evidence", id); err != nil {
			return err
		}
		out.Files = append(out.Files, files...)
		return tx.Put("evidence", id, soc1.Date(now.Effective), out)
	})
	return out, err
}
