// Package identity decides who may do what: a person, known by the side they
// work for and the roles they hold in one ledger, asks to do one action on one
// record of that ledger, and the Cedar policies in the directory policies
// answer. It promises that nothing is allowed that no policy permits, that the
// wall between management and the service auditor is stated by policies which
// forbid and therefore outweighs any permit, and that a refusal says who may
// do the thing without telling management whether an examination's ledger
// exists. It does no input or output, keeps no people and no sessions, and
// believes what it is told: the caller resolves the roles from the person
// records of the very ledger asked about, and applies the rules that depend on
// the state, such as a locked examination or a reviewer who must differ from
// the preparer.
package identity
