package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// tileWidth is the number of hashes in a full tile, tileHeight its levels, as
// in C2SP tlog-tiles.
const (
	tileWidth  = 256
	tileHeight = 8
	tileBytes  = tileWidth * tlog.HashSize
)

// edge is the right edge of a tree: the hashes of the unfinished tile at each
// tile level, and the roots of the complete subtrees that the tree consists
// of, from the largest on the left to the smallest on the right. It is all
// that appending and signing need: a leaf costs one more hash on average, a
// root one for each subtree.
type edge struct {
	size   int64
	levels [][]tlog.Hash
	stack  []tlog.Hash
}

// clone shares the hashes, which never change, but no room to append: what is
// added to one of the two is never seen by the other.
func (e *edge) clone() *edge {
	c := &edge{size: e.size, levels: make([][]tlog.Hash, len(e.levels)), stack: slices.Clone(e.stack)}
	for i, l := range e.levels {
		c.levels[i] = l[:len(l):len(l)]
	}
	return c
}

// add appends a leaf hash and reports each tile it completes.
func (e *edge) add(leaf tlog.Hash, full func(Tile)) {
	e.push(0, leaf, full)
	h, height := leaf, 0
	for s := e.size; s&1 == 1; s >>= 1 {
		h = tlog.NodeHash(e.stack[len(e.stack)-1], h)
		e.stack = e.stack[:len(e.stack)-1]
		if height++; height%tileHeight == 0 {
			e.push(height/tileHeight, h, full)
		}
	}
	e.stack = append(e.stack, h)
	e.size++
}

func (e *edge) push(level int, h tlog.Hash, full func(Tile)) {
	if level == len(e.levels) {
		e.levels = append(e.levels, nil)
	}
	hashes := append(e.levels[level], h)
	if len(hashes) < tileWidth {
		e.levels[level] = hashes
		return
	}
	e.levels[level] = nil
	if full == nil {
		return
	}
	data := make([]byte, 0, tileBytes)
	for i := range hashes {
		data = append(data, hashes[i][:]...)
	}
	full(Tile{Level: level, Index: e.size >> (tileHeight * (level + 1)), Data: data})
}

// fold computes the root of a complete subtree.
func fold(hashes []tlog.Hash) tlog.Hash {
	t := slices.Clone(hashes)
	for len(t) > 1 {
		for i := 0; i < len(t)/2; i++ {
			t[i] = tlog.NodeHash(t[2*i], t[2*i+1])
		}
		t = t[:len(t)/2]
	}
	return t[0]
}

// root is the RFC 6962 tree hash over all leaves added so far.
func (e *edge) root() tlog.Hash {
	if e.size == 0 {
		h, _ := tlog.TreeHash(0, nil)
		return h
	}
	acc := e.stack[len(e.stack)-1]
	for i := len(e.stack) - 2; i >= 0; i-- {
		acc = tlog.NodeHash(e.stack[i], acc)
	}
	return acc
}

// subtrees gives the roots of the complete subtrees, from left to right: the
// binary digits of the number of hashes at a tile level say how they group.
func subtrees(levels [][]tlog.Hash) []tlog.Hash {
	var stack []tlog.Hash
	for i := len(levels) - 1; i >= 0; i-- {
		l := levels[i]
		for width := tileWidth / 2; width > 0; width >>= 1 {
			if len(l)&width != 0 {
				at := len(l) &^ (2*width - 1)
				stack = append(stack, fold(l[at:at+width]))
			}
		}
	}
	return stack
}

// loadEdge rebuilds the right edge of a ledger of the size from its stored
// leaf hashes and tiles.
func loadEdge(ctx context.Context, s Store, ledger string, size int64) (*edge, error) {
	e := &edge{size: size}
	for level, n := 0, size; n > 0; level, n = level+1, n/tileWidth {
		from := n / tileWidth * tileWidth
		hashes := make([]tlog.Hash, 0, tileWidth)
		if level == 0 {
			err := leaves(ctx, s, ledger, from, size, func(r Row) error {
				hashes = append(hashes, r.Leaf)
				return nil
			})
			if err != nil {
				return nil, err
			}
		} else {
			for i := from; i < n; i++ {
				data, err := s.Tile(ctx, ledger, level-1, i)
				if err != nil {
					return nil, fmt.Errorf("ledger %s: tile %d/%d: %w", ledger, level-1, i, err)
				}
				h, err := tileRoot(data)
				if err != nil {
					return nil, fmt.Errorf("ledger %s: tile %d/%d: %w", ledger, level-1, i, err)
				}
				hashes = append(hashes, h)
			}
		}
		if int64(len(hashes)) != n-from {
			return nil, fmt.Errorf("ledger %s: %d of %d hashes at tile level %d are stored; run `reperform ledger verify`", ledger, len(hashes), n-from, level)
		}
		e.levels = append(e.levels, hashes)
	}
	e.stack = subtrees(e.levels)
	return e, nil
}

func tileHashes(data []byte) ([]tlog.Hash, error) {
	if len(data) != tileBytes {
		return nil, fmt.Errorf("tile has %d bytes, not %d", len(data), tileBytes)
	}
	hs := make([]tlog.Hash, tileWidth)
	for i := range hs {
		copy(hs[i][:], data[i*tlog.HashSize:])
	}
	return hs, nil
}

func tileRoot(data []byte) (tlog.Hash, error) {
	hs, err := tileHashes(data)
	if err != nil {
		return tlog.Hash{}, err
	}
	return fold(hs), nil
}

// hashReader serves tlog's proofs from full tiles and the right edge.
type hashReader struct {
	ctx    context.Context
	store  Store
	ledger string
	edge   *edge
	tiles  map[[2]int64][]tlog.Hash
}

func newHashReader(ctx context.Context, s Store, ledger string, e *edge) *hashReader {
	return &hashReader{ctx: ctx, store: s, ledger: ledger, edge: e, tiles: map[[2]int64][]tlog.Hash{}}
}

// ReadHashes implements tlog.HashReader.
func (r *hashReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		level, n := tlog.SplitStoredHashIndex(x)
		h, err := r.node(level, n)
		if err != nil {
			return nil, err
		}
		out[i] = h
	}
	return out, nil
}

func (r *hashReader) node(level int, n int64) (tlog.Hash, error) {
	tileLevel, within := level/tileHeight, level%tileHeight
	first := n << within
	hashes, err := r.tile(tileLevel, first/tileWidth)
	if err != nil {
		return tlog.Hash{}, err
	}
	at := int(first % tileWidth)
	if at+1<<within > len(hashes) {
		return tlog.Hash{}, fmt.Errorf("ledger %s: the tree has no node %d at level %d", r.ledger, n, level)
	}
	return fold(hashes[at : at+1<<within]), nil
}

func (r *hashReader) tile(level int, index int64) ([]tlog.Hash, error) {
	key := [2]int64{int64(level), index}
	if hs, ok := r.tiles[key]; ok {
		return hs, nil
	}
	data, err := r.store.Tile(r.ctx, r.ledger, level, index)
	if errors.Is(err, ErrNoTile) {
		if level < len(r.edge.levels) && index == r.edge.size>>(tileHeight*(level+1)) {
			return r.edge.levels[level], nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("ledger %s: tile %d/%d: %w", r.ledger, level, index, err)
	}
	hs, err := tileHashes(data)
	if err != nil {
		return nil, fmt.Errorf("ledger %s: tile %d/%d: %w", r.ledger, level, index, err)
	}
	r.tiles[key] = hs
	return hs, nil
}
