// Package report computes a SOC 1 report from records and typesets it.
//
// Build reads two ledgers and gives a Model: the whole report as a list of
// sections and blocks, with a claim for every figure it prints and a gap for
// everything that is still missing. It decides nothing. Sections II to V and
// the consequences of conclusions follow from records; a conclusion or an
// opinion is printed only when a person entered it, and a place without one
// says so. The same records give the same model, whose JSON is the only thing
// that the typesetting of Render sees, so that nobody's text becomes markup
// and the same model gives the same bytes.
//
// Until the caller says that the engagement partner has released the report,
// every page says that it is a draft, not issued, and expresses no opinion. The
// sentences are in package wording; they follow the substance of the standards
// and are for an auditor to read, not a promise that a standard is met.
package report
