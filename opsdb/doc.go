// Package opsdb keeps what the program needs to run and nobody needs to prove:
// accounts, sessions, saved views, queues. It is one SQLite file in WAL mode
// beside the ledger, `operations.db`, in which each user of the package has
// tables of its own, made by a Schema. One connection writes, readers have
// their own, and a Write that has returned survives a power cut as far as the
// disk keeps what it was told to sync.
//
// No audit fact may stand here: what has to be shown to an auditor belongs to
// the ledger, where it cannot be rewritten unseen. What stands here can be
// changed by whoever holds the file. The package does not interpret a row.
package opsdb
