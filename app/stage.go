package app

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"reperform/identity"
	"reperform/population"
	"reperform/procedure"
	"reperform/record"
	"reperform/soc1"
)

// Staged is a file that was sent to become a population. It lies in the workspace for as
// long as it is looked at, as plaintext that only this program's user reads, and is gone
// when it was frozen, was discarded, or the workspace is closed.
type Staged struct {
	Name   string
	Size   int64
	SHA256 string
	Path   string
}

// Discard removes the file.
func (s *Staged) Discard() { _ = os.RemoveAll(filepath.Dir(s.Path)) }

// StagePopulation takes in a file that is to become a population, in constant memory. It
// is not kept beside what is frozen of it: a column that is dropped or masked is stored
// nowhere. What is not the kind of file that its name says, is encrypted, or unpacks to
// many times its size is refused.
func (a *App) StagePopulation(ctx context.Context, actor, name, fileName string, r io.Reader) (*Staged, error) {
	if err := a.admit(ctx, actor, identity.PopulationImport, identity.Resource{Ledger: name, Kind: "population"}); err != nil {
		return nil, err
	}
	if err := a.writable(); err != nil {
		return nil, err
	}
	clean := cleanFileName(fileName)
	if clean == "" {
		return nil, &FieldError{Field: "file", Text: "The file has no name. Give it one and add it again."}
	}
	if _, err := (population.Source{Name: clean}).FormatOf(); err != nil {
		return nil, &FieldError{Field: "file", Text: fmt.Sprintf("%s is not one of the files that hold a population: CSV, TSV, JSON lines (.jsonl), Parquet or XLSX. Export it as one of these.", clean)}
	}
	path, err := a.scratch(clean)
	if err != nil {
		return nil, err
	}
	s := &Staged{Name: clean, Path: path}
	if err := a.stage(ctx, s, r); err != nil {
		s.Discard()
		return nil, err
	}
	return s, nil
}

func (a *App) stage(ctx context.Context, s *Staged, r io.Reader) error {
	f, err := os.OpenFile(s.Path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	s.Size, err = io.Copy(io.MultiWriter(f, sum), io.LimitReader(r, LargestFile+1))
	switch {
	case err != nil:
		return errors.Join(ctx.Err(), err)
	case s.Size > LargestFile:
		return &FieldError{Field: "file", Text: fmt.Sprintf("%s is larger than %d GB, which is the most that is taken in. Split it.", s.Name, LargestFile>>30)}
	case s.Size == 0:
		return &FieldError{Field: "file", Text: s.Name + " is empty. An extract without rows still has a header; export it again."}
	}
	s.SHA256 = hex.EncodeToString(sum.Sum(nil))
	file := soc1.File{Name: s.Name, Size: s.Size}
	if err := inspect(f, &file); err != nil {
		return err
	}
	if deflated(ctx, f, s.Size) {
		file.Flags = append(file.Flags, soc1.FileInflated)
	}
	for _, flag := range file.Flags {
		if why := unfit[flag]; why != "" {
			return &FieldError{Field: "file", Text: s.Name + " " + why}
		}
	}
	return nil
}

// deflated tells whether a compressed text unpacks to many times its size. What is not
// compressed, or damaged, is for the engine to say.
func deflated(ctx context.Context, f io.ReadSeeker, size int64) bool {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return false
	}
	most := max(inflatedFrom, size*inflatedRatio)
	for total := int64(0); ctx.Err() == nil; {
		n, err := io.CopyN(io.Discard, z, 64<<20)
		if total += n; total > most {
			return true
		}
		if err != nil {
			return false
		}
	}
	return false
}

// unfit says why no population is read from a file of which something is known.
var unfit = map[soc1.FileFlag]string{
	soc1.FileOtherType:  "is not the kind of file that its name says. Export it again as CSV, JSON lines, Parquet or XLSX.",
	soc1.FileExecutable: "is a program and not a table.",
	soc1.FileScripted:   "holds scripts and is no table.",
	soc1.FileMacros:     "holds macros. Save it as a workbook without macros, or as CSV.",
	soc1.FileEncrypted:  "is encrypted. Save it without a password, then add it again.",
	soc1.FileInflated:   "unpacks to many times its size, as no table does. It was not opened.",
}

// DetectPopulation says what a file looks like before anything of it is frozen: its
// columns, their types, some values, and which would be a key.
func (a *App) DetectPopulation(ctx context.Context, actor, name string, s *Staged, source population.Source, declared population.Schema, keys []string) (*population.Detection, error) {
	if err := a.admit(ctx, actor, identity.PopulationImport, identity.Resource{Ledger: name, Kind: "population"}); err != nil {
		return nil, err
	}
	e, err := a.populationEngine()
	if err != nil {
		return nil, err
	}
	source.Path, source.Name = s.Path, s.Name
	return e.Detect(ctx, source, declared, keys)
}

// PreviewDerivation runs the query of a derivation and freezes nothing.
func (a *App) PreviewDerivation(ctx context.Context, actor string, spec DeriveSpec) (*population.Preview, error) {
	name := spec.Ledger
	if name == "" {
		name = OrganizationLedger
	}
	if err := a.admit(ctx, actor, identity.PopulationDerive, identity.Resource{Ledger: name, Kind: "population"}); err != nil {
		return nil, err
	}
	if spec.Population.Zone == "" {
		org, err := a.organization(ctx)
		if err != nil {
			return nil, err
		}
		spec.Population.Zone = org.Timezone
	}
	p, inputs, err := a.derivation(ctx, name, spec.Population)
	if err != nil {
		return nil, err
	}
	e, err := a.populationEngine()
	if err != nil {
		return nil, err
	}
	return e.Preview(ctx, procedure.Derivation(p, inputs, ""))
}

// derivation opens what a derivation reads.
func (a *App) derivation(ctx context.Context, name string, p soc1.Population) (soc1.Population, map[string]population.Input, error) {
	v, err := a.latest(name)
	if err != nil {
		return p, nil, err
	}
	org, err := a.organization(ctx)
	if err != nil {
		return p, nil, err
	}
	p.Derived.Holidays = org.Holidays
	p.Derived.Inputs = append([]soc1.DerivationInput(nil), p.Derived.Inputs...)
	inputs := map[string]population.Input{}
	for i, in := range p.Derived.Inputs {
		src, err := record.One[soc1.Population](ctx, v, "population", in.Population)
		if err != nil {
			return p, nil, fmt.Errorf("input %s: %w", in.Name, err)
		}
		if inputs[in.Name], err = a.frozenInput(ctx, name, src.Value); err != nil {
			return p, nil, err
		}
		p.Derived.Inputs[i].PopulationHash = src.Value.PopulationHash
	}
	return p, inputs, nil
}

// WithProgress lets a function hear what long work under a context is doing, beside
// Options.Progress.
func WithProgress(ctx context.Context, hear func(Progress)) context.Context {
	return population.WithProgress(ctx, func(p population.Progress) {
		if p.Percent >= 0 {
			hear(Progress{Stage: p.Stage, Done: int64(p.Percent), Total: 100})
			return
		}
		hear(Progress{Stage: p.Stage, Done: p.Rows})
	})
}
