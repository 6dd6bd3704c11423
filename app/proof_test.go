package app_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reperform/app"
	"reperform/bundle"
	"reperform/soc1"
)

func verifyProof(t *testing.T, b []byte, trust app.Trust) *bundle.Verification {
	t.Helper()
	path := filepath.Join(t.TempDir(), "proof.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := app.VerifyBundle(t.Context(), path, trust, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// outcome of a claim, with its detail.
func outcome(v *bundle.Verification, id string) string {
	for _, c := range v.Claims {
		if c.ID == id {
			return string(c.Status) + ": " + c.Detail
		}
	}
	return "no such claim"
}

// A proof is checked with nothing else at hand, leads to a checkpoint that left
// the machine, and with any one byte changed does not hold.
func TestProofVerifies(t *testing.T) {
	ctx := context.Background()
	a := initialized(t)
	put := func(id string) {
		r := soc1.Risk{Code: "R", Text: "A payment <is> made twice & more.", Likelihood: 2, Impact: 4}
		if err := a.PutRecord(ctx, "ada", app.RecordChange{Kind: "risk", ID: id, Effective: "2025-01-01", Value: r, Reason: "Found in the workshop."}); err != nil {
			t.Fatal(err)
		}
	}
	put("r-1")
	left, key, err := a.Checkpoint(ctx, "ada", app.OrganizationLedger)
	if err != nil {
		t.Fatal(err)
	}
	put("r-2")
	encode := func(pos int64, note []byte) []byte {
		p, err := a.Prove(ctx, "ada", app.OrganizationLedger, pos, note)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := p.Encode(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	good := encode(1, left)
	v := verifyProof(t, good, app.Trust{Checkpoint: left, Keys: []string{key}})
	if v.Count(bundle.Holds) != len(v.Claims) || len(v.Claims) != 6 {
		t.Fatalf("%+v", v.Claims)
	}
	if got := outcome(v, "document/0"); got != "holds: Found in the workshop." {
		t.Error(got)
	}
	// Alone it says what it does not show.
	v = verifyProof(t, good, app.Trust{})
	if v.Count(bundle.Fails) > 0 || v.Count(bundle.NotReperformed) != 2 || len(v.Limits) != 3 {
		t.Errorf("%+v %q", v.Claims, v.Limits)
	}
	// One that leads to a later state cannot be held against the earlier one.
	v = verifyProof(t, encode(1, nil), app.Trust{Checkpoint: left})
	if got := outcome(v, "checkpoint"); !strings.Contains(got, "reperform ledger prove 1 --ledger org --checkpoint") {
		t.Error(got)
	}
	if _, err := a.Prove(ctx, "ada", app.OrganizationLedger, 2, left); err == nil || !strings.Contains(err.Error(), "give a later one") {
		t.Errorf("a checkpoint before the entry: %v", err)
	}
	if v := verifyProof(t, good, app.Trust{Keys: []string{"another+key"}}); !strings.HasPrefix(outcome(v, "key"), "fails") {
		t.Error(outcome(v, "key"))
	}
	// Every base64 in it has one spelling: the next letter must not decode alike.
	// A first byte changed is no longer a proof, and no bundle either.
	for i := 1; i < len(bytes.TrimSpace(good)); i++ {
		for _, other := range []byte{good[i] ^ 1, good[i] + 1} {
			b := bytes.Clone(good)
			b[i] = other
			if v := verifyProof(t, b, app.Trust{Checkpoint: left, Keys: []string{key}}); v.Count(bundle.Fails) == 0 {
				t.Fatalf("byte %d changed from %q to %q, and nothing fails", i, good[i], other)
			}
		}
	}
	for name, b := range map[string][]byte{
		"twice":       bytes.Replace(good, []byte(`"documents":[`), []byte(`"documents":[{"slot":1,"salt":"","text":""},`), 1),
		"of no entry": bytes.Replace(good, []byte(`"documents":[`), []byte(`"documents":[{"slot":9,"salt":"","text":""},`), 1),
		"unknown":     bytes.Replace(good, []byte(`"ledger":`), []byte(`"more":1,"ledger":`), 1),
		"cut":         good[:len(good)/2],
		"future":      bytes.Replace(good, []byte(`"reperform_proof":1`), []byte(`"reperform_proof":2`), 1),
		"empty":       []byte("{}"),
	} {
		if v := verifyProof(t, b, app.Trust{Checkpoint: left}); v.Count(bundle.Fails) == 0 {
			t.Errorf("%s: nothing fails in %s", name, fmt.Sprint(v.Claims))
		}
	}
}
