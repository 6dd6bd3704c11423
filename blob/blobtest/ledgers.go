package blobtest

import (
	"errors"
	"strings"
	"testing"

	"reperform/blob"
)

// Ledgers are names that a careless mapping to file names or object keys
// would merge, lose or let escape.
var Ledgers = []string{
	"acme", "Acme", "ACME", "a/b", "a_2fb", "a\\b", "..", ".", "../org", "/etc", "con", "nul.txt", "a.", "a ",
	"_", "__", "ü", "u\u0308", "\xff", "\xfe", "\ufffd", "a\x00b", "unfinished-1", strings.Repeat("x", 300), strings.Repeat("x", 301), strings.Repeat("/", 100),
}

func ledgerNames(t *testing.T, s blob.Store) {
	refs := map[string]blob.Ref{}
	for i, ledger := range Ledgers {
		refs[ledger] = put(t, s, ledger, Content(i, 12))
	}
	for ledger, ref := range refs {
		holds(t, s, ledger, ref)
	}
}

func wall(t *testing.T, s blob.Store) {
	content := Content(1000, 10)
	ref := put(t, s, "org", content)
	if _, err := s.Open(t.Context(), "exam", ref.SHA256); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("content of one ledger opened through another: %v, want ErrNotFound", err)
	}
	holds(t, s, "exam")
	put(t, s, "exam", content)
	if err := s.Delete(t.Context(), "org", ref.SHA256); err != nil {
		t.Fatal(err)
	}
	holds(t, s, "org")
	holds(t, s, "exam", ref)
}
