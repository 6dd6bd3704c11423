package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"reperform/identity"
	"reperform/ledger"
	"reperform/population"
	"reperform/procedure"
	"reperform/record"
	"reperform/soc1"
)

// ImportSpec says what a file is and how to read it: the description that an
// auditor needs to obtain the same items again, beside the schema.
type ImportSpec struct {
	ID     string `json:"id"`
	Ledger string `json:"ledger,omitempty"`
	// Population carries the description: title, purpose, source system,
	// query, parameters, who ran it and when, period, zone, key.
	Population soc1.Population `json:"population"`
	// Source and Schema direct the reading; what they leave out is detected.
	Source     population.Source      `json:"source"`
	Schema     population.Schema      `json:"schema"`
	Transforms []population.Transform `json:"transforms,omitempty"`
	Reason     string                 `json:"reason,omitempty"`
}

// ImportPopulation freezes a file as a population: read once, typed, hashed,
// sealed and described. Nothing is recorded unless all of it succeeded.
func (a *App) ImportPopulation(ctx context.Context, actor string, spec ImportSpec) (soc1.Population, error) {
	p := spec.Population
	name, err := a.populationHome(ctx, actor, &spec, identity.PopulationImport)
	if err != nil {
		return p, err
	}
	p = spec.Population
	p.By = partyOf(name)
	e, err := a.populationEngine()
	if err != nil {
		return p, err
	}
	out, err := a.scratch(spec.ID + ".parquet")
	if err != nil {
		return p, err
	}
	req := population.ImportRequest{Source: spec.Source, Schema: spec.Schema, Transforms: spec.Transforms, Key: p.Key, Zone: p.Zone, Output: out}
	if needsKey(spec.Transforms) {
		if req.HashKey, err = a.hashKey(); err != nil {
			return p, err
		}
	}
	frozen, err := e.Import(ctx, req)
	if err != nil {
		return p, err
	}
	p.SourceFile = soc1.File{Name: cmp.Or(spec.Source.Name, filepath.Base(spec.Source.Path)), MediaType: mediaType(spec.Source.Path), Size: frozen.SourceBytes, SHA256: frozen.SourceSHA256}
	return p, a.attach(ctx, actor, name, spec.ID, &p, frozen, spec.Transforms, "population.import", identity.PopulationImport, spec.Reason)
}

// populationHome decides in which ledger a population goes and whether it may.
func (a *App) populationHome(ctx context.Context, actor string, spec *ImportSpec, act identity.Action) (string, error) {
	name := spec.Ledger
	if name == "" {
		name = OrganizationLedger
	}
	if err := a.admit(ctx, actor, act, identity.Resource{Ledger: name, Kind: "population"}); err != nil {
		return "", err
	}
	if spec.ID == "" {
		return "", errors.New("a population needs an id; give --id")
	}
	if err := record.CheckNewID(spec.ID); err != nil {
		return "", err
	}
	if spec.Population.Zone == "" {
		org, err := a.organization(ctx)
		if err != nil {
			return "", err
		}
		spec.Population.Zone = org.Timezone
	}
	v, err := a.latest(name)
	if err != nil {
		return "", err
	}
	if _, err := v.Get(ctx, "population", spec.ID); err == nil {
		return "", fmt.Errorf("population %s is frozen already; a corrected extract gets an id of its own", spec.ID)
	} else if !isNotFound(err) {
		return "", err
	}
	return name, nil
}

func partyOf(ledger string) soc1.Party {
	if ledger == OrganizationLedger {
		return soc1.ByManagement
	}
	return soc1.ByAuditor
}

// attach seals the frozen file and records the population.
func (a *App) attach(ctx context.Context, actor, name, id string, p *soc1.Population, f *population.Frozen, ts []population.Transform, action string, may identity.Action, reason string) error {
	describe(p, f, ts)
	// Before anything is sealed: what is refused must leave nothing behind.
	described := *p
	described.Frozen = soc1.File{Name: id + ".parquet", SHA256: f.PopulationHash, Size: 1}
	if err := firstError(described.Validate()); err != nil {
		return fmt.Errorf("population %s: %w", id, err)
	}
	if _, err := encodeAll("", []encoded{{"population", id, described}}); err != nil {
		return err
	}
	file, err := a.keep(ctx, name, f.Path, id+".parquet")
	if err != nil {
		return fmt.Errorf("sealing population %s: %w", id, err)
	}
	p.Frozen = file
	a.remember(name, file, f.Path)
	req := request{actor: actor, ledger: name, may: may, kind: "population", action: action, reason: reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		if _, ok, err := tx.Get("population", id); err != nil || ok {
			return errors.Join(err, fmt.Errorf("population %s is frozen already", id))
		}
		// The auditor commits to a nonce before any population arrives, so
		// that nobody can steer a selection by trying populations.
		if name != OrganizationLedger {
			nonces, err := tx.List("nonce")
			if err != nil {
				return err
			}
			if len(nonces) == 0 {
				return errors.New("the examination has no committed nonce yet; open it again with `reperform examination open`")
			}
		}
		return tx.Put("population", id, "", *p)
	})
	return err
}

func describe(p *soc1.Population, f *population.Frozen, ts []population.Transform) {
	transform := map[string]soc1.ColumnTransform{}
	for _, t := range ts {
		transform[t.Column] = columnTransform(string(t.Action))
	}
	p.Columns = nil
	p.ControlTotals = nil
	for _, c := range f.Columns {
		p.Columns = append(p.Columns, soc1.Column{Name: c.Name, Type: c.Type.String(), Transform: transform[c.Name], Nulls: c.Nulls, Min: c.Min, Max: c.Max})
		if c.Total != "" {
			p.ControlTotals = append(p.ControlTotals, soc1.ControlTotal{Column: c.Name, Total: c.Total, Count: f.Rows - c.Nulls})
		}
		delete(transform, c.Name)
	}
	for _, t := range ts {
		if tr, left := transform[t.Column]; left && tr == soc1.Dropped {
			p.Columns = append(p.Columns, soc1.Column{Name: t.Column, Type: "dropped", Transform: soc1.Dropped})
		}
	}
	p.KeyUnique = f.KeyUnique
	p.RowCount, p.PopulationHash, p.EngineVersion = f.Rows, f.PopulationHash, f.EngineVersion
	p.Warnings = nil
	for _, w := range f.Warnings {
		p.Warnings = append(p.Warnings, w.String())
	}
}

func columnTransform(action string) soc1.ColumnTransform {
	switch action {
	case "drop":
		return soc1.Dropped
	case "mask", "mask_all":
		return soc1.Masked
	case "keyed_hash":
		return soc1.KeyedHash
	}
	return soc1.Kept
}

// frozenInput opens a population for the engine.
func (a *App) frozenInput(ctx context.Context, name string, p soc1.Population) (population.Input, error) {
	path, err := a.plaintext(ctx, name, p.Frozen)
	if err != nil {
		return population.Input{}, err
	}
	return procedure.Input(p, path)
}

func needsKey(ts []population.Transform) bool {
	for _, t := range ts {
		if t.Action == "keyed_hash" {
			return true
		}
	}
	return false
}

// hashKey is the workspace's key for keyed hashes: the same for all extracts,
// so that joins survive, and never part of what is exported.
func (a *App) hashKey() ([]byte, error) {
	path := filepath.Join(a.dir, "keys", "columns.key")
	b, err := ledger.ReadSecret(path)
	if err == nil && len(b) == 32 {
		return b, nil
	}
	if err == nil {
		return nil, fmt.Errorf("%s is damaged; restore it from your backup", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key := make([]byte, 32)
	if _, err := io.ReadFull(randomness(a.opt), key); err != nil {
		return nil, err
	}
	err = ledger.WriteSynced(path, key)
	if errors.Is(err, fs.ErrExist) {
		// Another import made the key a moment ago; there is only ever one.
		return a.hashKey()
	}
	return key, err
}
