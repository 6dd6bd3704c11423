package ledger

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"
)

// What tests of the tree see of it.

type Edge struct{ e *edge }

func NewEdge() Edge { return Edge{&edge{}} }

func LoadEdge(ctx context.Context, s Store, ledger string, size int64) (Edge, error) {
	e, err := loadEdge(ctx, s, ledger, size)
	return Edge{e}, err
}

func (e Edge) Add(leaf tlog.Hash, full func(Tile)) { e.e.add(leaf, full) }
func (e Edge) Root() tlog.Hash                     { return e.e.root() }
func (e Edge) Clone() Edge                         { return Edge{e.e.clone()} }
func (e Edge) Levels() [][]tlog.Hash               { return e.e.levels }
func (e Edge) Stack() []tlog.Hash                  { return e.e.stack }

func (e Edge) Reader(ctx context.Context, s Store, ledger string) tlog.HashReader {
	return newHashReader(ctx, s, ledger, e.e)
}

func AppendEntry(e *Entry) ([]byte, error) { return appendEntry(nil, e) }

func ParsePlain(b []byte) (Entry, bool) {
	var e Entry
	ok := parsePlain(b, &e)
	return e, ok
}

func ValidTime(s string) bool { return validTime(s) }
