package app

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"os"
	"path/filepath"
	"time"

	"reperform/population"
	"reperform/population/sandbox"
	"reperform/soc1"
)

// populationEngine starts the population engine when it is first needed.
func (a *App) populationEngine() (*population.Engine, error) {
	a.engine.mu.Lock()
	defer a.engine.mu.Unlock()
	if a.engine.e != nil {
		return a.engine.e, nil
	}
	if len(a.opt.Engine) == 0 {
		return nil, errors.New("this program was started without a population engine")
	}
	// Plaintext lies in the workspace for as long as it is worked on.
	if err := a.writable(); err != nil {
		return nil, err
	}
	// The child has a working folder of its own.
	tmp, err := filepath.Abs(filepath.Join(a.dir, "tmp"))
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return nil, err
	}
	plain, err := sandbox.NewDir(tmp)
	if err != nil {
		return nil, err
	}
	limit := a.opt.Limit
	if limit == 0 {
		limit = time.Hour
	}
	e, err := population.Open(population.Options{Command: a.opt.Engine, TempDir: tmp, Timeout: max(limit, 0), Progress: a.engineProgress})
	if err != nil {
		return nil, errors.Join(err, plain.Remove())
	}
	a.engine.e, a.engine.plain = e, plain
	return e, nil
}

func (a *App) engineProgress(p population.Progress) {
	if p.Percent >= 0 {
		a.progress(p.Stage, int64(p.Percent), 100)
		return
	}
	a.progress(p.Stage, p.Rows, 0)
}

// scratch names a file for plaintext that lives as long as this App at most.
func (a *App) scratch(name string) (string, error) {
	if _, err := a.populationEngine(); err != nil {
		return "", err
	}
	d, err := os.MkdirTemp(a.engine.plain.Path, "x-")
	// Ids may hold slashes; a file's name must not lead elsewhere.
	return filepath.Join(d, filepath.Base(name)), err
}

// keep seals a file as a blob of the ledger and says how records name it.
func (a *App) keep(ctx context.Context, ledger, path, name string) (soc1.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return soc1.File{}, err
	}
	defer f.Close()
	ref, err := a.blobs.Put(ctx, ledger, f)
	if err != nil {
		return soc1.File{}, err
	}
	return soc1.File{Name: name, MediaType: mediaType(name), Size: ref.Size, SHA256: ref.String()}, nil
}

func mediaType(name string) string {
	switch filepath.Ext(name) {
	case ".parquet":
		return "application/vnd.apache.parquet"
	case ".jsonl":
		return "application/jsonl"
	}
	if t := mime.TypeByExtension(filepath.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// plaintext opens a blob into a file that only this user can read and that
// disappears with the App. A blob asked for twice is opened once.
func (a *App) plaintext(ctx context.Context, ledger string, f soc1.File) (string, error) {
	if _, err := a.populationEngine(); err != nil {
		return "", err
	}
	a.engine.mu.Lock()
	path, ok := a.engine.opened[ledger+"/"+f.SHA256]
	a.engine.mu.Unlock()
	if ok {
		return path, nil
	}
	path, err := a.scratch(filepath.Base(f.Name))
	if err != nil {
		return "", err
	}
	if err := a.copyBlob(ctx, ledger, f, path); err != nil {
		return "", err
	}
	a.engine.mu.Lock()
	defer a.engine.mu.Unlock()
	if a.engine.opened == nil {
		a.engine.opened = map[string]string{}
	}
	a.engine.opened[ledger+"/"+f.SHA256] = path
	return path, nil
}

// remember spares decrypting what was sealed a moment ago.
func (a *App) remember(ledger string, f soc1.File, path string) {
	a.engine.mu.Lock()
	defer a.engine.mu.Unlock()
	if a.engine.opened == nil {
		a.engine.opened = map[string]string{}
	}
	a.engine.opened[ledger+"/"+f.SHA256] = path
}

func (a *App) copyBlob(ctx context.Context, ledger string, f soc1.File, path string) error {
	sha, err := digest(f.SHA256)
	if err != nil {
		return fmt.Errorf("file %s: %w", f.Name, err)
	}
	r, err := a.blobs.Open(ctx, ledger, sha)
	if err != nil {
		return fmt.Errorf("file %s: %w", f.Name, err)
	}
	defer r.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, r)
	return errors.Join(err, out.Close())
}

func digest(s string) ([32]byte, error) {
	var d [32]byte
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(d) {
		return d, fmt.Errorf("%q is not a SHA-256 in hexadecimal", s)
	}
	copy(d[:], b)
	return d, nil
}
