package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"reperform/blob"
	"reperform/ledger/sqlite"
)

// A workspace on media that cannot be written to, a disc or a mounted copy, is
// opened to be read: what only reads works, and everything else says so before
// it does anything.

// ErrReadOnly says that the workspace was opened to be read only.
var ErrReadOnly = errors.New("the workspace lies where nothing can be written, so that it can only be read; copy it to a folder that can be written to")

// openStore opens the file of the ledgers, to be read only where it has to be.
func openStore(ctx context.Context, path string) (s *sqlite.Store, readOnly bool, err error) {
	s, err = sqlite.Open(ctx, path)
	if err == nil || !sqlite.IsReadOnly(err) {
		return s, false, err
	}
	s, rerr := sqlite.OpenReadOnly(ctx, path)
	if rerr != nil {
		return nil, false, fmt.Errorf("%w\nit cannot be opened to be read only either: %w", err, rerr)
	}
	return s, true, nil
}

// writable refuses what records, or needs a place for plaintext.
func (a *App) writable() error {
	if a.readOnly {
		return ErrReadOnly
	}
	return nil
}

// readOnlyBlobs are sealed files of which none can be added or removed.
type readOnlyBlobs struct{ blob.Store }

func (readOnlyBlobs) Put(context.Context, string, io.Reader) (blob.Ref, error) {
	return blob.Ref{}, ErrReadOnly
}

func (readOnlyBlobs) Delete(context.Context, string, [32]byte) error { return ErrReadOnly }
