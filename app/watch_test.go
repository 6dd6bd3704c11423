package app_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"reperform/app"
	"reperform/ledger"
	"reperform/soc1"
)

// hearing checks what one watcher is told: in each ledger every command in
// order, none missing, none twice.
type hearing struct {
	next  map[string]int64
	heard int
}

func (h *hearing) take(x *app.Happening) error {
	if h.next[x.Ledger] != x.First || x.Last < x.First || len(x.Changes) == 0 {
		return fmt.Errorf("ledger %s: entries %d to %d with %d changes are told where entry %d follows", x.Ledger, x.First, x.Last, len(x.Changes), h.next[x.Ledger])
	}
	h.next[x.Ledger] = x.Last + 1
	h.heard++
	return nil
}

func copied(m map[string]int64) map[string]int64 {
	out := map[string]int64{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// TestWatch500: five hundred watchers, some slow, some leaving and coming back
// where they were, hear every command of several writers once.
func TestWatch500(t *testing.T) {
	watchers, commands := 500, 160
	if raceEnabled {
		watchers, commands = 120, 60
	}
	a := initialized(t)
	ctx := context.Background()
	start := map[string]int64{app.OrganizationLedger: 1}
	end := start[app.OrganizationLedger] + int64(commands)
	var wg sync.WaitGroup
	for i := range watchers {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 9))
			h := &hearing{next: copied(start)}
			for h.next[app.OrganizationLedger] < end {
				wctx, leave := context.WithTimeout(ctx, 2*time.Minute)
				w := a.Watch(wctx, h.next)
				for stay := 5 + rng.IntN(60); stay > 0 && h.next[app.OrganizationLedger] < end; stay-- {
					x, err := w.Next()
					if err == nil {
						err = h.take(x)
					}
					if err != nil {
						t.Errorf("watcher %d: %v", i, err)
						leave()
						return
					}
					if i%50 == 0 {
						time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
					}
				}
				if at := w.At()[app.OrganizationLedger]; at != h.next[app.OrganizationLedger] {
					t.Errorf("watcher %d stands at %d and says %d", i, h.next[app.OrganizationLedger], at)
				}
				leave()
			}
			if h.heard != commands {
				t.Errorf("watcher %d heard %d commands of %d", i, h.heard, commands)
			}
		})
	}
	for w := range 4 {
		wg.Go(func() {
			for i := range commands / 4 {
				if err := a.PutRecord(ctx, "ada", app.RecordChange{Kind: "vendor", ID: fmt.Sprintf("v-%d-%d", w, i), Effective: "2025-01-01", Value: soc1.Vendor{Name: "A vendor"}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// TestWatchTells what a happening says, from the first entry of ledgers old and
// new, and what others record.
func TestWatchTells(t *testing.T) {
	s := begin(t)
	dir := s.dir
	other, err := app.Open(s.ctx, dir, app.Options{Poll: 20 * time.Millisecond})
	s.must(err)
	t.Cleanup(func() { other.Close() })
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
	defer cancel()
	fromNow, fromStart := other.Watch(ctx, nil), other.Watch(ctx, map[string]int64{})
	before := s.size("dana", app.OrganizationLedger)
	hear := &hearing{next: map[string]int64{}}
	for hear.next[app.OrganizationLedger] < before {
		x, err := fromStart.Next()
		s.must(err)
		s.must(hear.take(x))
	}
	// Another process, here the story's own, records; a large command is one.
	var cs []app.RecordChange
	for i := range 1200 {
		cs = append(cs, app.RecordChange{Kind: "vendor", ID: fmt.Sprintf("v-%04d", i), Value: soc1.Vendor{Name: "A vendor"}})
	}
	_, err = s.app.PutRecords(s.ctx, "dana", cs, "The list.", false)
	s.must(err)
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "vendor", ID: "v-0007", Revision: 1, Retired: true}))
	s.open() // a ledger that did not exist
	for _, w := range []*app.Watcher{fromNow, fromStart} {
		// Between ledgers there is no order.
		told := map[string][]*app.Happening{}
		for len(told[app.OrganizationLedger]) < 2 || len(told[exam]) < 1 {
			x, err := w.Next()
			s.must(err)
			told[x.Ledger] = append(told[x.Ledger], x)
		}
		x := told[app.OrganizationLedger][0]
		if x.Actor != "dana" || x.Action != "record.bulk" || len(x.Changes) != 1200 || x.Last == x.First || x.First != before || x.Changes[7].Retired {
			t.Errorf("the first told is %s by %s, entries %d to %d, %d changes", x.Action, x.Actor, x.First, x.Last, len(x.Changes))
		}
		x = told[app.OrganizationLedger][1]
		if len(x.Changes) != 1 || x.Changes[0] != (app.Happened{Kind: "vendor", ID: "v-0007", Revision: 2, Retired: true}) {
			t.Errorf("the second told is %+v", *x)
		}
		if x := told[exam][0]; x.First != 0 {
			t.Errorf("the new ledger is told from entry %d", x.First)
		}
	}
	cancel()
	if _, err := fromNow.Next(); !errors.Is(err, context.Canceled) {
		t.Errorf("a watcher that was told to end: %v", err)
	}
	w := s.app.Watch(s.ctx, nil)
	go func() {
		time.Sleep(20 * time.Millisecond)
		s.app.Close()
	}()
	if _, err := w.Next(); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("a watcher of a closed workspace: %v", err)
	}
	again, err := app.Open(s.ctx, dir, app.Options{})
	s.must(err)
	defer again.Close()
	far := again.Watch(s.ctx, map[string]int64{app.OrganizationLedger: 1 << 40, exam: -5})
	if at := far.At(); at[app.OrganizationLedger] <= before || at[exam] != 0 {
		t.Errorf("positions from nowhere are taken as %v", at)
	}
}

// A comment is told with what it is about, each time that it changes.
func TestWatchTellsWhatAbout(t *testing.T) {
	s := begin(t)
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "vendor", ID: "v-1", Value: soc1.Vendor{Name: "A vendor"}}))
	w := s.app.Watch(ctx, nil)
	subject := soc1.Ref{Kind: "vendor", ID: "v-1"}
	_, _, err := s.app.Comment(s.ctx, "dana", app.Commenting{ID: "c-1", Subject: subject, Text: "Who is it?"})
	s.must(err)
	s.must(s.app.ResolveComment(s.ctx, "dana", app.OrganizationLedger, "c-1", true))
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "vendor", ID: "v-1", Revision: 1, Retired: true}))
	about := soc1.Ref{Ledger: app.OrganizationLedger, Kind: "vendor", ID: "v-1"}
	for i, want := range []app.Happened{{Kind: "comment", ID: "c-1", Revision: 1, About: about}, {Kind: "comment", ID: "c-1", Revision: 2, About: about}, {Kind: "vendor", ID: "v-1", Revision: 2, Retired: true}} {
		x, err := w.Next()
		s.must(err)
		if len(x.Changes) != 1 || x.Changes[0] != want {
			t.Errorf("told of %d is %+v", i, x.Changes)
		}
	}
}

// TestWatchFarBehind catches up over more than is kept at hand.
func TestWatchFarBehind(t *testing.T) {
	if raceEnabled {
		t.Log("thousands of commands take minutes under the race detector; TestWatch500 runs there")
		return
	}
	dir := filepath.Join(t.TempDir(), "w")
	ctx := context.Background()
	a := initializedIn(t, dir)
	const n = 3300
	put := func(from, to int) {
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for i := from + w; i < to; i += 8 {
					if err := a.PutRecord(ctx, "ada", app.RecordChange{Kind: "vendor", ID: fmt.Sprintf("v-%d", i), Effective: "2025-01-01", Value: soc1.Vendor{Name: "A vendor"}}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
	}
	wctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	slow, fast := a.Watch(wctx, map[string]int64{"org": 1}), a.Watch(wctx, map[string]int64{"org": 1})
	hs, hf := &hearing{next: map[string]int64{"org": 1}}, &hearing{next: map[string]int64{"org": 1}}
	hear := func(w *app.Watcher, h *hearing, upTo int) {
		for h.heard < upTo {
			x, err := w.Next()
			if err == nil {
				err = h.take(x)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	put(0, 100)
	hear(slow, hs, 40)
	hear(fast, hf, 100)
	put(100, n)
	hear(fast, hf, n)
	hear(slow, hs, n)
}
