// Package record gives the ledger's opaque documents their meaning: a registry
// of kinds, revisions of records, and views of a ledger as of any date, as
// known at any position.
//
// A kind is registered once, with [Register], from its struct in package soc1;
// everything generic (files, tables, forms, checks) reads the resulting
// [Kind] and nothing else. The package reads; only package app writes.
package record
