package bundle

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"reperform/english"
	"reperform/procedure"
	"reperform/record"
	"reperform/sampling"
	"reperform/soc1"
)

// nonceID is the id of an examination's one nonce.
const nonceID = "nonce-1"

// disclosed is the auditor's nonce, once it was checked.
type disclosed struct {
	secret, commitment string
	// at is the position of the entry that disclosed it.
	at int64
}

// nonce checks that the auditor committed to one nonce before any population
// arrived and disclosed that very one.
func (v *verifier) nonce(work *record.View) (disclosed, error) {
	var d disclosed
	all, err := record.All[soc1.Nonce](v.ctx, work, "nonce")
	if err != nil {
		return d, err
	}
	if len(all) != 1 || all[0].ID != nonceID {
		return d, fmt.Errorf("the ledger holds %d nonces; with more than one to choose from, selections could be steered", len(all))
	}
	history, err := work.History(v.ctx, "nonce", nonceID)
	if err != nil {
		return d, err
	}
	n := all[0].Value
	for _, h := range history {
		was, err := record.Decode[soc1.Nonce](h)
		if err != nil {
			return d, err
		}
		if was.Commitment != n.Commitment {
			return d, errors.New("the commitment was changed afterwards")
		}
		if was.Revealed != "" && d.at == 0 {
			d.at = h.Pos
		}
	}
	for _, r := range v.mem.revisions[v.ab.Work] {
		if r.Kind == "population" && r.Pos <= history[0].Pos {
			return d, fmt.Errorf("population %s arrived with entry %d, the commitment came with entry %d", r.ID, r.Pos, history[0].Pos)
		}
		if r.Kind == "sample" && d.at > 0 && r.Pos > d.at {
			return d, fmt.Errorf("sample %s was drawn with entry %d, after entry %d had disclosed the nonce", r.ID, r.Pos, d.at)
		}
	}
	if n.Revealed == "" {
		return d, skip{"the nonce is not disclosed yet; it is at release"}
	}
	secret, err := hex.DecodeString(n.Revealed)
	if err != nil {
		return d, err
	}
	commitment, err := hex.DecodeString(n.Commitment)
	if err != nil || len(commitment) != 32 {
		return d, errors.New("the commitment is not a SHA-256")
	}
	d.secret, d.commitment = n.Revealed, n.Commitment
	return d, sampling.CheckNonce(secret, [32]byte(commitment))
}

// samples draws every sample again under the disclosed nonce.
func (v *verifier) samples(work *record.View) error {
	var d disclosed
	if v.ab.Work != v.ab.Organization {
		v.check("nonce", "The auditor committed to a nonce before any population arrived, and disclosed that nonce.", func() (string, error) {
			var err error
			d, err = v.nonce(work)
			return d.commitment, err
		})
	}
	populations, err := record.All[soc1.Population](v.ctx, work, "population")
	if err != nil {
		return err
	}
	samples, err := record.All[soc1.Sample](v.ctx, work, "sample")
	if err != nil {
		return err
	}
	for _, s := range samples {
		v.check("sample/"+s.ID, fmt.Sprintf("The %s of sample %s %s what the seed ranks lowest.", english.Count(len(s.Value.Items), "item"), s.ID, english.Choose(len(s.Value.Items), "is", "are")), func() (string, error) {
			return v.sample(work, s, d, populations, samples)
		})
	}
	return nil
}

// sample draws each revision of a sample again: the first draw, and every time
// that items were added.
func (v *verifier) sample(work *record.View, r record.Typed[soc1.Sample], d disclosed, populations []record.Typed[soc1.Population], samples []record.Typed[soc1.Sample]) (string, error) {
	s := r.Value
	if v.ab.Work != v.ab.Organization && d.secret == "" {
		return "", skip{"the nonce is not disclosed, or not the one committed to"}
	}
	if s.NonceCommitment != d.commitment {
		return "", fmt.Errorf("it was drawn under commitment %q, the nonce's is %q", s.NonceCommitment, d.commitment)
	}
	p, err := find(populations, s.Population)
	if err != nil {
		return "", err
	}
	if p.PopulationHash != s.PopulationHash {
		return "", fmt.Errorf("it was drawn from a population with hash %s, the population has %s", s.PopulationHash, p.PopulationHash)
	}
	// A draw that another replaced is held against the test as it was planned
	// when it was drawn: the test may be of a corrected extract since.
	planned := work
	if slices.ContainsFunc(samples, func(x record.Typed[soc1.Sample]) bool { return x.Value.Test == s.Test && x.Value.Draw > s.Draw }) {
		planned = record.NewView(v.mem, v.ab.Work, record.AsOf{Known: v.firstOf("sample", r.ID) + 1})
	}
	test, err := record.One[soc1.TestOfControl](v.ctx, planned, "test_of_control", s.Test)
	if err != nil {
		return "", err
	}
	if test.Value.Population != s.Population {
		return "", fmt.Errorf("it was drawn from population %s, its test is of %s", s.Population, test.Value.Population)
	}
	in, err := v.input(p)
	if err != nil {
		return "", err
	}
	draws, err := v.drawn(work, r)
	if err != nil {
		return "", err
	}
	var before []soc1.SampleItem
	for i, one := range draws {
		bound, err := sampling.ParseSeedInput(one.SeedInput)
		if err != nil {
			return "", err
		}
		want := procedure.SeedInput(test.Value.Engagement, test.Value.Control, s.PopulationHash, one.Draw)
		if bound != want || one.Draw != s.Draw || one.Test != s.Test || one.Population != s.Population || one.PopulationHash != s.PopulationHash || one.NonceCommitment != s.NonceCommitment {
			return "", fmt.Errorf("the seed input %q is not that of its test, population and draw", one.SeedInput)
		}
		seed, err := procedure.Seed(one, d.secret)
		if err != nil {
			return "", err
		}
		again, err := procedure.Select(v.ctx, v.opt.Engine, in, p.Zone, test.Value.SamplePlan.StratifyBy, seed, int64(len(one.Items)), procedure.Shares(before))
		if err != nil {
			return "", err
		}
		if !slices.Equal(again, one.Items) {
			return "", fmt.Errorf("drawn again the items of step %d differ", i+1)
		}
		before = one.Items
	}
	return english.Count(len(draws), "draw") + " from " + english.Count(p.RowCount, "row"), nil
}

// drawn lists the steps by which a sample came to its items: those of the
// sample that it expands, and its own revisions, oldest first.
func (v *verifier) drawn(work *record.View, r record.Typed[soc1.Sample]) ([]soc1.Sample, error) {
	var out []soc1.Sample
	for id, seen := r.ID, map[string]bool{}; id != ""; {
		if seen[id] {
			return nil, fmt.Errorf("sample %s expands itself", id)
		}
		seen[id] = true
		history, err := work.History(v.ctx, "sample", id)
		if err != nil {
			return nil, err
		}
		var steps []soc1.Sample
		for _, h := range history {
			if h.Redacted {
				return nil, skip{"a revision of it was redacted"}
			}
			s, err := record.Decode[soc1.Sample](h)
			if err != nil {
				return nil, err
			}
			steps = append(steps, s)
		}
		if len(steps) == 0 {
			return nil, fmt.Errorf("there is no sample %q", id)
		}
		out = append(steps, out...)
		id = steps[0].ExpandedFrom
	}
	return out, nil
}
