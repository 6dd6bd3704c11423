// Package overview gives the numbers of the home page and of the risk-control
// matrix: where each control stands, how much of the evidence expected of it is
// there, what is ready, what waits for whom. It promises that every number
// carries the references of the records it came from, that all of it follows
// from the records given and from today's date, which is an argument, and that
// nothing is decided: a control is effective here only where a person concluded
// so. Fractions are integers throughout; a percentage is shared out by the
// largest remainder, so that a ring and the text beside it are one number.
//
// Management's numbers rest on management's own work and on what the firm
// released, revision by revision; records of an examination that no release
// names are left out here too, whatever the caller hands over.
package overview
