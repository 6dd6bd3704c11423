package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reperform/english"
	"reperform/evaluation"
	"reperform/population"
	"reperform/procedure"
	"reperform/record"
	"reperform/soc1"
)

// reperform does again what the file says was done: populations, derivations,
// selections, runs, results, exceptions, figures, and the order of it all.
func (v *verifier) reperform() {
	known := record.AsOf{Known: v.ab.Known[v.ab.Work]}
	work := record.NewView(v.mem, v.ab.Work, known)
	org := record.NewView(v.mem, v.ab.Organization, record.AsOf{Known: v.ab.Known[v.ab.Organization]})
	v.phase("file", "The sealed files can be read.", func() error { return v.blobs(work) })
	v.phase("population", "The populations can be read.", func() error { return v.populations(work) })
	v.phase("sample", "The samples can be read.", func() error { return v.samples(work) })
	v.phase("run", "The runs can be read.", func() error { return v.runs(work) })
	v.phase("figures", "The tests can be read.", func() error {
		f, err := evaluation.Load(v.ctx, work, org, v.ab.Engagement)
		if err != nil {
			return err
		}
		v.computed(f, org)
		v.exceptions(f)
		v.figures(f)
		v.order(work, f)
		return nil
	})
}

// blobs checks every sealed file against its SHA-256.
func (v *verifier) blobs(work *record.View) error {
	want := map[string]soc1.File{}
	for _, r := range v.mem.rows[v.ab.Work] {
		for _, d := range r.Documents {
			if d.Slot > 0 {
				record.Files(d.Bytes, want)
			}
		}
	}
	names := make([]string, 0, len(want))
	for sha := range want {
		names = append(names, sha)
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(want[a].Name+a, want[b].Name+b) })
	v.files, v.frozen = map[string]string{}, map[string]bool{}
	populations, err := record.All[soc1.Population](v.ctx, work, "population")
	if err != nil {
		return err
	}
	for _, p := range populations {
		v.frozen[p.Value.Frozen.SHA256] = true
	}
	for _, sha := range names {
		f := want[sha]
		v.check("file/"+sha, fmt.Sprintf("File %s is the one recorded.", f.Name), func() (string, error) { return v.blob(f) })
	}
	return nil
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
	if f.Size != r.Size() {
		return "", fmt.Errorf("it has %s, recorded are %d", english.Count(r.Size(), "byte"), f.Size)
	}
	h := sha256.New()
	path, out := "", io.Writer(h)
	// The engine reads frozen populations; nothing else needs a file.
	if v.frozen[f.SHA256] && v.opt.Scratch != "" {
		path = v.scratch("file-"+f.SHA256, ".parquet")
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return "", err
		}
		defer file.Close()
		out = io.MultiWriter(file, h)
	}
	n, err := io.Copy(out, contextReader{v.ctx, r})
	if err != nil {
		return "", err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != f.SHA256 || n != f.Size {
		return "", fmt.Errorf("its %d bytes have SHA-256 %s", n, got)
	}
	if path != "" {
		v.files[f.SHA256] = path
	}
	return english.Count(n, "byte"), nil
}

// scratch names a file of the engine by what it is for. Ids are anybody's text,
// so they enter the name by their hash.
func (v *verifier) scratch(what, ext string) string {
	h := sha256.Sum256([]byte(what))
	return filepath.Join(v.opt.Scratch, hex.EncodeToString(h[:])+ext)
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

func (v *verifier) populations(work *record.View) error {
	all, err := record.All[soc1.Population](v.ctx, work, "population")
	if err != nil {
		return err
	}
	for _, p := range all {
		v.check("population/"+p.ID, fmt.Sprintf("Population %q has the rows, the columns and the hash recorded.", p.Value.Title), func() (string, error) { return v.population(work, p) })
		if p.Value.Derived.SQL != "" {
			v.check("population/"+p.ID+"/derivation", fmt.Sprintf("Population %q follows from others by its query.", p.Value.Title), func() (string, error) { return v.derivation(p, all) })
		}
	}
	return nil
}

// input opens a population for the engine, or says why it cannot.
func (v *verifier) input(p soc1.Population) (population.Input, error) {
	if v.opt.Engine == nil || v.opt.Scratch == "" {
		return population.Input{}, skip{"no population engine was available"}
	}
	path, ok := v.files[p.Frozen.SHA256]
	if !ok {
		return population.Input{}, skip{"its file is not in the bundle, or not the one recorded"}
	}
	return procedure.Input(p, path)
}

func (v *verifier) population(work *record.View, r record.Typed[soc1.Population]) (string, error) {
	p := r.Value
	history, err := work.History(v.ctx, "population", r.ID)
	if err != nil {
		return "", err
	}
	for _, h := range history {
		was, err := record.Decode[soc1.Population](h)
		if err != nil {
			return "", err
		}
		if was.PopulationHash != p.PopulationHash || was.Frozen.SHA256 != p.Frozen.SHA256 {
			return "", fmt.Errorf("entry %d recorded it with hash %s, now it has %s: a frozen population was replaced", h.Pos, was.PopulationHash, p.PopulationHash)
		}
	}
	in, err := v.input(p)
	if err != nil {
		return "", err
	}
	f, err := v.opt.Engine.Hash(v.ctx, in)
	if err != nil {
		return "", err
	}
	if f.PopulationHash != p.PopulationHash || f.Rows != p.RowCount {
		return "", fmt.Errorf("it has %s and hash %s; recorded are %d and %s", english.Count(f.Rows, "row"), f.PopulationHash, p.RowCount, p.PopulationHash)
	}
	if p.KeyUnique && !f.KeyUnique {
		return "", fmt.Errorf("two of its rows have the same key; recorded is that none have")
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
	return english.Count(f.Rows, "row") + ", " + f.PopulationHash, nil
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
	out := v.scratch("derived "+p.ID, ".parquet")
	defer os.Remove(out)
	f, err := v.opt.Engine.Derive(v.ctx, procedure.Derivation(p.Value, inputs, out))
	if err != nil {
		return "", err
	}
	if f.PopulationHash != p.Value.PopulationHash && f.EngineVersion != p.Value.EngineVersion {
		return "", skip{fmt.Sprintf("it was derived by engine %s, this program has %s, and the results differ", p.Value.EngineVersion, f.EngineVersion)}
	}
	if f.PopulationHash != p.Value.PopulationHash {
		return "", fmt.Errorf("derived again its hash is %s, recorded is %s", f.PopulationHash, p.Value.PopulationHash)
	}
	return english.Count(f.Rows, "row"), nil
}

func find(all []record.Typed[soc1.Population], id string) (soc1.Population, error) {
	for _, p := range all {
		if p.ID == id {
			return p.Value, nil
		}
	}
	return soc1.Population{}, fmt.Errorf("there is no population %q", id)
}
