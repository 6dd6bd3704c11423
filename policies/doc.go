// Package policies says which version of each policy is in force, what waits for its
// approver and when it is to be looked at again, who was asked to confirm which policies
// and who did, and which exceptions run. It promises that all of it follows from what
// was decided and confirmed, each number with its records; a state is never typed in. It
// decides nothing, reads no clock and no ledger.
package policies
