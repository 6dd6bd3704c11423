package app

import (
	"context"
	"errors"
	"os"

	"reperform/bundle"
	"reperform/population"
	"reperform/population/sandbox"
	"reperform/report/typst"
)

// VerifyBundle re-performs a bundle with nothing else at hand: no workspace, no
// key, no server. The checkpoint is a note that left the machine earlier, if
// there is one.
func VerifyBundle(ctx context.Context, path string, checkpoint []byte, opt Options) (_ *bundle.Verification, err error) {
	progress := func(stage string) {
		if opt.Progress != nil {
			opt.Progress(Progress{Stage: stage})
		}
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
	return bundle.Verify(ctx, path, bundle.Options{Checkpoint: checkpoint, Engine: e, Typst: t, Scratch: scratch,
		Progress: func(id string) { progress("verifying " + id) }})
}
