// Package ledgertest is the contract that every ledger.Store keeps. Run drives
// a store through it and compares what it answers with a model in memory that
// is too simple to be wrong. It knows nothing of how a store keeps its rows,
// and a store that passes may be put under ledger.Open.
package ledgertest

import (
	"testing"

	"reperform/ledger"
)

// Open opens one more handle on the database of a test, as another process
// would.
type Open func(t testing.TB) ledger.Store

// Run checks the contract. For each test it calls fresh, which makes an empty
// database and returns how to open it.
func Run(t *testing.T, fresh func(t testing.TB) Open) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, open Open)
	}{
		{"empty store", testEmpty},
		{"heads follow appends", testHeads},
		{"append is all or nothing", testAtomic},
		{"stale appends write nothing", testStale},
		{"what was appended survives reopening", testDurable},
		{"entries come whole and in order", testEntries},
		{"bytes come back as they went in", testBytes},
		{"yield decides", testYield},
		{"tiles", testTiles},
		{"redaction removes documents only", testRedaction},
		{"revisions agree with the model", testRevisions},
		{"revisions of a known position never change", testKnownIsStable},
		{"two handles share one database", testTwoHandles},
		{"a canceled append leaves the store usable", testCanceled},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, fresh(t)) })
	}
}
