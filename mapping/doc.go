// Package mapping sets the organization's objectives and controls against the frameworks
// of its other programs: which objectives the controls of those programs cover, how far
// and because of what; which requirements a control here answers; which control there
// could be one here. It promises that a strength is only ever somebody's recorded
// judgement, and that what follows from shared identifiers is said to be no more than
// that. It decides nothing, reads no clock and no ledger.
package mapping
