package procedure

import (
	"fmt"
	"strings"

	"reperform/population"
	"reperform/soc1"
)

// Input describes a frozen population, whose bytes stand at the path, to the
// engine, with what was recorded of it: the engine checks the file's bytes and
// then need not compute the population hash anew for every question.
func Input(p soc1.Population, path string) (population.Input, error) {
	in := population.Input{Path: path, Key: p.Key, PopulationHash: p.PopulationHash, FrozenSHA256: p.Frozen.SHA256, KeyUnique: p.KeyUnique}
	for _, c := range p.Columns {
		if c.Transform == soc1.Dropped {
			continue
		}
		var t population.Type
		if err := t.UnmarshalText([]byte(c.Type)); err != nil {
			return in, fmt.Errorf("population %s: column %s: %w", p.Title, c.Name, err)
		}
		in.Columns = append(in.Columns, population.FrozenField{Name: c.Name, Type: t, Nulls: c.Nulls, Min: c.Min, Max: c.Max})
	}
	return in, nil
}

// Derivation is the engine's question for a derived population. Inputs are by
// the names the query uses.
func Derivation(p soc1.Population, inputs map[string]population.Input, output string) population.DeriveRequest {
	return population.DeriveRequest{SQL: p.Derived.SQL, Inputs: inputs, Key: p.Key, Zone: p.Zone, Holidays: Days(p.Derived.Holidays), Output: output}
}

// Evaluation is the engine's question of a run: its expressions over the
// population and the joined ones, in the order of the run's joins.
func Evaluation(run soc1.TestRun, in population.Input, joined []population.Input, exceptions string) (population.EvaluateRequest, error) {
	q := population.EvaluateRequest{Population: in, Zone: run.Zone, Holidays: Days(run.Holidays), ExceptionsPath: exceptions}
	for _, x := range run.Expressions {
		q.Attributes = append(q.Attributes, population.Attribute{Code: x.Attribute, Pass: x.Pass, NotApplicable: x.NotApplicable})
	}
	for i, j := range run.Joins {
		on, err := JoinColumns(j.On)
		if err != nil {
			return q, fmt.Errorf("join %s: %w", j.Name, err)
		}
		q.Joins = append(q.Joins, population.Join{Name: j.Name, Input: joined[i], On: on})
	}
	return q, nil
}

// Days is a list of dates as the engine takes it.
func Days(dates []soc1.Date) []string {
	var out []string
	for _, d := range dates {
		out = append(out, string(d))
	}
	return out
}

// JoinColumns reads the pairs of columns of a join: "user_id = account; day = date".
func JoinColumns(on string) ([]population.JoinColumns, error) {
	if strings.TrimSpace(on) == "" {
		return nil, nil
	}
	var out []population.JoinColumns
	for _, pair := range strings.Split(on, ";") {
		l, r, ok := strings.Cut(pair, "=")
		l, r = strings.TrimSpace(l), strings.TrimSpace(r)
		if !ok || l == "" || r == "" {
			return nil, fmt.Errorf("%q is not a pair of columns; write: column of the population = column of the joined one", strings.TrimSpace(pair))
		}
		out = append(out, population.JoinColumns{Population: l, Joined: r})
	}
	return out, nil
}
