package sqlite

import (
	"errors"
	"fmt"

	"reperform/ledger"
)

// Entries and documents are ordinary tables under one integer, in which SQLite
// appends and reads several times faster than under a key of several columns:
//
//	entry.key    = ledger number << 40 | position
//	document.key = entry.key << 11 | slot
//
// Ledgers are numbered from 1. A document's key fills the 63 bits of a
// positive integer, which is where the bounds come from.
const (
	posBits  = 40
	slotBits = 11

	maxNumber = 1<<(63-posBits-slotBits) - 1
	maxPos    = 1<<posBits - 1
	maxSlot   = 1<<slotBits - 1
)

func entryKey(n, pos int64) int64 { return n<<posBits | pos }

func documentKey(n, pos int64, slot int) int64 { return entryKey(n, pos)<<slotBits | int64(slot) }

// place is the inverse of documentKey.
func place(key int64) (pos int64, slot int) {
	return key >> slotBits & maxPos, int(key & maxSlot)
}

// numbered reports whether keys can hold the number of a ledger. Another one
// can only be damage, and would reach the rows of some other ledger.
func numbered(n int64) bool { return n >= 1 && n <= maxNumber }

// bounds refuses what keys cannot hold.
func bounds(b ledger.Batch, n int64) error {
	if !numbered(n) {
		return fmt.Errorf("ledger %s has number %d, a file holds the numbers 1 to %d: keep further ledgers in another file", b.Ledger, n, maxNumber)
	}
	if end := b.From + int64(len(b.Rows)); b.From < 0 || end > maxPos+1 {
		return fmt.Errorf("ledger %s would have %d entries, a ledger holds at most %d: go on in a new ledger", b.Ledger, end, maxPos+1)
	}
	for i, r := range b.Rows {
		if r.Pos != b.From+int64(i) {
			return errors.New("the rows of a batch must follow each other")
		}
		for _, d := range r.Documents {
			if d.Slot < 0 || d.Slot > maxSlot {
				return fmt.Errorf("ledger %s, entry %d: slot %d of a document is not between 0 and %d: cut the command into smaller entries", b.Ledger, r.Pos, d.Slot, maxSlot)
			}
		}
	}
	return nil
}
