package app

// Entries is the number of entries in all ledgers together: a figure for whoever
// runs the installation, which tells neither of a ledger nor of what it holds.
func (a *App) Entries() int64 {
	var n int64
	for _, size := range a.sizes() {
		n += size
	}
	return n
}
