package app

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"reperform/english"
	"reperform/identity"
	"reperform/population"
	"reperform/procedure"
	"reperform/record"
	"reperform/sampling"
	"reperform/soc1"
)

// MaxTraced is the largest number of items of one trace.
const MaxTraced = 500

// The parts of a seed input that keep the draws of traces apart from those of tests.
const traceSeed = "trace-"

// DrawTrace draws items of a population that are to be traced to the source, which shows
// whether the list is accurate. They are the lowest under a seed that is bound to the
// frozen population and, in an examination, to the nonce that was committed before it
// arrived: nobody chooses them, and drawing again gives the same.
func (a *App) DrawTrace(ctx context.Context, actor, name, id string, n int) error {
	p, err := a.traceable(ctx, actor, name, id, n)
	if err != nil {
		return err
	}
	check := soc1.CompletenessCheck{Check: soc1.ListToSource}
	items, err := a.drawTraced(ctx, name, id, p, n, &check)
	if err != nil {
		return err
	}
	check.Items = items
	return a.putTrace(ctx, actor, name, id, check)
}

// traceable is a population of which items may be traced.
func (a *App) traceable(ctx context.Context, actor, name, id string, n int) (soc1.Population, error) {
	var none soc1.Population
	if err := a.admit(ctx, actor, identity.PopulationCheck, identity.Resource{Ledger: name, Kind: "population"}); err != nil {
		return none, err
	}
	if n < 1 || n > MaxTraced {
		return none, &FieldError{"n", fmt.Sprintf("Between 1 and %d items are traced.", MaxTraced), ""}
	}
	p, err := a.testPopulation(ctx, name, id)
	if err != nil {
		return none, err
	}
	if p == nil {
		return none, fmt.Errorf("population %q: %w", id, record.ErrNotFound)
	}
	if p.PopulationHash == "" || !p.KeyUnique {
		return none, &FieldError{"n", "Items are drawn by their key, and the key of this population is not unique. Freeze it with another key.", ""}
	}
	return *p, nil
}

// drawTraced draws n items of a population and says in the check under which seed.
func (a *App) drawTraced(ctx context.Context, name, id string, p soc1.Population, n int, check *soc1.CompletenessCheck) ([]soc1.TracedItem, error) {
	engagement := p.Engagement
	if engagement == "" {
		engagement = name
	}
	seed := procedure.SeedInput(engagement, traceSeed+string(check.Check)+" "+id, p.PopulationHash, 1)
	text, err := seed.Text()
	if err != nil {
		return nil, err
	}
	check.SeedInput = text
	if name != OrganizationLedger {
		secret, err := a.committedNonce(ctx, name)
		if err != nil {
			return nil, err
		}
		commitment := sampling.Commit(secret)
		check.NonceCommitment = hex.EncodeToString(commitment[:])
		seed.Nonce = hex.EncodeToString(secret)
	}
	key, err := seed.Seed()
	if err != nil {
		return nil, err
	}
	in, err := a.frozenInput(ctx, name, p)
	if err != nil {
		return nil, err
	}
	e, err := a.populationEngine()
	if err != nil {
		return nil, err
	}
	drawn, err := procedure.Select(ctx, e, in, p.Zone, "", key, int64(n), nil)
	if err != nil {
		return nil, err
	}
	var out []soc1.TracedItem
	for _, x := range drawn {
		out = append(out, soc1.TracedItem{Key: x.Key})
	}
	return out, nil
}

// SourceTrace says which items of the source are looked for in a list, which shows
// whether the list is complete.
type SourceTrace struct {
	// Population is a list from the source by another way, of which N items are drawn as
	// DrawTrace draws. Its keys are compared with those of the list.
	Population string
	N          int
	// Keys are items that a person took from the source, where no list of it is frozen.
	Keys []string
	// How says how they were taken.
	How string
}

// TraceSource looks items of the source up in a population. What it holds is found by
// the program; what it does not is left for a person to explain.
func (a *App) TraceSource(ctx context.Context, actor, name, id string, t SourceTrace) error {
	n := t.N
	if t.Population == "" {
		n = len(t.Keys)
		if n == 0 {
			return &FieldError{"keys", "Name at least one item of the source, one in a line, as the key of the list spells it.", ""}
		}
		if strings.TrimSpace(t.How) == "" {
			return &FieldError{"how", "Say how these were taken from the source: a trace from the list itself shows nothing.", ""}
		}
	}
	p, err := a.traceable(ctx, actor, name, id, n)
	if err != nil {
		return err
	}
	check := soc1.CompletenessCheck{Check: soc1.SourceToList, Note: strings.TrimSpace(t.How)}
	if t.Population == id {
		return &FieldError{"source", "A list that is compared with itself is always complete. Name another one.", ""}
	}
	if t.Population != "" {
		source, err := a.traceable(ctx, actor, name, t.Population, n)
		if err != nil {
			return err
		}
		if len(source.Key) != len(p.Key) {
			return &FieldError{"source", fmt.Sprintf("An item of %s has a key of %s, one of this list of %s; they cannot be compared.", source.Title, english.Count(len(source.Key), "column"), english.Count(len(p.Key), "column")), ""}
		}
		if check.Items, err = a.drawTraced(ctx, name, t.Population, source, n, &check); err != nil {
			return err
		}
		if check.Note == "" {
			check.Note = "Drawn from " + source.Title + "."
		}
	} else {
		for _, k := range t.Keys {
			if !slices.ContainsFunc(check.Items, func(x soc1.TracedItem) bool { return x.Key == k }) {
				check.Items = append(check.Items, soc1.TracedItem{Key: k})
			}
		}
	}
	keys := make([]string, len(check.Items))
	for i, x := range check.Items {
		keys[i] = x.Key
	}
	in, err := a.frozenInput(ctx, name, p)
	if err != nil {
		return err
	}
	e, err := a.populationEngine()
	if err != nil {
		return err
	}
	found, err := e.Find(ctx, population.RowsRequest{Population: in, Zone: p.Zone, Keys: keys})
	if err != nil {
		return err
	}
	for i := range check.Items {
		check.Items[i].Outcome = soc1.Fail
		if _, ok := found[check.Items[i].Key]; ok {
			check.Items[i].Outcome = soc1.Pass
		}
	}
	return a.putTrace(ctx, actor, name, id, check)
}

// RecordTrace records what was found when items were traced to the source. Items that
// are not named stay as they are.
func (a *App) RecordTrace(ctx context.Context, actor, name, id string, items []soc1.TracedItem) error {
	today, err := a.Today(ctx)
	if err != nil {
		return err
	}
	return a.changeChecks(ctx, actor, name, id, "Items were traced to the source.", func(p *soc1.Population) error {
		i := slices.IndexFunc(p.Checks, func(x soc1.CompletenessCheck) bool { return x.Check == soc1.ListToSource && len(x.Items) > 0 })
		if i < 0 {
			return &FieldError{"items", "No items were drawn yet. Draw them first.", ""}
		}
		check := &p.Checks[i]
		check.Items = slices.Clone(check.Items)
		for _, x := range items {
			at := slices.IndexFunc(check.Items, func(y soc1.TracedItem) bool { return y.Key == x.Key })
			if at < 0 {
				return &FieldError{"items", fmt.Sprintf("The item %q was not drawn; only those that were are traced.", x.Key), ""}
			}
			if x.Outcome == soc1.Fail && strings.TrimSpace(x.Note) == "" {
				return &FieldError{"items", fmt.Sprintf("Say what differs in %q.", x.Key), ""}
			}
			check.Items[at].Outcome, check.Items[at].Note = x.Outcome, strings.TrimSpace(x.Note)
		}
		check.By, check.On = actor, today
		traced(check)
		return nil
	})
}

// traced states what the items of a trace come to.
func traced(c *soc1.CompletenessCheck) {
	agree, differ := 0, 0
	c.Examples = nil
	for _, x := range c.Items {
		switch x.Outcome {
		case soc1.Pass:
			agree++
		case "":
		default:
			differ++
			if len(c.Examples) < population.MaxExamples {
				c.Examples = append(c.Examples, x.Key)
			}
		}
	}
	c.Expected = english.Count(len(c.Items), "item") + " agree"
	c.Actual = fmt.Sprintf("%d agree, %d do not", agree, differ)
	if open := len(c.Items) - agree - differ; open > 0 {
		c.Actual += fmt.Sprintf(", %d not traced yet", open)
	}
	c.Passed = agree == len(c.Items)
}

// putTrace records a trace in place of one made before. What was found of items that are
// drawn again stays.
func (a *App) putTrace(ctx context.Context, actor, name, id string, check soc1.CompletenessCheck) error {
	today, err := a.Today(ctx)
	if err != nil {
		return err
	}
	check.By, check.On = actor, today
	return a.changeChecks(ctx, actor, name, id, "Items were drawn to be traced.", func(p *soc1.Population) error {
		for _, before := range p.Checks {
			if before.Check != soc1.ListToSource || check.Check != soc1.ListToSource || len(before.Items) == 0 {
				continue
			}
			for i := range check.Items {
				if j := slices.IndexFunc(before.Items, func(x soc1.TracedItem) bool { return x.Key == check.Items[i].Key }); j >= 0 {
					check.Items[i] = before.Items[j]
				}
			}
			if len(check.Items) < len(before.Items) {
				return &FieldError{"n", fmt.Sprintf("%s drawn already; a trace grows and does not shrink.", english.Count(len(before.Items), "item")+english.Choose(len(before.Items), " was", " were")), ""}
			}
		}
		traced(&check)
		p.Checks = checkedAnew(p.Checks, []soc1.CompletenessCheck{check})
		p.CompletenessConclusion, p.CompletenessBy, p.CompletenessOn = "", "", ""
		return nil
	})
}
