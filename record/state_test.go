package record_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"reperform/ledger"
	"reperform/ledger/sqlite"
	"reperform/record"
	"reperform/soc1"
)

// growing is a ledger that a test adds to.
type growing struct {
	t     testing.TB
	store ledger.Store
	log   *ledger.Log
	revs  map[[2]string]int64
	size  int64
	// docs are the documents that are not redacted yet.
	docs []ledger.DocumentRef
}

func grow(t testing.TB) *growing {
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
	g := &growing{t: t, store: store, log: log, revs: map[[2]string]int64{}}
	g.put([]ledger.Draft{g.draft("risk", "first", "2025-01-01", soc1.Risk{Code: "F", Text: "First."}, false)}, nil)
	return g
}

func (g *growing) draft(kind, id, effective string, value any, retired bool) ledger.Draft {
	k, err := record.Kinds.Kind(kind)
	if err != nil {
		g.t.Fatal(err)
	}
	doc, err := k.Encode(value, nil, retired)
	if err != nil {
		g.t.Fatal(err)
	}
	g.revs[[2]string{kind, id}]++
	return ledger.Draft{Kind: kind, ID: id, Revision: g.revs[[2]string{kind, id}], Effective: effective, Document: doc}
}

func (g *growing) put(drafts []ledger.Draft, redacts []ledger.DocumentRef) {
	g.t.Helper()
	cmd := ledger.Command{Ledger: org, Actor: "p-1", Action: "record.apply", Reason: "x", Drafts: drafts, Redacts: redacts}
	var r ledger.Receipt
	var err error
	if g.size == 0 {
		r, err = g.log.Create(context.Background(), cmd, "reperform/test/org", "organization")
	} else {
		r, err = g.log.Commit(context.Background(), cmd)
	}
	if err != nil {
		g.t.Fatal(err)
	}
	g.size = r.Size
	for i := range drafts {
		g.docs = append(g.docs, ledger.DocumentRef{Pos: r.First, Slot: i + 1})
	}
}

// step adds one random command: new records, revisions in and out of the order
// of their dates, retirements, redactions.
func (g *growing) step(rng *rand.Rand) {
	if len(g.docs) > 3 && rng.IntN(6) == 0 {
		i := rng.IntN(len(g.docs))
		ref := g.docs[i]
		g.docs = slices.Delete(g.docs, i, i+1)
		g.put(nil, []ledger.DocumentRef{ref})
		return
	}
	var drafts []ledger.Draft
	for range 1 + rng.IntN(4) {
		id, date, retired := fmt.Sprintf("r%03d", rng.IntN(40)), fmt.Sprintf("2025-%02d-01", 1+rng.IntN(12)), rng.IntN(8) == 0
		if rng.IntN(3) == 0 {
			drafts = append(drafts, g.draft("vendor", id, date, soc1.Vendor{Name: fmt.Sprintf("Vendor %d of %d", rng.IntN(100), g.size)}, retired))
			continue
		}
		drafts = append(drafts, g.draft("risk", id, date, soc1.Risk{Code: id, Text: fmt.Sprintf("As of entry %d.", g.size), Likelihood: rng.IntN(5), Impact: rng.IntN(5)}, retired))
	}
	g.put(drafts, nil)
}

var stateKinds = []string{"risk", "vendor", "control"}

// answers is what a view tells of where it stands; with past, also what it tells
// of what was before, which every view reads from the store.
func answers(t testing.TB, v *record.View, past bool) string {
	t.Helper()
	ctx := context.Background()
	var b strings.Builder
	tell := func(x any, err error) {
		j, jerr := json.Marshal(x)
		if jerr != nil {
			t.Fatal(jerr)
		}
		fmt.Fprintf(&b, "%s %v\n", j, err)
	}
	for _, kind := range stateKinds {
		all, err := v.All(ctx, kind)
		tell(all, err)
		list, err := v.List(ctx, kind)
		tell(list, err)
		page, err := v.Page(ctx, kind, "r010", 7)
		tell(page, err)
		for _, id := range []string{"r000", "r017", "first", "none"} {
			one, err := v.Get(ctx, kind, id)
			tell(one, err)
			if past {
				history, err := v.History(ctx, kind, id)
				tell(history, err)
			}
		}
		if !past {
			continue
		}
		versions, err := v.Versions(ctx, kind, "2025-02-01", "2025-08-01")
		tell(versions, err)
	}
	risks, err := record.All[soc1.Risk](ctx, v, "risk")
	tell(risks, err)
	return b.String()
}

// TestStateIsFullReplay: a state advanced step by step answers at every
// position what a fresh reading of the ledger answers there.
func TestStateIsFullReplay(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 1))
		g := grow(t)
		states := map[soc1.Date]*record.State{}
		for _, d := range []soc1.Date{"", "2025-06-15", "2025-03-01"} {
			states[d] = record.NewState(g.store, org, g.size, d)
		}
		type kept struct {
			view *record.View
			said string
		}
		var earlier []kept
		for step := range 45 {
			g.step(rng)
			if rng.IntN(3) == 0 {
				continue // several commands at once
			}
			for date, st := range states {
				v, err := st.View(ctx, g.size)
				if err != nil {
					t.Fatal(err)
				}
				if v.AsOf() != (record.AsOf{Known: g.size, Effective: date}) {
					t.Fatalf("the view stands at %+v, not at %d", v.AsOf(), g.size)
				}
				if rng.IntN(2) == 0 {
					if _, err := v.Rows(ctx, stateKinds[rng.IntN(3)]); err != nil {
						t.Fatal(err)
					}
					continue // one kind ahead of the others
				}
				got, want := answers(t, v, false), answers(t, record.NewView(g.store, org, record.AsOf{Known: g.size, Effective: date}), false)
				if got != want {
					t.Fatalf("seed %d, step %d, date %q: the state says\n%s\na fresh reading says\n%s", seed, step, date, got, want)
				}
				list, err := v.List(ctx, "risk")
				if err != nil {
					t.Fatal(err)
				}
				earlier = append(earlier, kept{v, fmt.Sprint(list)})
			}
		}
		for _, k := range earlier {
			if now, err := k.view.List(ctx, "risk"); err != nil || fmt.Sprint(now) != k.said {
				t.Fatalf("a view at %d changed later: %v", k.view.AsOf().Known, err)
			}
		}
	}
}

// TestOrdersFollow: an order carried over from change to change is the order
// made anew, in both directions of time.
func TestOrdersFollow(t *testing.T) {
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(7, 7))
	g := grow(t)
	st := record.NewState(g.store, org, g.size, "")
	kind, err := record.Kinds.Kind("risk")
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]record.Key{"live": record.Live}
	for _, f := range []string{"likelihood", "text", "code"} {
		if keys[f], err = kind.ByField(f); err != nil {
			t.Fatal(err)
		}
	}
	ids := func(o *record.Order) (out []string) {
		for i := range o.Len() {
			it := o.At(i)
			out = append(out, fmt.Sprintf("%s@%d", it.ID, it.Revision))
			if n := o.Seek(o.Key(i), it.ID); n != i+1 {
				t.Fatalf("Seek of %s gives %d, not %d", it.ID, n, i+1)
			}
		}
		return out
	}
	var views []*record.View
	for range 50 {
		g.step(rng)
		v, err := st.View(ctx, g.size)
		if err != nil {
			t.Fatal(err)
		}
		views = append(views, v)
		if rng.IntN(3) == 0 {
			v = views[rng.IntN(len(views))]
		}
		l, err := v.Rows(ctx, "risk")
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := record.NewState(g.store, org, v.AsOf().Known, "").View(ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		anew, err := fresh.Rows(ctx, "risk")
		if err != nil {
			t.Fatal(err)
		}
		// What was redacted since is missing in the reading made now.
		if l.Live() != anew.Live() {
			continue
		}
		for name, key := range keys {
			if got, want := ids(l.By(name, key)), ids(anew.By(name, key)); !slices.Equal(got, want) {
				t.Fatalf("by %s at %d:\n got %v\nwant %v", name, v.AsOf().Known, got, want)
			}
			got, want := ids(l.Holding("ENTRY 3", name, key)), ids(anew.Holding("ENTRY 3", name, key))
			var naive []string
			for o, i := anew.By(name, key), 0; i < anew.By(name, key).Len(); i++ {
				if it := o.At(i); strings.Contains(it.Folded(), "entry") && strings.Contains(it.Folded(), "3") {
					naive = append(naive, fmt.Sprintf("%s@%d", it.ID, it.Revision))
				}
			}
			if !slices.Equal(got, want) || !slices.Equal(got, naive) {
				t.Fatalf("holding by %s at %d:\n got %v\nwant %v\nlooked %v", name, v.AsOf().Known, got, want, naive)
			}
		}
	}
}

// TestStateOfMany splits and copies chunks.
func TestStateOfMany(t *testing.T) {
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(3, 3))
	g := grow(t)
	st := record.NewState(g.store, org, g.size, "")
	var versions record.Versions
	add := func(n int) {
		var drafts []ledger.Draft
		seen := map[string]bool{}
		for range n {
			id := fmt.Sprintf("v%05d", rng.IntN(20000))
			if !seen[id] {
				seen[id] = true
				drafts = append(drafts, g.draft("vendor", id, fmt.Sprintf("2025-%02d-01", 1+rng.IntN(9)), soc1.Vendor{Name: id}, rng.IntN(10) == 0))
			}
		}
		g.put(drafts, nil)
	}
	for i := range 12 {
		add([]int{1500, 1, 700, 3, 2500}[i%5])
		v, err := st.View(ctx, g.size)
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.All(ctx, "vendor")
		if err != nil {
			t.Fatal(err)
		}
		want, err := record.NewView(g.store, org, record.AsOf{Known: g.size}).All(ctx, "vendor")
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("round %d: %d records, want %d", i, len(got), len(want))
		}
		l, err := v.Rows(ctx, "vendor")
		if err != nil {
			t.Fatal(err)
		}
		live := 0
		for _, r := range want {
			it := l.Get(r.ID)
			if it == nil || it.Revision != r.Revision {
				t.Fatalf("round %d: %s is not found", i, r.ID)
			}
			if it.Live() {
				live++
			}
		}
		if l.Live() != live || l.Len() != len(want) || l.Get("") != nil || l.Get("zzz") != nil {
			t.Fatalf("round %d: %d of %d live, want %d of %d", i, l.Live(), l.Len(), live, len(want))
		}
		kept, err := versions.Of(ctx, v, "vendor", "2025-03-01", "2025-05-31")
		if err != nil {
			t.Fatal(err)
		}
		read, err := v.Versions(ctx, "vendor", "2025-03-01", "2025-05-31")
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(kept, read) {
			t.Fatalf("round %d: %d versions kept, %d read", i, len(kept), len(read))
		}
	}
}

// TestIndexOfMany finds records by words and values through many changes, and
// counts them, as somebody does who looks at every record.
func TestIndexOfMany(t *testing.T) {
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(5, 8))
	g := grow(t)
	st := record.NewState(g.store, org, g.size, "")
	words := []string{"harbor", "Ångström", "arbor", "payroll-7", "7", "a", "c1", "of metals", "z"}
	assertions := []string{"existence", "completeness", "accuracy", "cutoff"}
	vendors, err := record.Kinds.Kind("control_objective")
	if err != nil {
		t.Fatal(err)
	}
	byTitle, err := vendors.ByField("title")
	if err != nil {
		t.Fatal(err)
	}
	add := func(n int) {
		var drafts []ledger.Draft
		seen := map[string]bool{}
		for range n {
			id := fmt.Sprintf("c%04d", rng.IntN(3000))
			if seen[id] {
				continue
			}
			seen[id] = true
			o := soc1.ControlObjective{Code: id, Title: words[rng.IntN(len(words))] + " " + words[rng.IntN(len(words))], Text: fmt.Sprintf("Number %d", rng.IntN(100))}
			for _, a := range assertions {
				if rng.IntN(3) == 0 {
					o.Assertions = append(o.Assertions, soc1.FinancialAssertion(a))
				}
			}
			drafts = append(drafts, g.draft("control_objective", id, "2025-01-01", o, rng.IntN(10) == 0))
		}
		g.put(drafts, nil)
	}
	for round := range 8 {
		add([]int{900, 1, 1, 300, 2500, 2}[round%6])
		v, err := st.View(ctx, g.size)
		if err != nil {
			t.Fatal(err)
		}
		l, err := v.Rows(ctx, "control_objective")
		if err != nil {
			t.Fatal(err)
		}
		tally := map[string]int{}
		l.All(func(it *record.Item) bool {
			if it.Live() {
				m, err := it.Fields()
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range record.Values(m["assertions"]) {
					tally[a]++
				}
			}
			return true
		})
		if got := l.Tally("assertions"); !reflect.DeepEqual(got, tally) {
			t.Fatalf("round %d: %v, counted %v", round, got, tally)
		}
		for range 8 {
			n := record.Narrow{Text: words[rng.IntN(len(words))]}
			if rng.IntN(2) == 0 {
				n.Text += " " + words[rng.IntN(len(words))]
			}
			if rng.IntN(2) == 0 {
				n.Values = map[string]string{"assertions": assertions[rng.IntN(len(assertions))]}
			}
			var got, want []string
			l.Where(n, "title", byTitle).All(func(it *record.Item) bool { got = append(got, it.ID); return true })
			l.By("title", byTitle).All(func(it *record.Item) bool {
				in := n.Values == nil || it.Has("assertions", n.Values["assertions"])
				for _, w := range strings.Fields(record.Fold(n.Text)) {
					in = in && strings.Contains(it.Folded(), w)
				}
				if in {
					want = append(want, it.ID)
				}
				return true
			})
			if !slices.Equal(got, want) {
				t.Fatalf("round %d, %+v: %d found, %d looked up", round, n, len(got), len(want))
			}
		}
	}
}

// TestStateUnderWriters reads while others write; the race detector watches.
func TestStateUnderWriters(t *testing.T) {
	ctx := context.Background()
	g := grow(t)
	st := record.NewState(g.store, org, g.size, "")
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			last := 0
			for {
				snap, err := g.log.Snapshot(org)
				if err != nil {
					t.Error(err)
					return
				}
				v, err := st.View(ctx, snap.Size)
				if err != nil {
					t.Error(err)
					return
				}
				risks, err := record.All[soc1.Risk](ctx, v, "risk")
				if err != nil || len(risks) < last || int64(len(risks)) != v.AsOf().Known {
					t.Errorf("%d risks at %d after %d: %v", len(risks), v.AsOf().Known, last, err)
					return
				}
				last = len(risks)
				l, err := v.Rows(ctx, "risk")
				if err != nil || l.By("live", record.Live).Len() != last {
					t.Errorf("the order has not %d risks: %v", last, err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for i := range 150 {
		g.put([]ledger.Draft{g.draft("risk", fmt.Sprintf("n%03d", i), "2025-01-01", soc1.Risk{Code: "N", Text: "New."}, false)}, nil)
	}
	close(done)
	wg.Wait()
}

// TestOnly: a kind that may not be seen has no records, at any point.
func TestOnly(t *testing.T) {
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(5, 5))
	g := grow(t)
	for range 30 {
		g.step(rng)
	}
	st := record.NewState(g.store, org, g.size, "")
	present, err := st.View(ctx, g.size)
	if err != nil {
		t.Fatal(err)
	}
	no := func(kind string) bool { return kind != "risk" }
	empty := func(string) bool { return false }
	for _, v := range []*record.View{present, record.NewView(g.store, org, record.AsOf{Known: g.size})} {
		blind := answers(t, v.Only(no), true)
		if strings.Contains(blind, `"risk"`) || strings.Contains(blind, "As of entry") || !strings.Contains(blind, "Vendor") {
			t.Fatalf("the view shows %s", blind)
		}
		if got := answers(t, v.Only(no).At("2025-06-01"), true); strings.Contains(got, `"risk"`) {
			t.Fatalf("the same view on a date shows %s", got)
		}
		if got := answers(t, v.Only(no).Only(empty), true); strings.Contains(got, "Vendor") {
			t.Fatalf("a view that shows nothing shows %s", got)
		}
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{"Café": "cafe", "PAY-3.2": "pay-3.2", "Über Ärger": "uber arger", "ﬁle": "file", "\xff": "\ufffd", "": ""} {
		if got := record.Fold(in); got != want {
			t.Errorf("Fold(%q) is %q, want %q", in, got, want)
		}
	}
}
