// Package notify tells people by mail what waits for them: at once, when
// something of the organization's is asked of them, and in summaries at the hour
// that they choose. It follows the ledgers, asks package app as the person who
// would read the mail, and puts letters into the outbox of package desk, from
// which it hands them to the mail server.
//
// A mail names records and never quotes what people wrote in them, because no
// redaction reaches a mailbox. Of an examination it says that something waits
// there and no more, in summaries alone: the server is chosen by whoever
// operates the installation, and neither a subject nor the hour of a mail may
// tell management what happens in the auditor's file. Links that let somebody
// into an account of the audit firm are not mailed at all.
//
// Sending is at least once. A mail is queued under a key that says what it tells
// to whom, so that reading the same entries again queues nothing twice.
package notify
