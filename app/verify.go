package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"reperform/bundle"
	"reperform/ledger"
	"reperform/population"
	"reperform/population/sandbox"
	"reperform/report/typst"
)

// Trust is what whoever verifies a bundle had from elsewhere, and how long a
// claim may take.
type Trust struct {
	// Checkpoint is a note that left the machine earlier, if there is one.
	Checkpoint []byte
	// Keys are verifier keys of ledgers, in the form of sumdb/note.
	Keys []string
	// PDF is a report that came by another way, if there is one.
	PDF []byte
	// Limit is the time that one claim may take; 0 is no limit.
	Limit time.Duration
}

// VerifyBundle re-performs a bundle, or checks a proof, with nothing else at hand: no workspace, no
// signing key, no server.
func VerifyBundle(ctx context.Context, path string, trust Trust, opt Options) (_ *bundle.Verification, err error) {
	progress := func(stage string) {
		if opt.Progress != nil {
			opt.Progress(Progress{Stage: stage})
		}
	}
	if trust.Checkpoint != nil {
		if _, err := ledger.PeekCheckpoint(trust.Checkpoint); err != nil {
			return nil, fmt.Errorf("the checkpoint given is none: %w", err)
		}
	}
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	if proof, err := bundle.IsProof(path); err != nil {
		return nil, err
	} else if proof {
		if trust.PDF != nil {
			return nil, fmt.Errorf("%s proves one entry of a ledger and holds no report; give --pdf with a bundle", path)
		}
		return bundle.VerifyProof(ctx, path, bundle.Options{Checkpoint: trust.Checkpoint, Keys: trust.Keys, Limit: trust.Limit})
	}
	// A verification that is killed leaves plaintext behind; the next removes it.
	dir, err := sandbox.NewDir(os.TempDir())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, dir.Remove()) }()
	e, err := population.Open(population.Options{Command: opt.Engine, TempDir: dir.Path})
	if err != nil {
		return nil, err
	}
	defer e.Close()
	t, err := typst.Open(ctx, typst.Options{Progress: progress})
	if err != nil {
		return nil, err
	}
	defer t.Close(ctx)
	scratch, err := dir.Sub("files")
	if err != nil {
		return nil, err
	}
	return bundle.Verify(ctx, path, bundle.Options{Checkpoint: trust.Checkpoint, Keys: trust.Keys, PDF: trust.PDF, Limit: trust.Limit, Program: programVersion, Engine: e, Typst: t, Scratch: scratch,
		Progress: func(id string) { progress("verifying " + id) }})
}
