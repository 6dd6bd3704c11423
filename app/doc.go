// Package app is the one command path of the product: every change is
// authorized, decided from a snapshot, appended to one ledger with guards on
// all it relied on, and only then acknowledged; every read goes through a view
// that the reader's roles allow. Adapters (the command line, later the web)
// call it and hold no rule themselves. It contains no SQL and no layout.
//
// A workspace is a folder: ledger.db (the ledgers), blobs (sealed files), keys
// (signing keys, blob keys and undisclosed nonces: back them up apart from the
// rest), and workspace.json.
package app
