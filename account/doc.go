// Package account knows the people who sign in: their passwords, second
// factors, passkeys and sessions, the tokens that invite them or let them back
// in, and how long somebody who guesses has to wait. An account belongs to one
// person of the ledger and says on which side that person stands. What the
// person may do is decided by the ledger's roles, never here, and whoever acts
// for an account must hold that the side which a ledger records for the person
// is the side of the account.
//
// No administrator of the service organization can invite, reset or disable an
// account of the audit firm, or give an account to a person whom a ledger
// records on another side: every such operation takes the Requester and is
// refused here, whatever the caller has checked already. Nothing in the package
// lets one person act as another.
//
// Secrets are not kept: of tokens and recovery codes the package stores hashes,
// of passwords Argon2id, and the secrets of authenticator apps are sealed under
// a key that lies outside of the database. Answers do not tell whether an e-mail
// address has an account. Clock and randomness are arguments. The package
// speaks no HTTP and sends no mail.
package account
