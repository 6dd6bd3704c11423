// Package desk keeps what people keep for themselves: the views of pages that
// they save, what they have read, how they like to be told of things, and the
// queue of mail that tells them. It is one user of the operational database.
//
// Nothing of it is an audit fact. It says nothing about who may do or read
// what: a saved view is an address with a name, and whoever opens it sees what
// they may see. Callers name the person who asks and have found out who that
// is; the package holds that only its owner changes what is kept.
//
// Contents of mail are sealed at rest, because some carry links that let
// somebody in, and are removed once the mail has been handed over, or a week
// after it was given up. The package sends nothing and speaks no HTTP. Clock and
// randomness are arguments.
package desk
