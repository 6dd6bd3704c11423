// Package gap holds the rules by which a program of controls, and the testing of
// it, is found to lack something: each rule says when it fires, why that matters,
// how grave it is and where it is put right, and names the very records and
// fields. It promises that a rule stands in one place, that the same records
// give the same findings whatever ran before, and that a rule reads the ledgers
// that its question names and nothing else: of management's question, only
// management's own records and tests. It does no input or output beyond the
// sources that it is given, knows no clock, and decides nothing: people answer a
// finding by putting it right or by accepting the risk.
//
// What follows from recorded results and conclusions is established by package
// evaluation; a rule that both know is decided there and shown here.
package gap
