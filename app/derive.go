package app

import (
	"context"

	"reperform/identity"
	"reperform/procedure"
	"reperform/soc1"
)

// DeriveSpec says how a population follows from others by a query.
type DeriveSpec struct {
	ID         string          `json:"id"`
	Ledger     string          `json:"ledger,omitempty"`
	Population soc1.Population `json:"population"`
	Reason     string          `json:"reason,omitempty"`
}

// DerivePopulation runs a recorded query over frozen populations of the same
// ledger and freezes its result.
func (a *App) DerivePopulation(ctx context.Context, actor string, spec DeriveSpec) (soc1.Population, error) {
	p := spec.Population
	imp := ImportSpec{ID: spec.ID, Ledger: spec.Ledger, Population: p}
	name, err := a.populationHome(ctx, actor, &imp, identity.PopulationDerive)
	if err != nil {
		return p, err
	}
	p = imp.Population
	p.By = partyOf(name)
	p, inputs, err := a.derivation(ctx, name, p)
	if err != nil {
		return p, err
	}
	e, err := a.populationEngine()
	if err != nil {
		return p, err
	}
	out, err := a.scratch(spec.ID + ".parquet")
	if err != nil {
		return p, err
	}
	frozen, err := e.Derive(ctx, procedure.Derivation(p, inputs, out))
	if err != nil {
		return p, err
	}
	return p, a.attach(ctx, actor, name, spec.ID, &p, frozen, nil, "population.derive", identity.PopulationDerive, spec.Reason)
}
