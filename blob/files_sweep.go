package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Collect implements Store. Its limit of time is compared with the files'
// modification times. A live writer whose source has been silent since before
// the limit counts as dead; its Put then fails and stores nothing. No lock is
// held while referenced runs.
func (s *FileStore) Collect(ctx context.Context, ledger string, referenced func(sha [32]byte) bool, olderThan time.Time) (Swept, error) {
	p, err := s.place(ctx, ledger)
	if err != nil {
		return Swept{}, fmt.Errorf("sweeping blobs: %w", err)
	}
	swept := Swept{}
	var failures []error
	for name, err := range p.names() {
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			failures = append(failures, err)
			break
		}
		if err := s.collectOne(ctx, p, name, referenced, olderThan, &swept); err != nil {
			failures = append(failures, err)
		}
	}
	if swept.Blobs+swept.Unfinished > 0 {
		failures = append(failures, s.fs.syncDir(p.dir))
	}
	if err := errors.Join(failures...); err != nil {
		return swept, fmt.Errorf("sweeping the blobs of ledger %q: %w", ledger, err)
	}
	return swept, nil
}

func (s *FileStore) collectOne(ctx context.Context, p place, name string, referenced func([32]byte) bool, olderThan time.Time, swept *Swept) error {
	path := filepath.Join(p.dir, name)
	unfinished := strings.HasPrefix(name, tempPrefix)
	if !unfinished && !strings.HasSuffix(name, blobSuffix) {
		return nil
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.ModTime().Before(olderThan) {
		return nil
	}
	if err != nil {
		return err
	}
	if !unfinished {
		found, err := p.describe(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if referenced(found.SHA256) {
			return nil
		}
	}
	removed, err := removeOlder(p.dir, path, olderThan)
	if err != nil || removed < 0 {
		return err
	}
	swept.Bytes += removed
	if unfinished {
		swept.Unfinished++
	} else {
		swept.Blobs++
	}
	return nil
}

// removeOlder removes a file unless it was touched or removed since it was
// looked at; it returns the bytes removed, or -1.
func removeOlder(dir, path string, olderThan time.Time) (int64, error) {
	unlock, err := lockDir(dir)
	if err != nil {
		return -1, err
	}
	defer unlock()
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.ModTime().Before(olderThan) {
		return -1, nil
	}
	if err != nil {
		return -1, err
	}
	if err := os.Remove(path); err != nil {
		return -1, err
	}
	return info.Size(), nil
}
