package evaluation

import (
	"encoding/hex"
	"fmt"
	"slices"

	"reperform/english"
	"reperform/record"
	"reperform/sampling"
	"reperform/soc1"
)

// testFlags says what is wrong with a test whether or not anybody concluded.
func (g *testFile) testFlags(out *Figures) {
	flag := func(rule string, sources []soc1.Ref, format string, args ...any) {
		out.Flags = append(out.Flags, flagged(rule, g.test.Ref(), sources, format, args...))
	}
	if g.test.Value.InquiryOnly() {
		flag("TST-02", nil, "Test %s consists of inquiry alone.", g.test.Value.Code)
	}
	g.people(flag)
	g.evidence(flag)
	g.reopened(flag)
	if !g.hasControl {
		flag("EVA-20", nil, "Test %s tests the control %s, which the organization does not have.", g.test.Value.Code, g.test.Value.Control)
	}
	if p := g.population.Value; g.hasPop && p.PeriodFrom != "" && p.PeriodTo != "" && (p.PeriodFrom > g.window.From || p.PeriodTo < g.window.To) {
		flag("POP-03", []soc1.Ref{g.population.Ref()}, "The population covers %s, the test %s.", Window{p.PeriodFrom, p.PeriodTo}, g.window)
	}
	if g.test.Value.Method == soc1.SampleMethod {
		g.selection(flag)
	}
}

// people holds testers and reviewers apart, and both from the control's people.
func (g *testFile) people(flag blocker) {
	t := g.test.Value
	var testers []string
	for _, name := range append([]string{t.PerformedBy}, g.testers()...) {
		if name != "" && !slices.Contains(testers, name) {
			testers = append(testers, name)
		}
	}
	for _, name := range testers {
		if k := g.control.Value; g.hasControl && (name == k.Owner || name == k.Performer) {
			flag("TST-05", []soc1.Ref{g.control.Ref()}, "%s tests the control %s and owns or performs it.", name, k.Code)
		}
		if name == t.Reviewer {
			flag("TST-06", nil, "%s tests and reviews test %s.", name, t.Code)
		}
	}
	if t.Reviewer == "" && len(testers) > 0 {
		flag("TST-06", nil, "Test %s has no reviewer.", t.Code)
	}
}

// testers are the people who recorded results, in the order of the grid.
func (g *testFile) testers() []string {
	var out []string
	for _, item := range g.grid.items {
		for _, a := range g.attributes {
			if by := g.grid.cells[cell{item, a.Value.Code}].Value.By; by != "" && !slices.Contains(out, by) {
				out = append(out, by)
			}
		}
	}
	return out
}

// evidence asks what a person's pass rests on; what an expression computed rests
// on the population.
func (g *testFile) evidence(flag blocker) {
	var bare []string
	for _, item := range g.grid.items {
		for _, a := range g.attributes {
			r, ok := g.grid.cells[cell{item, a.Value.Code}]
			if ok && a.Value.Manual && r.Value.Outcome == soc1.Pass && len(r.Value.Evidence) == 0 {
				bare = append(bare, item+" "+a.Value.Code)
			}
		}
	}
	if len(bare) > 0 {
		flag("TST-04", nil, "Passed without evidence in %s: %s.", cells(len(bare)), some(bare))
	}
}

// selection re-performs what can be re-performed of a draw without the rows of
// the population: that each item has the HMAC that the seed gives it, and that
// the seed is bound to this test and this population.
func (g *testFile) selection(flag blocker) {
	for i, s := range slices.Concat(g.draw.chain, g.draw.earlier) {
		at := []soc1.Ref{s.Ref()}
		// A draw that another replaced may be of the population of that time,
		// which EVA-25 asks about.
		of, known := g.population, g.hasPop
		if i >= len(g.draw.chain) {
			of, known = record.Find(g.Populations, s.Value.Population)
		}
		if known && (s.Value.Population != of.ID || s.Value.PopulationHash != of.Value.PopulationHash) {
			flag("SMP-02", at, "The sample %s was drawn from population %s with the hash %.12s, the test is of %s with %.12s.", s.ID,
				s.Value.Population, s.Value.PopulationHash, of.ID, of.Value.PopulationHash)
		}
		if why := g.irreproducible(s.Value); why != "" {
			flag("SMP-03", at, "The sample %s cannot be re-performed: %s.", s.ID, why)
		}
		if g.test.Value.By == soc1.ByAuditor {
			g.commitment(s, flag)
		}
	}
	if len(g.draw.twice) > 0 {
		flag("SMP-02", refs(g.draw.chain), "Items are in the sample twice: %s.", some(g.draw.twice))
	}
	if g.hasPop && int64(len(g.draw.items)) > g.population.Value.RowCount {
		flag("SMP-02", refs(g.draw.chain), "%s drawn from a population of %d.", english.Count(len(g.draw.items), "item")+english.Choose(len(g.draw.items), " was", " were"), g.population.Value.RowCount)
	}
	if undrawn := g.undrawn(); len(undrawn) > 0 {
		flag("SMP-02", refs(g.draw.chain), "Results name items that were not drawn: %s.", some(undrawn))
	}
}

// undrawn are items with results that no draw of the test contains.
func (g *testFile) undrawn() []string {
	known := map[string]bool{}
	for _, s := range slices.Concat(g.draw.chain, g.draw.earlier) {
		for _, item := range s.Value.Items {
			known[item.Key] = true
		}
	}
	var out []string
	for _, item := range g.grid.items {
		if !known[item] {
			out = append(out, item)
		}
	}
	return out
}

// irreproducible says why a draw cannot be re-performed; empty when it can as
// far as its own record tells.
func (g *testFile) irreproducible(s soc1.Sample) string {
	switch {
	case s.SeedInput == "":
		return "no seed input is recorded"
	case s.Algorithm != sampling.Algorithm:
		return fmt.Sprintf("the algorithm %q is not known", s.Algorithm)
	case s.PopulationHash == "":
		return "no population hash is recorded"
	}
	in, err := sampling.ParseSeedInput(s.SeedInput)
	if err != nil {
		return fmt.Sprintf("its seed input is not one: %v", err)
	}
	if in.PopulationHash != s.PopulationHash {
		return "its seed is bound to another population hash"
	}
	if in.Draw != int64(max(s.Draw, 1)) {
		return fmt.Sprintf("its seed is bound to draw %d, the record says %d", in.Draw, s.Draw)
	}
	if why := g.foreignSeed(in); why != "" {
		return why
	}
	if s.NonceCommitment != "" {
		nonce := g.nonceOf(s.NonceCommitment)
		switch {
		case in.Nonce == "" && nonce == "":
			// The nonce is not disclosed before release; until then nobody
			// but its holder can draw the sample again.
			return ""
		case in.Nonce == "":
			in.Nonce = nonce
		}
		if !opens(in.Nonce, s.NonceCommitment) || nonce != "" && nonce != in.Nonce {
			return "the nonce of its seed does not open the commitment"
		}
	}
	seed, err := in.Seed()
	if err != nil {
		return fmt.Sprintf("its seed input is not one: %v", err)
	}
	for _, item := range s.Items {
		if rank := sampling.Rank(seed, item.Key); hex.EncodeToString(rank[:]) != item.HMAC {
			return fmt.Sprintf("the seed does not give item %s its HMAC", item.Key)
		}
	}
	return ""
}

// commitment demands that the auditor had committed to the nonce of a draw, and
// had done so before the population arrived.
func (g *testFile) commitment(s record.Typed[soc1.Sample], flag blocker) {
	if s.Value.NonceCommitment == "" {
		flag("SMP-05", []soc1.Ref{s.Ref()}, "The sample %s names no commitment to a nonce.", s.ID)
		return
	}
	i := slices.IndexFunc(g.Nonces, func(n record.Typed[soc1.Nonce]) bool { return n.Value.Commitment == s.Value.NonceCommitment })
	if i < 0 {
		flag("SMP-05", []soc1.Ref{s.Ref()}, "The sample %s names a commitment that is not on record.", s.ID)
		return
	}
	// A later revision only discloses the nonce; the first is the commitment.
	n := g.Nonces[i]
	if g.hasPop && n.Revision == 1 && n.Ledger == g.population.Ledger && record.Later(n, record.Typed[soc1.Nonce]{Record: g.population.Record}) > 0 {
		flag("SMP-05", []soc1.Ref{s.Ref(), n.Ref(), g.population.Ref()}, "The nonce of sample %s was committed after the population arrived.", s.ID)
	}
}

// nonceOf is the nonce of a commitment, empty while it is not disclosed.
func (f *File) nonceOf(commitment string) string {
	for _, n := range f.Nonces {
		if n.Value.Commitment == commitment {
			return n.Value.Revealed
		}
	}
	return ""
}

// foreignSeed says when a seed was taken over from another test, which would
// let one choose among seeds.
func (g *testFile) foreignSeed(in sampling.SeedInput) string {
	if !slices.Contains([]string{g.test.ID, g.test.Value.Code, g.test.Value.Control, g.control.Value.Code}, in.Control) {
		return fmt.Sprintf("its seed is bound to %s, which is neither this test nor its control", in.Control)
	}
	return ""
}

func opens(nonce, commitment string) bool {
	bytes, err := hex.DecodeString(nonce)
	if err != nil || len(bytes) == 0 {
		return false
	}
	c := sampling.Commit(bytes)
	return hex.EncodeToString(c[:]) == commitment
}
