package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reperform/evaluation"
	"reperform/population"
	"reperform/procedure"
	"reperform/record"
	"reperform/sampling"
	"reperform/soc1"
)

// reperform does again what the auditor's file says was done: populations,
// derivations, selections, runs and figures.
func (v *verifier) reperform() {
	work := record.NewView(v.mem, v.ab.Work, record.AsOf{Known: v.ab.Known[v.ab.Work]})
	v.blobs()
	populations, err := record.All[soc1.Population](v.ctx, work, "population")
	if err != nil {
		v.claim("population", "The populations can be read.", Fails, err.Error())
		return
	}
	for _, p := range populations {
		v.check("population/"+p.ID, fmt.Sprintf("Population %q has the rows, the columns and the hash recorded.", p.Value.Title), func() (string, error) { return v.population(p.Value) })
		if p.Value.Derived.SQL != "" {
			v.check("population/"+p.ID+"/derivation", fmt.Sprintf("Population %q follows from others by its query.", p.Value.Title), func() (string, error) { return v.derivation(p, populations) })
		}
	}
	v.samples(work, populations)
	v.runs(work, populations)
	v.figures(work)
}

// blobs checks every sealed file against its SHA-256.
func (v *verifier) blobs() {
	want := map[string]soc1.File{}
	for _, r := range v.mem.rows[v.ab.Work] {
		for _, d := range r.Documents {
			if d.Slot > 0 {
				filesOf(d.Bytes, want)
			}
		}
	}
	names := make([]string, 0, len(want))
	for sha := range want {
		names = append(names, sha)
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(want[a].Name+a, want[b].Name+b) })
	v.files = map[string]string{}
	for _, sha := range names {
		f := want[sha]
		v.check("file/"+sha, fmt.Sprintf("File %s is the one recorded.", f.Name), func() (string, error) { return v.blob(f) })
	}
}

func (v *verifier) blob(f soc1.File) (string, error) {
	name := partBlob + f.SHA256
	v.used[name] = true
	r, ok := v.c.open(name)
	if !ok {
		if slices.Contains(v.ab.Omitted, f.SHA256) {
			return "", skip{"it was left out of the bundle on purpose"}
		}
		return "", fmt.Errorf("it is not in the bundle")
	}
	path := filepath.Join(v.opt.Scratch, f.SHA256+filepath.Ext(f.Name))
	out, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, h), r)
	if err := errors.Join(err, out.Close()); err != nil {
		return "", err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != f.SHA256 || n != f.Size {
		return "", fmt.Errorf("its %d bytes have SHA-256 %s", n, got)
	}
	v.files[f.SHA256] = path
	return fmt.Sprintf("%d bytes", n), nil
}

// input opens a population for the engine, or says why it cannot.
func (v *verifier) input(p soc1.Population) (population.Input, error) {
	path, ok := v.files[p.Frozen.SHA256]
	if !ok {
		return population.Input{}, skip{"its file is not in the bundle"}
	}
	if v.opt.Engine == nil {
		return population.Input{}, skip{"no population engine was available"}
	}
	return procedure.Input(p, path)
}

func (v *verifier) population(p soc1.Population) (string, error) {
	in, err := v.input(p)
	if err != nil {
		return "", err
	}
	f, err := v.opt.Engine.Hash(v.ctx, in)
	if err != nil {
		return "", err
	}
	if f.PopulationHash != p.PopulationHash || f.Rows != p.RowCount {
		return "", fmt.Errorf("its %d rows have hash %s; recorded are %d rows and %s", f.Rows, f.PopulationHash, p.RowCount, p.PopulationHash)
	}
	totals := map[string]string{}
	for _, c := range f.Columns {
		totals[c.Name] = c.Total
	}
	for _, t := range p.ControlTotals {
		if totals[t.Column] != t.Total {
			return "", fmt.Errorf("the total of %s is %s, recorded is %s", t.Column, totals[t.Column], t.Total)
		}
	}
	return fmt.Sprintf("%d rows, %s", f.Rows, f.PopulationHash), nil
}

func (v *verifier) derivation(p record.Typed[soc1.Population], all []record.Typed[soc1.Population]) (string, error) {
	inputs := map[string]population.Input{}
	for _, in := range p.Value.Derived.Inputs {
		src, err := find(all, in.Population)
		if err != nil {
			return "", err
		}
		if src.PopulationHash != in.PopulationHash {
			return "", fmt.Errorf("input %s has hash %s, the derivation recorded %s", in.Name, src.PopulationHash, in.PopulationHash)
		}
		if inputs[in.Name], err = v.input(src); err != nil {
			return "", err
		}
	}
	out := filepath.Join(v.opt.Scratch, "derived-"+hex.EncodeToString([]byte(p.ID))+".parquet")
	defer os.Remove(out)
	f, err := v.opt.Engine.Derive(v.ctx, procedure.Derivation(p.Value, inputs, out))
	if err != nil {
		return "", err
	}
	if f.PopulationHash != p.Value.PopulationHash {
		return "", fmt.Errorf("derived again its hash is %s, recorded is %s", f.PopulationHash, p.Value.PopulationHash)
	}
	return fmt.Sprintf("%d rows", f.Rows), nil
}

func find(all []record.Typed[soc1.Population], id string) (soc1.Population, error) {
	for _, p := range all {
		if p.ID == id {
			return p.Value, nil
		}
	}
	return soc1.Population{}, fmt.Errorf("there is no population %q", id)
}

// samples draws every sample again under the disclosed nonce.
func (v *verifier) samples(work *record.View, populations []record.Typed[soc1.Population]) {
	nonce, position := "", int64(-1)
	if v.ab.Work != v.ab.Organization {
		v.check("nonce", "The auditor committed to a nonce before any population arrived, and disclosed that nonce.", func() (string, error) {
			n, err := record.One[soc1.Nonce](v.ctx, work, "nonce", "nonce-1")
			if err != nil {
				return "", err
			}
			history, err := work.History(v.ctx, "nonce", "nonce-1")
			if err != nil {
				return "", err
			}
			position = history[0].Pos
			for _, p := range populations {
				first, err := work.History(v.ctx, "population", p.ID)
				if err != nil {
					return "", err
				}
				if first[0].Pos <= position {
					return "", fmt.Errorf("population %s arrived with entry %d, the commitment came with entry %d", p.ID, first[0].Pos, position)
				}
			}
			first, err := record.Decode[soc1.Nonce](history[0])
			if err != nil {
				return "", err
			}
			if first.Commitment != n.Value.Commitment {
				return "", errors.New("the commitment was changed afterwards")
			}
			if n.Value.Revealed == "" {
				return "", skip{"the nonce is not disclosed yet; it is at release"}
			}
			secret, err := hex.DecodeString(n.Value.Revealed)
			if err != nil {
				return "", err
			}
			commitment, err := hex.DecodeString(n.Value.Commitment)
			if err != nil || len(commitment) != 32 {
				return "", fmt.Errorf("the commitment is not a SHA-256")
			}
			if err := sampling.CheckNonce(secret, [32]byte(commitment)); err != nil {
				return "", err
			}
			nonce = n.Value.Revealed
			return n.Value.Commitment, nil
		})
	}
	samples, err := record.All[soc1.Sample](v.ctx, work, "sample")
	if err != nil {
		v.claim("sample", "The samples can be read.", Fails, err.Error())
		return
	}
	for _, s := range samples {
		v.check("sample/"+s.ID, fmt.Sprintf("The %d items of sample %s are those that the seed ranks lowest.", len(s.Value.Items), s.ID), func() (string, error) {
			return v.sample(work, s.Value, nonce, populations)
		})
	}
}

func (v *verifier) sample(work *record.View, s soc1.Sample, nonce string, populations []record.Typed[soc1.Population]) (string, error) {
	if s.NonceCommitment != "" && nonce == "" {
		return "", skip{"the nonce is not disclosed yet"}
	}
	p, err := find(populations, s.Population)
	if err != nil {
		return "", err
	}
	if p.PopulationHash != s.PopulationHash {
		return "", fmt.Errorf("it was drawn from a population with hash %s, the population has %s", s.PopulationHash, p.PopulationHash)
	}
	in, err := v.input(p)
	if err != nil {
		return "", err
	}
	test, err := record.One[soc1.TestOfControl](v.ctx, work, "test_of_control", s.Test)
	if err != nil {
		return "", err
	}
	bound, err := sampling.ParseSeedInput(s.SeedInput)
	if err != nil {
		return "", err
	}
	if bound.Engagement != test.Value.Engagement || bound.Control != test.Value.Control || bound.PopulationHash != s.PopulationHash || bound.Draw != int64(s.Draw) {
		return "", fmt.Errorf("the seed input %q is not that of its test and population", s.SeedInput)
	}
	seed, err := procedure.Seed(s, nonce)
	if err != nil {
		return "", err
	}
	// The items of each stratum stay what they were when items were added, so
	// the recorded shares are the least that a stratum gets.
	keep := map[string]int64{}
	stratified := false
	for _, it := range s.Items {
		keep[it.Stratum]++
		stratified = stratified || it.Stratum != ""
	}
	by := test.Value.SamplePlan.StratifyBy
	if !stratified {
		by = ""
	}
	again, err := procedure.Select(v.ctx, v.opt.Engine, in, p.Zone, by, seed, int64(len(s.Items)), keep)
	if err != nil {
		return "", err
	}
	if !slices.Equal(again, s.Items) {
		return "", fmt.Errorf("drawn again the items differ")
	}
	return fmt.Sprintf("from %d rows", p.RowCount), nil
}

// runs evaluates every test run again.
func (v *verifier) runs(work *record.View, populations []record.Typed[soc1.Population]) {
	runs, err := record.All[soc1.TestRun](v.ctx, work, "test_run")
	if err != nil {
		v.claim("run", "The runs can be read.", Fails, err.Error())
		return
	}
	for _, r := range runs {
		v.check("run/"+r.ID, fmt.Sprintf("Evaluated again, test run %s counts the same and finds the same exceptions.", r.ID), func() (string, error) { return v.evaluate(r, populations) })
	}
}

func (v *verifier) evaluate(r record.Typed[soc1.TestRun], populations []record.Typed[soc1.Population]) (string, error) {
	run := r.Value
	p, err := find(populations, run.Population)
	if err != nil {
		return "", err
	}
	if p.PopulationHash != run.PopulationHash {
		return "", fmt.Errorf("it ran over a population with hash %s, the population has %s", run.PopulationHash, p.PopulationHash)
	}
	in, err := v.input(p)
	if err != nil {
		return "", err
	}
	var joined []population.Input
	for _, j := range run.Joins {
		other, err := find(populations, j.Population)
		if err != nil {
			return "", err
		}
		if other.PopulationHash != j.PopulationHash {
			return "", fmt.Errorf("joined population %s has hash %s, the run recorded %s", j.Population, other.PopulationHash, j.PopulationHash)
		}
		ji, err := v.input(other)
		if err != nil {
			return "", err
		}
		joined = append(joined, ji)
	}
	out := filepath.Join(v.opt.Scratch, "run-"+hex.EncodeToString([]byte(r.ID))+".jsonl")
	defer os.Remove(out)
	q, err := procedure.Evaluation(run, in, joined, out)
	if err != nil {
		return "", err
	}
	m, err := v.opt.Engine.Evaluate(v.ctx, q)
	if err != nil {
		return "", err
	}
	if m.EngineVersion != run.EngineVersion && m.ResultHash != run.ResultHash {
		return "", skip{fmt.Sprintf("it was evaluated by engine %s, this program has %s, and the results differ", run.EngineVersion, m.EngineVersion)}
	}
	for i, x := range m.Attributes {
		got := soc1.AttributeCount{Attribute: x.Code, Pass: x.Counts.Pass, Fail: x.Counts.Fail, NotApplicable: x.Counts.NotApplicable, CannotTell: x.Counts.CannotTell}
		if i >= len(run.Counts) || got != run.Counts[i] {
			return "", fmt.Errorf("attribute %s counts %+v", x.Code, got)
		}
	}
	found, err := procedure.ReadExceptions(out)
	if err != nil {
		return "", err
	}
	items := procedure.Items(found)
	if m.ResultHash != run.ResultHash || items != run.ExceptionCount {
		return "", fmt.Errorf("it finds %d items with exceptions and hash %s; recorded are %d and %s", items, m.ResultHash, run.ExceptionCount, run.ResultHash)
	}
	return fmt.Sprintf("%d rows, %d items with exceptions, %s", m.Rows, items, m.ResultHash), nil
}

// figures derives the figures of every test and the counts of every deviation
// from the records again.
func (v *verifier) figures(work *record.View) {
	org := record.NewView(v.mem, v.ab.Organization, record.AsOf{Known: v.ab.Known[v.ab.Organization]})
	f, err := evaluation.Load(v.ctx, work, org, v.ab.Engagement)
	if err != nil {
		v.claim("figures", "The figures of the tests follow from the records.", Fails, err.Error())
		return
	}
	for _, t := range f.Tests {
		v.check("figures/"+t.ID, fmt.Sprintf("The figures of test %s follow from its results.", t.Value.Code), func() (string, error) {
			g, err := f.Figures(t.ID)
			if err != nil {
				return "", err
			}
			if g.Blocked() {
				return "", skip{"the test is not finished: " + g.Blocks[0].Text}
			}
			if !g.Reconciles {
				return "", fmt.Errorf("the results do not reconcile to the items: %s", strings.Join(g.Why, " "))
			}
			detail := fmt.Sprintf("%d of %d items deviate", g.DeviationItems, g.Tested)
			if g.Sample != nil && g.Sample.Upper != "" {
				detail += ", upper limit " + g.Sample.Upper
			}
			return detail, nil
		})
	}
}
