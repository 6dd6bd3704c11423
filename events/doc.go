// Package events says what happened that matters to a report: where in its period
// each event falls, whether it was assessed as it is known now, what follows from the
// assessment for description, controls, letter of representation and user entities
// and whether that was done, and up to which day people have confirmed that they know
// of nothing else. It promises that nothing is typed in twice: what is done follows
// from the records that take an event up. It decides nothing, reads no clock and no
// ledger.
package events
