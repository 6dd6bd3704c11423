package app

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"reperform/evaluation"
)

// paperKinds are the kinds that a paper is made of, in its own ledger and in the
// organization's: evaluation.Load reads these.
var (
	paperKinds  = []string{"test_of_control", "attribute", "population", "sample", "test_run", "result", "exception", "deviation", "conclusion", "opinion", "sign_off", "evidence", "nonce"}
	besideKinds = []string{"engagement", "control_objective", "control", "risk", "assertion", "management_response"}
)

// paperFiles are the files of evaluation as they are now, each kept until one of its
// records changes: of many papers that are opened one after the other, most rest on the
// same. What is kept is read and never changed.
type paperFiles struct {
	mu    sync.Mutex
	known map[[2]string]*keptFile
}

type keptFile struct {
	stamp []int64
	file  *evaluation.File

	once sync.Once
	all  []*evaluation.Paper
	err  error
}

// papers are all papers of the file, put together when they are first asked for.
func (k *keptFile) papers() ([]*evaluation.Paper, error) {
	k.once.Do(func() {
		for _, t := range k.file.Tests {
			p, err := k.file.Paper(t.ID)
			if err != nil {
				k.err = err
				return
			}
			k.all = append(k.all, p)
		}
		slices.SortStableFunc(k.all, func(a, b *evaluation.Paper) int {
			return cmp.Or(cmp.Compare(a.Test.Value.Code, b.Test.Value.Code), cmp.Compare(a.Test.ID, b.Test.ID))
		})
	})
	return slices.Clone(k.all), k.err
}

// paperFile is the file of an engagement's tests in a ledger as they are now. The caller
// has asked whether the actor reads all of the ledger.
func (a *App) paperFile(ctx context.Context, name, engagement string) (*keptFile, error) {
	// The stamp comes before what it stamps: a file that is newer than its stamp is made
	// again, one that were older would be kept.
	stamp, err := a.paperStamp(name)
	if err != nil {
		return nil, err
	}
	key := [2]string{name, engagement}
	a.papers.mu.Lock()
	kept := a.papers.known[key]
	a.papers.mu.Unlock()
	if kept != nil && slices.Equal(kept.stamp, stamp) {
		return kept, nil
	}
	v, err := a.present(ctx, name, "")
	if err != nil {
		return nil, err
	}
	org := v
	if name != OrganizationLedger {
		if org, err = a.present(ctx, OrganizationLedger, ""); err != nil {
			return nil, err
		}
	}
	var f *evaluation.File
	if kept != nil && onlyResults(kept.stamp, stamp) {
		f, err = kept.file.Again(ctx, v)
	} else {
		f, err = evaluation.Load(ctx, v, org, engagement)
	}
	if err != nil {
		return nil, err
	}
	a.papers.mu.Lock()
	defer a.papers.mu.Unlock()
	if a.papers.known == nil {
		a.papers.known = map[[2]string]*keptFile{}
	}
	kept = &keptFile{stamp: stamp, file: f}
	a.papers.known[key] = kept
	return kept, nil
}

// onlyResults tells whether two stamps differ in results alone. The views may have grown
// in something else since the stamp; that is in no file, and the next stamp says so.
func onlyResults(before, now []int64) bool {
	at := 1 + slices.Index(paperKinds, "result")
	for i := range now {
		if i != at && before[i] != now[i] {
			return false
		}
	}
	return len(before) == len(now)
}

// paperStamp changes with every record that a paper could rest on.
func (a *App) paperStamp(ledger string) ([]int64, error) {
	var out []int64
	for _, x := range []struct {
		ledger string
		kinds  []string
	}{{ledger, paperKinds}, {OrganizationLedger, besideKinds}} {
		snap, err := a.log.Snapshot(x.ledger)
		if err != nil {
			return nil, err
		}
		out = append(out, snap.Redacted)
		for _, k := range x.kinds {
			out = append(out, snap.Version(k, ""))
		}
	}
	return out, nil
}
