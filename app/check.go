package app

import (
	"context"
	"fmt"

	"reperform/identity"
	"reperform/population"
	"reperform/procedure"
	"reperform/record"
	"reperform/soc1"
)

// CheckSpec says which tests of completeness and accuracy to make.
type CheckSpec struct {
	// Checks are computed by the engine; Entered are made by a person, such as
	// tracing a list to its source.
	Checks  []population.CheckSpec   `json:"checks"`
	Entered []soc1.CompletenessCheck `json:"entered,omitempty"`
	// Notes say, for each of Checks, where the expectation came from.
	Notes []string `json:"notes,omitempty"`
	// Previous names the population of the last period, for schema_drift.
	Previous string `json:"previous_population,omitempty"`
	// Conclusion is what a person concluded from all of them.
	Conclusion string `json:"conclusion,omitempty"`
}

// checkKinds pairs the engine's names with the vocabulary's.
var checkKinds = map[string]soc1.CheckKind{
	"count": soc1.SecondSourceCount, "control_total": soc1.ControlTotals, "sequence_gaps": soc1.SequenceGap, "duplicate_keys": soc1.DuplicateKey,
	"empty_days": soc1.EmptyDay, "out_of_period": soc1.OutOfPeriod, "schema_drift": soc1.SchemaDrift, "required": soc1.OtherCheck,
}

// CheckPopulation tests completeness and accuracy and records the results with
// the population. What failed is recorded too.
func (a *App) CheckPopulation(ctx context.Context, actor, name, id string, spec CheckSpec) ([]soc1.CompletenessCheck, error) {
	if err := a.admit(ctx, actor, identity.PopulationCheck, identity.Resource{Ledger: name, Kind: "population"}); err != nil {
		return nil, err
	}
	pop, err := a.testPopulation(ctx, name, id)
	if err != nil {
		return nil, err
	}
	if pop == nil {
		return nil, fmt.Errorf("population %q: %w", id, record.ErrNotFound)
	}
	org, err := a.organization(ctx)
	if err != nil {
		return nil, err
	}
	results, err := a.runChecks(ctx, name, *pop, spec, org)
	if err != nil {
		return nil, err
	}
	for i := range spec.Entered {
		spec.Entered[i].By = actor
	}
	results = append(results, spec.Entered...)
	req := request{actor: actor, ledger: name, may: identity.PopulationCheck, kind: "population", action: "population.check", reason: spec.Conclusion}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		p, err := get[soc1.Population](tx, "population", id)
		if err != nil {
			return err
		}
		p.Checks = results
		if spec.Conclusion != "" {
			p.CompletenessConclusion = spec.Conclusion
		}
		return tx.Put("population", id, "", p)
	})
	return results, err
}

func (a *App) runChecks(ctx context.Context, name string, pop soc1.Population, spec CheckSpec, org soc1.Organization) ([]soc1.CompletenessCheck, error) {
	if len(spec.Checks) == 0 {
		return nil, nil
	}
	in, err := a.frozenInput(ctx, name, pop)
	if err != nil {
		return nil, err
	}
	var before []population.FrozenField
	if spec.Previous != "" {
		last, err := a.testPopulation(ctx, name, spec.Previous)
		if err != nil {
			return nil, err
		}
		if last == nil {
			return nil, fmt.Errorf("previous population %q: %w", spec.Previous, record.ErrNotFound)
		}
		described, err := procedure.Input(*last, "")
		if err != nil {
			return nil, err
		}
		before = described.Columns
	}
	for i := range spec.Checks {
		c := &spec.Checks[i]
		if c.Kind == "schema_drift" && c.Previous == nil {
			c.Previous = before
		}
		if c.Kind == "out_of_period" || c.Kind == "empty_days" {
			if c.From == "" {
				c.From = string(pop.PeriodFrom)
			}
			if c.To == "" {
				c.To = string(pop.PeriodTo)
			}
		}
		if c.Kind == "empty_days" && c.Holidays == nil {
			c.Holidays = procedure.Days(org.Holidays)
		}
	}
	e, err := a.populationEngine()
	if err != nil {
		return nil, err
	}
	found, err := e.Check(ctx, population.CheckRequest{Population: in, Zone: pop.Zone, Checks: spec.Checks})
	if err != nil {
		return nil, err
	}
	out := make([]soc1.CompletenessCheck, 0, len(found))
	for i, f := range found {
		c := soc1.CompletenessCheck{Check: checkKinds[f.Check.Kind], Column: f.Check.Column, Expected: f.Expected, Actual: f.Actual, Passed: f.Passed, Examples: f.Examples}
		if i < len(spec.Notes) {
			c.Note = spec.Notes[i]
		}
		out = append(out, c)
	}
	return out, nil
}

// ProfilePopulation describes what a population looks like.
func (a *App) ProfilePopulation(ctx context.Context, actor, name, id string) (*population.Profile, error) {
	v, err := a.View(ctx, actor, name, record.AsOf{})
	if err != nil {
		return nil, err
	}
	p, err := record.One[soc1.Population](ctx, v, "population", id)
	if err != nil {
		return nil, err
	}
	in, err := a.frozenInput(ctx, name, p.Value)
	if err != nil {
		return nil, err
	}
	e, err := a.populationEngine()
	if err != nil {
		return nil, err
	}
	return e.Profile(ctx, population.ProfileRequest{Population: in, Zone: p.Value.Zone})
}

// organization reads the organization's own record.
func (a *App) organization(ctx context.Context) (soc1.Organization, error) {
	v, err := a.latest(OrganizationLedger)
	if err != nil {
		return soc1.Organization{}, err
	}
	org, err := record.One[soc1.Organization](ctx, v, "organization", "organization")
	return org.Value, err
}
