package play

import (
	"context"
	"encoding/json"
	"fmt"

	"reperform/app"
	"reperform/ascode"
	"reperform/demo"
	"reperform/population"
	"reperform/record"
	"reperform/soc1"
)

// engineChecks pairs the vocabulary's checks with the engine's.
var engineChecks = map[soc1.CheckKind]string{
	soc1.SecondSourceCount: "count", soc1.ControlTotals: "control_total", soc1.SequenceGap: "sequence_gaps", soc1.DuplicateKey: "duplicate_keys",
	soc1.EmptyDay: "empty_days", soc1.OutOfPeriod: "out_of_period", soc1.SchemaDrift: "schema_drift",
}

// checks turns the plan's checks of a population into the app's.
func (s *stage) checks(p demo.Population) (app.CheckSpec, error) {
	spec := app.CheckSpec{Conclusion: p.Conclusion}
	file, _ := s.manifest.File(p.File)
	for _, c := range p.Checks {
		kind, computed := engineChecks[c.Check]
		if !computed {
			spec.Entered = append(spec.Entered, soc1.CompletenessCheck{Check: c.Check, Column: c.Column, Passed: true, Note: c.Note})
			continue
		}
		spec.Checks = append(spec.Checks, population.CheckSpec{Kind: kind, Column: c.Column, Expected: c.Expected(file)})
		spec.Notes = append(spec.Notes, c.Note)
	}
	if p.Derived() && len(p.Checks) == 0 {
		// A derived population is as complete as what it is derived from; that
		// its key is unique is its own.
		spec.Checks = append(spec.Checks, population.CheckSpec{Kind: "duplicate_keys"})
		spec.Notes = append(spec.Notes, "Completeness follows from the populations that it is derived from and from the recorded query.")
	}
	return spec, nil
}

// signature is one that the example's files already carry: files cannot sign,
// so it is taken out and given by the signer's own command.
type signature struct {
	kind, id string
	on       soc1.Date
}

func unsign(items []*ascode.Item) ([]signature, error) {
	var out []signature
	for _, it := range items {
		switch v := it.Value.(type) {
		case *soc1.ManagementAssertion:
			out = append(out, signature{it.Kind, it.ID, v.SignedOn})
			v.SignedBy, v.SignedTitle, v.SignedOn, v.SignedSHA256 = "", "", "", ""
		case *soc1.RepresentationLetter:
			out = append(out, signature{it.Kind, it.ID, v.SignedOn})
			v.SignedBy, v.SignedTitle, v.SignedOn, v.SignedSHA256 = "", "", "", ""
		default:
			continue
		}
		var err error
		if it.Body, err = json.Marshal(it.Value); err != nil {
			return nil, fmt.Errorf("%s %s: %w", it.Kind, it.ID, err)
		}
	}
	return out, nil
}

// release lets management see exactly the deviations, for its response.
func (s *stage) release(ctx context.Context) error {
	v, err := s.app.View(ctx, s.plan.Release.By, s.plan.Ledger, record.AsOf{})
	if err != nil {
		return err
	}
	all, err := v.List(ctx, "deviation")
	if err != nil {
		return err
	}
	var refs []soc1.Ref
	for _, d := range all {
		refs = append(refs, d.Ref())
	}
	return s.app.Release(ctx, s.plan.Release.By, s.plan.Ledger, "deviations", soc1.Release{Revisions: refs, What: s.plan.Release.What, ToWhom: s.plan.Release.ToWhom, On: s.plan.Release.On})
}
