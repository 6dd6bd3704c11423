package soc1

import "fmt"

// SampleItem is one item drawn.
type SampleItem struct {
	// Rank is the item's place in its stratum, from 1, lowest HMAC first.
	Rank int `json:"rank" label:"Rank"`
	// Key is the item's key, verbatim.
	Key string `json:"key" label:"Item" data:"true" sensitive:"confidential"`
	// Stratum is the stratum it was drawn from, such as "2025-Q1".
	Stratum string `json:"stratum,omitempty" label:"Stratum" data:"true"`
	// HMAC is the value that decided the rank, in hexadecimal.
	HMAC string `json:"hmac" label:"HMAC"`
}

// Sample is one draw of items from a frozen population; a later draw or an
// expansion is another record, and this one stays.
type Sample struct {
	// Test is the test it was drawn for.
	Test string `json:"test" label:"Test" ref:"test_of_control" required:"true"`
	// Population is what it was drawn from.
	Population string `json:"population" label:"Population" ref:"population" required:"true"`
	// PopulationHash is the hash of that population at the draw.
	PopulationHash string `json:"population_hash" label:"Population hash" required:"true"`
	// SeedInput is the text from which the seed is computed; an auditor's
	// nonce in it is not disclosed before release.
	SeedInput string `json:"seed_input" label:"Seed input" data:"true" required:"true" sensitive:"confidential"`
	// Algorithm names the selection, such as "soc1/v1".
	Algorithm string `json:"algorithm" label:"Algorithm" required:"true"`
	// NonceCommitment is the commitment that preceded the population; empty
	// for management's own tests.
	NonceCommitment string `json:"nonce_commitment,omitempty" label:"Nonce commitment"`
	// Draw is the number of the draw, from 1; a redraw raises it.
	Draw int `json:"draw" label:"Draw" required:"true"`
	// N is the number of items asked for in all.
	N int `json:"n" label:"Sample size" required:"true"`
	// Items are the items drawn; more than N where items not applicable were
	// replaced by the next ranked, fewer where the population is smaller.
	Items []SampleItem `json:"items" label:"Items" required:"true"`
	// ExpandedFrom is the sample that this one expands.
	ExpandedFrom string `json:"expanded_from,omitempty" label:"Expanded from" ref:"sample"`
	// Reason says why it was drawn again or expanded.
	Reason string `json:"reason,omitempty" label:"Reason" multiline:"true" help:"Why the sample was expanded or drawn again."`
}

// Validate checks the sample alone: no item twice, ranks in order.
func (s Sample) Validate() []Problem {
	c := examine(s)
	c.digest(s.PopulationHash, "population_hash")
	c.digest(s.NonceCommitment, "nonce_commitment")
	c.when(s.Draw < 0, "draw", "Draws are counted from 1.", "Give 1 for the first draw.")
	c.when(s.N < 0, "n", fmt.Sprintf("A sample of %d items cannot be drawn.", s.N), "Give at least 1.")
	c.when((s.ExpandedFrom != "" || s.Draw > 1) && blank(s.Reason), "reason", "The sample was expanded or drawn again without a reason.",
		"Say why; the earlier draw stays on record.")
	seen, last := map[string]bool{}, map[string]int{}
	for i, item := range s.Items {
		c.when(item.Key == "", at("items", i, "key"), "The item has no key.", "Draw again from the frozen population.")
		c.when(seen[item.Key], at("items", i, "key"), fmt.Sprintf("The item %q was drawn twice.", item.Key), "Draw again; keys must be unique in the population.")
		c.when(item.Rank <= last[item.Stratum], at("items", i, "rank"),
			fmt.Sprintf("Rank %d does not follow rank %d of its stratum.", item.Rank, last[item.Stratum]), "List items by rank, from 1.")
		c.when(!isDigest(item.HMAC), at("items", i, "hmac"), "This is not an HMAC-SHA-256 value.", "Give 64 lower-case hexadecimal digits.")
		seen[item.Key], last[item.Stratum] = true, max(item.Rank, last[item.Stratum])
	}
	return c.problems
}

// Nonce is the auditor's secret that makes a selection unpredictable for
// management: committed before the population arrives, revealed at release.
type Nonce struct {
	// Engagement is the report whose selections it governs.
	Engagement string `json:"engagement,omitempty" label:"Engagement" ref:"engagement"`
	// Commitment is the SHA-256 commitment in hexadecimal.
	Commitment string `json:"commitment" label:"Commitment" required:"true"`
	// Revealed is the nonce itself in hexadecimal, once disclosed.
	Revealed string `json:"revealed,omitempty" label:"Revealed nonce" help:"Only at release: before, management could predict selections from it."`
}

// Validate checks the nonce alone; whether it opens its commitment is checked
// where the commitment's formula is.
func (n Nonce) Validate() []Problem {
	c := examine(n)
	c.digest(n.Commitment, "commitment")
	wrong := len(n.Revealed)%2 != 0 || n.Revealed != "" && len(n.Revealed) < 32
	for i := range len(n.Revealed) {
		x := n.Revealed[i]
		wrong = wrong || (x < '0' || x > '9') && (x < 'a' || x > 'f')
	}
	c.when(wrong, "revealed", "This is not a nonce of at least 16 bytes.", "Give it in lower-case hexadecimal.")
	return c.problems
}
