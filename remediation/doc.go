// Package remediation says how far plans to put something right are: what each
// answers and whether that still stands, in which stage it is, whether it is late,
// whether it was closed and by what, and what is critical and planned by nobody. It
// promises that no stage is typed in: all follow from steps, from what the rules
// find, from later tests and from people's closings. It decides nothing and reads no
// ledger.
package remediation
