package record_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"reperform/ledger"
	"reperform/ledger/sqlite"
	"reperform/record"
	"reperform/soc1"
)

const org = "org"

// revision is one step of a history, as the oracle keeps it.
type revision struct {
	pos       int64
	rev       int64
	effective string
	retired   bool
	body      string
}

// history writes a random history of a few risks and keeps it beside the ledger.
func history(t *testing.T, rng *rand.Rand, entries int) (ledger.Store, map[string][]revision, int64) {
	t.Helper()
	ctx := context.Background()
	dir := t.TempDir()
	store, err := sqlite.Open(ctx, filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	log, err := ledger.Open(ctx, store, ledger.Options{Keys: ledger.FileKeys{Dir: dir}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	kind, err := record.Kinds.Kind("risk")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]revision{}
	for pos := range int64(entries) {
		id := fmt.Sprintf("r%d", rng.IntN(3))
		r := revision{pos: pos, rev: int64(len(all[id]) + 1), effective: fmt.Sprintf("2025-%02d-01", 1+rng.IntN(12)), retired: rng.IntN(6) == 0}
		risk := soc1.Risk{Code: id, Text: fmt.Sprintf("As of entry %d.", pos)}
		doc, err := kind.Encode(risk, nil, r.retired)
		if err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(risk)
		if err != nil {
			t.Fatal(err)
		}
		r.body = string(body)
		cmd := ledger.Command{Ledger: org, Actor: "p-1", Action: "record.apply", Reason: "x", Drafts: []ledger.Draft{{Kind: "risk", ID: id, Revision: r.rev, Effective: r.effective, Document: doc}}}
		if pos == 0 {
			_, err = log.Create(ctx, cmd, "reperform/test/org", "organization")
		} else {
			_, err = log.Commit(ctx, cmd)
		}
		if err != nil {
			t.Fatal(err)
		}
		all[id] = append(all[id], r)
	}
	return store, all, int64(entries)
}

// inForce is the rule of the two clocks, said once more: of the revisions known
// by then with an effective date not later, the latest effective; of equals the
// highest revision. Without a date, the latest recorded.
func inForce(revs []revision, known int64, effective string) *revision {
	var best *revision
	for i, r := range revs {
		if r.pos >= known || effective != "" && r.effective > effective {
			continue
		}
		if best == nil || effective == "" || r.effective >= best.effective {
			best = &revs[i]
		}
	}
	return best
}

// TestViewAgainstOracle asks for every record at every position and date.
func TestViewAgainstOracle(t *testing.T) {
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(3, 5))
	store, all, size := history(t, rng, 60)
	dates := []string{"", "2024-12-31", "2025-01-01", "2025-03-15", "2025-06-01", "2025-06-30", "2025-12-01", "2026-01-01"}
	for known := int64(1); known <= size; known++ {
		for _, on := range dates {
			v := record.NewView(store, org, record.AsOf{Known: known, Effective: soc1.Date(on)})
			var listed []string
			for id := range all {
				want := inForce(all[id], known, on)
				got, err := v.Get(ctx, "risk", id)
				switch {
				case want == nil:
					if !errors.Is(err, record.ErrNotFound) {
						t.Fatalf("%s known %d on %q: got revision %d (%v), want none", id, known, on, got.Revision, err)
					}
					continue
				case err != nil:
					t.Fatalf("%s known %d on %q: %v", id, known, on, err)
				case got.Revision != want.rev || got.Retired != want.retired || got.Effective != want.effective || got.Pos != want.pos || string(got.Body) != want.body:
					t.Fatalf("%s known %d on %q: got %+v, want %+v", id, known, on, got, *want)
				}
				if !want.retired {
					listed = append(listed, id)
				}
			}
			slices.Sort(listed)
			list, err := v.List(ctx, "risk")
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, r := range list {
				ids = append(ids, r.ID)
			}
			if !slices.Equal(ids, listed) {
				t.Fatalf("list known %d on %q: got %v, want %v", known, on, ids, listed)
			}
		}
	}
}

// TestVersionsAgainstOracle walks day by day through a period: on each day the
// version in force is the one whose dates enclose it.
func TestVersionsAgainstOracle(t *testing.T) {
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(7, 11))
	store, all, size := history(t, rng, 40)
	for _, known := range []int64{1, 7, 20, size} {
		v := record.NewView(store, org, record.AsOf{Known: known})
		versions, err := v.Versions(ctx, "risk", "2025-02-01", "2025-10-31")
		if err != nil {
			t.Fatal(err)
		}
		for d := soc1.Date("2025-02-01"); d <= "2025-10-31"; d = d.AddDays(1) {
			for id := range all {
				want := inForce(all[id], known, string(d))
				var got *record.Version
				for i, x := range versions {
					if x.ID == id && x.From <= d && (x.Until == "" || x.Until >= d) {
						if got != nil {
							t.Fatalf("%s on %s known %d: two versions in force", id, d, known)
						}
						got = &versions[i]
					}
				}
				switch {
				case want == nil && got == nil:
				case want == nil || got == nil || got.Revision != want.rev:
					t.Fatalf("%s on %s known %d: got %+v, want %+v", id, d, known, got, want)
				}
			}
		}
		for _, x := range versions {
			if x.From > "2025-10-31" || x.Until != "" && x.Until < "2025-02-01" {
				t.Errorf("%s from %s until %s is not in the period", x.ID, x.From, x.Until)
			}
		}
	}
}

// TestHistory lists what was known, oldest first.
func TestHistory(t *testing.T) {
	ctx := context.Background()
	store, all, size := history(t, rand.New(rand.NewPCG(1, 1)), 30)
	for known := int64(1); known <= size; known += 5 {
		v := record.NewView(store, org, record.AsOf{Known: known})
		for id, revs := range all {
			var want []int64
			for _, r := range revs {
				if r.pos < known {
					want = append(want, r.rev)
				}
			}
			h, err := v.History(ctx, "risk", id)
			if len(want) == 0 {
				if !errors.Is(err, record.ErrNotFound) {
					t.Errorf("%s known %d: %v", id, known, err)
				}
				continue
			}
			var got []int64
			for _, r := range h {
				got = append(got, r.Revision)
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s known %d: %v, want %v (%v)", id, known, got, want, err)
			}
		}
	}
}

// TestRevisions lists every revision of a kind, and tells who recorded an entry.
func TestRevisions(t *testing.T) {
	ctx := context.Background()
	store, all, size := history(t, rand.New(rand.NewPCG(1, 1)), 30)
	for _, known := range []int64{1, size / 2, size} {
		v := record.NewView(store, org, record.AsOf{Known: known})
		got, err := v.Revisions(ctx, "risk")
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, revs := range all {
			for _, r := range revs {
				if r.pos < known {
					want++
				}
			}
		}
		if len(got) != want {
			t.Errorf("known %d: %d revisions, want %d", known, len(got), want)
		}
		for i, r := range got[:max(0, len(got)-1)] {
			if next := got[i+1]; r.ID > next.ID || r.ID == next.ID && r.Revision >= next.Revision {
				t.Errorf("known %d: %s %d before %s %d", known, r.ID, r.Revision, next.ID, next.Revision)
			}
		}
	}
	v := record.NewView(store, org, record.AsOf{Known: size})
	by, at, err := v.Recorded(ctx, size-1)
	if err != nil || by == "" || at == "" {
		t.Errorf("the last entry was recorded by %q at %q (%v)", by, at, err)
	}
}
