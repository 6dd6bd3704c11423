// Package ledger keeps append-only, signed Merkle logs of accepted commands.
//
// It promises four things. An entry, once acknowledged, is durable, has a
// gapless position and is never rewritten. Every document an entry speaks of
// is bound to it by a salted commitment, so a document can be redacted
// without breaking a proof. Two writers never both succeed from the same
// state of a record they relied on. And [Verify] finds any stored bit that
// was changed afterwards, and says where it stands.
//
// Its limits: the ledger does not know what a control is (kinds and ids are
// opaque text), and because the operator holds the signing key a proof means
// nothing against the operator unless a checkpoint has left the machine. An
// older checkpoint deleted from the store, not changed, leaves no trace. The
// tree is that of RFC 6962 as computed by golang.org/x/mod/sumdb/tlog; the
// checkpoints are signed notes in the form of C2SP tlog-checkpoint.
//
// # Compatibility law
//
// Fields of [Entry] are only ever added, and optional. A name or a version
// number is never reused. Stored bytes never change: they are what is hashed,
// never a re-marshalled struct.
package ledger
