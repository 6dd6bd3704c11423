// Package calendar shows what is expected of controls over time, and how well they
// are performed: the occurrences of each control in the columns of a period, present,
// late, missing or not yet due, and measures by month with the records behind each.
// It promises that its numbers are those of overview, which alone says what is due,
// and that every measure is a whole number or an exact fraction. It reads no ledger
// and no clock, and decides nothing.
package calendar
