// Package scoping answers what a report is to be about: from the answers of an
// interview, whether customers need a SOC 1 report, a SOC 2 report, both or
// neither and which type comes first; from the year-ends of user entities, which
// period serves them; and from the records of a program, what is in scope because
// of what, what is left out and why, and what changed since the scope was frozen.
// It promises that every recommendation names the answers that caused it, that
// shares are computed in integers, and that the same records give the same answer.
// It recommends and shows: people decide, and nothing is recorded here. It reads no
// clock and no ledger but the view that it is given.
//
// SOC 1 is for controls at a service organization that are likely to be relevant to
// user entities' internal control over financial reporting (AT-C 320, scope of the
// section); SOC 2 is for controls relevant to the trust services criteria of
// security, availability, processing integrity, confidentiality or privacy (TSC
// 2017). Figures of months that no standard sets (how long a report takes, how far a
// bridge letter customarily reaches, which period is too short) are named where
// they stand and are customs of the trade.
package scoping
