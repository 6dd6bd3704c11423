package app_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"reperform/app"
	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
)

func aRisk(text string) soc1.Risk {
	return soc1.Risk{Code: "R", Text: text, Objectives: []string{"it-1"}, Likelihood: 2, Impact: 4}
}

func putRisk(a *app.App, id string, revision int64, text string) error {
	return a.PutRecord(context.Background(), "dana", app.RecordChange{Kind: "risk", ID: id, Revision: revision, Effective: "2025-01-01", Value: aRisk(text), Reason: "At once."})
}

// TestOneWinsPerRevision lets 32 writers change the same record against the
// same revision, again and again: one wins each time, nobody overwrites.
func TestOneWinsPerRevision(t *testing.T) {
	s := begin(t)
	for revision := range int64(5) {
		errs := make([]error, 32)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = putRisk(s.app, "r-1", revision, fmt.Sprintf("By %d.", i)) })
		}
		wg.Wait()
		winner := -1
		for i, err := range errs {
			var stale *app.StaleError
			switch {
			case err == nil && winner < 0:
				winner = i
			case err == nil:
				t.Errorf("revision %d: both %d and %d won", revision, winner, i)
			case !errors.As(err, &stale) || stale.Against != revision || stale.Now != revision+1:
				t.Errorf("revision %d: writer %d got %v", revision, i, err)
			case !strings.Contains(err.Error(), fmt.Sprintf("against revision %d, the latest is %d", revision, revision+1)):
				t.Errorf("the error does not name both revisions: %v", err)
			}
		}
		got := one[soc1.Risk](s, "dana", app.OrganizationLedger, "risk", "r-1")
		if winner < 0 || got.Revision != revision+1 || got.Value.Text != fmt.Sprintf("By %d.", winner) {
			t.Errorf("revision %d is %q, writer %d won", got.Revision, got.Value.Text, winner)
		}
	}
}

// TestNoneLost lets 32 writers add to one record without naming a revision.
func TestNoneLost(t *testing.T) {
	s := begin(t)
	var wg sync.WaitGroup
	errs := make([]error, 32)
	for i := range errs {
		wg.Go(func() { errs[i] = putRisk(s.app, "r-1", -1, fmt.Sprintf("By %d.", i)) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		var conflict *ledger.ConflictError
		if err == nil {
			won++
		} else if !errors.As(err, &conflict) {
			t.Error(err)
		}
	}
	h, err := s.app.History(s.ctx, "dana", app.OrganizationLedger, "risk", "r-1")
	s.must(err)
	seen := map[string]bool{}
	for i, ev := range h {
		seen[string(ev.Body)] = true
		if ev.Revision != int64(i+1) {
			t.Errorf("revision %d stands at place %d", ev.Revision, i+1)
		}
	}
	if len(h) != won || len(seen) != won || won == 0 {
		t.Errorf("%d writers were told that they won; %d revisions with %d texts are recorded", won, len(h), len(seen))
	}
}

// TestCloseDuringCommands closes the workspace while commands run: each either
// is recorded or is told that it is not.
func TestCloseDuringCommands(t *testing.T) {
	s := begin(t)
	const writers = 16
	var mu sync.Mutex
	recorded := map[string]bool{}
	var wg sync.WaitGroup
	started := make(chan struct{}, writers)
	for w := range writers {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("r-%d-%d", w, i)
				if err := putRisk(s.app, id, 0, "Written."); err != nil {
					return
				}
				mu.Lock()
				recorded[id] = true
				mu.Unlock()
				if i == 0 {
					started <- struct{}{}
				}
			}
		})
	}
	<-started
	s.must(s.app.Close())
	wg.Wait()
	again := s.reopen()
	v, err := again.View(s.ctx, "dana", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	list, err := v.List(s.ctx, "risk")
	s.must(err)
	have := map[string]bool{}
	for _, r := range list {
		have[r.ID] = true
	}
	for id := range recorded {
		if !have[id] {
			t.Errorf("%s was acknowledged and is lost", id)
		}
	}
	if _, err := s.app.View(s.ctx, "dana", app.OrganizationLedger, record.AsOf{}); err == nil {
		t.Error("a closed workspace is still read")
	}
}

// TestSecondProcess writes in another process and in this one by turns.
func TestSecondProcess(t *testing.T) {
	s := begin(t)
	for i := range 3 {
		theirs, ours := fmt.Sprintf("r-theirs-%d", i), fmt.Sprintf("r-ours-%d", i)
		cmd := exec.Command(engineCommand()[0])
		cmd.Env = append(os.Environ(), "APP_TEST_WORKSPACE="+s.dir, "APP_TEST_RISK="+theirs)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("the other process: %v\n%s", err, out)
		}
		// Refers to what the other process has just recorded, unread by this one.
		_, err := s.apply("dana", "kind: control\nid: c-"+theirs+"\neffective: '2025-01-01'\ncode: C-"+theirs+"\ntext: Something is done.\nnature: manual\ntype: preventive\nfrequency: annual\nobjectives: [it-1]\nrisks: ["+theirs+"]\n")
		s.must(err)
		s.must(putRisk(s.app, ours, 0, "Ours."))
		if got := one[soc1.Risk](s, "dana", app.OrganizationLedger, "risk", theirs).Value.Text; got != "Theirs." {
			t.Errorf("the other process's record reads %q", got)
		}
		var stale *app.StaleError
		if err := putRisk(s.app, theirs, 0, "Mine."); !errors.As(err, &stale) {
			t.Errorf("what the other process recorded is overwritten: %v", err)
		}
	}
	reports, err := s.app.VerifyLedgers(s.ctx, "dana", "", nil, true)
	s.must(err)
	s.must(reports[0].Err())
}

// TestDiskFull applies and imports on a disk that has no room left.
func TestDiskFull(t *testing.T) {
	disk := smallDisk(t, "6m")
	s := beginIn(t, filepath.Join(disk, "w"))
	s.open()
	s.load("helen", exam, "pop-leavers", "leavers.csv", "leaver")
	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	before, blobs := s.size("helen", exam), len(everything(t, filepath.Join(s.dir, "blobs"), under("")))
	if _, err := s.app.ImportPopulation(s.ctx, "helen", imported(exam, "pop-accounts", testdata("accounts.csv"), "account")); err == nil {
		t.Error("a population was imported onto a full disk")
	}
	var yaml strings.Builder
	for i := range 400 {
		yaml.WriteString(strings.Replace(risk(fmt.Sprintf("r-%d", i), ""), "Something", strings.Repeat("Something ", 50), 1))
	}
	orgBefore := s.size("dana", app.OrganizationLedger)
	if _, err := s.apply("dana", yaml.String()); err == nil {
		t.Error("400 records were applied onto a full disk")
	}
	if now := s.size("helen", exam); now != before {
		t.Errorf("the examination grew by %d entries", now-before)
	}
	if now := s.size("dana", app.OrganizationLedger); now != orgBefore {
		t.Errorf("the organization's ledger grew by %d entries", now-orgBefore)
	}
	s.must(os.Remove(filler))
	if left := len(everything(t, filepath.Join(s.dir, "blobs"), under(""))); left != blobs {
		t.Errorf("a failed import left %d sealed files", left-blobs)
	}
	// With room again everything goes on.
	s.load("helen", exam, "pop-accounts", "accounts.csv", "account")
	_, err := s.apply("dana", yaml.String())
	s.must(err)
	for _, actor := range []string{"dana", "helen"} {
		reports, err := s.app.VerifyLedgers(s.ctx, actor, "", nil, true)
		s.must(err)
		for _, r := range reports {
			s.must(r.Err())
		}
	}
}
