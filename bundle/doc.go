// Package bundle exports everything that a third party needs to re-perform one
// examination into one file, and re-performs it offline from that file alone.
//
// It promises that a bundle with any one byte changed does not verify as
// whole, that every claim is reported as one of three (holds, fails, not
// re-performed) and that nothing is called re-performed that was only read. A
// bundle "for file" is the service auditor's whole file; a bundle "for report"
// is what a user of the report may see, without working papers. Of the
// organization's ledger a file holds all entries and the documents that were
// read, so that one left out is found; a bundle for a report shows the entry
// that issues it, if it was issued, and no other record, and says so. The operator holds the signing keys: only a key or
// a checkpoint that left the machine earlier, given to Verify, makes a bundle
// prove anything against the operator.
package bundle
