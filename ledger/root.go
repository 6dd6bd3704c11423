package ledger

import "golang.org/x/mod/sumdb/tlog"

// Tree computes the tree hash over leaf hashes given one by one, for those who
// hold the leaves of a ledger but not its entries.
type Tree struct{ edge edge }

// Add appends a leaf hash.
func (t *Tree) Add(leaf tlog.Hash) { t.edge.add(leaf, nil) }

// Size is the number of leaves so far.
func (t *Tree) Size() int64 { return t.edge.size }

// Root is the RFC 6962 tree hash over the leaves so far.
func (t *Tree) Root() tlog.Hash { return t.edge.root() }
