package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
	// Add keeps the checks that were made before, but for those of the same kind and
	// column, which are made anew. Without it what was made before is replaced.
	Add bool `json:"add,omitempty"`
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
	today, err := a.Today(ctx)
	if err != nil {
		return nil, err
	}
	for i := range spec.Entered {
		spec.Entered[i].By = actor
	}
	results = append(results, spec.Entered...)
	if spec.Add {
		for i := range results {
			results[i].By, results[i].On = actor, today
		}
	}
	req := request{actor: actor, ledger: name, may: identity.PopulationCheck, kind: "population", action: "population.check", reason: spec.Conclusion}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		p, err := get[soc1.Population](tx, "population", id)
		if err != nil {
			return err
		}
		if spec.Add {
			p.Checks = checkedAnew(p.Checks, results)
		} else {
			p.Checks = results
		}
		if spec.Conclusion != "" {
			p.CompletenessConclusion, p.CompletenessBy, p.CompletenessOn = spec.Conclusion, actor, today
		} else if spec.Add && len(results) > 0 {
			// What was concluded did not rest on these.
			p.CompletenessConclusion, p.CompletenessBy, p.CompletenessOn = "", "", ""
		}
		return tx.Put("population", id, "", p)
	})
	return results, err
}

// checkedAnew puts checks beside those made before, in place of the same ones.
func checkedAnew(before, made []soc1.CompletenessCheck) []soc1.CompletenessCheck {
	out := slices.Clone(before)
	for _, c := range made {
		same := func(x soc1.CompletenessCheck) bool { return x.Check == c.Check && x.Column == c.Column }
		if i := slices.IndexFunc(out, same); i >= 0 {
			out[i] = c
			continue
		}
		out = append(out, c)
	}
	return out
}

// NoteCheck says of a check why what it found does not matter, or where what was expected
// came from. Who says it is who concludes on it.
func (a *App) NoteCheck(ctx context.Context, actor, name, id string, kind soc1.CheckKind, column, note string) error {
	if note = strings.TrimSpace(note); note == "" {
		return &FieldError{"note", "Say why the difference does not matter, or where the expectation came from.", ""}
	}
	return a.changeChecks(ctx, actor, name, id, "A check was explained.", func(p *soc1.Population) error {
		i := slices.IndexFunc(p.Checks, func(x soc1.CompletenessCheck) bool { return x.Check == kind && x.Column == column })
		if i < 0 {
			return &FieldError{"check", "This check was not made yet. Make it first.", ""}
		}
		p.Checks[i].Note, p.Checks[i].By = note, actor
		return nil
	})
}

// changeChecks changes the checks of a population as it stands.
func (a *App) changeChecks(ctx context.Context, actor, name, id, reason string, change func(*soc1.Population) error) error {
	req := request{actor: actor, ledger: name, may: identity.PopulationCheck, kind: "population", action: "population.check", reason: reason}
	_, err := a.decide(ctx, req, func(tx *Tx) error {
		p, err := get[soc1.Population](tx, "population", id)
		if err != nil {
			return err
		}
		p.Checks = slices.Clone(p.Checks)
		if err := change(&p); err != nil {
			return err
		}
		return tx.Put("population", id, "", p)
	})
	return err
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
	at := profileKey{name, p.Value.Frozen.SHA256, p.Value.Zone}
	if kept, ok := a.profiles.Get(at); ok {
		return kept, nil
	}
	in, err := a.frozenInput(ctx, name, p.Value)
	if err != nil {
		return nil, err
	}
	e, err := a.populationEngine()
	if err != nil {
		return nil, err
	}
	out, err := e.Profile(ctx, population.ProfileRequest{Population: in, Zone: p.Value.Zone})
	if err == nil {
		a.profiles.Put(at, out)
	}
	return out, err
}

// profileKey names a profile: what is frozen never changes.
type profileKey struct{ ledger, sha256, zone string }

// organization reads the organization's own record.
func (a *App) organization(ctx context.Context) (soc1.Organization, error) {
	v, err := a.latest(OrganizationLedger)
	if err != nil {
		return soc1.Organization{}, err
	}
	org, err := record.One[soc1.Organization](ctx, v, "organization", "organization")
	return org.Value, err
}
